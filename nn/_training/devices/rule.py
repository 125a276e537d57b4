"""The rule of an optimizer on arrays of JAX: its own `change`, as it is written."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy
from types import SimpleNamespace
from typing import Any

from nn._training.optimizer import Optimizer
from nn._training.optimizers import OPTIMIZERS

OF_PARAMETERS = ("parameters", "counts", "param_groups", "_members", "_places", "_absent")
"""Attributes of every optimizer that hold its parameters, or a number for each."""


class Rule:
    """How an optimizer moves its parameters, with the settings that it has now."""

    def __init__(self, optimizer: Optimizer) -> None:
        if type(optimizer).step is not Optimizer.step:
            raise TypeError(
                f"{_name(optimizer)} has a step of its own, which JAX cannot run: define change(self, k) in its place"
            )
        optimizer._match()
        self.optimizer = optimizer
        self.frozen = [parameter.frozen for parameter in optimizer.parameters]
        asked = copy(optimizer)
        asked.lr = optimizer._lr_of_groups
        groups = [(dict(own), list(places)) for own, places in asked._by_group()]
        factors = {k: own["lr"] / asked.lr for own, places in groups if "lr" in own for k in places}
        self.factors = [factors.get(k, 1.0) for k in range(len(self.frozen))]
        """The learning rate of each parameter, as a factor of that of the optimizer."""
        self.settings = [next(own for own, places in groups if k in places) for k in range(len(self.frozen))]
        self.numbers = list(dict.fromkeys(optimizer.counts))
        """The numbers of steps that parameters have taken, each once."""
        self._which = [self.numbers.index(count) for count in optimizer.counts]
        self._own = {name: item for name, item in vars(optimizer).items() if name not in (*_KNOWN, *optimizer.kept)}
        self.key = repr((type(optimizer), self.frozen, self.factors, self.settings, self._which)), _exact(self._own)

    def moved(
        self, parameters: list[Any], gradients: list[Any], kept: dict[str, list[Any]], numbers: list[Any], steps: Any,
        lr: Any,
    ) -> tuple[list[Any], dict[str, list[Any]]]:  # fmt: skip
        """Return the parameters after a step, and the new memory; `numbers` and `steps` are those after it.

        Raises TypeError for a rule that JAX cannot follow.
        """
        import jax

        own = copy(self.optimizer)
        before = deepcopy(self._own)
        vars(own).update(before)
        own.steps = steps
        own.counts = [numbers[k] for k in self._which]
        # Nothing but the numbers: who asks for more is told that it is not there.
        own.parameters = [SimpleNamespace(data=p, grad=g) for p, g in zip(parameters, gradients)]
        for name, before_step in kept.items():
            setattr(own, name, list(before_step))
        found = list(parameters)
        try:
            for k, p in enumerate(parameters):
                if not self.frozen[k]:
                    # As NumPy does with a number beside an array: in the precision of the array.
                    settings = {**self.settings[k], "lr": (lr * self.factors[k]).astype(p.dtype)}
                    with own._having(settings):
                        found[k] = p + own.change(k).astype(p.dtype)
        except (jax.errors.JAXTypeError, AttributeError) as error:
            raise TypeError(
                f"{_name(self.optimizer)}.change(k) does what JAX cannot run: it must compute with operators and "
                f"methods of arrays, decide by no number of theirs, and use data and grad of a parameter alone. Change "
                f"it, or train with backend='numpy' ({str(error).splitlines()[0]:.200})"
            ) from error
        self._check_kept(own, before)
        memory = {
            name: [m.astype(p.dtype) for m, p in zip(getattr(own, name), parameters)] for name in self.optimizer.kept
        }
        return found, memory

    def _check_kept(self, own: Optimizer, before: dict[str, Any]) -> None:
        """Raise TypeError if a rule remembers something that no step on JAX would remember."""
        if type(self.optimizer) in OPTIMIZERS.values():
            return
        for name, item in vars(own).items():
            if name in _KNOWN or name in self.optimizer.kept:
                continue
            if name not in before or item is not before[name] or _exact(item) != _exact(self._own[name], item):
                raise TypeError(
                    f"{_name(self.optimizer)}.change(k) changes {name}, which JAX would do once, not at every step: "
                    f"keep a number or an array for each parameter, in a list that `kept` names"
                )


_KNOWN = (*OF_PARAMETERS, "lr", "steps", "_lr_of_groups")


def _name(optimizer: Optimizer) -> str:
    return type(optimizer).__name__


def _exact(item: Any, otherwise: Any = None) -> Any:
    """Return what differs for different settings; an object that cannot be pickled stands for itself."""
    try:
        return pickle.dumps(item)
    except Exception:
        return id(item if otherwise is None else otherwise)
