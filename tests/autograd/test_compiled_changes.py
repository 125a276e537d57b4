"""What changes around a compiled function, in closures, globals, modules and objects, is seen or refused."""

from __future__ import annotations

import gc
import math
import sys
import weakref
from array import array
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from types import MappingProxyType, ModuleType
from typing import Any

import pytest

import autograd
from autograd import CompileError, Tensor, Value

compiled = autograd.compile


def in_a_tuple() -> Any:
    pair = ([1.0, 2.0], [3.0])
    return lambda x: x * pair[0][0], lambda: pair[0].__setitem__(0, 5.0)


def key_of_a_dict() -> Any:
    conf = {"a": True}

    def renamed() -> None:
        conf["b"] = conf.pop("a")

    return lambda x: x * (2.0 if "a" in conf else 7.0), renamed


class Slotted:
    __slots__ = ("k",)


def slot() -> Any:
    thing = Slotted()
    thing.k = 2.0
    return lambda x: x * thing.k, lambda: setattr(thing, "k", 9.0)


def attribute_of_a_class() -> Any:
    class Kind:
        k = 2.0

    return lambda x: x * Kind.k, lambda: setattr(Kind, "k", 9.0)


def attribute_of_its_class() -> Any:
    class Base:
        k = 2.0

    class Kind(Base):
        pass

    thing = Kind()
    return lambda x: x * thing.k, lambda: setattr(Base, "k", 9.0)


scale = 2.0


def global_in_a_method() -> Any:
    class Kind:
        def __call__(self, x: Any) -> Any:
            return x * scale * self.more * self.fixed()

        @property
        def more(self) -> float:
            return scale

        @staticmethod
        def fixed() -> float:
            return scale

    thing = Kind()

    def doubled() -> None:
        globals()["scale"] *= 2

    return lambda x: thing(x), doubled


def sign_of_zero() -> Any:
    zeros = [0.0, 1.0]
    return lambda x: x * math.copysign(1.0, zeros[0]), lambda: zeros.__setitem__(0, -0.0)


def hidden_builtin() -> Any:
    def hidden() -> None:
        globals()["abs"] = lambda x: x * 2

    return lambda x: abs(x) * 2.0, hidden


def variable_of_a_module() -> Any:
    sys.modules["settings_of_a_test"] = settings = ModuleType("settings_of_a_test")
    settings.inner = ModuleType("settings_of_a_test.inner")  # type: ignore[attr-defined]
    settings.inner.scale = 2.0  # type: ignore[attr-defined]
    return lambda x: x * settings.inner.scale, lambda: setattr(settings.inner, "scale", 9.0)  # type: ignore[attr-defined]


def variable_of_a_module_imported_inside() -> Any:
    variable_of_a_module()
    settings = sys.modules["settings_of_a_test"]
    settings.scale = 2.0  # type: ignore[attr-defined]

    def f(x: Any) -> Any:
        import settings_of_a_test

        return x * settings_of_a_test.scale

    return f, lambda: setattr(settings, "scale", 9.0)


def variable_of_a_module_of_two_names() -> Any:
    variable_of_a_module()
    settings = again = sys.modules["settings_of_a_test"].inner
    return lambda x: x * settings.scale * again.scale, lambda: setattr(settings, "scale", 9.0)


def attribute_of_a_function() -> Any:
    def f(x: Any) -> Any:
        return x * f.scale  # type: ignore[attr-defined]

    f.scale = 2.0  # type: ignore[attr-defined]
    return f, lambda: setattr(f, "scale", 9.0)


def default_of_a_function() -> Any:
    def inner(x: Any, scale: float = 2.0) -> Any:
        return x * scale

    return lambda x: inner(x), lambda: setattr(inner, "__defaults__", (9.0,))


def deque_that_grew() -> Any:
    latest = deque([1.0, 2.0])
    return lambda x: x * sum(latest), lambda: latest.append(3.0)


def attribute_of_a_list() -> Any:
    class Weights(list):  # type: ignore[type-arg]
        scale = 2.0

    weights = Weights([1.0, Value(2.0)])
    weights.scale = 3.0
    return lambda x: x * weights.scale, lambda: setattr(weights, "scale", 9.0)


def dict_behind_a_proxy() -> Any:
    settings = {"scale": 2.0}
    shown = MappingProxyType(settings)
    return lambda x: x * shown["scale"], lambda: settings.update(scale=9.0)


