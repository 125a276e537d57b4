"""Perceptron, layer and multi-layer perceptron: a Value for each weight, or a Tensor for each layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy, deepcopy
from itertools import chain
from types import ModuleType
from typing import Any, cast

from autograd import Node, Tensor, Value, block, is_own, matmul, reshape, weighted_sum
from autograd.files import brief
from nn._core.random import generator
from nn._core.settings import whole
from nn._core.types import Activation, Dtype, Input, Output, Seed, Unchecked

from .activations import ON_LAYERS, activation_function, activation_name, deviation, linear, row_of
from .batches import Form, as_tensor, as_values, count, form, is_batch
from .marks import carried, mark_parameters, marked, marked_row, neuron_marks
from .module import Module, put_dtype
from .portable import Graph, Portable, built_in
from .sequential import Sequential, through

Block = tuple[Any, list[Any]] | None
"""The key of a computation, and the nodes that it uses; None if a user's code takes part in it."""


@built_in
class Perceptron(Module):
    """One neuron: y_hat = g(w0 + x1 w1 + ... + xn wn), a bias, a weighted sum and a non-linearity.

    `n_in` inputs; `activation` by name (a key of ACTIVATIONS) or any function of a Value; `init` is "he", "glorot" or
    the standard deviation of the weights (None: "he" for rectifiers, else "glorot"); the bias w0 starts at 0. `seed`
    is an int, a `random.Random` or a generator of NumPy; None is the next of the source that `nn.seed` sets. Called
    with n_in numbers or Values it returns a Value; with a batch, a list of Values. Raises ValueError for bad sizes,
    names and numbers of inputs.

    >>> neuron = Perceptron(2, "sigmoid")
    >>> neuron.w0.data, neuron.w[0].data, neuron.w[1].data = 1.0, 3.0, -2.0
    >>> round(neuron([-1.0, 2.0]).data, 5)
    0.00247
    """

    def __init__(
        self,
        n_in: int,
        activation: Activation = "linear",
        *,
        init: str | float | None = None,
        seed: Seed = None,
        n_out: int = 1,
        label: str = "w{}",
    ) -> None:
        self.n_in, self.n_out = count(n_in, "n_in"), 1
        self.activation, self.g = activation, activation_function(activation)
        sigma = deviation(n_in, n_out, activation, init)
        rng = generator(seed)
        # Not with format(): the number of a layer, which a file may give, is in the label, and could ask for gigabytes.
        self.w0 = Value(0.0, label.replace("{}", "0"))
        self.w = [Value(rng.gauss(0.0, sigma), label.replace("{}", str(i))) for i in range(1, n_in + 1)]
        mark_parameters(self.w, self.w0, "")

    def __call__(self, x: Input) -> Output:
        """Return g(w0 + x . w): a Value for one sample of n_in numbers, a list of Values for a batch."""
        x = as_values(x, self.n_in)
        return block(_neuron, self, x)

    def as_block(self) -> Block:
        """Return the key of the neuron's computation, and its nodes."""
        if type(self) is not Perceptron or not is_own(self.g) or not is_own(self.z):
            return None
        return (Perceptron, self.g, self.n_in, len(self.w), len(vars(self))), [self.w0, *self.w]

    @property
    def b(self) -> Value:
        """The bias w0, under micrograd's name."""
        return self.w0

    def z(self, x: Input) -> Output:
        """Return the pre-activation w0 + x . w of one sample, a list of n_in numbers or Values."""
        return weighted_sum([self.w0, *chain.from_iterable(zip(self.w, x))])

    def numbers(self) -> tuple[list[list[float]], list[float]]:
        """Return the weights, n_in rows of one, and the bias, a list of one, as plain numbers."""
        return [[w.data] for w in self.w], [self.w0.data]

    def __repr__(self) -> str:
        return f"Perceptron({self.n_in} -> 1, {activation_name(self.activation)})"


def Neuron(n_in: int, nonlin: bool = True, **settings: Any) -> Perceptron:
    """Return a perceptron as micrograd makes it: with relu, or with no non-linearity for `nonlin=False`.

    `settings` are `init` and `seed`, as for `Perceptron`.

    >>> neuron = Neuron(2, nonlin=False)
    >>> neuron, neuron.b.data
    (Perceptron(2 -> 1, linear), 0.0)
    """
    return Perceptron(n_in, "relu" if nonlin else "linear", **settings)


def _neuron(perceptron: Perceptron, x: Input) -> Output:
    """Return the outputs of a neuron for a sample or a batch."""
    g, z = perceptron.g, perceptron.z
    y_hat = [g(z(sample)) for sample in x] if is_batch(x) else g(z(x))
    # A number may have been put in place of its bias.
    layer, neuron, _ = getattr(perceptron.w0, "mark", ("", "", ""))
    return marked(y_hat, layer, neuron)


