"""Break every derivative rule in turn, and see whether the tests notice: `python tests/mutants.py [WORD ...]`.

A mutant is one change of one rule of the table, or of a function that rules use; WORD restricts the run to mutants
whose name contains it. Each runs in a process of its own, until the first test fails: first the tests of its primitive,
then, if it survives them and is not known to be equivalent, all. Exits with 1 if one survives, or makes a test hang.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tqdm import tqdm

from autograd import TABLE

CHAPTERS = ("elementwise", "statistical", "linalg", "manipulation", "convolution", "decompositions", "functions")
TABLES = tuple(f"autograd._ops.{name}" for name in CHAPTERS)
BACKWARD = "autograd._grad.sweep"
TESTS = (
    "autograd/test_windows.py", "autograd/test_random_graphs.py", "autograd/test_primitives.py",
    "autograd/test_precision.py", "autograd/test_engine.py", "autograd/test_functional.py", "autograd/test_index.py",
    "autograd/test_choices.py", "autograd/test_kinks.py", "autograd/test_tails.py", "nn/test_losses.py",
    "nn/test_networks.py",
)  # fmt: skip
"""The tests of derivatives; those of views and data would only take time."""

SECONDS = 60
"""A single test that takes so much time of the processor hangs; none takes a tenth of it."""

BYTES = 4 << 30
"""A mutant that makes an array of any size is caught, not the machine."""

SURVIVED, CAUGHT, BROKEN = range(3)
HANGS = -signal.SIGXCPU

SAME_ORDER = "the order of two factors, or of two conditions, changes nothing"
SAME_TEST = "the result equals an argument, or is zero, exactly where the condition of the original holds"

EQUIVALENT: dict[str, str] = {
    "one_less: return where(b == 0, where(abs(a) <= 2 ** (-1024), 2.0, b - 1), b - 1)": (
        "b is 0 there, and 0 times any power of a number below 1 is 0"
    ),
    "known_base: return where(out == 0, 2.0, where(abs(a) + abs(b) == 0, 1.0, a))": (
        "out is 0 there, and 0 * log(2) is 0"
    ),
    "log_softmax[0]: lambda g, out, a, axis=-1: log_softmax_back(g, out, axis=axis)": (
        "softmax of the logarithms of probabilities is these again"
    ),
    "unless_zero: return where(out == 0, 2.0, out)": "what is divided there is 0",
    "cut: return [like(piece, part) for piece, part in zip(cut(g, flat, 0), parts)]": "a list is read as a tuple is",
    "products_before: for k in range(n.bit_length()):": "a shift by all elements gives factors of 1",
    "products_before: for k in range((1 - n).bit_length()):": "bit_length leaves out the sign",
    "products_before: for k in range((n - 2).bit_length()):": "of n - 1 factors, one step fewer leaves out none",
    "weighted_sum[0]: lambda g, out, w0, *pairs: [g, *(g * pairs[1 ^ k] for k in range(len(pairs)))]": SAME_ORDER,
    "permute_dims[0]: lambda g, out, a, axes=None: permute_dims(g, axes=axes and sorted(range(len(axes)), "
    "key=lambda k: axes[k] % len(axes)))": "NumPy takes a list of axes as it takes a tuple",
    "stack[0]: lambda g, out, *parts, axis=0: [getitem(g, index=(slice(None),) * (axis % len(shape(out))) + (k,)) "
    "for k in range(len(parts))]": "the result and its gradient have one shape",
    "matmul_left: return squeeze(matmul(b, expand_dims(g, axis=-1)))": (
        "the axes that it loses have length 1, and axes of stacked matrices are summed over afterwards"
    ),
    "matmul_right: return expand_dims(a, axis=1) * expand_dims(g, axis=-2)": "a is a vector: axis 1 is axis -1",
    "matrix_transpose: if shape(x) == 2:": "the way for any rank, which is taken then, gives the same",
    "matrix_transpose: axes = range(len(shape(x)))": "a range is sliced as a tuple is",
    "restore: return y.reshape(lengths)": "NumPy takes a list of lengths as it takes a tuple",
    "relu[0]: lambda g, out, a: where(a > 0, g, 0.0)": SAME_TEST,
    "abs[0]: lambda g, out, a: where(out == 0, 0.0, g * sign(a))": SAME_TEST,
    "abs[0]: lambda g, out, a: where(a == 0, 0.0, g / sign(a))": "the sign is 1 or -1 there, its own inverse",
    "maximum[0]: lambda g, out, a, b: where(out > b, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "maximum[1]: lambda g, out, a, b: where(out > a, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "minimum[0]: lambda g, out, a, b: where(out < b, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "minimum[1]: lambda g, out, a, b: where(out < a, g, where(a == b, g / 2, 0.0))": SAME_TEST,
    "maximum[0]: lambda g, out, a, b: where(a > b, g, where(a == out, g / 2, 0.0))": SAME_TEST,
    "maximum[1]: lambda g, out, a, b: where(b > a, g, where(out == b, g / 2, 0.0))": SAME_TEST,
    "minimum[0]: lambda g, out, a, b: where(a < b, g, where(a == out, g / 2, 0.0))": SAME_TEST,
    "minimum[1]: lambda g, out, a, b: where(b < a, g, where(out == b, g / 2, 0.0))": SAME_TEST,
}
"""Mutants that compute the same, each with the proof."""


class Mutant(NamedTuple):
    """A change: what it is called, its kind, how it reads, and how it is made."""

    name: str
    kind: str
    source: str
    apply: Callable[[], None]


def mutants() -> Iterator[Mutant]:
    """Yield every mutant of every rule, of the functions that rules use, and of the un-broadcasting."""
    for module_name in TABLES:
        module = importlib.import_module(module_name)
        tree = ast.parse(inspect.getsource(module))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        reached: set[str] = set()
        for call in _declarations(tree):
            name = ast.literal_eval(call.args[0])
            for k, rule in enumerate(call.args[2:]):
                yield from _replacements(name, k)
                reached |= {n.id for n in ast.walk(rule) if isinstance(n, ast.Name)}
                if isinstance(rule, ast.Lambda):
                    for kind, changed in _changes(rule):
                        yield _recoded(f"{name}[{k}]", kind, TABLE[name].rules[k], rule, changed, module)
            if len(call.args) == 4 and ast.dump(call.args[2]) != ast.dump(call.args[3]):
                yield Mutant(f"{name}", "swapped arguments", "rules in reverse", lambda n=name: _reverse(n))
        while (
            more := {
                n.id
                for name in reached & functions.keys()
                for n in ast.walk(functions[name])
                if isinstance(n, ast.Name)
            }
            - reached
        ):
            reached |= more
        for name in functions:
            if name in reached:
                function = getattr(module, name)
                for kind, changed in _changes(functions[name]):
                    yield _recoded(name, kind, function, functions[name], changed, module)
    module = importlib.import_module(BACKWARD)
    tree = ast.parse(inspect.getsource(module))
    match = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "match")
    for kind, changed in _without_sums(match):
        yield _recoded("match", kind, module.match, match, changed, module)


def _declarations(tree: ast.Module) -> Iterator[ast.Call]:
    for node in tree.body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "primitive":
            yield value


def _replacements(name: str, k: int) -> Iterator[Mutant]:
    """Yield the mutants that wrap a rule as a whole."""
    rule = TABLE[name].rules[k]

    def put(changed: Any) -> Callable[[], None]:
        def apply() -> None:
            rules = list(TABLE[name].rules)
            rules[k] = changed
            TABLE[name].rules = tuple(rules)

        return apply

    if rule is None:
        yield Mutant(f"{name}[{k}]", "gradient from nowhere", "g", put(lambda g, *args, **settings: g))
        return

    def times(factor: float) -> Any:
        def changed(*args: Any, **settings: Any) -> Any:
            g = rule(*args, **settings)
            return [factor * part for part in g] if isinstance(g, list) else factor * g

        return changed

    def stale(which: slice) -> Any:
        seen: dict[Any, Any] = {}

        def changed(g: Any, *args: Any, **settings: Any) -> Any:
            first = seen.setdefault((type(args[0]), getattr(args[0], "shape", ())), args)
            mixed = list(args)
            mixed[which] = first[which]
            return rule(g, *mixed, **settings)

        return changed

    for kind, factor in (("sign", -1.0), ("factor 2", 2.0), ("factor 1.01", 1.01), ("zero", 0.0)):
        yield Mutant(f"{name}[{k}]", kind, f"{factor} * rule", put(times(factor)))
    names = rule.__code__.co_names + rule.__code__.co_varnames
    used = _used(rule)
    if "out" in used:
        yield Mutant(f"{name}[{k}]", "stale output", "the first out of this shape", put(stale(slice(0, 1))))
    if used & set(names) - {"g", "out"} and not TABLE[name].settings and TABLE[name].arity is not None:
        yield Mutant(f"{name}[{k}]", "stale argument", "the first arguments of this shape", put(stale(slice(1, None))))


def _used(rule: Any) -> set[str]:
    """Return the names of the parameters whose values a rule reads."""
    import dis

    loads = {str(i.argval) for i in dis.get_instructions(rule) if i.opname.startswith("LOAD_")}
    return loads & set(rule.__code__.co_varnames[: rule.__code__.co_argcount])


def _reverse(name: str) -> None:
    TABLE[name].rules = TABLE[name].rules[::-1]


def _changes(function: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies of a rule, each with one change inside."""
    parameters = [arg.arg for arg in function.args.posonlyargs + function.args.args]
    settings = {"axis", "keepdims", "ddof", "shape", "index", "min", "max", "dtype", "axes", "pad_width"}
    operands = [name for name in parameters if name not in settings]
    body = function.body if isinstance(function.body, list) else [function.body]
    places = [node for part in body for node in ast.walk(part)]
    for place in places:
        for kind, new in _variants(place, operands):
            changed = copy.deepcopy(function)
            target = _at(changed, function, place)
            for field in list(target._fields):
                delattr(target, field)
            target.__class__ = new.__class__
            vars(target).update(vars(new))
            yield kind, ast.fix_missing_locations(changed)


