"""One piece of HTML that lives: scripts, style and data joined, the same in a notebook, its exports, and as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from .names import declared_names, short_names
from .small import small_script, small_style

BASE = ("text", "numbers", "engine", "shell", "camera", "paths", "explain", "descent")
"""The scripts of every page; those of its views follow."""


def view(
    data: str, rows: str, options: Mapping[str, Any], views: Sequence[str], still: str, alone: bool = False
) -> str:
    """Return HTML that shows `still` until its script takes the place, where one may run.

    `data` is a `glassgrad-live/1` document, `rows` the script that computes its operations, `options` what the views
    read beside them, with a title, and `views` names the scripts of views, such as "graph". All of it stands in one
    function: nothing becomes global, and nothing is asked for.
    """
    settings = json.dumps(
        {**options, "style": style_of(views), "alone": alone}, ensure_ascii=False, separators=(",", ":")
    )
    joined = scripts_of((*BASE, *views))
    told = f"const data = {in_script(data)};\n{small_script(rows)}\nconst options = {in_script(settings)};"
    return embedded(joined, told, "makePage(host, structuredClone(data), ROWS, options)", still)


def embedded(scripts: str, told: str, start: str, still: str, name: str | None = None) -> str:
    """Return HTML that shows `still` until a script takes its place, in one function that shares nothing.

    `scripts` define what the page does, `told` its data; `start` is called for each element `host` of that name, which
    the content decides unless it is given.
    """
    name = name or f"glassgrad-{sha256((told + scripts).encode(errors='surrogatepass')).hexdigest()[:16]}"
    script = (
        f'(() => {{\n"use strict";\n{scripts}\n{told}\n'
        f'for (const host of document.querySelectorAll("#{name}"))\n'
        f"  if (!host.shadowRoot) {start};\n}})();"
    )
    # In a notebook, a dollar in a label is no LaTeX.
    return (
        f'<div id="{name}" class="glassgrad mathjax_ignore tex2jax_ignore">\n{still}\n</div>\n<script>{script}</script>'
    )


def page(title: str, view: str) -> str:
    """Return a view as a page of its own, whose policy forbids it to ask for anything."""
    return Template(text_of("page.html")).substitute(title=escape(title), view=view)


def in_script(text: str) -> str:
    """Return JSON that may stand in a script: nothing in it ends the script or begins another.

    >>> from autograd.web.page import in_script
    >>> in_script('"</script>"'), in_script('"<!--<script>"')
    ('"<\\\\/script>"', '"\\\\u003c!--\\\\u003cscript>"')
    """
    text = re.sub("<(?=!|script)", r"\\u003c", text.replace("</", r"<\/"), flags=re.IGNORECASE)
    return text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def script_of(name: str, folder: Traversable | None = None) -> str:
    """Return a script of a folder, by default this one, without what only its readers need."""
    return small_script(text_of(f"{name}.js", folder))


@lru_cache(8)
def scripts_of(names: tuple[str, ...]) -> str:
    """Return scripts that stand in one function, with short names for what only they know."""
    declared = {found for name in names for found in declared_names(text_of(f"{name}.js"))}
    return short_names("\n".join(map(script_of, names)), declared - {"makePage"})


def style_of(views: Sequence[str]) -> str:
    """Return the style of every page, and those of views that have one of their own."""
    folder = files(__package__)
    own = [f"{name}.css" for name in views if folder.joinpath(f"{name}.css").is_file()]
    return small_style("\n".join(map(text_of, ("base.css", "live.css", *own))))


def text_of(name: str, folder: Traversable | None = None) -> str:
    """Return a file of a folder, by default this one."""
    return (folder or files(__package__)).joinpath(name).read_text(encoding="utf-8")