def array_of_the_standard_library() -> Any:
    numbers = array("d", [1.0, 2.0])
    return lambda x: x * sum(numbers), lambda: numbers.append(3.0)


CHANGES = [
    in_a_tuple,
    variable_of_a_module,
    variable_of_a_module_imported_inside,
    variable_of_a_module_of_two_names,
    attribute_of_a_function,
    default_of_a_function,
    deque_that_grew,
    attribute_of_a_list,
    dict_behind_a_proxy,
    array_of_the_standard_library,
    key_of_a_dict,
    slot,
    attribute_of_a_class,
    attribute_of_its_class,
    global_in_a_method,
    sign_of_zero,
    hidden_builtin,
]


class TestSurroundings:
    def test_a_profiler_at_work_keeps_working(self) -> None:
        seen: list[str] = []

        def watch(frame: Any, event: str, arg: Any) -> None:
            seen.append(event)

        def f(x: Any) -> Any:
            tripled = x * 3
            return tripled + 1

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            fast = compiled(f)
            assert fast(2.0) == 7.0
            assert sys.getprofile() is watch
        finally:
            sys.setprofile(before)
        assert seen
        assert "tripled = " in fast.source

    @pytest.mark.parametrize("fails", [False, True])
    def test_what_the_function_made_is_freed_at_once(self, fails: bool) -> None:
        class Made:
            pass

        made: list[Any] = []

        def f(x: Any) -> Any:
            local = Made()
            made.append(weakref.ref(local))
            y = x * 2
            if fails:
                raise KeyError("told")
            return y

        gc.disable()
        try:
            with pytest.raises(KeyError) if fails else nullcontext():
                compiled(f)(2.0)
            assert [ref() for ref in made] == [None] * (1 if fails else 2)
        finally:
            gc.enable()

    def test_a_collector_that_is_off_stays_off(self) -> None:
        gc.disable()
        try:
            assert compiled(lambda x: x * 3)(2.0) == 6.0
            assert not gc.isenabled()
        finally:
            gc.enable()
        assert compiled(lambda x: x * 3)(2.0) == 6.0
        assert gc.isenabled()

    def test_a_list_of_nodes_that_grew(self) -> None:
        nodes = [Value(1.0), Value(2.0)]
        fast = compiled(lambda x: sum(x * node for node in nodes))
        assert fast(1.0) == 3.0
        nodes.append(Value(3.0))
        assert fast(1.0) == 6.0

    def test_a_list_that_grew(self) -> None:
        items = [1.0, 2.0]
        fast = compiled(lambda x: sum(x * item for item in items))
        assert fast(1.0) == 3.0
        items.append(3.0)
        assert fast(1.0) == 6.0

    def test_a_variable_that_is_not_set_yet(self) -> None:
        def late() -> Any:
            def f(x: Any) -> Any:
                return x * factor if known else x

            known = False
            fast = compiled(f)
            first = fast(2.0)
            factor, known = 10.0, True
            return first, fast(2.0)

        assert late() == (2.0, 20.0)

    @pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
    def test_what_changes_is_seen(self, change: Callable[[], tuple[Any, Callable[[], None]]]) -> None:
        """Never a stale constant."""
        f, happen = change()
        fast = compiled(f)
        before = fast(3.0)
        assert (before, fast.compilations) == (f(3.0), 1)
        assert (fast(3.0), fast.compilations) == (before, 1)
        happen()
        assert fast(3.0) == f(3.0) != before
        globals().pop("abs", None)

    @pytest.mark.parametrize("what", ["operation", "input", "number", "result"])
    def test_what_differs_from_call_to_call(self, what: str) -> None:
        a, b = Value(1.0), Value(2.0)
        calls: list[int] = []

        def f(x: Any) -> Any:
            calls.append(1)
            odd = len(calls) % 2
            if what == "operation":
                return x * 2 if odd else x + 2
            if what == "input":
                return x * (a if odd else b)
            return x * Value(float(len(calls))) if what == "number" else (x if odd else x * 2)

        with pytest.raises(
            CompileError, match=r"test_compiled_changes.py:\d+: .* when the function is called again with the"
        ):
            compiled(f)(1.0)

    def test_tensors_and_values_as_arguments(self) -> None:
        assert compiled(lambda x, w: (x * w).sum())(Tensor([1.0, 2.0]), Value(3.0)) == 9.0
