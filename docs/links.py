"""See that every link, picture and anchor of a built site leads somewhere: `python docs/links.py SITE`.

Prints what is broken, and what a page would load from elsewhere; exits with 1 if there is any.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script", "img", "iframe", "source", "video", "link"}


class Page(HTMLParser):
    """Collects the names that a page gives to places, and where it leads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.leads: list[tuple[str, str]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read one tag."""
        given = {name: value for name, value in attrs if value}
        self.names |= {given[key] for key in ("id", "name") if key in given}
        told = tag != "link" or given.get("rel") in ("stylesheet", "icon", "preload")
        self.leads += [(tag, given[key]) for key in ("href", "src") if key in given and told]


def main(folder: str) -> int:
    """Check the site in a folder."""
    root = Path(folder).resolve()
    pages = {path: Page(path) for path in root.rglob("*.html") if "_static" not in path.parts}
    broken, outside, count = [], [], 0
    for path, page in pages.items():
        for tag, target in page.leads:
            count += 1
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                outside += [f"{path.relative_to(root)}: {target}"] * (tag in LOADED and parts.scheme != "data")
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            aim = aim / "index.html" if aim.is_dir() else aim
            missing = parts.fragment and aim in pages and unquote(parts.fragment) not in pages[aim].names
            if not aim.exists() or missing:
                broken.append(f"{path.relative_to(root)}: {target}")
    print(f"{len(pages)} pages, {count} links, {len(broken)} broken, {len(outside)} loaded from elsewhere")
    print(*broken, *outside, sep="\n")
    return int(bool(broken or outside))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
