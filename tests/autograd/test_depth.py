"""What is nested thousands deep is refused in one sentence, whatever it is given to; up to the limit all works."""

from __future__ import annotations

import inspect
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import (
    Replay,
    Tensor,
    Value,
    block,
    fresh,
    grad,
    gradcheck,
    hessian,
    hvp,
    jacobian,
    primitive,
    value_and_grad,
    vjp,
)
from autograd._core.trees import DEEPEST
from autograd.files import brief

compiled = autograd.compile
SENTENCE = f"may be inside each other up to {DEEPEST} levels"

NEST: dict[str, Callable[[Any], Any]] = {
    "list": lambda inner: [inner],
    "tuple": lambda inner: (inner,),
    "dict": lambda inner: {"a": inner},
}


@pytest.fixture(params=NEST)
def nest(request: pytest.FixtureRequest) -> Callable[..., Any]:
    one = NEST[request.param]

    def nested(leaf: Any = 2.0, depth: int = 5000) -> Any:
        # What it uses is what a compiled function compares at every call: `request` reaches all of pytest.
        for _ in range(depth):
            leaf = one(leaf)
        return leaf

    return nested


def innermost(tree: Any) -> Any:
    while isinstance(tree, (list, tuple, dict)):
        tree = tree["a"] if isinstance(tree, dict) else tree[0]
    return tree


def squared(tree: Any) -> Any:
    return innermost(tree) ** 2


def square(x: Any) -> Any:
    return x * x


WAYS: dict[str, Callable[[Any], Any]] = {
    "grad": lambda nest: grad(squared)(nest()),
    "grad of nodes": lambda nest: grad(squared)(nest(Value(2.0))),
    "value_and_grad": lambda nest: value_and_grad(lambda x: x, wrt=nest(Value(2.0))),
    "vjp": lambda nest: vjp(squared, nest()),
    "jacobian": lambda nest: jacobian(squared)(nest()),
    "results of jacobian": lambda nest: jacobian(nest)(2.0),
    "hessian": lambda nest: hessian(squared)(nest()),
    "hvp": lambda nest: hvp(squared)(nest(), nest()),
    "gradcheck": lambda nest: gradcheck(squared, nest()),
    "compile": lambda nest: compiled(squared)(nest()),
    "compile by name": lambda nest: compiled(squared)(tree=nest()),
    "compile grad": lambda nest: compiled(grad(squared))(nest()),
    "compiled results": lambda nest: compiled(lambda x: nest(x * 2))(2.0),
    "beside compiled results": lambda nest: compiled(lambda x: (x * 2, nest("a")))(2.0),
    "fresh": lambda nest: compiled(lambda x: x * innermost(fresh(lambda rng: nest(), np.random.default_rng())))(2.0),
    "penalty": lambda nest: nn.l2(nest(Value(2.0))),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_arguments_and_results(way: str, nest: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as told:
        WAYS[way](nest)
    assert "\n" not in str(told.value)
    assert SENTENCE in str(told.value) or "got" in str(told.value)


def test_a_block_runs_as_it_is(nest: Any) -> None:
    w, run = Value(2.0), Replay()
    for _ in range(5):
        assert run(lambda: (block(squared, nest(w)), None), w.zero_grad)[0] == 4.0
        assert w.grad == 4.0


@pytest.mark.parametrize("way", ["grad", "compile", "compile grad", "compiled results", "hessian", "vjp"])
def test_up_to_the_limit_all_works(way: str, nest: Any) -> None:
    found = WAYS[way](lambda leaf=2.0: nest(leaf, DEEPEST))
    assert innermost(found[0] if way == "vjp" else found) in (2.0, 4.0)


def test_a_list_that_is_in_itself() -> None:
    around: list[Any] = []
    around.append(around)
    for f in (grad(lambda t: t), compiled(lambda t: t)):
        with pytest.raises(ValueError, match="or one is in itself"):
            f(around)


@pytest.mark.parametrize("outside", ["global", "attribute", "default"])
def test_what_a_compiled_function_uses_from_outside(nest: Any, outside: str) -> None:
    deep = nest(depth=300)
    thing = type("Thing", (), {"deep": deep})()

    def with_default(x: Any, k: Any = deep) -> Any:
        return x * innermost(k)

    f = {
        "global": lambda x: x * innermost(deep),
        "attribute": lambda x: x * innermost(thing.deep),
        "default": with_default,
    }[outside]
    assert compiled(f)(3.0) == 6.0


def test_settings(nest: Any) -> None:
    squared = primitive("squared_of_a_test", lambda xp, x, *, k=None: x * x, lambda g, out, x, *, k=None: g * 2 * x)
    with pytest.raises(ValueError, match=SENTENCE):
        squared(Value(1.0), k=nest())
    with pytest.raises(ValueError, match=SENTENCE):
        compiled(lambda x: squared(x, k=nest()))(1.0)
    given = {"a": np.ones(2)}
    node = squared(Value(3.0), k=given)
    given["a"][0] = 5.0
    assert node.settings["k"]["a"].tolist() == [1.0, 1.0]
    assert node.data == 9.0


def test_a_named_tuple_of_settings_is_kept_like_others() -> None:
    """An array in it that is written to later changes no graph."""
    Pair = namedtuple("Pair", "a b")
    squared = primitive("squared_with_a_pair", lambda xp, x, *, k=None: x * x, lambda g, out, x, *, k=None: g * 2 * x)
    given = Pair(np.ones(2), "b")
    node = squared(Value(3.0), k=given)
    given.a[0] = 5.0
    kept = node.settings["k"]
    assert type(kept) is Pair
    assert (kept.a.tolist(), kept.b) == ([1.0, 1.0], "b")


@pytest.mark.slow
@pytest.mark.parametrize("package", [autograd, nn])
def test_every_function_says_it_in_a_sentence_of_its_own(package: Any, nest: Any) -> None:
    """Nothing that is public ends in the error of Python's stack, whatever the arguments."""
    y, deep = [1.0, 0.0], nest()
    given = ((deep,), (nest(Value(2.0)),), (y, deep), (deep, y), (Tensor([1.0]), deep))
    for name in package.__all__:
        function = getattr(package, name)
        if not callable(function) or (inspect.isclass(function) and issubclass(function, BaseException)):
            continue
        for args in given:
            try:
                function(*args)
            except RecursionError:  # pragma: no cover - that is what must not be
                pytest.fail(f"{name} of {brief(args)}")
            except Exception:
                continue


class Sad:
    def __repr__(self) -> str:
        raise RuntimeError


class Escaping:
    def __repr__(self) -> str:
        return "\x1b[2J two\nlines"


def test_objects_that_cannot_be_shown(nest: Any) -> None:
    assert brief(Sad()) == "<Sad>"
    assert brief(Escaping()) == "\\x1b[2J two lines"
    # Some Pythons write what is nested thousands deep, and some do not.
    assert brief(nest()) in (f"<{type(nest()).__name__}>", str(nest(depth=90))[:60])
    assert brief("x" * 100, 5) == "'xxxx"
    for wrong in (Sad(), Escaping()):
        for f in (Value, Tensor, grad(square), compiled(square), autograd.draw, autograd.steps, autograd.exp):
            with pytest.raises((TypeError, ValueError)) as told:
                f(wrong)
            assert "\n" not in str(told.value)
            assert "\x1b" not in str(told.value)


def test_a_label_is_text() -> None:
    with pytest.raises(TypeError, match="a label is text; got <Sad> of type Sad"):
        Value(1.0, label=Sad())  # type: ignore[arg-type]

    class Text(str):
        def __str__(self) -> Text:
            return self

    assert type(Value(1.0, label=Text("w")).label) is str


class Chain(nn.Module):
    def __init__(self, inner: Any) -> None:
        self.inner, self.w = inner, Value(1.0)


def chain(depth: int, wrap: Any = lambda inner: inner) -> Chain:
    module = Chain(None)
    for _ in range(depth - 1):
        module = Chain(wrap(module))
    return module


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("wrap", [lambda inner: inner, lambda inner: [inner], lambda inner: {"a": inner}])
def test_modules_inside_each_other(wrap: Any) -> None:
    assert len(chain(1000, wrap).parameters()) == 1000
    with pytest.raises(ValueError, match="up to 1,000 levels: put them"):
        chain(1001, wrap).parameters()
    import copy
    import pickle

    before = sys.getrecursionlimit()
    assert before == 1000
    for copied in (copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))):
        assert len(copied(chain(100, wrap)).parameters()) == 100
        with pytest.raises(ValueError, match="up to 100 levels to be copied or pickled"):
            copied(chain(3000, wrap))


