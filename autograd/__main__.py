"""The command line: `python -m autograd "tanh(w * x)" w=1 x=2 --wrt w`."""

from __future__ import annotations

import argparse
import inspect
import io
import math
import os
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograd._core.types import Operand
from autograd._views.expression import Expression, ExpressionError, evaluate, functions, parse
from autograd._views.numbers import number_text

from . import Value, draw, explain, gradcheck, positive, steps, topological_sort
from .files import printable

EPILOG = """\
The expression is made of numbers, variables, + - * / **, comparisons (1 where they hold, else 0), and the functions
{functions}
Some of them take a list: softmax([a, b])[0], log_sum_exp([a, b]), weighted_sum([w0, w1, x1]).

examples:
  python -m autograd "sigmoid(w0 + w1*x1 + w2*x2)" w0=1 w1=3 w2=-2 x1=-1 x2=2 --wrt w1
  python -m autograd "(tanh(w*x) - y)**2" w=0.5 x=2 y=1 --wrt w --wrt x
  python -m autograd "relu(w*x + b)" w=0.5 x=2 b=-0.1 --image graph.svg --html backprop.html
"""

NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,29}")

# What is written, by option: how, and what it is.
FILES: dict[str, tuple[Callable[[Any, Path], Any], str]] = {
    "html": (lambda loss, path: steps(loss).save(path), "a page to step through backpropagation: .html"),
    "image": (lambda loss, path: draw(loss).save(path), "the graph as a picture: .svg, .png, .pdf or .dot"),
}


class Parser(argparse.ArgumentParser):
    """A reader of the command line. It reports a mistake in one line, as all mistakes are reported."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake in place of printing the usage and leaving Python."""
        raise argparse.ArgumentError(None, message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 if the gradients fail their check, or 2 if the input was wrong.

    Returns 141, as a shell does, if who reads the output, such as `head`, has seen enough.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a letter shows a question mark.
        sys.stdout.reconfigure(errors="replace")
    try:
        options = parser().parse_intermixed_args(_protected(sys.argv[1:] if argv is None else argv))
        code = run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Python writes what is left at its end, and would tell that nobody reads it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except argparse.ArgumentError as error:
        message = f"{error} (see --help)"
    except (ExpressionError, ValueError, RuntimeError, ImportError, OSError) as error:
        message = str(error)
    print(f"error: {printable(message)}", file=sys.stderr)
    return 2


def parser() -> Parser:
    """Return the parser of the command line."""
    names = ", ".join(sorted(functions()))
    made = Parser(
        prog="python -m autograd",
        description="Compute an expression and all its gradients, check them, and explain them by the chain rule.",
        epilog=EPILOG.format(functions=textwrap.fill(names, 100, initial_indent="  ", subsequent_indent="  ")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("expression", metavar="EXPRESSION", help="what is computed; in quotes")
    made.add_argument("variables", metavar="NAME=NUMBER", nargs="*", help="a variable and its value")
    made.add_argument(
        "--wrt", metavar="NAME", action="append", default=[], help="explain the derivative by this variable"
    )
    for name, (_, help) in FILES.items():
        made.add_argument(f"--{name}", metavar="FILE", type=Path, help=f"write {help}")
    return made


def run(options: argparse.Namespace) -> int:
    """Print the value, the gradients and how they were checked, and the explanations; write the files."""
    expression = parse(options.expression)
    values = dict(_variable(text) for text in options.variables)
    if len(values) < len(options.variables):
        raise ExpressionError("a variable is given twice; give each once")
    unknown = [name for name in options.wrt if name not in values]
    if unknown:
        raise ExpressionError(f"--wrt {unknown[0][:60]}: no such variable; choose from {', '.join(values) or 'none'}")
    leaves = {name: Value(number, label=name) for name, number in values.items()}
    loss = evaluate(expression, leaves)
    print(f"J = {expression.text} = {number_text(loss.data if isinstance(loss, Value) else loss)}")
    if not isinstance(loss, Value):
        print("It holds no variable, so there is no gradient.")
        return 0
    loss = positive(loss) if loss.op is None else loss
    if "J" not in values:
        loss.label = "J"
    loss.backward()
    print(f"\n{_table(leaves)}\n")
    report = gradcheck(_function(expression, list(values)), *values.values())
    print(f"Checked against finite differences: {report}")
    for name in options.wrt:
        used = leaves[name] in set(topological_sort(loss))
        print(f"\n{explain(loss, leaves[name]) if used else f'dJ/d{name} = 0: it does not depend on {name}'}")
    for option, (write, _) in FILES.items():
        path = getattr(options, option)
        if path is not None:
            print(f"\n{write(loss, path)} is written")
    return 1 if report.verdict == "fail" else 0


def _function(expression: Expression, names: list[str]) -> Callable[..., Any]:
    """Return an expression as a function of its variables, which tells their names."""

    def function(*numbers: Operand) -> Any:
        return evaluate(expression, dict(zip(names, numbers)))

    told = inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names])
    vars(function)["__signature__"] = told
    return function


def _protected(argv: Sequence[str]) -> list[str]:
    """Put a space before an argument that only looks like an option, as the expression -x does."""
    known = ("-h", "--help", "--wrt", *(f"--{name}" for name in FILES))
    return [f" {arg}" if arg.startswith("-") and arg.partition("=")[0] not in known else arg for arg in argv]


def _variable(text: str) -> tuple[str, float]:
    """Read NAME=NUMBER."""
    name, sign, number = (part.strip() for part in text.partition("="))
    if not sign or not NAME.fullmatch(name):
        raise ExpressionError(
            f"{text.strip()[:60]!r} is no variable; write NAME=NUMBER, such as w1=3, with a short plain name"
        )
    if name in functions():
        raise ExpressionError(f"{name} is a function, so it cannot be a variable; take another name")
    try:
        value = float(number) if len(number) <= 60 else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ExpressionError(f"{name}={number[:60]!r} is no finite number; write {name}=1.5")
    return name, value


def _table(leaves: dict[str, Value]) -> str:
    """Return the variables with their values and gradients."""
    rows = [(name, number_text(leaf.data), number_text(leaf.grad)) for name, leaf in leaves.items()]
    rows = [("variable", "value", "gradient"), *rows]
    first, second, third = (max(map(len, column)) for column in zip(*rows))
    return "\n".join(f"  {name:<{first}}  {value:>{second}}  {slope:>{third}}" for name, value, slope in rows)


if __name__ == "__main__":
    sys.exit(main())
