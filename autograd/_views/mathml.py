"""MathML of the LaTeX that this package writes, for pages that show formulas without a script and without network."""

from __future__ import annotations

import re
from html import escape
from html.entities import html5

from .latex import FUNCTIONS

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d[\d.]*|\s+|.", re.DOTALL)

_SYMBOLS = {
    "cdot": "·", "partial": "∂", "infty": "∞", "ldots": "…", "cdots": "⋯", "|": "‖", "lfloor": "⌊", "rfloor": "⌋",
    "bmod": "mod",
}  # fmt: skip
"""Symbols that LaTeX calls otherwise than HTML does."""

_PLAIN = {"backslash": "\\", "sim": "~", "lt": "<", "gt": ">", "wedge": "^", " ": "\u00a0"}
"""Characters that stand as commands in a text."""

_SPACES = {",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.25em", "quad": "1em", "qquad": "2em"}


def mathml(latex: str) -> str:
    """Return LaTeX as a block of MathML; a command that is not known is shown as its name.

    >>> from autograd._views.mathml import mathml
    >>> print(mathml(r"\\frac{w_{1}}{2}"))
    <math display="block"><mfrac><msub><mi>w</mi><mn>1</mn></msub><mn>2</mn></mfrac></math>
    """
    reader = _Reader(_TOKEN.findall(latex))
    found: list[str] = []
    while reader.left():
        # What ends here was not begun.
        found.append(reader.row())
    return f'<math display="block">{"".join(found)}</math>'


class _Reader:
    """Tokens that are read from left to right; where they end too early, all that is open ends."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def left(self) -> bool:
        return self.place < len(self.tokens)

    def next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1] if self.place <= len(self.tokens) else ""

    def next_is(self, *tokens: str) -> bool:
        """Pass over spaces; tell whether one of the tokens comes next."""
        while self.left() and self.tokens[self.place].isspace():
            self.place += 1
        return self.left() and self.tokens[self.place] in tokens

    def row(self, *ends: str) -> str:
        """Return all up to one of the ends as one element; the end is passed over."""
        found: list[str] = []
        while not self.next_is(*ends) and self.left():
            sign = self.next_is("-", "+") and bool(found) and found[-1].endswith("</mo>")
            item = self.item()
            # A sign after an operator or a relation belongs to what follows; at the start of a row it does so anyway.
            found.append(item.replace("<mo>", '<mo form="prefix">') if sign else item)
        self.place += 1
        return found[0] if len(found) == 1 else f"<mrow>{''.join(found)}</mrow>"

    def braced(self) -> str:
        """Return what stands in the braces that come next; without braces, the next element."""
        if not self.next_is("{"):
            return self.element() if self.left() else "<mrow></mrow>"
        self.next()
        return self.row("}")

    def text(self, spaces: bool = False) -> str:
        """Return the characters in the braces that come next."""
        found = ""
        if self.next_is("{"):
            self.next()
            while (token := self.next()) not in ("}", ""):
                command = token[1:]
                if token[0] == "\\":
                    found += _PLAIN.get(command, command)
                elif spaces or not token.isspace():
                    found += token.replace(" ", "\u00a0")
        # Other writers of the LaTeX take a dollar for its end.
        return escape(found.replace("＄", "$"))

    def item(self) -> str:
        """Return the next element with its superscript and subscript."""
        base = "<mrow></mrow>" if self.next_is("^", "_") else self.element()
        scripts = {"^": "", "_": ""}
        while self.next_is("^", "_"):
            mark = self.next()
            scripts[mark] = self.braced()
        kind = {(True, True): "msubsup", (True, False): "msup", (False, True): "msub"}.get(
            (bool(scripts["^"]), bool(scripts["_"]))
        )
        return f"<{kind}>{base}{scripts['_']}{scripts['^']}</{kind}>" if kind else base

    def element(self) -> str:
        """Return the next element alone."""
        token = self.next()
        if token == "{":
            return self.row("}")
        if token[0] != "\\" or len(token) == 1:
            return _character(token)
        match token[1:]:
            case "frac" | "dfrac" as name:
                style = ' displaystyle="true"' if name == "dfrac" else ""
                return f"<mfrac{style}>{self.braced()}{self.braced()}</mfrac>"
            case "sqrt":
                return f"<msqrt>{self.braced()}</msqrt>"
            case "hat":
                return f'<mover accent="true">{self.braced()}<mo>^</mo></mover>'
            case "mathrm" | "text" as name:
                return f"<mtext>{self.text(spaces=name == 'text')}</mtext>"
            case "operatorname":
                return _name(self.text())
            case "color":
                return f'<mstyle mathcolor="{self.text()}">{self.braced()}</mstyle>'
            case "left":
                opening, inside = self.delimiter(), self.row("\\right")
                return f"<mrow>{opening}{inside}{self.delimiter()}</mrow>"
            case "begin":
                return self.table()
            case name if name in _SPACES:
                return f'<mspace width="{_SPACES[name]}"></mspace>'
            case name if name in FUNCTIONS:
                return _name(name)
            case name:
                symbol = _SYMBOLS.get(name) or html5.get(f"{name};") or name
                return _character(symbol) if len(symbol) == 1 else _name(escape(symbol))

    def delimiter(self) -> str:
        """Return the delimiter that comes next, which grows with what it encloses; "." is none."""
        self.next_is()
        token = self.next()
        shown = _SYMBOLS.get(token[1:], token[1:]) if token[:1] == "\\" else token
        return "" if shown in ("", ".") else f'<mo stretchy="true">{escape(shown)}</mo>'

    def table(self) -> str:
        """Return the environment that comes next: an array with the alignment of its columns, or cases."""
        cases = self.text() == "cases"
        columns = "ll" if cases else self.text()
        rows: list[str] = []
        cells: list[str] = []
        end = "&"
        while self.left() and end != "\\end":
            inside = self.row("&", "\\\\", "\\end")
            end = self.tokens[self.place - 1] if self.place <= len(self.tokens) else "\\end"
            align = {"l": "left", "r": "right"}.get(columns[len(cells) : len(cells) + 1], "center")
            # Chromium takes formulas for blocks, which the plain word does not move.
            cells.append(f'<mtd style="text-align:{align};text-align:-webkit-{align}">{inside}</mtd>')
            if end != "&":
                rows.append(f"<mtr>{''.join(cells)}</mtr>")
                cells = []
                if self.next_is("["):
                    # The space between two rows.
                    while self.next() not in ("]", ""):
                        pass
        self.text()
        made = f"<mtable>{''.join(rows)}</mtable>"
        return f'<mrow><mo stretchy="true">{{</mo>{made}</mrow>' if cases else made


def _character(symbol: str) -> str:
    symbol = symbol.replace("-", "−")
    kind = "mn" if symbol[0].isdigit() else "mi" if symbol.isalpha() or symbol in "∞…⋯∂⊤" else "mo"
    return f"<{kind}>{escape(symbol)}</{kind}>"


def _name(text: str) -> str:
    """Return a name of a function, upright also if it is one letter."""
    return f'<mi mathvariant="normal">{text}</mi>' if len(text) == 1 else f"<mi>{text}</mi>"
