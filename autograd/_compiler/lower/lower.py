"""Programs as instructions: the lines that a rule leaves on symbols become loops over numbers.

What moves elements is never listed. The function of NumPy's that the rule calls runs once on the numbers of the
elements, and what comes out is the table of a gather; it runs on other floats as well, nan and infinities among them,
as a sort of sorted numbers and a rounding of whole ones look like movements.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

from autograd._compiler.passes import on_floats
from autograd._compiler.program import Program, nodes_in
from autograd._compiler.rules.expressions import Do, Expression, If, Let, Lines, Put, name
from autograd._compiler.rules.follow import lines_of
from autograd._compiler.rules.symbols import Given, Unwritable
from autograd._core.anomaly import written_place
from autograd._core.data import is_varying, shape
from autograd._core.modes import without_warnings
from autograd._core.node import Node
from autograd._core.tracing import CompileError
from autograd._core.types import Axis, Dtype, Operand, Raw, Setting

from . import instructions as to
from . import lean
from .registers import Held, Register, Registers, arrays_in, dtype_of, now

BETWEEN = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "pow", "<": "less", "<=": "less_equal",
    ">": "greater", ">=": "greater_equal", "==": "equal", "!=": "not_equal", "&": "logical_and", "|": "logical_or",
}  # fmt: skip
BEFORE = {"-": "negative", "+": "positive", "~": "logical_not"}


@without_warnings
def lowered(program: Program) -> to.Listing:
    """Return a program as instructions.

    Raises CompileError for a program with an operation that the eleven instructions cannot say, such as an index that
    is computed.
    """
    registers = Registers()
    found: dict[Node, Register] = {}

    def enter(leaf: Node) -> Register:
        if leaf not in found:
            found[leaf] = registers.new(leaf._data)
            registers.listing.inputs.append(found[leaf].number)
        return found[leaf]

    for leaf in [*nodes_in([tree for _, tree in program.arguments]), *program.captured]:
        enter(leaf)
    for pack in program.packs:
        found[pack.node] = registers.joined([enter(leaf) for leaf in pack.leaves], pack.node._data)
    listing = registers.listing
    patterns: dict[Any, lean.Pattern] = {}
    for k, node in enumerate(program.nodes):
        key = lean.key_of(node)
        args = [found[item].number for item in node.inputs if isinstance(item, Node)]
        if key in patterns:
            found[node] = lean.copied(patterns[key], registers, args, node._data)
        else:
            first, start = len(listing.shapes), len(listing.code)
            try:
                found[node] = _Rule(registers, node, found).result
            except CompileError as error:
                raise CompileError(f"{_whose(node)}: {error}") from error
            if key is not None:
                code, shapes = listing.code[start:], listing.shapes[first:]
                patterns[key] = lean.Pattern(first, args, code, shapes, found[node].number)
        if k < program.forward:
            listing.forward = len(listing.code)
    listing.results = [found[node].number for node in dict.fromkeys(nodes_in(program.results))]
    listing.nodes = {register.number: node for node, register in found.items()}
    return listing


def _whose(node: Node) -> str:
    """Return the operation that cannot be said, and where a user declared it."""
    assert node.op is not None
    code = node.op.forward.__code__
    place = f", {written_place((code.co_filename, code.co_firstlineno))}" if node.op.foreign else ""
    return f"the rule of {node.op.name}{place}"


class _Rule:
    """The instructions of one operation."""

    def __init__(self, registers: Registers, node: Node, found: dict[Node, Register]) -> None:
        assert node.op is not None
        self._registers = registers
        self._known: dict[Any, Any] = {}
        """The register that each variable stands for, or its value, if that is the same at every call."""
        args = [self._argument(item, found) for item in node.inputs]
        settings = {key: self._setting(item) for key, item in node.settings.items()}
        number, first = on_floats(node), len(registers.listing.shapes)
        try:
            lines, _ = lines_of("", node.op.forward, args, settings, arrays=not number)
        except Unwritable as error:
            raise CompileError(f"{node.op.name} cannot be written down: {error}") from None
        try:
            made = self._lines(lines)
            new = number and isinstance(made, Register) and made.number >= first and type(made.data) is float
            # A comparison is 1.0 or 0.0 from here on, and a rule may return its own argument.
            self.result = made if new else registers.ew("number", [made], node._data)
        except CompileError:
            raise
        except Exception as error:
            # Any function of NumPy's may be called with any arguments.
            raise CompileError(f"no instruction says {node.op.name}: {type(error).__name__}: {error}") from error

    def _argument(self, item: Operand, found: dict[Node, Register]) -> Any:
        if not isinstance(item, Node):
            return self._setting(item)
        self._known[item] = found[item]
        return Given(name(item), item._data)

    def _setting(self, item: Setting) -> Any:
        """Return a setting with variables that stand for themselves in place of its arrays."""
        if type(item) in (tuple, list):
            return type(item)(map(self._setting, item))
        if is_varying(item):
            raise CompileError("an array that changes from call to call, such as an index, is in no instruction")
        if not hasattr(item, "tobytes"):
            return item
        key = ("constant", len(self._known))
        self._known[key] = item
        return Given(name(key), item)

    def _lines(self, lines: Lines) -> Any:
        """Add the instructions of lines; return what the last one names."""
        made: Any = None
        for line in lines:
            if isinstance(line, Let):
                made = self._known[line.target.what] = self._value(line.value, line.data)
            elif isinstance(line, Put):
                self._put(line)
            elif isinstance(line, If):
                made = self._decision(line)
            else:
                assert isinstance(line, Do)
                raise CompileError(f"no instruction says how {line.value.what[0]} changes an array")
        return made

    def _decision(self, line: If) -> Register:
        registers, before, known = self._registers, self._registers.code, self._known
        condition = registers.held(self._value(line.condition, None))
        ways: list[tuple[list[to.Instruction], Register]] = []
        for lines in (line.yes, line.no):
            registers.code, self._known = [], dict(known)
            made = registers.held(self._lines(lines))
            ways.append((registers.code, made))
        registers.code, self._known = before, known
        (yes, first), (no, second) = ways
        if (shape(first.data), dtype_of(first.data)) != (shape(second.data), dtype_of(second.data)):
            raise CompileError("the ways of a decision lead to results of different shapes or dtypes")
        out = registers.new(first.data)
        registers.code.append(to.If(out.number, condition.number, yes, first.number, no, second.number))
        return out

    def _put(self, line: Put) -> None:
        array, index, value = (self._value(tree, None) for tree in (*line.target.parts, line.value))
        self._registers.put(array, _fixed(index), value, adds=line.how == "add")

    def _value(self, tree: Expression, data: Raw | None) -> Any:
        """Return the register that holds an expression, or its value, if that is the same at every call."""
        if tree.kind in ("name", "temporary"):
            return self._known[tree.what]
        parts = [self._value(part, None) for part in tree.parts]
        if tree.kind in ("tuple", "list"):
            return tuple(parts) if tree.kind == "tuple" else parts
        if tree.kind in ("array", "method"):
            text, *keywords = tree.what
            plain = len(parts) - len(keywords)
            return self._function(tree.kind, text, parts[:plain], dict(zip(keywords, parts[plain:])), data)
        if not any(arrays_in(parts)):
            return now(tree, parts) if data is None else data
        if tree.kind in ("scalar", "math"):
            return self._function(tree.kind, tree.what, parts, {}, data)
        if tree.kind == "infix" and tree.what == "@":
            return self._registers.matmul(parts[0], parts[1], data)
        if tree.kind in ("infix", "prefix"):
            function = (BETWEEN if tree.kind == "infix" else BEFORE).get(tree.what)
            if function is None:
                raise CompileError(f"no instruction says {tree.what}")
            return self._registers.ew(function, parts, data)
        if tree.kind == "attribute":
            return self._registers.moved(lambda a: getattr(a, tree.what), parts, data)
        assert tree.kind == "index"
        array, index = parts[0], _fixed(parts[1])
        if isinstance(array, tuple):
            # Of a function with several results.
            return array[index]
        return self._registers.moved(lambda a: a[index], [array], data)

    def _function(self, kind: str, text: str, args: list[Any], given: dict[str, Any], data: Raw | None) -> Any:
        """Add the instructions of a function of NumPy's or of floats; return its result."""
        registers, special, scalar = self._registers, SPECIAL.get(text), ALIASES.get(text, text)
        if text.startswith("linalg."):
            raise CompileError(f"no instruction says {text}: for linear algebra there are the backends numpy and jax")
        constant = not any(arrays_in([args, *given.values()]))
        if constant and data is None:
            return _array(text, given, *args)
        if constant and text not in FILLS:
            return data
        moved = special is None and scalar not in registers.functions
        for key, item in given.items():
            if key == "out" or (any(arrays_in(item)) if moved else special is None or key not in KEYWORDS):
                raise CompileError(f"no instruction says what {key}= of {text} does")
        if special is not None:
            return special(registers, data, *args, **given)
        if moved:
            return registers.moved(partial(_array if kind == "array" else _method, text, given), args, data)
        return registers.ew(scalar, args, data)


