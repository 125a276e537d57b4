"""The re-roller: a graph of scalars as a small graph of arrays, against the scalars themselves."""

from __future__ import annotations

import math
import time
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from autograd import TABLE, Node, Tensor, Value, exp, maximum, mean, primitive, relu, softmax, topological_sort, weighted_sum
from autograd import _reroll
from autograd._reroll import reroll
from autograd.testing import Graph, graphs
from autograd.testing._graphs import Step
from nn import MLP, Perceptron, binary_cross_entropy, cross_entropy, hinge, mse

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]


def leaves(rng: Random, *lengths: int) -> Any:
    """Return nested lists of Values, normally distributed."""
    return [leaves(rng, *lengths[1:]) for _ in range(lengths[0])] if lengths else Value(rng.gauss(0, 1))


def flat(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, list) else [tree]


def rolled(loss: Any, *trees: Any) -> Any:
    """Re-roll `loss`, whose leaves are in `trees`, each a pack; check its value and its gradient, and return it."""
    packs = [(Tensor([leaf.data for leaf in flat(tree)]), {leaf: k for k, leaf in enumerate(flat(tree))}) for tree in trees]
    found = reroll([loss], packs)
    if found is None:
        return None
    (result,) = found
    assert type(result) is type(loss)
    assert result.data == pytest.approx(loss.data, rel=1e-10, abs=1e-300)
    for leaf in flat(list(trees)):
        leaf.zero_grad()
    if loss.op is not None:
        loss.backward()
    if result.op is not None:
        result.backward()
    expected = np.array([leaf.grad for leaf in flat(list(trees))])
    given = np.concatenate([pack.grad for pack, _ in packs])
    np.testing.assert_allclose(given, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max(initial=1e-300))
    return result


def operations(node: Node) -> Counter[str]:
    return Counter(n.op.name for n in topological_sort(node) if n.op)


def network(rng: Random, layers: Any, sample: list[Any], activation: Any) -> list[Any]:
    """Compute a network as people write it by hand: each perceptron is a bias and its weights."""
    for layer in layers:
        sample = [activation(sum((w * x for w, x in zip(weights, sample)), bias)) for bias, *weights in layer]
    return sample


