"""Instructions in LLVM's language: what is read once stands in the loop that reads it, and a movement is only steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

from autograd._compiler.lower import instructions as to
from autograd._compiler.printers.nests import affine, box
from autograd._core.tracing import CompileError
from autograd._core.types import Array, Shape

from .elements import MOST, Elements
from .forms import Buffer, Computed, Loops, Place, Read, View, inverse, order_in_memory, places, reads, zeros
from .lines import Index, Value
from .products import Matrix, Product
from .reductions import Reduction
from .scalars import FUNCTIONS, as_kind
from .sorting import write_order, write_take


class Statements:
    """Writes instructions, as lines of `elements`."""

    def __init__(self, elements: Elements) -> None:
        self._elements, self._lines = elements, elements.lines
        self._inside = 0
        self._write: dict[type, Callable[[Any], None]] = {
            to.Ew: self._ew, to.Gather: self._gather, to.Put: self._put, to.Reduce: self._reduce, to.If: self._if,
            to.Matmul: self._matmul, to.Cumsum: self._cumsum, to.Fill: self._fill, to.Const: self._const,
            to.Order: partial(write_order, elements), to.Take: partial(write_take, elements),
        }  # fmt: skip

    def write(self, code: list[to.Instruction]) -> None:
        """Write the lines of instructions."""
        for step in code:
            self._elements.note_kind(step)
            self._write[type(step)](step)
            if not self._inside and self._lines.full():
                self._lines.cut()
                self._elements.scalars.clear()

    def _ew(self, step: to.Ew) -> None:
        elements, out = self._elements, step.out
        if step.function not in FUNCTIONS:
            raise CompileError(f"no machine code is written for the function {step.function}")
        if step.function == "number" and self._is_copy(step):
            elements.alias[out] = elements.root(int(step.args[0]))
            return
        operations = elements.operations(step)
        if operations > MOST:
            for arg in step.args:
                if type(arg) is int and isinstance(elements.form(arg), Computed):
                    elements.keep(arg)
            operations = elements.operations(step)
        elements.forms[out] = Computed(step, operations)
        if out in elements.own or not elements.uses.once(out):
            elements.keep(out)

    def _is_copy(self, step: to.Ew) -> bool:
        """Tell whether a register is only another name of one of the same size and precision."""
        elements, out, given = self._elements, step.out, step.args[0]
        if type(given) is not int or out in elements.own or elements.size(given) != elements.size(out):
            return False
        if elements.root(given) in elements.uses.changed or elements.kind(given) != elements.kinds[out]:
            return False
        return not elements.waits(given) or elements.uses.once(out)

    def _gather(self, step: to.Gather) -> None:
        import numpy

        elements, out, table = self._elements, step.out, numpy.array(step.table, int)
        run = self._run(step, table)
        if run is not None and out not in elements.own:
            elements.forms[out] = run
        elif len(step.sources) == 1 and (table >= 0).all():
            self._view(step.sources[0], out, table)
        else:
            self._join(step, table)

    def _run(self, step: to.Gather, table: Array) -> Buffer | None:
        """Return the buffer in which the parts of a row lie already, one after the other."""
        import numpy

        elements = self._elements
        if len(step.sources) < 2 or not numpy.array_equal(table, places(len(step.sources))):
            return None
        first = elements.form(step.sources[0])
        if not isinstance(first, Buffer) or elements.uses.changed.intersection(map(elements.root, step.sources)):
            return None
        there = all(elements.form(k) == first._replace(start=first.start + n) for n, k in enumerate(step.sources))
        return first if there and {*map(elements.size, step.sources)} == {1} else None

    def _view(self, source: int, out: int, table: Array) -> None:
        elements = self._elements
        form = elements.form(source)
        if isinstance(form, float):
            elements.forms[out] = form
        elif isinstance(form, View):
            # Of any number of movements one after the other one is left.
            self._view(form.source, out, form.table[table])
            return
        else:
            once = elements.uses.once(out) and elements.uses.once(elements.root(source))
            if isinstance(form, Computed) and not (once and len({*table.tolist()}) == len(table)):
                elements.keep(source)
                self._view(source, out, table)
                return
            elements.forms[out] = View(elements.root(source), table)
        self._finish(out)

    def _finish(self, out: int) -> None:
        """Put what is a result, or is written to later, where it belongs."""
        if out in self._elements.own:
            self._elements.settle(out)

    def _join(self, step: to.Gather, table: Array) -> None:
        """Write an array of parts of several, and of a number that fills the rest."""
        import numpy

        elements, shape = self._elements, self._elements.listing.shapes[step.out]
        for source in step.sources:
            if isinstance(elements.form(source), Computed):
                elements.keep(source)
        found = elements.allocate(step.out)
        if (table < 0).any():
            elements.store(found, places(len(table)), float(step.fill))
        start = 0
        for source in step.sources:
            size = elements.size(source)
            inside = (table >= start) & (table < start + size)
            chosen = box(inside, shape)
            at = places(len(table)).reshape(shape)[chosen].reshape(-1) if chosen else numpy.flatnonzero(inside)
            if at.size:
                elements.store(found, at, elements.tree(source, table[at] - start))
            start += size
        elements.forms[step.out] = found

    def _put(self, step: to.Put) -> None:
        import numpy

        elements = self._elements
        into, target, table = elements.buffer(step.into), numpy.array(step.places, int), numpy.array(step.table, int)
        # What is read at the very place that is written to need not be computed before.
        here = all(numpy.array_equal(read.table, target) for read in reads(elements.tree(step.source, table))
                   if read.buffer == into)  # fmt: skip
        once = len({*step.places}) == len(step.places)
        elements.flush(elements.root(step.into), elements.waiting(step.source) if here and once else set())
        elements.store(into, target, elements.tree(step.source, table), step.add)

    def _fill(self, step: to.Fill) -> None:
        elements, out = self._elements, step.out
        elements.forms[out] = float(step.value)
        self._finish(out)

    def _const(self, step: to.Const) -> None:
        elements, out = self._elements, step.out
        if len(step.values) == 1:
            elements.forms[out] = float(step.values[0])
        else:
            import numpy

            elements.forms[out] = elements.constant(numpy.array(step.values), elements.kinds[out])
        self._finish(out)

    def _reduce(self, step: to.Reduce) -> None:
        elements, n = self._elements, step.size * step.length
        if not n:
            elements.forms[step.out] = float(step.initial)
            if step.out in elements.own or step.size != 1:
                elements.settle(step.out)
            return
        source = places(n) if elements.size(step.source) > 1 else zeros(n)
        tree = elements.tree(step.source, source)
        order = order_in_memory(tree, n) if step.size > 1 and step.out not in elements.own else None
        if order is None:
            found = elements.forms[step.out] = elements.allocate(step.out)
        else:
            import numpy

            order = numpy.argsort(inverse(order).reshape(-1, step.length).min(axis=1))
            tree = elements.tree(step.source, numpy.add.outer(order * step.length, places(step.length)).reshape(-1))
            found = elements.inside(step.out, order)
        Reduction(elements, step, tree, found).write()

    def _matmul(self, step: to.Matmul) -> None:
        elements, kind = self._elements, self._elements.kinds[step.out]
        found = elements.allocate(step.out)
        if not step.inner:
            elements.store(found, places(elements.size(step.out)), 0.0)
        elif elements.size(step.out):
            left = self._factor(step.left, (step.batch, step.rows, step.inner), kind)
            right = self._factor(step.right, (step.batch, step.inner, step.columns), kind)
            form = (step.batch, step.rows, step.columns)
            out = Matrix(found, _steps(form))

            def product(b: Index) -> list[Value]:
                Product(elements, kind, (step.rows, step.inner, step.columns)).write(left, right, out, b)
                return []

            self._lines.loop(step.batch, product)
        elements.forms[step.out] = found

    def _factor(self, register: int, form: Shape, kind: str) -> Matrix:
        """Return a row of matrices as it lies in memory, if the steps along each axis are the same everywhere."""
        import numpy

        elements, n = self._elements, prod(form)
        read = elements.tree(register, places(n))
        if isinstance(read, Read) and read.buffer.kind == kind:
            grid = read.table.reshape(form)
            start = int(grid[0, 0, 0])
            ends = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
            steps = [int(grid[end]) - start if size > 1 else 0 for end, size in zip(ends, form)]
            if numpy.array_equal(affine(start, steps, list(form)), read.table):
                return Matrix(read.buffer._replace(start=read.buffer.start + start), steps)
        buffer = elements.buffer(register)
        if buffer.kind != kind:
            copy = elements.reserve(kind, n)
            elements.store(copy, places(n), Read(buffer, places(n)))
            buffer = copy
        return Matrix(buffer, _steps(form))

    def _cumsum(self, step: to.Cumsum) -> None:
        elements, lines = self._elements, self._lines
        n, size = elements.size(step.out), step.length
        tree = elements.tree(step.source, places(n)) if n else 0.0
        found = elements.allocate(step.out)
        if n:
            nest = Loops(n, [places(n), *(read.table for read in reads(tree))], (size,))
            indices: list[Index] = [0] * len(nest.lengths)
            outer = [k for k, point in enumerate(nest.points[1:]) if point >= size]
            inner = [k for k in range(len(nest.lengths)) if k not in outer]

            def row() -> None:
                carry(inner, [lines.number(0.0, found.kind, 1)])

            def carry(loops: list[int], totals: Sequence[Value]) -> Sequence[Value]:
                if loops:

                    def turn(index: Index, *totals: Value) -> Sequence[Value]:
                        indices[loops[0]] = index
                        return carry(loops[1:], totals)

                    return lines.loop(nest.lengths[loops[0]], turn, totals)
                place = Place(indices, len(indices) - 1, 1)
                value = as_kind(lines, elements.render(tree, elements.loader(nest, place), 1), found.kind)
                total = lines.do("fadd", totals[0], value)
                lines.store(total, found.root, [(found.start, 1), *zip(indices, nest.points[1:])])
                return [total]

            elements.around(nest, outer, indices, row)
        elements.forms[step.out] = found

    def _if(self, step: to.If) -> None:
        elements, lines = self._elements, self._lines
        n, condition = elements.size(step.out), elements.tree(step.condition, zeros(1))
        truth = as_kind(lines, elements.render(condition, elements.loader(None, Place([], 0, 1)), 1), "i1")
        found = elements.allocate(step.out)

        def way(code: list[to.Instruction], out: int) -> Callable[[], list[Value]]:
            def written() -> list[Value]:
                before = dict(elements.forms), dict(elements.alias), dict(elements.scalars)
                self._inside += 1
                self.write(code)
                elements.store(found, places(n), elements.tree(out, places(n)))
                self._inside -= 1
                elements.forms, elements.alias, elements.scalars = before
                return []

            return written

        lines.either(truth, way(step.yes, step.yes_out), way(step.no, step.no_out))
        elements.forms[step.out] = found


def _steps(form: Shape) -> list[int]:
    """Return how far apart neighbours along each axis lie in a row; 0 where there are none."""
    return [prod(form[k + 1 :]) if n > 1 else 0 for k, n in enumerate(form)]
