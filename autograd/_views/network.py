"""What a recorded graph is as a network of neurons: found by the marks of its parameters and by what uses them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograd._core.data import shape
from autograd._core.node import Node, leaf
from autograd._views.derivative import local

Key = tuple[str, str]
"""The layer and the neuron of a mark."""


Sums = dict[Node, frozenset[Node]]

BIAS, NONE = -1, -2
"""In place of the input that a parameter is multiplied by: there is none, or the parameter is used in another way."""


class Neuron(NamedTuple):
    """The parameters of one neuron, bias first, and for each sample its sum z and its output h.

    `places` are the positions of its inputs among those of z.
    """

    key: Key
    parameters: tuple[Node, ...]
    places: tuple[int, ...]
    z: list[Node]
    h: list[Node]

    def inputs(self, sample: int) -> list[Any]:
        """Return the inputs of a sample: nodes and numbers."""
        return [self.z[sample].inputs[place] for place in self.places]


class _Unlike(Exception):
    """The graph is no plain network of neurons."""


class Network(NamedTuple):
    """A graph as a network of neurons.

    `tree` tells what each node is: `layers` has for each layer the parameters of each neuron, bias first (`w`), the
    sums (`z`) and outputs (`h`) of each sample, whether the outputs depend on all sums (`mixed`), and where its inputs
    come from (`from`): ["x", j] or ["h", layer, neuron], with one entry more where something that is not shown lies
    between. `x` and `y` have the inputs and the targets of each sample, None for no target, and `names` the names of
    nodes, the same in all samples.
    Numbers that a layer or the loss takes are `leaves`, which the graph does not have: `twins` take them in place of
    the nodes that were recorded with numbers.
    """

    tree: dict[str, Any]
    names: dict[Node, str]
    leaves: list[Node]
    twins: dict[Node, Node]


def network(order: Sequence[Node]) -> Network | None:
    """Return a graph in topological order as a network of neurons: layers of Values, each used once for each sample.

    None for any other graph.
    """
    try:
        layers, own = _layers(_neurons(order), order)
        given = _inputs(layers)
        sources = [_sources(layer, layers, given) for layer in layers]
    except _Unlike:
        return None
    names = _names(layers, given)
    # By node and position: numbers that become leaves.
    lifted: dict[tuple[Node, int], Node] = {}
    x = _lifted_inputs(layers, given, names, lifted)
    y = _targets(order, layers[-1], names, lifted)
    samples = range(len(given))
    told = [
        {
            "name": layer[0].key[0],
            "g": _activation(layer),
            "mixed": _is_mixed(layer, own),
            "w": [list(neuron.parameters) for neuron in layer],
            "z": [[neuron.z[s] for neuron in layer] for s in samples],
            "h": [[neuron.h[s] for neuron in layer] for s in samples],
            "from": source,
        }
        for layer, source in zip(layers, sources)
    ]
    tree = {"layers": told, "x": x, "y": y, "names": [[node, name] for node, name in names.items()]}
    twins = {node: _twin(node, lifted) for node in dict.fromkeys(node for node, _ in lifted)}
    return Network(tree, names, list(dict.fromkeys(lifted.values())), twins)


def names_in_network(order: Sequence[Node]) -> dict[Node, str]:
    """Return the names that a course gives to the parts of a network for one sample: x1, z(1)_2, h(1)_2, y_hat, y.

    Numbers that it took have one as well, which no other node should get. There are none for another graph, nor for
    several samples, whose nodes would have the same names. Labels of users go first.
    """
    found = network(order)
    if found is None or len(found.tree["x"]) > 1:
        return {}
    labels = {node.label for node in order}
    return {node: name for node, name in found.names.items() if name not in labels}


def placed(tree: Any, places: Mapping[Node, int]) -> Any:
    """Return dicts and lists with the places of nodes in their place."""
    if isinstance(tree, dict):
        return {name: placed(part, places) for name, part in tree.items()}
    if isinstance(tree, list):
        return [placed(part, places) for part in tree]
    return places[tree] if isinstance(tree, Node) else tree


def _neurons(order: Sequence[Node]) -> list[Neuron]:
    """Return the neurons, each with the nodes that take its parameters, in the order in which these were found."""
    found: dict[tuple[int, ...], Neuron] = {}
    partners: dict[Any, list[int]] = {}
    for node in order:
        at = [k for k, given in enumerate(node.inputs) if _role(given) in ("weight", "bias")]
        if not any(_role(node.inputs[k]) == "bias" for k in at):
            continue
        kind = (node.op, len(node.inputs), *at)
        if kind not in partners:
            partners[kind] = [_partner(node, k) for k in at]
        by_place = sorted(zip(partners[kind], at))
        places = tuple(place for place, _ in by_place)
        parameters = tuple(node.inputs[k] for _, k in by_place)
        if places[0] != BIAS or len({*places, *at}) <= len(node.inputs) or len({p.mark[:2] for p in parameters}) > 1:
            # Another operation on parameters, such as their squares in a penalty.
            continue
        neuron = Neuron(parameters[0].mark[:2], parameters, places[1:], [], [])
        found.setdefault(tuple(map(id, parameters)), neuron).z.append(node)
    if len({len(neuron.z) for neuron in found.values()}) != 1:
        raise _Unlike
    return list(found.values())


def _role(given: Any) -> str:
    return given.mark[2] if isinstance(given, Node) and given.op is None and given.shape == () else ""


def _partner(node: Node, position: int) -> int:
    """Return the place of the input that is the derivative of a node by the one at `position`; see BIAS and NONE."""
    text = _slope(node, position)
    return BIAS if text == "1" else int(text[1:-1]) if text.startswith("_") and text[1:-1].isdecimal() else NONE


def _slope(node: Node, position: int) -> str:
    """Return the derivative of a node of scalars by an input as text, with _k_ for the k-th input."""
    inputs = tuple(leaf(1.0) for _ in node.inputs)
    probe = leaf(1.0)
    assert node.op is not None
    probe.link(node.op, inputs, (1.0,) * len(inputs), node.settings)
    return local(probe, position, {given: f"_{k}_" for k, given in enumerate(inputs)}).text


def _layers(neurons: list[Neuron], order: Sequence[Node]) -> tuple[list[list[Neuron]], Sums]:
    """Return the neurons by layers, from the inputs on, with their outputs, and the sums each node depends on."""
    of_z = {z: (neuron, sample) for neuron in neurons for sample, z in enumerate(neuron.z)}
    # The sums z on which a node depends, not looking through those of the layer before.
    own: Sums = {}
    depth: dict[Node, int] = {}
    last: dict[tuple[Key, Node], Node] = {}
    names = {neuron.key[0] for neuron in neurons}
    for node in order:
        if node.mark[2] == "output" and node.mark[0] not in names:
            raise _Unlike
        before = [own[given] for given in node.inputs if isinstance(given, Node)]
        own[node] = frozenset([node]) if node in of_z else frozenset().union(*before)
        if node in of_z:
            depth[node] = 1 + max((depth[z] for sums in before for z in sums), default=0)
        for z in own[node] if node.mark[2] == "output" or node in of_z else ():
            key = of_z[z][0].key
            alone = len(own[node]) == 1 or key[1] == node.mark[1]
            if node is z or (key[0] == node.mark[0] and alone):
                last[key, z] = node
    levels: dict[int, list[Neuron]] = {}
    for neuron in neurons:
        where = {depth[z] for z in neuron.z}
        if len(where) > 1:
            raise _Unlike
        neuron.h.extend(last[neuron.key, z] for z in neuron.z)
        levels.setdefault(where.pop(), []).append(neuron)
    layers = [sorted(levels[level], key=lambda neuron: _number(neuron.key[1])) for level in sorted(levels)]
    if any(len({(neuron.key[0], len(neuron.parameters)) for neuron in layer}) > 1 for layer in layers):
        raise _Unlike
    _check_samples(layers, of_z, own)
    return layers, own


def _number(text: str) -> float:
    return int(text) if text.isdecimal() else math.inf


def _check_samples(layers: list[list[Neuron]], of_z: dict[Node, tuple[Neuron, int]], own: Sums) -> None:
    """Raise _Unlike if a neuron takes something of another sample."""
    for layer in layers:
        for neuron in layer:
            for sample, h in enumerate(neuron.h):
                reached = [of_z[other] for other in own[h]]
                for given in neuron.inputs(sample):
                    if isinstance(given, Node):
                        reached += [of_z[other] for other in own[given]]
                if any(at != sample for _, at in reached):
                    raise _Unlike


def _inputs(layers: list[list[Neuron]]) -> list[list[Any]]:
    """Return the inputs of each sample: numbers, or nodes that no layer made."""
    first = layers[0]
    found: list[list[Any]] = []
    for sample in range(len(first[0].z)):
        row = list(first[0].inputs(sample))
        for neuron in first:
            if not all(map(_same, row, neuron.inputs(sample))):
                raise _Unlike
        if any(isinstance(given, Node) and (given.op is not None or given.shape != ()) for given in row):
            raise _Unlike
        found.append(row)
    return found


def _same(one: Any, other: Any) -> bool:
    """Tell whether two inputs are the same node, or numbers that are equal or both not a number."""
    if isinstance(one, Node) or isinstance(other, Node):
        return one is other
    return bool(one == other or (one != one and other != other))


def _sources(layer: list[Neuron], layers: list[list[Neuron]], given: list[list[Any]]) -> list[list[Any]]:
    """Return where each input of a layer comes from; the same in all of its neurons, and for all samples."""
    if layer is layers[0]:
        return [["x", j] for j in range(len(given[0]))]
    found: list[list[list[Any]]] = []
    for sample in range(len(given)):
        outputs: dict[Node, list[Any]] = {}
        for k, before in enumerate(layers):
            outputs.update((neuron.h[sample], ["h", k, i]) for i, neuron in enumerate(before))
        outputs |= {x: ["x", j] for j, x in enumerate(given[sample]) if isinstance(x, Node)}
        found += [[_source(item, outputs) for item in neuron.inputs(sample)] for neuron in layer]
    if any(row != found[0] for row in found):
        raise _Unlike
    return found[0]


def _source(given: Any, outputs: dict[Node, list[Any]]) -> list[Any]:
    """Return the one output that an input of a layer depends on."""
    if not isinstance(given, Node):
        raise _Unlike
    if given in outputs:
        return outputs[given]
    ends: list[list[Any]] = []
    todo, seen = [given], {given}
    while todo:
        for item in todo.pop().inputs:
            if isinstance(item, Node) and item in outputs:
                ends.append(outputs[item])
            elif isinstance(item, Node) and item not in seen:
                seen.add(item)
                todo.append(item)
    if not ends or any(end != ends[0] for end in ends):
        raise _Unlike
    return [*ends[0], "via"]


def _lifted_inputs(
    layers: list[list[Neuron]], given: list[list[Any]], names: dict[Node, str], lifted: dict[tuple[Node, int], Node]
) -> list[list[Node]]:
    """Return the inputs of each sample as nodes."""
    x: list[list[Node]] = []
    for sample, row in enumerate(given):
        x.append([item if isinstance(item, Node) else _leaf(item, f"x{j}", names) for j, item in enumerate(row, 1)])
        for neuron in layers[0]:
            for j, item in enumerate(neuron.inputs(sample)):
                if not isinstance(item, Node):
                    lifted[neuron.z[sample], neuron.places[j]] = x[sample][j]
    return x


def _leaf(data: Any, name: str, names: dict[Node, str]) -> Node:
    made = leaf(float(data))
    names[made] = name
    return made


def _names(layers: list[list[Neuron]], given: list[list[Any]]) -> dict[Node, str]:
    """Return the names of sums, outputs and inputs; labels of the user stay."""
    names: dict[Node, str] = {}
    for row in given:
        for j, item in enumerate(row, 1):
            if isinstance(item, Node):
                names[item] = item.label or f"x{j}"
    for layer in layers:
        for i, neuron in enumerate(layer, 1):
            above = f"({neuron.key[0]})" if neuron.key[0] else ""
            below = f"_{i}" if above or len(layer) > 1 else ""
            last = f"y_hat{i if len(layer) > 1 else ''}"
            for z, h in zip(neuron.z, neuron.h):
                names[z] = z.label or f"z{above}{below}"
                names[h] = h.label or (last if layer is layers[-1] else f"h{above}{below}")
    return names


def _targets(
    order: Sequence[Node], last: list[Neuron], names: dict[Node, str], lifted: dict[tuple[Node, int], Node]
) -> list[list[Node | None]]:
    """Return for each sample what each output is subtracted from, or what is subtracted from it; None without one."""
    place = {h: (s, i) for i, neuron in enumerate(last) for s, h in enumerate(neuron.h)}
    y: list[list[Node | None]] = [[None] * len(last) for _ in last[0].h]
    differences: dict[Any, bool] = {}
    for node in order:
        outputs = [k for k, item in enumerate(node.inputs) if isinstance(item, Node) and item in place]
        if len(outputs) != 1 or len(node.inputs) != 2:
            continue
        target = node.inputs[1 - outputs[0]]
        if shape(target) != () or (isinstance(target, Node) and (target.op is not None or _role(target))):
            continue
        if node.op not in differences:
            differences[node.op] = _is_difference(node)
        s, i = place[node.inputs[outputs[0]]]
        if differences[node.op] and y[s][i] is None:
            name = f"y{i + 1 if len(last) > 1 else ''}"
            if isinstance(target, Node):
                y[s][i], names[target] = target, target.label or name
            else:
                y[s][i] = lifted[node, 1 - outputs[0]] = _leaf(target, name, names)
    return y


def _is_difference(node: Node) -> bool:
    """Tell whether a node of two inputs is one minus the other: its derivatives are 1 and -1."""
    return {_slope(node, k) for k in range(2)} == {"1", "-1"}


def _twin(node: Node, lifted: Mapping[tuple[Node, int], Node]) -> Node:
    """Return a node that takes leaves in place of some of its numbers."""
    twin = leaf(node._data)
    inputs = tuple(lifted.get((node, k), given) for k, given in enumerate(node.inputs))
    args = tuple(lifted[node, k]._data if (node, k) in lifted else arg for k, arg in enumerate(node.args))
    assert node.op is not None
    twin.link(node.op, inputs, args, node.settings)
    return twin


def _activation(layer: list[Neuron]) -> str:
    """Return the name of the function between the sums and the outputs; "g" if it is made of several operations."""
    z, h = layer[0].z[0], layer[0].h[0]
    if h is z:
        return "linear"
    alone = h.op is not None and len(h.inputs) == 1 and h.inputs[0] is z
    return h.op.name if h.op is not None and alone else "g"


def _is_mixed(layer: list[Neuron], own: Sums) -> bool:
    """Tell whether an output depends on the sums of other neurons, as with softmax."""
    return len(own[layer[0].h[0]]) > 1