def _fixed(index: Held) -> Any:
    """Return an index that is the same at every call."""
    if any(arrays_in(index)):
        raise CompileError("an index that is computed is in no instruction")
    return index


def _array(text: str, given: dict[str, Any], *args: Setting) -> Any:
    import numpy

    return attrgetter(text)(numpy)(*args, **given)


def _method(text: str, given: dict[str, Any], of: Raw, *args: Setting) -> Any:
    return getattr(of, text)(*args, **given)


def _reduce(
    function: str, start: float, registers: Registers, data: Raw, a: Held, axis: Axis = None, **given: Setting
) -> Any:
    return registers.reduce(function, given.get("initial", start), a, axis, data)


def _clip(registers: Registers, data: Raw, a: Held, min: Held | None = None, max: Held | None = None) -> Any:
    a = a if min is None else registers.ew("maximum", [a, min], data)
    return a if max is None else registers.ew("minimum", [a, max], data)


def _astype(registers: Registers, data: Raw, a: Held, dtype: Dtype, **given: Setting) -> Any:
    return registers.ew("truth" if dtype_of(data) == "bool" else "number", [a], data)


def _frexp(registers: Registers, data: tuple[Raw, Raw], a: Held) -> Any:
    # The exponent counts as a float: whole numbers that are computed from it are still refused.
    return tuple(registers.ew(part, [a], data[0]) for part in ("mantissa", "exponent"))


