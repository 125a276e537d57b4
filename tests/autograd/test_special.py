"""Special functions, the normal distribution and real Fourier transforms: at their edges, and against 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from exact import mp
from oracles import assert_close, numerical_gradient

import autograd
from autograd import Tensor, Value, compile, fft, grad, special
from autograd._ops import series
from autograd.stats import norm

inf, nan = math.inf, math.nan
BOTH = pytest.mark.parametrize("of", [Value, lambda x: Tensor([x])])


@BOTH
@pytest.mark.parametrize(
    ("name", "x", "y", "slope"),
    [
        ("erf", 0.0, 0.0, 2 / math.sqrt(math.pi)), ("erf", -0.0, -0.0, 2 / math.sqrt(math.pi)), ("erf", inf, 1.0, 0.0),
        ("erf", -inf, -1.0, 0.0), ("erfc", inf, 0.0, 0.0), ("erfc", -inf, 2.0, 0.0), ("erfcx", inf, 0.0, nan),
        ("gammaln", 1.0, 0.0, -0.5772156649015329), ("gammaln", 2.0, 0.0, 0.4227843350984671),
        ("gammaln", 0.0, inf, -inf), ("gammaln", -1.0, inf, nan), ("gammaln", inf, inf, inf),
        ("gammaln", -inf, inf, nan), ("digamma", 0.0, -inf, inf), ("digamma", -0.0, inf, inf),
        ("digamma", -2.0, nan, nan), ("digamma", inf, inf, 0.0),
        ("sinc", 0.0, 1.0, 0.0), ("sinc", 3.0, 0.0, -1 / 3), ("sinc", inf, 0.0, 0.0), ("sinc", 5e-324, 1.0, 0.0),
    ],
)  # fmt: skip
def test_edges(of: Any, name: str, x: float, y: float, slope: float) -> None:
    node = of(x)
    with np.errstate(all="ignore"):
        out = getattr(autograd, name)(node)
        autograd.sum(out).backward()
    assert out.item() == pytest.approx(y, rel=1e-15, abs=1e-300, nan_ok=True)
    assert math.copysign(1.0, out.item()) == math.copysign(1.0, y) or y != 0 or x not in (0.0, -0.0)
    assert float(np.ravel(node.grad)[0]) == pytest.approx(slope, rel=1e-15, abs=1e-300, nan_ok=True)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfcx", "gammaln", "digamma", "sinc"])
def test_single_precision(name: str) -> None:
    function = getattr(autograd, name)
    out = function(Tensor(np.array([0.3, 1.5, 4.0, 30.0], np.float32)))
    assert out.data.dtype == np.float32
    np.testing.assert_allclose(
        out.data, [function(x) for x in np.array([0.3, 1.5, 4.0, 30.0], "f4").tolist()], rtol=2e-6
    )


@pytest.mark.parametrize("name", ["erf", "erfc", "erfcx", "gammaln", "digamma", "sinc"])
def test_nan_stays_nan(name: str) -> None:
    function = getattr(autograd, name)
    assert math.isnan(function(Value(nan)).data)
    assert math.isnan(function(Tensor([nan, 0.5])).data[0])


@pytest.mark.parametrize("x", [-0.25, -0.5, -1.5, -2.75, -7.3, -0.01])
def test_gamma_of_negative_numbers(x: float) -> None:
    """Where a result is near 0, the terms of the mirror image cancel."""
    for n in range(4):
        expected = float(mp.polygamma(n, mp.mpf(x)))
        for found in (special.polygamma(n, Value(x)).data, special.polygamma(n, Tensor([x])).item()):
            assert found == pytest.approx(expected, rel=1e-13, abs=1e-13)
    expected = float(mp.log(abs(mp.gamma(mp.mpf(x)))))
    assert special.gammaln(Value(x)).data == pytest.approx(expected, rel=1e-13, abs=1e-14)
    assert special.gammaln(Tensor([x])).item() == pytest.approx(expected, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("order", [0.5, -1])
def test_an_order_counts_derivatives(order: Any) -> None:
    with pytest.raises(ValueError, match="order counts derivatives"):
        special.digamma(1.0, order=order)


def test_derivatives_of_any_order() -> None:
    """Of sinc the first are 0 and -pi ** 2 / 3 at 0; those of digamma are polygammas."""
    f: Callable[[Any], Any] = autograd.sinc
    for expected in (1.0, 0.0, -(math.pi**2) / 3, 0.0, math.pi**4 / 5, 0.0, -(math.pi**6) / 7):
        assert f(0.0) == pytest.approx(expected, rel=1e-14)
        f = grad(f)
    for x in (-2.3, -0.2, 0.3, 0.4, 1.3):
        for n in range(5):
            expected = float(mp.diff(mp.sincpi, mp.mpf(x), n))
            assert autograd.sinc_slope(x, order=n) == pytest.approx(expected, rel=1e-12)
    for n in range(1, 6):
        assert special.polygamma(n, 0.7) == pytest.approx(float(mp.polygamma(n, mp.mpf(0.7))), rel=1e-14)


def test_the_normal_distribution() -> None:
    x, loc, scale = np.array([-40.0, -3.0, 0.1, 2.0, 9.0]), 0.25, 1.5
    for name in ("pdf", "cdf", "sf", "logpdf", "logcdf", "logsf"):
        f = getattr(norm, name)
        with mp.workdps(200):
            z = [(mp.mpf(a) - loc) / scale for a in x.tolist()]
            exact: dict[str, Any] = {
                "pdf": [mp.npdf(a) / scale for a in z], "cdf": [mp.ncdf(a) for a in z], "sf": [mp.ncdf(-a) for a in z],
            }  # fmt: skip
            plain = exact[name.removeprefix("log")]
            expected = [float(mp.log(a)) if name.startswith("log") else float(a) for a in plain]
        np.testing.assert_allclose(f(Tensor(x), loc, scale).data, expected, rtol=1e-13)
        near = x[1:]
        loss = lambda x, f=f: (f(x, loc, scale) * np.arange(1.0, 5.0)).sum()  # noqa: E731
        assert_close(grad(loss)(near), numerical_gradient(loss, near))
        slopes = [grad(lambda a, k=k, f=f: f(0.5, *a[:k], a[k], *a[k + 1 :]))(np.array([loc, scale])) for k in (0, 1)]
        for k, slope in enumerate(slopes):
            found = numerical_gradient(lambda a, f=f: f(0.5, a[0], a[1]), np.array([loc, scale]))
            assert slope[k] == pytest.approx(found[k], rel=1e-7)
    # Far out the slope of logcdf is that of the density: -z.
    assert grad(norm.logcdf)(-1e8) == pytest.approx(1e8, rel=1e-12)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_logsumexp_with_factors() -> None:
    a, b = np.array([[1.0, 2.0, 1000.0], [-inf, 0.0, 1.0]]), np.array([[1.0, -0.5, 0.0], [5.0, 3.0, 1.0]])
    expected = np.log([math.e - 0.5 * math.e**2, 3 + math.e], where=[False, True], out=np.array([nan, nan]))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(special.logsumexp(Tensor(a), axis=1, b=b).data, expected, rtol=1e-15)
    size, sign = special.logsumexp(Tensor(a), axis=1, b=b, return_sign=True)
    np.testing.assert_allclose(size.data, np.log([0.5 * math.e**2 - math.e, 3 + math.e]), rtol=1e-14)
    assert sign.data.tolist() == [-1.0, 1.0]
    assert special.logsumexp(Tensor(a), b=0.5, keepdims=True).shape == (1, 1)
    assert special.logsumexp(Tensor([1.0, 2.0])).item() == autograd.logsumexp(Tensor([1.0, 2.0])).item()
    assert special.logsumexp(Tensor([-inf, -inf]), return_sign=True)[1].item() == 0.0
    x = np.array([0.5, -1.0, 2.0])
    for f in (
        lambda a: special.logsumexp(a, b=[1.0, 3.0, -0.1]),
        lambda b: special.logsumexp(x, b=b + 2.0),
        lambda a: special.logsumexp(a, b=np.array([[1.0], [2.0]]), axis=0).sum(),
    ):
        assert_close(grad(f)(x), numerical_gradient(f, x))
        assert compile(f)(x) == pytest.approx(f(Tensor(x)).item(), rel=1e-14)


@pytest.mark.parametrize("x", [-2.5, -0.3, 0.4, 3.2, 30.5])
def test_gamma_from_its_logarithm(x: float) -> None:
    exact = mp.gamma(mp.mpf(x))
    assert special.gamma(Value(x)).data == pytest.approx(float(exact), rel=1e-13)
    assert special.rgamma(Tensor([x])).item() == pytest.approx(float(1 / exact), rel=1e-13)
    assert special.gammasgn(x) == float(mp.sign(exact))
    assert grad(special.gamma)(x) == pytest.approx(float(exact * mp.digamma(mp.mpf(x))), rel=1e-12)
    if x > 1:
        assert special.beta(x, 2.0) == pytest.approx(1 / (x * (x + 1)), rel=1e-12)
        expected = float(mp.log(mp.pi) / 2 + mp.loggamma(mp.mpf(x)) + mp.loggamma(mp.mpf(x) - 0.5))
        assert special.multigammaln(x, 2) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (0.5, 19.5),
        (0.5, 20.5),
        (1e-3, 1e15),
        (2.0, 1e60),
        (20.0, 20.0),
        (25.0, 25.0),
        (3e4, 50.0),
        (1e9, 2e9),
        (7.0, 1e6),
    ],
)
def test_beta_of_large_numbers(a: float, b: float) -> None:
    """The three logarithms cancel: of (2, 1e60) nothing would be left."""
    exact = lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)  # noqa: E731
    slope = lambda a, b: (mp.digamma(a) - mp.digamma(a + b), mp.digamma(b) - mp.digamma(a + b))  # noqa: E731
    with mp.workdps(160 if b > 1e20 else 60):
        x, y = mp.mpf(a), mp.mpf(b)
        value, slopes = float(exact(x, y)), [float(s) for s in slope(x, y)]
        bend = float(mp.psi(1, x) - mp.psi(1, x + y))
    for p, q, expected in ((a, b, slopes), (b, a, slopes[::-1])):
        assert special.betaln(p, q) == pytest.approx(value, rel=3e-14, abs=0)
        assert grad(special.betaln, (0, 1))(p, q) == pytest.approx(expected, rel=1e-11, abs=0)
    assert grad(grad(special.betaln))(a, b) == pytest.approx(bend, rel=1e-10, abs=0)


def test_slopes_at_zero() -> None:
    """Where two formulas meet, or one factor is 0: the other's share is not 0, nor a half."""
    half = math.sqrt(2 / math.pi)
    assert (grad(norm.logcdf)(0.0), grad(norm.logsf)(0.0)) == (pytest.approx(half), pytest.approx(-half))
    assert grad(grad(norm.logcdf))(0.0) == pytest.approx(-(half**2))
    assert grad(special.xlogy, (0, 1))(0.0, 3.0) == (math.log(3.0), 0.0)
    mixed = grad(lambda y: grad(special.xlogy)(0.0, y))(4.0)
    assert mixed == 0.25
    for y in (0.0, -1.0, math.inf):
        assert (special.xlogy(0.0, y), grad(special.xlogy, (0, 1))(0.0, y)) == (0.0, (0.0, 0.0))
    assert math.isnan(special.xlogy(0.0, math.nan))
    # 1 / gamma(x) goes through 0 at -n with the slope (-1) ** n * n!.
    assert [grad(special.rgamma)(-float(n)) for n in range(4)] == pytest.approx([1.0, -1.0, 2.0, -6.0])
    assert [special.rgamma(x) for x in (0.0, -3.0)] == [0.0, 0.0]
    assert special.rgamma(-170.5) == pytest.approx(float(mp.rgamma(-170.5)), rel=5e-13)
    for x in (-140.5, -2.5, 0.25, 0.5, 3.5, 30.0):
        # exp of a logarithm of hundreds leaves 13 digits.
        assert special.rgamma(x) == pytest.approx(float(mp.rgamma(x)), rel=5e-13)
        assert grad(special.rgamma)(x) == pytest.approx(float(mp.diff(mp.rgamma, x)), rel=5e-12)


