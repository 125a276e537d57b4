"""The program of a step on JAX: loss, gradients, buffers and the optimizer, in one; or of many steps in a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import CompileError, pure, value_and_grad
from autograd.files import brief
from nn._core.types import Rows, Targets
from nn._layers.buffers import buffer_updates
from nn._training.objective import Objective, evaluated
from nn._training.training import Training

from .rule import Rule


def recorded(training: Training, buffers: list[Any], given: Sequence[Any]) -> Any:
    """Return loss, outputs, new buffers and gradients as a function of arrays alone, for batches like one given."""
    model, objective, parameters = training.model, training.objective, training.optimizer.parameters
    _check_wrapping(objective, given)
    # Decides, before anything is recorded, in which shape targets are compared.
    evaluated(model, objective, *given)
    places = {buffer: k for k, buffer in enumerate(buffers)}

    def step(X: Rows, *targets: Targets) -> Any:
        with buffer_updates() as updates:
            y_hat = model(X)
            J = objective(y_hat, *targets)
        strange = next((buffer for buffer in updates if buffer not in places), None)
        if strange is not None:
            raise TypeError(
                f"update_buffer sets {brief(strange)}, which is no buffer of the network: see Module.buffers"
            )
        return J, (y_hat, [(places[buffer], new) for buffer, new in updates.items()])

    try:
        return pure(value_and_grad(step, wrt=parameters, has_aux=True), *given)
    except (CompileError, TypeError) as error:
        error.add_note(
            "With backend='jax' network and loss are recorded, not run at every step: in them X, y and weight are "
            "Tensors, whose numbers nobody can read. With backend='numpy' they run as they are written."
        )
        raise


def _check_wrapping(objective: Objective, given: Sequence[Any]) -> None:
    """Raise TypeError for targets whose arithmetic is NumPy's own, in a loss that may compute with them."""
    loss, y = getattr(objective.loss, "func", objective.loss), given[1].dtype
    if y.kind in "iub" and y.itemsize < 8 and not (getattr(loss, "__module__", None) or "").startswith("nn."):
        raise TypeError(
            f"y is of {y}, with which a loss of your own computes in another way in NumPy (-y and y * y wrap around, "
            "bools add up to bools) than in JAX: give y.astype(int) or y.astype(float)"
        )


