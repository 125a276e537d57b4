"""Copies and pickles of graphs: equal numbers, the same sharing, nothing that recurses over the graph."""

from __future__ import annotations

import copy
import itertools
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Tensor, Value, compile, concat, detect_anomaly, primitive, tanh, topological_sort
from autograd._core import copies

COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda x, n=n: pickle.loads(pickle.dumps(x, n)) for n in (0, 2, 5)},
    "pickle in Python": lambda x: pickle._loads(pickle._dumps(x)),  # type: ignore[attr-defined]
}


@pytest.fixture(params=COPIES)
def copied(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return COPIES[request.param]


def alike(one: Any, other: Any) -> None:
    """Compare two graphs node by node."""
    nodes, others = topological_sort(one), topological_sort(other)
    assert set(map(id, nodes)).isdisjoint(map(id, others))
    where = dict(zip(nodes, others, strict=True))
    for a, b in where.items():
        assert type(a) is type(b)
        assert (a.op, a.label, a.source, a.shape) == (b.op, b.label, b.source, b.shape)
        assert repr(a.settings) == repr(b.settings)
        np.testing.assert_array_equal(a.data, b.data)
        np.testing.assert_array_equal(a.grad, b.grad)
        for i, j in zip(a.inputs, b.inputs, strict=True):
            assert where[i] is j if isinstance(i, autograd.Node) else repr(i) == repr(j)
        for x, y in zip(a.args, b.args, strict=True):
            np.testing.assert_array_equal(x, y)
            assert type(x) is type(y)
            assert isinstance(x, float) or not np.shares_memory(x, y)


@pytest.mark.covers
@pytest.mark.slow
@given(seed=st.integers(0, 10**6), way=st.sampled_from(sorted(COPIES)))
def test_graphs(seed: int, way: str) -> None:
    rng = random.Random(seed)
    nodes: list[Any] = [Value(rng.random(), label=f"v{k}") for k in range(3)]
    nodes += [Tensor(np.arange(6.0).reshape(2, 3) * k) for k in range(2)]
    for _ in range(20):
        a, b = rng.choice(nodes), rng.choice(nodes)
        nodes.append(rng.choice([a * b, a + 1.5, tanh(a), 2 - b]))
    matrix = next(node for node in nodes if node.shape == (2, 3))
    loss = (
        (matrix[:, [0, 2]] ** 2).sum() + matrix[1:, ..., None].mean() + matrix[np.array([True, False])].sum() + nodes[5]
    )
    loss = loss.sum() if loss.shape else loss
    loss.backward()
    again = COPIES[way](loss)
    alike(loss, again)
    before = [np.copy(node.grad) for node in topological_sort(loss) if node.op is None]
    again.backward()
    leaves = [node for node in topological_sort(again) if node.op is None]
    for leaf, g in zip(leaves, before, strict=True):
        np.testing.assert_allclose(leaf.grad, 2 * g)


@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_long_chains(of: Any, copied: Callable[[Any], Any]) -> None:
    y = x = of(1.0)
    for _ in range(5000):
        y = y + 1.0
    again = copied(y)
    assert again.data == 5001.0
    again.backward()
    assert [topological_sort(again)[0].grad, x.grad] == [1.0, 0.0]


@pytest.mark.slow
def test_a_chain_of_tensors_is_dropped_without_recursion() -> None:
    y = Tensor(1.0)
    for _ in range(200_000):
        y = y + 1.0
    del y


def test_what_several_structures_share(copied: Callable[[Any], Any]) -> None:
    w = Value(2.0, label="w")
    u = w * w
    left, right, named = copied([u * 3, u + w, {"w": w, "u": u}])
    assert named["u"] is left.inputs[0] is right.inputs[0]
    assert named["w"] is right.inputs[1] is named["u"].inputs[0]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, -1])
def test_every_node_of_a_chain(copied: Callable[[Any], Any], step: int) -> None:
    chain = [Value(1.0)]
    for _ in range(2000):
        chain.append(chain[-1] + 1.0)
    again = copied(chain[::step])[::step]
    assert all(node.inputs[0] is before for before, node in itertools.pairwise(again))


def test_a_model_and_its_optimizer(copied: Callable[[Any], Any]) -> None:
    model = nn.MLP(2, [3, 1], of=Tensor)
    optimizer = nn.Adam(model.parameters(), lr=0.1)
    model2, optimizer2 = copied((model, optimizer))
    assert all(a is b for a, b in zip(model2.parameters(), optimizer2.parameters, strict=True))
    assert not any(a is b for a, b in zip(model2.parameters(), model.parameters(), strict=True))


