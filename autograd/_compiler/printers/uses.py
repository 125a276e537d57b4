"""Who reads each register of a listing: what is read once may stand where it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from autograd._compiler.lower import instructions as to


class Uses:
    """How often each register is read, and in which pass it is computed and read."""

    def __init__(self, listing: to.Listing) -> None:
        self._count: Counter[int] = Counter()
        self._reader: dict[int, bool] = {}
        self._maker: dict[int, bool] = {}
        self._copies: dict[int, int] = {}
        self.changed: set[int] = set()
        """The registers that are written to again after they were made."""
        for position, step in enumerate(listing.code):
            self._look(step, position < listing.forward)
        for register in listing.results:
            # It may stand where it is returned.
            self._count[register] += 1
            self._reader[register] = self._maker.get(register, False)

    def _look(self, step: to.Instruction, forward: bool) -> None:
        for register in _read(step):
            self._count[register] += 1
            self._reader[register] = forward
        if isinstance(step, to.Put):
            self.changed.add(step.into)
        else:
            self._maker[step.out] = forward
        if isinstance(step, to.If):
            for inner in (*step.yes, *step.no):
                self._look(inner, forward)
        if isinstance(step, to.Ew) and step.function == "number" and type(step.args[0]) is int:
            self._copies[step.args[0]] = step.out

    def once(self, register: int) -> bool:
        """Tell whether a register is read once, in the pass that computes it."""
        return self._count[register] == 1 and self._maker.get(register) == self._reader.get(register)

    def copy_of(self, register: int) -> int | None:
        """Return the register that is a copy of this one, if nothing else reads this one."""
        return self._copies.get(register) if self._count[register] == 1 else None


def _read(step: to.Instruction) -> Iterator[int]:
    """Yield the registers that an instruction reads."""
    if isinstance(step, to.Ew):
        yield from (arg for arg in step.args if type(arg) is int)
    elif isinstance(step, to.Gather):
        yield from step.sources
    elif isinstance(step, to.Matmul):
        yield from (step.left, step.right)
    elif isinstance(step, to.Take):
        yield from (step.source, step.places)
    elif isinstance(step, (to.Reduce, to.Cumsum, to.Order, to.Put)):
        yield step.source
    elif isinstance(step, to.If):
        yield from (step.condition, step.yes_out, step.no_out)