def _at(changed: Any, original: Any, place: ast.AST) -> ast.AST:
    """Return the node of a copy that stands where `place` stands in the original."""
    for ours, theirs in zip(ast.walk(original), ast.walk(changed)):
        if ours is place:
            return theirs
    raise LookupError(place)


OPPOSITE = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


def _variants(node: ast.AST, operands: list[str]) -> Iterator[tuple[str, ast.AST]]:
    """Yield what may stand in the place of a piece of a rule."""
    if isinstance(node, ast.BinOp):
        yield "dropped term", copy.deepcopy(node.left)
        yield "dropped term", copy.deepcopy(node.right)
        if type(node.op) in OTHER:
            yield "wrong operation", ast.BinOp(node.left, OTHER[type(node.op)](), node.right)
        if not isinstance(node.op, (ast.Add, ast.Mult)):
            yield "swapped arguments", ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "dropped sign", copy.deepcopy(node.operand)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPPOSITE:
        yield "swapped comparison", ast.Compare(node.left, [OPPOSITE[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.Call):
        if getattr(node.func, "id", "") == "where":
            yield "dropped case", copy.deepcopy(node.args[1])
            yield "dropped case", copy.deepcopy(node.args[2])
            swapped = [node.args[0], node.args[2], node.args[1]]
            yield "swapped arguments", ast.Call(node.func, swapped, node.keywords)
        elif len(node.args) >= 2:
            yield "swapped arguments", ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
        elif len(node.args) == 1 and isinstance(node.func, ast.Name):
            yield "dropped call", copy.deepcopy(node.args[0])
        for k in range(len(node.keywords)):
            yield "dropped setting", ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in operands:
        for other in operands:
            if other != node.id:
                yield "wrong operand", ast.Name(other, ast.Load())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "wrong number", ast.Constant(node.value + 1)
    elif isinstance(node, ast.IfExp):
        yield "dropped case", copy.deepcopy(node.body)
        yield "dropped case", copy.deepcopy(node.orelse)


def _without_sums(match: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """Yield the function that matches gradients to their inputs, without one of its sums."""
    for place in ast.walk(match):
        if isinstance(place, ast.Assign) and ".sum(" in ast.unparse(place):
            changed = copy.deepcopy(match)
            target = _at(changed, match, place)
            assert isinstance(target, ast.Assign)
            target.value = ast.Name("contribution", ast.Load())
            yield "missing un-broadcast", ast.fix_missing_locations(changed)


def _recoded(name: str, kind: str, function: Any, original: Any, changed: Any, module: Any) -> Mutant:
    def apply() -> None:
        # The function stays the same object, so whoever holds it is changed as well.
        function.__code__ = _code(changed, module)

    before, after = ast.unparse(original).splitlines(), ast.unparse(changed).splitlines()
    source = " / ".join(line.strip() for line in after if line not in before) or "the same"
    return Mutant(name, kind, source, apply)


def _code(function: Any, module: Any) -> Any:
    scope = dict(vars(module))
    if isinstance(function, ast.Lambda):
        return eval(compile(ast.Expression(function), "<mutant>", "eval"), scope).__code__
    exec(compile(ast.Module([function], []), "<mutant>", "exec"), scope)
    return scope[function.name].__code__


class Runner:
    """A pytest plugin that, in place of running the tests once, runs them for every mutant."""

    def __init__(self, words: list[str]) -> None:
        every = [m for m in mutants() if m.source != "the same"]
        # If the tests fail without any change, they catch nothing.
        self.control = Mutant("nothing", "control", "nothing is changed", lambda: None)
        self.all = [m for m in every if not words or any(word in f"{m.name} {m.kind}" for word in words)]
        self.equal: list[Mutant] = []
        self.survivors: list[Mutant] = []
        self.hanging: list[Mutant] = []
        self.failed = False
        self.folder = tempfile.TemporaryDirectory()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # Most are caught by the tests of their own primitive; only for the others is it worth while to run all.
        left = self._survivors(session, self.all, "own tests", lambda item, m: _rank(item, m) < OTHERS)
        self.equal = [mutant for mutant in left if title(mutant) in EQUIVALENT]
        left = [mutant for mutant in left if title(mutant) not in EQUIVALENT]
        self.survivors = self._survivors(session, [self.control, *left], "all tests", _concerns)
        return True

    def _survivors(
        self, session: pytest.Session, tried: list[Mutant], tests: str, chosen: Callable[[pytest.Item, Mutant], bool]
    ) -> list[Mutant]:
        waiting, survivors = tried[::-1], []
        running: dict[int, Mutant] = {}
        with tqdm(total=len(waiting), desc=tests, unit=" mutants", file=sys.stderr) as progress:
            while waiting or running:
                while waiting and len(running) < (os.cpu_count() or 1):
                    mutant = waiting.pop()
                    items = sorted((i for i in session.items if chosen(i, mutant)), key=lambda i: _rank(i, mutant))
                    running[self._start(items, mutant)] = mutant
                for pid, mutant in list(running.items()):
                    done, status = os.waitpid(pid, os.WNOHANG)
                    if done:
                        del running[pid]
                        progress.update()
                        outcome = os.waitstatus_to_exitcode(status)
                        said = self._told(pid).read_text(encoding="utf-8")
                        if outcome == SURVIVED:
                            survivors.append(mutant)
                            progress.write(f"not by {tests}: {mutant.kind}, {title(mutant)}", file=sys.stderr)
                        elif outcome == HANGS:
                            self.hanging.append(mutant)
                            progress.write(f"{said} hangs: {mutant.kind}, {title(mutant)}", file=sys.stderr)
                        elif outcome != CAUGHT:
                            progress.write(
                                f"ended with {outcome}: {mutant.kind}, {title(mutant)}: {said}", file=sys.stderr
                            )
                            raise RuntimeError(title(mutant))
                time.sleep(0.005)
        return survivors

    def _start(self, items: list[pytest.Item], mutant: Mutant) -> int:
        """Run tests against a mutant in a process of their own; return its number."""
        pid = os.fork()
        if pid:
            return pid
        self._told(os.getpid()).write_text("no test", encoding="utf-8")
        outcome = BROKEN
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
            mutant.apply()
            outcome = CAUGHT if self._caught(items) else SURVIVED
        except BaseException:
            self._told(os.getpid()).write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(outcome)

    def _told(self, pid: int) -> Path:
        """Return where the process of a mutant writes which test it is at, or why it broke."""
        return Path(self.folder.name, str(pid))

    def _caught(self, items: list[pytest.Item]) -> bool:
        for item, after in zip(items, [*items[1:], None]):
            self._told(os.getpid()).write_text(item.nodeid, encoding="utf-8")
            until = int(time.process_time()) + SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.failed:
                return True
        return False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed


def title(mutant: Mutant) -> str:
    return f"{mutant.name}: {mutant.source}"


def _concerns(item: pytest.Item, mutant: Mutant) -> bool:
    """Leave out the long tests of single primitives that a mutant cannot reach."""
    made = TABLE.get(item.name.partition("[")[2].removesuffix("]").partition("-")[0])
    name = mutant.name.partition("[")[0]
    if made is None or name in ("match", "nothing"):
        return True
    return made.name == name or _calls(made.rules, name, set())


def _calls(rules: Any, name: str, seen: set[str]) -> bool:
    """Say whether rules are or use a function or a primitive, directly or through others."""
    for rule in rules:
        if getattr(rule, "__name__", "") == name:
            return True
        for used in (getattr(rule, "__code__", None) and rule.__code__.co_names) or ():
            if used.rstrip("_") == name.rstrip("_"):
                return True
            if used not in seen:
                seen.add(used)
                made = TABLE.get(used.rstrip("_"))
                inner = made.rules if made else (rule.__globals__.get(used),)
                if _calls(inner, name, seen):
                    return True
    return False


OTHERS = 2


def _rank(item: pytest.Item, mutant: Mutant) -> int:
    """Order the tests: those of the primitive itself come first, or of those that use a function."""
    made = TABLE.get(item.name.partition("[")[2].removesuffix("]").partition("-")[0])
    name = mutant.name.partition("[")[0]
    direct = "test_every_primitive" in item.name
    if made is not None and (made.name == name or (name not in TABLE and _calls(made.rules, name, set()))):
        return 0 if direct else 1
    return OTHERS if "test_primitives" in item.nodeid else OTHERS + 1


def main(words: list[str]) -> int:
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    runner = Runner(words)
    here = Path(__file__).parent
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = pytest.main(["-p", "no:cacheprovider", *(str(here / name) for name in TESTS)], [runner])
    if code:
        print(f"pytest ended with {code!r}")
        return 1
    if runner.control not in runner.survivors:
        print("the tests fail without any mutant")
        return 1
    runner.survivors.remove(runner.control)
    kinds = list(dict.fromkeys(mutant.kind for mutant in runner.all))
    groups = (runner.all, runner.equal, runner.survivors, runner.hanging)
    print(f"{'':24}{'made':>8}{'caught':>8}{'equal':>8}{'survived':>10}{'hang':>8}")
    for kind in [*kinds, "all"]:
        made, equal, survived, hang = (sum(kind in (m.kind, "all") for m in group) for group in groups)
        print(f"{kind:24}{made:8}{made - equal - survived - hang:8}{equal:8}{survived:10}{hang:8}")
    for how, group in (("survived", runner.survivors), ("makes a test hang", runner.hanging)):
        for mutant in group:
            print(f"{how}: {mutant.kind}, {title(mutant)}")
    return int(bool(runner.survivors or runner.hanging))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
