"""Write what the site is made of before Sphinx runs: the reference, the course, the live pages, MathJax.

All of it goes into docs/_build, docs/api and docs/course, which `make clean` removes.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import shutil
import tarfile
import urllib.request
from pathlib import Path

import autograd
import autograd.fft
import autograd.linalg
import autograd.special
import autograd.stats.norm
import autograd.testing
import nn
import nn.data
import nn.plots
from autograd import Tensor, Value, live, sigmoid

DOCS = Path(__file__).parent
ROOT = DOCS.parent
MODULES = (
    autograd, autograd.linalg, autograd.special, autograd.stats.norm, autograd.fft, autograd.testing,
    nn, nn.data, nn.plots,
)  # fmt: skip
MATHJAX = "https://registry.npmjs.org/mathjax/-/mathjax-3.2.2.tgz"
SHA256 = "1b9c0a1c44df864e915690558e72adb9cc5203360daefd385084ced3b6c64c09"


def main() -> None:
    """Write everything."""
    for folder in ("api", "course"):
        shutil.rmtree(DOCS / folder, ignore_errors=True)
        (DOCS / folder).mkdir()
    for folder in ("static", "extra"):
        (DOCS / "_build" / folder).mkdir(parents=True, exist_ok=True)
    reference()
    course()
    pages()
    mathjax()


def reference() -> None:
    """Write a page of tables for each public module; Sphinx makes a page of each name in them."""
    told: set[int] = set()
    for module in MODULES:
        public = [name for name in module.__all__ if callable(getattr(module, name))]
        names = [name for name in public if id(getattr(module, name)) not in told]
        same = [f"`{name}`" for name in public if name not in names]
        told |= {id(getattr(module, name)) for name in names}
        classes = [name for name in names if inspect.isclass(getattr(module, name))]
        text = [f"# {module.__name__}", "", (module.__doc__ or "").splitlines()[0], ""]
        text += [f"The same as those told before: {', '.join(same)}.", ""] * bool(same) + ["```{eval-rst}"]
        text += [f".. currentmodule:: {module.__name__}", ""]
        for title, group in (("Classes", classes), ("Functions", [n for n in names if n not in classes])):
            if group:
                text += [
                    f".. rubric:: {title}",
                    "",
                    ".. autosummary::",
                    "   :toctree: generated",
                    "   :nosignatures:",
                    "",
                ]
                text += [f"   {name}" for name in group] + [""]
        (DOCS / "api" / f"{module.__name__}.md").write_text("\n".join([*text, "```", ""]))
    names = "\n".join(module.__name__ for module in MODULES)
    head = "# Reference\n\nEvery public name, with an example.\n\n"
    (DOCS / "api" / "index.md").write_text(f"{head}```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n")


def course() -> None:
    """Copy the notebooks as they were executed, with the words of pictures where Sphinx looks for them; list them."""
    notebooks = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for path in notebooks:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            pictures = [one.get("metadata", {}).get("image/png") for one in cell.get("outputs", ())]
            if told := [picture for picture in pictures if picture is not None]:
                # Sphinx would read the name of the file to who does not see it.
                words = "; ".join(picture.get("alt", "the figure of this cell") for picture in told)
                cell["metadata"]["mystnb"] = {"image": {"alt": words}}
        (DOCS / "course" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    names = "\n".join(path.stem for path in notebooks)
    text = (DOCS / "course.md.in").read_text()
    (DOCS / "course" / "index.md").write_text(f"{text}\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n")


def pages() -> None:
    """Write the live pages that the site shows: a perceptron, a network of neurons, one of matrices."""
    extra = DOCS / "_build" / "extra"
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    y_hat = sigmoid(w0 + w1 * x1 + w2 * x2)
    loss = (y_hat - 1) ** 2
    y_hat.label, loss.label = "y_hat", "J"
    live(loss).save(extra / "perceptron.html")
    samples, targets = [[1.0, 0.5], [-1.0, 2.0], [0.5, -1.0]], [1.0, 0.0, 1.0]
    neurons = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    live(nn.mse(neurons(samples), targets)).save(extra / "network.html")
    matrices = nn.MLP(2, [3, 1], activation="tanh", of=Tensor, seed=1)
    live(nn.mse(matrices(Tensor(samples)), targets)).save(extra / "matrices.html")


def mathjax() -> None:
    """Fetch MathJax once, and see that it is what it was."""
    target = DOCS / "_build" / "static" / "tex-svg-full.js"
    if target.exists():
        return
    with urllib.request.urlopen(MATHJAX) as answer:
        packed = answer.read()
    if hashlib.sha256(packed).hexdigest() != SHA256:
        raise SystemExit(f"{MATHJAX} is not the file that it was; nothing was written")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        script = archive.extractfile("package/es5/tex-svg-full.js")
        assert script is not None
        target.write_bytes(script.read())


if __name__ == "__main__":
    main()
