"""`Value` and `Tensor`, the nodes that people compute with."""
