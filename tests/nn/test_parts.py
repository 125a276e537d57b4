"""A module's parameters are what it made, each under one name, before and after its calls, and in copies."""

from __future__ import annotations

import ast
import copy
import importlib
import pickle
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz import python

from autograd import Node, Tensor, Value, no_grad
from nn import (
    MLP,
    SGD,
    BatchNorm,
    Conv2d,
    Dropout,
    Layer,
    LayerNorm,
    Module,
    Perceptron,
    Sequential,
    fit,
    l2,
    load,
    mse,
    predict,
    save,
)  # fmt: skip
from nn._layers.module import evaluating

X = np.random.default_rng(0).normal(size=(12, 3))


def names(model: Module) -> list[str]:
    return [name for name, _ in model.named_parameters()]


STORES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "output": lambda self, x, y: setattr(self, "out", y),
    "input": lambda self, x, y: setattr(self, "x", x),
    "leaf": lambda self, x, y: setattr(self, "mask", Tensor([1.0])),
    "pair": lambda self, x, y: setattr(self, "pair", (x, [y, Tensor([1.0])])),
    "dict": lambda self, x, y: setattr(self, "found", {"x": x, "y": y}),
    "set": lambda self, x, y: setattr(self, "seen", {id(x), y if isinstance(y, Node) else 0}),
    "in a list": lambda self, x, y: self.list.extend([x, y, Tensor([1.0])]),
    "in a nested list": lambda self, x, y: self.nested[0].append(x),
    "in a dict": lambda self, x, y: self.dict.update(x=x, y=y),
    "in a deque": lambda self, x, y: self.deque.append(x),
    "in a part": lambda self, x, y: (setattr(self.layer, "out", y), setattr(self.layer, "x", x)),
    "in place of None": lambda self, x, y: setattr(self, "none", x),
    "in place of a list from a call": lambda self, x, y: setattr(self, "list", [*self.list, x]),
}


class Keeps(Module):
    def __init__(self, store: str) -> None:
        self.layer = Layer(3, 1, of=Tensor, seed=1)
        self.list: list[Any] = []
        self.nested: list[Any] = [[]]
        self.dict: dict[str, Any] = {}
        self.deque: deque[Any] = deque(maxlen=2)
        self.none: Any = None
        self.store = store

    def __call__(self, x: Any) -> Any:
        y = self.layer(x)
        STORES[self.store](self, x, y)
        return y