class TestNetworks:
    def test_moons(self) -> None:
        """100 samples through three layers with hinge loss and L2: three matrix products, and no large array."""
        rng = Random(0)
        model, x = MLP(2, [16, 16, 1]), leaves(rng, 100, 2)
        parameters = model.parameters()
        loss = hinge(model(x), [rng.choice([-1, 1]) for _ in x]) + 1e-4 * sum(p * p for p in parameters)
        result = rolled(loss, parameters, x)
        found = operations(result)
        assert found["matmul"] == 4
        assert found["relu"] == 3
        assert found["sum"] == 1
        assert sum(found.values()) <= 34
        assert all(np.size(n._data) <= 1600 for n in topological_sort(result))
        assert not any(hasattr(n.settings.get("index"), "dtype") for n in topological_sort(result))

    @pytest.mark.parametrize("order", ["w * x", "x * w"])
    @pytest.mark.parametrize("inputs", ["leaves", "constants"])
    def test_written_by_hand(self, order: str, inputs: str) -> None:
        rng = Random(1)
        layers, x = [leaves(rng, 6, 4), leaves(rng, 5, 7), leaves(rng, 1, 6)], leaves(rng, 20, 3)

        def z(perceptron: list[Any], h: list[Any]) -> Any:
            bias, *weights = perceptron
            return sum((w * x if order == "w * x" else x * w for w, x in zip(weights, h)), bias)

        losses = []
        for sample in x:
            for layer in layers:
                sample = [z(perceptron, sample).tanh() for perceptron in layer]
            losses.append((sample[0] - 0.5) ** 2)
        result = rolled(sum(losses) / len(losses), *([layers, x] if inputs == "leaves" else [layers]))
        assert operations(result)["matmul"] == 3
        assert len(topological_sort(result)) <= 32

    @pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "leaky_relu", "elu", "silu", "gelu"])
    def test_activations_and_losses(self, activation: str) -> None:
        rng = Random(2)
        model, x = MLP(3, [5, 4, 1], activation, "sigmoid"), leaves(rng, 12, 3)
        assert rolled(mse(model(x), [rng.random() for _ in x]), model.parameters(), x)
        assert rolled(binary_cross_entropy(model(x), [rng.choice([0, 1]) for _ in x]), model.parameters(), x)

    def test_softmax_of_lists(self) -> None:
        """Where the largest element is differs from sample to sample."""
        rng = Random(3)
        model, x = MLP(4, [6, 3], "tanh"), leaves(rng, 30, 4)
        result = rolled(cross_entropy(model(x), [rng.randrange(3) for _ in x]), model.parameters(), x)
        assert operations(result)["matmul"] == 2
        one_hot = [[1.0 if k == rng.randrange(3) else 0.0 for k in range(3)] for _ in x]
        assert rolled(cross_entropy(model(x), one_hot), model.parameters(), x)
        assert rolled(mse([softmax(row) for row in model(x)], one_hot), model.parameters(), x)

    def test_one_perceptron_over_a_batch(self) -> None:
        rng = Random(4)
        neuron, x = Perceptron(2, "sigmoid"), leaves(rng, 50, 2)
        result = rolled(mse(neuron(x), [0.5] * 50), neuron.parameters(), x)
        assert operations(result)["matmul"] == 1

    def test_a_recurrent_network(self) -> None:
        """The same weights at every step of time; each step is computed once."""
        rng = Random(5)
        w, u, b, v, x = leaves(rng, 4, 4), leaves(rng, 4, 2), leaves(rng, 4), leaves(rng, 4), leaves(rng, 15, 6, 2)
        losses = []
        for sample in x:
            h = [0.0] * 4
            for x_t in sample:
                z = [sum((w_ij * h_j for w_ij, h_j in zip(row, h)), b_i) for row, b_i in zip(w, b)]
                h = [(z_i + sum(u_ij * x_j for u_ij, x_j in zip(row, x_t))).tanh() for z_i, row in zip(z, u)]
                losses.append((sum(v_i * h_i for v_i, h_i in zip(v, h)) - 1) ** 2)
        result = rolled(sum(losses), w, u, b, v, x)
        assert operations(result)["tanh"] == 6
        assert operations(result)["matmul"] <= 18

    def test_a_convolution(self) -> None:
        rng = Random(6)
        kernels, biases, images = leaves(rng, 4, 3, 3), leaves(rng, 4), leaves(rng, 2, 7, 7)
        total = 0.0
        for image in images:
            for kernel, bias in zip(kernels, biases):
                for i in range(5):
                    for j in range(5):
                        window = [kernel[a][b] * image[i + a][j + b] for a in range(3) for b in range(3)]
                        total = total + sum(window, bias).relu()
        result = rolled(total, kernels, biases, images)
        assert operations(result)["matmul"] == 1
        assert len(topological_sort(result)) <= 16

    def test_a_batch_in_place_of_each_input(self) -> None:
        """The scalars of the layers are columns of a batch, those of the parameters are numbers."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(30, 2)), rng.choice([-1.0, 1.0], 30)
        parameters, columns = leaves(Random(7), 6, 7), [Tensor(column) for column in X.T]
        first, second = parameters[:5], parameters[5]
        hidden = [relu(weighted_sum([p[0], p[1], columns[0], p[2], columns[1]])) for p in first]
        out = weighted_sum([second[0], *(part for pair in zip(second[1:], hidden) for part in pair)])
        used = [p for layer in first for p in layer[:3]] + second[:6]
        loss = mean(relu(1 - out * y)) + 0.01 * sum(p * p for p in used)
        packs = [
            (Tensor([p.data for p in used]), {p: k for k, p in enumerate(used)}),
            (Tensor(X.T), {column: k for k, column in enumerate(columns)}),
        ]
        result, again = reroll([loss, out], packs)
        assert operations(result)["matmul"] == 3
        assert type(result) is Tensor
        assert result.shape == ()
        np.testing.assert_allclose(again.data, out.data, rtol=1e-12)
        loss.backward()
        result.backward()
        assert result.item() == pytest.approx(loss.item(), rel=1e-12)
        np.testing.assert_allclose(packs[0][0].grad, [p.grad for p in used], rtol=1e-10)
        np.testing.assert_allclose(packs[1][0].grad, [c.grad for c in columns], rtol=1e-10)