def test_lists_of_a_module_that_are_too_deep(nest: Any) -> None:
    module = Chain(nest(Value(1.0)))
    with pytest.raises(ValueError, match=SENTENCE):
        module.parameters()


def test_a_module_with_a_set_of_nodes_is_copied() -> None:
    import copy

    module = Chain({Value(1.0)})
    assert len(copy.deepcopy(module).inner) == 1


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("of", [Value, Tensor])
def test_trainings(of: Any, nest: Any) -> None:
    model: Any = nn.MLP(2, [1], of=of)
    optimizer = nn.SGD(model.parameters())
    cases: list[tuple[Any, Any, dict[str, Any]]] = [
        (nest(), [1.0], {}), ([nest(), nest()], [1.0, 2.0], {}), ([[1.0, 2.0]], [nest()], {}),
        ([[1.0, 2.0]], [1.0], {"loss": lambda y_hat, y: nest(nn.mse(y_hat, y))}),
        ([[1.0, 2.0]], [1.0], {"callbacks": nest()}), ([[1.0, 2.0]], [1.0], {"metrics": [lambda y_hat, y: nest()]}),
    ]  # fmt: skip
    for X, y, more in cases:
        with pytest.raises((TypeError, ValueError)) as told:
            nn.fit(model, X, y, optimizer=optimizer, epochs=1, **{"loss": nn.mse, **more})
        assert "\n" not in str(told.value)
    with pytest.raises((TypeError, ValueError)):
        model(nest())
    for takes in (model.load_state_dict, optimizer.load_state_dict):
        with pytest.raises((TypeError, ValueError)) as told:
            takes(nest())
        assert "state" in str(told.value)
