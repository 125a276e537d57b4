"""The common part of optimizers: parameters in groups, settings, a state for each parameter."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from autograd import Node
from autograd.files import brief
from nn._core.settings import whole
from nn._core.types import Numbers, Parameters, Unchecked

from .hyperparameters import CHECKS


class Optimizer:
    """An optimizer moves parameters against their gradients; `SGD`, `Adam` and `RMSProp` say how far.

    `parameters` are leaf nodes, or groups of them as in PyTorch: dicts with "params" and settings of their own, such as
    `[{"params": model.layers[0].parameters(), "lr": 0.001}, {"params": model.layers[1].parameters()}]`. The `lr` of a
    group follows that of the optimizer: half of `optimizer.lr` is half of each, as by a schedule of `fit`. One that is
    given twice moves once. A frozen one does not move, and its memory does not change. A gradient that was
    not computed counts as 0: momentum and weight decay go on, as in PyTorch after `zero_grad(set_to_none=False)`. The
    list `parameters` and the groups may be changed; the memory of a parameter stays with it.

    A subclass defines `change(k)`, how much parameter k changes, names in `kept` the lists in which it remembers a
    number or an array for each parameter, and in `settings` the numbers that it was made with, which are those of the
    group in `change`. Raises ValueError for numbers out of range, for a parameter in two groups and for settings that a
    group cannot have, TypeError for parameters that are no leaves.

    >>> class Signs(Optimizer):
    ...     def change(self, k):
    ...         return self.lr if self.parameters[k].grad < 0 else -self.lr
    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Signs([w], lr=0.5).step()
    >>> w.data
    0.5
    """

    kept: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[tuple[str, ...]] = ("lr",)
    lr: float

    def __init__(self, parameters: Parameters, lr: float, **others: Unchecked) -> None:
        settings = self._checked({"lr": lr, **others})
        for name, item in settings.items():
            setattr(self, name, item)
        self._passed: list[Any] = [None] * len(self.settings)
        """The settings that were checked last."""
        self.steps = 0
        """The number of steps taken."""
        self.counts: list[int] = []
        """The number of steps of each parameter: fewer if it was frozen or came later."""
        self.parameters: list[Any] = []
        self.param_groups: tuple[dict[str, Any], ...] = ()
        """The groups: their "params" and settings of their own, which may be set."""
        self._members: tuple[Any, ...] = ()
        """The "params" of each group, as they were when the list of parameters was made."""
        self._lr_of_groups = self.lr
        """The learning rate of the optimizer to which those of the groups belong."""
        self._places: list[Any] = []
        """The parameters whose counts and memory stand in the lists, in their order."""
        self._absent: dict[Any, list[Any]] = {}
        """The count and the memory of parameters that were taken out of the list."""
        for name in self.kept:
            setattr(self, name, [])
        for group in _groups(parameters, type(self).__name__):
            self.add_param_group(group)

    def _checked(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings as plain numbers; raise ValueError for one out of range."""
        return {name: CHECKS[name](item) if name in CHECKS else item for name, item in settings.items()}

    def check(self) -> None:
        """Raise ValueError for a setting that was set out of range; a learning rate of 0 moves nothing.

        >>> optimizer = SGD([Value(1.0)], lr=0.1)
        >>> optimizer.lr = -0.1
        >>> optimizer.check()
        Traceback (most recent call last):
        ValueError: the learning rate lr must be a positive number; got -0.1
        """
        now = {name: getattr(self, name) for name in self.settings}
        if not all(map(operator.is_, now.values(), self._passed)):
            self._checked(now | {"lr": 1.0} if isinstance(self.lr, (int, float)) and self.lr == 0 else now)
        self._passed = list(now.values())

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add a group of parameters to move: a dict of "params" and settings of their own.

        >>> model = MLP(2, [3, 1], of=Tensor)
        >>> optimizer = SGD(model.layers[1].parameters(), lr=0.1)
        >>> optimizer.add_param_group({"params": model.layers[0].parameters(), "lr": 0.01})
        >>> optimizer
        SGD(4 parameters, lr=0.1, 2 groups)
        """
        own = {name: item for name, item in group.items() if name != "params"}
        if "params" not in group or not set(own) <= set(self.settings):
            raise ValueError(
                f'a group of {type(self).__name__} has "params" and may have {", ".join(self.settings)}; got '
                f"{', '.join(map(repr, group))}"
            )
        checked = self._checked({name: getattr(self, name) for name in self.settings} | own)
        nodes = leaves(group["params"], type(self).__name__)
        if self.parameters:
            self._match()
        if not set(nodes).isdisjoint(self.parameters):
            raise ValueError("a parameter is in two groups: which settings are its own?")
        for other in self.param_groups:
            # One that was taken out of the list may come back in another group.
            other["params"] = tuple([node for node in other["params"] if node not in set(nodes)])
        if "lr" in own:
            checked["lr"] *= self._lr_of_groups / self.lr
        self.param_groups += ({"params": tuple(nodes), **{name: checked[name] for name in own}},)
        self.parameters = [*self.parameters, *nodes]
        self._members = tuple([group["params"] for group in self.param_groups])
        self._match()

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def change(self, k: int) -> Numbers:
        """Return by how much parameter k is to change, from its `data` and `grad`."""
        raise TypeError(f"{type(self).__name__} defines no change(self, k), which says how much a parameter changes")

    def step(self) -> None:
        """Move every parameter that is not frozen."""
        self._match()
        self.steps += 1
        for own, places in self._by_group():
            if own:
                with self._having(own):
                    self._move(places)
            else:
                self._move(places)

    def _move(self, places: Sequence[int]) -> None:
        for k in places:
            parameter = self.parameters[k]
            if not parameter.frozen:
                self.counts[k] += 1
                # Set anew, not changed in place: a graph that holds the old array keeps it, without a copy.
                parameter.data = parameter.snapshot() + self.change(k)

    def _match(self) -> None:
        """Bring counts and memory into the order of the parameters, if these or the groups have changed."""
        members = tuple([group["params"] for group in self.param_groups])
        if not all(map(operator.is_, members, self._members)):
            self.parameters, self._members = [node for nodes in members for node in nodes], members
        same = len(self.parameters) == len(self._places) and all(map(operator.is_, self.parameters, self._places))
        if same and self._places:
            return
        nodes = leaves(self.parameters, type(self).__name__)
        lists = [self.counts, *(getattr(self, name) for name in self.kept)]
        self._absent |= {node: [memory[k] for memory in lists] for k, node in enumerate(self._places)}
        memories = [self._absent.pop(node, [0, *([0.0] * len(self.kept))]) for node in nodes]
        self.counts, *others = ([memory[k] for memory in memories] for k in range(len(lists)))
        for name, memory in zip(self.kept, others):
            setattr(self, name, memory)
        self.parameters, self._places = nodes, list(nodes)

    def _by_group(self) -> list[tuple[dict[str, Any], Sequence[int]]]:
        """Return the settings of each group now, and which parameters have them."""
        if {*map(len, self.param_groups)} == {1}:
            return [({}, range(len(self.parameters)))]
        found: dict[int, list[int]] = {}
        owners = {node: k for k, group in enumerate(self.param_groups) for node in group["params"]}
        for k, node in enumerate(self.parameters):
            found.setdefault(owners.get(node, -1), []).append(k)
        # One that is in no group, as it was put into the list, has the settings of the optimizer.
        return [(self._own(self.param_groups[k]) if k >= 0 else {}, places) for k, places in sorted(found.items())]

    def _own(self, group: dict[str, Any]) -> dict[str, Any]:
        own = {name: item for name, item in group.items() if name != "params"}
        if "lr" in own:
            own["lr"] = own["lr"] * self.lr / self._lr_of_groups
        return own

    @contextmanager
    def _having(self, own: dict[str, Any]) -> Iterator[None]:
        """Have the settings of a group."""
        before = {name: getattr(self, name) for name in own}
        try:
            vars(self).update(own)
            yield
        finally:
            vars(self).update(before)

    def state_dict(self) -> dict[str, Any]:
        """Return the settings, the numbers of steps, the memory of each parameter, and the groups.

        There is a list with an entry for each parameter under each name in `kept`; the "params" of a group are places
        in these lists.
        """
        self._match()
        groups = [{"params": list(places), **own} for own, places in self._by_group()]
        return (
            {name: getattr(self, name) for name in (*self.settings, "steps")}
            | {name: list(getattr(self, name)) for name in ("counts", *self.kept)}
            | {"param_groups": groups}
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set settings, memory and groups to those of a `state_dict` of an optimizer of this class.

        Raises ValueError, and changes nothing, if names are missing or unknown, a setting is out of range, a list has
        another length, or the memory of a parameter has another shape than it, TypeError if `state` is no mapping.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes what state_dict() returns; got {brief(state)}")
        own = self.state_dict()
        if set(own) != set(state):
            raise ValueError(f"a state of {type(self).__name__} has {', '.join(own)}; got {', '.join(state) or 'none'}")
        settings = self._checked({name: state[name] for name in self.settings})
        steps = whole("steps", state["steps"], 0)
        for name in ("counts", *self.kept):
            if len(state[name]) != len(self.parameters):
                raise ValueError(
                    f"{name} has {len(state[name])} entries; this optimizer has {len(self.parameters)} parameters"
                )
        counts = [whole("each of counts", count, 0) for count in state["counts"]]
        memory = {
            name: [_memory(name, item, node) for item, node in zip(state[name], self.parameters)] for name in self.kept
        }
        groups: list[dict[str, Any]] = []
        for group in state["param_groups"]:
            if not {"params"} <= set(group) <= {"params", *settings}:
                raise ValueError(
                    f'a group of {type(self).__name__} has "params" and may have {", ".join(settings)}; got '
                    f"{', '.join(map(repr, group))}"
                )
            more = self._checked({**settings, **{name: item for name, item in group.items() if name != "params"}})
            groups.append({name: more.get(name, group["params"]) for name in group})
        if sorted(k for group in groups for k in group["params"]) != list(range(len(self.parameters))):
            raise ValueError('the "params" of param_groups must hold the place of each parameter once')
        for group in groups:
            group["params"] = tuple([self.parameters[k] for k in group["params"]])
        vars(self).update(settings, **memory)
        self.steps, self.counts, self.param_groups, self._lr_of_groups = steps, counts, tuple(groups), self.lr
        self._members = tuple([group["params"] for group in groups])

    def __repr__(self) -> str:
        told = [f"{name}={getattr(self, name)}" for name in self.settings if getattr(self, name)]
        told += [f"{len(self.param_groups)} groups"] * (len(self.param_groups) > 1)
        return f"{type(self).__name__}({len(self.parameters)} parameters, {', '.join(told)})"


def _groups(parameters: Parameters, user: str) -> list[dict[str, Any]]:
    """Return parameters as groups, one if they are nodes; raise for anything else."""
    if isinstance(parameters, Mapping):
        raise TypeError(f"{user} takes a list of groups: put this dict into a list")
    listed = list(parameters) if isinstance(parameters, Iterable) else parameters
    if isinstance(listed, list) and listed and all(isinstance(item, Mapping) for item in listed):
        return [dict(group) for group in listed]
    return [{"params": leaves(listed, user)}]


def _memory(name: str, item: Unchecked, node: Node) -> Numbers:
    """Return the memory of a parameter; raise ValueError unless it is numbers of the parameter's shape."""
    kind = getattr(getattr(item, "dtype", None), "kind", "f" if isinstance(item, (int, float)) else "")
    shape = getattr(item, "shape", ())
    # Before the first step there is 0.0 for any shape.
    if (
        isinstance(item, Node)
        or kind not in ("f", "i", "u")
        or not (shape == node.shape or (shape == () and item == 0))
    ):
        owner = node.label or "a parameter"
        raise ValueError(f"{name} must have an entry of shape {node.shape} for {owner}; got {brief(item)}")
    return item


def leaves(parameters: Parameters, user: str) -> list[Any]:
    """Return parameters as a list, each once; raise unless they are leaf nodes, and one at least.

    `user` is the function or the class that needs them.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError(f"{user} needs parameters; got one {type(parameters).__name__}: give model.parameters()")
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters; give model.parameters()")
    for parameter in listed:
        if not isinstance(parameter, Node) or parameter.op is not None:
            raise TypeError(f"a parameter must be a Value or Tensor that was not computed; got {brief(parameter)}")
    return list(dict.fromkeys(listed))
