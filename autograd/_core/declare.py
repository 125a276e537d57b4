"""`primitive`: a row is put into the table, and becomes a function."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from autograd.files import brief

from .apply import apply
from .lean import lean_function
from .primitive import TABLE, Example, Identity, Interval, Operation, Primitive, Rule
from .types import Operand, Raw


def primitive(
    name: str,
    forward: Callable[..., Raw],
    *rules: Rule | None,
    written: str | Callable[..., str] | None = None,
    latex: str = "",
    domain: tuple[Interval, ...] | None = None,
    kink: Callable[..., Raw] | None = None,
    examples: tuple[Example, ...] = (),
    elementwise: bool = True,
    identities: tuple[Identity, ...] = (),
    reduction: str = "",
    contraction: tuple[str, str] | None = None,
    meaning: Callable[..., Operand] | None = None,
    note: str = "",
) -> Operation:
    """Declare an operation, which is then computed, differentiated, drawn and tested; return it as a function.

    `forward(xp, *args, *, settings)` computes it from raw numbers with the namespace `xp`: `math`-like for floats,
    NumPy for arrays. One `rule(g, out, *args, **settings)` for each argument returns the gradient `g` of the result
    pulled back to that argument (the vector-Jacobian product), of the shape of `out`; None stands for a derivative that
    is zero everywhere. Write rules with the operations of this package, and they differentiate again. A forward with
    `*args` has one rule, which returns the list of the gradients of all arguments, and is called with a list of them.

    `written` is a format, or a function of texts, for the operation as text (`"{0} * {1}"`; without it `name(a, b)`),
    `latex` what LaTeX has in its place: a function's name (`r"\\sigma"`), or a format with all other braces doubled
    (`r"\\sqrt{{{0}}}"`). `domain` is an open interval for each argument, `kink(*args, **settings)` is zero where there
    is no derivative, or where its slope jumps: tests go to second derivatives. An operation that does not work element
    by element has `elementwise=False` and is always computed with NumPy. `examples` are pairs of argument shapes and
    settings to test it with, `note` goes to the documentation and to `steps`. `identities` are triples (position,
    number, function of the arguments): what the operation equals, to the last bit, where the argument at that position
    is that number (None: any), as `1.0 * b` is `b`; formulas and compiled code are shortened by them. `reduction` names
    the primitive that does to all elements along an axis what this does to two (`sum` for `add`; the order may not
    matter but for rounding), `contraction` the two that this is made of (`multiply`, then `add`, for `matmul`).
    `meaning(*args, **settings)` computes the same from simpler operations, without care for rounding, where that says
    what the operation is; pages show its numbers.

    Raises TypeError for a forward that is no plain function, a wrong number of rules or a `latex` that is no text,
    ValueError for a name that is no identifier or belongs to another module's primitive, and for a wrong `latex`.

    >>> third = primitive("third_power", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x)
    >>> x = Value(2.0)
    >>> y = third(x)
    >>> y.backward()
    >>> y.data, x.grad
    (8.0, 12.0)
    """
    made = _named(name, forward, rules)
    made.written, made.latex, made.domain, made.kink = written, latex, domain, kink
    made.examples, made.elementwise, made.identities, made.note = examples, elementwise, identities, note
    made.reduction, made.contraction, made.meaning = reduction, contraction, meaning
    names = (*(made.arguments or "ab"),)
    settings = {setting: setting for setting in made.settings}
    _refuse_format(made, names, settings)
    TABLE[name] = made
    function = made.function = lean_function(made)
    function.__name__ = function.__qualname__ = name
    function.__module__ = forward.__module__
    function.__doc__ = f"{made.text(*names, **settings)}. {note}".strip()
    vars(function)["primitive"] = made
    return function


def _named(name: str, forward: Callable[..., Raw], rules: tuple[Rule | None, ...]) -> Primitive:
    """Return a row with its name and its rules; raise ValueError or TypeError if these cannot be."""
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"a primitive's name must be an identifier such as 'cube'; got {brief(name)}")
    if not hasattr(forward, "__code__"):
        raise TypeError(f"forward must be a function (xp, *args); got {brief(forward)}: wrap it in a lambda")
    made = Primitive(name, forward, rules)
    made.apply = partial(apply, made)
    expected = 1 if made.arity is None else made.arity
    if len(rules) != expected:
        raise TypeError(f"primitive {name!r} has {expected} arguments, so it needs {expected} rules; got {len(rules)}")
    earlier = TABLE.get(name)
    # Running a notebook cell again declares again; taking somebody else's name is a mistake.
    if earlier is not None and earlier.forward.__module__ != forward.__module__:
        raise ValueError(
            f"the primitive {name!r} is already declared in {earlier.forward.__module__}; take another name"
        )
    return made


def _refuse_format(made: Primitive, names: tuple[str, ...], settings: dict[str, str]) -> None:
    """Raise ValueError for LaTeX that has places, but not for the arguments and settings of a primitive."""
    if not isinstance(made.latex, str):
        raise TypeError(f"latex is text such as r'\\sigma' or r'\\sqrt{{{{{{0}}}}}}'; got {brief(made.latex)}")
    try:
        if "{0" in made.latex:
            made.latex.format(*names, **settings)
            # A place alone after a command would become part of its name.
            if re.search(r"\\[A-Za-z]+\{(?!\{)", made.latex):
                raise ValueError("braces after a command")
    except (ValueError, LookupError, AttributeError) as error:
        raise ValueError(
            f"the latex {brief(made.latex)} of primitive {made.name!r} must be a format of its {len(names)} arguments, "
            f"with all other braces doubled, as in r'\\sqrt{{{{{{0}}}}}}' ({type(error).__name__}: {error})"
        ) from None
