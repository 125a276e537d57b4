"""One piece of HTML that lives: scripts, style and data joined, the same in a notebook, its exports, and as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

BASE = ("text", "engine", "shell", "camera", "paths", "explain", "descent")
"""The scripts of every page; those of its views follow."""


def view(
    data: str, rows: str, options: Mapping[str, Any], views: Sequence[str], still: str, alone: bool = False
) -> str:
    """Return HTML that shows `still` until its script takes the place, where one may run.

    `data` is a `glassgrad-live/1` document, `rows` the script that computes its operations, `options` what the views
    read beside them, with a title, and `views` names the scripts of views, such as "graph". All of it stands in one
    function: nothing becomes global, and nothing is asked for.
    """
    settings = json.dumps({**options, "style": style_of(views), "alone": alone}, ensure_ascii=False)
    joined = "\n".join(map(script_of, (*BASE, *views)))
    told = f"const data = {in_script(data)};\n{rows}\nconst options = {in_script(settings)};"
    name = f"glassgrad-{sha256((told + joined).encode(errors='surrogatepass')).hexdigest()[:16]}"
    script = (
        f'(() => {{\n"use strict";\n{joined}\n{told}\n'
        f'for (const host of document.querySelectorAll("#{name}"))\n'
        f"  if (!host.shadowRoot) makePage(host, structuredClone(data), ROWS, options);\n}})();"
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


def script_of(name: str) -> str:
    """Return a script without its comments and the space before its lines."""
    lines = (line.strip() for line in text_of(f"{name}.js").split("\n"))
    bare, comment = [], False
    for line in lines:
        comment = comment or line.startswith("/*")
        if line and not comment and not line.startswith("//"):
            bare.append(line)
        comment = comment and not line.endswith("*/")
    return "\n".join(bare)


def style_of(views: Sequence[str]) -> str:
    """Return the style of every page, and those of views that have one of their own."""
    folder = files(__package__)
    own = [f"{name}.css" for name in views if folder.joinpath(f"{name}.css").is_file()]
    return "\n".join(map(text_of, ("live.css", *own)))


def text_of(name: str) -> str:
    """Return a file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
