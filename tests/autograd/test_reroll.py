"""The re-roller: a graph of scalars as a small graph of arrays, against the scalars themselves."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    TABLE,
    Node,
    Tensor,
    Value,
    exp,
    maximum,
    mean,
    primitive,
    relu,
    softmax,
    tanh,
    topological_sort,
    weighted_sum,
    where,
)
from autograd._compiler.reroll import group
from autograd._compiler.reroll import reroll as _reroll
from autograd._compiler.reroll.reroll import reroll
from autograd.testing import Graph, graphs
from autograd.testing._graphs import Place, Step
from nn import MLP, Perceptron, binary_cross_entropy, cross_entropy, hinge, mse

OWN = [made for made in TABLE.values() if made.forward.__module__.startswith("autograd.")]


STEPS: list[Any] = [
    lambda a, b, c, d, weights: a * b + c * d,
    lambda a, b, c, d, weights: a + b + (c + d),
    lambda a, b, c, d, weights: sum(w * a for w in weights),
    lambda a, b, c, d, weights: (a - b) * c,
    lambda a, b, c, d, weights: d + maximum(b, c),
    lambda a, b, c, d, weights: exp(a * -0.1) * d,
    lambda a, b, c, d, weights: weighted_sum([0.1, a, b, c, d]),
]


def leaves(rng: Random, *lengths: int) -> Any:
    """Return nested lists of Values, normally distributed."""
    return [leaves(rng, *lengths[1:]) for _ in range(lengths[0])] if lengths else Value(rng.gauss(0, 1))


def flat(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, list) else [tree]


def packed(nodes: list[Any]) -> tuple[Tensor, dict[Node, int]]:
    return Tensor([node.data for node in nodes]), {node: k for k, node in enumerate(nodes)}


def rolled(loss: Any, *trees: Any) -> Any:
    """Re-roll `loss`, whose leaves are in `trees`, each a pack; check its value and its gradient, and return it."""
    packs = [packed(flat(tree)) for tree in trees]
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


def of_scalars(graph: Graph) -> Graph:
    """Keep the first element of each array."""

    def first(x: Any) -> Any:
        return x if isinstance(x, Place) else float(np.ravel(x)[0])

    return Graph(
        [
            line._replace(args=tuple(map(first, line.args))) if isinstance(line, Step) else first(line)
            for line in graph.lines
        ]
    )


class TestNetworks:
    @pytest.mark.slow
    def test_moons(self) -> None:
        """100 samples through three layers with hinge loss and L2: three matrix products, and no large array."""
        rng = Random(0)
        model, x = MLP(2, [16, 16, 1]), leaves(rng, 100, 2)
        parameters = model.parameters()
        loss = hinge(model(x), [(-1) ** k for k in range(100)]) + 1e-4 * sum(p * p for p in parameters)
        result = rolled(loss, parameters, x)
        found = operations(result)
        assert found["matmul"] == 4
        assert found["relu"] == 3
        assert found["sum"] == 1
        assert sum(found.values()) <= 32
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
        one_hot = [[float(k == label) for k in range(3)] for label in (rng.randrange(3) for _ in x)]
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
        rng_, columns = Random(7), [Tensor(column) for column in X.T]
        layers = [leaves(rng_, 12, 3), leaves(rng_, 12, 13), leaves(rng_, 1, 13)]
        h: list[Any] = columns
        for layer in layers:
            h = [weighted_sum([w0, *(x for pair in zip(w, h) for x in pair)]).tanh() for w0, *w in layer]
        used = flat(layers)
        loss = mean(relu(1 - h[0] * y)) + 0.01 * sum(p * p for p in used)
        packs = [
            (Tensor([p.data for p in used]), {p: k for k, p in enumerate(used)}),
            (Tensor(X.T), {column: k for k, column in enumerate(columns)}),
        ]
        found = reroll([loss, h[0]], packs)
        assert found
        result, out = found
        assert operations(result)["matmul"] == 4
        assert type(result) is Tensor
        assert result.shape == ()
        np.testing.assert_allclose(out.data, h[0].data, rtol=1e-12)
        loss.backward()
        result.backward()
        assert result.item() == pytest.approx(loss.item(), rel=1e-12)
        np.testing.assert_allclose(packs[0][0].grad, [p.grad for p in used], rtol=1e-10)
        np.testing.assert_allclose(packs[1][0].grad, [c.grad for c in columns], rtol=1e-10)


class TestAnyGraph:
    """Re-rolled whether it pays or not, and always right."""

    @pytest.fixture(autouse=True)
    def _at_any_price(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (_reroll, group):
            monkeypatch.setattr(module, "WORTH", 0)
        monkeypatch.setattr(_reroll, "LARGER", math.inf)

    @given(graph=graphs([made for made in OWN if made.elementwise]), seed=st.integers(0, 99), count=st.integers(1, 6))
    def test_random_graphs_of_values(self, graph: Graph, seed: int, count: int) -> None:
        """The same graph several times over, on inputs of its own and on inputs that all share."""
        graph = of_scalars(graph)
        rng = Random(seed)
        own = [Value(x) for x in graph.inputs]
        total, used = 0.0, list(own)
        for _ in range(count):
            inputs = [leaf if rng.random() < 0.5 else Value(leaf.data) for leaf in own]
            used += [leaf for leaf in inputs if not any(leaf is other for other in used)]
            for result in [graph(*inputs)] if isinstance(graph(*inputs), Node) else graph(*inputs):
                total = total + result * rng.choice([1.0, inputs[0]])
        rng.shuffle(used)
        assert rolled(total, used[::2], used[1::2]) is not None or abs(total.data) < 1e-6

    def test_an_operation_that_does_not_use_an_argument(self) -> None:
        """Its result has the shape of what it uses, and there is one for each node all the same."""
        first = autograd.primitive("first_of_a_test", lambda xp, a, b: a * 1.0, lambda g, out, a, b: g, None)
        shared, others = Value(0.5), [Value(float(k)) for k in range(1, 7)]
        total = sum(autograd.tanh(first(shared, other)) * other for other in others)
        total = total + sum(autograd.sigmoid_slope(other, 0.3) * -1.0 for other in others)
        assert rolled(total, [shared], others) is not None

    @given(seed=st.integers(0, 10**6))
    def test_random_programs(self, seed: int) -> None:
        """Sums, products and functions of whatever is there, shared and repeated at random."""
        rng = Random(seed)
        weights, inputs = leaves(rng, rng.randrange(1, 9)), leaves(rng, rng.randrange(1, 4), rng.randrange(1, 4))
        steps = [rng.choice(STEPS) for _ in range(rng.randrange(1, 8))]
        picks = [[rng.randrange(10**6) for _ in range(4)] for _ in steps]
        total: Any = 0.0
        for sample in inputs:
            known: list[Any] = [*sample, *weights]
            for operation, places in zip(steps, picks):
                a, b, c, d = (known[k % len(known)] if rng.random() > 0.02 else 0.5 for k in places)
                known.append(operation(a, b, c, d, weights))
            total = total + known[-1] * known[rng.randrange(len(known))]
        if isinstance(total, Value):
            # Where the terms cancel, the digits that are left may differ.
            assert rolled(total, weights, inputs) is not None or abs(total.data) < 1e-6

    @given(graph=graphs(OWN))
    def test_random_graphs_of_arrays(self, graph: Graph) -> None:
        nodes = graph.nodes()
        found = reroll(nodes, [])
        assert found
        for result, expected in zip(found, nodes):
            assert type(result) is type(expected)
            np.testing.assert_allclose(result.data, expected.data, rtol=1e-10)


class TestSingleCases:
    def test_it_does_not_pay(self) -> None:
        a, b = Value(2.0), Value(3.0)
        assert rolled(a * b + a, [a, b]) is None

    @pytest.mark.slow
    @pytest.mark.parametrize("step", [lambda z, x: z.tanh() + x, lambda z, x: x + z * 0.5])
    def test_a_long_chain_is_given_up_soon(self, step: Any) -> None:
        x = z = Value(0.5)
        for _ in range(50_000):
            z = step(z, x)
        assert rolled(z, [x]) is None

    @pytest.mark.slow
    @pytest.mark.parametrize("step", [lambda z, x: z + x * x, lambda z, x: x * x + z])
    def test_a_long_sum(self, step: Any) -> None:
        """A chain of additions is one sum; its length costs no recursion and no square."""
        x = leaves(Random(0), 50_000)
        z: Any = 0.0
        for x_k in x:
            z = step(z, x_k)
        assert operations(rolled(z, x)) == {"matmul": 1, "add": 1, "item": 1}

    def test_one_term_many_times(self) -> None:
        x = leaves(Random(0), 6)
        result = rolled(sum(sum(x_k for _ in range(5)).exp() for x_k in x), x)
        assert operations(result)["broadcast_to"] == 1

    def test_products_row_by_row_are_no_matrix_product(self) -> None:
        a, b = leaves(Random(0), 8, 5), leaves(Random(1), 8, 5)
        result = rolled(sum(sum(p * q for p, q in zip(x, y)).exp() for x, y in zip(a, b)), a, b)
        assert not operations(result)["matmul"]

    def test_a_stack_of_matrix_products(self) -> None:
        """For each head a product of its own."""
        a, b = leaves(Random(0), 3, 4, 5), leaves(Random(1), 3, 6, 5)
        scores = [sum(p * q for p, q in zip(x, y)).exp() for one, two in zip(a, b) for x in one for y in two]
        result = rolled(sum(scores), a, b)
        (product,) = (n for n in topological_sort(result) if n.op and n.op.name == "matmul")
        assert sorted(product.shape) == [3, 4, 6]

    def test_columns_of_a_table(self) -> None:
        """Steps that are no multiple of each other, a part of the rows, the end of a pack."""
        table = leaves(Random(0), 10, 7)
        for chosen in (
            [row[2:5:2] for row in table[1:]],
            [row[::3] for row in table[::-1]],
            [row[4:] for row in table[8:]],
        ):
            assert rolled(sum(x.exp() * k for row in chosen * 3 for k, x in enumerate(row)), table)
        diagonals = [table[i + k][k] for i in range(4) for k in range(6)]
        assert rolled(sum(x.tanh() * k for k, x in enumerate(diagonals)), table)

    @pytest.mark.parametrize("columns", [slice(0, 3), slice(2, 5), slice(4, 7), slice(0, 6, 2), slice(2, 7, 2)])
    def test_parts_of_rows_are_views(self, columns: slice) -> None:
        table, w = leaves(Random(0), 10, 7), leaves(Random(1), 3)
        parts = [row[columns] for row in table[:4] + table[5:9]], [row[columns] for row in table[6:]]
        for rows in (parts[0], parts[1], parts[0][:4] + parts[1]):
            result = rolled(sum(sum(p * q for p, q in zip(row, w)).exp() for row in rows), table, w)
            assert operations(result)["matmul"] == 1
        # With a bias they are another structure, so the pack is read twice.
        near = sum(sum(p * q for p, q in zip(row, w)).exp() for row in parts[0][:4])
        far = sum(sum((p * q for p, q in zip(row, w)), w[0]).exp() for row in parts[1])
        assert operations(rolled(near + far, table, w))["matmul"] == 2

    def test_minus_zero_and_values_beyond_floats(self) -> None:
        x = leaves(Random(0), 9)
        for constant in (-0.0, math.inf, math.nan):
            found = reroll([sum(x_k * constant for x_k in x)], [packed(x)])
            assert found is not None
            np.testing.assert_equal(found[0].data, sum(v.data * constant for v in x))

    def test_zero_has_a_sign(self) -> None:
        x = leaves(Random(0), 20)
        assert rolled(sum((x_k / (0.0 if k % 2 else -0.0)).tanh() * k for k, x_k in enumerate(x)), x)

    def test_a_root_inside_a_sum(self) -> None:
        x = leaves(Random(0), 40)
        inner = sum(v.exp() for v in x[:20])
        total = inner + sum(v.exp() for v in x[20:])
        found = reroll([total, inner], [packed(x)])
        assert found
        assert [node.data for node in found] == [pytest.approx(total.data), pytest.approx(inner.data)]

    def test_axes_of_length_one(self) -> None:
        columns, rows, w = (
            [Tensor(np.full((3, 1), k / 9)) for k in range(12)],
            Tensor(np.ones((1, 4))),
            leaves(Random(0), 12),
        )
        total = sum(-(column * w_k) * rows for column, w_k in zip(columns, w))
        pack = Tensor(np.stack([c.data for c in columns])), {c: k for k, c in enumerate(columns)}
        found = reroll([total, -rows], [pack, packed(w)])
        assert found
        for result, expected in zip(found, [total, -rows]):
            np.testing.assert_allclose(result.data, expected.data, rtol=1e-12, strict=True)

    def test_comparisons_of_constants(self) -> None:
        total = sum(-TABLE["greater"].apply((Value(float(k)), 5.0), {}) for k in range(20))
        found = reroll([total], [])
        assert found
        assert found[0].data == -14.0

    def test_constants_alone(self) -> None:
        total = sum(Value(float(k)).exp() for k in range(20))
        (result,) = reroll([total], []) or [None]
        assert result.data == pytest.approx(total.data)
        assert result.op is None

    def test_a_sum_that_loses_its_digits_is_refused(self) -> None:
        x = [Value(v) for v in [1e16, *[1.0] * 8, -1e16] * 3]
        total = x[0]
        for x_k in x[1:]:
            total = total + x_k
        assert rolled(total, x[::-1]) is None

    def test_a_variadic_operation_that_takes_no_nodes_is_left_whole(self) -> None:
        hypot = primitive(
            "hypot_all",
            lambda xp, *args: xp.abs(xp.sqrt(sum(a * a for a in args))),
            lambda g, out, *args: [g * a / out for a in args],
        )
        x = leaves(Random(0), 10, 3)
        assert operations(rolled(sum(hypot(row) for row in x), x))["hypot_all"] == 1

    def test_a_variadic_operation_that_uses_a_sum_twice(self) -> None:
        def forward(xp: Any, *args: Any) -> Any:
            total = args[0] + args[1]
            return total + args[2] + xp.tanh(total)

        def rule(g: Any, out: Any, *args: Any) -> list[Any]:
            slope = 2 - tanh(args[0] + args[1]) ** 2
            return [g * slope, g * slope, g]

        twice = primitive("sum_twice", forward, rule)
        x = leaves(Random(0), 30, 3)
        assert rolled(sum(twice(row) for row in x), x)

    def test_settings_tell_operations_apart(self) -> None:
        x = leaves(Random(0), 30)
        total = sum(v.clip(-0.5, 0.5) if k % 2 else v.clip(-0.1, 0.1) for k, v in enumerate(x))
        assert operations(rolled(total, x))["clip"] == 2

    def test_a_window_that_slides(self) -> None:
        """Its rows overlap, so they are no view: the elements are taken by their places."""
        w, x = leaves(Random(0), 4), leaves(Random(1), 30)
        losses = [sum(w_k * x_k for w_k, x_k in zip(w, x[start:])).tanh() for start in range(26)]
        assert operations(rolled(sum(losses), w, x))["matmul"] == 1
        losses = [(w[0] * x[start] + w[1] * x[start + 1]).tanh() for start in range(15)]
        assert rolled(sum(losses), w[:2], x)

    def test_axes_that_do_not_fit_each_other(self) -> None:
        a, b, c = leaves(Random(0), 12), leaves(Random(1), 12), leaves(Random(2), 6 * 12)
        blocks = [where(a[k // 2], b[k // 3], c[k]).exp() for k in range(24)]
        assert rolled(sum(blocks), a, b, c)
        for places in ([k // 2 for k in range(23)], [(k + 1) // 3 for k in range(24)]):
            uneven = [a[place] * c[k].exp() for k, place in enumerate(places)]
            assert rolled(sum(x.tanh() for x in uneven), a, c)
        rows = [c[6 * k : 6 * k + 6] for k in range(12)]
        layer = [sum(x * y for x, y in zip(row, half)).tanh() for half in (b[:6], b[6:]) for row in rows]
        assert rolled(sum((x * a[k // 8]).exp() for k, x in enumerate(layer)), a, b, c)

    def test_too_many_structures(self) -> None:
        x = leaves(Random(0), 12)
        names = ["exp", "tanh", "sin", "cos", "atan", "sinh", "cosh", "expm1", "square", "relu", "sigmoid", "softplus"]
        assert rolled(sum(TABLE[name].apply((x_k,), {}) for name, x_k in zip(names, x)), x) is None

    def test_arrays_too_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What has no pattern would have to be taken apart, one copy of its inputs for each node."""
        rng = Random(0)
        x = leaves(rng, 40)
        total = sum(weighted_sum([rng.choice(x) for _ in range(61)]) for _ in range(60))
        assert rolled(total, x) is None
        monkeypatch.setattr(_reroll, "LARGER", math.inf)
        assert rolled(total, x)

    def test_results_of_another_precision_are_refused(self) -> None:
        column, w = Tensor(np.ones(3, np.float32)), leaves(Random(0), 50)
        total = sum(w_k * column for w_k in w)
        assert reroll([total], [packed(w)]) is None

    def test_a_root_that_is_a_leaf(self) -> None:
        x = leaves(Random(0), 40)
        found = reroll([sum(v.exp() for v in x), x[3]], [packed(x)])
        assert found
        assert found[1].data == x[3].data
