"""The command line: `python -m nn` with demo, play, train, evaluate, predict or export."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograd.files import printable
from nn._layers.activations import ACTIVATIONS
from nn._training.optimizers import NAMED

from ._command import answers as _answers
from ._command import commands as _command
from ._command import demo as _demo
from ._command import given as _given
from ._command import learning as _learning
from ._command.folders import make_writable
from .data import DataError
from .data._table import KINDS

EXAMPLES = """examples:
  python -m nn train --data moons --of value
  python -m nn train --model cnn --data digits --epochs 20 --save run
  python -m nn train flowers.csv --target species --save flowers
  python -m nn evaluate flowers
  python -m nn predict flowers new.csv --out predicted.csv
  python -m nn export flowers --onnx flowers.onnx
  python -m nn play flowers.csv --target species
"""


class Parser(argparse.ArgumentParser):
    """A parser of the command line; it reports a mistake in one line, as all mistakes are reported."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake in place of printing the usage and leaving Python."""
        raise argparse.ArgumentError(None, message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 if training diverged or rows were not predicted, 2 for wrong input, 130 if stopped.

    Returns 141, as a shell does, if the reader of the output, such as `head`, stops reading.
    """
    code = 0
    try:
        options = parser().parse_args(argv)
        if options.command == "demo":
            make_writable("--out", options.out)
            _demo.run(options.out)
        elif options.command == "play":
            # It makes a script of the whole table of operations, which takes its time to import.
            from ._command.play import play

            play(options)
        elif options.command == "train":
            _one_source(options)
            _command.train(options)
        elif options.command == "evaluate":
            _command.evaluate(options)
        elif options.command == "predict":
            code = _answers.write_predictions(options)
        else:
            _answers.export(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python writes the rest of the output when it ends, and would report that nobody reads it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except argparse.ArgumentError as error:
        return _fail(f"{error} (see --help)", 2)
    except (DataError, ImportError, OSError) as error:
        return _fail(str(error), 2)
    except FloatingPointError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("stopped", 130)
    return code


def _one_source(options: argparse.Namespace) -> None:
    """Take the table that stands alone for that of --data."""
    if options.file is not None and options.data is not None:
        raise DataError(f"{options.file} and --data {options.data} both name the data; leave one out")
    options.data = options.file or options.data or "moons"
    del options.file


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = Parser(
        prog="python -m nn",
        description="Train small networks and look at what they learn.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="demo|play|train|evaluate|predict|export", required=True)
    for add in (_add_demo, _add_play, _add_train, _add_evaluate, _add_predict, _add_export):
        add(commands)
    return top


Commands = Any
"""The object that argparse returns for subcommands; its class has no public name."""


def _add_demo(commands: Commands) -> None:
    shows = "a perceptron explained, two moons and handwritten digits learned"
    demo = commands.add_parser("demo", help=shows, description=shows.capitalize() + ".")
    demo.add_argument(
        "--out", type=Path, default="out", metavar="FOLDER", help="folder for the pictures (default: %(default)s)"
    )


def _add_play(commands: Commands) -> None:
    shows = "write a page to play with networks in, and open it"
    playing = commands.add_parser(
        "play",
        help=shows,
        description=f"{shows.capitalize()}: one file that needs nothing else. With a table, its data are in the page.",
    )
    playing.add_argument("file", nargs="?", metavar="TABLE", help="a table of your own, or digits, iris, wine, ...")
    playing.add_argument("--target", metavar="COLUMN", help="the column of the table that is to be predicted")
    playing.add_argument(
        "--lessons", type=Path, metavar="FILE", help="your own lessons, as JSON: the page begins with the first"
    )
    playing.add_argument("--out", type=Path, default="playground.html", metavar="FILE", help="(default: %(default)s)")
    playing.add_argument("--no-open", action="store_true", help="only write the page")
    playing.add_argument("--seed", type=int, default=0, metavar="N", help="of the rows that are set apart and sampled")
    _add_reading(playing)


def _add_train(commands: Commands) -> None:
    training = commands.add_parser(
        "train",
        help="train a network on a data set, and keep it in a folder",
        description="Train a network on four fifths of a data set or a table, test it on the rest, and write a folder "
        "with the network, its history, pictures, and index.html, which shows all of it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def add(name: str, *, help: str, **settings: Any) -> None:
        shown = f"{help} (default: %(default)s)" if "default" in settings else help
        training.add_argument(name, help=shown, **settings)

    training.add_argument("file", nargs="?", metavar="FILE", help="a table of your own: CSV, JSON, xlsx or parquet")
    add("--model", choices=["mlp", "cnn"], default="mlp", help="layers of neurons, or convolutions before them")
    add("--data", metavar="DATA", help=f"{_given.NAMES}, or a table of your own (default: moons)")
    add("--target", metavar="COLUMN", help="the column of the table that is to be predicted")
    _add_reading(training)
    add("--samples", type=_positive, default=200, metavar="N", help="number of points of a data set that is made")
    add("--sizes", type=_sizes, metavar="N,N", help=f"neurons of each hidden layer; 0 for none ({_usual('sizes')})")
    add("--filters", type=_pair, default="16,32", metavar="N,N", help="filters of the two convolutions of a cnn")
    add(
        "--activation",
        choices=list(ACTIVATIONS),
        metavar="NAME",
        help=f"{', '.join(ACTIVATIONS)} ({_usual('activation')})",
    )
    add("--optimizer", choices=list(NAMED), metavar="NAME", help=f"{', '.join(NAMED)} ({_usual('optimizer')})")
    add("--lr", type=_rate, metavar="ETA", help="learning rate (default: 0.1 of sgd, else 0.01; 0.001 for tables)")
    add("--momentum", type=_fraction, default=0.9, metavar="M", help="momentum of sgd, from 0 to below 1")
    add(
        "--schedule",
        choices=list(_learning.SCHEDULES),
        default="constant",
        metavar="NAME",
        help=f"how the learning rate goes on: {', '.join(_learning.SCHEDULES)}",
    )
    add(
        "--patience",
        type=_positive,
        metavar="N",
        help="stop after so many epochs without a lower loss on a part of the training samples, set apart; on small "
        "tables another network is then trained on all of them "
        f"(default: none; {_learning.FEWEST_EPOCHS} for tables, more for small ones, fewer for large ones)",
    )
    add("--class-weight", choices=["balanced"], metavar="balanced", help="rare classes count as much as frequent ones")
    add("--weight-decay", type=_decay, default=0.0, metavar="D", help="how strongly weights are drawn to 0")
    add("--epochs", type=_positive, metavar="N", help=f"passes over the training samples ({_usual('epochs')})")
    add(
        "--batch-size", type=_positive, metavar="N", help="samples of a mini-batch (default: 32; more for large tables)"
    )
    add("--seed", type=int, default=0, metavar="N", help="of weights, shuffling, the split and made data")
    add("--of", choices=["value", "tensor"], default="tensor", help="every weight a node, or a matrix for each layer")
    add("--save", type=Path, default="run", metavar="RUN", help="folder for the network, its history and pictures")
    add("--overwrite", action="store_true", help="replace a run of other data, or of another model, in that folder")
    add(
        "--resume",
        action="store_true",
        help="go on with the run in that folder, with its options, for more epochs; of small tables from the start",
    )


def _usual(name: str) -> str:
    """Return the default of an option, as help shows it: of data that come along, and of tables."""
    shown = [
        ",".join(map(str, item)) if isinstance(item := given[name], list) else item or "none"
        for given in (_command.SETTINGS, _command.OF_TABLES)
    ]
    return f"default: {shown[0]}; {shown[1]} for tables"


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what says how a table is to be read where a guess is wrong, or refused."""
    group = parser.add_argument_group("how the table is written, where the guess is wrong")
    group.add_argument("--kind", choices=KINDS, default="auto", help="what is predicted: classes or numbers")
    group.add_argument(
        "--drop", action="append", default=[], metavar="COLUMN", help="leave a column out; may be repeated"
    )
    group.add_argument("--missing", action="append", default=[], metavar="TEXT", help="a cell that holds nothing: -999")
    group.add_argument("--sheet", metavar="NAME", help="the sheet of a workbook")
    group.add_argument("--separator", type=_separator, metavar="C", help="what stands between cells; tab for a tab")
    group.add_argument("--decimal", choices=[".", ","], help="what stands before a fraction")
    group.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether the first line has names")
    group.add_argument("--day-first", action=argparse.BooleanOptionalAction, help="whether 02/01 is in January")


def _separator(text: str) -> str:
    found = {"tab": "\t", "\\t": "\t", "space": " "}.get(text, text)
    if len(found) != 1 or found in '\r\n"':
        raise argparse.ArgumentTypeError(f"{text!r} is not one character, or tab")
    return found


def _add_evaluate(commands: Commands) -> None:
    evaluating = commands.add_parser(
        "evaluate",
        help="how good a trained network is",
        description="Print how good a trained network is, on its own samples or on another table.",
    )
    evaluating.add_argument("run", type=Path, metavar="RUN", help="the folder that train --save has written")
    evaluating.add_argument("--data", metavar="FILE", help="a table, in place of the run's own data")
    evaluating.add_argument(
        "--target", metavar="COLUMN", help="the column of this table to be predicted (default: as in training)"
    )


def _add_predict(commands: Commands) -> None:
    predicting = commands.add_parser(
        "predict",
        help="the classes or numbers of new samples",
        description="Write, as CSV, the class of each sample and the probability that the network gives it, or the "
        "number that it predicts. A row that cannot be read is told, and its line is empty.",
    )
    predicting.add_argument("run", type=Path, metavar="RUN", help="the folder that train --save has written")
    predicting.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="a table with the columns of the training, all else is left out; - for standard input",
    )
    predicting.add_argument("--out", type=Path, metavar="FILE", help="the file to write (default: the screen)")
    predicting.add_argument("--proba", action="store_true", help="the probability of every class")


def _add_export(commands: Commands) -> None:
    exporting = commands.add_parser(
        "export",
        help="a trained network as a file that other programs run",
        description="Write a trained network as an ONNX file, which takes features as they are and gives scores.",
    )
    exporting.add_argument("run", type=Path, metavar="RUN", help="the folder that train --save has written")
    exporting.add_argument("--onnx", type=Path, required=True, metavar="FILE", help="the file to write")


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return number


def _sizes(text: str) -> list[int]:
    return [] if text == "0" else [_positive(part.strip()) for part in text.split(",")]


def _pair(text: str) -> list[int]:
    numbers = _sizes(text)
    if len(numbers) != 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not two whole numbers, such as 16,32")
    return numbers


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


def _decay(text: str) -> float:
    number = _float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not 0 or a positive number")
    return number


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _fail(message: str, code: int) -> int:
    print(f"error: {printable(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
