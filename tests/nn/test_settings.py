"""Settings: NumPy's numbers are taken as Python's are; what is no number of the kind is told."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograd import Value
from nn import SGD, Adam, RMSProp, clip_grad_norm, cosine, step_decay, warm_up
from nn._core.random import new_seed, seed
from nn._core.settings import real, whole
from nn.data import blobs, moons


@pytest.mark.parametrize("number", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_whole_numbers_become_python_s(number: Any) -> None:
    assert type(whole("n", number, 1)) is int
    assert whole("n", number, 1) == 3


@pytest.mark.parametrize("number", [3.0, np.float64(3.0), True, np.True_, "3", None, np.array([3]), 0, np.int64(-1)])
def test_what_is_no_whole_number_from_1_is_told(number: Any) -> None:
    with pytest.raises(ValueError, match=r"^n must be a whole number from 1, or None; got .+$"):
        whole("n", number, 1, ", or None")


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), np.float64(0.5), np.array(0.5), Fraction(1, 2)])
def test_real_numbers_become_python_s(number: Any) -> None:
    assert type(real("x", number, lambda x: x > 0, "positive")) is float
    assert real("x", number, lambda x: x > 0, "positive") == 0.5


@pytest.mark.parametrize("number", [True, np.True_, "1", None, [1.0], np.array([1.0]), np.array(True), 1j, -1])
def test_what_is_no_real_number_is_told(number: Any) -> None:
    with pytest.raises(ValueError, match=r"^x must be positive; got .+$"):
        real("x", number, lambda x: x > 0, "positive")


def test_numpy_s_numbers_are_settings_of_optimizers_schedules_and_made_data() -> None:
    w, small = [Value(1.0)], np.float32(0.5)
    for optimizer in (
        SGD(w, small, small, weight_decay=small),
        Adam(w, small, (small, small), small, small),
        RMSProp(w, small, small, small, small),
    ):
        assert all(type(number) is float for number in [optimizer.lr, optimizer.weight_decay])  # type: ignore[attr-defined]
    assert clip_grad_norm(w, np.float32(1.0)) == 0.0
    assert step_decay(np.int64(2), small)(2) == 0.5
    assert cosine(np.int64(2), small)(2) == 0.5
    assert warm_up(np.float64(2))(1) == 0.5
    assert moons(np.int64(10), small, np.int64(0)) == moons(10, 0.5, 0)
    assert blobs(np.int64(9), np.int32(3), seed=np.uint8(1)) == blobs(9, 3, seed=1)


def test_the_source_of_seeds_never_repeats_and_starts_anew_on_request() -> None:
    seed(np.int64(5))
    first = [new_seed() for _ in range(50)]
    assert len(set(first)) == 50
    seed(5)
    assert [new_seed() for _ in range(50)] == first
    with pytest.raises(ValueError, match=r"n must be a whole number; got 0\.5"):
        seed(0.5)  # type: ignore[arg-type]
