"""What several processes agree on before every step, so that all do the same, and end together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

BEGIN, STEP, END, STOP, FAILED, LEFT = range(6)
"""A process begins an epoch, does steps, has no batches left, was asked to stop, broke off, or ended its training."""


class Agreement:
    """Tells all processes what each is about to do, and waits for them. One process alone agrees at once."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._over = False
        """Whether the training ends for a reason that all know."""

    def reach(self, code: int, *numbers: int) -> None:
        """Go on if all processes do the same; raise KeyboardInterrupt if one was asked to stop, RuntimeError else."""
        if self._processes == 1:
            if code == STOP:
                raise KeyboardInterrupt
            return
        found = self._told([code, *numbers, *[0] * (2 - len(numbers))])
        self._over = True
        codes = [told[0] for told in found]
        if STOP in codes:
            raise KeyboardInterrupt
        if code in (FAILED, LEFT):
            return
        for k, other in enumerate(codes):
            if other in (FAILED, LEFT):
                ended = "ended with an error, which it tells" if other == FAILED else "left the training alone"
                _refuse(f"process {k} {ended}; all others stop here, after whole steps")
        if any(told != found[0] for told in found):
            if codes == [BEGIN] * self._processes:
                _refuse(
                    "the processes have different parameters or optimizers: each must run the same script, with the "
                    "same seeds"
                )
            _refuse(
                "each process must give equally many batches, of equally many rows; now they have "
                + ", ".join("none left" if told[0] == END else f"{told[1]} of {told[2]} rows" for told in found)
            )
        self._over = False

    def begin(self, digest: bytes) -> None:
        """Begin an epoch together; raise RuntimeError unless all processes have the same numbers."""
        self.reach(BEGIN, int.from_bytes(digest[:7], "big"))

    def _told(self, numbers: list[int]) -> Any:
        """Return the numbers of all processes. They must be equally many at every call."""
        import numpy
        from jax.experimental.multihost_utils import process_allgather

        return process_allgather(numpy.array(numbers)).tolist()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Tell the other processes if this one ends before all is done."""
        try:
            yield
        except GeneratorExit:
            self.reach(LEFT)
            raise
        except Exception as error:
            if self._processes > 1 and type(error).__name__ == "JaxRuntimeError":
                raise RuntimeError(
                    f"another process has ended, or the network between them has: {str(error).splitlines()[0]:.200}"
                ) from error
            if not self._over:
                self.reach(FAILED)
            raise


def _refuse(why: str) -> NoReturn:
    raise RuntimeError(why)
