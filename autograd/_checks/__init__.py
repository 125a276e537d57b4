"""`gradcheck`: gradients against numerical derivatives."""
