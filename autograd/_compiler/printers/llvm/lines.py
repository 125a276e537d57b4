"""Lines of LLVM's language: values, loops, addresses, and the functions that they are cut into."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from .target import Target

BLOCK = 500
"""The lines of a function: LLVM takes more than twice as long for twice as many."""


class Value(NamedTuple):
    """A computed value: its name, the type of a number and how many of them there are."""

    name: str
    kind: str
    lanes: int = 1


Index: TypeAlias = str | int
"""The variable of a loop, or a place that is known."""

Terms: TypeAlias = list[tuple[Index, int]]
"""A place: each index times its step, added up."""


def typed(kind: str, lanes: int) -> str:
    """Return the type of a number or of a vector."""
    return kind if lanes == 1 else f"<{lanes} x {kind}>"


def _hex(x: float) -> str:
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


class Lines:
    """The lines of a module so far. Pointers to arrays are in a table, `%table`, which is the only argument."""

    def __init__(self, target: Target, offset: int | None) -> None:
        self.target, self.offset = target, offset
        self.declared: set[str] = set()
        self.parts: list[str] = []
        self.lines: list[str] = []
        self._entry: dict[int, str] = {}
        self._places: dict[Any, str] = {}
        """Places that are computed already where the next line stands."""
        self._block = "start"
        self._count = self._loops = 0

    # Functions.

    def full(self) -> bool:
        """Tell whether the function is long enough."""
        return len(self.lines) > BLOCK

    def cut(self) -> None:
        """End the function, and begin the next one."""
        self.parts.append("\n".join(["entry:", *self._pointers(), "br label %start", "start:", *self.lines]))
        self.lines, self._entry, self._places, self._block = [], {}, {}, "start"

    def _pointers(self) -> Iterable[str]:
        """Yield the lines that read the pointers to the arrays which are used."""
        for root, name in self._entry.items():
            yield f"{name}.at = getelementptr ptr, ptr %table, i64 {root}"
            if self.offset is None:
                yield f"{name} = load ptr, ptr {name}.at"
            else:
                # The table has Python's objects, and these the pointers to their numbers.
                yield f"{name}.object = load ptr, ptr {name}.at"
                yield f"{name}.data = getelementptr i8, ptr {name}.object, i64 {self.offset}"
                yield f"{name} = load ptr, ptr {name}.data"

    def pointer(self, root: int) -> str:
        """Return the pointer to an array, by its number in the table."""
        return self._entry.setdefault(root, f"%root{root}")

    # Values.

    def new(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def line(self, text: str) -> None:
        self.lines.append(text)

    def made(self, text: str, kind: str, lanes: int = 1) -> Value:
        """Add a line that computes a value, and return that."""
        name = self.new()
        self.lines.append(f"{name} = {text}")
        return Value(name, kind, lanes)

    def number(self, x: float, kind: str, lanes: int) -> Value:
        """Return a constant."""
        text = _hex(x) if kind in ("double", "float") else str(int(x))
        return Value(text if lanes == 1 else f"<{', '.join([f'{kind} {text}'] * lanes)}>", kind, lanes)

    def spread(self, x: Value, lanes: int) -> Value:
        """Return a vector of equal numbers."""
        if x.lanes == lanes:
            return x
        vector = typed(x.kind, lanes)
        one = self.made(f"insertelement {vector} poison, {x.kind} {x.name}, i32 0", x.kind, lanes)
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self.made(f"shufflevector {vector} {one.name}, {vector} poison, {zeros}", x.kind, lanes)

    def chosen(self, a: Value, b: Value, places: Sequence[int]) -> Value:
        """Return the numbers with some places in two vectors, one after the other."""
        if len(places) == 1:
            return self.lane(a, places[0])
        vector, mask = typed(a.kind, a.lanes), ", ".join(f"i32 {place}" for place in places)
        text = f"shufflevector {vector} {a.name}, {vector} {b.name}, <{len(places)} x i32> <{mask}>"
        return self.made(text, a.kind, len(places))

    def lane(self, x: Value, k: int) -> Value:
        """Return one number of a vector."""
        if x.lanes == 1:
            return x
        return self.made(f"extractelement {typed(x.kind, x.lanes)} {x.name}, i32 {k}", x.kind)

    def joined(self, numbers: Sequence[Value]) -> Value:
        """Return the vector of several numbers."""
        if len(numbers) == 1:
            return numbers[0]
        kind, lanes = numbers[0].kind, len(numbers)
        found = Value("poison", kind, lanes)
        for k, x in enumerate(numbers):
            found = self.made(f"insertelement {typed(kind, lanes)} {found.name}, {kind} {x.name}, i32 {k}", kind, lanes)
        return found

    def do(self, op: str, *args: Value, kind: str | None = None) -> Value:
        """Return the result of an instruction on values of one type."""
        x = args[0]
        names = ", ".join(arg.name for arg in args)
        return self.made(f"{op} {typed(x.kind, x.lanes)} {names}", kind or x.kind, x.lanes)

    def cast(self, op: str, x: Value, kind: str) -> Value:
        return self.made(f"{op} {typed(x.kind, x.lanes)} {x.name} to {typed(kind, x.lanes)}", kind, x.lanes)

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        kind = typed(x.kind, x.lanes)
        text = f"select {typed('i1', condition.lanes)} {condition.name}, {kind} {x.name}, {kind} {y.name}"
        return self.made(text, x.kind, x.lanes)

    def intrinsic(self, name: str, *args: Value) -> Value:
        """Call a function that LLVM has for numbers and vectors."""
        x = args[0]
        kind = typed(x.kind, x.lanes)
        suffix = {"double": "f64", "float": "f32"}[x.kind]
        function = f"@llvm.{name}.{suffix if x.lanes == 1 else f'v{x.lanes}{suffix}'}"
        self.declared.add(f"declare {kind} {function}({', '.join([kind] * len(args))})")
        return self.made(f"call {kind} {function}({', '.join(f'{kind} {a.name}' for a in args)})", x.kind, x.lanes)

    def call(self, name: str, *args: Value) -> Value:
        """Call a function of C's mathematics, for each number of vectors."""
        self.declared.add(f"declare double @{name}({', '.join(['double'] * len(args))})")
        found = []
        for k in range(args[0].lanes):
            given = ", ".join(f"double {self.lane(arg, k).name}" for arg in args)
            found.append(self.made(f"call double @{name}({given})", "double"))
        return self.joined(found)

    def multiply_add(self, x: Value, y: Value, z: Value) -> Value:
        """Return x y + z, rounded once where the processor does so."""
        if self.target.fma:
            return self.intrinsic("fma", x, y, z)
        return self.do("fadd", self.do("fmul", x, y), z)

    # Control.

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self._block = name

    def loop(
        self, n: int, body: Callable[..., Sequence[Value]], carried: Sequence[Value] = (), step: int = 1
    ) -> tuple[Value, ...]:
        """Run body(index, *carried) for each index in range(0, n, step), n being a multiple; return what it carries."""
        turns = n // step
        if turns == 0:
            return tuple(carried)
        if turns == 1:
            return tuple(body(0, *carried))
        self._loops += 1
        k, before = self._loops, self._block
        index = f"%i{k}"
        self.line(f"br label %loop{k}")
        self.label(f"loop{k}")
        place = len(self.lines)
        inside = [Value(self.new(), x.kind, x.lanes) for x in carried]
        places, self._places = self._places, dict(self._places)
        out = tuple(body(index, *inside))
        end, self._places = self._block, places
        heads = [f"{index} = phi i64 [0, %{before}], [{index}.next, %{end}]"]
        for x, first, last in zip(inside, carried, out):
            heads.append(f"{x.name} = phi {typed(x.kind, x.lanes)} [{first.name}, %{before}], [{last.name}, %{end}]")
        self.lines[place:place] = heads
        self.line(f"{index}.next = add nuw nsw i64 {index}, {step}")
        self.line(f"{index}.more = icmp ult i64 {index}.next, {turns * step}")
        self.line(f"br i1 {index}.more, label %loop{k}, label %after{k}")
        self.label(f"after{k}")
        return out

    def either(
        self, condition: Value, yes: Callable[[], Sequence[Value]], no: Callable[[], Sequence[Value]]
    ) -> tuple[Value, ...]:
        """Run one of two ways, and return what it returns."""
        self._loops += 1
        k = self._loops
        self.line(f"br i1 {condition.name}, label %yes{k}, label %no{k}")
        ends, found = [], []
        for name, way in (("yes", yes), ("no", no)):
            self.label(f"{name}{k}")
            places, self._places = self._places, dict(self._places)
            found.append(way())
            self._places = places
            ends.append(self._block)
            self.line(f"br label %both{k}")
        self.label(f"both{k}")
        return tuple(
            self.made(f"phi {typed(a.kind, a.lanes)} [{a.name}, %{ends[0]}], [{b.name}, %{ends[1]}]", a.kind, a.lanes)
            for a, b in zip(*found)
        )

    # Memory.

    def address(self, root: int, kind: str, terms: Terms) -> str:
        """Return the pointer to an element."""
        known = sum(index * step for index, step in terms if isinstance(index, int))
        moving = tuple([(index, step) for index, step in terms if isinstance(index, str) and step])
        at = (
            self._once((root, kind, *moving), lambda: self._moved(root, kind, moving)) if moving else self.pointer(root)
        )
        return self.made(f"getelementptr {kind}, ptr {at}, i64 {known}", "ptr").name if known else at

    def _moved(self, root: int, kind: str, terms: Sequence[tuple[str, int]]) -> str:
        sums = ""
        for index, step in terms:
            term = index if step == 1 else self._once((index, step), partial(self._times, index, step))
            sums = self.made(f"add nsw i64 {sums}, {term}", "i64").name if sums else term
        return self.made(f"getelementptr {kind}, ptr {self.pointer(root)}, i64 {sums}", "ptr").name

    def _times(self, index: str, step: int) -> str:
        return self.made(f"mul nsw i64 {index}, {step}", "i64").name

    def _once(self, key: Any, make: Callable[[], str]) -> str:
        """Return what was made for a key in this loop or around it, or else make it."""
        if key not in self._places:
            self._places[key] = make()
        return self._places[key]

    def load(self, root: int, kind: str, terms: Terms, lanes: int = 1, step: int = 1) -> Value:
        """Return numbers of an array: one, or as many as a vector has, a step apart. Truths are bytes there."""
        stored = "i8" if kind == "i1" else kind
        if lanes > 1 and step != 1:
            found = self.joined([self.load(root, stored, [*terms, (k, step)]) for k in range(lanes)])
        else:
            at = self.address(root, stored, terms)
            found = self.made(f"load {typed(stored, lanes)}, ptr {at}, align 1", stored, lanes)
        return self.do("icmp ne", found, self.number(0, "i8", lanes), kind="i1") if kind == "i1" else found

    def store(self, x: Value, root: int, terms: Terms, step: int = 1) -> None:
        """Write numbers to an array, a step apart."""
        if x.kind == "i1":
            x = self.cast("zext", x, "i8")
        if x.lanes > 1 and step != 1:
            for k in range(x.lanes):
                self.store(self.lane(x, k), root, [*terms, (k, step)])
            return
        at = self.address(root, x.kind, terms)
        self.line(f"store {typed(x.kind, x.lanes)} {x.name}, ptr {at}, align 1")
