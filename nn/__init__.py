"""Networks built from `autograd`'s primitives: perceptron, layer, MLP, losses, gradient descent, training."""

from ._layers import ACTIVATIONS, MLP, Layer, Perceptron, linear
from ._losses import binary_cross_entropy, cross_entropy, hinge, huber, mae, mse
from ._module import Module, Sequential
from ._optim import SGD, clip_grad_norm
from ._train import History, accuracy, fit, predict

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "SGD",
    "History",
    "Layer",
    "Module",
    "Perceptron",
    "Sequential",
    "accuracy",
    "binary_cross_entropy",
    "clip_grad_norm",
    "cross_entropy",
    "fit",
    "hinge",
    "huber",
    "linear",
    "mae",
    "mse",
    "predict",
]
