"""The names that HIPS autograd's tests import, made of ours: a plugin of pytest's, loaded before the tests are.

Nothing of theirs is here: their functions by name, what ours do, and a check of derivatives of our own. What needs
complex numbers, forward mode or the inside of HIPS autograd is not offered; the plugin says of each test which it asks.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType
from typing import Any

import numpy
import pytest

import autograd
from autograd import Node, Tensor, Value

RANDOM = numpy.random.default_rng(0)
TREES = (dict, list, tuple)
COMPLEX, INSIDE = "complex numbers", "the inside of HIPS autograd"


class Seen:
    """What the checks of one test met."""

    checks = 0
    complex = 0


# ---- trees of numbers -----------------------------------------------------------------------------------------------


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, TREES):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(part)
    else:
        yield tree


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: mapped(f, part) for key, part in tree.items()}
    if isinstance(tree, TREES):
        parts = [mapped(f, part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return f(tree)


def added(tree: Any, other: Any, times: float) -> Any:
    others = leaves(other)
    return mapped(lambda x: x + times * next(others), tree)


def plain(tree: Any) -> Any:
    return mapped(lambda x: x.data if isinstance(x, Node) else x, tree)


def floats(x: Any) -> Any:
    """Return whole numbers as floats: only these have derivatives."""
    x = x if isinstance(x, (Node, numpy.ndarray)) else numpy.asarray(x)
    if isinstance(x, numpy.ndarray) and x.dtype.kind in "iub":
        x = x.astype(float)
    return x.item() if isinstance(x, numpy.ndarray) and not x.shape and x.dtype.kind == "f" else x


def is_complex(tree: Any) -> bool:
    return any(numpy.iscomplexobj(plain(x)) for x in leaves(tree))


def noise(tree: Any) -> Any:
    return mapped(lambda x: RANDOM.standard_normal(numpy.shape(x)) if numpy.shape(x) else 0.7, plain(tree))


def inner(weights: Any, tree: Any) -> Any:
    total: Any = 0.0
    for w, x in zip(leaves(weights), leaves(tree), strict=True):
        total = total + (numpy.sum(w * x) if numpy.shape(plain(x)) else w * x)
    return total


# ---- the check ------------------------------------------------------------------------------------------------------


def check_grads(
    function: Callable[..., Any], argnum: Any = None, modes: Any = (), order: int = 2
) -> Callable[..., None]:
    """Return a check of the derivatives of f up to an order, whatever the mode: by differences in one direction."""

    def check(*args: Any, **keywords: Any) -> None:
        given = as_given(args)
        places = range(len(args)) if argnum is None else [argnum] if isinstance(argnum, int) else argnum

        def f(*some: Any) -> Any:
            chosen = list(given)
            for place, item in zip(places, some, strict=True):
                chosen[place] = item
            return function(*chosen, **keywords)

        args = tuple(given[place] for place in places)
        if is_complex(args):
            Seen.complex += 1
            return
        args = mapped(floats, args)
        found = f(*args)
        if is_complex(found):
            Seen.complex += 1
            pytest.skip(COMPLEX)
        Seen.checks += 1
        weights = noise(found)
        compare(lambda args: inner(weights, f(*args)), args, order)

    return check


def compare(f: Callable[[Any], Any], args: Any, order: int) -> None:
    direction = noise(args)
    slopes = gradient(f, args)
    for x, slope in zip(leaves(args), leaves(slopes), strict=True):
        assert numpy.shape(slope) == numpy.shape(x), f"a gradient of shape {numpy.shape(slope)} for {numpy.shape(x)}"
    h = 1e-6
    nodes = lambda x: Tensor(x) if numpy.shape(x) else Value(x)  # noqa: E731 - our own way, as vectors have signs
    ends = [float(plain(f(mapped(nodes, added(args, direction, times))))) for times in (h, -h, 2 * h, -2 * h)]
    expected = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * h)
    actual = float(plain(inner(direction, slopes)))
    assert abs(actual - expected) < 1e-5 * max(1.0, abs(expected), *map(abs, ends)), f"{actual} is not {expected}"
    if order > 1:
        compare(lambda args: inner(direction, gradient(f, args)), args, order - 1)


def gradient(f: Callable[[Any], Any], args: Any) -> Any:
    with warnings.catch_warnings():
        # A function that is flat in one argument is no mistake here.
        warnings.simplefilter("ignore", UserWarning)
        return autograd.grad(f)(args)


def combo_check(fun: Callable[..., Any], *args: Any, **keywords: Any) -> Callable[..., None]:
    def check(*values: Any, **settings: Any) -> None:
        choices = list(args[0]) if args and not isinstance(args[0], int) else args[0] if args else None
        for chosen in product(*values):
            for row in product(*[[(key, item) for item in items] for key, items in settings.items()]):
                places = range(len(chosen)) if choices is None else choices
                places = [places] if isinstance(places, int) else list(places)

                def f(*some: Any, chosen: Any = chosen, row: Any = row, places: Any = places) -> Any:
                    given = list(chosen)
                    for place, item in zip(places, some, strict=True):
                        given[place] = item
                    return fun(*given, **dict(row))

                check_grads(f, **keywords)(*[chosen[place] for place in places])

    return check


def check_equivalent(x: Any, y: Any) -> None:
    Seen.checks += 1
    for a, b in zip(leaves(plain(x)), leaves(plain(y)), strict=True):
        assert numpy.shape(a) == numpy.shape(b)
        numpy.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def scalar_close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) < 1e-6 or abs(a - b) / abs(a + b) < 1e-6)


# ---- their functions, by ours ---------------------------------------------------------------------------------------


def by_argnum(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Return a transform whose argument is called argnum, and may be a list."""

    def made(fun: Callable[..., Any], argnum: Any = 0, *rest: Any, **keywords: Any) -> Any:
        argnums = tuple(argnum) if isinstance(argnum, (list, tuple)) else argnum
        return lambda *args, **more: transform(fun, argnums, *rest, **keywords)(*as_given(args), **more)

    return made


