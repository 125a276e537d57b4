"""Give texts of a stranger as labels, keys, names and attributes, and see that none is run: `python tests/canary.py`.

Each text goes into a compiled function, a drawing, an explanation and the steps. A text that was run would set a flag.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import random
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import autograd
from autograd import Value, draw, explain, grad, steps, tanh
from autograd._views.latex import _SPECIAL, GREEK

SET = "__import__('builtins').__dict__.__setitem__('canary', 1)"
HOSTILE = [
    SET,
    f"');{SET};('",
    f'");{SET};("',
    f"\n{SET}\n",
    f"\r{SET}",
    f"x):\n    {SET}\n    return (x",
    f"'''{SET}'''",
    f"\\';{SET}#",
    f"\u2028{SET}\u2028",
    f"\x0c{SET}",
    f"#\n{SET}",
    f"{{{SET}}}",
    f"\\\n{SET}",
    f"=lambda: {SET}",
    f"**{SET}",
    f"*args={SET}",
    f":={SET}",
    f"\\N{{DIGIT ONE}}{SET}",
    f"\x00{SET}",
    f"\ud800{SET}",
    f"import os;{SET}",
    f"a b\t{SET}",
    "__builtins__",
    "__debug__",
    "__import__",
    "ｅｖａｌ",
    "eval",
    "exec",
    "np",
    "math",
    "print",
    "lambda",
    "None",
    "True",
    "_",
    "",
    "import numpy as np",
    "from jax import numpy",
    "\\input{/etc/passwd}",
    "\\href{javascript:alert(1)}{x}",
    "$x$",
    "%",
    "}{",
    "\\end{array}",
    '"];evil[label="x',
    '" -> "',
    "<b>x</b>",
    "]]>",
    "&amp;",
    "\\l\\r\\n\\G",
    "${x}",
    "`x`",
    "x" * 5000,
    "π²",
    "é",
    "\u202ex",
    "😀",
    "constructor",
    "__proto__",
    "_etc_",
    "ARGUMENT0_",
    "RESULT_",
    "t1",
    "J",
    "dJ_dx",
    "x_list",
    "c1",
]

ODD = {
    "__repr__": lambda self: SET,
    "__str__": lambda self: SET,
    "__format__": lambda self, how: SET,
    "__eq__": lambda self, other: True,
    "__hash__": lambda self: 1,
    "__len__": lambda self: 0,
    "__bool__": lambda self: False,
    "__iter__": lambda self: iter(SET),
    "__getitem__": lambda self, index: SET,
    "__add__": lambda self, other: SET,
    "__mod__": lambda self, other: SET,
    "isidentifier": lambda self: True,
    "replace": lambda self, *args: SET,
    "encode": lambda self, *args: SET.encode(),
    "strip": lambda self, *args: SET,
    "__int__": lambda self: 7,
    "__float__": lambda self: 7.5,
    "__neg__": lambda self: SET,
    "__abs__": lambda self: SET,
    "__lt__": lambda self, other: False,
}

USED = {"abs", "max", "min", "float", "round", "slice", "range", "len", "np", "math"}
"""What the source may read beside what it has named itself."""


def text_of(rng: random.Random) -> str:
    """Return a hostile text, several of them, or letters of all kinds."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(HOSTILE)
    if kind < 0.6:
        return "".join(rng.choices(HOSTILE, k=2))
    letters: list[Callable[[], str]] = [
        lambda: rng.choice("\n'\"\\{}();#$x_é\u2028\r\x00=: "),
        lambda: chr(rng.randrange(0x300)),
        lambda: chr(rng.randrange(0x110000)),
    ]
    return "".join(rng.choice(letters)() for _ in range(rng.randrange(1, 30))) + rng.choice(["", SET])


def odd(rng: random.Random, kind: type, item: Any) -> Any:
    """Return an item of a class of one's own, with some methods that say something else."""
    names = rng.sample(sorted(ODD), k=rng.randrange(1, 5))
    if "__eq__" in names:
        names.append("__hash__")
    made = type(re.sub(r"[\x00\ud800-\udfff]", "", text_of(rng)) or "K", (kind,), {name: ODD[name] for name in names})
    return kind.__new__(made, item)


def key_of(rng: random.Random) -> Any:
    """Return a key of a dict."""
    text = text_of(rng)
    return rng.choice(
        [
            lambda: text,
            lambda: text.encode(errors="replace"),
            lambda: odd(rng, str, text),
            lambda: odd(rng, int, rng.randrange(9)),
            lambda: odd(rng, float, rng.random()),
            lambda: odd(rng, bytes, text.encode(errors="replace")),
            lambda: (text, odd(rng, str, text)),
            lambda: rng.choice([1, 2.5, True, None, -0.0, float("inf"), 10**400]),
        ]
    )()


