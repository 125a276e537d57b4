"""Loss and outputs of a network after training, on the devices of this process."""

from __future__ import annotations

from typing import Any

from autograd import pure
from nn._core.rows import computed_with, dtype_of
from nn._core.types import Numbers, Rows, Targets
from nn._layers.batches import as_array
from nn._layers.module import Module, evaluating
from nn._training.objective import Objective, evaluated

from .mesh import Mesh
from .plan import check_tensors, signature


class Evaluation:
    """Computes the loss of held-out samples, and their outputs, as `evaluated` does."""

    def __init__(self, model: Module, objective: Objective, mesh: Mesh) -> None:
        import jax

        self._model, self._objective = model, objective
        # Of several processes each does all of it: they need not wait for each other.
        self._mesh = mesh if mesh.processes == 1 else Mesh(jax.local_devices()[:1], 1)
        self._programs: dict[Any, Any] = {}
        self._placed: dict[Any, Any] = {}

    def begin(self) -> None:
        """Read the parameters again."""
        self._placed.clear()

    def __call__(self, X: Rows, y: Targets, *weight: Any) -> tuple[float, Numbers, Targets]:
        """Return the loss of samples, the raw outputs, and the targets in their shape."""
        import jax

        X = _placeable(X, self._model)
        given = (X, y, *weight)
        shapes = signature(given)
        with evaluating(self._model):
            made, run = self._programs.get(shapes, (None, None))
            if made is None or not made.holds():
                made = recorded(self._model, self._objective, given)
                run = jax.jit(made)
                self._programs[shapes] = made, run
            made.check(given)
            captured = [self._put(node) for node in made.captured]
            cut = [self._mesh.cut(part, len(X)) for part in given]
            (J, y_hat), computed = jax.tree.map(self._mesh.fetch, run(cut, captured, made.draw(), made.constants))
            made.check_computed(computed)
        return float(J), y_hat, self._objective.targets(y_hat, y, *weight)

    def _put(self, node: Any) -> Any:
        if node not in self._placed:
            self._placed[node] = self._mesh.put(node.snapshot())
        return self._placed[node]


def outputs(model: Module, X: Rows, of_values: bool) -> Numbers:
    """Return the outputs of a network after training; raise TypeError for one of Values."""
    import jax

    check_tensors(of_values)
    X = _placeable(X, model)
    signature([X])
    with jax.enable_x64(True), evaluating(model):
        mesh = Mesh(jax.local_devices() if len(X) % jax.local_device_count() == 0 else jax.local_devices()[:1], 1)

        # A function of nothing else: all that it can reach is compared.
        def output(X: Rows) -> Any:
            return model(X)

        made = pure(output, X)
        made.check([X])
        captured = [mesh.put(node.snapshot()) for node in made.captured]
        y_hat, computed = jax.jit(made)([mesh.cut(X, len(X))], captured, made.draw(), made.constants)
        made.check_computed(jax.tree.map(mesh.fetch, computed))
        return jax.tree.map(mesh.fetch, y_hat)


def _placeable(X: Rows, model: Module) -> Rows:
    """Return samples as an array that the network's numbers have the type of; whole numbers would widen them."""
    dtype = dtype_of(model.parameters())
    return as_array(computed_with(X, dtype), dtype)


def recorded(model: Module, objective: Objective, given: Any) -> Any:
    """Return loss and outputs as a function of arrays alone, for samples like those given."""
    # Decides, before anything is recorded, in which shape targets are compared.
    evaluated(model, objective, *given)

    # A function of nothing else: all that it can reach is compared at every call.
    def outcome(X: Rows, y: Targets, *weight: Any) -> Any:
        y_hat = model(X)
        return objective(y_hat, y, *weight), y_hat

    return pure(outcome, *given)