def of_one(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Return a transform of a function of one argument, which here is number `argnum`."""

    def made(f: Callable[..., Any], argnum: int = 0) -> Any:
        return lambda *args: transform(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]))(as_given(args)[argnum])

    return made


def unary_to_nary(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Their way to make a transform of functions of one argument one of argument number `argnum` of any function."""

    def made(f: Callable[..., Any], argnum: int = 0) -> Any:
        return lambda *args: transform(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])

    return made


def as_given(args: Any) -> Any:
    return tuple(mapped(lambda x: float(x) if type(x) is int else x, arg) for arg in args)


def make_vjp(f: Callable[..., Any], argnum: Any = 0, *rest: Any) -> Any:
    def at(*args: Any) -> Any:
        args = as_given(args)
        out, back = autograd.vjp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum])
        return lambda v: back(v)[0], out

    return at


def make_jvp(f: Callable[..., Any], argnum: int = 0) -> Any:
    def at(*args: Any) -> Any:
        return lambda v: autograd.jvp(lambda x: f(*args[:argnum], x, *args[argnum + 1 :]), args[argnum], v)

    return at


def make_hvp(f: Callable[..., Any], argnum: int = 0) -> Any:
    def at(*args: Any) -> Any:
        slopes = autograd.grad(f, argnum)
        return make_vjp(slopes, argnum)(*args)

    return at


def hessian_tensor_product(f: Callable[..., Any], argnum: int = 0) -> Any:
    def at(x: Any, *rest: Any) -> Any:
        *args, v = rest
        return autograd.grad(lambda x: numpy.sum(autograd.grad(f)(x, *args) * v))(x)

    return at


def tensor_jacobian_product(f: Callable[..., Any], argnum: int = 0) -> Any:
    return lambda x, v: autograd.jacobian(lambda x: numpy.tensordot(v, f(x), axes=numpy.ndim(v)))(x)


def make_ggnvp(f: Callable[..., Any], g: Any = lambda x: 0.5 * numpy.sum(x * x), f_argnum: int = 0) -> Any:
    def at(*args: Any) -> Any:
        out, back = autograd.vjp(f, *args)
        bend = autograd.hessian(g)(plain(out))
        return lambda v: back(numpy.tensordot(bend, autograd.jvp(f, args[0], v)[1], numpy.ndim(v)))[0]

    return at


def grad_and_aux(f: Callable[..., Any]) -> Any:
    def at(*args: Any) -> Any:
        return autograd.grad(lambda *args: f(*args)[0])(*args), plain(f(*args)[1])

    return at


def array(item: Any, *args: Any, **keywords: Any) -> Any:
    """Return numpy.array of what holds no node; a node, or nested lists of nodes, as a node."""
    if isinstance(item, Node):
        return item if isinstance(item, Tensor) else autograd.reshape(item, shape=())
    if isinstance(item, (list, tuple)) and any(isinstance(x, Node) for x in leaves(item)):
        return autograd.stack([array(part) for part in item])
    return numpy.array(item, *args, **keywords)


def is_instance(x: Any, kinds: Any) -> bool:
    return builtins.isinstance(x, kinds) or (isinstance(x, Node) and builtins.isinstance(x.data, kinds))


