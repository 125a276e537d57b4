"""The command that makes the playground: one page, with a table of anybody's or data that come along."""

from __future__ import annotations

import argparse
import json
import webbrowser
from pathlib import Path
from typing import Any

from autograd.files import open_file, printable, replace_file
from nn._core.types import Json
from nn._play.given import data_of_table
from nn._play.lessons import check_lesson
from nn._play.page import page
from nn._play.state import state_for
from nn.data import DataError

from .given import MADE, load
from .runs import SIDE

DIGITS = 600
"""The handwritten digits in a page for other data: all of them would be most of it."""


def play(options: argparse.Namespace) -> None:
    """Write the page, say where it is, and open it in a browser."""
    path = Path(options.out)
    if path.suffix.lower() not in (".html", ".htm"):
        raise DataError(f"--out {path}: the page needs the suffix .html")
    if not path.parent.is_dir():
        raise DataError(f"--out {path}: there is no folder {path.parent}")
    if options.target is not None and options.file is None:
        raise DataError(f"--target {options.target}: is for a table, which stands before it")
    data, state = None, None
    if options.file is not None:
        data = _data(options)
        state = state_for(data)
        for note in data["notes"]:
            print(printable(note))
    lessons = None if options.lessons is None else _lessons(options.lessons)
    title = "Playground" if data is None else f"Playground: {data['name']}"
    sets = _digits(options) if options.file != "digits" else []
    replace_file(path, page(state, data, title=title, sets=sets, lessons=lessons))
    print(f"wrote {printable(str(path))}")
    if not options.no_open and not webbrowser.open(path.resolve().as_uri()):
        print("no browser was found: open the file yourself")


def _lessons(path: Path) -> list[Json]:
    """Return the lessons of a file; whether a network fits its data, the page itself finds out."""
    try:
        with open_file(path) as file:
            text = file.read()
    except FileNotFoundError:
        raise DataError(f"--lessons {path}: there is no such file") from None
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"--lessons {path}: is no JSON: {error}") from None
    lessons = held.get("lessons") if isinstance(held, dict) else None
    if not isinstance(lessons, list) or not lessons:
        raise DataError(f'--lessons {path}: lessons are {{"lessons": [...]}}, with at least one')
    for k, lesson in enumerate(lessons, 1):
        try:
            check_lesson(lesson)
        except DataError as error:
            raise DataError(f"--lessons {path}: lesson {k}: {error}") from None
    return lessons


def _data(options: argparse.Namespace, most: int | None = None) -> Json:
    """Return the data that the options name, as the page reads them."""
    if options.file in MADE:
        raise DataError(f"{options.file}: is made in the page itself; leave it out")
    given = load({**vars(options), "data": options.file, "samples": 0})
    table: Any = given.table if most is None else given.table.of_rows(given.table.rows[:most])
    data = data_of_table(table, Path(options.file).name, seed=options.seed, scaled=given.scaled)
    if options.file == "digits":
        data["image"] = [SIDE, SIDE]
    return data


def _digits(options: argparse.Namespace) -> list[Json]:
    """Return handwritten digits, which come with scikit-learn; none without it."""
    others = {**vars(options), "file": "digits", "target": None}
    try:
        return [_data(argparse.Namespace(**others), DIGITS)]
    except ImportError:
        return []
