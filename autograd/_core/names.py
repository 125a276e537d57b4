"""Nodes named in errors, and text as the terminal can print it."""

from __future__ import annotations

import sys

from autograd.files import printable

from .node import Node


def name_of(node: object) -> str:
    """Return a short text for a node or a constant in an error: its label, operation or kind."""
    if not isinstance(node, Node):
        return f"{node:g}" if isinstance(node, (float, int)) else type(node).__name__
    return printable(node.label)[:60] or (node.op.name if node.op else f"an unlabelled {type(node).__name__}")


def plain(text: str) -> str:
    """Return text to print: d for the curly one of a page, and else letters of code page 1252 of Windows.

    A letter, such as one of a label, that the terminal has not stands as its number.

    >>> from autograd._core.names import plain
    >>> plain("w ← ∂J/∂w · 2")
    'w <- dJ/dw · 2'
    """
    text = text.translate(_PRINTED)
    encoding = getattr(sys.stdout, "encoding", None)
    return text.encode(encoding, "backslashreplace").decode(encoding) if isinstance(encoding, str) else text


_PRINTED = {ord("∂"): "d", ord("←"): "<-"}
