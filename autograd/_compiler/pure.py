"""`pure`: a recorded function as a function of arrays alone, which JAX can transform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd._core.types import Tree

from .backends.backends import for_jax, placed
from .build import program_of
from .fresh import drawn, leaves_drawn
from .passes import hollow
from .program import nodes_in
from .record import replaced
from .specialise import name_in_source, recorded_twice


class Pure:
    """A function, recorded for arguments of some shapes, that reads and changes nothing but its arguments.

    Its numbers are those of f with gradients that take care of infinite slopes. Made by `pure`.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Tree]) -> None:
        self._surroundings, parts, first = recorded_twice(f, args, {}, careful=True)
        leaves = set(nodes_in([tree for _, tree in first.arguments]))
        checks = [(check, data, rest, leaves.issuperset(nodes_in(data))) for check, data, rest in first.trace.checks]
        self._checks = [(check, data, rest) for check, data, rest, given in checks if given]
        self._late = [(check, data, rest) for check, data, rest, given in checks if not given]
        self._draws = first.trace.drawn
        self._differentiates = parts is not None
        late = [data for _, data, _ in self._late]
        result = first.result
        if parts is not None:
            # What is checked is computed beside the loss, so that it can be read.
            loss, aux = result if parts.has_aux else (result, None)
            result, parts = (loss, (aux, late)), parts._replace(has_aux=True)
        else:
            result = (result, late)
        program = program_of(first._replace(result=result), parts, name_in_source(f), Counter(), rolled=True)
        self.source, self._function, self._fixed = for_jax(program)
        self._program = program
        self._leaves = nodes_in([tree for _, tree in program.arguments])
        fresh = set(leaves_drawn(self._draws))
        packed = [leaf for pack in program.packs for leaf in pack.leaves]
        self.captured = [node for node in dict.fromkeys([*program.captured, *packed]) if node not in fresh]
        """The leaves that f uses beside its arguments, such as the parameters of a model."""
        self._types = [getattr(node._data, "dtype", float) for node in self.captured]
        self.constants = [item for name, item in program.given.items() if name not in self._fixed]
        """Large arrays that are the same at every call."""
        self._nodes = list(dict.fromkeys(nodes_in(program.results)))
        hollow([*self._leaves, *program.nodes])

    def __call__(
        self, args: Sequence[Any], captured: Iterable[Any], drawn: Iterable[Any], constants: Iterable[Any]
    ) -> Any:
        """Return the result, and the computed numbers that `check_computed` takes.

        Of a function with a gradient, `value_and_grad(...)`, the result is the loss, the rest and the gradients.
        `captured` and `constants` are arrays in place of those of the same name, `drawn` the result of `draw`.
        """
        import jax.numpy

        found = dict(zip(self.captured, captured)) | dict(zip(leaves_drawn(self._draws), drawn))
        given = [jax.numpy.asarray(array, leaf._data.dtype) for leaf, array in zip(self._leaves, args)]
        outside = [found[node] for node in self._program.captured]
        outside += [jax.numpy.stack([found[leaf] for leaf in pack.leaves]) for pack in self._program.packs]
        names = [name for name in self._program.given if name not in self._fixed]
        results = self._function(*given, *outside, **dict(zip(names, constants)), **self._fixed)
        result = placed(self._program.results, dict(zip(self._nodes, results)), lambda element: element)
        if not self._differentiates:
            return result
        (loss, (aux, computed)), gradients = result
        return (loss, aux, gradients), computed

    def draw(self) -> list[Any]:
        """Draw the random numbers of a call, as f itself would."""
        return list(drawn(self._draws).values())

    def check(self, args: Sequence[Any]) -> None:
        """Raise the errors of f for bad numbers in the arguments."""
        found = dict(zip(self._leaves, args))
        for check, data, rest in self._checks:
            check(replaced(data, found), *rest)

    def check_computed(self, computed: Sequence[Any]) -> None:
        """Raise the errors of f for bad numbers among those that it computes."""
        for (check, _, rest), data in zip(self._late, computed):
            check(data, *rest)

    def holds(self) -> bool:
        """Tell whether all that f uses beside its arguments is as it was, but for the numbers of nodes."""
        if not self._surroundings.unchanged() and not self._surroundings.same():
            return False
        types = [getattr(node._data, "dtype", float) for node in self.captured]
        return types == self._types

    def change(self) -> str:
        """Return the first change in the surroundings of f, for a person."""
        return self._surroundings.change() or "the type of a node that it uses"
