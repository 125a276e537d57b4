"""A model as the playground sees it: dense layers one after the other, whose numbers go to and fro."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from autograd import Node, Tensor, Value
from autograd.files import brief
from nn._core.types import Json
from nn._layers.activations import ON_LAYERS, ROWS, linear
from nn._layers.dense import MLP, Layer, Perceptron
from nn._layers.module import Module
from nn._layers.sequential import Sequential

MOST_NUMBERS = 20_000
"""The most weights and biases of a page."""

MOST_NEURONS, MOST_LAYERS = 512, 12
"""The most neurons or inputs of a layer, and the most layers; machine_state.js has the same."""

WHAT_WORKS = (
    "nn.live shows a Perceptron, an MLP, and a Sequential of Layers and activations; "
    "autograd.live(loss) shows any graph"
)


class Dense(NamedTuple):
    """A layer of the page: its sizes, the name of its activation, and the nodes with its numbers.

    `w` and `w0` are two Tensors, or Values: n_in rows of n_out weights, and n_out biases.
    """

    n_in: int
    n_out: int
    activation: str
    w: Tensor | list[list[Value]]
    w0: Tensor | list[Value]

    @property
    def nodes(self) -> list[Node]:
        """The nodes in the order of their numbers in the page: weights row by row, then biases."""
        return [node for part in (self.w, self.w0) for node in _flat(part)]


def dense_layers(model: Module) -> list[Dense]:
    """Return the layers of a model; raise TypeError or ValueError, with what works, for a model that has others."""
    if not isinstance(model, Module):
        raise TypeError(
            f"nn.live takes a model first, nn.live(model, X, y, loss=...); got {brief(model)}: {WHAT_WORKS}"
        )
    found: list[Dense] = []
    for part in _parts(model):
        if isinstance(part, (Layer, Perceptron)):
            found.append(_dense(part))
        else:
            _activate(found, part)
    if not found:
        raise ValueError(f"{brief(model)} has no layer: {WHAT_WORKS}")
    for before, after in pairwise(found):
        if before.n_out != after.n_in:
            raise ValueError(f"a layer of {before.n_out} neurons comes before one that takes {after.n_in} inputs")
    nodes = [node for layer in found for node in layer.nodes]
    if len(set(nodes)) < len(nodes):
        raise ValueError(f"two layers of this model share a weight, which a page would move apart: {WHAT_WORKS}")
    widest = max(size for layer in found for size in (layer.n_in, layer.n_out))
    if widest > MOST_NEURONS or len(found) > MOST_LAYERS:
        raise ValueError(
            f"this model has {len(found)} layers of up to {widest:,} inputs or neurons; a page shows at most "
            f"{MOST_LAYERS} layers of {MOST_NEURONS}"
        )
    numbers = sum((layer.n_in + 1) * layer.n_out for layer in found)
    if numbers > MOST_NUMBERS:
        raise ValueError(f"this model has {numbers:,} weights and biases; a page shows at most {MOST_NUMBERS:,}")
    return found


def any_frozen(layers: Sequence[Dense]) -> bool:
    """Tell whether a weight or a bias is frozen, so that no optimizer moves it.

    >>> any_frozen(dense_layers(MLP(1, [1]))), any_frozen(dense_layers(MLP(1, [1]).freeze()))
    (False, True)
    """
    return any(node.frozen for layer in layers for node in layer.nodes)


def numbers_of(layers: Sequence[Dense]) -> list[float]:
    """Return all weights and biases, layer by layer, as the page holds them.

    >>> numbers_of(dense_layers(MLP(1, [2], init=0.0)))
    [0.0, 0.0, 0.0, 0.0]
    """
    return [float(number) for layer in layers for node in layer.nodes for number in _numbers(node)]


def put_numbers(layers: Sequence[Dense], numbers: Sequence[float]) -> None:
    """Set all weights and biases; raise ValueError, and change nothing, for another number of them.

    >>> put_numbers(dense_layers(model := MLP(1, [1])), [2.0, 1.0])
    >>> model([3.0]).data
    7.0
    """
    needed = sum((layer.n_in + 1) * layer.n_out for layer in layers)
    if len(numbers) != needed:
        raise ValueError(f"the model has {needed} weights and biases; got {len(numbers)}")
    rest = iter(numbers)
    for node in (node for layer in layers for node in layer.nodes):
        if isinstance(node, Tensor):
            import numpy

            fresh = [next(rest) for _ in range(node.data.size)]
            node.data = numpy.array(fresh, node.data.dtype).reshape(node.shape)
        else:
            node.data = next(rest)


def parameters_of(layers: Sequence[Dense]) -> Json:
    """Return all numbers by the names that they have in the state_dict of an MLP of Tensors."""
    return {
        f"layers.{k}.{name}": [float(number) for node in _flat(part) for number in _numbers(node)]
        for k, layer in enumerate(layers)
        for name, part in (("w", layer.w), ("w0", layer.w0))
    }


def _parts(model: Any) -> Iterator[Any]:
    """Yield the parts of a model in the order in which they compute."""
    if isinstance(model, Sequential) and type(model) in (Sequential, MLP):
        for layer in model.layers:
            yield from _parts(layer)
    else:
        yield model


def _dense(part: Layer | Perceptron) -> Dense:
    neurons = [part] if isinstance(part, Perceptron) else part.perceptrons if part.of is Value else []
    own = type(part) in (Layer, Perceptron) and {*map(type, neurons)} <= {Perceptron} and not ODD & {*vars(part)}
    if not own or any(ODD & {*vars(neuron)} for neuron in neurons):
        raise ValueError(f"{brief(part)} computes in a way of its own: {WHAT_WORKS}")
    inner: Any = linear if part.g in ON_LAYERS else part.g
    if any(neuron.g is not inner for neuron in neurons):
        raise ValueError(f"the neurons of {brief(part)} have different activations, and a page has one for a layer")
    activation = _name(part.g)
    if isinstance(part, Layer) and part.of is Tensor:
        return Dense(part.n_in, part.n_out, activation, part.w, part.w0)
    rows = [list(row) for row in zip(*(neuron.w for neuron in neurons))]
    return Dense(part.n_in, part.n_out, activation, rows, [neuron.w0 for neuron in neurons])


ODD = {"z", "outputs"}
"""Methods that an object may have been given one of its own in place of."""


def _activate(found: list[Dense], part: Any) -> None:
    """Give a function after a layer to that layer."""
    if not found or isinstance(part, Module):
        raise ValueError(f"a page has no place for {brief(part)} in this model: {WHAT_WORKS}")
    name = _name(part)
    if found[-1].activation != "linear":
        raise ValueError(f"a layer has one activation in a page; {name} comes after {found[-1].activation}")
    found[-1] = found[-1]._replace(activation=name)


def _name(function: Callable[[Any], Any]) -> str:
    """Return the name of an activation of nn."""
    for name, row in ROWS.items():
        if row.function is function:
            return name
    raise ValueError(f"the activation {brief(function)} is not one of nn's, which a page computes: {', '.join(ROWS)}")


def _flat(part: Any) -> list[Node]:
    if isinstance(part, Node):
        return [part]
    return list(chain.from_iterable(part)) if part and isinstance(part[0], list) else list(part)


def _numbers(node: Node) -> list[float]:
    return node.data.reshape(-1).tolist() if isinstance(node, Tensor) else [node.data]
