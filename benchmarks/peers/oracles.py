"""Values, first and second derivatives of functions that PyTorch, MyGrad or SciPy have as well, on random numbers.

A second derivative is that of the sum of slopes in a random direction. What is defined otherwise elsewhere is in
DIFFERENT, with the reason; the docstrings say the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import mygrad
import numpy as np
import scipy.special
import scipy.stats
import torch

import autograd
from autograd import fft, linalg, special, stats

TOLERANCE = 1e-9
ROUNDS = 12
rng = np.random.default_rng(0)


def words(text: str) -> list[str]:
    return text.split()


UNARY = {
    **dict.fromkeys(
        words("sin cos tanh sinh cosh exp expm1 atan asinh sigmoid square abs erf erfc erfcx sinc relu exp2 softplus "
        "silu sign floor ceil trunc round digamma gammaln"), (0.1, 2.4)
    ),
    **dict.fromkeys(words("log log1p log2 log10 sqrt reciprocal"), (0.1, 3.0)),
    **dict.fromkeys(words("asin acos atanh"), (-0.9, 0.9)), "acosh": (1.1, 3.0), "tan": (-1.3, 1.3),
    **{f"{name} of both signs": (-2.5, 2.5) for name in ("sin", "tanh", "erf", "erfc", "erfcx", "sinc",
       "sigmoid", "abs", "relu", "exp", "atan", "softplus", "silu", "cbrt")},
}  # fmt: skip
BINARY = words(
    "add subtract multiply divide pow maximum minimum atan2 hypot logaddexp remainder fmax fmin copysign floor_divide"
)
TORCH = {
    "pow": torch.pow, "silu": torch.nn.functional.silu, "softplus": torch.nn.functional.softplus,
    "gammaln": torch.lgamma,
    "erfcx": torch.special.erfcx, "floor_divide": lambda a, b: torch.floor(a / b),
}  # fmt: skip
MYGRAD = {
    **dict.fromkeys(
        words("sin cos tan exp expm1 exp2 log log1p log2 log10 sqrt square reciprocal sinh cosh tanh abs cbrt add "
        "subtract multiply divide maximum minimum logaddexp")
    ),
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "pow": "power", "atan2": "arctan2",
}  # fmt: skip
SCIPY = {
    "erf": "erf", "erfc": "erfc", "erfcx": "erfcx", "gammaln": "gammaln", "digamma": "digamma", "sigmoid": "expit",
    "exp2": "exp2", "cbrt": "cbrt", "expm1": "expm1", "log1p": "log1p",
}  # fmt: skip
ARRAYS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "sum": (lambda a: autograd.sum(a, axis=0), lambda a: torch.sum(a, 0), ((3, 4),)),
    "mean": (lambda a: autograd.mean(a, axis=1), lambda a: torch.mean(a, 1), ((3, 4),)),
    "var": (lambda a: autograd.var(a, axis=1, ddof=1), lambda a: torch.var(a, 1), ((3, 4),)),
    "std": (lambda a: autograd.std(a, axis=0, ddof=1), lambda a: torch.std(a, 0), ((3, 4),)),
    "prod": (lambda a: autograd.prod(a, axis=1), lambda a: torch.prod(a, 1), ((3, 4),)),
    "max": (lambda a: autograd.max(a, axis=1), lambda a: torch.amax(a, 1), ((3, 4),)),
    "min": (lambda a: autograd.min(a), torch.min, ((3, 4),)),
    "logsumexp": (lambda a: autograd.logsumexp(a, axis=1), lambda a: torch.logsumexp(a, 1), ((3, 4),)),
    "softmax": (autograd.softmax, lambda a: torch.softmax(a, -1), ((3, 4),)),
    "log_softmax": (autograd.log_softmax, lambda a: torch.log_softmax(a, -1), ((3, 4),)),
    "cumsum": (lambda a: autograd.cumsum(a, axis=1), lambda a: torch.cumsum(a, 1), ((3, 4),)),
    "cumprod": (lambda a: autograd.cumprod(a, axis=0), lambda a: torch.cumprod(a, 0), ((3, 4),)),
    "matmul": (autograd.matmul, torch.matmul, ((2, 3, 4), (4, 2))),
    "einsum": (
        lambda a, b: autograd.einsum("bij,jk->bik", a, b), lambda a, b: torch.einsum("bij,jk->bik", a, b),
        ((2, 3, 4), (4, 2)),
    ),
    "outer": (autograd.outer, torch.outer, ((3,), (4,))),
    "kron": (autograd.kron, torch.kron, ((2, 3), (3, 2))),
    "cross": (autograd.cross, torch.linalg.cross, ((2, 3), (2, 3))),
    "solve": (autograd.solve, torch.linalg.solve, ((3, 3), (3, 2))),
    "inv": (autograd.inv, torch.linalg.inv, ((3, 3),)),
    "det": (autograd.det, torch.linalg.det, ((2, 3, 3),)),
    "slogdet": (lambda a: autograd.slogdet(a)[1], lambda a: torch.linalg.slogdet(a)[1], ((3, 3),)),
    "cholesky": (
        lambda a: autograd.cholesky(a @ a.T + np.eye(3)), lambda a: torch.linalg.cholesky(a @ a.T + torch.eye(3)),
        ((3, 3),),
    ),
    "eigvalsh": (lambda a: autograd.eigvalsh(a + a.T), lambda a: torch.linalg.eigvalsh(a + a.T), ((3, 3),)),
    "svdvals": (autograd.svdvals, torch.linalg.svdvals, ((3, 4),)),
    "pinv": (autograd.pinv, torch.linalg.pinv, ((4, 3),)),
    "matrix_power": (lambda a: autograd.matrix_power(a, 3), lambda a: torch.linalg.matrix_power(a, 3), ((3, 3),)),
    "norm": (linalg.norm, torch.linalg.norm, ((3, 4),)),
    "norm, 3": (lambda a: linalg.vector_norm(a, ord=3), lambda a: torch.linalg.vector_norm(a, 3), ((3, 4),)),
    "norm, nuclear": (lambda a: linalg.norm(a, "nuc"), lambda a: torch.linalg.norm(a, "nuc"), ((3, 4),)),
    "rfft": (
        lambda a: sum(p * (p + 1) for p in fft.rfft(a)),
        lambda a: (lambda z: z.real * (z.real + 1) + z.imag * (z.imag + 1))(torch.fft.rfft(a)), ((2, 6),),
    ),
    "sort": (lambda a: autograd.sort(a, axis=0), lambda a: torch.sort(a, 0)[0], ((4, 3),)),
    "median": (lambda a: autograd.median(a, axis=1), lambda a: torch.quantile(a, 0.5, 1), ((3, 4),)),
    "roll": (lambda a: autograd.roll(a, 2, 1), lambda a: torch.roll(a, 2, 1), ((3, 4),)),
    "gradient": (lambda a: autograd.gradient(a)[0], lambda a: torch.gradient(a)[0], ((3, 4),)),
    "conv": (autograd.conv, torch.nn.functional.conv2d,
             ((2, 3, 5, 5), (4, 3, 2, 2))),
    "gelu": (
        lambda a: autograd.gelu(a, approximate="none"), torch.nn.functional.gelu, ((3, 4),)
    ),
    "gelu, tanh": (autograd.gelu, lambda a: torch.nn.functional.gelu(a, approximate="tanh"), ((3, 4),)),
    "polygamma, 2": (lambda a: special.polygamma(2, a * a + 0.3), lambda a: torch.polygamma(2, a * a + 0.3), ((3,),)),
    "logit": (lambda a: special.logit(autograd.sigmoid(a)), lambda a: torch.logit(torch.sigmoid(a)), ((3,),)),
    "xlogy": (lambda a, b: special.xlogy(a, b * b), lambda a, b: torch.xlogy(a, b * b), ((3,), (3,))),
    "ndtr": (special.ndtr, torch.special.ndtr, ((3, 4),)),
    "norm.logpdf": (
        lambda x, m, s: stats.norm.logpdf(x, m, s * s + 0.5),
        lambda x, m, s: torch.distributions.Normal(m, s * s + 0.5).log_prob(x), ((3, 4), (4,), ()),
    ),
    "norm.cdf": (
        lambda x, m, s: stats.norm.cdf(x, m, s * s + 0.5),
        lambda x, m, s: torch.distributions.Normal(m, s * s + 0.5).cdf(x), ((3, 4), (4,), ()),
    ),
}  # fmt: skip
DIFFERENT = {
    "max and min of equal elements": "the gradient is shared equally; PyTorch's max along an axis gives it to one",
    "eigh and cholesky of a matrix that is not symmetric": "of its symmetric part; others read one triangle",
    "gelu": "the tanh form; PyTorch's default is approximate='none'",
}


class Count:
    """Comparisons of one library."""

    def __init__(self) -> None:
        self.compared = 0
        self.wrong: list[str] = []

    def see(self, what: str, ours: Any, theirs: Any) -> None:
        self.compared += 1
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        scale = max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE * scale):
            self.wrong.append(f"{what}: {ours.tolist()} is not {theirs.tolist()}")


def derivatives(f: Callable[..., Any], arrays: list[Any], weights: Any, directions: list[Any]) -> list[Any]:
    """Return value, gradients, and gradients of the slope in a direction, by ours."""
    every = tuple(range(len(arrays)))

    def loss(*args: Any) -> Any:
        return autograd.sum(f(*args) * weights)

    def slope(*args: Any) -> Any:
        return sum(autograd.sum(g * d) for g, d in zip(autograd.grad(loss, every)(*args), directions))

    return [f(*arrays), *autograd.grad(loss, every)(*arrays), *autograd.grad(slope, every)(*arrays)]


def with_torch(f: Callable[..., Any], arrays: list[Any], weights: Any, directions: list[Any]) -> list[Any]:
    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
    out = f(*tensors)
    first = torch.autograd.grad((out * torch.tensor(weights)).sum(), tensors, create_graph=True, materialize_grads=True)
    slope = sum((g * torch.tensor(d)).sum() for g, d in zip(first, directions))
    if not slope.requires_grad:
        second = [torch.zeros_like(t) for t in tensors]
    else:
        second = torch.autograd.grad(slope, tensors, materialize_grads=True)
    return [x.detach().numpy(force=True) for x in (out, *first, *second)]


def compare(count: Count, name: str, ours: Any, theirs: Any, arrays: list[Any]) -> None:
    shape = np.shape(np.asarray(getattr(out := ours(*arrays), "data", out)))
    weights, directions = rng.normal(size=shape), [rng.normal(size=np.shape(a)) for a in arrays]
    mine = derivatives(ours, arrays, weights, directions)
    found = with_torch(theirs, arrays, weights, directions)
    kinds = ["value", *["slope"] * len(arrays), *["bend"] * len(arrays)]
    for kind, a, b in zip(kinds, mine, found, strict=True):
        count.see(f"{name}, {kind}", a, b)


def slopes_of_mygrad(name: str, arrays: list[Any]) -> list[Any]:
    tensors = [mygrad.tensor(a) for a in arrays]
    out = getattr(mygrad, MYGRAD[name] or name)(*tensors)
    out.backward()
    return [out.data, *(t.grad for t in tensors)]


def run() -> dict[str, Count]:
    counts = {"PyTorch": Count(), "MyGrad": Count(), "SciPy": Count()}
    torch.set_default_dtype(torch.float64)
    warnings.simplefilter("ignore")
    for key, (low, high) in UNARY.items():
        name = key.partition(" ")[0]
        ours = getattr(autograd, name)
        theirs = TORCH.get(name) or getattr(torch, name, None)
        for _ in range(ROUNDS):
            x = rng.uniform(low, high, size=(3,))
            if theirs is not None:
                compare(counts["PyTorch"], name, ours, theirs, [x])
            if name in MYGRAD:
                mine = [ours(x), autograd.elementwise_grad(ours)(x)]
                for kind, a, b in zip(("value", "slope"), mine, slopes_of_mygrad(name, [x]), strict=True):
                    counts["MyGrad"].see(f"{name}, {kind}", a, b)
            if name in SCIPY:
                counts["SciPy"].see(name, ours(x), getattr(scipy.special, SCIPY[name])(x))
    for name in BINARY:
        ours, theirs = getattr(autograd, name), TORCH.get(name) or getattr(torch, name)
        for _ in range(ROUNDS):
            a, b = rng.uniform(0.2, 3.0, size=(2, 3)), rng.uniform(0.2, 3.0, size=(3,))
            compare(counts["PyTorch"], name, ours, theirs, [a, b])
            if name in MYGRAD:
                mine = [ours(a, b), *autograd.grad(lambda a, b, f=ours: autograd.sum(f(a, b)), (0, 1))(a, b)]
                for kind, x, y in zip(("value", "slope", "slope"), mine, slopes_of_mygrad(name, [a, b]), strict=True):
                    counts["MyGrad"].see(f"{name}, {kind}", x, y)
    for name, (ours, theirs, shapes) in ARRAYS.items():
        for _ in range(ROUNDS):
            compare(counts["PyTorch"], name, ours, theirs, [rng.normal(size=shape) for shape in shapes])
    scipys(counts["SciPy"])
    return counts


def scipys(count: Count) -> None:
    """What SciPy has: values."""
    for _ in range(ROUNDS):
        x, loc, scale = rng.normal(size=5) * 3, rng.normal(), rng.uniform(0.5, 2.0)
        for name in ("pdf", "cdf", "sf", "logpdf", "logcdf", "logsf"):
            count.see(name, getattr(stats.norm, name)(x, loc, scale), getattr(scipy.stats.norm, name)(x, loc, scale))
        a, b = rng.normal(size=(3, 4)), rng.uniform(0.1, 2.0, size=(3, 4))
        count.see("logsumexp", special.logsumexp(a, axis=1, b=b), scipy.special.logsumexp(a, axis=1, b=b))
        p, q = rng.uniform(0.2, 6.0, size=4), rng.uniform(0.2, 6.0, size=4)
        for name in ("beta", "betaln"):
            count.see(name, getattr(special, name)(p, q), getattr(scipy.special, name)(p, q))
        for name in ("gamma", "rgamma", "gammasgn", "gammaln", "digamma"):
            count.see(name, getattr(special, name)(p - 3.1), getattr(scipy.special, name)(p - 3.1))
        for n in range(4):
            count.see(f"polygamma {n}", special.polygamma(n, p), scipy.special.polygamma(n, p))
        count.see("multigammaln", special.multigammaln(p + 2, 3), scipy.special.multigammaln(p + 2, 3))
        count.see("logit", special.logit(p / 7), scipy.special.logit(p / 7))


if __name__ == "__main__":
    for library, count in run().items():
        print(f"{library}: {count.compared} comparisons, {len(count.wrong)} wrong")
        print(*sorted(set(count.wrong))[:20], sep="\n")
