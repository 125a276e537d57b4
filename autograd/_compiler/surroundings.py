"""The objects that a compiled function uses beside its arguments: found once, compared at every call."""

from __future__ import annotations

import builtins
import pickle
import random
import sys
from collections.abc import Callable, Mapping, MutableSequence, MutableSet, Sequence
from copy import deepcopy
from functools import partial
from itertools import chain
from operator import attrgetter, is_, methodcaller
from pathlib import PurePath
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, TypeAlias

from autograd._core.data import same_bits
from autograd._core.node import Node
from autograd._core.primitive import Primitive
from autograd._core.trees import DEEPEST
from autograd._core.types import Tree

_OWN = frozenset({"autograd", "nn", "numpy"}) | sys.stdlib_module_names
"""Functions and classes of these modules do not change."""

_INSTALLED = frozenset({"site-packages", "dist-packages"})

_NOTHING = object()

_VALUES = methodcaller("values")
_BY_NAME = frozenset({"globals", "getattr", "vars", "__dict__", "attrgetter"})
"""Who uses one of these may read a variable whose name is text."""

_PARTS = "__code__", "__defaults__", "__kwdefaults__"
"""The parts of a function that may be set."""


Holder: TypeAlias = CellType | dict[str, Any]
"""The holder of a variable: the cell of a closure, or the dict of a module."""


