"""Training: `fit`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal

from nn._core.settings import whole
from nn._core.types import Batches, ClassWeights, Loss, Metric, Rows, Targets, Weights
from nn._layers.module import Module

from .engines import Devices, engine_of
from .epochs import epochs_of
from .given import check_functions
from .history import History
from .interrupt import held_back
from .optimizer import Optimizer
from .progress import shown
from .schedules import Schedule
from .training import Training, begin

Callback = Callable[[History], Any]


def fit(
    model: Module,
    X: Rows | Batches,
    y: Targets | None = None,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | Literal["auto"] | None = "auto",
    steps: int | None = None,
    accumulate: int = 1,
    weight: Weights | None = None,
    class_weight: ClassWeights | None = None,
    validation: tuple[Rows, Targets] | Batches | None = None,
    metrics: Sequence[Metric] = (),
    schedule: Schedule | None = None,
    patience: int | None = None,
    clip_grad_norm: float | None = None,
    callbacks: Sequence[Callback] = (),
    history: History | None = None,
    seed: int | None = None,
    progress: bool = True,
    compile: bool = True,
    backend: Literal["numpy", "jax"] = "numpy",
    devices: Devices = None,
) -> History:
    """Train a network: for each mini-batch compute the loss and its gradient, and move the parameters.

    X holds n samples, y their n targets: lists, arrays, memory maps, Series, DataFrames or tensors of PyTorch, taken by
    position, or a sparse matrix of SciPy, of which one batch at a time is dense. Numbers with a fraction are turned
    into float32 for a network of float32. `loss` and each of `metrics` is a function (y_hat, y); the loss returns a
    node, a metric a number. A batch is `batch_size` samples, 32 if it is "auto", or all of them if it is None. The
    order comes from `seed` and the number of the epoch; without a seed, another call for this network has another
    order. The optimizer moves after every `accumulate` batches, with the mean of their gradients, whose norm is at most
    `clip_grad_norm`. `weight`, a number for each sample, goes to the loss as its argument `weight`, not to the metrics;
    `class_weight` makes one from a dict {class: weight}, or from how often each class occurs if it is "balanced".
    `schedule` returns a factor for the learning rate from the epochs that have passed (`cosine`, ...).

    Without y, X is a stream of batches (X, y) or (X, y, weight): an iterable such as a list or a DataLoader, or a
    function that returns one; it is called with the number of the epoch, from 0, if it needs an argument or has one
    named `epoch`. Batches are taken as they come, one at a time, or cut anew into `batch_size` rows. `steps` are the
    batches of an epoch, if a stream has no end or too many: an iterable goes on in the next epoch where it stopped,
    then from its start. Within an epoch `schedule` goes on only if the number of batches is known.

    The history has the mean loss over each epoch and each metric of all its outputs, and those of `validation`, a pair
    (X, y) or a stream, at its end. With `patience` training stops after that many epochs without a lower loss (of
    validation, if there is one), and the parameters of the best epoch return. Each of `callbacks` is called with the
    history after every epoch, and stops training if it returns True; one with a method `end_of_fit`, as that of
    `nn.live`, has that called with the history when all is over. A `history` is carried on up to `epochs` epochs in
    all, in the same order, as if there had been no break (a stream with `steps` begins anew). Save one that is to be
    carried on in a callback if there is `patience`: at the end the best parameters return. A bar shows the progress on
    a terminal and in a notebook.

    Ctrl-C ends training when the step is whole, and raises KeyboardInterrupt, so that a loop over trainings ends as
    well; the network keeps what it has learned, and `history=History()`, given before, the epochs so far. A second one
    breaks off at once.

    In a training of 100 steps or more the arithmetic is compiled; loss and model run at every step, as they are
    written. From 1,000 steps on, longer steps are machine code where llvmlite is installed: a sum may then differ in
    its last digit, which a long training can let grow, and one that is carried on may differ so from one without a
    break. If all of it is of this package (layers, loss, optimizer), then from 500 steps on, and for Values sooner if
    there is much to compute, a step is one function with the update in it, and Values compute as arrays. Steps are then
    done one after the other by machine code alone: the nodes have their numbers whenever your code runs, as a callback,
    and every 0.02 seconds. A step that cannot be compiled runs as it is, with a warning; with `compile=False` none is
    compiled. Targets of shape (n, 1) for n outputs, or the reverse, are brought into the shape of the outputs where the
    loss takes no others.

    With `backend="jax"` steps are programs of JAX, whose numbers are the same up to rounding. `devices` are how many of
    `jax.devices()` share the rows of each batch evenly, or which, or None for all. Model and loss are recorded, not run
    at every step: what `autograd.compile` refuses is refused. Parameters, buffers and the optimizer have new numbers
    after each epoch. After `jax.distributed.initialize()` the same script runs in several processes: X and y are all
    rows in each, and a stream gives each process its own part of every batch.

    Raises ValueError for data and settings that do not fit, and for a loss that depends on no parameter; TypeError for
    a loss that returns no node, a metric that returns no number and an argument of another kind; and
    FloatingPointError if the loss is no longer a finite number: it says where in the data nan or inf is, if it is
    there.

    >>> model = MLP(1, [1])
    >>> history = fit(model, [[0.0], [1.0]], [1.0, 3.0], loss=mse, optimizer=SGD(model.parameters(), lr=0.5), epochs=50)
    >>> round(model([2.0]).data, 3)
    5.0
    """
    training = begin(
        model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size, steps=steps,
        accumulate=accumulate, weight=weight, class_weight=class_weight, validation=validation, metrics=metrics,
        schedule=schedule, max_norm=clip_grad_norm, history=history, seed=seed, compile=compile,
        engine=engine_of(backend, devices),
    )  # fmt: skip
    if patience is not None:
        patience = whole("patience", patience, 1, ", or None")
    check_functions("callbacks", callbacks)
    model._trainings += 1
    history = training.history
    try:
        with held_back() as let_through:
            _watch(training, patience, callbacks, progress, let_through)
    except KeyboardInterrupt as stop:
        if training.engine.leads:
            print(f"stopped after {history.epochs} of {epochs} epochs", file=sys.stderr)
        stop.add_note(
            "The network keeps what it has learned. Call fit with history=History() to have the epochs before an "
            "interrupt, and once more with this history to go on."
        )
        raise
    return history


def _watch(
    training: Training,
    patience: int | None,
    callbacks: Sequence[Callback],
    progress: bool,
    let_through: Callable[[], None],
) -> None:
    """Go through the epochs that are left; at the end, even by an error, leave the model ready for use."""
    model, history = training.model, training.history
    model.train()
    looks = callbacks or training.metrics or patience is not None or training.held_out is not None
    training = training._replace(alone=not looks and training.schedule is None)
    try:
        # Of several processes, which do the same, one shows and writes.
        leads = training.engine.leads
        callbacks = [callback for callback in callbacks if leads or not getattr(callback, "writes", False)]
        bar = shown(history, training.epochs, training.source.number, progress and leads)
        with bar as (after_epoch, after_batch):

            def after_step(count: int = 1) -> None:
                after_batch(count)
                let_through()

            for _ in epochs_of(training, after_step):
                after_epoch()
                patient = patience is None or _is_patient(model, history, patience)
                answers = [callback(history) for callback in callbacks]
                # Any other result of a callback, for example an array, means nothing.
                if not patient or any(type(answer).__name__ == "bool" and answer for answer in answers):
                    break
    finally:
        model.eval()
        if patience is not None and history.best:
            model.load_state_dict(history.best)
        for callback in callbacks:
            if hasattr(callback, "end_of_fit"):
                callback.end_of_fit(history)


def _is_patient(model: Module, history: History, patience: int) -> bool:
    """Keep the model if it is better than ever; tell whether training may go on."""
    losses = history.get("val_loss", history["loss"])
    best = losses.index(min(losses))
    if best == len(losses) - 1:
        history.best = model.state_dict()
    return len(losses) - 1 - best < patience
