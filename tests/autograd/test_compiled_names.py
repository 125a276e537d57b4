"""Whatever the function, its variables, its attributes and its keys are called: the source computes the same."""

from __future__ import annotations

import builtins
import enum
import gc
import importlib
import keyword
import linecache
import unicodedata
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value

compiled = autograd.compile

OF_PYTHON = [name for name in dir(builtins) if name.isidentifier() and not keyword.iskeyword(name) and name[0] != "_"]
OF_THE_SOURCE = [
    "np",
    "math",
    "xp",
    "J",
    "x",
    "c1",
    "t1",
    "dJ_dx",
    "RESULT_",
    "ARGUMENT0_",
    "_t1_0",
    "_",
    "f",
    "k",
    "é",
    "ŷ",
    "𝐱",
]
NAMES = [*OF_PYTHON, *OF_THE_SOURCE]

FUNCTION = """
def {name}(x):
    c1 = autograd.abs(x) * autograd.maximum(x, 2.0) + autograd.where(x > 0, x, 0.0) + autograd.round(x)
    return c1 + (x * rows).sum()
"""
ARGUMENT = """
def f({name}):
    return autograd.abs({name}) * autograd.maximum({name}, 2.0) + autograd.exp({name})
"""


@pytest.mark.slow
@pytest.mark.parametrize("text", [FUNCTION, ARGUMENT])
def test_names(text: str) -> None:
    for name in NAMES:
        scope: dict[str, Any] = {"autograd": autograd, "rows": np.array([1.0, 2.0])}
        exec(text.format(name=name), scope)
        f = scope["f" if text is ARGUMENT else unicodedata.normalize("NFKC", name)]
        for x in (-1.5, np.array([-1.5, 3.0])):
            want = f(Value(x) if isinstance(x, float) else Tensor(x)).data
            np.testing.assert_allclose(compiled(f)(x), want, rtol=1e-14, err_msg=name)


def test_a_function_called_abs() -> None:
    def abs(x: Any) -> Any:
        return autograd.abs(x) * 2

    fast = compiled(abs)
    assert fast(-1.0) == 2.0
    assert fast.source.startswith("def abs_2(x):")


def test_a_function_called_like_a_constant() -> None:
    def c1(x: Any) -> Any:
        return (x * np.array([1.0, 2.0])).sum()

    assert compiled(c1)(3.0) == 9.0


def test_variables_of_a_function_that_leaves_the_work_to_others() -> None:
    def doubled(x: Any) -> Any:
        return autograd.tanh(x) * 2

    def f(x: Any, depth: int = 1) -> Any:
        deep = f(x * 3, depth - 1) if depth else x
        shallow = doubled(x)
        return doubled(deep) + shallow

    fast = compiled(f)
    fast(0.5)
    assert all(f"{name} = " in fast.source for name in ("deep", "shallow", "shallow_2"))


class Thrice:
    def __call__(self, x: Any) -> Any:
        return x * 3


@pytest.mark.parametrize(
    "name", sorted(vars(compiled(Thrice()))) + sorted(set(dir(compiled(Thrice()))) - set(dir(object)))
)
def test_attributes_of_what_is_compiled(name: str) -> None:
    def f(x: Any) -> Any:
        return x * 3

    for thing in (Thrice(), f):
        if thing is f and name.startswith("__"):
            continue
        vars(thing)[name] = lambda *args: 100
        fast = compiled(thing)  # type: ignore[arg-type]
        assert fast(2.0) == 6.0
        assert fast.compilations == 1
        assert "signatures compiled" in fast.report()
        assert "* 3" in fast.source
        assert fast.graph.op.name == "multiply"


class Text(str):
    __repr__ = str.__str__


class Letter(str, enum.Enum):  # noqa: UP042 - as people write it
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Flag(enum.IntFlag):
    ONE = 1


class Real(float):
    def __repr__(self) -> str:
        return "(_ for _ in ()).throw(SystemExit('ran'))"


KEYS = [
    Text("(_ for _ in ()).throw(SystemExit('ran'))"), Letter.A, Number.ONE, Flag.ONE, Real(2.5), (1, Letter.A),
    ("a", (2, None)), (1, float("inf")), ("a", Letter.A),
    "import numpy as np", "it's \"'''\n\\", b"'", True, None, -1, 10**400, -0.0, float("inf"),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=map(str, range(len(KEYS))))
def test_keys_and_text_are_what_they_were(key: Any) -> None:
    (found,) = compiled(lambda x: {key: x * 2})(3.0)
    assert type(found) is type(key)
    assert found == key
    assert compiled(lambda d: d[key] * d[key][0] if isinstance(d[key], list) else d[key] * 2)({key: 3.0}) == 6.0
    assert compiled(lambda d: d[key][0] * d[key][1]["z"])({key: [3.0, {"z": 2.0}]}) == 6.0
    (found,) = compiled(autograd.grad(lambda d: d[key] * d[key]))({key: 3.0})
    assert type(found) is type(key)
    if not isinstance(key, tuple):
        y, beside = compiled(lambda x: (x * 2, key))(3.0)
        assert (y, type(beside), beside) == (6.0, type(key), key)


@pytest.mark.slow
def test_keys_on_jax() -> None:
    pytest.importorskip("jax")
    assert compiled(lambda d: {Letter.A: d[Letter.A] * 2}, backend="jax")({Letter.A: 3.0}) == {Letter.A: 6.0}
    assert compiled(lambda x: {"import numpy as np": x * 2}, backend="jax")(3.0) == {"import numpy as np": 6.0}