class Marked(Value):
    """A node with attributes, also ones that lead back to it."""


def test_attributes_of_a_subclass(copied: Callable[[Any], Any]) -> None:
    marked = Marked(3.0)
    marked.itself, marked.others = marked, [marked * 2]  # type: ignore[attr-defined]
    again = copied(marked)
    assert type(again) is Marked
    assert again.itself is again
    assert again.others[0].inputs[0] is again


def test_where_a_node_was_made(copied: Callable[[Any], Any]) -> None:
    with detect_anomaly():
        y = Value(1.0) * 2
    assert copied(y).source == y.source != ""


def test_a_pickle_is_of_the_moment() -> None:
    w = Value(1.0)
    file = __import__("io").BytesIO()
    pickler = pickle.Pickler(file)
    pickler.dump(w * 2)
    pickler.dump(w)
    w.data = 5.0
    assert pickle.loads(pickle.dumps(w)).data == 5.0
    del pickler
    assert not copies._graphs


def test_a_shallow_copy() -> None:
    w = Tensor([1.0, 2.0], label="w")
    (w * w).sum().backward()
    again = copy.copy(w)
    again.data[0] = again.grad[0] = 9.0
    assert (w.data.tolist(), w.grad.tolist(), again.label) == ([1.0, 2.0], [2.0, 4.0], "w")
    y = w * 2
    assert copy.copy(y).inputs[0] is w
    assert copy.copy(Value(3.0)).data == 3.0
    assert copy.copy(concat([w, w])).inputs == (w, w)


def test_a_primitive_that_is_not_declared() -> None:
    cube = primitive("cube_of_a_pickle", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    text = pickle.dumps(cube(Value(2.0)))
    assert pickle.loads(text).data == 8.0
    del autograd.TABLE["cube_of_a_pickle"]
    with pytest.raises(ValueError, match=r"'cube_of_a_pickle', which is not declared here: run its primitive\("):
        pickle.loads(text)


@compile
def squared(x: Any) -> Any:
    return x * x


def plain(x: Any) -> Any:
    return x * 3


def test_compiled_functions(copied: Callable[[Any], Any]) -> None:
    assert copied(squared) is squared
    assert copied(compile(plain))(2.0) == 6.0

    class Model(nn.Module):
        def __init__(self) -> None:
            self.w = Value(2.0)

        def __call__(self, x: Any) -> Any:
            return self.w * x

    model = Model()
    model.fast = compile(model.__call__)
    again = copy.deepcopy(model)
    again.w.data = 5.0
    assert (model.fast(1.0), again.fast(1.0)) == (2.0, 5.0)


@pytest.mark.parametrize(
    "drawn", [lambda: autograd.draw(tanh(Value(2.0, label="w") * 3)), lambda: autograd.draw(nn.MLP(2, [3, 1]))]
)
def test_drawings(copied: Callable[[Any], Any], drawn: Any) -> None:
    drawing = drawn()
    early = copied(drawing)
    assert early.svg == drawing.svg
    assert copied(drawing).picture == drawing.picture
    assert (early.dot, early.title) == (drawing.dot, drawing.title)


@pytest.mark.covers
@pytest.mark.slow
def test_what_the_packages_return(copied: Callable[[Any], Any]) -> None:
    loss = tanh(Value(2.0, label="w") * 3)
    model = nn.MLP(2, [3, 1], of=Tensor)
    optimizer = nn.Adam(model.parameters())
    X, y = np.arange(8.0).reshape(4, 2), np.arange(4.0)
    history = nn.fit(model, X, y, loss=nn.mse, optimizer=optimizer, epochs=2)
    assert copied(history) == history
    assert type(copied(history)) is nn.History
    assert repr(copied(optimizer).state_dict()) == repr(optimizer.state_dict())
    assert copied(autograd.steps(loss))._repr_html_() == autograd.steps(loss)._repr_html_()
    assert repr(copied(autograd.explain(loss, loss))) == repr(autograd.explain(loss, loss))
    report = autograd.gradcheck(tanh, 0.3)
    assert (repr(copied(report)), bool(copied(report))) == (repr(report), True)


def test_a_replay_begins_anew(copied: Callable[[Any], Any]) -> None:
    w, run = Value(3.0), autograd.Replay()
    for _ in range(3):
        run(lambda: (w * 2, None), w.zero_grad)
    again = copied(run)
    assert (run.compilations, again.compilations) == (1, 0)
    assert [again(lambda: (w * 2, None), w.zero_grad)[0] for _ in range(3)] == [6.0] * 3
    assert again.compilations == 1
