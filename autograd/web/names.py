"""Short names for what scripts declare, since each is said many times; keys and properties keep theirs."""

from __future__ import annotations

import re
from collections import Counter
from itertools import filterfalse, product
from string import ascii_letters

from .small import tokens

DECLARED = re.compile(
    r"\b(?:const|let|function) (\w+)|\bfunction \w*\(([\w, ]+)|\(([\w, ]+)\) =>|, (\w+) = |\[([\w, ]+)\] (?:=|of) "
)

WORDS = {"do", "if", "in", "of"}
"""Short words of the language, which no name may be."""

BLOCK_FOLLOWS = {"", ")", "{", "}", ";", "=>", "else", "try", "catch", "finally", "do"}
"""Signs after which a brace opens a block, and no object nor what takes one apart."""


def declared_names(text: str) -> set[str]:
    """Return the names that a script declares.

    >>> from autograd.web.names import declared_names
    >>> sorted(declared_names("const half = (x) => x / 2, [p, q] = pair;"))
    ['half', 'p', 'q', 'x']
    """
    return {name for found in DECLARED.findall(text) for name in re.findall(r"[A-Za-z]\w*", " ".join(found))}


def short_names(text: str, declared: set[str]) -> str:
    """Return a script in which declared names are short, the same one everywhere, and none that it says already.

    >>> from autograd.web.names import short_names
    >>> short_names("const half=x=>x/2;f({half,key:half(1)},y.half)", {"half", "key"})
    'const a=x=>x/2;f({half:a,key:a(1)},y.half)'
    """
    found = [token for _, token in tokens(text)]
    count = Counter(token for token in found if token in declared)
    every = ("".join(letters) for length in (1, 2) for letters in product(ascii_letters, repeat=length))
    names = filterfalse((WORDS | {*found}).__contains__, every)
    short = dict(zip((name for name, _ in count.most_common() if len(name) > 2), names))
    parts = []
    # For each bracket that is open, whether it is that of an object.
    objects = [False]
    for before, token, after in zip(["", *found], found, [*found[1:], ""]):
        if token[0] in ")]}" and len(objects) > 1:
            objects.pop()
        new = short.get(token, token)
        if before in (".", "?."):
            new = token
        elif objects[-1] and before in ("{", ",") and new != token:
            new = token if after in (":", "(") else f"{token}:{new}"
        parts.append(new)
        if token[-1] in "([{":
            objects.append(token == "{" and before not in BLOCK_FOLLOWS)
    return "".join(parts)
