"""How the arguments of a compiled function are taken apart by a function that is written for their structure.

It takes arguments that are exactly like those that the program is for, in classes as well; others take the long way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import count
from typing import Any

from autograd._compiler.missed import MISSED
from autograd._compiler.program import MANY, Program
from autograd._core.node import Node
from autograd._core.types import Tree


class Unfit(Exception):
    """A structure that only the long way takes."""


class Opening(ABC):
    """Writes, in Python, how arguments are taken apart, and the checks that they are like those of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._names = map("x{}".format, count())
        self._scope: dict[str, Any] = {"MISSED": MISSED}
        self._lines = ["def call(args):"]

    def _constant(self, item: object) -> str:
        name = next(self._names)
        self._scope[name] = item
        return name

    def _made(self, lines: list[str]) -> Any:
        """Return the function, which ends in these lines."""
        exec("\n".join([*self._lines, *lines]), self._scope)
        # A function that is among its own variables would live on.
        return self._scope.pop("call")

    def _require(self, condition: str) -> None:
        """Let the function end here, if something is not so."""
        self._lines += [f"    if not ({condition}):", "        return MISSED"]

    def _arguments(self) -> list[str]:
        """Take all arguments and the leaves from outside; return their names."""
        trees = [tree for _, tree in self._program.arguments]
        self._require(f"len(args) == {len(trees)}")
        names = self._parts("args", trees)
        for node in self._program.captured:
            names.append(next(self._names))
            self._lines.append(f"    {names[-1]} = {self._constant(node)}._data")
            self._leaf(names[-1], node)
        return names

    def _taken(self, name: str, tree: Tree) -> None:
        """Take an argument apart; check that it is like the one that the program is for."""
        if isinstance(tree, Node):
            self._leaf(name, tree)
        elif type(tree) in (list, tuple):
            self._require(f"type({name}) is {type(tree).__name__} and len({name}) == {len(tree)}")
            numbers = all(isinstance(item, Node) and type(item._data) is float for item in tree)
            if not numbers or len(tree) < MANY or not self._numbers(name, tree):
                self._parts(name, tree)
        elif type(tree) is dict:
            self._require(f"type({name}) is dict and list({name}) == {self._constant(list(tree))}")
            self._parts(f"{name}.values()", [*tree.values()])
        elif tree is None or type(tree) is bool:
            self._require(f"{name} is {tree}")
        else:
            raise Unfit

    def _parts(self, name: str, trees: Sequence[Tree]) -> list[str]:
        """Take the parts of a structure that is known to have as many; return their names."""
        names = [next(self._names) for _ in trees]
        if names:
            self._lines.append(f"    {', '.join(names)}, = {name}")
        for part, tree in zip(names, trees):
            self._taken(part, tree)
        return names

    @abstractmethod
    def _leaf(self, name: str, leaf: Node) -> None:
        """Take a number or an array."""

    @abstractmethod
    def _numbers(self, name: str, leaves: Sequence[Any]) -> bool:
        """Take many numbers together, if that can be."""
