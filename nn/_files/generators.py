"""The random numbers of a network as text: a training goes on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from autograd.files import brief
from nn._core.types import Json
from nn._layers.module import Module
from nn._layers.sequential import Sequential

from .format import FileError

GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
"""The bit generators of NumPy that a file may name."""


def all_ends(model: Sequential) -> Iterator[Module]:
    """Yield the layers inside Sequentials inside each other."""
    for layer in model.layers:
        yield from all_ends(layer) if isinstance(layer, Sequential) else (layer,)


def _every_module(model: Module) -> Iterator[Module]:
    """Yield every module inside a network, one in two places twice, as a file describes it."""
    if isinstance(model, Sequential):
        yield model
        for layer in model.layers:
            yield from _every_module(layer)
    else:
        yield from model.modules()


def generators_of(model: Module) -> list[dict[str, Any]]:
    """Return the state of each random generator in a module, and at which modules it is found."""
    found: dict[int, dict[str, Any]] = {}
    for place, module in enumerate(_every_module(model)):
        for name, item in vars(module).items():
            # The seed of a module is spent.
            state = None if name == "seed" else _state_of(item)
            if state is not None:
                found.setdefault(id(item), {"state": state, "at": []})["at"].append([place, name])
    return list(found.values())


def _state_of(item: object) -> Json:
    if isinstance(item, Random):
        version, numbers, spare = item.getstate()
        return ["Random", version, list(numbers), spare]
    if type(item).__module__.startswith("numpy.random") and hasattr(item, "bit_generator"):
        return ["Generator", _plain(item.bit_generator.state)]
    return None


def _plain(item: Any) -> Any:
    """Return a state of NumPy's as JSON takes it: an array becomes a dict of a list and a dtype."""
    if isinstance(item, dict):
        return {key: _plain(part) for key, part in item.items()}
    return {"array": item.tolist(), "dtype": item.dtype.name} if hasattr(item, "dtype") else item


def _rich(item: Json) -> Any:
    if isinstance(item, dict) and set(item) == {"array", "dtype"}:
        import numpy

        if item["dtype"] not in ("uint32", "uint64"):
            raise FileError(f"has the state of a random generator with numbers of type {brief(item['dtype'], 40)}")
        return numpy.array(item["array"], item["dtype"])
    return {key: _rich(part) for key, part in item.items()} if isinstance(item, dict) else item


def set_generators(model: Module, told: Json) -> Iterator[Callable[[], None]]:
    """Yield functions; each puts a generator, with its state, back into its module."""
    modules = list(_every_module(model))
    filled: set[tuple[int, str]] = set()
    for one in told:
        generator = _generator(one["state"])
        for place, name in one["at"]:
            if place < 0 or (place, name) in filled or _state_of(getattr(modules[place], name, None)) is None:
                raise FileError(f"has a random generator where the network has none: {brief(name, 40)}")
            filled.add((place, name))
            yield partial(setattr, modules[place], name, generator)


def _generator(state: Json) -> Any:
    kind, *rest = state
    if kind == "Random":
        version, numbers, spare = rest
        made: Any = Random()
        made.setstate((version, tuple(numbers), spare))
        return made
    (inner,) = rest
    if kind != "Generator" or inner["bit_generator"] not in GENERATORS:
        raise FileError(f"has a random generator of an unknown kind: {brief(kind, 40)}")
    # NumPy reads its next numbers at these places, also beyond the end of its memory.
    places = inner["state"].get("pos", 0), inner.get("buffer_pos", 0)
    if not (0 <= places[0] <= 624 and 0 <= places[1] <= 4):
        raise FileError(f"has a random generator that stands where none can: {places}")
    import numpy

    bits = getattr(numpy.random, inner["bit_generator"])()
    bits.state = _rich(inner)
    return numpy.random.Generator(bits)
