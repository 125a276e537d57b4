"""The command `glassgrad`: `glassgrad explain` is `python -m autograd`, all else is `python -m nn`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from glassgrad import nn as nn  # says what to do where another package lies over ours, so it comes first

HELP = """usage: glassgrad explain EXPRESSION ...    as python -m autograd: an expression, its gradients, the chain rule
       glassgrad COMMAND ...               as python -m nn:
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status, which is 2 for wrong input.

    >>> from glassgrad.__main__ import main
    >>> main(["explain", "w * x", "w=3", "x=2"])  # doctest: +ELLIPSIS
    J = w * x = 6
    ...
    0
    """
    from autograd.__main__ import main as explain
    from nn.__main__ import main as networks

    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["explain"]:
        return explain(words[1:])
    if not words or words[0] in ("-h", "--help"):
        print(HELP)
        words = ["--help"]
    return networks(words)


if __name__ == "__main__":
    sys.exit(main())
