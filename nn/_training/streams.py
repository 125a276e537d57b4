"""Where the batches of a training come from: from rows, or from a stream of batches that is gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from typing import Any, NamedTuple

from autograd.files import brief
from nn._core.order import batches_of
from nn._core.rows import computed_with, joined, pick, shape_of
from nn._core.types import Batches, ClassWeights, Dtype, Loss, Unchecked

from .given import sample_weights, samples

Batch = tuple[Any, ...]
"""The samples of a batch, their targets, and perhaps their weights."""

Numbers = Sequence[int] | None
"""The numbers of the rows of a batch, from 0, or None for all of them."""

FORMS = "lists, arrays or tensors (X, y) or (X, y, weight)"

AGAIN = "give a list of batches, a DataLoader, or a function of the number of the epoch that returns its batches"


class Source(NamedTuple):
    """The batches of each epoch, by its number from 0; how many they are, and all rows, if these are known.

    Then there is also the order of an epoch, which is the numbers of the rows in each batch, or None for all rows; and
    what returns the rows with some numbers as a batch.
    """

    batches: Callable[[int], Iterable[Batch]]
    number: int | None
    rows: Batch | None = None
    order: Callable[[int], Iterable[Numbers]] | None = None
    take: Callable[[Numbers], Batch] | None = None


def source_of_rows(data: Batch, reader: Reader, size: int | None, seed: int | None) -> Source:
    """Return the batches of rows, in an order that comes from the seed and the epoch; of all rows if size is None."""
    n = len(data[0])
    whole = reader.computed_with(data) if size is None else data

    def order(epoch: int) -> Iterable[Numbers]:
        return [None] if size is None else batches_of(n, size, seed, epoch)

    def take(numbers: Numbers) -> Batch:
        return whole if numbers is None else reader.computed_with(tuple([pick(part, numbers) for part in data]))

    return Source(lambda epoch: map(take, order(epoch)), 1 if size is None else -(-n // size), data, order, take)


class Reader(NamedTuple):
    """How batches are read: for Values or Tensors, in the type of the network's numbers, and with which weights."""

    of_values: bool
    loss: Loss
    dtype: Dtype | None
    class_weight: ClassWeights | None = None

    def computed_with(self, batch: Batch) -> Batch:
        """Return a batch as the network computes with it."""
        return tuple(computed_with(part, self.dtype) for part in batch)

    def checked(self, found: Iterable[Unchecked], of: str) -> Iterator[Batch]:
        """Yield the batches of an epoch, say, as samples, targets and perhaps weights; raise for what is none.

        A batch without rows is left out. The arrays are copies: some streams fill the same memory again.
        """
        first: Batch | None = None
        for k, batch in enumerate(found, 1):
            place = f"batch {k} of {of}"
            if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
                raise TypeError(f"{place} must be {FORMS}; got {brief(batch, 80)}")
            if all(map(_is_empty, batch)):
                continue
            X, y = samples(batch[0], batch[1], self.of_values, f"{place}: ")
            weight = batch[2] if len(batch) > 2 else None
            weight = sample_weights(weight, self.class_weight, y, self.loss, self.of_values)
            parts = self.computed_with(tuple(deepcopy(part) for part in (X, y, weight) if part is not None))
            first = first or parts
            _check_alike(parts, first, place)
            yield parts


def _is_empty(part: Unchecked) -> bool:
    # A sparse matrix has a shape, but no length.
    return tuple(part.shape)[:1] == (0,) if hasattr(part, "shape") else hasattr(part, "__len__") and len(part) == 0


def _check_alike(parts: Batch, first: Batch, place: str) -> None:
    """Raise ValueError if a batch has other parts than the first one, or rows of another length."""
    if len(parts) != len(first):
        raise ValueError(f"{place} has {'a' if len(parts) > 2 else 'no'} weight, unlike the batches before")
    for name, part, other in zip("Xy", parts, first):
        try:
            shape, before = shape_of(part)[1:], shape_of(other)[1:]
        except ValueError:
            # Rows of different lengths are the network's own.
            continue
        if len(shape) != len(before) or (len(shape) < 2 and shape != before):
            raise ValueError(f"{place}: {name} has rows of shape {shape}; the batches before have {before}")


def source_of_stream(
    batches: Batches, reader: Reader, size: int | None, steps: int | None, epochs: int, owner: str = ""
) -> Source:
    """Return the batches of a stream, cut anew into batches of `size` rows, or as they come if it is None.

    An epoch has `steps` batches, if given: an iterable goes on in the next epoch where it stopped, and from
    its start again at its end; a function is called for every epoch. Raises TypeError for no stream, ValueError for an
    iterator, which cannot be gone through once more, unless a single epoch is left or `steps` is given, and for a
    stream without batches. `owner` is who has the stream, "validation" or nobody.
    """
    what = owner or "X"
    opened = _function(batches, what)
    if opened is None and hasattr(batches, "__next__") and steps is None and epochs > 1:
        raise ValueError(f"{what} is an iterator, which can be gone through once, for {epochs} epochs: {AGAIN}")

    def cut(found: Iterable[Unchecked], of: str) -> Iterator[Batch]:
        checked = reader.checked(found, owner or of)
        return checked if size is None else recut(checked, size)

    going_on = None if opened is not None or steps is None else cut(_endless(batches, what), "the stream")

    def of_epoch(epoch: int) -> Iterator[Batch]:
        found = going_on or cut(batches if opened is None else opened(epoch), f"epoch {epoch + 1}")
        empty = True
        for batch in islice(found, steps):
            empty = False
            yield batch
        if empty:
            told = f"; if it can be gone through once only, {AGAIN}" if epoch else ""
            raise ValueError(f"{what} gave no batch in epoch {epoch + 1}{told}")

    return Source(of_epoch, steps or (_length(batches) if opened is None and size is None else None))


