"""Checks of the exercises of notebook 6: every piece of an engine, compared with glassgrad."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy

import autograd
from autograd import Value, gradcheck, primitive

from . import NotAnswered, Unusable, close, exercise, result

Function = Callable[..., Any]


@exercise
def exercise_1(answer: Function) -> str | None:
    """The rule of softsign."""

    def returns(right: Callable[[float, float], float]) -> bool:
        cases = [(g, z) for g in (1.0, -3.0) for z in (0.5, -2.0)]
        return all(close(result(answer, g, z / (1 + abs(z)), z), right(g, z), 9) for g, z in cases)

    if returns(lambda g, z: g / (1 + abs(z)) ** 2):
        softsign = primitive("softsign_of_yours", lambda xp, z: z / (1 + abs(z)), answer)
        try:
            twice = bool(gradcheck(softsign, -0.7, order=2))
        except (TypeError, ValueError):
            twice = False
        if not twice:
            return "Right for numbers. To be differentiated again, use abs(z), which works for nodes, too."
        z = numpy.array([0.5, -2.0])
        try:
            whole = all(map(close, result(answer, 1.0, z / (1 + abs(z)), z), 1 / (1 + abs(z)) ** 2))
        except ValueError:
            whole = False
        return (
            None if whole else "Right for numbers. An array has no single sign to ask for: use abs(z) in place of if."
        )
    mistakes: list[tuple[Callable[[float, float], float], str]] = [
        (lambda g, z: 1 / (1 + abs(z)) ** 2, "That is the derivative; a rule passes the gradient g on, times that."),
        (lambda g, z: -g / (1 + abs(z)) ** 2, "The sign is wrong: does softsign rise or fall?"),
        (lambda g, z: g / (1 + abs(z)), "Something is squared in the derivative."),
        (lambda g, z: g / (1 + z) ** 2, "Right for positive z alone: |z| is not z."),
        (lambda g, z: g / 1 + abs(z) ** 2, "Python divides first: put parentheses around the whole denominator."),
        (lambda g, z: g * (1 + abs(z)) ** 2, "You have multiplied by what you should divide by."),
        (lambda g, z: g * z / (1 + abs(z)), "That is the function itself, times g; a rule needs its derivative."),
    ]
    return next(
        (hint for wrong, hint in mistakes if returns(wrong)),
        "Not yet. The rule is g times the derivative, at the argument z.",
    )


@exercise
def exercise_2(Number: Function, add: Function, multiply: Function, tanh: Function) -> str | None:
    """Data, inputs and slopes of three operations."""
    numbers = (3.0, -0.5)
    for name, function in (("add", add), ("multiply", multiply), ("tanh", tanh)):
        values = [Value(x) for x in numbers[-_arity(name) :]]
        out = getattr(autograd, name)(*values)
        out.backward()
        given = [Number(value.data) for value in values]
        try:
            answer = result(function, *given)
        except Unusable:
            return f"{name} returns nothing: is there a return?"
        except TypeError as error:
            if "not Number" in str(error):
                return f"{name}: data are plain numbers; write a.data, not a."
            raise
        hint = _wrong_operation(name, answer, given, out.data, [value.grad for value in values])
        if hint:
            return f"{name}: {hint}"
    return None


def _arity(name: str) -> int:
    return 1 if name == "tanh" else 2


def _wrong_operation(name: str, answer: Any, given: list[Any], data: float, slopes: list[float]) -> str | None:
    if answer.data is ... or answer.slopes is ... or (isinstance(answer.slopes, tuple) and ... in answer.slopes):
        raise NotAnswered
    if not isinstance(answer.slopes, (tuple, list)):
        return "slopes is a tuple, one for each input; a tuple of one is written (s,), with a comma."
    if any(hasattr(part, "data") for part in (answer.data, *answer.slopes)):
        return "data and slopes are plain numbers; write a.data, not a."
    if not close(answer.data, data, 9):
        return "the data is wrong."
    if [id(i) for i in answer.inputs] != [id(i) for i in given]:
        return "the inputs are the Numbers that it was computed from, in order."
    if len(answer.slopes) != len(slopes):
        return f"it has {len(slopes)} inputs, so it needs as many slopes."
    if all(close(a, b, 9) for a, b in zip(answer.slopes, slopes)):
        return None
    numbers = [i.data for i in given]
    if name == "add":
        return "if a grows by 0.01, by how much does a + b grow?"
    if name == "multiply":
        if list(answer.slopes) == numbers:
            return "the slopes are swapped: if a grows by 0.01, a * b grows by 0.01 times what?"
        return "if a grows by 0.01, by how much does a * b grow?"
    wrong = answer.slopes[0]
    if close(wrong, 1 - data, 9):
        return "something in the slope is squared."
    if close(wrong, 1 - numbers[0] ** 2, 9):
        return "the slope squares tanh(a), not a itself."
    return "the slope stands above, in the exercise; in code it needs math.tanh(a.data)."


@exercise
def exercise_3(Number: Function, order: Function) -> str | None:
    """A topological order."""
    return _wrong_order(Number, order)


def _wrong_order(Number: Function, order: Function) -> str | None:
    # Equal data: what compares data takes two numbers for one.
    a, b = Number(2.0), Number(2.0)
    c = Number(4.0, (a, b), (2.0, 2.0))
    d = Number(6.0, (c, a), (1.0, 1.0))
    root = Number(24.0, (c, d), (6.0, 4.0))
    found = result(order, root)
    if not isinstance(found, list):
        return f"order must return a list; yours returns a {type(found).__name__}, and a set has no order."
    if not found:
        raise NotAnswered
    names = {id(node): name for name, node in zip("abcde", (a, b, c, d, root))}
    if any(id(node) not in names for node in found):
        return "The list holds something that is no Number of the graph; visit appends number, not its inputs or data."
    found = [names[id(node)] for node in found]
    places = {name: place for place, name in enumerate(found)}
    missing = sorted(set(names.values()) - set(found))
    if missing:
        what = {
            ("a", "b"): "those without inputs are",
            ("e",): "the root is",
            ("b",): "one with the data of another is",
        }
        return f"{5 - len(missing)} of 5 numbers are in the list; {what.get(tuple(missing), 'some are')} missing."
    if len(found) > 5:
        return "A number is in the list more than once: where paths meet, visit comes again. Remember what was seen."
    above = {"c": "ab", "d": "ca", "e": "cd"}
    if all(places[i] < places[node] for node in above for i in above[node]):
        return None
    if all(places[i] > places[node] for node in above for i in above[node]):
        return "That is the reverse: inputs come first, root last. Append after the inputs were visited, not before."
    return "A number stands before one of its inputs. Append it when all its inputs are in the list, not before."


@exercise
def exercise_4(Number: Function, order: Function, backward: Function) -> str | None:
    """The pass backwards, along a chain and where paths meet."""
    chain, meeting = _chain(Number), _meeting(Number)
    if not order(chain[-1]):
        return "First exercise 3: order(root) is still empty."
    if _wrong_order(Number, order):
        return "First exercise 3: the order is not right yet."
    for nodes in (chain, meeting):
        try:
            backward(nodes[-1])
        finally:
            if any(node.grad is ... for node in nodes):
                raise NotAnswered
    *_, root = meeting
    if not close(root.grad, 1.0, 9):
        return "How does root change, if root changes? That is where the pass starts."
    if all(node.grad == 0.0 for node in (*chain[:-1], *meeting[:-1])):
        return "The inputs get nothing yet. If you multiply into their gradient: it starts at 0, and 0 times g is 0."
    right = [[6.0, 2.0, 1.0], [44.0, 10.0, 4.0, 1.0]]
    if _grads(chain) == right[0] and _grads(meeting) == right[1]:
        backward(root)
        if _grads(meeting) == right[1]:
            return None
        return "Right the first time; the second pass adds to what the first has left. Start from zero gradients."
    if _grads(chain) == right[0]:
        return "Right along a chain, wrong where paths meet: what arrives by different paths is added up."
    if _grads(chain)[:2] == [3.0, 2.0]:
        return "You send the slope alone. What had arrived at the number, and what becomes of it?"
    if _grads(chain)[:2] == [1.0, 1.0]:
        return "The gradient goes on unchanged; it has to be multiplied by the slope."
    if _grads(chain)[:2] == [6.0, 3.0]:
        return "Along a path gradients are multiplied by the slopes, not added to them."
    if _grads(chain)[:2] == [0.0, 2.0]:
        return "Only the last number has sent something: begin at root, and go through the order in reverse."
    return (
        "Not yet. Look at a step back in `steps` above: which two numbers are multiplied? What becomes of the product?"
    )


def _chain(Number: Function) -> list[Any]:
    a = Number(1.0)
    b = Number(3.0, (a,), (3.0,))
    return [a, b, Number(6.0, (b,), (2.0,))]


def _meeting(Number: Function) -> list[Any]:
    """a, b = a * a, c = a + b and b * c, at a = 2."""
    a = Number(2.0)
    b = Number(4.0, (a, a), (2.0, 2.0))
    c = Number(6.0, (a, b), (1.0, 1.0))
    return [a, b, c, Number(24.0, (b, c), (6.0, 4.0))]


def _grads(nodes: list[Any]) -> list[float]:
    return [float(node.grad) for node in nodes]


@exercise
def engine(Number: Function, tanh: Function) -> str | None:
    """Random computations with both engines."""
    _ready(Number, tanh)
    rng = random.Random(6)
    for count in range(200):
        starts = [rng.uniform(-1.5, 1.5) for _ in range(3)]
        plan = [(rng.choice("+-*t"), rng.randrange(3 + k), rng.randrange(3 + k)) for k in range(10)]
        ours, theirs = _computed(Value, autograd.tanh, starts, plan), _computed(Number, tanh, starts, plan)
        ours[-1].backward()
        theirs[-1].backward()
        for what in ("data", "grad"):
            for a, b in zip(ours, theirs):
                if not math.isclose(getattr(a, what), getattr(b, what), rel_tol=1e-9, abs_tol=1e-12):
                    return (
                        f"Computation {count + 1} differs: a {what} is {getattr(b, what):.6g}, and glassgrad has "
                        f"{getattr(a, what):.6g}. Do the checks above still say that all is right?"
                    )
    return "Right: 200 random computations, and all their gradients agree."


def _computed(number: Function, tanh: Function, starts: list[float], plan: list[tuple[str, int, int]]) -> list[Any]:
    nodes = [number(x) for x in starts]
    for what, i, j in plan:
        a, b = nodes[i], nodes[j]
        nodes.append(tanh(a) if what == "t" else a + b if what == "+" else a - b if what == "-" else a * b)
    return nodes


def _ready(Number: Function, tanh: Function) -> None:
    """Raise NotAnswered if a piece is still missing."""
    x = Number(0.5)
    for y in (x + x, x * x, tanh(x)):
        if any(part is ... for part in (y.data, *y.slopes)):
            raise NotAnswered
    y.backward()
    if y.grad is ... or x.grad == 0.0:
        raise NotAnswered


@exercise
def same(train: Function, Number: Function, tanh: Function) -> str | None:
    """A neuron, trained with both engines."""
    _ready(Number, tanh)
    ours, theirs = train(Value, autograd.tanh), train(Number, tanh)
    if all(close(a, b, 5) for a, b in zip(ours, theirs)):
        return f"Right: your engine learns {theirs}, too."
    return f"Your engine learns {theirs}, and glassgrad {ours}. Does the check above say that all is right?"
