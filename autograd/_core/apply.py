"""How a row of the table is applied: it computes, and the result remembers its inputs."""

from __future__ import annotations

from . import floats
from .anomaly import check
from .arguments import check_settings, constant, signed, sort_out, spread
from .compute import forward_arrays
from .data import ARRAYS, NUMBERS, has_varying, keep, keep_setting, numpy_module
from .modes import active, anomaly, recording, replaying, tracing
from .node import Node, leaf
from .primitive import Primitive
from .types import Operand, Raw, Setting


def apply(op: Primitive, args: tuple[Operand, ...], settings: dict[str, Setting]) -> Operand:
    """Apply to nodes, numbers and arrays; the result is a node if any argument is one."""
    if op.arity is None:
        args, settings = spread(op, args, settings)
    elif len(args) != op.arity:
        args, settings = sort_out(op, args, settings)
    if settings and (more := check_settings(op, settings)):
        return more(op, args, settings)
    step = replaying.get() if active else None
    missed = None
    if step is not None and tracing.get() is None:
        node, missed = step.look(op, args, settings)
        if node is not None:
            return node
    raw: list[Raw] = []
    nodes, constants, others, scalar = False, False, False, op.elementwise
    for arg in args:
        kind = type(arg)
        if kind in NUMBERS:
            raw.append(arg)
            continue
        if isinstance(arg, Node):
            nodes = True
            data = arg.snapshot()
        else:
            constants = True
            if kind in ARRAYS and arg.dtype.char in "dfe?":
                data = arg
            else:
                data, others = constant(op, arg, args), True
        scalar = scalar and type(data) in NUMBERS
        raw.append(data)
    trace = tracing.get() if active else None
    if not nodes and (trace is None or not any(map(has_varying, settings.values()))):
        raw = [*map(signed, raw)] if others and op.elementwise else raw
        return op.forward(floats if scalar else numpy_module(), *raw, **settings)
    record = not active or recording.get()
    if constants and (record or trace is not None):
        raw = [data if isinstance(arg, Node) else keep(data) for arg, data in zip(args, raw)]
        args = tuple([arg if isinstance(arg, Node) else data for arg, data in zip(args, raw)])
    if settings and (record or trace is not None):
        settings = {name: keep_setting(item) for name, item in settings.items()}
    node = leaf(float(op.forward(floats, *raw, **settings)) if scalar else forward_arrays(op, raw, settings))
    if missed is not None:
        missed.add(node)
    if record or trace is not None:
        node.link(op, args, tuple(raw), settings)
        if trace is not None:
            trace.note(node)
            if not record:
                return trace.detached(node)
        if active and anomaly.get():
            check(node)
    return node
