"""The names of variables in a source: those that people gave, else letters and numbers."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection

from autograd._core.node import Node

RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "np", "math"})
"""Names that the source uses for other things."""


class Names:
    """Gives every node an identifier of its own."""

    def __init__(
        self, wanted: dict[Node, str], adjoints: dict[Node, tuple[Node, Node]], reserved: Collection[str] = RESERVED
    ) -> None:
        self.wanted, self._adjoints = wanted, dict(adjoints)
        self._found: dict[Node, str] = {}
        self._taken = set(reserved)
        self._next: dict[str, int] = {}

    def of(self, node: Node) -> str:
        """Return the name of a node: the one that is wanted for it, dJ_dw for a gradient, else t1, t2, ..."""
        if node not in self._found:
            wish = self.wanted.get(node, "t1")
            if wish == "t1" and node in self._adjoints:
                # Taken out, as a gradient may be the very number by which it was taken: r, for the mean of two r ** 2.
                out, by = self._adjoints.pop(node)
                wish = f"d{self.of(out)}_d{self.of(by)}"
            self._found[node] = self.new(wish)
        return self._found[node]

    def new(self, wish: str) -> str:
        """Return a name that nothing has yet: the wish as an identifier, with another number if it is taken."""
        # Python reads names in this form: the micro sign and the letter mu are one name, and x² is none.
        wish = unicodedata.normalize("NFKC", re.sub(r"[()]", "", wish))
        name = re.sub(r"[\W_]+", "_", wish).strip("_") or "t1"
        name = name if name.isidentifier() else f"t_{name}"
        if not name.isidentifier():
            name = "t1"
        if name in self._taken and not name[-1].isdecimal():
            name += "_2"
        stem = re.sub(r"\d+\Z", "", name)
        while name in self._taken:
            number = self._next.get(stem, int(name[len(stem) :])) + 1
            self._next[stem] = number
            name = f"{stem}{number}"
        self._taken.add(name)
        return name
