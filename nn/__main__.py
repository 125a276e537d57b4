"""The command line: `python -m nn demo` and `python -m nn train`."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograd import Tensor, Value

from . import _demo, plots
from ._layers import ACTIVATIONS, MLP
from ._losses import binary_cross_entropy, cross_entropy
from ._optim import SGD
from ._train import accuracy, fit, predict
from .data import DataError, circles, digits, moons, read_csv, spirals, train_test_split

MADE = {"moons": moons, "circles": circles, "spirals": spirals}

EXAMPLES = """examples:
  python -m nn train --data moons --of value
  python -m nn train --data spirals --sizes 32,32 --activation relu --epochs 300
  python -m nn train --data flowers.csv --target species
"""


class Parser(argparse.ArgumentParser):
    """Reads the command line; a mistake in it is told in one line, as all mistakes are."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake in place of printing the usage and leaving Python."""
        raise argparse.ArgumentError(None, message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 if training diverged, 2 if the input was wrong, or 130 if it was stopped."""
    try:
        options = parser().parse_args(argv)
        make_writable(options.out)
        if options.command == "demo":
            _demo.run(options.out)
        else:
            train(options)
    except argparse.ArgumentError as error:
        return _fail(f"{error} (see --help)", 2)
    except (DataError, ImportError, OSError) as error:
        return _fail(str(error), 2)
    except FloatingPointError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("stopped", 130)
    return 0


def make_writable(out: Path) -> None:
    """Make the folder, and raise DataError if nothing could be written to it: better now than after the training."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"--out {out}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise DataError(f"--out {out}: cannot be written to; name another folder")


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    top = Parser(prog="python -m nn", description="Train small networks and look at what they learn.")
    commands = top.add_subparsers(dest="command", metavar="demo|train", required=True)
    shows = "a perceptron explained, two moons and handwritten digits learned"
    demo = commands.add_parser("demo", help=shows, description=shows.capitalize() + ".")
    training = commands.add_parser(
        "train",
        help="train a network on a data set",
        description="Train a network on four fifths of a data set, test it on the rest, and draw how it went.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, *, help: str, **settings: Any) -> None:
        shown = f"{help} (default: %(default)s)" if "default" in settings else help
        training.add_argument(name, help=shown, **settings)

    add("--data", default="moons", metavar="DATA", help=f"{', '.join(MADE)}, digits, or a CSV file with a header")
    add("--target", metavar="COLUMN", help="the column of the CSV file that holds the classes; all others are numbers")
    add("--samples", type=_positive, default=200, metavar="N", help="number of points of a data set that is made")
    add("--sizes", type=_sizes, default="16,16", metavar="N,N", help="neurons of each hidden layer; 0 for none")
    add("--activation", choices=list(ACTIVATIONS), default="tanh", metavar="NAME", help=", ".join(ACTIVATIONS))
    add("--lr", type=_rate, default=0.1, metavar="ETA", help="learning rate")
    add("--momentum", type=_fraction, default=0.9, metavar="M", help="momentum, from 0 to below 1")
    add("--epochs", type=_positive, default=100, metavar="N", help="passes over the training samples")
    add("--batch-size", type=_positive, default=32, metavar="N", help="samples of a mini-batch")
    add("--seed", type=int, default=0, metavar="N", help="of weights, shuffling, the split and made data")
    add("--of", choices=["value", "tensor"], default="tensor", help="every weight a node, or a matrix for each layer")
    for command in (demo, training):
        command.add_argument(
            "--out", type=Path, default="out", metavar="FOLDER", help="folder for the pictures (default: %(default)s)"
        )
    return top


def train(options: argparse.Namespace) -> None:
    """Train on the data that were asked for, print how well it went and write the pictures."""
    X_train, X_test, y_train, y_test, features, classes = load(options)
    kind = Value if options.of == "value" else Tensor
    if kind is Tensor:
        import numpy

        X_train, X_test, y_train, y_test = (numpy.asarray(part) for part in (X_train, X_test, y_train, y_test))
    elif hasattr(X_train, "tolist"):
        X_train, X_test, y_train, y_test = (part.tolist() for part in (X_train, X_test, y_train, y_test))
    two = len(classes) == 2
    model = MLP(
        len(X_train[0]), [*options.sizes, 1 if two else len(classes)], options.activation, of=kind, seed=options.seed
    )
    print(model.summary() + "\n")

    def loss(y_hat: Any, y: Any) -> Any:
        return binary_cross_entropy(y_hat, y, from_logits=True) if two else cross_entropy(y_hat, y)

    start = time.perf_counter()
    history = fit(
        model,
        X_train,
        y_train,
        loss=loss,
        optimizer=SGD(model.parameters(), lr=options.lr, momentum=options.momentum),
        epochs=options.epochs,
        batch_size=options.batch_size,
        validation=(X_test, y_test),
        metrics=(accuracy,),
        seed=options.seed,
    )
    print(f"{history.epochs} epochs in {time.perf_counter() - start:.1f} s")
    for name, X, y in (("training", X_train, y_train), ("test", X_test, y_test)):
        print(f"{name:<9} accuracy {accuracy(predict(model, X), y):7.1%}  ({len(y)} samples)")
    scores = predict(model, X_test)
    guesses = [int(s > 0) if two else max(range(len(classes)), key=s.__getitem__) for s in scores]
    figures = {"history": history.plot(), "confusion": plots.confusion_matrix(y_test, guesses, classes=classes)}
    if len(X_train[0]) == 2:
        # The same numbers whichever it is made of; of Tensors many points are fast.
        layers = model.to(Tensor)
        boundary = plots.decision_boundary(lambda points: predict(layers, points), X_train, y_train)
        boundary.set(xlabel=features[0], ylabel=features[1])
        for text, name in zip(boundary.get_legend().get_texts(), classes):
            text.set_text(name)
        figures["boundary"] = boundary
    for name, ax in figures.items():
        ax.figure.savefig(options.out / f"{name}.png", dpi=120)
    print(f"pictures: {', '.join(str(options.out / f'{name}.png') for name in figures)}")


def load(options: argparse.Namespace) -> tuple[Any, Any, Any, Any, list[str], list[str]]:
    """Return X_train, X_test, y_train, y_test, and the names of the features and of the classes."""
    if options.target is not None and options.data in (*MADE, "digits"):
        raise DataError(f"--target {options.target}: is for CSV files; {options.data} has no columns to choose from")
    if options.data == "digits":
        names = [f"pixel {k}" for k in range(64)], [str(k) for k in range(10)]
        return (*train_test_split(*digits(), seed=options.seed), *names)
    if options.data in MADE:
        if options.samples < 10:
            raise DataError(f"--samples {options.samples}: at least 10 are needed to train and to test")
        X, y = MADE[options.data](options.samples, seed=options.seed)
        return (*train_test_split(X, y, seed=options.seed), ["$x_1$", "$x_2$"], ["class 0", "class 1"])
    if not options.data.lower().endswith(".csv") and not Path(options.data).exists():
        raise DataError(f"--data {options.data}: is neither {', '.join(MADE)}, digits nor a CSV file")
    if options.target is None:
        raise DataError(f"--data {options.data}: say with --target which column holds the classes")
    table = read_csv(options.data, options.target)
    if len(table.y) < 10:
        raise DataError(f"{options.data}: has {len(table.y)} samples; at least 10 are needed to train and to test")
    X_train, X_test, y_train, y_test = train_test_split(table.X, table.y, seed=options.seed)
    columns = list(zip(*X_train))
    means = [math.fsum(column) / len(column) for column in columns]
    spread = [math.sqrt(math.fsum((x - m) ** 2 for x in c) / len(c)) or 1.0 for c, m in zip(columns, means)]
    X_train, X_test = (
        [[(x - m) / s for x, m, s in zip(row, means, spread)] for row in part] for part in (X_train, X_test)
    )
    # A dollar would start a formula in Matplotlib.
    features = [f"{name} (standardised)".replace("$", r"\$") for name in table.features]
    return X_train, X_test, y_train, y_test, features, [name.replace("$", r"\$") for name in table.classes]


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return number


def _sizes(text: str) -> list[int]:
    return [] if text == "0" else [_positive(part.strip()) for part in text.split(",")]


def _rate(text: str) -> float:
    number = _float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return number


def _fraction(text: str) -> float:
    number = _float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1")
    return number


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _fail(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
