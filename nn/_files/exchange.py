"""A network for other programs: as an ONNX file, as a PyTorch module, and back from a PyTorch state.

A layer, or a row of the activations, says itself how it is written there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from autograd import Tensor, Value, no_grad
from autograd.files import brief, replace_file
from nn._core.rows import held, rows
from nn._layers.dense import MLP
from nn._layers.module import Module, evaluating
from nn._layers.portable import LAYERS, Portable, is_built_in
from nn._layers.sequential import Sequential

OPSET = 17
"""The version of ONNX's operators in a file: of 2022, which all runtimes know by now."""


class Graph:
    """An ONNX graph that is being written; `last` is the name of the result of its last node."""

    def __init__(self, onnx: ModuleType) -> None:
        self.onnx, self.last = onnx, "x"
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, operator: str, *more: object, **attributes: object) -> str:
        """Add an operation on the last result and on `more`, names or arrays; return the new result's name."""
        inputs = [self.last, *(item if isinstance(item, str) else self.weight(item) for item in more)]
        self.last = f"y{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [self.last], **attributes))
        return self.last

    def weight(self, data: object) -> str:
        """Add an array, whole numbers as int64 and all others as float32; return its name."""
        import numpy

        array = numpy.asarray(data.data if isinstance(data, Tensor) else data)
        array = array.astype("int64" if array.dtype.kind == "i" else "float32")
        name = f"w{len(self.weights)}"
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name


def to_onnx(model: Module, path: str | Path, sample: tuple[int, ...] | None = None) -> None:
    """Write a network as an ONNX file: the work of `Module.to_onnx`."""
    try:
        import onnx
    except ImportError:
        raise ImportError("to_onnx needs the package onnx: pip install 'glassgrad[onnx]'") from None
    layers, squeezed = _layers(model)
    graph = Graph(onnx)
    for layer in layers:
        layer._write_onnx(graph)
    if squeezed:
        graph.add("Squeeze", [1])
    graph.add("Identity")
    graph.nodes[-1].output[0] = "y"
    kind, helper = onnx.TensorProto.FLOAT, onnx.helper
    lengths = ["n", *(_sample_of(layers) if sample is None else sample)]
    _check_fit(layers, lengths[1:])
    flat = any(layer._flattens for layer in layers)
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
    """Return a network as a module of PyTorch: the work of `Module.to_torch`."""
    try:
        import torch
    except ImportError:
        raise ImportError("to_torch needs PyTorch: pip install torch") from None
    layers, squeezed = _layers(model)
    parts = [part for layer in layers for part in layer._make_torch(torch.nn)]
    made = torch.nn.Sequential(*parts, *[torch.nn.Flatten(0)] * squeezed).double()
    state = made.state_dict()
    places = [name for name in state if not name.endswith("num_batches_tracked")]
    made.load_state_dict(
        {**state, **{name: torch.tensor(data) for name, data in zip(places, _tensors(layers), strict=True)}}
    )
    return made.eval()


def from_torch(state: Mapping[str, Any], model: Module) -> Module:
    """Set a network's numbers to those of a PyTorch state: the work of `Module.from_torch`."""
    import numpy

    if not isinstance(state, Mapping):
        raise TypeError(f"from_torch takes a state, as in from_torch(module.state_dict()); got {type(state).__name__}")
    layers, _ = _layers(model, convert=False)
    given = [
        (name, numpy.asarray(rows(item, name) if (array := held(item, name)) is None else array))
        for name, item in state.items()
        if not name.endswith("num_batches_tracked")
    ]
    places = [(layer, name) for layer in layers for name in layer._torch_state]
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


def _tensors(layers: list[Portable]) -> list[Any]:
    """Return the numbers of layers in the order of PyTorch's state."""
    return [
        getattr(layer, name.removesuffix(".T")).data.T.copy()
        if name.endswith(".T")
        else getattr(layer, name).data.copy()
        for layer in layers
        for name in layer._torch_state
    ]


def _layers(model: Module, convert: bool = True) -> tuple[list[Portable], bool]:
    """Return the layers of a network, made of Tensors, and whether its last axis is dropped."""
    if any(getattr(part, "of", None) is Value for part in (model, *model.modules())):
        to = getattr(model, "to", None)
        if to is None or not convert:
            do = "convert it first: model.to(Tensor)" if to else "put its layers into a Sequential, which converts them"
            raise ValueError(f"{brief(model)} is made of Values; other programs have networks of Tensors: {do}")
        model = to(Tensor)
    found: list[Portable] = []
    waiting: list[Any] = [model]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Sequential) and type(part) in (Sequential, MLP):
            if part is not model and isinstance(part, MLP) and part.sizes[-1] == 1:
                raise ValueError("an MLP with a single output, inside another network, loses an axis; use its layers")
            waiting += reversed(part.layers)
        elif isinstance(part, Portable) and is_built_in(part) and getattr(part, "of", Tensor) is Tensor:
            found.append(part)
        else:
            known = ", ".join(name for name, kind in LAYERS.items() if issubclass(kind, Portable))
            raise ValueError(
                f"other programs do not know {brief(part)}; they know {known}, of Tensors, in a Sequential: make the "
                f"network of these, as Layer(3, 1) in place of Perceptron(3)"
            )
    return found, isinstance(model, MLP) and model.sizes[-1] == 1


def _check_fit(layers: list[Portable], lengths: list[Any]) -> None:
    """Raise ValueError, as layers do, if a layer does not fit the one before; not for unknown lengths."""
    if all(isinstance(length, int) for length in lengths):
        import numpy

        x: Any = numpy.zeros((1, *lengths))
        with no_grad():
            for layer in layers:
                with evaluating(layer):
                    x = layer(x)


def _sample_of(layers: list[Portable]) -> list[Any]:
    """Return the shape of a sample by the first layer; names stand for lengths that may vary."""
    if not layers:
        raise ValueError("this network has no layers")
    sample = layers[0]._sample()
    if sample is None:
        raise ValueError(f"{layers[0]!r} does not tell the shape of a sample; give it, e.g. sample=(1, 8, 8)")
    return sample
