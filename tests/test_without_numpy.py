"""The scalar half needs the standard library alone, and NumPy is imported with the first array."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import autograd
import nn

ROOT = str(Path(__file__).parent.parent)

TRAIN = """
import sys
sys.path.insert(0, {root!r})
from autograd import Value, grad, gradcheck, gradcheck_module, tanh
from nn import MLP, SGD, accuracy, cross_entropy, fit, hinge, predict
from nn.data import moons, train_test_split

X, y = moons(40)
model = MLP(2, [8, 1], "tanh")
signs = [2 * label - 1 for label in y]
fit(model, X, signs, loss=hinge, optimizer=SGD(model.parameters(), lr=0.2, momentum=0.9), epochs=60, batch_size=10)
assert accuracy(predict(model, X), y) > 0.85
classes = MLP(2, [4, 2], "tanh")
fit(classes, X, y, loss=cross_entropy, optimizer=SGD(classes.parameters(), lr=0.2), epochs=2)
assert gradcheck(lambda x, w: tanh(w[0] * x + w[1]), 0.3, [0.5, 0.0], order=2)
assert gradcheck_module(model, hinge, X[:2], signs[:2])
assert abs(grad(grad(tanh))(0.3) + 0.5331) < 1e-3
print(*sorted({{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)))
"""

LATER = """
import sys
sys.path.insert(0, {root!r})
import autograd, nn
late = {{"numpy", "inspect", "json", "html", "pathlib", "dataclasses", "autograd.picture", "autograd._checks.gradcheck",
        "autograd._compiler.specialise", "autograd._views.draw.draw", "nn._files.load"}}
assert late.isdisjoint(sys.modules), late.intersection(sys.modules)
y = autograd.Value(2.0).exp()
y.backward()
assert late.isdisjoint(sys.modules), late.intersection(sys.modules)
assert "<img" in y._repr_mimebundle_()["text/html"]
assert "numpy" not in sys.modules
autograd.Tensor([1.0])
assert "numpy" in sys.modules
assert "importlib.metadata" not in sys.modules
assert autograd.__version__
assert "importlib.metadata" in sys.modules
"""


@pytest.mark.slow
def test_the_scalar_network_trains_on_the_standard_library() -> None:
    # -S -I: no site-packages, no environment.
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", TRAIN.format(root=ROOT)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["__main__", "autograd", "nn"]


@pytest.mark.slow
def test_numpy_comes_with_the_first_array() -> None:
    subprocess.run([sys.executable, "-c", LATER.format(root=ROOT)], check=True)


def test_the_version_is_told_and_no_other_name() -> None:
    assert autograd.__version__ == importlib.metadata.version("glassgrad")
    assert "__version__" not in autograd.__all__
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'versoin'"):
        _ = autograd.versoin
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'laod'"):
        _ = nn.laod


@pytest.mark.parametrize("package", [autograd, nn])
def test_every_public_name_is_there_and_completed(package: Any) -> None:
    listed = dir(package)
    assert len(listed) == len({*listed})
    for name in package.__all__:
        assert name in listed
        assert getattr(package, name) is vars(package)[name]


def test_a_checkout_that_is_not_installed_has_a_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert autograd.__version__ == "unknown"


@pytest.mark.parametrize("package", [autograd, nn])
def test_what_is_imported_late_is_told(package: Any) -> None:
    names = vars(package)["_LATER"]
    assert {*names} <= {*dir(package)} & {*package.__all__}
    assert all(package.__getattr__(name) is getattr(package, name) for name in names)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.__getattr__("nothing")