class Surroundings:
    """The variables, attributes and elements that a function can reach, as they were when it was compiled.

    Numbers, text, and arrays count by their content, other objects by identity: so a new number in a global variable,
    an attribute that is set, or an array that is written to, shows.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self._kept: list[Any] = []
        self._generators: list[Any] = []
        self._mappings: list[tuple[Any, list[Any]]] = []
        self._lists: list[tuple[Any, list[Any]]] = []
        self._variables: list[tuple[dict[str, Any], str, Any]] = []
        self._cells: list[tuple[Any, str, Any]] = []
        self._slots: list[tuple[Any, list[str], list[Any]]] = []
        self._functions: list[tuple[FunctionType, Any]] = []
        self._contents: list[tuple[Any, Any, str]] = []
        seen: set[int] = set()
        waiting = [f]
        while waiting:
            item = waiting.pop()
            if id(item) in seen or isinstance(item, _UNCHANGING):
                continue
            seen.add(id(item))
            # An object that is gone could lend its identity to another.
            self._kept.append(item)
            waiting += self._inside(item)
        self.unchanged = self._written()
        """Tells whether all is the very same as before; if not, it may yet be equal: that takes longer to find out."""

    def _written(self) -> Callable[[], bool]:
        """Return a function that is written for these surroundings: of loops, most of the time goes into starting."""
        known: dict[str, Any] = {}

        def named(item: object) -> str:
            known[name := f"x{len(known)}"] = item
            return name

        tests = [f"{named(cell)}.cell_contents is {named(item)}" for cell, _, item in self._cells]
        for function, (*_, plain) in self._functions:
            name = named(function)
            parts = zip(_PARTS, attrgetter(*_PARTS)(function))
            tests += [*(f"{name}.{part} is {named(item)}" for part, item in parts), *[f"not {name}.__dict__"] * plain]
        for scope, name, item in self._variables:
            tests.append(
                f"{name!r} not in {named(scope)}" if item is _NOTHING else f"{named(scope)}[{name!r}] is {named(item)}"
            )
        if self._mappings or self._lists or self._contents:
            tests.append(f"{named(_same_contents(self._mappings, self._lists, self._contents))}()")
        if self._slots:
            tests.append("False")
        # The variable of a closure, or of a module, may be no longer set.
        text = f"try: return {' and '.join(tests or ['True'])}\n except (KeyError, ValueError): return False"
        exec(f"def unchanged():\n {text}", known)
        # A function that is among its own variables would live on.
        written: Callable[[], bool] = known.pop("unchanged")
        return written

    def _inside(self, item: object) -> list[Any]:
        """Note the present contents of an object, and return them."""
        if _is_array(item) or _is_plain(item):
            if not isinstance(item, tuple) or not all(isinstance(part, _SCALARS) for part in item):
                self._contents.append((item, deepcopy(item), _text_with_zeros(item)))
            return []
        if _is_generator(item):
            # It changes when it is drawn from: to draw again is no other function.
            self._generators.append(item)
            return []
        if isinstance(item, MethodType):
            return [item.__self__, item.__func__]
        if isinstance(item, partial):
            return [item.func, item.args, item.keywords]
        if isinstance(item, FunctionType):
            row = getattr(item, "primitive", None)
            if isinstance(row, Primitive) and not row.foreign and _is_own(item):
                # The function of a row of ours is made of a dozen parts, none of which changes.
                return []
            cells = [*zip(item.__closure__ or (), item.__code__.co_freevars)]
            self._cells += [(cell, name, _content(cell)) for cell, name in cells]
            found = [_content(cell) for cell, _ in cells]
            if not _is_own(item):
                found += self._variables_of(item, found)
                found += self._noted(vars(item)) if vars(item) else []
                found += self._noted(item.__kwdefaults__) if item.__kwdefaults__ else []
                self._functions.append((item, _parts(item)))
                self._kept += [item.__code__, item.__defaults__, item.__kwdefaults__]
            return [*found, *(item.__defaults__ or ())]
        if isinstance(item, (tuple, frozenset)):
            return list(item)
        inside: list[Any] = []
        if isinstance(item, (list, set)) or (isinstance(item, _CHANGING) and _is_own(type(item))):
            self._lists.append((item, list(item)))
            inside = list(item)
        if isinstance(item, type):
            if _is_own(item):
                return []
            values = self._noted(vars(item))
            if _is_installed(item.__module__):
                # A table of pandas has a thousand methods: all their variables would be compared at every call.
                values = [value for value in values if not isinstance(value, _METHODS)]
            return [*values, *item.__bases__]
        if isinstance(item, (property, staticmethod, classmethod)):
            return [getattr(item, name, None) for name in ("fget", "__func__")]
        if isinstance(item, (dict, MappingProxyType)):
            inside = self._noted(item)
        if type(item) in (list, set, dict):
            return inside
        slots = [name for kind in type(item).__mro__ for name in _slots_of(kind)]
        if slots:
            self._slots.append((item, slots, [getattr(item, name, _NOTHING) for name in slots]))
        values = self._noted(getattr(item, "__dict__", {}))
        return [*inside, type(item), *values, *(getattr(item, name, None) for name in slots)]

    def _variables_of(self, function: FunctionType, cells: list[Any]) -> list[Any]:
        """Note the global variables that a function reads in its own module and those that it names."""
        names = sorted(_names(function.__code__))
        imported = [sys.modules[name] for name in names if name in sys.modules]
        scopes = {id(function.__globals__): (function.__globals__, True)}
        waiting = [*imported, *cells, *map(function.__globals__.get, names)]
        while waiting:
            item = waiting.pop()
            if isinstance(item, ModuleType) and id(vars(item)) not in scopes:
                scopes[id(vars(item))] = vars(item), not _is_module_own(item.__name__) | _is_installed(item.__name__)
                waiting += map(vars(item).get, names)
        found: list[Any] = []
        for scope, is_users in scopes.values():
            # A global variable may yet hide a built-in function.
            known = [name for name in names if name in scope or (is_users and hasattr(builtins, name))]
            self._variables += [(scope, name, scope.get(name, _NOTHING)) for name in known]
            values = [scope[name] for name in known if name in scope]
            # What is installed does not change inside, but for a function that somebody put there.
            found += values if is_users else filter(_is_users, values)
        return found

    def _noted(self, mapping: Mapping[Any, Any]) -> list[Any]:
        """Note the keys and values of a mapping now, and return the values."""
        self._mappings.append((mapping, [*mapping, *mapping.values()]))
        return list(mapping.values())

    def drawn_so_far(self) -> bytes:
        """Return the states of all generators of random numbers: to draw changes one, whatever is drawn."""
        numpy = sys.modules.get("numpy")
        own = [item.getstate() if isinstance(item, random.Random) else item for item in self._generators]
        return pickle.dumps((random.getstate(), numpy and numpy.random.get_state(), own))

    def same(self) -> bool:
        """Tell whether nothing has changed since."""
        return (
            all(_same([*mapping, *mapping.values()], before) for mapping, before in self._mappings)
            and all(_same(listed, before) for listed, before in self._lists)
            and all(
                (now := scope.get(name, _NOTHING)) is before or _alike(now, before)
                for scope, name, before in self._variables
            )
            and all(
                _same([getattr(item, name, _NOTHING) for name in names], before) for item, names, before in self._slots
            )
            and all(_parts(function) == before for function, before in self._functions)
            and all(_content(cell) is item or _alike(_content(cell), item) for cell, _, item in self._cells)
            and all(_equal(item, before, text) for item, before, text in self._contents)
        )

    def change(self) -> str:
        """Return the first thing that has changed since, for a person; empty if nothing has."""
        for scope, name, before in self._variables:
            if not _same([scope.get(name, _NOTHING)], [before]):
                return f"the variable {name}"
        for cell, name, before in self._cells:
            if not _same([_content(cell)], [before]):
                return f"the variable {name}"
        for mapping, listed in self._mappings:
            known = dict(zip(listed, listed[len(listed) // 2 :]))
            for name in [*mapping, *known]:
                if not _same([mapping.get(name, _NOTHING)], [known.get(name, _NOTHING)]):
                    return f"the attribute or element {name}"
        for item, names, slots in self._slots:
            for name, before in zip(names, slots):
                if not _same([getattr(item, name, _NOTHING)], [before]):
                    return f"the attribute {name}"
        return "" if self.same() else "a list, an array or a function that it uses"


def _same_contents(
    mappings: list[tuple[Any, list[Any]]], lists: list[tuple[Any, list[Any]]], contents: list[tuple[Any, Any, str]]
) -> Callable[[], bool]:
    """Return a function that tells whether mappings, lists and numbers hold the very same as before."""
    listed, elements = [item for item, _ in lists], [before for _, before in lists]
    numbers, items = [*map(len, elements)], [*chain.from_iterable(elements)]
    held_by = [mapping for mapping, _ in mappings]
    halves = [(both, len(both) // 2) for _, both in mappings]
    lengths = [n for _, n in halves]
    keys = [*chain.from_iterable(both[:n] for both, n in halves)]
    values = [*chain.from_iterable(both[n:] for both, n in halves)]

    def same() -> bool:
        return (
            # All mappings at once, as most are short and many.
            [*map(len, held_by)] == lengths
            and all(map(is_, chain.from_iterable(held_by), keys))
            and all(map(is_, chain.from_iterable(map(_VALUES, held_by)), values))
            and [*map(len, listed)] == numbers
            and all(map(is_, chain.from_iterable(listed), items))
            and all(_equal(item, before, text) for item, before, text in contents)
        )

    return same


def _same(now: Sequence[object], before: list[Any]) -> bool:
    if len(now) != len(before):
        return False
    return all(map(is_, now, before)) or all(a is b or _alike(a, b) for a, b in zip(now, before))


def _parts(function: FunctionType) -> Any:
    """Return the parts of a function that may be set."""
    return id(function.__code__), id(function.__defaults__), id(function.__kwdefaults__), not function.__dict__


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        # The variable is not set yet.
        return None


def _names(code: CodeType) -> set[str]:
    """Return the names of global variables that a function and the functions inside it may read."""
    found = set(code.co_names)
    if not found.isdisjoint(_BY_NAME):
        texts = chain.from_iterable(item if isinstance(item, tuple) else (item,) for item in code.co_consts)
        found |= {text for text in texts if isinstance(text, str)}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


def _is_plain(item: object, depth: int = 0) -> bool:
    """Tell whether an object is a list of numbers and text, or of lists like it: compared by content."""
    if not isinstance(item, (list, tuple)) or not item or depth > DEEPEST:
        return False
    if type(item[0]) not in (list, tuple):
        return set(_SCALARS).issuperset(map(type, item))
    return all(_is_plain(part, depth + 1) for part in item)


_CHANGING = (MutableSequence, MutableSet)
"""A deque, say, or an array of the standard library: only their elements show their contents."""

_SCALARS = (float, int, bool, str, bytes, complex, type(None))
_METHODS = (FunctionType, property, staticmethod, classmethod)
_UNCHANGING = (Node, Primitive, ModuleType, BuiltinFunctionType, *_SCALARS)


def _is_own(item: FunctionType | type) -> bool:
    """Tell whether a function or a class is of a module that does not change."""
    # A function of ours that stands for one of a user's has the name of that one's module.
    own = item.__globals__.get("__name__") if isinstance(item, FunctionType) else None
    return _is_module_own(str(own or item.__module__))


def _is_users(item: object) -> bool:
    """Tell whether an object is a function of the user's own."""
    return isinstance(item, FunctionType) and not _is_own(item) and not _is_installed(str(item.__module__))


