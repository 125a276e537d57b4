"""Hypothesis profiles, and the public names for doctests."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import none

import autograd
import nn
from nn._core.random import seed
from nn._training import training

slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("ci", max_examples=10, derandomize=True, deadline=None, suppress_health_check=slow)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=5)
settings.register_profile("fuzz", max_examples=500, deadline=None, database=None, suppress_health_check=slow)
# That a test fails is enough; the search for a smaller example would take minutes.
settings.register_profile("mutants", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# jsonschema, which Jupyter's packages import, looks for it, and does without it; it compiles 38 grammars: four seconds.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# Four devices of the CPU when JAX starts. What it computes is the same; XLA compiles it in half the time.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true",
)

measuring: list[Any] = []
"""The measurement of coverage, while tests run."""


@contextmanager
def measured() -> Iterator[None]:
    sys.settrace(measuring[-1])
    try:
        yield
    finally:
        sys.settrace(None)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Stop the measurement, but for what is `measured`.

    `no_cover` of pytest-cov stops one of two measurements that it starts in each worker, and the other goes on.
    """
    measuring.append(sys.gettrace())
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(measuring.pop())


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Measure how every module is imported, but not how thousands of tests are found, which takes twice the time."""
    collects = hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None)
    if collects and sys.gettrace():
        for package in (autograd, nn):
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                import_module(module.name)
    with unmeasured():
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop() -> Generator[None, Any, Any]:
    """Measure no coverage of what pytest does around each test, which takes twice the time with it."""
    with unmeasured():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measure the tests; of the slow ones those alone that reach lines which no quick one does."""
    with nullcontext() if item.get_closest_marker("slow") and not item.get_closest_marker("covers") else measured():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    """Measure what is made for several tests: a training, for one."""
    with nullcontext() if fixturedef.scope == "function" else measured():
        return (yield)


def pytest_collection_finish() -> None:
    """Tell the garbage collector that thousands of tests are no garbage: some tests make it run again and again."""
    # On Python 3.14 Hypothesis looks in vain for whoever holds its random numbers, where that was told so before.
    given(none())(lambda _: None)()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _public_names(doctest_namespace: dict[str, Any]) -> None:
    for package in (autograd, nn):
        doctest_namespace.update({name: getattr(package, name) for name in package.__all__})


@pytest.fixture(autouse=True)
def _every_test_begins_alike() -> Iterator[None]:
    """With the same seeds; with no primitive and no figure of another test; short trainings, too, are compiled.

    One fixture, not four: what every test does, 7,000 do.
    """
    seed(0)
    before, many = dict(autograd.TABLE), training.MANY
    training.MANY = 20
    yield
    training.MANY = many
    autograd.TABLE.clear()
    autograd.TABLE.update(before)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
