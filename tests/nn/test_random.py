"""What is made without a seed: it differs, and yet a program run twice gives the same numbers."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value
from nn import MLP, Conv1d, Conv2d, Dropout, Layer, Perceptron, Sequential
from nn._core.random import new_seed

MAKERS: list[Any] = [
    lambda seed=None: Perceptron(3, seed=seed),
    lambda seed=None: Layer(3, 2, seed=seed),
    lambda seed=None: Layer(3, 2, of=Tensor, seed=seed),
    lambda seed=None: MLP(3, [2, 1], seed=seed),
    lambda seed=None: Conv1d(2, 2, 3, seed=seed),
    lambda seed=None: Conv2d(2, 2, 3, seed=seed),
]


def numbers(model: Any) -> list[float]:
    return [float(x) for parameter in model.parameters() for x in np.ravel(parameter.data)]


@pytest.mark.parametrize("make", MAKERS)
def test_networks_made_without_a_seed_differ_and_are_repeated_after_the_same_seed(make: Any) -> None:
    nn.seed(7)
    first = [numbers(make()) for _ in range(5)]
    assert len(set(map(tuple, first))) == 5
    nn.seed(np.int64(7))
    assert [numbers(make()) for _ in range(5)] == first
    nn.seed(8)
    assert numbers(make()) != first[0]


@pytest.mark.parametrize("of", [Value, Tensor])
def test_two_layers_of_a_network_differ(of: Any) -> None:
    first, second = Sequential(Layer(4, 4, of=of), Layer(4, 4, of=of)).layers
    assert numbers(first) != numbers(second)


@pytest.mark.parametrize("make", MAKERS)
def test_what_has_a_seed_neither_reads_the_source_nor_changes_it(make: Any) -> None:
    nn.seed(1)
    expected = new_seed()
    nn.seed(1)
    model = make(seed=3)
    if hasattr(model, "to"):
        model.to(Tensor)
    assert new_seed() == expected
    assert numbers(make(seed=3)) == numbers(model) == numbers(make(seed=random.Random(3))) != numbers(make(seed=4))


def test_a_generator_of_numpy_is_a_seed() -> None:
    one, two = (np.random.default_rng(3) for _ in range(2))
    assert numbers(Layer(3, 2, seed=one)) == numbers(Layer(3, 2, seed=two)) != numbers(Layer(3, 2, seed=one))


@pytest.mark.slow
def test_a_program_run_twice_gives_the_same_numbers() -> None:
    program = "from nn import MLP, Dropout; print(MLP(2, [1]).state_dict(), Dropout()([1.0] * 64))"
    one, two = (subprocess.run([sys.executable, "-c", program], capture_output=True, check=True) for _ in range(2))
    assert one.stdout == two.stdout != b""


def test_threads_get_different_seeds() -> None:
    with ThreadPoolExecutor(8) as pool:
        seeds = list(pool.map(lambda _: [new_seed() for _ in range(50)], range(8)))
    assert len({seed for each in seeds for seed in each}) == 400


@pytest.mark.parametrize("make", [*MAKERS, lambda seed: Dropout(seed=seed), nn.seed])
@pytest.mark.parametrize("wrong", ["0", 1.5, True, [1]])
def test_what_is_no_seed(make: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"(seed|n) must be a whole number.*; got "):
        make(wrong)