def function_of(rng: random.Random, name: str, label: str, out: Any, beside: Any) -> Callable[..., Any]:
    """Return a function whose name, labels and results are of a stranger."""

    def f(d: Any, **named: Any) -> Any:
        (x,) = d.values()
        z = tanh(x * 2.0)
        z.label = label
        for other in named.values():
            z = z * other
        return {out: z * z, "beside": beside}

    f.__name__ = f.__qualname__ = name
    return f


def compiled(rng: random.Random, backend: str = "numpy") -> None:
    """Compile a function of a stranger, and compare."""
    key, out, beside, name = key_of(rng), key_of(rng), key_of(rng), text_of(rng)
    f = function_of(rng, name, text_of(rng), out, beside)
    named = {text_of(rng): 1.0 for _ in range(rng.randrange(3))}
    fast = autograd.compile(f, backend=backend)
    found = fast({key: 0.5}, **named)
    (first, *_), want = found.items(), f({key: Value(0.5)}, **named)
    assert [id(k) for k in found] == [id(k) for k in want] or list(map(type, found)) == list(map(type, want))
    assert abs(first[1] - next(iter(want.values())).data) < 1e-12
    assert type(found["beside"]) is type(beside) if len(found) == 2 else True
    check_source(str(fast.source))
    gradient = autograd.compile(grad(lambda d: next(iter(f(d).values()))), backend=backend)
    ((kept, _),) = gradient({key: 0.5}).items()
    assert type(kept) is type(key)
    check_source(str(gradient.source))


def check_source(source: str) -> None:
    """Raise AssertionError where a source reads a name that it has not given, or a constant is not what it says."""
    tree = ast.parse(source)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {"jax"} | {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            own.add(node.name)
            own.update(arg.arg for arg in node.args.args)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            assert ast.unparse(node) in ("import math", "import numpy as np", "import jax.numpy as np"), node
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert node.id in own | USED, node.id
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr
        elif isinstance(node, ast.Constant):
            assert type(node.value) in (str, bytes, int, float, bool, type(None)), node.value
            assert ast.literal_eval(ast.unparse(node)) == node.value
        else:
            assert not isinstance(node, (ast.Lambda, ast.ClassDef, ast.JoinedStr, ast.Global, ast.Delete)), node


def _skeleton(dot: str) -> str:
    """Return a text of Graphviz's without its strings and numbers."""
    return re.sub(r"[\d.]+", "0", re.sub(r'"(?:[^"\\]|\\.)*"', '""', dot))


def _commands(latex: str) -> set[str]:
    return set(re.findall(r"\\(?:[A-Za-z]+|.)", latex, re.DOTALL))


def _graph(label: str) -> tuple[Any, Any]:
    w = Value(0.3, label=label)
    return tanh(w * 2.0) * w, w


PLAIN = _graph("ab")
KNOWN = _commands(explain(*PLAIN).latex) | {command.strip() for command in _SPECIAL.values()} | {
    "\\hat", "\\prime", "\\mathrm", "\\ ", *(f"\\{name}" for name in GREEK),
}  # fmt: skip
"""What LaTeX may do where a label stands."""


def shown(rng: random.Random) -> None:
    """Draw, explain and step through a graph whose label is of a stranger."""
    label = text_of(rng)
    loss, w = _graph(label)
    assert _skeleton(draw(loss).dot) == _skeleton(draw(PLAIN[0]).dot), "the drawing"
    more = _commands(explain(loss, w).latex) - KNOWN
    assert not more, f"LaTeX {more}"
    repr(explain(loss, w))
    repr(steps(loss))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="so many texts in each place (10,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--minutes", type=float, default=60.0)
    args = parser.parse_args()
    faults: dict[str, int] = {}
    end, done = time.monotonic() + 60 * args.minutes, 0
    while done < args.count and time.monotonic() < end:
        for attack in (lambda rng: compiled(rng, args.backend), shown):
            rng = random.Random(args.seed + done)
            try:
                attack(rng)
            except Exception as error:
                told = f"{type(error).__name__}: {str(error)[:150]!a}"
                faults[told] = faults.get(told, 0) + 1
                if faults[told] == 1:
                    print(f"seed {args.seed + done}: {told}", flush=True)
        done += 1
    print(f"{done} texts in each place, {sum(faults.values())} faults, canary {getattr(builtins, 'canary', 0)}")
    return int(bool(faults) or hasattr(builtins, "canary"))


if __name__ == "__main__":
    sys.exit(main())
