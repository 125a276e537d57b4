"""A network for other programs: as an ONNX file, as a PyTorch module, and back from a PyTorch state.

One table says what each layer and each activation is called elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from autograd import Tensor, Value, no_grad
from autograd.files import brief, replace_file
from nn._core.rows import held, rows
from nn._layers.activations import BUILT_IN, activation_name
from nn._layers.convolution import AvgPool2d, Conv1d, Conv2d, Flatten, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from nn._layers.dense import MLP, Layer
from nn._layers.dropout import Dropout
from nn._layers.module import Module, evaluating
from nn._layers.normalization import BatchNorm, LayerNorm
from nn._layers.sequential import Sequential

OPSET = 17
"""The version of ONNX's operators that is written: of 2022, which all runtimes know by now."""


class Graph:
    """An ONNX graph that is being written; `last` is the name of what its last node computes."""

    def __init__(self, onnx: Any) -> None:
        self.onnx, self.last = onnx, "x"
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operator: str, *more: Any, **attributes: Any) -> str:
        """Add an operation on what was computed last and on `more`, names or arrays; return the name of its result."""
        inputs = [self.last, *(item if isinstance(item, str) else self.weight(item) for item in more)]
        self.last = f"y{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [self.last], **attributes))
        return self.last

    def weight(self, data: Any) -> str:
        """Add an array, whole numbers as such and all others in single precision; return its name."""
        import numpy

        array = numpy.asarray(data.data if isinstance(data, Tensor) else data)
        array = array.astype("int64" if array.dtype.kind == "i" else "float32")
        name = f"w{len(self.weights)}"
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name


class Row(NamedTuple):
    """What a layer or an activation is elsewhere: `onnx` adds its nodes, `torch` returns modules.

    Of a layer, `state` names its tensors in the order of PyTorch's state, and whether they are transposed there.
    """

    onnx: Callable[[Graph, Any], Any]
    torch: Callable[[Any, Any], list[Any]]
    state: tuple[str, ...] = ()


def _written_gelu(graph: Graph, _: Any) -> None:
    # As in autograd: x * sigmoid(sqrt(8 / pi) * (x + 0.044715 x^3)); the operator Gelu came with a later version.
    x = graph.last
    graph.add("Mul", x)
    graph.add("Mul", x)
    graph.add("Mul", 0.044715)
    graph.add("Add", x)
    graph.add("Mul", math.sqrt(8 / math.pi))
    graph.add("Sigmoid")
    graph.add("Mul", x)


def _written_silu(graph: Graph, _: Any) -> None:
    x = graph.last
    graph.add("Sigmoid")
    graph.add("Mul", x)


def _one(operator: str, module: str, onnx: dict[str, Any] | None = None, torch: dict[str, Any] | None = None) -> Row:
    """Return the row of what is one operation in both."""
    return Row(lambda graph, _: graph.add(operator, **(onnx or {})), lambda nn, _: [getattr(nn, module)(**torch or {})])


ACTIVATION_ROWS: dict[str, Row] = {
    "linear": Row(lambda graph, _: None, lambda nn, _: []),
    "relu": _one("Relu", "ReLU"),
    "tanh": _one("Tanh", "Tanh"),
    "sigmoid": _one("Sigmoid", "Sigmoid"),
    "softplus": _one("Softplus", "Softplus"),
    "leaky_relu": _one("LeakyRelu", "LeakyReLU", {"alpha": 0.01}, {"negative_slope": 0.01}),
    "elu": _one("Elu", "ELU"),
    "silu": Row(_written_silu, lambda nn, _: [nn.SiLU()]),
    "gelu": Row(_written_gelu, lambda nn, _: [nn.GELU(approximate="tanh")]),
    "softmax": _one("Softmax", "Softmax", {"axis": -1}, {"dim": -1}),
}


def _activation(layer: Any) -> Row:
    name = activation_name(layer.activation)
    if name not in ACTIVATION_ROWS or BUILT_IN.get(name) is not layer.g:
        raise ValueError(
            f"{layer!r} has an activation of its own, which other programs do not know; take one of "
            f"{', '.join(ACTIVATION_ROWS)}"
        )
    return ACTIVATION_ROWS[name]


def _written_layer(graph: Graph, layer: Any) -> None:
    graph.add("MatMul", layer.w)
    graph.add("Add", layer.w0)
    _activation(layer).onnx(graph, layer)


