"""What the processor can do that a program is written for."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """A processor: its name and features as LLVM has them, the bytes of a vector, whether it multiplies and adds."""

    cpu: str
    features: str
    width: int
    fma: bool

    def lanes(self, kind: str) -> int:
        """Return how many numbers of a type one vector holds."""
        return self.width // (4 if kind == "float" else 8)


WIDTHS = (("avx512f", 64), ("avx", 32))
"""The bytes of a vector by the feature that brings them; without any it has 16, as every x86-64 and 64-bit ARM."""


def target_of(cpu: str, features: dict[str, bool], arm: bool = False) -> Target:
    """Return the target for a processor's name and features.

    >>> from autograd._compiler.printers.llvm.target import target_of
    >>> target_of("x86-64", {"avx": True, "fma": True})
    Target(cpu='x86-64', features='+avx,+fma', width=32, fma=True)
    """
    width = next((width for name, width in WIDTHS if features.get(name)), 16)
    texts = [f"{'+' if on else '-'}{name}" for name, on in sorted(features.items())]
    return Target(cpu, ",".join(texts), width, bool(features.get("fma")) or arm)
