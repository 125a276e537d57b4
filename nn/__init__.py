"""Networks made of `autograd`'s primitives: perceptron, layer, MLP, losses, optimizers, training."""

from typing import TYPE_CHECKING

from nn import _methods as _methods
from nn._core.random import seed
from nn._layers.activations import ACTIVATIONS, linear
from nn._layers.buffers import buffer_updates, update_buffer
from nn._layers.convolution import AvgPool2d, Conv1d, Conv2d, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from nn._layers.dense import MLP, Layer, Neuron, Perceptron
from nn._layers.dropout import Dropout
from nn._layers.module import Module
from nn._layers.normalization import BatchNorm, LayerNorm
from nn._layers.sequential import Sequential
from nn._training.callbacks import CSVLogger, ReduceLROnPlateau
from nn._training.clipping import clip_grad_norm, clip_grad_value
from nn._training.cross_entropy import cross_entropy
from nn._training.fit import fit
from nn._training.history import History
from nn._training.losses import binary_cross_entropy, hinge, huber, mae, mse
from nn._training.measures import ClassScores, auc, balanced_accuracy, class_scores, f1, precision, r2, recall
from nn._training.metrics import accuracy
from nn._training.optimizer import Optimizer
from nn._training.optimizers import SGD, Adam, RMSProp
from nn._training.penalties import l1, l2
from nn._training.predict import predict
from nn._training.schedules import cosine, step_decay, warm_up

if TYPE_CHECKING:
    from nn._files.checkpoint import ModelCheckpoint
    from nn._files.format import Checkpoint, FileError
    from nn._files.load import load
    from nn._files.save import save
    from nn._play.live import live
else:
    _LATER = {
        "Checkpoint": "_files.format", "FileError": "_files.format", "ModelCheckpoint": "_files.checkpoint",
        "live": "_play.live", "load": "_files.load", "save": "_files.save",
    }  # fmt: skip
    """What is imported when somebody asks for it: files take longer than networks."""

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        globals()[name] = found = getattr(import_module(f"nn.{_LATER[name]}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})


__all__ = [
    "ACTIVATIONS",
    "MLP",
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm",
    "CSVLogger",
    "Checkpoint",
    "ClassScores",
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
    "ModelCheckpoint",
    "Module",
    "Neuron",
    "Optimizer",
    "Perceptron",
    "RMSProp",
    "ReduceLROnPlateau",
    "Sequential",
    "accuracy",
    "auc",
    "balanced_accuracy",
    "binary_cross_entropy",
    "buffer_updates",
    "class_scores",
    "clip_grad_norm",
    "clip_grad_value",
    "cosine",
    "cross_entropy",
    "f1",
    "fit",
    "hinge",
    "huber",
    "l1",
    "l2",
    "linear",
    "live",
    "load",
    "mae",
    "mse",
    "precision",
    "predict",
    "r2",
    "recall",
    "save",
    "seed",
    "step_decay",
    "update_buffer",
    "warm_up",
]
