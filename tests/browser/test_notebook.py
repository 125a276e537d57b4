"""The view in JupyterLab: live, saved and opened again without a kernel, not trusted, and exported."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.slow
TOKEN = "glassgrad"
CELL = """from autograd import Value, sigmoid, steps
w, x = Value(3.0, label="w"), Value(-1.0, label="x")
steps((sigmoid(w * x) - 1) ** 2)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    return os.environ | {name: str(folder / name.lower()) for name in folders}


@pytest.fixture(scope="module")
def lab(chromium: Any, folder: Path, environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Opens a notebook in a JupyterLab of its own, which takes longer to start than all that is tested."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={TOKEN}"),
        # What it would start Node for: a look for servers of languages, and the registry of extensions.
        *("--LanguageServerManager.autodetect=False", "--LabApp.extension_manager=readonly"),
        "--LabApp.expose_app_in_browser=True",
    ]
    # See conftest.py about the module: it would take four seconds of the server's start.
    start = "import sys; sys.modules['rfc3987_syntax'] = None; from jupyterlab.labapp import main; main()"
    command = [sys.executable, "-c", start, "--no-browser", "--allow-root", *options]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(30_000)

    def opened(name: str) -> Any:
        """The page loads once: JupyterLab takes longer to start than all that is tested."""
        if context.pages:
            (page,) = context.pages
            page.evaluate("[...jupyterapp.shell.widgets('main')].forEach((widget) => widget.dispose())")
            page.locator(".jp-Notebook").wait_for(state="detached")
            page.evaluate("path => void jupyterapp.commands.execute('docmanager:open', {path})", name)
        else:
            page = context.new_page()
            page.goto(f"{address}/lab/tree/{name}?token={TOKEN}")
        page.locator(".jp-Notebook").wait_for()
        return page

    try:
        for _ in range(1200):
            try:
                urlopen(f"{address}/api?token={TOKEN}").close()
                break
            except (URLError, ConnectionError):
                time.sleep(0.1)
        yield opened
    finally:
        context.close()
        server.terminate()
        server.wait()


def notebook(kernel: str, outputs: list[Any], *sources: str) -> dict[str, Any]:
    """Return a notebook of cells, the first of which has outputs."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell{k}",
            "execution_count": None,
            "metadata": {},
            "outputs": [] if k else outputs,
            "source": source,
        }
        for k, source in enumerate(sources or (CELL,))
    ]
    kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}


def run(page: Any) -> None:
    """Run the first cell; what is pressed before the kernel is there may be lost, and a dialog may ask for one."""
    from playwright.sync_api import TimeoutError

    prompt = page.locator(".jp-InputPrompt", has_text=re.compile(r"[0-9]"))
    for _ in range(10):
        for accept in page.locator(".jp-Dialog .jp-mod-accept").all():
            accept.click()
        try:
            page.locator(".jp-Notebook .jp-Cell .cm-content").first.click(timeout=5000)
        except TimeoutError:
            continue
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(2000)
        if prompt.count():
            return


def step_through(page: Any) -> None:
    place, value = page.locator(".place"), page.locator(".now-told .value")
    place.wait_for()
    assert place.inner_text() == "0 / 9"
    page.get_by_role("button", name="Next step").click()
    page.keyboard.press("ArrowRight")
    assert value.inner_text() == "0.0474259"
    page.keyboard.press("End")
    assert place.inner_text() == "9 / 9"
    page.keyboard.press("ArrowLeft")
    assert place.inner_text() == "8 / 9"
    assert "0.0451767" in page.locator(".now-told").inner_text()
    page.locator("#n3 text.data").dblclick()
    assert value.inner_text() == "0.0474259"
    page.locator("#n3 text.data").dblclick()
    assert value.inner_text() == "−1.90515"


def touch(page: Any) -> None:
    """What is typed into a field of the page is no command of JupyterLab: d, d would delete the cell."""
    page.get_by_role("button", name="Last step").click()
    page.get_by_role("combobox", name="Ask about").select_option(label="w")
    field = page.get_by_role("textbox", name="Value of w")
    field.fill("")
    for key in "dd2":
        page.keyboard.press(key)
    assert "“dd2” is no number" in page.locator(".wrong").inner_text()
    field.fill("2")
    page.wait_for_timeout(100)
    assert page.locator("#n0 text.data").text_content() == "2"
    assert page.locator("#n2 text.data").text_content() == "−2"
    assert page.locator("h2", has_text="0.184956").count() == 1
    page.get_by_role("button", name="Reset").click()


def saved_outputs(page: Any, path: Path) -> list[Any]:
    """Save the notebook; return the outputs of its first cell."""
    page.keyboard.press("Control+s")
    for _ in range(100):
        page.wait_for_timeout(100)
        try:
            outputs: list[Any] = json.loads(path.read_text())["cells"][0]["outputs"]
        except json.JSONDecodeError:
            continue  # It is being written.
        if outputs:
            return outputs
    return []


def test_live_saved_untrusted_and_exported(
    lab: Callable[..., Any], chromium: Any, folder: Path, environment: dict[str, str]
) -> None:
    import nbformat
    from nbconvert import HTMLExporter
    from nbformat.sign import NotebookNotary

    path = folder / "live.ipynb"
    path.write_text(json.dumps(notebook("python3", [])))
    page = lab("live.ipynb")
    run(page)
    step_through(page)
    touch(page)
    view = page.locator(".view")
    assert "dark" not in view.get_attribute("class")
    page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    page.wait_for_timeout(50)
    assert "dark" in view.get_attribute("class")
    outputs = saved_outputs(page, path)

    # A kernel that is not there: nothing of Python runs.
    saved = folder / "saved.ipynb"
    saved.write_text(json.dumps(notebook("none", outputs)))
    page = lab("saved.ipynb")
    image = page.locator(".jp-OutputArea img")
    image.wait_for()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    assert page.locator(".place").count() == 0
    page.locator(".jp-Dialog").wait_for()
    page.keyboard.press("Escape")

    NotebookNotary(data_dir=environment["JUPYTER_DATA_DIR"]).sign(nbformat.read(saved, as_version=4))
    page = lab("saved.ipynb")
    page.locator(".jp-Dialog").wait_for()
    page.keyboard.press("Escape")
    step_through(page)

    (folder / "saved.html").write_text(HTMLExporter().from_filename(saved)[0], encoding="utf-8")
    page = chromium.new_page(offline=True)
    page.goto((folder / "saved.html").as_uri())
    step_through(page)
    page.close()


NETWORK = (
    """import nn, nn.data
