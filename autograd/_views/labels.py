"""How labels are read: `w(1)_2,3` is w with the superscript (1) and the subscript 2,3, as on a slide."""

from __future__ import annotations

import re

from autograd._core.node import Node
from autograd.picture.shapes import Symbol

_LABEL = re.compile(
    r"(?P<base>[^\W\d_]+)(?P<hat>_hat)?(?:\((?P<above>[^\W_]{1,12})\))?"
    r"(?:_?(?P<number>[0-9]+(?:,[0-9]+)*)|_(?P<below>[^\W_]{1,2}))?"
)


def read(label: str) -> Symbol:
    """Take a label apart into a base, a superscript and a subscript; any other text is all base.

    >>> from autograd._views.labels import read
    >>> read("w(1)_2,3")
    Symbol(base='w', above='(1)', below='2,3')
    >>> read("y_hat"), read("my loss")
    (Symbol(base='ŷ', above='', below=''), Symbol(base='my loss', above='', below=''))
    """
    from unicodedata import normalize

    found = _LABEL.fullmatch(label) if len(label) <= 40 else None
    if found is None:
        return Symbol(label)
    base = normalize("NFC", found["base"] + "\u0302") if found["hat"] else found["base"]
    return Symbol(base, f"({found['above']})" if found["above"] else "", found["number"] or found["below"] or "")


def is_parameter(leaf: Node) -> bool:
    """Tell whether a leaf is a parameter: that of a layer, or as in the seminar one that is called w.

    >>> from autograd._views.labels import is_parameter
    >>> [is_parameter(Value(1.0, label=label)) for label in ("w0", "W", "x1", "width")]
    [True, True, False, False]
    """
    return leaf.mark[2] in ("weight", "bias") or read(leaf.label).base in ("w", "W")
