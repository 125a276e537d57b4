"""Drawings for a page in few bytes: what their parts have in common is written once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

GROUP = re.compile("<g .*?</g>", re.DOTALL)
VALUE = re.compile(r'(?<=translate\()[^)]*(?=\))|(?<==")(?!translate)[^"]*(?=")|(?<=>)[^<\n]+(?=<)')
PLACE = re.compile(r"(-?[\d.]+),(-?[\d.]+)")
ARROW = re.compile(
    r'<g id="(?P<id>[^"]*)" class="edge"(?: transform="translate\((?P<at>[^)]*)\)")?>\n'
    r'<path d="(?P<line>[^"]*)" fill="none" stroke="(?P<color>[^"]*)" stroke-width="1.2"/>'
    r'<path d="M[^L]*L(?P<tip>[^L]*)L[^"]*" fill="(?P=color)"/>\n</g>'
)
NUMBER = re.compile('(<text [^>]*class="(?:data|grad)"[^>]*>)[^<]*')

HOLE = "\xad"
"""Stands for a value in a pattern: a soft hyphen, which no text in a picture keeps, and JSON writes as it is."""


def packed(drawings: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the patterns that the parts of all drawings are made of, and for each drawing its `head` and `parts`.

    The first of each part is its pattern, the rest fills the holes of that. An arrow is a colour, a name, and the
    places of its line and its tip in tenths, each counted from the one before it: its head is what all of them have.
    Left out are titles on hovering, which hold numbers that change, and the numbers in boxes, which the page writes.
    `unpacked` in `web/drawing.js` puts a drawing together again.
    """
    texts = [bare(text) for text in drawings]
    found = [[_arrow(part) or _box(part) for part in GROUP.findall(text)] for text in texts]
    alike: dict[str, list[list[str]]] = {}
    for pattern, values in (part for parts in found for part in parts if part[0]):
        alike.setdefault(pattern, []).append(values)
    # What all parts of a pattern have in a place stands in the pattern.
    common = {pattern: [len(set(column)) == 1 for column in zip(*rows)] for pattern, rows in alike.items()}
    numbers = {pattern: k for k, pattern in enumerate(alike)}
    forms = [
        {
            "head": single(text[: text.find("<g ")]),
            "parts": [
                [numbers[pattern], *(one for one, same in zip(values, common[pattern]) if not same)]
                if pattern
                else values
                for pattern, values in parts
            ],
        }
        for text, parts in zip(texts, found)
    ]
    return [_filled(pattern, rows[0], common[pattern]) for pattern, rows in alike.items()], forms


def bare(svg: str) -> str:
    """Return a drawing without its titles on hovering."""
    return re.sub("<title>[^<]*</title>\n?", "", svg)


def single(svg: str) -> str:
    """Return a drawing with other quotes, since in a string of a script or in an attribute each would be more signs."""
    return re.sub("<[^<>']*>", lambda tag: tag[0].replace('"', "'"), svg.replace("\n", ""))


def _filled(pattern: str, values: list[str], common: list[bool]) -> str:
    """Return a pattern with the values that are the same in all of its parts."""
    pieces = pattern.split(HOLE)
    fills = [value if same else HOLE for value, same in zip(values, common)]
    return single("".join(piece + fill for piece, fill in zip(pieces, [*fills, ""])))


def _box(part: str) -> tuple[str, list[str]]:
    """Return the pattern of a part, and its values; the page writes the numbers of nodes."""
    text = NUMBER.sub(r"\1?", part) if part.startswith(('<g id="n', '<g id="g-')) else part
    return VALUE.sub(HOLE, text), VALUE.findall(text)


def _arrow(part: str) -> tuple[str, list[str]] | None:
    """Return an arrow as its colour, name and places, without a pattern; None for what has another look."""
    arrow = ARROW.fullmatch(part)
    if not arrow:
        return None
    left, top = (10 * float(one) for one in (arrow["at"] or "0,0").split(","))
    before = (0, 0)

    def step(place: re.Match[str]) -> str:
        nonlocal before
        x, y = round(10 * float(place[1]) + left), round(10 * float(place[2]) + top)
        way = f"{x - before[0]},{y - before[1]}"
        before = (x, y)
        return way

    return "", [arrow["color"], arrow["id"], PLACE.sub(step, f"{arrow['line']} {arrow['tip']}")]
