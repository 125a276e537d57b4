"""Instructions as statements of JavaScript: numbers as expressions, arrays as loops over Float64Array.

What is read once and has no name of its own stands where it is read. Of a movement of elements only the indices are
left, which the loops that read it compute.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from autograd._compiler.lower import instructions as to
from autograd._core.tracing import CompileError
from autograd._core.types import Array, Shape

from ..nests import Nest, affine, box, index_text
from .elements import Computed, Elements, Named, Read, View, heads, places, reads, tables, zeros
from .scalars import FUNCTIONS, Text, as_number, as_truth, number, rounded

MOST = 5
"""A statement with more operations is harder to read than two."""

WIDE = 4
"""A product of matrices with so many columns is computed by a helper, which is twice as fast as plain loops."""


class Factor(NamedTuple):
    """A matrix, or a row of them, in an array: its first place, and how far apart neighbours are on three axes."""

    array: str
    start: int
    steps: list[int]


class Statements:
    """Writes instructions, as lines of `elements`."""

    def __init__(self, elements: Elements) -> None:
        self._elements = elements
        self._single = elements.listing.single
        self._write: dict[type, Callable[[Any], None]] = {
            to.Ew: self._ew, to.Gather: self._gather, to.Put: self._put, to.Reduce: self._reduce, to.If: self._if,
            to.Matmul: self._matmul, to.Cumsum: self._cumsum, to.Order: self._order, to.Take: self._take,
            to.Fill: self._fill, to.Const: self._const,
        }  # fmt: skip

    def write(self, code: list[to.Instruction]) -> list[str]:
        """Return the statements of instructions."""
        elements = self._elements
        before, elements.lines, elements.last = elements.lines, [], None
        for step in code:
            self._write[type(step)](step)
        lines, elements.lines, elements.last = elements.lines, before, None
        return lines

    def _ew(self, step: to.Ew) -> None:
        elements, out = self._elements, step.out
        if step.function not in FUNCTIONS:
            raise CompileError(f"JavaScript has no function {step.function}")
        if step.function == "number" and self._no_copy(step.args[0], out):
            elements.alias[out] = elements.root(int(step.args[0]))
            return
        if step.function == "number" and self._is_array(step.args[0], out):
            # Whoever is given a result may write to it.
            copy, name = ".slice()" * (out in elements.listing.results), elements.name(out)
            elements.line(f"const {name} = {elements.array(int(step.args[0]))}{copy};")
            elements.forms[out] = Named(name)
            return
        operations = elements.operations(step)
        elements.forms[out] = Computed(step, operations)
        if out in elements.own or not elements.uses.once(out) or operations > MOST:
            elements.settle(out)

    def _no_copy(self, given: to.Operand, out: int) -> bool:
        """Tell whether a copy of a register is only another name of it."""
        elements, shapes = self._elements, self._elements.listing.shapes
        if type(given) is not int or shapes[given] != shapes[out] or not self._as_exact(given, out):
            return False
        form = elements.form(given)
        if out in elements.own:
            return isinstance(form, Named) and elements.uses.copy_of(given) == out and given not in elements.kept
        return not isinstance(form, Computed) or elements.uses.once(out)

    def _as_exact(self, given: int, out: int) -> bool:
        return (given in self._single) == (out in self._single)

    def _is_array(self, given: to.Operand, out: int) -> bool:
        """Tell whether a copy is one of a whole array, which has a variable and is not written to."""
        elements = self._elements
        if type(given) is not int or elements.scalar(out) or elements.uses.changed & {out, elements.root(given)}:
            return False
        form = elements.form(given)
        whole = isinstance(form, Named) or (isinstance(form, View) and elements.whole(form))
        return whole and elements.size(given) == elements.size(out) and self._as_exact(given, out)

    def _gather(self, step: to.Gather) -> None:
        import numpy

        elements, out, table = self._elements, step.out, numpy.array(step.table, int)
        if len(step.sources) == 1 and (table >= 0).all():
            [source] = step.sources
            form = elements.form(source)
            if isinstance(form, View):
                # Of any number of movements one after the other one is left.
                source, table = form.source, form.table[table]
            elif isinstance(form, Computed) and not elements.scalar(source):
                elements.settle(source)
            elements.forms[out] = View(source, table)
            if out in elements.own:
                elements.settle(out)
            return
        name, sizes = elements.name(out), [*map(elements.size, step.sources)]
        if set(sizes) == {1} and numpy.array_equal(table, places(len(sizes))):
            items = ", ".join(as_number(elements.text(source)).text for source in step.sources)
            elements.line(f"const {name} = Float64Array.of({items});")
        else:
            self._join(name, step, table, sizes)
        elements.forms[out] = Named(name)

    def _join(self, name: str, step: to.Gather, table: Array, sizes: list[int]) -> None:
        """Write an array of parts of several, and of a number that fills the rest."""
        import numpy

        elements, form = self._elements, self._elements.listing.shapes[step.out]
        for source in step.sources:
            if isinstance(elements.form(source), Computed):
                elements.settle(source)
        elements.allocate(step.out, name, step.fill if (table < 0).any() else None)
        start = 0
        for source, size in zip(step.sources, sizes):
            inside = (table >= start) & (table < start + size)
            chosen = box(inside, form)
            at = places(len(table)).reshape(form)[chosen].reshape(-1) if chosen else numpy.flatnonzero(inside)
            elements.store(name, at, elements.tree(source, table[at] - start))
            start += size

    def _put(self, step: to.Put) -> None:
        import numpy

        elements = self._elements
        into, target, table = elements.array(step.into), numpy.array(step.places, int), numpy.array(step.table, int)
        # What is read at the very place that is written to need not be computed before.
        here = all(numpy.array_equal(read.table, target) for read in reads(elements.tree(step.source, table))
                   if read.array == into)  # fmt: skip
        once = len(set(step.places)) == len(step.places)
        elements.flush(elements.root(step.into), elements.waiting(step.source) if here and once else set())
        tree = elements.tree(step.source, table)

        def statement(place: str, value: Text) -> str:
            value = as_number(value)
            if step.into in self._single:
                return f"{place} = {rounded(FUNCTIONS['add'](Text(place), value) if step.add else value).text};"
            return f"{place} {'+=' if step.add else '='} {value.text};"

        elements.store(into, target, tree, statement)

    def _reduce(self, step: to.Reduce) -> None:
        elements = self._elements
        if step.length == 1:
            # One number alone is its own sum.
            function = "truth" if step.function.startswith("logical") else "number"
            self._ew(to.Ew(step.out, function, (step.source,), step.size))
            return
        n = step.size * step.length
        tree = elements.tree(step.source, places(n) if elements.size(step.source) > 1 else zeros(n))
        name, scalar = elements.name(step.out), elements.scalar(step.out)
        elements.forms[step.out] = Named(name)
        initial = number(step.initial).text
        if not scalar:
            elements.allocate(step.out, name, None if n else step.initial)
        if not n:
            if scalar:
                elements.line(f"const {name} = {initial};")
            return
        nest, total = Nest(n, tables(tree), (step.length,)), name if scalar else "s"
        index = elements.index(nest)
        loops = heads(elements.loops, nest.lengths)
        change = self._change(step, total, elements.render(tree, index))
        if scalar:
            elements.line(f"let {name} = {initial};")
            elements.line(" ".join([*loops, change]))
            return
        outer = sum(point >= step.length for point in nest.points[1:])
        self._block(loops[:outer], [
            f"let s = {initial};", " ".join([*loops[outer:], change]),
            f"{name}[{index(places(step.size).repeat(step.length))}] = s;",
        ])  # fmt: skip

    def _change(self, step: to.Reduce, total: str, element: Text) -> str:
        """Return the statement that adds one more element."""
        if step.function == "add" and step.out not in self._single:
            return f"{total} += {as_number(element).text};"
        value = FUNCTIONS[step.function](Text(total), element)
        return f"{total} = {(rounded if step.out in self._single else as_number)(value).text};"

    def _block(self, loops: list[str], lines: list[str]) -> None:
        self._elements.line(" ".join([*loops, "{"]))
        for line in lines:
            self._elements.line(f"  {line}")
        self._elements.line("}")

    def _matmul(self, step: to.Matmul) -> None:
        elements, name = self._elements, self._elements.name(step.out)
        left = self._factor(step.left, (step.batch, step.rows, step.inner))
        right = self._factor(step.right, (step.batch, step.inner, step.columns))
        if not elements.scalar(step.out):
            elements.allocate(step.out, name, None if step.inner else 0.0)
        if not step.inner and elements.scalar(step.out):
            elements.line(f"const {name} = 0;")
        elif step.columns < WIDE or step.inner == 1 or step.out in self._single:
            self._products(step, name, left, right)
        elif step.inner:
            self._by_columns(step, name, left, right)
        elements.forms[step.out] = Named(name)

    def _by_columns(self, step: to.Matmul, name: str, left: Factor, right: Factor) -> None:
        """Write a call of the helper `matmul`, one for each matrix."""
        loops = heads(self._elements.loops, [step.batch]) if step.batch != 1 else []
        given: list[str] = []
        for factor, form in ((left, (step.rows, step.inner)), (right, (step.inner, step.columns))):
            start = index_text(factor.start, factor.steps[:1], self._elements.loops)
            given.append(f"[{', '.join([start, *map(str, factor.steps[1:])])}]")
            if given[-1] == f"[{', '.join(map(str, [0, *_steps(form)]))}]":
                given[-1] = "undefined"
        given.append(index_text(0, [step.rows * step.columns], self._elements.loops) if loops else "undefined")
        while given and given[-1] == "undefined":
            given.pop()
        sizes = map(str, (step.rows, step.inner, step.columns))
        call = f"matmul({', '.join([name, left.array, right.array, *sizes, *given])});"
        self._elements.line(" ".join([*loops, call]))

    def _products(self, step: to.Matmul, name: str, left: Factor, right: Factor) -> None:
        """Write the loops of a product of matrices, of which the second has few columns."""
        elements = self._elements
        form = {"b": step.batch, "i": step.rows, "j": step.columns, "k": step.inner}
        variables = dict(zip((key for key, n in form.items() if n != 1), elements.loops))
        loops = {key: heads([variable], [form[key]])[0] for key, variable in variables.items()}

        def at(axes: str, start: int, steps: list[int]) -> str:
            return index_text(start, steps, [variables.get(axis, "") for axis in axes])

        product = (
            f"{left.array}[{at('bik', left.start, left.steps)}] * {right.array}[{at('bkj', right.start, right.steps)}]"
        )
        single = ("Math.fround(", ")") if step.out in self._single else ("", "")
        if elements.scalar(step.out):
            elements.line(f"let {name} = 0;")
            elements.line(" ".join([*loops.values(), f"{name} += {product};"]))
            if single[0]:
                elements.line(f"{name} = Math.fround({name});")
            return
        outer = [loops[key] for key in "bij" if key in loops]
        out = f"{name}[{at('bij', 0, _steps((step.batch, step.rows, step.columns)))}]"
        if step.inner == 1:
            elements.line(" ".join([*outer, f"{out} = {product.join(single)};"]))
        elif step.inner:
            self._block(outer, ["let s = 0;", f"{loops['k']} s += {product};", f"{out} = {'s'.join(single)};"])

    def _factor(self, register: int, form: Shape) -> Factor:
        import numpy

        elements = self._elements
        if prod(form):
            read = elements.tree(register, places(prod(form)))
            if isinstance(read, Read):
                grid = read.table.reshape(form)
                start = int(grid[0, 0, 0])
                ends = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
                steps = [int(grid[end]) - start if n > 1 else 0 for end, n in zip(ends, form)]
                if numpy.array_equal(affine(start, steps, list(form)), read.table):
                    return Factor(read.array, start, steps)
        return Factor(elements.array(register), 0, _steps(form))

    def _cumsum(self, step: to.Cumsum) -> None:
        elements, i = self._elements, self._elements.loops[0]
        source, name = elements.array(step.source), elements.name(step.out)
        elements.line(f"const {name} = {source}.slice();")
        change = f"{name}[{i} - 1] + {name}[{i}]"
        change = f"Math.fround({change})" if step.out in self._single else change
        test = f"if ({i} % {step.length}) " if step.length != step.size else ""
        if step.size > 1:
            elements.line(f"for (let {i} = 1; {i} < {step.size}; {i}++) {test}{name}[{i}] = {change};")
        elements.forms[step.out] = Named(name)

    def _order(self, step: to.Order) -> None:
        elements = self._elements
        source, name = elements.array(step.source), elements.name(step.out)
        elements.allocate(step.out, name)
        elements.line(f"argsort({name}, {source}, {step.length});")
        elements.forms[step.out] = Named(name)

    def _take(self, step: to.Take) -> None:
        elements, i = self._elements, self._elements.loops[0]
        source, places = elements.array(step.source), elements.array(step.places)
        name = elements.name(step.out)
        elements.allocate(step.out, name)
        row = f"{i} - {i} % {step.length} + " if step.length != step.size else ""
        elements.line(f"for (let {i} = 0; {i} < {step.size}; {i}++) {name}[{i}] = {source}[{row}{places}[{i}]];")
        elements.forms[step.out] = Named(name)

    def _fill(self, step: to.Fill) -> None:
        elements, value = self._elements, number(step.value)
        elements.forms[step.out] = value
        if step.out in elements.own:
            name = elements.name(step.out)
            elements.allocate(step.out, name, step.value)
            elements.forms[step.out] = Named(name)

    def _const(self, step: to.Const) -> None:
        elements = self._elements
        if elements.listing.shapes[step.out] == ():
            elements.forms[step.out] = number(step.values[0])
        else:
            elements.forms[step.out] = Named(elements.constant("c1", "Float64Array", step.values))

    def _if(self, step: to.If) -> None:
        elements = self._elements
        name = elements.name(step.out)
        condition = as_truth(elements.text(step.condition)).text
        elements.line(f"let {name};")
        for head, code, out in ((f"if ({condition}) {{", step.yes, step.yes_out), ("} else {", step.no, step.no_out)):
            elements.line(head)
            before, elements.indent = (dict(elements.forms), dict(elements.alias)), elements.indent + "  "
            elements.lines += self.write(code)
            made = as_number(elements.text(out)).text if elements.scalar(step.out) else elements.array(out)
            elements.line(f"{name} = {made};")
            (elements.forms, elements.alias), elements.indent = before, elements.indent[:-2]
        elements.line("}")
        elements.shared.add(name)
        elements.forms[step.out] = Named(name)


def _steps(form: Shape) -> list[int]:
    """Return how far apart neighbours along each axis lie in a row; 0 where there are none."""
    return [prod(form[k + 1 :]) if n > 1 else 0 for k, n in enumerate(form)]
