"""`Module`: a part of a network, with parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

from autograd import Node, Tensor, no_grad
from autograd.files import brief
from nn._core.rows import shape_of
from nn._core.types import Dtype, Input, Output, Unchecked

from .parts import Whole, nodes_of, parts_of

if TYPE_CHECKING:
    from pathlib import Path

    from autograd import Drawing


class Module(Whole):
    """A part of a network: it has parameters, in itself and in its parts, and is called like a function.

    A subclass sets nodes, modules, and lists and dicts of them as attributes, in `__init__`, and defines `__call__`.
    Its parameters are the leaf nodes among these. Nodes in attributes that `buffers` names are kept with them, but not
    trained. Nodes that are stored while a call runs are neither, computed or not: a layer may keep its output to be
    looked at (`self.out = ...`). A module made in a call is a part like any other; make an optimizer after that call.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.w = Value(2.0, label="w")
    ...
    ...     def __call__(self, x):
    ...         return self.w * x
    >>> Scale().parameters()
    [Value(data=2.0, grad=0.0, label='w')]
    """

    _trainings: int = 0

    def __call__(self, x: Input) -> Output:
        """Return the output for a sample or a batch."""
        hint = ": rename forward" if hasattr(self, "forward") else ""
        raise TypeError(f"{type(self).__name__} defines no __call__(self, x), which says what it computes{hint}")

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Yield every parameter, once, with its name: the path to it, as in `layers.0.w0`; also frozen ones.

        Raises ValueError if two have one name, TypeError for parameters in a set.
        """
        return ((name, node) for name, node, is_buffer in nodes_of(self) if not is_buffer)

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Yield every buffer, once, with its name: a node that is kept and not trained."""
        return ((name, node) for name, node, is_buffer in nodes_of(self) if is_buffer)

    def modules(self) -> Iterator[Module]:
        """Yield this module and every module inside it, once."""
        yield self
        yield from (part.item for part in parts_of(self) if isinstance(part.item, Module))

    def parameters(self) -> list[Any]:
        """Return every parameter, once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def freeze(self) -> Module:
        """Freeze every parameter that the module has now, until `unfreeze`; return the module.

        No optimizer moves a frozen parameter. As `requires_grad_(False)` in PyTorch. Frozen parameters stay in
        `parameters()`, and a gradient still goes through the module to the layers before. A running mean goes on unless
        the module is in `eval`. `save`, `to` and copies keep them frozen. One parameter alone: `parameter.frozen =
        True`.

        >>> model = MLP(2, [3, 1])
        >>> [p.frozen for p in model.layers[0].freeze().parameters()].count(True)
        9
        """
        return self._set_frozen(True)

    def unfreeze(self) -> Module:
        """Have optimizers move every parameter of the module again; return the module.

        >>> any(p.frozen for p in MLP(2, [3, 1]).freeze().unfreeze().parameters())
        False
        """
        return self._set_frozen(False)

    def _set_frozen(self, frozen: bool) -> Module:
        for parameter in self.parameters():
            parameter.frozen = frozen
        return self

    def train(self, training: bool = True) -> Module:
        """Switch to training behaviour (or, with False, to that of `eval`); returns the module."""
        for module in self.modules():
            module.training = training
        return self

    def eval(self) -> Module:
        """Switch to the behaviour in use after training; returns the module."""
        return self.train(False)

    def astype(self, dtype: Dtype) -> Self:
        """Return a copy of the network whose parameters and buffers have the type `dtype`, "float32" or "float64".

        `fit` and `predict` turn batches into this type, and `save` and `load` keep it. Make the optimizer for the copy.
        Raises ValueError for another type, TypeError for a network of Values, which are Python's floats.

        >>> model = MLP(2, [3, 1], of=Tensor).astype("float32")
        >>> model.layers[0].w.dtype.name, predict(model, [[1.0, 2.0]]).dtype.name
        ('float32', 'float32')
        """
        made = deepcopy(self)
        put_dtype(made, dtype)
        return made

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the data of every parameter and buffer by name: floats or arrays."""
        return {name: node.detach().data for name, node in self._state()}

    def _state(self) -> Iterator[tuple[str, Any]]:
        yield from self.named_parameters()
        yield from self.named_buffers()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter and buffer to the data of a `state_dict` of the same network.

        A parameter keeps the type of its numbers, such as float32. Raises ValueError, and changes nothing, if names are
        missing, unknown or of another shape, TypeError for an object that is no state, or holds no numbers.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes what state_dict() returns; got {brief(state)}")
        own = dict(self._state())
        missing, unknown = [n for n in own if n not in state], [n for n in state if n not in own]
        if missing or unknown:
            raise ValueError(
                f"this is the state of another network: missing {_some(missing)}; unknown {_some(unknown)}. A network "
                f"of Values and one of Tensors have different parameters: use model.to(...) to go from one to the other"
            )
        fresh = {name: _leaf(name, type(parameter), state[name]) for name, parameter in own.items()}
        for name, parameter in own.items():
            if fresh[name].shape != parameter.shape:
                raise ValueError(f"{name} has shape {parameter.shape}; the state has shape {fresh[name].shape}")
        for name, parameter in own.items():
            parameter.data = fresh[name].data

    if TYPE_CHECKING:
        # Higher floors do their work, and attach them: see nn/_methods.py.
        def to_onnx(self, path: str | Path, sample: tuple[int, ...] | None = None) -> None: ...
        def to_torch(self) -> Any: ...
        def from_torch(self, state: Mapping[str, Any]) -> Module: ...
        def _draw_(self) -> Drawing: ...

    def summary(self, sample: tuple[int, ...] | None = None) -> str:
        """Return a table of the network: each layer with its output and its number of parameters.

        Given the shape of a `sample`, for example (1, 8, 8), the outputs are the shapes that it becomes, else the
        numbers of neurons or channels. Raises ValueError if a layer does not take such a sample.

        >>> print(Sequential(Conv2d(1, 4, 3), Flatten()).summary((1, 8, 8)))
        layer                              output  parameters
        -----------------------------------------------------
        Conv2d(1 -> 4, size=3, linear)  4 × 6 × 6          40
        Flatten()                             144           0
        -----------------------------------------------------
        total                                              40
        """
        parts = getattr(self, "layers", [self])
        outputs = [getattr(part, "n_out", "") for part in parts] if sample is None else self._outputs(parts, sample)
        rows = [("layer", "output", "parameters")]
        for part, output in zip(parts, outputs):
            n = sum(_size(p) for p in part.parameters()) if isinstance(part, Module) else 0
            rows.append((repr(part), str(output), f"{n:,}"))
        rows.append(("total", "", f"{sum(_size(p) for p in self.parameters()):,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _outputs(self, parts: list[Any], sample: tuple[int, ...]) -> list[str]:
        """Return the shape of a sample after each part, as text; nothing changes in the network."""
        x: Any = 0.0
        shapes = []
        for length in (*reversed(sample), 1):
            x = [x] * length
        with no_grad(), evaluating(self):
            for part in parts:
                x = part(x)
                shapes.append(" × ".join(map(str, shape_of(x)[1:])) or "1")
        return shapes


DTYPES = ("float64", "float32")
"""The types of numbers that a network may have."""


def put_dtype(model: Module, dtype: Dtype) -> None:
    """Give every parameter and buffer of a network another type; raise as `Module.astype` does."""
    name = getattr(dtype, "name", getattr(dtype, "__name__", dtype))
    if name not in DTYPES:
        raise ValueError(f"a network has numbers of the dtype {' or '.join(DTYPES)}; got {brief(dtype)}")
    nodes = [node for _, node in model._state()]
    if name != DTYPES[0] and not all(isinstance(node, Tensor) for node in nodes):
        raise TypeError(f"Values are Python's floats, which have no {name}; make the network of=Tensor")
    for node in nodes:
        if isinstance(node, Tensor):
            retype(node, node.data.astype(name, copy=False))


def retype(node: Any, data: Any) -> None:
    """Put data of another type, such as float32, into a leaf, which keeps its name and stays frozen."""
    if getattr(data, "dtype", None) != getattr(node.snapshot(), "dtype", None):
        frozen = node.frozen
        node.__init__(data, node.label)
        node.frozen = frozen


DEEPEST = 100
"""The most levels of Sequentials inside each other."""


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Switch a network to the behaviour after training, and each part back to its own at the end."""
    modes = {id(module): (module, module.training) for module in model.modules()}
    try:
        model.eval()
        yield
    finally:
        for module, mode in modes.values():
            module.training = mode
        # Modules made in the meantime behave as the whole does.
        for module in model.modules():
            if id(module) not in modes:
                module.training = model.training


def _size(parameter: Node) -> int:
    return getattr(parameter, "size", 1)


def _leaf(name: str, kind: type[Any], data: Unchecked) -> Any:
    """Return the numbers of a state as a leaf; raise TypeError, with their name, if there are none."""
    try:
        return kind(data.snapshot() if isinstance(data, Node) else data)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: {error}") from None


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "nothing"
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