def _length(batches: Batches) -> int | None:
    try:
        return len(batches)
    except TypeError:
        # That of some DataLoaders is not known, though they have the method.
        return None


def _function(batches: Batches, what: str) -> Callable[[int], Iterable[Unchecked]] | None:
    """Return the function that gives the batches of an epoch, or None for an iterable; raise TypeError for neither."""
    if hasattr(batches, "shape") or hasattr(batches, "columns"):
        raise TypeError(f"{what} holds rows, so that it needs its targets y beside it; got {brief(batches, 80)} alone")
    if hasattr(batches, "__iter__") and not isinstance(batches, (str, bytes, dict)):
        return None
    if not callable(batches):
        raise TypeError(f"{what} without y must be batches, {FORMS}; got {brief(batches, 80)}: {AGAIN}")

    call = _by_epoch(batches)

    def opened(epoch: int) -> Iterable[Unchecked]:
        found: Iterable[Unchecked] = call(epoch)
        if not hasattr(found, "__iter__"):
            raise TypeError(f"the function {what} must return the batches of an epoch; it returned {brief(found, 80)}")
        return found

    return opened


def _by_epoch(function: Callable[..., Any]) -> Callable[[int], Any]:
    """Return how a function is called for an epoch: with its number as the argument `epoch`, or the one it needs."""
    import inspect

    try:
        signature = inspect.signature(function)
    except ValueError:
        # Some functions written in C have no signature to read.
        return function
    if "epoch" in signature.parameters:
        return lambda epoch: function(epoch=epoch)
    try:
        signature.bind()
    except TypeError:
        return function
    # An argument that it may have is its own, for example the size of a batch.
    return lambda epoch: function()


def _endless(batches: Batches, what: str) -> Iterator[Unchecked]:
    """Yield the batches of an iterable again and again; raise ValueError at the end of one that cannot go on."""
    once = iter(batches) is batches
    while True:
        found = False
        for batch in batches:
            found = True
            yield batch
        if once or not found:
            reason = "is an iterator that ended" if once else "has no batches"
            raise ValueError(f"{what} {reason} before all steps were made: {AGAIN}")


def recut(batches: Iterable[Batch], size: int) -> Iterator[Batch]:
    """Yield the rows of batches of any sizes in batches of `size` rows; the last one has the rest.

    >>> [X for X, y in recut([([1, 2, 3], [0] * 3), ([4, 5], [0] * 2)], 2)]
    [[1, 2], [3, 4], [5]]
    """
    kept: list[Batch] = []
    rows = 0
    for parts in batches:
        kept.append(parts)
        rows += len(parts[0])
        if rows < size:
            continue
        whole = _together(kept)
        full = rows - rows % size
        for start in range(0, full, size):
            yield tuple(part[start : start + size] for part in whole)
        kept, rows = ([tuple(part[full:] for part in whole)], rows - full) if rows > full else ([], 0)
    if kept:
        yield _together(kept)


def _together(batches: Sequence[Batch]) -> Batch:
    sizes = [len(parts[0]) for parts in batches]
    try:
        return tuple(joined(list(pieces), sizes) for pieces in zip(*batches))
    except ValueError:
        raise ValueError(
            "batches of other shapes cannot be cut anew; take them as they come, without batch_size"
        ) from None


def held_out_of(validation: Unchecked, reader: Reader, epochs: int) -> Callable[[int], Iterable[Batch]]:
    """Return the batches of validation by the epoch: a pair (X, y) is one of them; raise as for X and y of `fit`."""
    is_pair = isinstance(validation, tuple) or (isinstance(validation, list) and not all(map(_is_batch, validation)))
    if not is_pair:
        return source_of_stream(validation, reader, None, None, epochs, "validation").batches
    if len(validation) != 2:
        raise ValueError(f"validation must be a pair (X, y), a stream of batches, or None; got {brief(validation)}")
    X, y = validation
    X, y = samples(X, y, reader.of_values, "validation ")
    data = (X, *reader.computed_with((y,)))
    return lambda epoch: [data]


def _is_batch(item: Unchecked) -> bool:
    """Tell whether an item is a batch, and no row of samples: a tuple, or a list of arrays."""
    return isinstance(item, tuple) or (isinstance(item, list) and bool(item) and bool(getattr(item[0], "shape", ())))
