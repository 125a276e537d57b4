"""`Module`: what has parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy, deepcopy
from typing import Any, ClassVar

from autograd import Drawing, Node, Tensor, Value, assign, block, no_grad

from ._targets import shape_of


class Module:
    """A part of a network: it has parameters, in itself and in its parts, and is called like a function.

    A subclass sets nodes, modules and lists of them as attributes and defines `__call__`. Those in attributes that
    `buffers` names are no parameters: they are kept with these, but not trained.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.w = Value(2.0, label="w")
    ...
    ...     def __call__(self, x):
    ...         return self.w * x
    >>> Scale().parameters()
    [Value(data=2.0, grad=0.0, label='w')]
    """

    training: bool = True
    _trainings: int = 0
    buffers: ClassVar[tuple[str, ...]] = ()

    def __call__(self, x: Any) -> Any:
        """Return the output for a sample or a batch."""
        raise TypeError(f"{type(self).__name__} defines no __call__(self, x), which says what it computes")

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Yield every parameter, once, with its name: the path to it, as in `layers.0.w0`."""
        return self._named_nodes(of_buffers=False)

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Yield every buffer, once, with its name: a node that is kept and not trained, such as a running mean."""
        return self._named_nodes(of_buffers=True)

    def _named_nodes(self, of_buffers: bool) -> Iterator[tuple[str, Any]]:
        seen: set[Node] = set()
        for name, part, is_buffer in _walk(self, ""):
            if isinstance(part, Node) and is_buffer is of_buffers and part not in seen:
                seen.add(part)
                yield name, part

    def modules(self) -> Iterator[Module]:
        """Yield this module and every module inside it."""
        yield self
        for _, part, _ in _walk(self, ""):
            if isinstance(part, Module):
                yield part

    def parameters(self) -> list[Any]:
        """Return every parameter, once."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def train(self, training: bool = True) -> Module:
        """Switch to training behaviour (or, with False, to that of `eval`); returns the module."""
        for module in self.modules():
            module.training = training
        return self

    def eval(self) -> Module:
        """Switch to the behaviour in use after training; returns the module."""
        return self.train(False)

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the data of every parameter and buffer by name: floats of Values, arrays of Tensors."""
        return {name: node.detach().data for name, node in self._state()}

    def _state(self) -> Iterator[tuple[str, Any]]:
        yield from self.named_parameters()
        yield from self.named_buffers()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter and buffer to the data of a `state_dict` of the same network.

        Raises ValueError, and changes nothing, if names are missing, unknown or of another shape.
        """
        own = dict(self._state())
        missing, unknown = [n for n in own if n not in state], [n for n in state if n not in own]
        if missing or unknown:
            raise ValueError(
                f"this is the state of another network: missing {_some(missing)}; unknown {_some(unknown)}. A network "
                f"of Values and one of Tensors have different parameters: use model.to(...) to go from one to the other"
            )
        fresh = {name: type(parameter)(state[name]) for name, parameter in own.items()}
        for name, parameter in own.items():
            if fresh[name].shape != parameter.shape:
                raise ValueError(f"{name} has shape {parameter.shape}; the state has shape {fresh[name].shape}")
        for name, parameter in own.items():
            parameter.data = fresh[name].data

    def to_onnx(self, path: Any, sample: tuple[int, ...] | None = None) -> None:
        """Write the network as an ONNX file, in single precision, which other programs run.

        Its input "x" is a batch of any size of samples of the shape `sample`, such as (1, 8, 8); without it the first
        layer tells as much as it knows. Its output is "y". Raises ImportError without the package onnx, and ValueError
        for modules and activations of your own, which ONNX does not know, and for a sample that does not fit.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     MLP(2, [3, 1]).to_onnx(f"{folder}/model.onnx")
        """
        from ._exchange import to_onnx

        to_onnx(self, path, sample)

    def to_torch(self) -> Any:
        """Return the same network, with the same numbers, as a torch.nn.Sequential, in evaluation mode.

        Raises ImportError without PyTorch, and ValueError for modules and activations of your own, and for a padding
        that PyTorch does not know.
        """
        from ._exchange import to_torch

        return to_torch(self)

    def from_torch(self, state: Mapping[str, Any]) -> Module:
        """Set the numbers to those of a PyTorch state_dict of the same layers, by their order; return the network.

        `state` may hold tensors of PyTorch or arrays. Raises ValueError, and changes nothing, if their number or a
        shape differs, if they hold no real numbers, and for modules of your own; TypeError for what is no state.

        >>> import numpy
        >>> state = {"0.weight": numpy.ones((3, 2)), "0.bias": numpy.zeros(3)}
        >>> Layer(2, 3, of=Tensor).from_torch(state)([[1.0, 2.0]]).data.tolist()
        [[3.0, 3.0, 3.0]]
        """
        from ._exchange import from_torch

        return from_torch(state, self)

    def _draw_(self) -> Drawing:
        """Return what `autograd.draw` shows of a network: its neurons."""
        from ._picture import draw_network

        return draw_network(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = {"text/plain": repr(self)}
        try:
            return {**self._draw_()._repr_mimebundle_(), **shown}
        except (TypeError, ValueError):
            return shown

    def summary(self, sample: tuple[int, ...] | None = None) -> str:
        """Return a table of the network: each layer with its output and its number of parameters.

        Given the shape of a `sample`, such as (1, 8, 8), the outputs are what its shape becomes, else the numbers of
        neurons or channels. Raises ValueError if a layer does not take such a sample.

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


class Sequential(Module):
    """Modules one after the other: each is given what the one before returns.

    >>> net = Sequential(Layer(2, 3, "tanh"), Layer(3, 1))
    >>> [len(net([0.5, -1.0])), len(net.parameters())]
    [1, 13]
    """

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not callable(layer):
                raise TypeError(f"Sequential takes modules or functions; got {layer!r:.60}")
        self.layers = list(layers)
        # A drawing tells the layers apart by their numbers.
        numbered: list[Any] = [layer for layer in layers if hasattr(layer, "put_number")]
        for number, layer in enumerate(numbered, 1):
            if layer.number == "":
                layer.put_number(number)

    def __call__(self, x: Any) -> Any:
        """Return the last module's output for a sample or a batch."""
        return block(_through, self.layers, x)

    def as_block(self) -> tuple[Any, list[Any]] | None:
        """Return what tells the parts of the network from others, and their nodes; None for those of one's own."""
        parts: list[Any] = [part.as_block() if hasattr(part, "as_block") else None for part in self.layers]
        if None in parts or not type(self).__module__.startswith("nn."):
            return None
        nodes = [node for part in parts for node in part[1]]
        return (type(self), len(vars(self)), *(part[0] for part in parts)), nodes

    def to(self, kind: type[Value] | type[Tensor]) -> Sequential:
        """Return the same network, with the same numbers, made of `kind`: Value (neurons) or Tensor (layers)."""
        made = Sequential(*(layer.to(kind) if hasattr(layer, "to") else copy(layer) for layer in self.layers))
        # Each network draws from generators of its own; layers that share one still do.
        copies: dict[int, Any] = {}
        for own, new in zip(_that_draw(self), _that_draw(made)):
            new.rng = deepcopy(own.rng, copies)
        return made

    def __repr__(self) -> str:
        return "\n  ".join([f"{type(self).__name__}(", *(f"{layer!r}," for layer in self.layers)]) + "\n)"


def _through(layers: list[Any], x: Any) -> Any:
    """Return what the last of some layers returns."""
    for layer in layers:
        x = layer(x)
    return x


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Switch a network to the behaviour after training, and back to what each part had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


_pending: ContextVar[dict[Any, Any] | None] = ContextVar("pending", default=None)


def update_buffer(buffer: Any, change: Callable[[Any], Any]) -> None:
    """Set the data of a buffer to those of `change(buffer)`, a node: at once, or later inside `buffer_updates`.

    For layers that keep something from batch to batch: also inside a training step that is compiled.

    >>> steps = Value(0.0)
    >>> update_buffer(steps, lambda old: old + 1)
    >>> steps.data
    1.0
    """
    pending = _pending.get()
    if pending is None:
        assign(buffer, change(buffer))
    else:
        pending[buffer] = change(pending.get(buffer, buffer))


@contextmanager
def buffer_updates() -> Iterator[dict[Any, Any]]:
    """Collect what buffers are to become, by buffer, and set none: a compiled function returns them.

    >>> steps = Value(0.0)
    >>> with buffer_updates() as updates:
    ...     update_buffer(steps, lambda old: old + 1)
    >>> steps.data, updates[steps].data
    (0.0, 1.0)
    """
    updates: dict[Any, Any] = {}
    token = _pending.set(updates)
    try:
        yield updates
    finally:
        _pending.reset(token)


def _that_draw(module: Module) -> list[Any]:
    return [part for part in module.modules() if hasattr(part, "rng")]


def _walk(part: Any, name: str, is_buffer: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Yield every module and node inside a part, each with its path and whether it is in a buffer."""
    if isinstance(part, Module):
        inside: Any = vars(part).items()
    elif isinstance(part, (list, tuple)):
        inside = enumerate(part)
    elif isinstance(part, dict):
        inside = part.items()
    else:
        return
    for key, item in inside:
        path = f"{name}.{key}" if name else str(key)
        inner = is_buffer or (isinstance(part, Module) and key in part.buffers)
        if isinstance(item, (Module, Node)):
            yield path, item, inner
        yield from _walk(item, path, inner)


def _size(parameter: Any) -> int:
    return getattr(parameter, "size", 1)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "nothing"
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