@pytest.mark.parametrize("name", norm.__all__)
def test_no_distribution_has_a_negative_scale(name: str) -> None:
    found = getattr(norm, name)(Tensor([1.0, 1.0, 1.0]), 0.0, Tensor([1.0, 0.0, -2.0])).data
    assert np.isnan(found).tolist() == [False, True, True]
    assert math.isnan(getattr(norm, name)(1.0, scale=-1.0))


def test_softmax_over_all_axes() -> None:
    """As SciPy's; the table's is over the last."""
    x = Tensor([[1.0, 2.0], [3.0, -1.0]])
    powers = np.exp(x.data)
    assert_close(special.softmax(x).data, powers / powers.sum())
    assert_close(special.log_softmax(x).data, x.data - np.log(powers.sum()))
    assert_close(special.softmax([[1.0, 2.0]], axis=0), np.ones((1, 2)))
    assert_close(grad(lambda a: (special.softmax(a) ** 2).sum())(x.data),
                 numerical_gradient(lambda a: (np.exp(a) ** 2).sum() / np.exp(a).sum() ** 2, x.data))  # fmt: skip


def test_small_ones() -> None:
    assert special.expit(0.0) == 0.5
    assert grad(special.logit)(0.25) == pytest.approx(1 / (0.25 * 0.75))
    assert special.xlogy(0.0, 0.0) == 0.0
    assert grad(special.xlogy, argnums=(0, 1))(2.0, 3.0) == pytest.approx((math.log(3), 2 / 3))
    assert math.isnan(special.xlogy(0.0, nan))
    assert grad(special.ndtr)(0.5) == pytest.approx(norm.pdf(0.5), rel=1e-15)
    assert grad(lambda x: autograd.gelu(x, approximate="none"))(0.5) == pytest.approx(
        norm.cdf(0.5) + 0.5 * norm.pdf(0.5)
    )
    with pytest.raises(ValueError, match="approximate is 'tanh' or 'none'"):
        autograd.gelu(0.5, approximate="erf")


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_spectra(n: int) -> None:
    x = np.random.default_rng(n).normal(size=(3, n))
    expected = np.fft.rfft(x)
    re, im = fft.rfft(Tensor(x))
    assert_close(re.data, expected.real, 1e-14)
    assert_close(im.data, expected.imag, 1e-14)
    assert_close(fft.irfft(re, im, n).data, x, 1e-14)
    assert_close(
        fft.irfft(expected.imag + 1, expected.real, n), np.fft.irfft(expected.imag + 1 + 1j * expected.real, n)
    )
    assert_close(fft.rfft(x.T, axis=0)[1], expected.imag.T)
    np.testing.assert_array_equal(fft.rfftfreq(n, 0.5), np.fft.rfftfreq(n, 0.5))

    def power(x: Any) -> Any:
        re, im = fft.rfft(x)
        return (re * re + 2 * im).sum()

    assert_close(grad(power)(x), numerical_gradient(power, x))


def test_spectra_that_are_none() -> None:
    with pytest.raises(ValueError, match="a spectrum of 3 is that of 4 or 5 numbers; got n=6"):
        fft.irfft(np.ones(3), np.ones(3), 6)
    with pytest.raises(ValueError, match="one number or more; got 0"):
        fft.rfft(np.ones((2, 0)))
    assert fft.irfft(np.ones(3), np.zeros(3)).shape == (4,)


def test_what_is_kept_is_made_from_the_numbers_of_bernoulli() -> None:
    made = series.bernoulli.__wrapped__
    assert [made(n) for n in range(7)] == [1, Fraction(1, 2), Fraction(1, 6), 0, Fraction(-1, 30), 0, Fraction(1, 42)]
    assert series.log_gamma_terms.__wrapped__()[-2:] == [-1 / 360, 1 / 12]
