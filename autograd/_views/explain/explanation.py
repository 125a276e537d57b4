"""How an explanation looks: as text in a terminal, as formulas in a notebook and in HTML made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import takewhile
from typing import Any, NamedTuple

from autograd._core.names import plain
from autograd._core.types import Raw
from autograd._views.formula import as_factor
from autograd._views.latex import latex_label, latex_number, latex_text
from autograd._views.numbers import data_text, is_large

from .paths import MANY_PATHS

WIDTH = 96
"""How many characters a line of text has."""

BLOCK = 5
"""How many factors stand side by side in a row of LaTeX."""


class Factor(NamedTuple):
    """One factor of the chain rule: the derivative of `upper` by `lower`, each the names of nodes.

    `formula` and `number` are that derivative; for arrays they are what the product so far, called g, becomes by this
    factor. `held` names what is held fixed: it depends on `lower` as well, by a way of its own. `color` is that of the
    drawn edge, empty where there are several.
    """

    upper: tuple[str, ...]
    lower: tuple[str, ...]
    held: tuple[str, ...]
    formula: str
    formula_latex: str
    number: str
    color: str


class Path(NamedTuple):
    """One path, or all of them layer by layer: its factors from the loss down, and their product.

    In a long path None stands for the factors between the first and the last.
    """

    factors: tuple[Factor | None, ...]
    value: Any


class Line(NamedTuple):
    """A name with its formula as text and as LaTeX (both empty for an input), and its number."""

    name: str
    formula: str
    formula_latex: str
    number: str


class Explanation(NamedTuple):
    """The derivative of a loss by one node; shows itself as text in a terminal, as formulas in a notebook.

    `value` is the derivative, `path_count` the number of paths (at most 10**100), `listed` whether `paths` are these;
    else it holds the one product of Jacobian matrices in which they all are. `lines` say what the names stand for.
    """

    loss: str
    wrt: str
    value: Any
    path_count: int
    listed: bool
    arrays: bool
    paths: tuple[Path, ...]
    lines: tuple[Line, ...]

    @property
    def latex(self) -> str:
        """The explanation as LaTeX for a notebook, without dollar signs."""
        return _latex(self)

    def __str__(self) -> str:
        return plain("\n".join(_text(self)))

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": f"$$\n{self.latex}\n$$", "text/html": _html(self)}

    def _repr_html_(self) -> str:
        # For marimo, whose style sheet shows nothing that is hidden, and which takes no style away.
        return _html(self).replace(' hidden=""', "")


def _html(it: Explanation) -> str:
    """Return the explanation as HTML that needs no script and no network.

    An untrusted notebook takes styles and MathML away: there the text stands, and what is left of the formulas is
    hidden.
    """
    # Its table of HTML's characters would be read at every import.
    from autograd._views.mathml import mathml

    style = (
        ".glassgrad-formulas{display:block!important;overflow-x:auto;padding:.2em 0}.glassgrad-text{display:none}"
        ".glassgrad-formulas math{width:max-content;margin:0 auto 0 1em;"
        'font-family:math,"Cambria Math","STIX Two Math","Latin Modern Math",serif}'
    )
    # In a notebook, a dollar in a label is no LaTeX.
    return (
        f'<div class="mathjax_ignore tex2jax_ignore"><style>{style}</style>\n'
        f'<pre class="glassgrad-text">{escape(str(it))}</pre>\n'
        f'<div class="glassgrad-formulas" hidden="">{mathml(it.latex)}</div></div>'
    )


def show(data: Raw) -> str:
    """Return raw data as short text: a number with six digits, a small array, or the shape of a large one."""
    return data_text(data, large="of shape {}")


def cut(names: Sequence[str]) -> str:
    """Return the names of one node or of several that stand side by side."""
    if len(names) == 1:
        return names[0]
    return f"({', '.join(names)})" if len(names) <= 3 else f"({names[0]} … {names[-1]})"


def _how(it: Explanation) -> str:
    """Say over how many paths the derivative is the sum, or why they are not listed."""
    if not it.paths[0].factors:
        return "the loss itself"
    if it.listed:
        return "along 1 path" if it.path_count == 1 else f"the sum over {it.path_count} paths"
    if it.path_count >= MANY_PATHS:
        number = f"more than {MANY_PATHS:.0e}"
    else:
        number = f"{it.path_count:,}" if it.path_count < 10**9 else f"{it.path_count:.2g}"
    return f"over {number} paths: too many to list, so they are taken together, layer by layer"


def _remarks(it: Explanation) -> Iterator[str]:
    """Yield remarks about the notation."""
    held = next((factor for path in it.paths for factor in path.factors if factor and factor.held), None)
    if held:
        yield f"{_name(held)}: with {' and '.join(held.held[:2])} held fixed, though {held.lower[0]} acts on it as well"
    if not it.listed:
        yield "(a, …): nodes side by side; 2 × 3: a Jacobian matrix, a row for each node above, a column for each below"
    if it.arrays:
        yield f"g: the gradient that arrives from the line above, in the first line ∂{it.loss}/∂{it.loss} = 1"


def _signed(numbers: Sequence[str]) -> list[str]:
    """Return numbers as the terms of a sum."""
    return [numbers[0], *(f"- {n[1:]}" if n.startswith("-") else f"+ {n}" for n in numbers[1:])]


def _name(factor: Factor | None) -> str:
    if factor is None:
        return "…"
    held = f"|{', '.join(factor.held[:2])}{', …' * (len(factor.held) > 2)}" if factor.held else ""
    return f"∂{cut(factor.upper)}/∂{cut(factor.lower)}{held}"


def _text(it: Explanation) -> Iterator[str]:
    name = f"∂{it.loss}/∂{it.wrt}"
    several = len(it.paths) > 1
    yield f"{name}{'' if is_large(it.value) else ' ='} {show(it.value)}, {_how(it)}"
    yield ""
    yield from _lines_text(it.lines)
    yield from (f"  {remark}" for remark in _remarks(it))
    if several or it.arrays:
        yield ""
        yield from _rule_text(f"  {name} = ", it)
    for k, path in enumerate(it.paths, 1):
        if path.factors:
            yield ""
            yield from (_arrays_text if it.arrays else _numbers_text)(f"  path {k}" if several else f"  {name}", path)
    if several:
        yield ""
        yield from _wrapped(f"  {name} = ", _signed([show(path.value) for path in it.paths]), " ")
        yield f"  {' ' * len(name)} = {show(it.value)}"


def _lines_text(lines: Sequence[Line]) -> Iterator[str]:
    inputs = [f"{line.name} = {line.number}" if line.number else line.name for line in lines if not line.formula]
    yield from _wrapped("  ", inputs, ", ")
    rows = [(line.name, line.formula, line.number) for line in lines if line.formula]
    wide = [max(map(len, column)) for column in zip(*rows)]
    for name, formula, number in rows:
        yield f"  {name:<{wide[0]}} = {formula:<{wide[1]}} = {number}"


def _rule_text(lead: str, it: Explanation) -> Iterator[str]:
    """Yield the chain rule in names alone; factors that all paths have in common are written once."""
    first, terms, last = _common([[_name(factor) for factor in path.factors] for path in it.paths])
    products = [" · ".join(term) for term in terms]
    before, after = " · ".join([*first, ""]), " · ".join(["", *last])
    if len(terms) > 1 and (first or last):
        before, after = f"{before}(", f"){after}"
    line = f"{lead}{before}{' + '.join(products)}{after}"
    if len(line) <= WIDTH:
        yield line
        return
    margin = " " * len(lead + before)
    yield f"{lead}{before}  {products[0]}"
    yield from (f"{margin}+ {product}" for product in products[1:])
    if after:
        yield f"{margin}{after}"


def _common(paths: list[list[str]]) -> tuple[list[str], list[list[str]], list[str]]:
    """Take paths apart into the factors that all start with, those between, and those that all end with."""
    if len(paths) == 1:
        return [], paths, []
    first = _alike(paths)
    last = _alike([path[first:][::-1] for path in paths])
    return paths[0][:first], [path[first : len(path) - last] for path in paths], paths[0][len(paths[0]) - last :]


def _alike(paths: list[list[str]]) -> int:
    """Count the equal factors that all paths start with. No path is used up, as none is the start of another."""
    return sum(1 for _ in takewhile(lambda factors: len(set(factors)) == 1, zip(*paths)))


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """Yield formula and number of each factor of a path; those that the product would tear apart in parentheses."""
    for k, f in enumerate(path.factors):
        if f is None:
            yield "…", "…"
        elif len(path.factors) == 1 or not f.color:
            yield f.formula, f.number
        else:
            yield as_factor(f.formula, first=k == 0), as_factor(f.number, first=k == 0)


def _numbers_text(lead: str, path: Path) -> Iterator[str]:
    """Yield the factors of a path side by side, with name, formula and number of each in a column."""
    columns = [(_name(f), *cells) for f, cells in zip(path.factors, _cells(path))]
    blank = " " * len(lead)
    prefixes = [f"{lead} = ", f"{blank} = ", f"{blank} = "]
    if len(columns) == 1:
        # With one factor there is nothing to multiply.
        cells = columns[0][1:] if columns[0][0] == lead.strip() else columns[0]
        yield from (prefix + cell for prefix, cell in zip(prefixes, cells))
        return
    rows: list[list[tuple[str, ...]]] = [[]]
    room = WIDTH - len(prefixes[0])
    for column in columns:
        if rows[-1] and sum(max(map(len, c)) + 3 for c in (*rows[-1], column)) > room:
            rows.append([])
        rows[-1].append(column)
    for row in rows:
        wide = [max(map(len, column)) for column in row]
        for prefix, cells in zip(prefixes, zip(*row)):
            yield (prefix + " · ".join(cell.center(w) for cell, w in zip(cells, wide))).rstrip()
        if row is not rows[-1]:
            yield ""
        prefixes = [f"{blank} · "] * 3
    yield f"{blank} = {show(path.value)}"


def _arrays_text(lead: str, path: Path) -> Iterator[str]:
    """Yield the factors of a path beneath each other, each with the gradient that it makes."""
    rows = [(_name(f), *((f.formula, f.number) if f else ("…", "…"))) for f in path.factors]
    rows = [("factor", "g becomes", "which is"), *rows]
    wide = [max(map(len, column)) for column in zip(*rows)]
    yield f"{lead}:"
    for row in rows:
        yield ("    " + "   ".join(cell.ljust(w) for cell, w in zip(row, wide))).rstrip()


def _wrapped(lead: str, parts: Sequence[str], glue: str) -> Iterator[str]:
    """Yield parts joined to lines of readable length."""
    line = lead
    for k, part in enumerate(parts):
        piece = part + (glue if k < len(parts) - 1 else "")
        if len(line) + len(piece) > WIDTH and line.strip():
            yield line.rstrip()
            line = " " * len(lead)
        line += piece
    yield line


def _latex(it: Explanation) -> str:
    name = rf"\dfrac{{\partial {latex_label(it.loss)}}}{{\partial {latex_label(it.wrt)}}}"
    several = len(it.paths) > 1
    rows = [rf"{name} = {_latex_shown(show(it.value))} \quad {latex_text(_how(it))}"]
    inputs = [line for line in it.lines if not line.formula]
    shown = [f"{latex_label(i.name)} = {_latex_shown(i.number)}" if i.number else latex_text(i.name) for i in inputs]
    rows += [r",\quad ".join(shown[k : k + BLOCK]) for k in range(0, len(shown), BLOCK)]
    lines = [line for line in it.lines if line.formula]
    if lines:
        meant = [f"{latex_label(x.name)} & = {x.formula_latex} & = {_latex_shown(x.number)}" for x in lines]
        rows.append(_environment("array", "{rll}", meant))
    rows += [latex_text(remark) for remark in _remarks(it)]
    for k, path in enumerate(it.paths, 1):
        if path.factors:
            lead = latex_text(f"path {k}") if several else name
            rows.append(_latex_arrays(path) if it.arrays else _latex_numbers(lead, path))
    if several:
        terms = _signed([_latex_shown(show(path.value)) for path in it.paths])
        rows.append(f"{name} = {' '.join(terms)} = {_latex_shown(show(it.value))}")
    return _environment("array", "{l}", rows)


def _environment(kind: str, columns: str, rows: Sequence[str]) -> str:
    return "\n".join([rf"\begin{{{kind}}}{columns}", " \\\\[1ex]\n".join(rows), rf"\end{{{kind}}}"])


def _latex_cut(names: Sequence[str]) -> str:
    labels = [latex_label(name) for name in names]
    if len(labels) > 3:
        labels = [labels[0], r"\ldots", labels[-1]]
    return labels[0] if len(labels) == 1 else rf"\left({', '.join(labels)}\right)"


def _latex_name(factor: Factor) -> str:
    """Return the name of a factor as a fraction, in the colour of its edge."""
    name = rf"\dfrac{{\partial {_latex_cut(factor.upper)}}}{{\partial {_latex_cut(factor.lower)}}}"
    if factor.held:
        name = rf"\left.{name}\right|_{{{', '.join(map(latex_label, factor.held[:2]))}}}"
    # Not \textcolor: MathJax 2, which exported notebooks use, fails where it breaks a line with that.
    return rf"{{\color{{{factor.color}}}{{{name}}}}}" if factor.color and not _dark(factor.color) else name


def _dark(color: str) -> bool:
    """Tell whether a colour is too dark for a dark theme. The colour of the text around stands in for it."""
    return all(int(color[k : k + 2], 16) < 0x80 for k in (1, 3, 5))


def _latex_shown(number: str) -> str:
    """Return a number, or the text of an array, as LaTeX."""
    return latex_text(number) if number[:1] in ("[", "o", "…") else latex_number(number)


def _latex_numbers(lead: str, path: Path) -> str:
    """Return the factors of a path side by side, BLOCK in a row."""
    columns: list[Sequence[str]] = []
    for f, (formula, number) in zip(path.factors, _cells(path)):
        if f is None:
            columns.append(["…"] * 3)
            continue
        parts = ((f.formula_latex, formula != f.formula), (_latex_shown(f.number), number != f.number))
        columns.append([_latex_name(f), *(rf"\left({part}\right)" if loose else part for part, loose in parts)])
    rows, times = [], r"&{}\cdot{}&"
    for start in range(0, len(columns), BLOCK):
        for k, cells in enumerate(zip(*columns[start : start + BLOCK])):
            lead = "" if start or k else lead
            rows.append(f"{lead} {times if start else '&=&'} {f' {times} '.join(cells)}".lstrip())
    if len(columns) > 1:
        rows.append(f"&=& {_latex_shown(show(path.value))}")
    return _environment("array", f"{{r{'c' * 2 * min(BLOCK, len(columns))}}}", rows)


def _latex_arrays(path: Path) -> str:
    """Return the factors of a path beneath each other, each with the gradient that it makes."""
    rows = [
        rf"{_latex_name(f)}: & g \leftarrow {f.formula_latex} & {_latex_shown(f.number)}" if f else "…"
        for f in path.factors
    ]
    return _environment("array", "{lll}", rows)
