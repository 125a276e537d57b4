"""The command line: what it prints, and that hostile expressions get one line, at once, and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, primitive
from autograd.__main__ import main
from autograd._views import expression as _expression
from autograd._views.expression import ExpressionError, evaluate, functions, parse

PERCEPTRON = ["sigmoid(w0 + w1*x1 + w2*x2)", "w0=1", "w1=3", "w2=-2", "x1=-1", "x2=2"]

PRINTED = """\
J = sigmoid(w0 + w1*x1 + w2*x2) = 0.00247262

  variable  value     gradient
  w0            1   0.00246651
  w1            3  -0.00246651
  w2           -2   0.00493302
  x1           -1   0.00739953
  x2            2  -0.00493302

Checked against finite differences: pass: 5 derivatives, at most 3e-13 apart, in 33 calls of the function

dJ/dw1 = -0.00246651, along 1 path

  w0 = 1, w1 = 3, x1 = -1, w2 = -2, x2 = 2
  z = w0 + w1 * x1 + w2 * x2 = -6
  J = sigmoid(z)             = 0.00247262

  dJ/dw1 =    dJ/dz    · dz/dw1
         = J * (1 - J) ·   x1
         =  0.00246651 ·  (-1)
         = -0.00246651
"""

# What each of these prints; one that is harmless in the end prints a result.
HOSTILE = {
    "__import__('os').system('id')": '"\'" (character 12) has no meaning in an expression',
    "__import__(x)": "there is no function '__import__'",
    "x.__class__.__mro__": "'x.__class__.__mro__' (Attribute) is not accepted",
    "(lambda: x)()": "':' (character 8) has no meaning in an expression",
    "f'{x}'": '"\'" (character 2) has no meaning in an expression',
    "(y := x)": "':' (character 4) has no meaning in an expression",
    "[x for x in [1]]": "'[x for x in [1]]' (ListComp) is not accepted",
    "log_sum_exp(x for x in [1])": "'(x for x in [1])' (GeneratorExp) is not accepted",
    "x if x else 1": "'x if x else 1' (IfExp) is not accepted",
    "x and 1": "'x and 1' (BoolOp) is not accepted",
    "not x": "there is no operator Not",
    "x // 2": "there is no operator FloorDiv",
    "x < 1 < 2": "'x < 1 < 2' (Compare) is not accepted",
    "tanh(*[x])": "'*[x]' (Starred) is not accepted",
    "tanh(**x)": "there is no **",
    "(tanh)(x)(x)": "'(tanh)(x)(x)' (Call) is not accepted",
    "True + x": "True is no real number",
    "1j * x": "1j is no real number",
    "...": "'...' (Constant) is not accepted",
    "x; import os": "';' (character 2) has no meaning in an expression",
    "x = 1": "'x = 1' is no expression (invalid syntax)",
    "": "'' is no expression (invalid syntax)",
    "x\x00": "'\\x00' (character 2) has no meaning in an expression",
    "x^2": "'^' (character 2) has no meaning in an expression; a power is written **",
    "ѕigmoid(x)": "'\\u0455' (character 1) has no meaning in an expression",
    "sigmoid(ｘ)": "'\\uff58' (character 9) has no meaning in an expression",
    "x\u202e + 1": "'\\u202e' (character 2) has no meaning in an expression",
    "tanh(x": "'tanh(x' is no expression ('(' was never closed)",
    "(" * 300 + "x" + ")" * 300: "is no expression (too many nested parentheses)",
    "x+" * 500_000 + "x": "the expression has 1,000,001 characters; at most 2,000 are read",
    "x+" * 990 + "x.real": "'x.real' (Attribute) is not accepted",
    "tanh": "'tanh': has no value; call it, as in tanh(x)",
    "z": "'z': has no value; give it one, as in z=1.5",
    "tanh()": "'tanh()': tanh takes 1 argument; 0 arguments were given",
    "tanh([x])": "'tanh([x])': tanh takes numbers, no list",
    "softmax(x)": "'softmax(x)': this gives no number; give it a list: [a, b]",
    "softmax([x])": "the result is a list of 1 numbers; choose one of them with [0]",
    "[x][3]": "'[x][3]': list index out of range",
    "x[0]": "'x[0]': only a list has elements",
    "x[x]": "'x[x]' (Subscript) is not accepted",
    "clip(x, min=x)": "'clip(x, min=x)': min= is no setting here, or its value no plain number",
    "clip(x, low=1)": "'clip(x, low=1)': low= is no setting here, or its value no plain number",
    "clip(x, min=0, max=2) + leaky_relu(x, slope=0.5)": " = 2\n",
    "9**9**9**9 * x": "J = 9**9**9**9 * x = inf",
    "9" * 400 + " - 9**9**9": " = nan",
    "(" * 150 + "x" + ")" * 150: " = 1\n",
    "-" * 1999 + "x": " = -1\n",
    "tanh(" * 150 + "x" + ")" * 150: "pass: 1 derivative",
    "x*" * 990 + "x": "pass: 1 derivative",
}


@pytest.mark.covers
@pytest.mark.slow
@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_hostile_expressions(expression: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([expression, "x=1"])
    printed = capsys.readouterr()
    if code == 2:
        assert printed.out == ""
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        assert printed.err.isprintable() or printed.err[:-1].isprintable()
        assert len(printed.err) < 300
        assert HOSTILE[expression] in printed.err
    else:
        assert (code, printed.err) == (0, "")
        assert HOSTILE[expression] in printed.out


@pytest.mark.slow
def test_the_memory_is_bounded() -> None:
    resource = pytest.importorskip("resource")
    code = "import sys; from autograd.__main__ import main; sys.exit(main(['x+' * 500_000 + 'x', 'x=1']))"
    limit = 500 * 2**20
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert "at most 2,000 are read" in run.stderr


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_what_python_gives_up_is_told(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """How deep that is, differs from version to version."""

    def gives_up(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(_expression.ast, "parse", gives_up)
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse("x + 1")


def test_the_perceptron(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*PERCEPTRON, "--wrt", "w1"]) == 0
    assert capsys.readouterr().out == PRINTED


@pytest.mark.slow
def test_it_runs_as_a_program(tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "autograd",
            "--wrt",
            "w1",
            *PERCEPTRON,
            "--image",
            str(tmp_path / "graph.svg"),
            "--html",
            str(tmp_path / "page.html"),
        ],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(Path(autograd.__file__).parent.parent), "PATH": ""},
    )
    assert run.stdout.startswith(PRINTED)
    assert "graph.svg is written" in run.stdout
    assert "<svg" in (tmp_path / "graph.svg").read_text()
    assert "</script>" in (tmp_path / "page.html").read_text()
    run = subprocess.run(
        [sys.executable, "-m", "autograd", "tanh(x)", "x=1", "--wrt", "x"],
        capture_output=True,
        encoding="ascii",
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(autograd.__file__).parent.parent)},
    )
    assert "dJ/dx = 0.419974" in run.stdout


@pytest.mark.covers
@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["tanh(w * x)", "w=1", "x=2"]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "autograd", *command], stdout=nobody, stderr=subprocess.PIPE, text=True, check=False
        )
        assert (ended.returncode, ended.stderr) == (141, "")
        monkeypatch.setattr(sys, "stdout", nobody)
        assert main(command) == 141


def test_help_says_what_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert "softplus" in text
    assert "matmul" not in text
    assert "examples:" in text


def test_expressions_that_look_like_options_and_lie_on_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_stdout(io.StringIO()) as out:
        assert main(["-x\n  + 1", "x=3"]) == 0
    assert "J = -x + 1 = -2" in out.getvalue()
    assert main(["-x", "x=3"]) == 0
    assert main(["x", "x=3", "--wrt=x"]) == 0
    printed = capsys.readouterr().out
    assert "J = -x = -3" in printed
    assert "J = +x = 3" in printed


def test_what_has_no_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2 > 1", "x=3"]) == 0
    assert "J = 2 > 1 = 1\nIt holds no variable, so there is no gradient.\n" in capsys.readouterr().out
    assert main(["x", "x=3", "y=2", "--wrt", "y"]) == 0
    assert "dJ/dy = 0: it does not depend on y" in capsys.readouterr().out
    assert main(["relu(x)", "x=0"]) == 0
    assert "non-differentiable at x: analytic 0" in capsys.readouterr().out


def test_a_variable_may_be_called_like_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["J * 2", "J=1", "--wrt", "J"]) == 0
    assert "dJ1/dJ = 2" in capsys.readouterr().out


def test_a_wrong_derivative_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    primitive("wrong", lambda xp, x: x * x, lambda g, out, x: g * x)
    assert main(["wrong(x)", "x=3"]) == 1
    assert "fail at x: analytic 3, numerical 6" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: EXPRESSION"),
        (["x", "x=1", "--wrt"], "argument --wrt: expected one argument (see --help)"),
        (["x", "x=1", "--wrt", "y"], "--wrt y: no such variable; choose from x"),
        (["1", "--wrt", "y"], "--wrt y: no such variable; choose from none"),
        (["x", "x"], "'x' is no variable; write NAME=NUMBER"),
        (["x", "x.y=1"], "'x.y=1' is no variable; write NAME=NUMBER"),
        (["x", "--png", "a.png"], "'--png' is no variable"),
        (["x", f"{'x' * 31}=1"], "is no variable; write NAME=NUMBER"),
        (["x", "x=nan"], "x='nan' is no finite number; write x=1.5"),
        (["x", "x=one"], "x='one' is no finite number; write x=1.5"),
        (["x", f"x={'1' * 61}"], "is no finite number"),
        (["x", "tanh=1"], "tanh is a function, so it cannot be a variable"),
        (["x", "x=1", "x=2"], "a variable is given twice"),
        (["x * 2", "x=1", "--image", "a.jpg"], "the suffix must be one of"),
        (["x * 2", "x=1", "--image", "no/such/folder/a.svg"], "No such file or directory"),
    ],
)
def test_mistakes_are_told_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


TERMS = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"-{t}"),
        inner.map(lambda t: f"tanh({t})"),
        st.tuples(inner, inner).map(lambda t: f"softmax([{t[0]}, {t[1]}])[1]"),
        st.tuples(inner, inner).map(lambda t: f"maximum({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)


@given(TERMS, st.floats(-2, 2), st.floats(-2, 2))
def test_an_expression_has_the_value_that_python_gives_it(text: str, x: float, y: float) -> None:
    """Python evaluates what was made here, and so is known to be harmless."""
    found = evaluate(parse(text), {"x": Value(x), "y": Value(y)})
    scope: dict[str, Any] = {name: getattr(autograd, name) for name in ("tanh", "softmax", "maximum")}
    expected = eval(text, scope, {"x": Value(x), "y": Value(y)}) if "/" not in text else None
    if expected is not None:
        numbers = [n.data if isinstance(n, Value) else float(n) for n in (found, expected)]
        assert numbers[0] == pytest.approx(numbers[1], nan_ok=True)


@given(st.text(max_size=50) | st.text("xy012.+-*/()[],<>= tanh", max_size=40))
def test_any_text_gives_a_number_or_one_error(text: str) -> None:
    message = ""
    try:
        result = evaluate(parse(text), {"x": Value(1.0), "y": Value(0.0)})
    except ExpressionError as error:
        message = str(error)
    assert message.isprintable()
    assert len(message) < 300
    assert message or isinstance(result, (float, Value))


def test_what_may_be_called() -> None:
    names = functions()
    assert {"tanh", "where", "weighted_sum", "gelu", "softmax", "log_sum_exp"} <= set(names)
    assert not {"matmul", "sum", "take", "item", "reshape", "eval"} & set(names)
