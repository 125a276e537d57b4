"""Hypothesis profiles, and the public names for doctests."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import autograd
import nn
from nn._core.random import seed

slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("ci", max_examples=10, derandomize=True, deadline=None, suppress_health_check=slow)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=5)
settings.register_profile("fuzz", max_examples=500, deadline=None, database=None, suppress_health_check=slow)
# That a test fails is enough; the search for a smaller example would take minutes.
settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=25, phases=[Phase.explicit, Phase.generate], database=None
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# jsonschema, which Jupyter's packages import, looks for it, and does without it; it compiles 38 grammars: four seconds.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measure no coverage of slow tests, which take twice the time with it, but for those that reach lines alone.

    `no_cover` of pytest-cov stops one of two measurements that it starts in each worker, and the other goes on.
    """
    tracer = sys.gettrace()
    if item.get_closest_marker("slow") and not item.get_closest_marker("covers"):
        sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def pytest_collection_finish() -> None:
    """Tell the garbage collector that thousands of tests are no garbage: some tests make it run again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_primitives_stay_in_their_test() -> Iterator[None]:
    before = dict(autograd.TABLE)
    yield
    autograd.TABLE.clear()
    autograd.TABLE.update(before)


@pytest.fixture(autouse=True)
def _every_test_begins_with_the_same_seeds() -> None:
    seed(0)


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(autouse=True)
def _short_trainings_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn._training.training.MANY", 20)


@pytest.fixture(autouse=True)
def _public_names(doctest_namespace: dict[str, Any]) -> None:
    for package in (autograd, nn):
        doctest_namespace.update({name: getattr(package, name) for name in package.__all__})