@built_in
class Layer(Portable):
    """Neurons side by side: y_hat_j = g(w0_j + sum over i of x_i w_ij).

    `of=Value` makes a list of `perceptrons`; `of=Tensor` the same with a matrix `w` (n_in, n_out) and a vector `w0`
    (n_out,), so that y_hat = g(x @ w + w0). Other arguments as for `Perceptron`; `number` stands in the labels, and
    `nonlin` is micrograd's way to say "relu" (True) or "linear" (False). Called with a sample of n_in numbers it
    returns n_out of them, with a batch (n, n_in) a batch (n, n_out).

    >>> layer = Layer(3, 2, "tanh", of=Tensor)
    >>> layer([[1.0, 2.0, 3.0]] * 5).shape
    (5, 2)
    """

    _torch_state = ("w.T", "w0")

    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation: Activation = "linear",
        *,
        of: Form = Value,
        init: str | float | None = None,
        seed: Seed = None,
        number: int | str = "",
        nonlin: bool | None = None,
    ) -> None:
        self.n_in, self.n_out = count(n_in, "n_in"), count(n_out, "n_out")
        activation = activation if nonlin is None else "relu" if nonlin else "linear"
        self.activation, self.g, self.of = activation, activation_function(activation), form(of)
        self.number = layer_number(number)
        rng = generator(seed)
        layer = f"({number})" if number else ""
        each = linear if self.g in ON_LAYERS else activation
        if of is Value:
            self.perceptrons = [
                Perceptron(n_in, each, init=init, seed=rng, n_out=n_out, label=f"w{layer}_{{}},{j}")
                for j in range(1, n_out + 1)
            ]
            for j, perceptron in enumerate(self.perceptrons, 1):
                mark_parameters(perceptron.w, perceptron.w0, number, j)
        else:
            # The same numbers in the same order as for perceptrons.
            sigma = deviation(n_in, n_out, each, init)
            columns = [[rng.gauss(0.0, sigma) for _ in range(n_in)] for _ in range(n_out)]
            self.w0 = Tensor([0.0] * n_out, f"w{layer}_0")
            self.w = Tensor([list(row) for row in zip(*columns)], f"w{layer}")
            mark_parameters(self.w, self.w0, number)

    def __call__(self, x: Input) -> Output:
        """Return the outputs for a sample or a batch."""
        if self.of is Tensor:
            return marked(self.g(matmul(as_tensor(x, self.n_in, self.w), self.w) + self.w0), self.number)
        return block(_layer, self, as_values(x, self.n_in))

    def as_block(self) -> Block:
        """Return the key of the layer's computation, and its nodes."""
        if type(self) is not Layer or self.of is not Value or not is_own(self.g) or not is_own(self.outputs):
            return None
        neurons = self.perceptrons
        # In place of a method of ours a neuron may have one of its own.
        inside = {neuron.g for neuron in neurons} | {vars(neuron).get("z", Perceptron.z) for neuron in neurons}
        if {*map(type, neurons)} != {Perceptron} or not all(map(is_own, inside)):
            return None
        nodes = [node for neuron in neurons for node in (neuron.w0, *neuron.w)]
        what = [(neuron.g, neuron.n_in, len(neuron.w), len(vars(neuron))) for neuron in neurons]
        return (Layer, self.g, self.n_in, len(vars(self)), *what), nodes

    def outputs(self, sample: Input) -> Output:
        """Return the outputs for one sample."""
        if self.g in ON_LAYERS:
            return self.g([perceptron.z(sample) for perceptron in self.perceptrons])
        return [perceptron.g(perceptron.z(sample)) for perceptron in self.perceptrons]

    @property
    def neurons(self) -> list[Perceptron]:
        """The list of `perceptrons`, under micrograd's name. Raises AttributeError for a layer of a matrix."""
        return self.perceptrons

    def put_number(self, number: int | str) -> None:
        """Number a layer that has no number yet: it stands in the labels of the parameters."""
        put_number(self, number)

    def numbers(self) -> tuple[list[list[float]], list[float]]:
        """Return the weights, n_in rows of n_out, and the n_out biases as plain numbers."""
        if self.of is Tensor:
            return self.w.data.tolist(), self.w0.data.tolist()
        columns = [[w.data for w in perceptron.w] for perceptron in self.perceptrons]
        return [list(row) for row in zip(*columns)], [perceptron.w0.data for perceptron in self.perceptrons]

    def to(self, kind: Form) -> Layer:
        """Return the same layer, with the same numbers, made of `kind`: Value or Tensor.

        Raises ValueError if some of the neurons are frozen and some are not.
        """
        if form(kind) is self.of:
            return deepcopy(self)
        made: Layer = copy_without(self, ("of", "w", "w0", "perceptrons"))
        fresh = Layer(self.n_in, self.n_out, made.activation, of=kind, init=0.0, seed=0, number=self.number)
        vars(made).update({name: item for name, item in vars(fresh).items() if name not in vars(made)})
        w, w0 = self.numbers()
        if kind is Tensor:
            made.w.data, made.w0.data = w, w0
            made.w.frozen = frozen_whole([w for perceptron in self.perceptrons for w in perceptron.w])
            made.w0.frozen = frozen_whole([perceptron.w0 for perceptron in self.perceptrons])
        else:
            for j, perceptron in enumerate(made.perceptrons):
                perceptron.w0.data, perceptron.w0.frozen = w0[j], self.w0.frozen
                for parameter, row in zip(perceptron.w, w):
                    parameter.data, parameter.frozen = row[j], self.w.frozen
        return made

    def _write_onnx(self, graph: Graph) -> None:
        graph.add("MatMul", self.w)
        graph.add("Add", self.w0)
        row_of(self).onnx(graph)

    def _make_torch(self, nn: ModuleType) -> list[Any]:
        return [nn.Linear(self.n_in, self.n_out), *row_of(self).torch(nn)]

    def _sample(self) -> list[Any]:
        return [self.n_in]

    def __repr__(self) -> str:
        return f"Layer({self.n_in} -> {self.n_out}, {activation_name(self.activation)}, of={self.of.__name__})"


