"""Losses, optimizers and the loop of training."""