@pytest.mark.slow
def test_a_source_is_forgotten_with_its_function() -> None:
    def f(x: Any) -> Any:
        return x * 2

    gc.collect()
    before = set(linecache.cache)
    fast = compiled(f)
    fast(1.0)
    (own,) = set(linecache.cache) - before
    assert linecache.getlines(own) == fast.source.splitlines(keepends=True)
    del fast
    # At once: no cycle keeps it until the collector comes.
    assert own not in linecache.cache


def test_the_signatures_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd._compiler.compile.MOST", 3)
    fast = compiled(lambda x: x * 2)
    for n in (1, 2, 3, 1, 4, 1, 3):
        fast(np.ones(n))
    # That of 2 had to go for that of 4.
    assert fast.compilations == 4


scale = 0.0


class TestWarnings:
    @pytest.mark.filterwarnings("error")
    def often(self, fast: Any, change: Any) -> str:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for k in range(40):
                fast(change(k))
        (one,) = told
        assert one.filename == __file__
        return str(one.message)

    def test_a_global_variable(self) -> None:
        def change(k: int) -> float:
            global scale
            scale = k + 0.5
            return 1.0

        told = self.often(compiled(lambda x: x * scale), change)
        assert told.startswith(
            "<lambda> was compiled 20 times in 20 calls, at last because of a change of the variable scale:"
        )

    def test_a_variable_of_an_enclosing_function(self) -> None:
        weight = 0.0

        def change(k: int) -> float:
            nonlocal weight
            weight = k + 0.5
            return 1.0

        assert "the variable weight" in self.often(compiled(lambda x: x * weight), change)

    @pytest.mark.slow
    def test_an_attribute(self) -> None:
        thing = Thrice()
        slotted = Slotted()

        def change(k: int) -> float:
            thing.rate = k + 0.5  # type: ignore[attr-defined]
            return 1.0

        def change_slot(k: int) -> float:
            slotted.rate_of_it = k + 0.5
            return 1.0

        change(0)
        change_slot(0)
        assert "the attribute or element rate" in self.often(compiled(lambda x: thing(x) * thing.rate), change)  # type: ignore[attr-defined]
        assert "the attribute rate_of_it" in self.often(compiled(lambda x: x * slotted.rate_of_it), change_slot)

    @pytest.mark.slow
    def test_a_list_and_a_node(self) -> None:
        table, node = [0.0], [Tensor([1.0])]

        def change(k: int) -> float:
            table[0] = k + 0.5
            return 1.0

        def grow(k: int) -> float:
            node[0]._data = np.ones(k + 1)
            return 1.0

        assert "a list, an array or a function that it uses" in self.often(compiled(lambda x: x * table[0]), change)
        assert "the shape or the type of a node" in self.often(compiled(lambda x: (x * node[0]).sum()), grow)

    def test_shapes(self) -> None:
        told = self.often(compiled(lambda x: x.sum()), lambda k: np.ones(k + 1))
        assert "the shapes, types or text of its arguments" in told

    @pytest.mark.filterwarnings("error")
    def test_none_where_it_is_worth_while(self) -> None:
        fast = compiled(lambda x: x.sum())
        for n in range(1, 25):
            for _ in range(3):
                fast(np.ones(n))


def test_what_has_changed() -> None:
    from autograd._compiler.surroundings import Surroundings

    thing, slotted, table = Thrice(), Slotted(), [1.0]
    thing.first, thing.rate = 1.0, 2.0  # type: ignore[attr-defined]
    slotted.first_of_it, slotted.rate_of_it = 1.0, 2.0
    before, weight = 1.0, 2.0

    def f(x: Any) -> Any:
        return (
            x * scale * before * weight * thing.first * thing.rate * slotted.first_of_it * slotted.rate_of_it * table[0]
        )  # type: ignore[attr-defined]

    found = Surroundings(f)
    assert found.change() == ""
    table[0] = 2.0
    assert found.change() == "a list, an array or a function that it uses"
    slotted.rate_of_it = 3.0
    assert found.change() == "the attribute rate_of_it"
    thing.rate = 3.0  # type: ignore[attr-defined]
    assert found.change() == "the attribute or element rate"
    weight = 3.0
    assert found.change() == "the variable weight"


def test_a_table_is_compared_but_for_what_its_class_can_do() -> None:
    """A class of pandas has a thousand methods, which read some ten thousand variables."""
    import pandas

    from autograd._compiler.surroundings import Surroundings

    table = pandas.DataFrame({"a": [1.0, 2.0]})
    assert len(Surroundings(lambda x: x * table)._variables) < 100
    f = compiled(lambda x: x * table["a"].to_numpy().sum())
    assert f(2.0) == 6.0
    table.loc[0, "a"] = 5.0
    assert f(2.0) == 14.0


def test_an_installed_class_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "installed_settings.py").write_text(
        "factor = 2.0\nclass Settings:\n    rate = 1.0\n    def of(self):\n        return self.rate\n"
        "def times(x):\n    return x * factor\n"
    )
    monkeypatch.syspath_prepend(folder)
    module: Any = importlib.import_module("installed_settings")
    settings, times = module.Settings(), module.times
    f, g = compiled(lambda x: x * settings.of()), compiled(lambda x: times(x))
    assert (f(3.0), g(3.0)) == (3.0, 6.0)
    module.Settings.rate, module.factor = 2.0, 5.0
    assert (f(3.0), g(3.0)) == (6.0, 15.0)


class Slotted:
    __slots__ = ("first_of_it", "rate_of_it")

    first_of_it: float
    rate_of_it: float
