"""Drawings for a page in few bytes: what their parts have in common is written once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

GROUP = re.compile("<g .*?</g>", re.DOTALL)
VALUE = re.compile(r'(?<==")[^"]*(?=")|(?<=>)[^<\n]+(?=<)')
PLACE = re.compile(r"(-?[\d.]+),(-?[\d.]+)")

HOLE = "\x1a"
"""Stands for a value in a pattern; no XML text may hold it."""


def packed(drawings: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the patterns that the parts of all drawings are made of, and for each drawing its `head` and `parts`.

    The first of each part is its pattern, the rest fills the holes of that. The places of a line are tenths, each
    counted from the one before it. Titles on hovering are left out: they hold numbers that change. `unpacked` in
    `web/drawing.js` puts a drawing together again.
    """
    texts = [bare(text) for text in drawings]
    found = [[(VALUE.sub(HOLE, part), VALUE.findall(part)) for part in GROUP.findall(text)] for text in texts]
    alike: dict[str, list[list[str]]] = {}
    for pattern, values in (part for parts in found for part in parts):
        alike.setdefault(pattern, []).append(values)
    # What all parts of a pattern have in a place stands in the pattern.
    common = {pattern: [len(set(column)) == 1 for column in zip(*rows)] for pattern, rows in alike.items()}
    numbers = {pattern: k for k, pattern in enumerate(alike)}
    forms = [
        {
            "head": single(text[: text.find("<g ")]),
            "parts": [
                [numbers[pattern], *(_short(one) for one, same in zip(values, common[pattern]) if not same)]
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


def _short(value: str) -> str:
    """Return the line of a path with each place in tenths, counted from the one before; another value as it is."""
    if not re.fullmatch(r"M[-\d.]+,[-\d.MLCZ, ]+", value):
        return value
    before = (0, 0)

    def step(place: re.Match[str]) -> str:
        nonlocal before
        x, y = (round(10 * float(one)) for one in place.groups())
        way = f"{x - before[0]},{y - before[1]}"
        before = (x, y)
        return way

    return PLACE.sub(step, value)