def _layer(layer: Layer, x: Input) -> Output:
    """Return the outputs of a layer for a sample or a batch."""
    marks = neuron_marks(layer.number, layer.n_out)
    if is_batch(x):
        return [marked_row(layer.outputs(sample), marks) for sample in x]
    return marked_row(layer.outputs(x), marks)


@built_in
class MLP(Sequential):
    """A multi-layer perceptron: layers of `sizes` neurons on n_in inputs.

    Its layers have the `activation`, the last one the activation `output`. `of`, `init` and `seed` as for `Layer`: the
    same seed gives the same numbers in both forms. `dtype` is "float64" or, of Tensors, "float32", which needs half the
    memory and computes with seven digits. Called with a sample of n_in numbers or a batch (n, n_in). The
    output has the last size as its last axis; if that is 1 there is no such axis, so a sample gives one number and a
    batch n of them.

    >>> model = MLP(3, [4, 4, 1])
    >>> len(model.parameters()), type(model([2.0, 3.0, -1.0])).__name__
    (41, 'Value')
    >>> MLP(64, [128, 10], of=Tensor)([[0.0] * 64] * 5).shape
    (5, 10)
    """

    def __init__(
        self,
        n_in: int,
        sizes: Sequence[int],
        activation: Activation = "relu",
        output: Activation = "linear",
        *,
        of: Form = Value,
        init: str | float | None = None,
        seed: Seed = None,
        dtype: Dtype = "float64",
    ) -> None:
        listed = sizes.tolist() if hasattr(sizes, "tolist") else sizes
        if not isinstance(listed, (list, tuple, range)) or not listed:
            raise ValueError(
                f"sizes must be a list with the number of neurons of each layer, e.g. [16, 1]; got {brief(sizes)}"
            )
        rng = generator(seed)
        self.n_in, self.sizes = count(n_in, "n_in"), [count(n, "each of sizes") for n in listed]
        self.activation, self.output, self.of = activation, output, of
        # Also where there is no layer inside.
        activation_function(activation)
        widths, last = [self.n_in, *self.sizes], len(self.sizes)
        super().__init__(
            *(
                Layer(a, b, output if k == last else activation, of=of, init=init, seed=rng, number=k)
                for k, (a, b) in enumerate(zip(widths, self.sizes), 1)
            )
        )
        put_dtype(self, dtype)

    def __call__(self, x: Input) -> Output:
        """Return the output for a sample or a batch."""
        y_hat = block(through, self.layers, x)
        if self.sizes[-1] > 1:
            return y_hat
        if isinstance(y_hat, Tensor):
            return carried(y_hat, reshape(y_hat, shape=y_hat.shape[:-1]))
        return [row[0] for row in y_hat] if is_batch(y_hat) else y_hat[0]

    def to(self, kind: Form) -> MLP:
        """Return the same network, with the same numbers, made of `kind`: Value (neurons) or Tensor (layers)."""
        made = cast(MLP, super().to(kind))
        made.of = kind
        return made


def copy_without(layer: Module, names: Sequence[str]) -> Any:
    """Return a copy of a layer without some of its attributes, which shares nothing with it."""
    made = copy(layer)
    vars(made).clear()
    vars(made).update(deepcopy({name: item for name, item in vars(layer).items() if name not in names}))
    return made


def frozen_whole(parameters: Iterable[Node]) -> bool:
    """Tell whether the parameters of neurons are frozen; raise ValueError if some are and some are not."""
    frozen = {parameter.frozen for parameter in parameters}
    if len(frozen) > 1:
        raise ValueError("some of these weights are frozen and some are not, but a Tensor is frozen whole: freeze all")
    return True in frozen


def layer_number(number: Unchecked) -> int | str:
    """Check that a layer's number is a whole number or a text, and return it; raise ValueError."""
    return number if isinstance(number, str) else whole("number", number, otherwise=", or a text")


def put_number(layer: Module, number: int | str) -> None:
    """Number a layer: w0 becomes w(1)_0."""
    layer.number = number
    for parameter in layer.parameters():
        parameter.label = f"w({number}){parameter.label[1:]}"
        parameter.mark = str(number), *parameter.mark[1:]
