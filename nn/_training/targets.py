"""The forms in which losses and metrics take predictions, targets and weights, and their refusals."""

from __future__ import annotations

import math

from autograd import Node, Tensor, reshape, stack, validate
from autograd.files import brief
from nn._core.lists import first, flat, mapped
from nn._core.rows import LISTS, held, rows, shape_of
from nn._core.types import Nested, Numbers, Operand, Output, Targets

ROUNDING = 1e-5
"""The distance from 1 that a sum of probabilities may have, for example in float32."""


def operand(x: Operand, name: str, what: str) -> Operand:
    """Return numbers as losses compute with them: nodes, arrays, numbers, lists of numbers and Values.

    Lists of Tensors or arrays are stacked, tables and series become arrays. Raises ValueError for text, missing numbers
    and lists of different lengths, TypeError for an object without numbers. `name` is the function, `what` its
    argument.
    """
    if isinstance(x, (int, float, Node)):
        return _unboxed(x)
    x = x.to_numpy() if hasattr(x, "to_numpy") else x
    if isinstance(x, LISTS):
        x = list(x)
        shape_of(x)
        parts = flat(x)
        if any(getattr(part, "shape", ()) for part in parts):
            return operand(_stacked(x), name, what)
        for part in parts:
            if isinstance(part, (int, float, Node)):
                continue
            held(part, f"{name}: {what}")
            kind = getattr(getattr(part, "dtype", None), "kind", "")
            if kind not in tuple("biuf"):
                raise ValueError(f"{name}: {what} holds {brief(part, 40)}, which is no number; a class has one, from 0")
        return mapped(_unboxed, x)
    if getattr(getattr(x, "dtype", None), "kind", "") == "O":
        return operand(x.tolist(), name, what)
    return rows(x, f"{name}: {what}")


def _unboxed(x: Operand) -> Operand:
    """Return one of Python's numbers in place of one of NumPy's, which may have few digits or no sign."""
    return x if isinstance(x, Node) or not hasattr(x, "dtype") else x.item()


def _stacked(x: Operand) -> Operand:
    return stack([_stacked(part) for part in x]) if isinstance(x, (list, tuple)) else x


def as_array(x: Operand, of: Operand = None) -> Operand:
    """Return an operand as a Tensor or an array; lists and whole numbers get the dtype of the array or Tensor `of`."""
    if not isinstance(x, list):
        is_whole = not isinstance(x, Node) and getattr(getattr(x, "dtype", None), "kind", "") in ("i", "u")
        return x.astype(of.dtype) if is_whole and hasattr(of, "dtype") else x
    if any(isinstance(part, Node) for part in flat(x)):
        return _stacked(x)
    return Tensor(x).data.astype(getattr(of, "dtype", float), copy=False)


def elements(x: Operand) -> Nested:
    """Return an operand as nested lists of numbers and nodes."""
    if isinstance(x, Node):
        return [elements(x[k]) for k in range(x.shape[0])] if isinstance(x, Tensor) and x.shape else x
    return x.tolist() if hasattr(x, "tolist") else x


def plain(y: Operand) -> Numbers:
    """Return the numbers of an operand as nested lists, without nodes around them."""
    y = y.data if isinstance(y, Node) else y
    return y.tolist() if hasattr(y, "tolist") else y


