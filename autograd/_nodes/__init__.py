"""`Value` and `Tensor`: what people compute with."""