class StepProgram:
    """A step, or `many` in a loop, for batches of `rows` rows."""

    def __init__(
        self, training: Training, made: Any, buffers: list[Any], rule: Rule, rows: int, many: int, whole: Any
    ) -> None:
        import jax

        parameters = training.optimizer.parameters
        where = {node: ("parameters", k) for k, node in enumerate(parameters)}
        where |= {node: ("buffers", k) for k, node in enumerate(buffers)}
        self.made, self.many = made, many
        self.others = [node for node in made.captured if node not in where]
        """The leaves that the loss uses beside parameters and buffers."""
        self._where, self._rule, self._rows = where, rule, rows
        self._accumulates, self._max_norm = training.accumulate > 1, training.max_norm
        self._wanted = bool(training.metrics)
        run = self._one if many == 1 else self._loop
        self.run: Callable[..., Any] = jax.jit(run, out_shardings=(whole, None))
        """Takes the state and numbers of the steps, returns the new state and what is looked at."""

    def _one(self, state: Any, given: Any, numbers: Any) -> tuple[Any, Any]:
        """Return the state after a step."""
        state, seen, _, _ = self._step(state, given, numbers, numbers["lr"], numbers["moves"], 0.0, numbers["rows"])
        return state, seen

    def _loop(self, state: Any, given: Any, numbers: Any) -> tuple[Any, Any]:
        """Return the state after some of the steps whose batches are given, stacked."""
        import jax
        from jax import numpy

        def step(k: Any, carried: Any) -> Any:
            state, moved, rows, seen = carried
            one = {"batch": [part[k] for part in given["batch"]], "drawn": [part[k] for part in given["drawn"]]}
            state, found, moved, rows = self._step(
                state, given | one, numbers, numbers["lr"][k], numbers["moves"][k], moved, rows
            )
            return state, moved, rows, jax.tree.map(lambda all_, one: all_.at[k].set(one), seen, found)

        first = {"batch": [part[0] for part in given["batch"]], "drawn": [part[0] for part in given["drawn"]]}
        like = jax.eval_shape(
            lambda: self._step(state, given | first, numbers, numbers["lr"][0], True, 0.0, numbers["rows"])[1]
        )
        seen = jax.tree.map(lambda item: numpy.zeros((self.many, *item.shape), item.dtype), like)
        state, _, _, seen = jax.lax.fori_loop(0, numbers["count"], step, (state, 0.0, numbers["rows"], seen))
        return state, seen

    def _step(
        self, state: Any, given: Any, numbers: Any, lr: Any, moves: Any, moved: Any, rows: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return the state after a step, what is looked at, and how often, and on how many rows, it moved."""
        import jax
        from jax import numpy

        others = dict(zip(self.others, given["others"]))
        captured = [
            state[self._where[node][0]][self._where[node][1]] if node in self._where else others[node]
            for node in self.made.captured
        ]
        (J, (y_hat, updates), gradients), computed = self.made(
            given["batch"], captured, given["drawn"], given["constants"]
        )
        seen = {"loss": J, "computed": computed, "outputs": y_hat if self._wanted else None}
        ok = state["ok"] & numpy.isfinite(J)
        sums = state["sums"]
        if self._accumulates:
            rows = rows + self._rows
            sums = [total + self._rows * g for total, g in zip(sums, gradients)]
            gradients = [total / rows for total in sums]
        if self._max_norm is not None:
            gradients, norm, seen["norms"] = self._clipped(gradients, moves)
            ok = ok & (numpy.isfinite(norm) | ~numpy.asarray(moves))
        steps = moved + 1.0
        after = [number + steps for number in numbers["counts"]]
        parameters, kept = self._rule.moved(
            state["parameters"], gradients, state["kept"], after, numbers["steps"] + steps, lr
        )
        goes = ok & moves if self._accumulates else ok

        def chosen(condition: Any, new: Any, old: Any) -> Any:
            return jax.tree.map(lambda a, b: numpy.where(condition, a, b), new, old)

        buffers = list(state["buffers"])
        for k, new in updates:
            buffers[k] = numpy.asarray(new).astype(buffers[k].dtype)
        state = {
            "ok": ok,
            "parameters": chosen(goes, parameters, state["parameters"]),
            "gradients": chosen(ok, gradients, state["gradients"]),
            "buffers": chosen(ok, buffers, state["buffers"]),
            "kept": chosen(goes, kept, state["kept"]),
            "sums": chosen(moves, list(map(numpy.zeros_like, sums)), sums),
        }
        if self._accumulates:
            moved, rows = numpy.where(moves, steps, moved), numpy.where(moves, 0.0, rows)
        else:
            moved = steps
        return state, seen, moved, rows

    def _clipped(self, gradients: list[Any], moves: Any) -> tuple[list[Any], Any, Any]:
        """Return gradients whose common norm is at most the largest one, that norm, and the norm of each."""
        from jax import numpy

        norms = []
        for g, frozen in zip(gradients, self._rule.frozen):
            if not frozen:
                largest = numpy.max(abs(g)).astype("float64")
                scale = numpy.where((largest > 0) & numpy.isfinite(largest), largest, 1.0)
                norms.append(scale * numpy.sqrt(numpy.sum((g.astype("float64") / scale) ** 2)))
        each = numpy.stack(norms)
        largest = numpy.max(each)
        scale = numpy.where((largest > 0) & numpy.isfinite(largest), largest, 1.0)
        norm = scale * numpy.sqrt(numpy.sum((each / scale) ** 2))
        factor = numpy.where((norm > self._max_norm) & moves, self._max_norm / norm, 1.0)
        clipped = [g if frozen else g * factor.astype(g.dtype) for g, frozen in zip(gradients, self._rule.frozen)]
        return clipped, norm, each