def flatten(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return all numbers of a tree on one axis, and what puts them back."""
    parts = list(leaves(tree))
    shapes = [numpy.shape(plain(part)) for part in parts]
    ends = numpy.cumsum([int(numpy.prod(s)) for s in shapes]).tolist()

    def back(vector: Any) -> Any:
        cut = iter(zip([0, *ends], ends, shapes))
        return mapped(lambda _: (lambda a, b, s: vector[a:b].reshape(s) if s else vector[a])(*next(cut)), tree)

    rows = [autograd.reshape(array([part]) if not numpy.shape(plain(part)) else part, shape=(-1,)) for part in parts]
    return (autograd.concat(rows) if rows else numpy.zeros(0)), back


class TheirPrimitive:
    """Their way to declare an operation: a function of arrays, and derivatives that are told afterwards."""

    made = 0

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.slopes, self.own = f, {}, None

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if not any(isinstance(arg, Node) for arg in args):
            return self.f(*args, **keywords)
        TheirPrimitive.made += 1
        names = ", ".join(f"a{k}" for k in range(len(args)))
        forward = eval(f"lambda xp, {names}: f({names}, **k)", {"f": self.f, "k": keywords})

        def rule(place: int) -> Any:
            slope = self.slopes.get(place)
            return slope and (lambda g, out, *given: slope(out, *given, **keywords)(g))

        rules = [rule(k) for k in range(len(args))]
        return autograd.primitive(f"theirs{TheirPrimitive.made}", forward, *rules, elementwise=False)(*args)


def defvjp(of: TheirPrimitive, *slopes: Any, argnums: Any = None) -> None:
    of.slopes |= dict(zip(range(len(slopes)) if argnums is None else argnums, slopes))


# ---- modules --------------------------------------------------------------------------------------------------------


class Numpy(ModuleType):
    """Their autograd.numpy: NumPy's own functions, which take our nodes; lists of nodes are an array."""

    def __init__(self, name: str, of: Any, own: dict[str, Any]) -> None:
        super().__init__(name)
        vars(self).update(own)
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_of"], name)


def public(of: ModuleType) -> dict[str, Any]:
    return {name: item for name, item in vars(of).items() if not name.startswith("_")}


class Inside:
    """What their tests ask of the inside of HIPS autograd."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        pytest.skip(INSIDE)


def module(name: str, **items: Any) -> ModuleType:
    made = sys.modules[name] = ModuleType(name)
    vars(made).update(items)
    above, _, last = name.rpartition(".")
    if above in sys.modules:
        setattr(sys.modules[above], last, made)
    return made


def install() -> None:
    theirs = {"array": array, "isinstance": is_instance}
    faces = {
        "numpy": Numpy("autograd.numpy", numpy, theirs),
        "numpy.random": numpy.random, "numpy.linalg": numpy.linalg, "numpy.fft": numpy.fft,
    }  # fmt: skip
    for name, face in faces.items():
        sys.modules[f"autograd.{name}"] = face
    autograd.numpy = faces["numpy"]
    transforms = {
        **{name: by_argnum(getattr(autograd, name)) for name in ("grad", "value_and_grad")},
        **{name: of_one(getattr(autograd, name)) for name in ("jacobian", "hessian")},
        "elementwise_grad": by_argnum(autograd.elementwise_grad), "make_vjp": make_vjp, "make_jvp": make_jvp,
        "make_hvp": make_hvp, "hessian_tensor_product": hessian_tensor_product, "grad_and_aux": grad_and_aux,
        "hessian_vector_product": hessian_tensor_product, "tensor_jacobian_product": tensor_jacobian_product,
        "make_ggnvp": make_ggnvp, "checkpoint": lambda f: f, "isinstance": is_instance, "list": list, "tuple": tuple,
        "dict": dict, "deriv": by_argnum(autograd.elementwise_grad), "holomorphic_grad": None,
    }  # fmt: skip
    own_grad = {name: getattr(autograd, name) for name in ("grad", "hessian", "jacobian", "vjp", "jvp")}
    vars(sys.modules[__name__])["autograd"] = Numpy("ours", autograd, own_grad)
    face = sys.modules["autograd"]
    for name, item in transforms.items():
        setattr(face, name, item)
    module("autograd.test_util", check_grads=check_grads, combo_check=combo_check, check_equivalent=check_equivalent,
           scalar_close=scalar_close)  # fmt: skip
    extend = {"primitive": TheirPrimitive, "defvjp": defvjp}
    module("autograd.extend", **extend)
    module("autograd.core", make_vjp=lambda f, x: make_vjp(f)(x), vspace=Inside, primitive_vjps=Inside, **extend)
    module("autograd.tracer", isbox=lambda x: isinstance(x, Node), **extend)
    module("autograd.builtins", type=type, isinstance=is_instance, list=list, tuple=tuple, dict=dict)
    module("autograd.misc", flatten=flatten, const_graph=Inside)
    module("autograd.wrap_util", unary_to_nary=unary_to_nary)
    scipy = module("autograd.scipy")
    for name in ("special", "stats", "integrate", "linalg", "signal"):
        ours = importlib.import_module(f"autograd.{name}") if name in ("special", "stats") else ModuleType(name)
        face = Numpy(f"autograd.scipy.{name}", importlib.import_module(f"scipy.{name}"), public(ours))
        sys.modules[f"autograd.scipy.{name}"] = face
        setattr(scipy, name, face)
    sys.modules["autograd.scipy.stats.multivariate_normal"] = sys.modules["autograd.scipy.stats"].multivariate_normal


install()


@pytest.fixture(autouse=True)
def _real_numbers_only() -> Iterator[None]:
    Seen.checks = Seen.complex = 0
    yield
    if Seen.complex and not Seen.checks:
        pytest.skip(COMPLEX)
