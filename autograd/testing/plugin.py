"""A pytest plugin: `def test_gradients(own_primitive): check_primitive(own_primitive)` runs for every own primitive.

Switch it on with `addopts = ["-p", "autograd.testing.plugin"]`, or with `pytest_plugins = ["autograd.testing.plugin"]`
in the top conftest.py. The primitives are those declared outside autograd when the tests are collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd._core.primitive import TABLE

if TYPE_CHECKING:
    import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the argument `own_primitive` once for each primitive of the user's."""
    if "own_primitive" in metafunc.fixturenames:
        own = [made for made in TABLE.values() if not made.forward.__module__.startswith("autograd.")]
        metafunc.parametrize("own_primitive", own, ids=[made.name for made in own])
