"""The chain rule: the backward sweep, and gradients of functions to any order."""
