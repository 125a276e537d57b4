"""The page of the playground: scripts, style and data in one file, or one piece of HTML for a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any

from autograd.web.names import declared_names, short_names
from autograd.web.page import embedded, in_script, text_of
from autograd.web.page import page as whole_page
from autograd.web.small import small_script, small_style

from .pieces import pieces

BASE = ("text", "numbers")
"""The scripts of `autograd` that the playground uses."""

MACHINE = (
    "machine_net", "machine_state", "machine_data", "machine_change", "machine_ways", "machine_explain",
    "machine_landscape", "machine_python", "machine_texts", "machine", "formula", "data", "data_table",
)  # fmt: skip
"""The scripts of the network and its data, which know no document."""

STAGE = (
    "play_paint", "play_surface", "play_layout", "play_lines", "play_net", "play_output", "play_curves", "play_bar",
    "play_data", "play_pick", "play_explain", "play_neuron", "play_land", "play_take", "play_lessons", "play_image",
    "play_loop", "play_samples", "play_page", "play",
)  # fmt: skip
"""The scripts of what is seen."""

LOW = (
    "<style>@media (min-width:1000px) and (max-height:760px)"
    "{body{padding:6px 12px}h1{position:absolute;clip-path:inset(50%)}}</style>"
)
"""On a low screen the stage needs the room of the page's title, which the tab of the browser has, too."""


def page(state: Mapping[str, Any] | None, data: Mapping[str, Any] | None, **options: Any) -> str:
    """Return the playground as a page of its own, whose policy forbids it to ask for anything.

    `options` are those of `view`.
    """
    return whole_page(options.get("title", "Playground"), LOW + view(state, data, alone=True, **options))


def view(
    state: Mapping[str, Any] | None,
    data: Mapping[str, Any] | None,
    *,
    alone: bool = False,
    title: str = "Playground",
    name: str | None = None,
    history: Mapping[str, Any] | None = None,
    sets: Sequence[Mapping[str, Any]] = (),
    lessons: Sequence[Mapping[str, Any]] | None = None,
    still: str = "",
    simple: bool = False,
) -> str:
    """Return the playground as HTML for a page or a notebook.

    `state` is the network, None for a usual one; `data` what it learns from, None for two moons; `sets` are more data
    to choose; `history` holds the losses of a fit, as {"epochs": [...], "loss": [...], "val_loss": [...]}; `lessons`
    stand before those of the page, which begins with the first; `still` is HTML that stands there where no script runs;
    a `simple` page begins with few controls;
    `name` is the id of its element, by default one that its content decides.
    """
    web = files("nn").joinpath("web")
    given = {"state": state, "data": data, "history": history, "sets": list(sets)}
    style = small_style(text_of("base.css") + text_of("play.css", web))
    settings = {"title": title, "alone": alone, "lessons": lessons, "simple": simple, "style": style}
    told = f"const given = {_json(given)};\nconst options = {_json(settings)};"
    still = still or f"<p>{escape(title)}: here no script runs, so that there is nothing to play with.</p>"
    return embedded(_scripts(), told, "makePlay(host, structuredClone(given), options)", still, name)


@lru_cache(1)
def _scripts() -> str:
    """Return all scripts, with short names for what only they know."""
    web = files("nn").joinpath("web")
    own = [text_of(f"{name}.js") for name in BASE] + [text_of(f"{name}.js", web) for name in (*MACHINE, *STAGE)]
    declared = {found for text in own for found in declared_names(text)}
    # The pieces are a scope of their own, which the others know by one name.
    kept = {"makePlay", "PIECES"}
    parts = short_names(small_script(pieces()), declared_names(pieces()) - kept)
    return parts + "\n" + short_names("\n".join(map(small_script, own)), declared - kept)


def _json(value: Any) -> str:
    return in_script(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
