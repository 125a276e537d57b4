"""The names of variables in a source: those that people gave, else letters and numbers."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from autograd._core.node import Node

RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "np", "math"})
"""Names that the source uses for other things."""


class Names:
    """Gives every node an identifier of its own."""

    def __init__(
        self, wanted: dict[Node, str], adjoints: dict[Node, tuple[Node, Node]], reserved: Collection[str] = RESERVED
    ) -> None:
        self.wanted, self._adjoints = wanted, dict(adjoints)
        self.found: dict[Node, str] = {}
        """The names that nodes have so far."""
        self._taken = set(reserved)
        self._next: dict[str, int] = {}

    def of(self, node: Node) -> str:
        """Return the name of a node: the one that is wanted for it, dJ_dw for a gradient, else t1, t2, ..."""
        found = self.found.get(node)
        if found is None:
            wish = self.wanted.get(node, "t1")
            if wish != "t1":
                found = self.new(wish)
            elif node in self._adjoints:
                # Taken out, as a gradient may be the very number by which it was taken: r, for the mean of two r ** 2.
                out, by = self._adjoints.pop(node)
                found = self._free(f"d{self.of(out)}_d{self.of(by)}")
            else:
                found = self._free("t1")
            self.found[node] = found
        return found

    def new(self, wish: str) -> str:
        """Return a name that nothing has yet: the wish as an identifier, with another number if it is taken."""
        return self._free(wish if _PLAIN(wish) else _identifier(wish))

    def _free(self, name: str) -> str:
        taken = self._taken
        if name in taken:
            if not name[-1].isdecimal():
                name += "_2"
            stem = _stem(name)
            while name in taken:
                number = self._next.get(stem, int(name[len(stem) :])) + 1
                self._next[stem] = number
                name = f"{stem}{number}"
        taken.add(name)
        return name


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*\Z").match
"""Most wishes are identifiers already: a long program has a thousand."""


@lru_cache(64)
def _stem(name: str) -> str:
    return re.sub(r"\d+\Z", "", name)


def _identifier(wish: str) -> str:
    # Python reads names in this form: the micro sign and the letter mu are one name, and x² is none.
    wish = unicodedata.normalize("NFKC", re.sub(r"[()]", "", wish))
    name = re.sub(r"[\W_]+", "_", wish).strip("_") or "t1"
    name = name if name.isidentifier() else f"t_{name}"
    return name if name.isidentifier() else "t1"
