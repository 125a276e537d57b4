"""How Sphinx builds the site: pages written here, the course, the reference from docstrings, live pages."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import Any

project = "glassgrad"
author = "The glassgrad developers"
release = version = version_of("glassgrad")
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
# Views give HTML beside their text; what else a notebook holds is for other readers.
suppress_warnings = ["mystnb.unknown_mime_type"]
default_role = "py:obj"

autodoc_default_options = {"members": True, "member-order": "bysource", "undoc-members": True}
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
autosummary_generate = True

nb_execution_mode = "off"  # the outputs are those that `make execute` wrote
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_block"]
myst_heading_anchors = 3
mathjax_path = "tex-svg-full.js"  # prepare.py fetches it: the site asks nobody for anything

html_theme = "pydata_sphinx_theme"
html_title = "glassgrad"
html_static_path = ["_static", "_build/static"]
html_extra_path = ["_build/extra"]
html_css_files = ["own.css"]
html_js_files = [("own.js", {"defer": "defer"})]
html_show_sourcelink = html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "show_toc_level": 2,
    "collapse_navigation": True,  # else each page lists all of the reference, behind arrows without a name
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": {"course/*": [], "index": [], "live": []},
}
html_sidebars = {"index": [], "live": []}
copybutton_exclude = ".linenos, .gp, .go"

CODE = re.compile(r"(``.+?``|`[^`]+`)")
SIGN = re.compile(r"\*(?=\w)|\||(?<=\w)_(?=\W|$)")


def escape(app: Any, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """Let stars, bars and underscores outside of backticks mean themselves, as they do to who reads a docstring."""
    for k, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = CODE.split(line)
            lines[k] = "".join(part if part.startswith("`") else SIGN.sub(r"\\\g<0>", part) for part in parts)


def setup(app: Any) -> None:
    """Tell Sphinx about the function above."""
    app.connect("autodoc-process-docstring", escape)
