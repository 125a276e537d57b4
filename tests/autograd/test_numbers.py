"""One number, one text: six digits in every view."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value, draw, explain, steps
from autograd._views.formula import formula
from autograd._views.latex import latex_formula
from autograd._views.numbers import data_text, drawn_text, number_text
from nn import Perceptron

SVG = "{http://www.w3.org/2000/svg}"


def texts(root: Any, **settings: Any) -> list[str]:
    """Return the texts of a drawing."""
    return ["".join(text.itertext()) for text in ET.fromstring(draw(root, **settings).svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (-1 / 3, "-0.333333"),
        (2 / 3, "0.666667"),
        (2.0, "2"),
        (-0.0, "0"),
        (123456.5, "123456"),
        (1234567.0, "1.23457e+06"),
        (-1e-7, "-1e-07"),
        (1.5e300, "1.5e+300"),
        (5e-324, "4.94066e-324"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_has_six_digits_and_in_a_picture_a_wide_minus(x: float, text: str) -> None:
    assert number_text(x) == data_text(x) == data_text(np.array(x)) == text
    assert drawn_text(x) == drawn_text(np.array(x)) == text.replace("-", "−")


def test_small_arrays_are_written_whole_and_large_ones_told() -> None:
    third = np.array([[1 / 3, -2.0]], np.float32)
    assert data_text(third) == "[[0.333333, -2]]"
    assert drawn_text(third) == "[[0.333333, −2]]"
    assert data_text(np.array([True, False])) == "[True, False]"
    assert data_text(np.zeros((0, 3))) == drawn_text(np.zeros((0, 3))) == "[]"
    assert data_text(np.zeros(6)) == "[0, 0, 0, 0, 0, 0]"
    assert data_text(np.zeros((7, 1))) == "array(7, 1)"
    assert data_text(np.zeros((7, 1)), large="of shape {}") == "of shape (7, 1)"
    assert drawn_text(np.arange(5.0) / -3) == "−1.33333 … 0"
    assert drawn_text(np.full(5, 1 / 3)) == "0.333333"


def test_one_weight_reads_alike_in_every_view() -> None:
    w, x = Value(1 / 3, label="w"), Value(1.0, label="x")
    loss = w * x
    loss.backward()
    assert "0.333333" in texts(loss)
    assert steps(loss)[0].numbers == "0.333333 * 1"
    assert "w = 0.333333, x = 1" in str(explain(loss, w))
    assert "w = 0.333333,\\quad x = 1" in explain(loss, w).latex
    assert formula(loss, {x: "x"}, simplify=False) == "0.333333 * x"


def test_arrays_read_alike_in_every_view() -> None:
    t = Tensor([1 / 3, 2.0], label="t")
    loss = (t * np.array([1.0, 2 / 3])).sum()
    assert "[0.333333, 2]" in texts(loss)
    assert steps(loss)[0].numbers == "[0.333333, 2] * [1, 0.666667]"
    assert steps(loss)[0].formula == "t * [1, 0.666667]"
    assert "t = [0.333333, 2], c = [1, 0.666667]" in str(explain(loss, t))
    assert formula(loss, {t: "t"}) == "sum(t * [1, 0.666667])"


def test_a_length_in_latex_keeps_its_digits() -> None:
    assert "1234567" in latex_formula("reshape(x, shape=(1234567,))", {"x": "x"})
    assert latex_formula("1234567.0 * x", {"x": "x"}) == r"1.23457 \times 10^{6} \, x"


def test_the_weights_of_a_network_have_six_digits() -> None:
    neuron = Perceptron(1)
    neuron.w[0].data = -1 / 3
    assert "−0.333333" in texts(neuron)
    assert texts(neuron)[-5:] == ["−0.333333", "−0.166667", "0", "0.166667", "0.333333"]