def _torch_layer(nn: Any, layer: Any) -> list[Any]:
    return [nn.Linear(layer.n_in, layer.n_out), *_activation(layer).torch(nn, layer)]


def _each(setting: Any, rank: int) -> list[int]:
    return [setting] * rank if isinstance(setting, int) else list(setting)


def _pads(layer: Any, rank: int, size: Any, stride: Any, dilation: Any) -> list[tuple[int, int]] | None:
    """Return how many zeros go before and after each axis; None if that depends on the size of the image."""
    if layer.padding == "same":
        if any(step != 1 for step in _each(stride, rank)):
            return None
        missing = [d * (k - 1) for k, d in zip(_each(size, rank), _each(dilation, rank))]
        return [(m // 2, m - m // 2) for m in missing]
    if layer.padding == "valid":
        return [(0, 0)] * rank
    padding = layer.padding
    wide = list(padding) if isinstance(padding, (tuple, list)) and len(padding) == rank else [padding] * rank
    return [(side, side) if isinstance(side, int) else tuple(side) for side in wide]


def _no_such_padding(layer: Any) -> ValueError:
    return ValueError(
        f"{layer!r}: padding='same' with a stride depends on the size of the image, which this does not take; give the "
        f"padding in numbers"
    )


def _onnx_window(layer: Any, rank: int, size: Any, stride: Any, dilation: Any) -> dict[str, Any]:
    """Return the attributes of a window that slides."""
    shared = {"kernel_shape": _each(size, rank), "strides": _each(stride, rank)}
    if dilation is not None:
        shared["dilations"] = _each(dilation, rank)
    sides = _pads(layer, rank, size, stride, dilation or 1)
    if sides is None:
        if any(step != 1 for step in _each(dilation or 1, rank)):
            raise _no_such_padding(layer)
        return {**shared, "auto_pad": "SAME_UPPER"}
    return {**shared, "pads": [before for before, _ in sides] + [after for _, after in sides]}


def _onnx_pool(layer: Any, dilation: Any) -> dict[str, Any]:
    window = _onnx_window(layer, 2, layer.size, _stride(layer), dilation)
    # ONNX Runtime would refuse the file.
    if any(pad >= length for pad, length in zip(window.get("pads", ()), window["kernel_shape"] * 2)):
        raise ValueError(f"{layer!r}: ONNX takes no padding as wide as the window; got padding={layer.padding!r}")
    return window


def _written_convolution(graph: Graph, layer: Any) -> None:
    window = _onnx_window(layer, layer.rank, layer.size, layer.stride, layer.dilation)
    graph.add("Conv", layer.w, layer.w0, group=layer.groups, **window)
    _activation(layer).onnx(graph, layer)


def _torch_pad(nn: Any, layer: Any, rank: int, size: Any, stride: Any, dilation: Any, fill: float) -> list[Any]:
    """Return the module that pads, if there is anything to pad: PyTorch's own paddings are the same on both sides."""
    sides = _pads(layer, rank, size, stride, dilation)
    if sides is None:
        raise _no_such_padding(layer)
    # PyTorch begins with the last axis.
    flat = [n for pair in reversed(sides) for n in pair]
    return [getattr(nn, f"ConstantPad{rank}d")(tuple(flat), fill)] if any(flat) else []


def _torch_convolution(nn: Any, layer: Any) -> list[Any]:
    rank = layer.rank
    how = {name: tuple(_each(getattr(layer, name), rank)) for name in ("stride", "dilation")}
    made = getattr(nn, f"Conv{rank}d")(
        layer.n_in, layer.n_out, tuple(_each(layer.size, rank)), groups=layer.groups, **how
    )
    pad = _torch_pad(nn, layer, rank, layer.size, layer.stride, layer.dilation, 0.0)
    return [*pad, made, *_activation(layer).torch(nn, layer)]


def _stride(layer: Any) -> Any:
    return layer.size if layer.stride is None else layer.stride


def _torch_max_pool(nn: Any, layer: Any) -> list[Any]:
    how = {name: tuple(_each(item, 2)) for name, item in (("stride", _stride(layer)), ("dilation", layer.dilation))}
    pad = _torch_pad(nn, layer, 2, layer.size, _stride(layer), layer.dilation, -math.inf)
    return [*pad, nn.MaxPool2d(tuple(_each(layer.size, 2)), **how)]


def _torch_avg_pool(nn: Any, layer: Any) -> list[Any]:
    pad = _torch_pad(nn, layer, 2, layer.size, _stride(layer), 1, 0.0)
    return [*pad, nn.AvgPool2d(tuple(_each(layer.size, 2)), tuple(_each(_stride(layer), 2)))]


def _torch_batch_norm(nn: Any, layer: Any) -> list[Any]:
    # PyTorch has a class for each number of axes; one that takes any is made of the same parts.
    class AnyBatchNorm(nn.modules.batchnorm._BatchNorm):  # type: ignore[misc]
        def _check_input_dim(self, x: Any) -> None:
            """Take any number of axes."""

    return [AnyBatchNorm(layer.n_in, eps=layer.eps, momentum=layer.momentum)]


LAYER_ROWS: dict[type[Module], Row] = {
    Layer: Row(_written_layer, _torch_layer, ("w.T", "w0")),
    Conv1d: Row(_written_convolution, _torch_convolution, ("w", "w0")),
    Conv2d: Row(_written_convolution, _torch_convolution, ("w", "w0")),
    MaxPool2d: Row(
        lambda graph, it: graph.add("MaxPool", **_onnx_pool(it, it.dilation)),
        _torch_max_pool,
    ),
    AvgPool2d: Row(
        lambda graph, it: graph.add("AveragePool", count_include_pad=1, **_onnx_pool(it, None)),
        _torch_avg_pool,
    ),
    GlobalAvgPool2d: Row(
        lambda graph, it: graph.add("ReduceMean", axes=[2, 3], keepdims=0),
        lambda nn, it: [nn.AdaptiveAvgPool2d(1), nn.Flatten()],
    ),
    GlobalMaxPool2d: Row(
        lambda graph, it: graph.add("ReduceMax", axes=[2, 3], keepdims=0),
        lambda nn, it: [nn.AdaptiveMaxPool2d(1), nn.Flatten()],
    ),
    Flatten: Row(lambda graph, it: graph.add("Flatten", axis=1), lambda nn, it: [nn.Flatten()]),
    Dropout: Row(lambda graph, it: None, lambda nn, it: [nn.Dropout(it.p)]),
    BatchNorm: Row(
        lambda graph, it: graph.add("BatchNormalization", it.w, it.w0, it.running_mean, it.running_var, epsilon=it.eps),
        _torch_batch_norm,
        ("w", "w0", "running_mean", "running_var"),
    ),
    LayerNorm: Row(
        lambda graph, it: graph.add("LayerNormalization", it.w, it.w0, axis=-len(it.lengths), epsilon=it.eps),
        lambda nn, it: [nn.LayerNorm(it.lengths, eps=it.eps)],
        ("w", "w0"),
    ),
}
"""What each layer is elsewhere."""


def to_onnx(model: Module, path: str | Path, sample: tuple[int, ...] | None = None) -> None:
    """Do what `Module.to_onnx` says."""
    try:
        import onnx
    except ImportError:
        raise ImportError("to_onnx needs the package onnx: pip install 'glassgrad[onnx]'") from None
    layers, squeezed = _layers(model)
    graph = Graph(onnx)
    for layer in layers:
        LAYER_ROWS[type(layer)].onnx(graph, layer)
    if squeezed:
        graph.add("Squeeze", [1])
    graph.add("Identity")
    graph.nodes[-1].output[0] = "y"
    kind, helper = onnx.TensorProto.FLOAT, onnx.helper
    lengths = ["n", *(_sample_of(layers) if sample is None else sample)]
    _check_fit(layers, lengths[1:])
    flat = any(isinstance(layer, (Flatten, GlobalAvgPool2d, GlobalMaxPool2d)) for layer in layers)
    outputs = [f"y{axis}" for axis in range(1, 2 if flat else len(lengths))][squeezed:]
    made = helper.make_graph(
        graph.nodes,
        "network",
        [helper.make_tensor_value_info("x", kind, lengths)],
        [helper.make_tensor_value_info("y", kind, ["n", *outputs])],
        graph.weights,
    )
    file = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="glassgrad", ir_version=8
    )
    onnx.checker.check_model(file)
    replace_file(path, file.SerializeToString(deterministic=True))


def to_torch(model: Module) -> Any:
    """Do what `Module.to_torch` says."""
    try:
        import torch
    except ImportError:
        raise ImportError("to_torch needs PyTorch: pip install torch") from None
    layers, squeezed = _layers(model)
    parts = [part for layer in layers for part in LAYER_ROWS[type(layer)].torch(torch.nn, layer)]
    made = torch.nn.Sequential(*parts, *[torch.nn.Flatten(0)] * squeezed).double()
    state = made.state_dict()
    places = [name for name in state if not name.endswith("num_batches_tracked")]
    made.load_state_dict(
        {**state, **{name: torch.tensor(data) for name, data in zip(places, _tensors(layers), strict=True)}}
    )
    return made.eval()


def from_torch(state: Mapping[str, Any], model: Module) -> Module:
    """Do what `Module.from_torch` says."""
    import numpy

    if not isinstance(state, Mapping):
        raise TypeError(f"from_torch takes a state, as in from_torch(module.state_dict()); got {type(state).__name__}")
    layers, _ = _layers(model, convert=False)
    given = [
        (name, numpy.asarray(rows(item, name) if (array := held(item, name)) is None else array))
        for name, item in state.items()
        if not name.endswith("num_batches_tracked")
    ]
    places = [(layer, name) for layer in layers for name in LAYER_ROWS[type(layer)].state]
    if len(given) != len(places):
        raise ValueError(f"the state has {len(given)} tensors; this network has {len(places)}")
    found = []
    for (layer, name), (key, array) in zip(places, given):
        own = getattr(layer, name.removesuffix(".T"))
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{key} must hold real numbers; got {array.dtype}")
        data = array.T if name.endswith(".T") else array
        if data.shape != own.shape:
            raise ValueError(f"{key} has shape {array.shape}; {name} of {layer!r} has shape {own.shape}")
        found.append((own, data.astype(own.data.dtype)))
    for own, data in found:
        own.data = data
    return model


def _tensors(layers: list[Any]) -> list[Any]:
    """Return the numbers of layers in the order of PyTorch's state."""
    return [
        getattr(layer, name.removesuffix(".T")).data.T.copy()
        if name.endswith(".T")
        else getattr(layer, name).data.copy()
        for layer in layers
        for name in LAYER_ROWS[type(layer)].state
    ]


def _layers(model: Module, convert: bool = True) -> tuple[list[Any], bool]:
    """Return the layers of a network one after the other, of Tensors, and whether its last axis of length 1 goes."""
    of = getattr(model, "of", None)
    if convert and (of is Value or any(getattr(part, "of", None) is Value for part in model.modules())):
        if not hasattr(model, "to"):
            raise ValueError(f"{brief(model)} is made of Values; other programs take networks of Tensors")
        model = model.to(Tensor)
    found: list[Any] = []
    waiting: list[Any] = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Sequential) and type(part) in (Sequential, MLP):
            if part is not model and isinstance(part, MLP) and part.sizes[-1] == 1:
                raise ValueError("an MLP with a single output, inside another network, loses an axis; use its layers")
            waiting += reversed(part.layers)
        elif type(part) in LAYER_ROWS and getattr(part, "of", Tensor) is Tensor:
            found.append(part)
        else:
            known = ", ".join(kind.__name__ for kind in LAYER_ROWS)
            raise ValueError(
                f"other programs do not know {brief(part)}; they know {known}, of Tensors, in a Sequential"
            )
    return found, isinstance(model, MLP) and model.sizes[-1] == 1


def _check_fit(layers: list[Any], lengths: list[Any]) -> None:
    """Raise ValueError, as the layers do, if one does not take what comes before it; not if a length is unknown."""
    if all(isinstance(length, int) for length in lengths):
        import numpy

        x: Any = numpy.zeros((1, *lengths))
        with no_grad():
            for layer in layers:
                with evaluating(layer):
                    x = layer(x)


def _sample_of(layers: list[Any]) -> list[Any]:
    """Return the shape of a sample as far as the first layer tells it: names stand for lengths that may vary."""
    if not layers:
        raise ValueError("this network has no layers")
    first = layers[0]
    if isinstance(first, (Conv1d, Conv2d)):
        return [first.n_in, *("length",) * (first.rank == 1), *("height", "width") * (first.rank == 2)]
    if isinstance(first, Layer):
        return [first.n_in]
    raise ValueError(f"{first!r} does not tell the shape of a sample; give it, e.g. sample=(1, 8, 8)")
