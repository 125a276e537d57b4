"""Steps: against `.grad` on random graphs, as text, and that they change nothing."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from autograd import Tensor, Value, detect_anomaly, log, no_grad, primitive, relu, sigmoid, steps, tanh
from autograd._views.live import page as _page
from autograd._views.live import still as _still
from autograd._views.steps.step import Step
from autograd.testing import Graph, graphs
from nn import MLP, SGD, mse


def perceptron() -> tuple[Value, list[Value]]:
    w = [Value(data, label=f"w{k}") for k, data in enumerate((1.0, 3.0, -2.0))]
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    return (sigmoid(w[0] + w[1] * x1 + w[2] * x2) - 1) ** 2, w


@pytest.mark.slow
@given(graphs())
def test_contributions_add_up_to_the_gradient_of_every_node(graph: Graph) -> None:
    loss = sum(result.sum() if result.shape else result for result in graph.nodes())
    sequence = steps(loss)
    loss.backward()
    totals: dict[Any, Any] = {loss: 1.0}
    last: dict[Any, Any] = {}
    forward = [step for step in sequence if step.phase == "forward"]
    assert [step.node for step in forward] == [node for node in sequence.order if node.op is not None]
    for step in sequence[len(forward) + 1 :]:
        assert np.array_equal(step.result, step.node.grad, equal_nan=True)
        for sent in step.sent:
            assert last[sent.node].complete is False if sent.node in last else True
            totals[sent.node] = totals[sent.node] + sent.contribution if sent.node in totals else sent.contribution
            assert np.array_equal(totals[sent.node], sent.total, equal_nan=True)
            if sent.local is not None:
                product = np.float64(step.result) * sent.local
                assert np.allclose(product, sent.contribution, rtol=1e-12, equal_nan=True) or not np.isfinite(product)
            last[sent.node] = sent
    assert all(sent.complete for sent in last.values())
    for node in sequence.order:
        assert np.array_equal(totals.get(node, 0.0 * node.data), node.grad, equal_nan=True)


def test_the_text_of_the_perceptron() -> None:
    loss, w = perceptron()
    sequence = steps(loss, SGD(w, lr=0.1))
    assert (len(sequence), [len(sequence[k:]) for k in (-1, 15)]) == (18, [1, 3])
    assert str(sequence[3]) == "z  = a2 + a3  = -2 + (-4)  = -6"
    assert str(sequence[7]) == "dJ/dJ  = 1  the start"
    assert str(sequence[14]) == (
        "dJ/dw1  = dJ/da1 · x1  = -0.00492082 · (-1)  = 0.00492082  complete\n"
        "dJ/dx1  = dJ/da1 · w1  = -0.00492082 · 3     = -0.0147625  complete"
    )
    assert str(sequence[16]) == "w1  <- w1 - lr * dJ/dw1  = 3 - 0.1 * 0.00492082  = 2.99951"
    lines = repr(sequence).split("\n")
    assert [lines[k] for k in (0, 8, -4)] == ["forward", "backward", "update"]
    assert lines[1].split() == ["0", "a1", "=", "w1", "*", "x1", "=", "3", "*", "(-1)", "=", "-3"]
    assert {line.rindex("= ") for line in lines[1:8]} == {lines[1].rindex("= ")}


def test_paths_that_meet_and_formulas_as_factors() -> None:
    x = Value(0.5, label="x")
    text = str(steps(tanh(x) + x * x))
    assert "· (1 - y * y)" in text
    assert [line.split("  ")[-1] for line in text.split("\n")[-3:]] == [
        "sum so far 1, 2 of 3",
        "sum so far 1.78645, complete",
    ] or "first of 3" in text


def test_a_long_sequence_is_cut_in_the_middle() -> None:
    y = Value(1.0)
    for _ in range(30):
        y = y + 1.0
    text = repr(steps(y))
    assert "... 21 steps: print(*steps(loss), sep='\\n') shows all" in text
    assert len(text.split("\n")) == 43


def test_arrays() -> None:
    x, w = Tensor(np.arange(12.0).reshape(4, 3), label="X"), Tensor([[1.0], [2.0], [3.0]], label="w")
    loss = ((x @ w + Tensor([0.5], label="w0")) * np.array([[1.0, 2.0]])).mean()
    sequence = steps(loss, SGD([w], lr=0.1))
    text = repr(sequence)
    assert re.search(
        r"a1\s+= X @ w\s+= array\(4, 3\) @ \[\[1\], \[2\], \[3\]\]\s+= \[\[8\], \[26\], \[44\], \[62\]\]", text
    )
    assert re.search(r"dJ/dw\s+= X.T @ g\s+with g = dJ/da1\s+= \[\[6\.75\], \[8\.25\], \[9\.75\]\]\s+complete", text)
    loss.backward()
    assert np.array_equal(sequence[-1].result, w.data - 0.1 * w.grad)


def test_a_primitive_of_ones_own_steps_like_any_other() -> None:
    cube = primitive("cube", lambda xp, x: x * x * x, lambda g, out, x: g * 3 * x * x, written="{0}³")
    x = Value(2.0, label="x")
    assert str(steps(cube(x))[0]) == "J  = x³  = 2³  = 8"
    assert str(steps(cube(x))[2]) == "dJ/dx  = dJ/dJ · 3 * x * x  = 1 · 12  = 12  complete"
    strange = primitive("strange", lambda xp, x: x, lambda g, out, x: g, written="{0} ⊙ ?")
    assert "dJ/da1 = dJ/dJ · a3" in str(steps(strange(x) * strange(strange(x))))


def test_names() -> None:
    a, b = Value(1.0, label="J"), Value(2.0, label="a1")
    loss = (a + b) * (a + b) * Value(3.0)
    names = list(steps(loss).names.values())
    assert names == ["J", "a1", "a2", "a3", "a4", "x", "J1"]
    loss.label = "my loss"
    assert steps(loss)[4].gradient == "∂my loss/∂my loss"


def test_other_optimizers() -> None:
    loss, w = perceptron()
    unused = Value(5.0)
    optimizer = SGD([*w, unused], lr=0.1, momentum=0.9)
    loss.backward()
    optimizer.step()
    before = copy.deepcopy(optimizer.velocities)
    sequence = steps(loss, optimizer)
    assert optimizer.velocities == before
    update = sequence[-3]
    assert str(update) == "w1  <- w1 + change  = 3 + (-0.000934956)  = 2.99907"
    assert update.change == update.result - 3.0
    assert str(sequence[-1]) == "x  <- x - lr * dJ/dx  = 5 - 0.1 * 0  = 5"


@pytest.mark.slow
def test_nothing_is_changed_and_the_recorded_pass_is_shown() -> None:
    loss, w = perceptron()
    optimizer = SGD(w, lr=0.1, momentum=0.9)
    before = repr(steps(loss, optimizer))
    page = _page.view(steps(loss, optimizer))
    assert [node.grad for node in w] == [0.0] * 3
    assert [node.data for node in w] == [1.0, 3.0, -2.0]
    assert optimizer.velocities == [0.0] * 3
    w[0].data, w[1].grad = 100.0, 7.0
    assert repr(steps(loss, optimizer)) == before
    assert _page.view(steps(loss, optimizer)) == page
    assert w[1].grad == 7.0


def test_modes_do_not_matter() -> None:
    loss = log(Value(0.0)) * 2
    before = repr(steps(loss))
    with no_grad():
        assert repr(steps(loss)) == before
    with detect_anomaly():
        assert repr(steps(loss)) == before
    assert "= -inf" in before


def test_where_no_gradient_flows() -> None:
    x = Value(2.0, label="x")
    sequence = steps(x * (x > 1))
    assert repr(sequence).count("dJ/dx ") == 1


def test_errors() -> None:
    loss, _ = perceptron()
    with pytest.raises(TypeError, match=r"steps needs a Value or a Tensor; got 3.0 of type float"):
        steps(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"steps needs a scalar loss; the shape is \(2,\). Reduce it first"):
        steps(Tensor([1.0, 2.0]) * 2)
    with pytest.raises(ValueError, match=r"nothing to step through: w was not computed"):
        steps(Value(1.0, label="w"))
    for wrong in (3, SGD):
        with pytest.raises(TypeError, match="steps takes an optimizer with a list `parameters`"):
            steps(loss, wrong)
    with pytest.raises(ValueError, match=r"cannot save steps to 'a.pdf'; the suffix must be .html"):
        steps(loss).save("a.pdf")


@pytest.mark.covers
@pytest.mark.slow
def test_what_a_notebook_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, w = perceptron()
    sequence = steps(loss, SGD(w))
    shown = sequence._repr_mimebundle_()
    assert shown["text/plain"] == repr(sequence)
    assert shown["text/html"] == sequence._repr_html_()
    assert len(shown["text/html"]) < 150_000
    assert len(re.findall("<img", sequence._repr_html_())) == 1
    monkeypatch.setattr(_still, "IMAGE", 10)
    assert "<img" not in sequence._repr_html_()
    monkeypatch.setattr(_page, "MOVES", 10)
    assert (
        "(not drawn: these steps have 29 products; a page holds at most 10"
        in sequence._repr_mimebundle_()["text/plain"]
    )


@pytest.mark.covers
@pytest.mark.slow
def test_large_graphs_are_folded_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_page, "LIMIT", 40)
    model = MLP(2, [8, 8, 1])
    folded = steps(mse([model([1.0, 2.0])], [1.0]))._repr_html_()
    assert "class='node folded'" in folded
    monkeypatch.setattr(_page, "LIMIT", 12)
    assert "g-layer-1" in steps(mse([model([1.0, 2.0])], [1.0]))._repr_html_()
    monkeypatch.setattr(_page, "LIMIT", 2)
    for loss in (perceptron()[0], mse([model([1.0, 2.0])], [1.0])):
        with pytest.raises(ValueError, match="the view shows at most 2 and 4,000, or a network"):
            steps(loss)._repr_html_()


@pytest.mark.slow
def test_graphs_of_many_arrows_are_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MLP(2, [4, 4, 1])
    loss = mse([model([1.0, 2.0])], [1.0])
    assert '"name":"open"' in steps(loss)._repr_html_()
    monkeypatch.setattr(_page, "ARROWS", 40)
    assert '"name":"open"' not in steps(loss)._repr_html_()


@pytest.mark.slow
def test_the_view_has_the_frames_of_a_network() -> None:
    model = MLP(2, [2, 1], "tanh", seed=0)
    for parameter in model.parameters():
        parameter.label = ""
    drawn = steps((model([0.5, -1.0]) - 1) ** 2)._repr_html_()
    assert "layer 2" in drawn
    assert "perceptron 2" in drawn


def test_the_boxes_have_room_for_numbers_that_change() -> None:
    drawn = steps(Value(2.0, label="w") * 1.0)._repr_html_()
    # "data", 10, nine characters of -0.123456 and the margins of 7, in steps of 16.
    assert re.search(r"id='n0' class='node parameter.*?width='([0-9.]+)", drawn)[1] == "112"  # type: ignore[index]


@pytest.mark.covers
@pytest.mark.slow
def test_the_sign_of_a_zero_stands_where_it_decides() -> None:
    x = Value(-0.0, label="x")
    lines = [str(step) for step in steps((1 / x) * 2 + x * 3) if step.phase == "forward"]
    assert lines[0].endswith("= 1 / x  = 1 / (-0)  = -inf")
    assert lines[2].endswith("= x * 3  = 0 * 3  = 0")
    with np.errstate(all="ignore"):
        loss = (1 / Tensor([-0.0, 2.0], label="t")).sum() + (1 / Tensor(np.arange(8.0), label="u")).sum()
    assert "= 1 / [-0, 2]  = [-inf, 0.5]" in str(steps(loss)[0])


def test_a_long_table_is_cut() -> None:
    y = Value(1.0)
    for _ in range(100):
        y = relu(y)
    assert "<p>and 152 more: print(*steps(loss), sep='\\n') shows all</p>" in steps(y)._repr_html_()


@pytest.mark.slow
def test_steps_need_the_standard_library_alone() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from autograd import Value, steps, tanh\nfrom nn import SGD\n"
        "w = Value(1.0, label='w')\nprint(len(steps(tanh(w * 2), SGD([w], lr=0.1))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "6\n"


def test_a_step_is_plain_data() -> None:
    loss, _ = perceptron()
    step = steps(loss)[0]
    assert isinstance(step, Step)
    assert (step.phase, step.name, step.formula, step.numbers, step.result) == (
        "forward",
        "a1",
        "w1 * x1",
        "3 * (-1)",
        -3.0,
    )


@pytest.mark.slow
def test_a_page_is_one_file_and_asks_for_nothing(tmp_path: Path) -> None:
    loss, w = perceptron()
    path = steps(loss, SGD(w)).save(tmp_path / "backprop.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src 'none'" in text
    assert len(text) < 150_000
    assert not re.search(r"""(src|href)=["'](?!data:|%23)|url\(|@import""", text)