@pytest.mark.parametrize("store", STORES)
def test_what_a_call_stores_is_no_parameter(store: str, tmp_path: Path) -> None:
    model = Keeps(store)
    before = names(model), l2(model).item(), model.summary(), list(model.state_dict())
    assert before[0] == ["layer.w0", "layer.w"]
    for given in (Tensor(X), X, Tensor(X)):
        model(given)
        with no_grad():
            model(given)
    predict(model, X)
    for same in (model, copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (names(same), l2(same).item(), same.summary(), list(same.state_dict())) == before
    save(tmp_path / "a", model)
    load(tmp_path / "a", into=Keeps(store))


@pytest.mark.slow
@pytest.mark.parametrize("compile", [True, False])
@pytest.mark.parametrize("store", ["output", "input", "in a list", "in a part"])
def test_a_layer_that_keeps_its_output_is_trained_with_patience(store: str, compile: bool) -> None:
    model = Keeps(store)
    data = X, X[:, :1]
    optimizer = SGD(model.parameters(), lr=0.1)
    history = fit(
        model, *data, loss=mse, optimizer=optimizer, epochs=40, patience=3, validation=data, compile=compile, seed=0
    )
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert set(history.best) == {"layer.w0", "layer.w"}


def test_what_is_given_from_outside_or_made_is_a_parameter_again() -> None:
    model = Keeps("output")
    model(X)
    model.out = Tensor([1.0])
    model.list.append(Tensor([2.0]))
    model.extra = {"a": [Value(1.0)], 2: (Value(2.0),)}
    model.array = np.array([Value(1.0), Value(2.0)], object)
    model.ordered, model.numbers = OrderedDict(w=Tensor([1.0])), [1, 2.0, None, "text"]
    assert names(model) == [
        "layer.w0", "layer.w", "list.0", "out", "extra.a.0", "extra.2.0", "array.0", "array.1", "ordered.w",
    ]  # fmt: skip


class Lazy(Module):
    layer: Any = None

    def __call__(self, x: Any) -> Any:
        if self.layer is None:
            self.layer = Sequential(Layer(len(x[0]), 2, of=Tensor, seed=1), Dropout(0.5))
        return self.layer(x)


def test_a_module_that_a_call_makes_is_a_part_of_it_and_in_its_mode() -> None:
    model = Lazy().eval()
    model(X)
    assert names(model) == ["layer.layers.0.w0", "layer.layers.0.w"]
    assert not any(module.training for module in model.modules())
    model = Lazy()
    with evaluating(model):
        model(X)
        assert not any(module.training for module in model.modules())
    assert all(module.training for module in model.modules())


def test_modes_return_after_an_error() -> None:
    model = Sequential(Dropout(0.5).eval(), Lazy())

    def broken() -> None:
        with evaluating(model):
            model(X)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert [module.training for module in model.modules()] == [True, False, True, True, True, True]


class State(Module):
    def __init__(self) -> None:
        self.h = Tensor([0.0])
        self.list = [Tensor([1.0])]

    def __call__(self, x: Any) -> Any:
        setattr(self, x, Tensor([1.0]))


class Remembers(State):
    buffers = ("h",)


@pytest.mark.parametrize("name", ["h", "list"])
def test_a_call_cannot_take_a_parameter_away(name: str) -> None:
    model = State()
    with pytest.raises(TypeError, match=rf"self.{name} is a parameter.*name '{name}' in `buffers`"):
        model(name)
    model.h = Tensor([2.0])
    assert names(model) == ["h", "list.0"]


def test_a_buffer_may_be_set_in_a_call_but_not_to_what_was_computed() -> None:
    model = Remembers()
    model("h")
    assert (names(model), [name for name, _ in model.named_buffers()]) == (["list.0"], ["h"])
    with pytest.raises(TypeError, match=r"the buffer 'h' is kept.*update_buffer\(self.h.*\.detach\(\)"):
        model.h = model.h + 1
    model.h = (model.h + 1).detach()
    assert model.state_dict()["h"] == [2.0]


def test_no_two_parameters_have_one_name() -> None:
    class Keys(Module):
        def __init__(self, parts: dict[Any, Any]) -> None:
            self.d = parts

    for parts in ({1: Value(1.0), "1": Value(2.0)}, {"a": [Value(1.0)], "a.0": Value(2.0)}):
        with pytest.raises(ValueError, match=r"two parameters of Keys have the name 'd\..*rename"):
            Keys(parts).parameters()
    with_dot = Keys({"w": Value(1.0)})
    setattr(with_dot, "d.w", Value(2.0))
    with pytest.raises(ValueError, match=r"the name 'd\.w'"):
        with_dot.state_dict()
    # One node under one name twice is one parameter.
    w = Value(1.0)
    assert names(Keys({1: w, "1": w})) == ["d.1"]


@pytest.mark.parametrize("part", [lambda: Value(1.0), lambda: Perceptron(1)])
def test_a_set_of_parameters_is_refused(part: Callable[[], Any]) -> None:
    model = Sequential()
    model.parts = [{part()}, {1, 2}]
    with pytest.raises(TypeError, match=r"parts.0 is a set, which has no order"):
        model.parameters()


def test_a_module_that_holds_its_parent_does_not_recurse() -> None:
    class Child(Module):
        def __init__(self, parent: Any) -> None:
            self.parent, self.w = parent, Value(1.0)

    class Parent(Module):
        def __init__(self) -> None:
            self.child = Child(self)
            self.around: list[Any] = [self.child]
            self.around.append(self.around)

    model = Parent()
    assert names(model) == ["child.w"]
    assert names(model.child) == ["w"]
    assert list(model.modules()) == [model, model.child]
    model.eval().train().zero_grad()
    assert not model.eval().child.training
    assert names(copy.deepcopy(model)) == ["child.w"]


class Mixin:
    def __call__(self, x: Any) -> Any:
        self.out = self.layer(x)
        return self.out


class Mixed(Mixin, Module):
    def __init__(self) -> None:
        self.layer = Layer(3, 1, of=Tensor, seed=1)


class Inherits(Mixed):
    def __init__(self) -> None:
        super().__init__()
        self.more = Tensor([1.0])

    def __call__(self, x: Any) -> Any:
        self.x = x
        return super().__call__(x) * self.more


@pytest.mark.parametrize("kind", [Mixed, Inherits])
def test_classes_that_inherit_their_call(kind: Any) -> None:
    model = kind()
    before = names(model)
    with no_grad():
        model(Tensor(X))
    assert names(model) == before


def test_a_module_may_answer_for_what_it_holds() -> None:
    class Wraps(Module):
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def __call__(self, x: Any) -> Any:
            self.out = self.inner(x)
            return self.out

    model = Wraps(Layer(3, 1, of=Tensor))
    with no_grad():
        model(X)
    assert model.n_in == 3
    assert names(model) == ["inner.w0", "inner.w"]


def test_a_class_with_forward_is_told_what_to_do() -> None:
    class Habit(Module):
        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(TypeError, match=r"Habit defines no __call__\(self, x\).*: rename forward$"):
        Habit()(1.0)


class TestSharing:
    def test_a_layer_in_two_places_counts_once_and_stays_one(self) -> None:
        layer = Layer(3, 3, "tanh", of=Tensor, seed=1)
        model = Sequential(layer, Sequential(layer, Dropout(0.1)), layer)
        assert len(model.parameters()) == 2
        assert len(list(model.modules())) == 4
        for other in (model.to(Value), model.to(Value).to(Tensor), model.to(Tensor), copy.deepcopy(model)):
            first, inner, last = other.layers
            assert first is inner.layers[0] is last is not layer
            np.testing.assert_allclose(predict(other, X), predict(model, X))

    def test_a_shared_weight_stays_shared_in_the_same_kind_alone(self) -> None:
        a, b = Layer(3, 3, of=Tensor, seed=1), Layer(3, 3, of=Tensor, seed=2)
        b.w = a.w
        model = Sequential(a, b)
        assert len(model.parameters()) == 3
        for other in (model.to(Tensor), copy.deepcopy(model)):
            assert other.layers[0].w is other.layers[1].w is not a.w
        with pytest.raises(ValueError, match="shares a weight with another layer"):
            model.to(Value)

    def test_a_file_does_not_untie_them(self, tmp_path: Path) -> None:
        def make() -> Sequential:
            a, b = Layer(3, 3, of=Tensor, seed=1), Layer(3, 3, of=Tensor, seed=2)
            b.w = a.w
            return Sequential(a, b, a)

        model, path = make(), tmp_path / "a"
        model.layers[0].w.data *= 2
        save(path, model)
        with pytest.raises(ValueError, match="one layer in two places"):
            load(path)
        other = load(path, into=make()).model
        assert other.layers[0].w is other.layers[1].w
        np.testing.assert_array_equal(predict(other, X), predict(model, X))

    def test_a_dropout_in_two_places_comes_back(self, tmp_path: Path) -> None:
        drop = Dropout(0.5, seed=3)
        model = Sequential(Layer(3, 3, of=Tensor), drop, Layer(3, 3, of=Tensor), drop)
        model(X)
        save(tmp_path / "a", model)
        np.testing.assert_array_equal(load(tmp_path / "a").model.train()(X).data, model(X).data)


class Scaled(Layer):
    """A layer of a user, with more in it."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.scale = 2.0

    def __call__(self, x: Any) -> Any:
        y = super().__call__(x)
        return y * self.scale if isinstance(y, Tensor) else [[item * self.scale for item in row] for row in y]


class Stack(Sequential):
    """A network of a user, with a way around."""

    def __init__(self, *layers: Any) -> None:
        super().__init__(*layers)
        self.first = layers[0]

    def __call__(self, x: Any) -> Any:
        y = super().__call__(x)
        return -y if isinstance(y, Tensor) else [[-item for item in row] for row in y]


class TestTo:
    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_classes_of_users_stay_what_they_are(self, of: Any) -> None:
        model = Stack(Scaled(3, 2, "tanh", of=of), Layer(2, 1, of=of))
        for kind in (Value, Tensor):
            other = model.to(kind)
            assert type(other) is Stack
            assert type(other.layers[0]) is Scaled
            assert other.first is other.layers[0] is not model.first
            assert len(names(other)) == len(names(Sequential(*other.layers)))
            np.testing.assert_allclose(predict(other, X), predict(model, X))

    @pytest.mark.parametrize("of", [Value, Tensor])
    def test_modes_and_settings_stay(self, of: Any) -> None:
        model = Sequential(Layer(3, 3, of=of), BatchNorm(3, of=of, momentum=0.5, eps=0.1), LayerNorm(3, of=of, eps=0.2))
        model(X.tolist())
        model.eval()
        for kind in (Value, Tensor):
            other = model.to(kind)
            assert not any(module.training for module in other.modules() if not isinstance(module, Perceptron))
            assert [other.layers[1].momentum, other.layers[1].eps, other.layers[2].eps] == [0.5, 0.1, 0.2]
            np.testing.assert_allclose(predict(other, X), predict(model, X))
            other.layers[1].running_mean = other.layers[1].w = None
            assert model.layers[1].running_mean is not None

    def test_an_activation_that_learns_comes_along(self) -> None:
        class Slope(Module):
            def __init__(self) -> None:
                self.a = Value(3.0)

            def __call__(self, z: Any) -> Any:
                return self.a * z

        model = Sequential(Layer(3, 2, Slope()), Layer(2, 1))
        other = model.to(Value).to(Tensor).to(Value)
        assert len(names(other)) == len(names(model)) == 12
        np.testing.assert_allclose(predict(other, X), predict(model, X))
        model.layers[0].activation.a.data = 5.0
        assert other.layers[0].activation.a.data == 3.0

    def test_modules_without_another_form_are_copied(self) -> None:
        model = Sequential(Conv2d(1, 2, 3), Mixed())
        other = model.to(Tensor)
        assert not {id(p) for p in model.parameters()} & {id(p) for p in other.parameters()}

    def test_a_call_may_convert_and_replace_modules(self) -> None:
        class Zooms(Module):
            def __init__(self) -> None:
                self.net: Any = MLP(3, [2], seed=0)

            def __call__(self, x: Any) -> Any:
                self.net = self.net.to(Tensor)
                return self.net(x)

        model = Zooms().eval()
        model(X)
        assert names(model) == ["net.layers.0.w0", "net.layers.0.w"]


class TestStates:
    def test_single_precision_stays_single(self, tmp_path: Path) -> None:
        model = Sequential(Layer(3, 2, of=Tensor, seed=0), BatchNorm(2, of=Tensor)).astype("float32")
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.5)
        history = fit(
            model, X.astype("float32"), np.ones((12, 2), "float32"), loss=mse, optimizer=optimizer, epochs=3, patience=2
        )
        save(tmp_path / "a", model, optimizer, history)
        found = load(tmp_path / "a")
        for (name, data), other in zip(model.state_dict().items(), found.model.state_dict().values(), strict=True):
            assert (name, data.dtype, data.tolist()) == (name, other.dtype, other.tolist())
            assert data.dtype == "float32"
        assert found.model(X.astype("float32")).data.dtype == "float32"
        assert [node.label for node in found.model.parameters()] == [node.label for node in model.parameters()]
        assert {memory.dtype.name for memory in found.optimizer.velocities} == {"float32"}
        for kind in (copy.deepcopy(model), model.to(Tensor), pickle.loads(pickle.dumps(model))):
            assert {data.dtype.name for data in kind.state_dict().values()} == {"float32"}
        # A network that is there keeps its own.
        other = Sequential(Layer(3, 2, of=Tensor), BatchNorm(2, of=Tensor))
        other.load_state_dict(model.state_dict())
        assert {data.dtype.name for data in other.state_dict().values()} == {"float64"}
        assert {data.dtype.name for data in load(tmp_path / "a", into=other).model.state_dict().values()} == {"float64"}

    @pytest.mark.parametrize("number", [3, 3.0, np.float32(3), np.array(3.0), Value(3.0), Tensor(3.0)])
    def test_whatever_is_a_number_is_one(self, number: Any) -> None:
        model = Perceptron(1)
        model.load_state_dict({"w0": number, "w.0": 1.0})
        assert (type(model.w0.data), model.w0.data) == (float, 3.0)

    @pytest.mark.parametrize("wrong", ["3", 3j, None, [3.0], np.array([3.0]), Tensor([3.0]), {"a": 1.0}])
    def test_what_is_no_number_is_named(self, wrong: Any) -> None:
        model = Perceptron(1)
        with pytest.raises(TypeError, match="w0: a Value holds one real number; got"):
            model.load_state_dict({"w0": wrong, "w.0": 1.0})
        for state in ([1.0, 2.0], None, model):
            with pytest.raises(TypeError, match=r"load_state_dict takes what state_dict\(\) returns; got"):
                model.load_state_dict(state)  # type: ignore[arg-type]

    def test_a_state_shares_nothing(self) -> None:
        model = Layer(1, 1, of=Tensor, seed=0)
        state = model.state_dict()
        model.load_state_dict(state)
        state["w"][0] = 9.0
        assert model.w.data != 9.0


@pytest.mark.slow
@pytest.mark.parametrize(("module", "kind"), [("nn._layers.module", "Module"), ("nn._training.history", "History")])
def test_what_other_floors_attach_is_there_from_the_start(module: str, kind: str) -> None:
    """In a process of its own, which has imported nothing but nn: methods that the class only declares."""
    tree = ast.parse(Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8"))
    declared = [
        method.name
        for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == kind
        for block in node.body if isinstance(block, ast.If)
        for method in block.body if isinstance(method, ast.FunctionDef)
    ]  # fmt: skip
    assert declared
    asked = f"import nn; print([name for name in {declared} if not hasattr(nn.{kind}, name)])"
    assert python("-c", asked).stdout.strip() == "[]"