def _is_module_own(name: str) -> bool:
    return name.partition(".")[0] in _OWN


def _is_installed(name: str) -> bool:
    """Tell whether a module is one that was installed, not written here."""
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return not _INSTALLED.isdisjoint(PurePath(file).parts)


def _slots_of(kind: type) -> list[str]:
    names = vars(kind).get("__slots__", ())
    listed = [names] if isinstance(names, str) else list(names)
    return [name for name in listed if name not in ("__dict__", "__weakref__")]


def _text_with_zeros(item: object) -> str:
    """Return a list with zeros as text: by their numbers, 0.0 and -0.0 are equal, and so are 0 and False."""
    return "" if _is_array(item) or not _has_zero(item) else repr(item)


def _has_zero(item: object) -> bool:
    return any(map(_has_zero, item)) if isinstance(item, (list, tuple)) else item == 0


def _is_generator(item: object) -> bool:
    return isinstance(item, random.Random) or str(type(item).__module__).startswith("numpy.random.")


def _is_array(item: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(item, (numpy.ndarray, numpy.generic))


def _alike(now: object, before: object) -> bool:
    """Compare numbers by their bits, other objects by identity."""
    return type(now) is type(before) and type(now) in _SCALARS and repr(now) == repr(before)


def _equal(now: Tree, before: Tree, text: str) -> bool:
    if _is_array(now):
        return same_bits(now, before)
    return bool(now == before) and (not text or repr(now) == text)
