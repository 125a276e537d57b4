"""Backpropagation one move at a time."""
