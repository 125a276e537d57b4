"""`Module`: what has parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd import Drawing, Node, Tensor, Value


class Module:
    """A part of a network: it has parameters, in itself and in its parts, and is called like a function.

    A subclass sets nodes, modules and lists of them as attributes and defines `__call__`.
    """

    training: bool = True

    def __call__(self, x: Any) -> Any:
        """Return the output for a sample or a batch."""
        raise TypeError(f"{type(self).__name__} defines no __call__(self, x), which says what it computes")

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Yield every parameter, once, with its name: the path to it, as in `layers.0.w0`."""
        seen: set[Node] = set()
        for name, part in _walk(self, ""):
            if isinstance(part, Node) and part not in seen:
                seen.add(part)
                yield name, part

    def modules(self) -> Iterator[Module]:
        """Yield this module and every module inside it."""
        yield self
        for _, part in _walk(self, ""):
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
        """Return a copy of every parameter's data by name: floats of Values, arrays of Tensors."""
        return {name: parameter.detach().data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter to the data of a `state_dict` of the same network.

        Raises ValueError, and changes nothing, if names are missing, unknown or of another shape.
        """
        own = dict(self.named_parameters())
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

    def summary(self) -> str:
        """Return a table of the network: each layer with the shape of its output and its number of parameters."""
        rows = [("layer", "output", "parameters")]
        for part in getattr(self, "layers", [self]):
            n = sum(_size(p) for p in part.parameters())
            rows.append((repr(part), str(getattr(part, "n_out", "")), f"{n:,}"))
        rows.append(("total", "", f"{sum(_size(p) for p in self.parameters()):,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


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
        for layer in self.layers:
            x = layer(x)
        return x

    def to(self, kind: type[Value] | type[Tensor]) -> Sequential:
        """Return the same network, with the same numbers, made of `kind`: Value (neurons) or Tensor (layers)."""
        return Sequential(*(layer.to(kind) if hasattr(layer, "to") else layer for layer in self.layers))

    def __repr__(self) -> str:
        return "\n  ".join([f"{type(self).__name__}(", *(f"{layer!r}," for layer in self.layers)]) + "\n)"


def _walk(part: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every module and node inside a part, each with its path."""
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
        if isinstance(item, (Module, Node)):
            yield path, item
        yield from _walk(item, path)


def _size(parameter: Any) -> int:
    return getattr(parameter, "size", 1)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3]) or "nothing"
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