def one_column(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Tell whether one of two shapes is (n,) and the other (n, 1)."""
    return len(shape) + len(other) == 3 and ((*shape, 1) == other or (*other, 1) == shape)


def like(y: Operand, of: Operand, shape: tuple[int, ...]) -> Operand:
    """Return an operand as an array or Tensor of a shape with as many numbers; `of` as for `as_array`."""
    y = as_array(y, of)
    return y if shape_of(y) == shape else reshape(y, shape=shape)


def made_by(x: Operand, operation: str) -> bool:
    """Tell whether a node, or the first in lists, is the output of an operation, perhaps reshaped."""
    x = first(x)
    while isinstance(x, Node) and x.op is not None and x.op.name == "reshape":
        x = x.inputs[0]
    return isinstance(x, Node) and x.op is not None and x.op.name == operation


def check_order(y_hat: Output, y: Targets, name: str) -> None:
    """Raise ValueError if a network's output is given as the targets, and raw numbers as the output."""
    y_hat, y = first(y_hat), first(y)
    if isinstance(y, Node) and y.op is not None and not isinstance(y_hat, Node):
        raise ValueError(
            f"{name} takes the output of the network before the targets; here y is computed and the output is raw "
            f"numbers: are they swapped? It is {name}(y_hat, y)"
        )


def made_by_softmax(logits: Output) -> bool:
    """Tell whether logits are the output of a softmax, of a Tensor or of lists of Values."""
    if not isinstance(logits, (list, tuple)) or not logits:
        return made_by(logits, "softmax")
    row = logits[0] if isinstance(logits[0], (list, tuple)) else logits
    if not row or not all(made_by(part, "divide") for part in row):
        return False
    powers, totals = zip(*(part.inputs for part in row))
    # That of the largest, exp(0), is the number 1.
    return len({id(total) for total in totals}) == 1 and all(made_by(p, "exp") or _is_one(p) for p in powers)


def _is_one(x: object) -> bool:
    return type(x) is float and x == 1.0


def check_weight(weight: Operand | None, shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError if the weights are not one for each sample, or one is negative or not finite."""
    if weight is None:
        return
    if shape_of(weight) != shape and not one_column(shape_of(weight), shape):
        raise ValueError(f"{name} needs a weight for each sample, shape {shape}; got shape {shape_of(weight)}")
    validate(check_weights, weight, "a weight")


def check_weights(weight: Operand, what: str) -> None:
    """Raise ValueError for a weight that is negative or not finite."""
    if type(weight).__name__ == "ndarray" and (weight >= 0).all() and (weight < math.inf).all():
        return
    for number in flat(plain(weight)):
        if not 0 <= number < math.inf:
            raise ValueError(f"{what} must be a finite number from 0; got {brief(number)}")


def check_classes(y: Operand, k: int, ignores: bool) -> None:
    """Raise ValueError for a label in y that is no class number from 0 to k - 1.

    With `ignores`, y is a pair: the labels, and one more number that is accepted.
    """
    y, ignored = (y[0], [plain(y[1])]) if ignores else (y, [])
    y = y.data if isinstance(y, Node) else y
    if type(y).__name__ == "ndarray" and y.dtype.kind in "iuf" and y.min() >= 0 and y.max() < k and _are_whole(y):
        return
    for label in flat(plain(y)):
        label = plain(label)
        if label not in range(k) and label not in ignored:
            other = f", or {ignored[0]} for what is ignored" if ignores else ""
            raise ValueError(
                f"y must be class numbers from 0 to {k - 1}, one for each row of logits{other}; got {brief(label)}"
            )


def _are_whole(y: Numbers) -> bool:
    """Tell whether the numbers of an array are whole, as they are if a compiled function has made them floats."""
    return y.dtype.kind != "f" or bool((y == y.astype(int)).all())


def check_distributions(y: Operand, name: str) -> None:
    """Raise ValueError for a row of targets with a negative number, or with another sum than 1."""
    y = y.data if isinstance(y, Node) else y
    if type(y).__name__ == "ndarray" and (y >= 0).all() and (abs(y.sum(axis=-1) - 1) <= ROUNDING).all():
        return
    for row in plain(y):
        numbers = [plain(p) for p in row]
        if not all(p >= 0 for p in numbers) or not abs(math.fsum(numbers) - 1) <= ROUNDING:
            shown = ", ".join(f"{p:g}" for p in numbers)
            raise ValueError(
                f"{name} takes rows of probabilities as targets, from 0 and with the sum 1; got [{shown:.80}]. Where a "
                f"sample may have several labels, each has a score of its own, for binary_cross_entropy"
            )


def check_one_distribution(y: Operand, name: str) -> None:
    """Raise ValueError for k targets of k logits that may as well be labels of k samples of one output."""
    numbers = [plain(p) for p in plain(y)]
    if any(p not in (0, 1) for p in numbers):
        return check_distributions([numbers], name)
    raise ValueError(
        f"{name}: {len(numbers)} logits and as many targets of 0 and 1 may be samples of one output, whose loss is "
        f"binary_cross_entropy(y_hat, y, from_logits=True), or one sample: then give the number of its class"
    )


def check_signs(y: Operand) -> None:
    """Raise ValueError for a label that is not -1 or +1."""
    if type(y).__name__ == "ndarray" and y.dtype.kind in "if" and (abs(y) == 1).all():
        return
    for label in flat(plain(y)):
        if label not in (-1, 1):
            shown = getattr(label, "data", label)
            raise ValueError(f"hinge needs labels -1 and +1; got {shown}: turn labels 0 and 1 into 2 * y - 1")


def check_positive(number: Operand, what: str) -> None:
    """Raise ValueError unless a number is above 0."""
    if not plain(number) > 0:
        raise ValueError(f"{what} must be a positive number; got {brief(plain(number))}")


def check_unit(number: Operand, what: str) -> None:
    """Raise ValueError unless a number is from 0 to 1."""
    if not 0 <= plain(number) <= 1:
        raise ValueError(f"{what} must be a number from 0 to 1; got {brief(plain(number))}")


def check_probabilities(numbers: Operand, what: str, advice: str) -> None:
    """Raise ValueError for a number outside [0, 1]."""
    numbers = numbers.data if isinstance(numbers, Node) else numbers
    if type(numbers).__name__ == "ndarray" and (numbers >= 0).all() and (numbers <= 1).all():
        return
    for number in flat(plain(numbers)):
        if not 0 <= number <= 1:
            shown = getattr(number, "data", number)
            raise ValueError(f"binary_cross_entropy needs {what} between 0 and 1; got {shown}{advice}")