X, y = nn.data.moons(40)
model = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0)
v = nn.live(model, X, y, loss=nn.binary_cross_entropy)
v""",
    "print(bool(v.linked), model.layers[0].perceptrons[0].w[0].data)",
    """_ = nn.fit(model, X, y, loss=nn.binary_cross_entropy, optimizer=nn.SGD(model.parameters(), lr=0.5), epochs=9,
    callbacks=[v], progress=False)
print(nn.binary_cross_entropy(model(X), y).data, _.loss[-1])""",
)

PLAYED = "(() => { const { play } = document.querySelector('.glassgrad'); return %s; })()"


def run_cell(page: Any, k: int) -> None:
    """Run a cell, as soon as there is a kernel."""
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.connectionStatus === 'connected'"
    )
    page.evaluate(
        "async k => { const { content } = jupyterapp.shell.currentWidget; content.activeCellIndex = k;"
        " content.deselectAll(); content.widgets[k].model.clearExecution();"
        " await jupyterapp.commands.execute('notebook:run-cell'); }",
        k,
    )


def answer(page: Any, k: int) -> list[str]:
    """Run a cell; return the words that it prints."""
    run_cell(page, k)
    output = page.locator(".jp-Notebook .jp-Cell").nth(k).locator(".jp-OutputArea-output")
    output.wait_for()
    words: list[str] = output.inner_text().split()
    return words


def test_a_network_is_linked_with_its_page(
    lab: Callable[..., Any], chromium: Any, folder: Path, environment: dict[str, str]
) -> None:
    import nbformat
    from nbconvert import HTMLExporter
    from nbformat.sign import NotebookNotary

    path = folder / "network.ipynb"
    path.write_text(json.dumps(notebook("python3", [], *NETWORK)))
    page = lab("network.ipynb")
    run_cell(page, 0)
    page.get_by_text("linked with Python").wait_for()
    first = page.locator(".glassgrad").get_attribute("id")
    linked, weight = answer(page, 1)
    assert linked == "True"
    assert page.evaluate(PLAYED % "play.machine.get(0, 0, 0)") == float(weight)

    # A drag in the page is set in Python.
    slider = page.get_by_role("slider", name="Value, slider")
    slider.press("ArrowRight")
    page.wait_for_timeout(300)
    linked, moved = answer(page, 1)
    assert page.evaluate(PLAYED % "play.machine.get(0, 0, 0)") == float(moved) != float(weight)

    # A training in Python is seen in the page, which then is the output anew, with the same name.
    loss, last = map(float, answer(page, 2))
    page.wait_for_function(PLAYED % f"play.machine.epoch === 9 && play.history.train.includes({last})")
    assert page.evaluate(PLAYED % "play.machine.measure('train').loss") == pytest.approx(loss, rel=1e-13)
    page.get_by_text("linked with Python").wait_for()
    assert page.locator(".glassgrad").get_attribute("id") == first
    slider.press("ArrowLeft")
    page.wait_for_timeout(300)
    assert page.evaluate(PLAYED % "play.machine.get(0, 0, 0)") == float(answer(page, 1)[1])

    # The cell run again: a new page, and nothing is left of the old one.
    run_cell(page, 0)
    page.get_by_text("linked with Python").wait_for()
    assert page.locator(".glassgrad").count() == 1
    assert page.locator(".glassgrad").get_attribute("id") != first
    answer(page, 2)
    trained = page.evaluate(PLAYED % "play.machine.measure('train').loss")
    outputs = saved_outputs(page, path)

    # Without a kernel and not trusted: what stands there shows, and no script runs.
    saved = folder / "network-saved.ipynb"
    saved.write_text(json.dumps(notebook("none", outputs, *NETWORK)))
    page = lab("network-saved.ipynb")
    page.locator(".jp-Dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("LiveModel(2-3-1, tanh, sigmoid").wait_for()
    # Trusted, it lives, from the trained numbers; so it does in an export, without network.
    NotebookNotary(data_dir=environment["JUPYTER_DATA_DIR"]).sign(nbformat.read(saved, as_version=4))
    page = lab("network-saved.ipynb")
    page.locator(".jp-Dialog").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function(PLAYED % "play !== undefined")
    assert page.evaluate(PLAYED % "play.machine.measure('train').loss") == trained
    (folder / "network.html").write_text(HTMLExporter().from_filename(saved)[0], encoding="utf-8")
    page = chromium.new_page(offline=True)
    page.goto((folder / "network.html").as_uri())
    assert page.evaluate(PLAYED % "play.machine.measure('train').loss") == trained
    assert page.get_by_text("linked with Python").count() == 0
    page.close()
