"""Every change of one derivative rule that `mutants.py` tries, and a note of every call of what may be changed."""

from __future__ import annotations

import ast
import copy
import dis
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import autograd._ops
from autograd import TABLE

CHAPTERS = tuple(f"autograd._ops.{module.name}" for module in pkgutil.iter_modules(autograd._ops.__path__))
BACKWARD = "autograd._grad.sweep"


class Mutant(NamedTuple):
    """A change: what it is called, its kind, how it reads, and how it is made."""

    name: str
    kind: str
    source: str
    apply: Callable[[], None]


class Chapter(NamedTuple):
    """A file of the table: the module, its rows, and its functions by name."""

    module: Any
    rows: list[ast.Call]
    functions: dict[str, ast.FunctionDef]


def _chapters() -> dict[str, Chapter]:
    found = {}
    for name in [*CHAPTERS, BACKWARD]:
        module = importlib.import_module(name)
        tree = ast.parse(inspect.getsource(module))
        calls = [getattr(node, "value", None) for node in tree.body]
        rows = [call for call in calls if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "primitive"]
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        found[name] = Chapter(module, rows, functions)
    return found


def mutants() -> Iterator[Mutant]:
    """Yield every mutant of every rule, of the functions that rules use, and of the un-broadcasting."""
    chapters = _chapters()
    for chapter in chapters.values():
        for row in chapter.rows:
            name = ast.literal_eval(row.args[0])
            for k, rule in enumerate(row.args[2:]):
                yield from _replacements(name, k)
                if isinstance(rule, ast.Lambda):
                    yield from _recoded(f"{name}[{k}]", TABLE[name].rules[k], rule, _changes(rule), chapter)
            if len(row.args) == 4 and ast.dump(row.args[2]) != ast.dump(row.args[3]):
                yield Mutant(name, "swapped arguments", "rules in reverse", lambda n=name: _reverse(n))
    for function in _used_by_rules(chapters):
        chapter = chapters[function.__module__]
        original = chapter.functions[function.__name__]
        yield from _recoded(function.__name__, function, original, _changes(original), chapter)
    backward = chapters[BACKWARD]
    original = backward.functions["match"]
    yield from _recoded("match", backward.module.match, original, _without_sums(original), backward)


def _used_by_rules(chapters: dict[str, Chapter]) -> list[Any]:
    """Return the functions that rules use, directly or through others, in whatever file they stand."""
    found: dict[Any, None] = {}
    waiting = [(rule, chapter) for chapter in chapters.values() for row in chapter.rows for rule in row.args[2:]]
    while waiting:
        user, chapter = waiting.pop()
        for node in ast.walk(user):
            function = vars(chapter.module).get(node.id) if isinstance(node, ast.Name) else None
            if inspect.isfunction(function) and function not in found:
                home = chapters.get(function.__module__)
                if (
                    home
                    and vars(home.module).get(function.__name__) is function
                    and function.__name__ in home.functions
                ):
                    found[function] = None
                    waiting.append((home.functions[function.__name__], home))
    return sorted(found, key=lambda function: (function.__module__, function.__code__.co_firstlineno))


def note_calls(note: Callable[[str], Any]) -> None:
    """Make every forward, every rule, and every function that rules use call `note` with its name.

    A rule is called `row[k]`, as its mutants are, and the forward of a row as the row.
    """
    chapters = _chapters()
    noted: dict[Any, set[str]] = {function: {function.__name__} for function in _used_by_rules(chapters)}
    for chapter in chapters.values():
        vars(chapter.module)["_note"] = note
        for row in chapter.rows:
            made = TABLE[ast.literal_eval(row.args[0])]
            for k, (function, written) in enumerate(zip((made.forward, *made.rules), row.args[1:])):
                called = f"{made.name}[{k - 1}]" if k else made.name
                if isinstance(written, ast.Lambda):
                    changed = copy.deepcopy(written)
                    changed.body = ast.BoolOp(ast.Or(), [_call_of_note(called), changed.body])
                    function.__code__ = _code(ast.fix_missing_locations(changed), chapter.module)
                elif function and function.__name__ in getattr(chapters.get(function.__module__), "functions", ()):
                    noted.setdefault(function, set()).add(called)
    noted.setdefault(chapters[BACKWARD].module.match, {"match"})
    for function, names in noted.items():
        chapter = chapters[function.__module__]
        changed = copy.deepcopy(chapter.functions[function.__name__])
        changed.body[:0] = [ast.Expr(_call_of_note(called)) for called in sorted(names)]
        function.__code__ = _code(ast.fix_missing_locations(changed), chapter.module)


def _call_of_note(called: str) -> ast.Call:
    """Return the call, which is None, as an expression."""
    return ast.Call(ast.Name("_note", ast.Load()), [ast.Constant(called)], [])


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
        elif len(node.args) == 1 and isinstance(node.func, ast.Name) and not isinstance(node.args[0], ast.Starred):
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


def _recoded(
    name: str, function: Any, original: Any, changes: Iterator[tuple[str, Any]], chapter: Chapter
) -> Iterator[Mutant]:
    """Yield a mutant for each change of a function that reads otherwise than before."""
    before = ast.unparse(original).splitlines()
    for kind, changed in changes:
        source = " / ".join(line.strip() for line in ast.unparse(changed).splitlines() if line not in before)

        def apply(changed: Any = changed) -> None:
            # The function stays the same object, so whoever holds it is changed as well.
            function.__code__ = _code(changed, chapter.module)

        if source:
            yield Mutant(name, kind, source, apply)


def _code(function: Any, module: Any) -> Any:
    scope = dict(vars(module))
    if isinstance(function, ast.Lambda):
        return eval(compile(ast.Expression(function), "<mutant>", "eval"), scope).__code__
    exec(compile(ast.Module([function], []), "<mutant>", "exec"), scope)
    return scope[function.name].__code__
