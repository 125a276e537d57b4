"""The whole table: every primitive, of Values and of Tensors, to order 1 and 2, against differences in its domain."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import assert_close, numerical_gradient

import autograd
from autograd import TABLE, Tensor, Value, grad, stack, topological_sort
from autograd._core.primitive import Primitive

NAMES = [name for name, made in TABLE.items() if made.forward.__module__.startswith("autograd.")]
ELEMENTWISE = [name for name in NAMES if TABLE[name].elementwise]


def public(name: str) -> Any:
    return getattr(autograd, name)


def call(made: Primitive, args: list[Any], settings: dict[str, Any]) -> Any:
    function = public(made.name)
    return function(args, **settings) if made.arity is None else function(*args, **settings)


def numbers(made: Primitive, position: int) -> st.SearchStrategy[float]:
    """Floats of moderate size, safely inside the domain of one argument."""
    assert made.domain is not None, f"{made.name} has no domain entry"
    low, high = made.domain[min(position, len(made.domain) - 1)]
    # So far from the edge that the differences, too, are good to ten digits.
    return st.floats(max(low + 0.3, -3.0), min(high - 0.3, 3.0), allow_subnormal=False)


def examples(made: Primitive) -> list[Any]:
    """Shapes and settings to try: those of the table, and for an elementwise operation some that broadcast."""
    if not made.elementwise or made.arity is None or made.settings:
        return list(made.examples)
    return [((shape,) * made.arity, {}) for shape in ((), (3,))] + (
        [(((2, 3), (3,), (2, 1))[: made.arity], {}), (((), (2, 1), (3,))[: made.arity], {})] if made.arity > 1 else []
    )


CASES = [
    pytest.param(TABLE[name], shapes, settings, id=f"{name}-{k}")
    for name in NAMES
    for k, (shapes, settings) in enumerate(examples(TABLE[name]))
]


def draw_arrays(data: st.DataObject, made: Primitive, shapes: Any, settings: dict[str, Any]) -> list[np.ndarray]:
    if made.name in ("max", "min", "sort", "order", "sorted_by"):
        # The largest of many numbers, and their order, needs them apart; by chance hardly ever all are.
        apart = [np.linspace(-3.0, 3.0, int(np.prod(s))).tolist() for s in shapes]
        return [np.reshape(data.draw(st.permutations(some)), s) for some, s in zip(apart, shapes)]
    arrays = [data.draw(hnp.arrays(float, s, elements=numbers(made, k))) for k, s in enumerate(shapes)]
    if made.name == "std":
        # std has no derivative where all elements are equal.
        assume(all(np.ptp(a) > 0.5 for a in arrays) and np.all(np.asarray(np.std(arrays[0], **settings)) > 0.05))
    if made.kink is not None:
        assume(np.all(np.abs(np.asarray(made.kink(*arrays, **settings), float)) > 0.05))
    return arrays


def test_every_primitive_has_a_domain_and_something_to_try() -> None:
    for name in NAMES:
        assert TABLE[name].domain is not None, name
        assert examples(TABLE[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(("made", "shapes", "settings"), CASES)
@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_gradients_of_tensors(made: Primitive, shapes: Any, settings: dict[str, Any], data: st.DataObject) -> None:
    arrays = draw_arrays(data, made, shapes, settings)
    probe = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        shape = np.shape(call(made, arrays, settings))
    weights = probe.uniform(0.5, 1.5, shape)
    position = data.draw(st.integers(0, len(arrays) - 1))

    def loss(x: Any) -> Any:
        args = [x if k == position else a for k, a in enumerate(arrays)]
        return autograd.sum(call(made, args, settings) * weights)

    first = grad(loss)(arrays[position])
    assert_close(first, numerical_gradient(lambda x: np.sum(loss(x)), arrays[position]))

    direction = probe.uniform(0.5, 1.5, arrays[position].shape)
    second = grad(lambda x: autograd.sum(grad(loss)(x) * direction))(arrays[position])
    assert_close(second, numerical_gradient(lambda x: np.sum(grad(loss)(x) * direction), arrays[position]), 1e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(data=st.data())
def test_gradients_of_values(name: str, data: st.DataObject) -> None:
    made = TABLE[name]
    shapes, settings = next((s, dict(o)) for s, o in examples(made) if all(shape == () for shape in s))
    args = [float(a) for a in draw_arrays(data, made, shapes, settings)]
    nodes = [Value(a) for a in args]
    out = call(made, nodes, settings)
    assert type(out) is Value
    out.backward()
    for k, node in enumerate(nodes):

        def one(x: Any, k: int = k) -> Any:
            return call(made, [x if k == i else a for i, a in enumerate(args)], settings)

        assert_close(node.grad, numerical_gradient(lambda x, one=one: one(x.item()), args[k]))
        # Lean and general path, forward value included, are two pieces of code: they must agree to the last bit.
        assert grad(one)(args[k]) == node.grad
        assert one(Tensor(args[k])).item() == pytest.approx(out.data, rel=1e-14, abs=1e-300)
        second = grad(grad(one))(args[k])
        assert_close(second, numerical_gradient(lambda x, one=one: grad(one)(x.item()), args[k]), 1e-6)


@pytest.mark.parametrize(("made", "shapes", "settings"), [c for c in CASES if not c.values[0].elementwise])
def test_array_operations_of_values(made: Primitive, shapes: Any, settings: dict[str, Any]) -> None:
    """A Tensor put together from Values sends each Value the gradient that the entry of a Tensor would get."""
    rng = np.random.default_rng(1)
    arrays = [rng.uniform(0.5, 1.5, s) for s in shapes]
    tensors = [Tensor(a) for a in arrays]
    autograd.sum(call(made, tensors, settings)).backward()
    values = [[Value(x) for x in a.ravel()] for a in arrays]
    joined = [stack(v).reshape(s) for v, s in zip(values, shapes, strict=True)]
    autograd.sum(call(made, joined, settings)).backward()
    for tensor, entries in zip(tensors, values, strict=True):
        assert_close([v.grad for v in entries], tensor.grad.ravel(), 1e-14)


NASTY = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 2.0, 3.0, 1e-320, 1e300, -1e300, 710.0, -750.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if TABLE[n].arity in (1, 2)])
def test_floats_follow_ieee_as_numpy_does(name: str) -> None:
    """Value, Tensor and NumPy agree on every nasty number, in the result and in the derivative."""
    made = TABLE[name]
    settings = dict(examples(made)[0][1])
    for a in NASTY:
        for b in NASTY if made.arity == 2 else [0.0]:
            args = [a, b][: made.arity]
            if (name, a, b) == ("pow", -math.inf, 0.5):
                continue  # NumPy takes a square root here and says nan; IEEE 754 and C say inf
            values, tensors = [Value(x) for x in args], [Tensor(x) for x in args]
            with np.errstate(all="ignore"):
                v, t = call(made, values, settings), call(made, tensors, settings)
                v.backward()
                t.backward()
            assert v.data == pytest.approx(t.item(), rel=4e-16, abs=1e-322, nan_ok=True), (name, args)
            for value, tensor in zip(values, tensors, strict=True):
                assert value.grad == pytest.approx(tensor.grad.item(), rel=1e-14, abs=1e-322, nan_ok=True), (name, args)


@pytest.mark.parametrize("name", [n for n in NAMES if hasattr(np, n) and n != "astype"])
def test_numpy_functions_find_the_table(name: str) -> None:
    made = TABLE[name]
    shapes, settings = examples(made)[-1]
    arrays = [np.random.default_rng(2).uniform(0.5, 0.9, s) + (name == "acosh") for s in shapes]
    function = getattr(np, name)
    args: list[Any] = [arrays] if made.arity is None else arrays
    nodes: list[Any] = [[Tensor(a) for a in arrays]] if made.arity is None else [Tensor(a) for a in arrays]
    by_name = {"shape": "shape", "axes": "axes"} | {s: s for s in settings}
    settings = {by_name[s]: v for s, v in settings.items()}
    out = function(*nodes, **settings)
    assert isinstance(out, Tensor)
    assert out.op is made
    # NumPy's own squares are of numbers minus a rounded mean, its sinc of a rounded angle.
    tolerance = 1e-15 if name in ("sinc", "std", "var") else 0
    np.testing.assert_allclose(out.data, function(*args, **settings), rtol=tolerance)
    first = nodes[0][0] if made.arity is None else nodes[0]
    autograd.sum(out).backward()
    assert first.grad.shape == first.shape


def test_declarations_are_short() -> None:
    """One declaration takes at most six lines or so; the longest is told in the failure."""
    import inspect
    import re

    for module in (
        "elementwise",
        "statistical",
        "linalg",
        "manipulation",
        "convolution",
        "decompositions",
        "functions",
        "special",
        "sorting",
    ):
        source = inspect.getsource(importlib.import_module(f"autograd._ops.{module}"))
        for row in re.findall(r"^\w+ = primitive\(.*?^\)$", source, re.MULTILINE | re.DOTALL):
            assert row.count("\n") + 1 <= 9, row


class TestHandDerived:
    """Numbers worked out by hand."""

    @pytest.mark.parametrize("of", [Value, lambda x: Tensor([x])])
    @pytest.mark.parametrize(
        ("a", "b", "slopes"),
        [
            # a ** 0 is 1 for every a, and 0 ** b is 0 for every b > 0, so those do not depend on them.
            (0.0, 0.0, (0.0, 0.0)), (math.inf, 0.0, (0.0, math.inf)), (5e-324, 0.0, (0.0, math.log(5e-324))),
            (0.0, 2.0, (0.0, 0.0)), (0.0, 1.0, (1.0, 0.0)), (0.0, 0.5, (math.inf, 0.0)),
            (0.0, -1.0, (-math.inf, -math.inf)), (2.0, 3.0, (12.0, 8 * math.log(2.0))),
            (2.0**-1024, 0.0, (0.0, math.log(2.0**-1024))),
        ],
    )  # fmt: skip
    @pytest.mark.filterwarnings("ignore:divide by zero")
    def test_powers_at_the_edge(self, of: Any, a: float, b: float, slopes: tuple[float, float]) -> None:
        base, exponent = of(a), of(b)
        autograd.sum(base**exponent).backward()
        assert (base.grad, exponent.grad) == slopes

    @pytest.mark.parametrize("a", [-math.inf, math.inf, -2.0, -0.0, 5e-324])
    def test_a_power_of_the_number_0_depends_on_nothing(self, a: float) -> None:
        x = Value(a)
        (x**0.0).backward()
        assert (x.grad, autograd.grad(lambda x: (x**0.0).sum())(np.array([a])).item()) == (0.0, 0.0)

    @pytest.mark.parametrize("of", [Value, lambda x: Tensor([x])])
    @pytest.mark.filterwarnings("ignore:invalid value")
    def test_a_negative_number_has_no_slope_for_its_exponent(self, of: Any) -> None:
        exponent = of(2.0)
        autograd.sum(of(-2.0) ** exponent).backward()
        assert np.isnan(exponent.grad)

    def test_mixed_second_derivatives_of_powers(self) -> None:
        """Of a ** b for a, then for b: a ** (b - 1) * (1 + b * log(a))."""
        for a, b in ((2.0, 0.0), (0.5, 0.0), (2.0, 3.0)):
            found = grad(lambda b, a=a: grad(lambda a: a**b)(a))(b)
            assert found == pytest.approx(a ** (b - 1) * (1 + b * math.log(a)), rel=1e-14)

    def test_a_number_to_powers_that_are_an_array(self) -> None:
        base, exponents = Value(2.0), Tensor([0.0, 1.0, 3.0])
        autograd.sum(base**exponents).backward()
        assert base.grad == 13.0
        assert exponents.grad.tolist() == pytest.approx([math.log(2), 2 * math.log(2), 8 * math.log(2)], rel=1e-15)

    @pytest.mark.parametrize("of", [Value, lambda x: Tensor([x])])
    @pytest.mark.filterwarnings("ignore:invalid value")
    def test_an_infinite_gradient_does_not_pass_where_the_slope_is_0(self, of: Any) -> None:
        x = of(0.0)
        autograd.sum(abs(x) * math.inf).backward()
        assert x.grad == 0.0

    def test_parts_that_are_joined_flat(self) -> None:
        """Without an axis, as in NumPy: each part gets back the gradients of its elements, in its own shape."""
        parts = [Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([5.0]), Tensor(6.0)]
        joined = autograd.concat(parts, axis=None)
        assert joined.data.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        autograd.sum(joined * np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])).backward()
        assert [part.grad.tolist() for part in parts] == [[[10.0, 20.0], [30.0, 40.0]], [50.0], 60.0]

    @pytest.mark.parametrize(("dtype", "slope"), [("f4", 3.0), ("f8", 3.0), ("i8", 0.0), ("?", 0.0)])
    def test_whole_numbers_do_not_change_with_what_they_are_of(self, dtype: str, slope: float) -> None:
        x = Tensor([0.5, -1.5])
        autograd.sum(autograd.astype(x, dtype=dtype) * 3.0).backward()
        assert x.grad.tolist() == [slope, slope]

    @pytest.mark.parametrize("name", ["tanh", "sigmoid"])
    def test_a_slope_is_written_with_the_result(self, name: str) -> None:
        """Its number comes from the argument, which keeps its digits; 1 - y * y is how people know it."""
        slope = grad(public(name))(Value(0.3))
        written = next(node for node in topological_sort(slope) if node.op and node.op.name == f"{name}_slope")
        assert written.inputs[0].data == public(name)(0.3)
        assert written.inputs[1].data == 0.3

    def test_the_seminars_perceptron(self) -> None:
        w0, w1, w2, x1, x2 = (Value(v) for v in (1.0, 3.0, -2.0, -1.0, 2.0))
        y_hat = autograd.sigmoid(w0 + w1 * x1 + w2 * x2)
        y_hat.backward()
        y = 1 / (1 + math.exp(6))
        assert y_hat.data == pytest.approx(0.002472623156634775, rel=1e-14)
        slope = y * (1 - y)
        expected = [slope, -slope, 2 * slope, 3 * slope, -2 * slope]
        assert [v.grad for v in (w0, w1, w2, x1, x2)] == pytest.approx(expected, rel=1e-13)

    def test_kinks_and_ties(self) -> None:
        assert grad(autograd.relu)(0.0) == 0.0
        assert grad(autograd.abs)(0.0) == 0.0
        assert grad(lambda x: autograd.sqrt(autograd.abs(x)))(0.0) == 0.0
        assert grad(autograd.maximum, argnums=(0, 1))(2.0, 2.0) == (0.5, 0.5)
        assert grad(autograd.max)(np.array([1.0, 3.0, 3.0])).tolist() == [0.0, 0.5, 0.5]
        assert grad(lambda x: autograd.clip(x, min=0.0, max=1.0))(1.0) == 1.0

    def test_powers_at_the_edges(self) -> None:
        for a in (0.0, -math.inf, 0.75 * 2.0**-1024, -0.75 * 2.0**-1024, 2.0**-1024, 3.0, -3.0):
            assert grad(lambda x: x**0)(a) == 0.0, a
        assert grad(lambda b: 0.0**b)(0.0) == 0.0
        assert grad(lambda b: 0.0**b)(-1.0) == -math.inf
        assert grad(lambda b: 1e-300**b)(2.0) == 0.0
        assert grad(grad(lambda b: 0.0**b))(2.0) == 0.0

    def test_powers(self) -> None:
        assert grad(lambda x: x**2)(-3.0) == -6.0
        assert grad(lambda x: x**0)(0.0) == 0.0
        assert grad(lambda x: x**1)(0.0) == 1.0
        assert grad(grad(lambda x: x**3))(-2.0) == -12.0
        assert grad(lambda b: 0.0**b)(2.0) == 0.0
        assert grad(lambda b: 2.0**b)(3.0) == pytest.approx(8 * math.log(2))
        assert Value(-8.0) ** 3 == -512.0
        assert math.isnan((Value(-8.0) ** 0.5).data)

    @pytest.mark.slow
    @given(x=hnp.arrays(float, (2, 3), elements=st.sampled_from([0.0, 1.0, 2.0, -3.0])))
    def test_prod_with_zeros(self, x: np.ndarray) -> None:
        for axis in (None, 0, (0, 1), -1):

            def loss(x: Any, axis: Any = axis) -> Any:
                return autograd.sum(autograd.prod(x, axis=axis))

            assert_close(grad(loss)(x), numerical_gradient(loss, x), 1e-6)
            if axis is None:
                second = grad(lambda x, loss=loss: autograd.sum(grad(loss)(x)))(x)
                assert_close(second, numerical_gradient(lambda x, loss=loss: np.sum(grad(loss)(x)), x), 1e-6)

    def test_repeated_indices_add_up(self) -> None:
        x = Tensor([1.0, 2.0, 3.0])
        x[[0, 0, 2]].sum().backward()
        assert x.grad.tolist() == [2.0, 0.0, 1.0]
        y = Tensor([1.0, 2.0, 3.0])
        y[np.array([True, False, True])].sum().backward()
        assert y.grad.tolist() == [1.0, 0.0, 1.0]


def test_the_two_forms_of_one_function_name_each_other() -> None:
    assert "log_sum_exp" in autograd.logsumexp.__doc__
    assert "`logsumexp`" in autograd.log_sum_exp.__doc__


MEANT = [
    (TABLE[name], shapes, settings)
    for name in NAMES
    if TABLE[name].meaning
    for shapes, settings in TABLE[name].examples
]


@pytest.mark.parametrize(("made", "shapes", "settings"), MEANT, ids=lambda x: getattr(x, "name", ""))
def test_what_a_primitive_means_is_what_it_computes(made: Primitive, shapes: Any, settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    args = [rng.normal(size=shape) for shape in shapes]
    assert made.meaning is not None
    np.testing.assert_allclose(made.meaning(*args, **settings), made.forward(np, *args, **settings), rtol=1e-12)
