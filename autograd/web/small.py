"""Scripts and styles in fewer bytes: without comments and the space that only people need; `names` does the rest."""

from __future__ import annotations

import re
from functools import lru_cache

SPACE = r"(?P<space>(?:\s+|//[^\n]*|/\*[\s\S]*?\*/)+)"
STRING = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
WORD = r"(?P<word>[^\W\d][\w$#]*|[$#][\w$#]*|\d\w*(?:(?<=\d)\.\w*)?|\.\d\w*)"
SIGN = r"=>|\+\+|--|\.\.\.|\?\.(?!\d)|&&=?|\|\|=?|\?\?=?|\*\*=?|[<>]{2,3}=?|[<>=!]==?|[-+*/%&|^]=|."
TOKEN = re.compile(f"{SPACE}|{STRING}|{WORD}|{SIGN}")
TEMPLATE = re.compile(r"[`}](?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)")
REGULAR = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")

VALUE_FOLLOWS = {"return", "typeof", "case", "in", "of", "new", "delete", "void", "throw", "else", "do", "yield"}
"""Words after which a slash begins a regular expression and divides nothing."""

OPEN = {"{", "(", "[", ",", ";", "=>", "&&", "||", "??", "?", ":", "=", "...", "+", "*"}
"""A line that ends with one of these goes on, and so does one before a line that begins with one of the next."""

CLOSE = {"}", ")", "]", ",", ";", ".", "?.", "?", ":", "&&", "||", "??", "=>", "="}

JOINED = re.compile(r"[\w$#]{2}|\+\+|--|//|/\*|\d\.")
"""Two signs that would be read as one if no space stood between them."""


@lru_cache(128)
def small_script(text: str) -> str:
    """Return a script that does the same without comments, indentation and the spaces between its signs.

    An end of a line stays where it may end a statement. Constants one after the other are one statement, and a single
    parameter has no parentheses. Raises ValueError for a template that does not end.

    >>> from autograd.web.small import small_script
    >>> small_script("const half = (x) => x / 2; // not more")
    'const half=x=>x/2;'
    """
    parts: list[str] = []
    last = space = ""
    # For each bracket that is open, the first word of the statement at work in it.
    first = [""]
    for kind, token in tokens(text):
        if kind == "space":
            space = token
            continue
        first = first[:-1] if token[0] in ")]}" and len(first) > 1 else first
        ends = "\n" in space and last not in OPEN and token not in CLOSE
        begins = ends or last in ("", ";", "{", "}")
        if token == "}" and last == ";" and parts[-2] not in (")", "else", "do"):
            parts.pop()
        elif token == "const" and first[-1] == "const" and (ends or last == ";"):
            parts[len(parts) - (last == ";") :] = [","]
            last, space = ",", ""
            continue
        elif token == "=>" and parts[-1] == ")" and parts[-3] == "(" and re.match(r"[\w$]", parts[-2]):
            parts[-3:] = [*[" "] * bool(JOINED.fullmatch(parts[-4][-1] + parts[-2][0])), parts[-2]]
        elif ends:
            parts.append("\n")
        elif space and JOINED.fullmatch(last[-1:] + token[0]):
            parts.append(" ")
        first[-1] = token if begins else first[-1]
        first = [*first, ""] if token[-1] in "([{" else first
        parts.append(token)
        last, space = token, ""
    return "".join(parts).strip()


def tokens(text: str) -> list[tuple[str, str]]:
    """Return the tokens of a script with their kinds: "space" (comments, too), "word" or "" for all others."""
    found: list[tuple[str, str]] = []
    # Braces that are open; "`" for one whose end goes on with a template.
    open_: list[str] = []
    place, last, kind = 0, "", ""
    while place < len(text):
        sign = text[place]
        resumes = sign == "}" and open_ and open_.pop() == "`"
        regular = None
        if sign == "`" or resumes:
            match = TEMPLATE.match(text, place)
            if not match:
                raise ValueError(f"the template that begins with {text[place : place + 20]!r} does not end")
            open_ += ["`"] * match[0].endswith("${")
        else:
            divides = last in (")", "]", "}") or (kind == "word" and last not in VALUE_FOLLOWS) or last[-1:] in "\"'`"
            if sign == "/" and not (last and divides):
                regular = REGULAR.match(text, place)
            match = TOKEN.match(text, place)
            assert match
            if regular and match.lastgroup != "space":
                match = regular
            open_ += ["{"] * (sign == "{")
        kind_now = match.lastgroup or "" if match.re is TOKEN else ""
        found.append((kind_now, match[0]))
        if kind_now != "space":
            last, kind = match[0], kind_now
        place = match.end()
    return found


def small_style(text: str) -> str:
    """Return a style sheet that says the same without comments and the spaces between its signs.

    >>> from autograd.web.small import small_style
    >>> small_style("p { margin: 0 auto; } /* all */")
    'p{margin:0 auto}'
    """
    bare = re.sub(f"/\\*[\\s\\S]*?\\*/|({STRING})", lambda found: found[1] or " ", text)
    pieces = re.split(f"({STRING})", bare)
    for k in range(0, len(pieces), 2):
        piece = re.sub(r"\s+", " ", pieces[k])
        # A space before a colon, a plus or a parenthesis may mean something: p :hover, calc(1px + 2px), and (...).
        piece = re.sub(r" ?([{};,>]) ?", r"\1", piece)
        piece = re.sub(r"(?<=[\w-]): ", ":", piece).replace(";}", "}")
        pieces[k] = re.sub(r"(?<![\w.])0(?=\.\d)|(?<=#)([\da-f])\1([\da-f])\2([\da-f])\3\b", r"\1\2\3", piece)
    return "".join(pieces).strip()
