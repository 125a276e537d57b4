"""The chain rule from one node to the loss."""