def _argsort(registers: Registers, data: Raw, a: Held, axis: int | None = -1, stable: Setting = None) -> Any:
    return registers.order(a, axis)


def _sort(registers: Registers, data: Raw, a: Held, axis: int | None = -1, stable: Setting = None) -> Any:
    return registers.take(a, registers.order(a, axis), axis, data)


def _fill(value: float, registers: Registers, data: Raw, *args: Held, **given: Setting) -> Any:
    # An array that a rule writes to is a register from the start.
    return registers.filled(value, data)


def _full(registers: Registers, data: Raw, like: Held, fill_value: Held, *args: Held, **given: Setting) -> Any:
    if any(arrays_in(fill_value)):
        raise CompileError("no instruction fills an array with a computed number")
    return registers.filled(float(bool(fill_value) if dtype_of(data) == "bool" else fill_value), data)


ALIASES = {"power": "pow", "absolute": "abs", "rint": "round", "arctan": "atan", "true_divide": "divide"}

FILLS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("zeros", "zeros_like", "empty", "empty_like"), partial(_fill, 0.0)),
    **dict.fromkeys(("ones", "ones_like"), partial(_fill, 1.0)),
    **dict.fromkeys(("full", "full_like"), _full),
}
"""Functions that make an array, to which a rule may write."""

SPECIAL: dict[str, Callable[..., Any]] = {
    "sum": partial(_reduce, "add", 0.0),
    "prod": partial(_reduce, "multiply", 1.0),
    "max": partial(_reduce, "maximum", -float("inf")),
    "min": partial(_reduce, "minimum", float("inf")),
    "all": partial(_reduce, "logical_and", 1.0),
    "any": partial(_reduce, "logical_or", 0.0),
    "cumsum": lambda registers, data, a, axis=None, dtype=None: registers.cumsum(a, axis, data),
    "argsort": _argsort,
    "sort": _sort,
    "take_along_axis": lambda registers, data, a, indices, axis=-1: registers.take(a, indices, axis, data),
    "square": lambda registers, data, a: registers.ew("multiply", [a, a], data),
    "clip": _clip,
    "astype": _astype,
    "frexp": _frexp,
    **FILLS,
}
"""Functions of NumPy's that neither move elements nor are one scalar function."""

KEYWORDS = ("axis", "keepdims", "initial", "dtype", "min", "max", "shape", "fill_value", "stable")
"""The keywords of theirs that are understood; the dtype is that of the example."""
