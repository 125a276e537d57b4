"""The page's end of the link with Python, in a browser: a widget and a page that only note what they are told."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Visit = Callable[..., Any]

EMPTY = "<!doctype html><html lang=en><title>Bridge</title><div id=view></div>"

START = """source => {
  const initialize = new Function(source.replace("export default", "return"))().initialize;
  const network = { sizes: [2, 1], activations: ["sigmoid"] };
  const traits = { view: "view", network, on: true, pushed: {}, edited: {} };
  const heard = {};
  window.sent = [];
  window.model = {
    get: (name) => traits[name],
    set: (name, x) => { traits[name] = x; },
    save_changes: () => {
      const numbers = [...new Float64Array(traits.edited.parameters.buffer)];
      sent.push({ ...traits.edited, parameters: numbers });
    },
    send: (message) => sent.push(message),
    on: (name, listener) => { heard[name] = listener; },
  };
  /** A push from Python, as numbers arrive: in a part of a larger buffer. */
  window.push = (version, edit, numbers, more = {}) => {
    const bytes = new Uint8Array(new Float64Array([9, ...numbers]).buffer);
    const parameters = new DataView(bytes.buffer, 8);
    traits.pushed = { version, edit, epoch: version, loss: 0.5, valLoss: null, running: false, ...more, parameters };
    heard["change:pushed"]();
  };
  window.turn = (on) => { traits.on = on; heard["change:on"](); };
  window.die = () => heard["comm_live_update"]();
  /** A page as play.js makes it. */
  window.page = () => {
    const listeners = new Set(), state = { sizes: [2, 1], activations: ["sigmoid"] };
    const machine = {
      state, epoch: 0, W: [new Float64Array([1, 2])], b: [new Float64Array([3])],
      put: (numbers, epoch) => {
        [machine.epoch, machine.W[0], machine.b[0]] = [epoch, numbers.slice(0, 2), numbers.slice(2)];
      },
    };
    const play = {
      machine, follows: [], said: null,
      onChange: (listener) => { listeners.add(listener); return () => listeners.delete(listener); },
      follow: (told) => play.follows.push(told),
      link: (text) => { play.said = text; },
      drag: (x) => { machine.W[0][0] = x; for (const listener of listeners) listener(); },
      numbers: () => [...machine.W[0], ...machine.b[0]],
    };
    document.getElementById("view").play = play;
    return (window.play = play);
  };
  window.frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  window.stop = initialize({ model });
}"""


@pytest.fixture
def linked(visit: Visit) -> Any:
    """A page that is linked, as a function that evaluates JavaScript in it."""
    page = visit(EMPTY)
    page.evaluate(START, files("nn").joinpath("web", "bridge.js").read_text("utf-8"))
    # The page comes after the widget.
    page.evaluate("page()")
    page.wait_for_function("sent.length > 0")
    return page.evaluate


def test_of_many_drags_in_a_frame_the_last_is_sent(linked: Any) -> None:
    assert linked("[sent, play.said]") == [[{"hello": True}], "linked with Python"]
    linked("(push(4, 0, [1, 2, 3]), play.drag(5), play.drag(6), play.drag(7), frame())")
    assert linked("sent.slice(1)") == [{"edit": 3, "known": 4, "epoch": 4, "parameters": [7, 2, 3]}]


def test_a_push_that_knows_less_than_the_page_is_ignored(linked: Any) -> None:
    linked("(play.drag(5), push(1, 0, [7, 8, 9]))")
    assert linked("[play.numbers(), play.follows]") == [[5, 2, 3], []]
    linked("push(2, 1, [7, 8, 9])")
    assert linked("[play.numbers(), play.machine.epoch]") == [[7, 8, 9], 2]
    assert linked("JSON.stringify(play.follows)") == '[{"epoch":2,"loss":0.5,"running":false}]'
    # A loss that Python does not know is none.
    linked("push(3, 1, [NaN, 8, NaN], { loss: null, valLoss: 0.25 })")
    assert linked("JSON.stringify(play.follows.at(-1))") == '{"epoch":3,"valLoss":0.25,"running":false}'
    assert linked("play.numbers().map(Number.isNaN)") == [True, False, True]


def test_while_a_fit_runs_python_is_the_master(linked: Any) -> None:
    linked("(play.drag(5), push(1, 0, [7, 8, 9], { running: true }), play.drag(6), frame())")
    # Neither the drag that Python had not heard of nor that of now.
    assert linked("sent.slice(1)") == []
    linked("push(2, 0, [0, 0, 0], { running: true })")
    assert linked("play.numbers()") == [0, 0, 0]
    linked("(push(3, 1, [1, 1, 1]), play.drag(6), frame())")
    assert linked("sent.slice(1)") == [{"edit": 2, "known": 3, "epoch": 3, "parameters": [6, 1, 1]}]


def test_another_network_than_that_of_python_is_not_linked(linked: Any) -> None:
    linked("(play.machine.state.activations = ['tanh'], play.drag(5), frame())")
    assert linked("[sent.length, play.said]") == [1, "no longer the network of Python"]
    linked("push(1, 1, [7, 8, 9])")
    assert linked("play.numbers()") == [5, 2, 3]


def test_off_and_on(linked: Any) -> None:
    linked("(turn(false), play.drag(5), push(1, 0, [7, 8, 9]), frame())")
    assert linked("[sent.length, play.said, play.numbers()]") == [1, None, [5, 2, 3]]
    linked("turn(true)")
    assert linked("[play.said, play.numbers()]") == ["linked with Python", [7, 8, 9]]


def test_an_output_that_is_shown_anew_is_linked_again(linked: Any) -> None:
    linked("(push(3, 0, [7, 8, 9]), window.old = play, page(), new Promise((done) => setTimeout(done, 600)))")
    assert linked("[play.numbers(), sent.length]") == [[7, 8, 9], 2]
    linked("(old.drag(1), frame())")
    assert linked("sent.length") == 2
    linked("(play.drag(1), frame())")
    assert linked("sent.length") == 3


def test_a_lost_link_is_said_and_found_again(linked: Any) -> None:
    linked("(push(1, 0, [7, 8, 9], { running: true }), die(), play.drag(5), frame())")
    assert linked("[sent.length, play.said]") == [1, "the link with Python is lost: run the cell again"]
    # The training that Python was in does not go on, so the page may train.
    assert linked("play.follows.at(-1)") == {"epoch": 1, "running": False}
    linked("(push(2, 0, [7, 8, 9]), play.drag(5), frame())")
    assert linked("[sent.length, play.said]") == [2, "linked with Python"]


def test_the_end_of_the_link_leaves_the_page_alone(linked: Any) -> None:
    linked("(push(1, 0, [7, 8, 9], { running: true }), stop(), play.drag(5), frame())")
    assert linked("[play.said, sent.length, play.follows.at(-1)]") == [None, 1, {"epoch": 1, "running": False}]
