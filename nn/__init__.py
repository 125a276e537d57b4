"""Networks built from `autograd`'s primitives: perceptron, layer, MLP, losses, gradient descent, training."""

from ._clipping import clip_grad_norm, clip_grad_value
from ._convolution import AvgPool2d, Conv1d, Conv2d, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from ._dropout import Dropout
from ._history import History
from ._keep import Checkpoint, FileError, load, save
from ._layers import ACTIVATIONS, MLP, Layer, Perceptron, linear
from ._losses import binary_cross_entropy, cross_entropy, hinge, huber, mae, mse
from ._metrics import accuracy
from ._module import Module, Sequential, buffer_updates, update_buffer
from ._normalization import BatchNorm, LayerNorm
from ._optim import SGD, Adam, Optimizer, RMSProp
from ._penalties import l1, l2
from ._random import seed
from ._schedules import cosine, step_decay, warm_up
from ._train import fit, predict

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm",
    "Checkpoint",
    "Conv1d",
    "Conv2d",
    "Dropout",
    "FileError",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "History",
    "Layer",
    "LayerNorm",
    "MaxPool2d",
    "Module",
    "Optimizer",
    "Perceptron",
    "RMSProp",
    "Sequential",
    "accuracy",
    "binary_cross_entropy",
    "buffer_updates",
    "clip_grad_norm",
    "clip_grad_value",
    "cosine",
    "cross_entropy",
    "fit",
    "hinge",
    "huber",
    "l1",
    "l2",
    "linear",
    "load",
    "mae",
    "mse",
    "predict",
    "save",
    "seed",
    "step_decay",
    "update_buffer",
    "warm_up",
]
