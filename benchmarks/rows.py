"""The rows of the tables: who takes part in which workload, who is compared with whom, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TOLERANCE = 1e-10
SINGLE = 1e-4
"""The error that is allowed in float64, and in float32."""

SCALARS = ("moons", "chain")
TENSORS = ("moons", "digits")


@dataclass(frozen=True)
class Contender:
    """A row of the tables: a file of `contenders/`, and how the cyclic garbage collector runs."""

    name: str
    module: str
    workloads: tuple[str, ...]
    collector: str = "on"
    ours: bool = False
    tolerance: float = TOLERANCE


CONTENDERS = [
    Contender("by hand", "by_hand", ("moons", "gradient", "chain", "digits", "images", "mnist")),
    Contender("NumPy by hand, samples last", "by_hand_samples_last", ("images",)),
    Contender("ours fit, nn.MLP", "ours_fit", TENSORS, ours=True),
    Contender("ours fit, nn.MLP of=Value", "ours_fit_of_value", ("moons",), ours=True),
    Contender("ours fit, nn.MLP, float32", "ours_fit_float32", ("mnist",), ours=True, tolerance=SINGLE),
    Contender(
        "ours compiled, of=Tensor, machine code", "ours_compiled_tensor_native",
        (*TENSORS, "gradient", "images"), ours=True,
    ),
    Contender("ours compiled, per neuron, machine code", "ours_compiled_native", ("moons", "gradient"), ours=True),
    Contender("ours compiled, of=Tensor", "ours_compiled_tensor", (*TENSORS, "images"), ours=True),
    Contender("ours compiled, of=Tensor, float32", "ours_compiled_float32", TENSORS, ours=True, tolerance=SINGLE),
    Contender("ours compiled, nn.MLP", "ours_compiled_mlp", TENSORS, ours=True),
    Contender("ours compiled, per neuron over the batch", "ours_compiled_columns", ("moons",), ours=True),
    Contender("ours compiled, per neuron and sample", "ours_compiled_samples", ("moons",), ours=True),
    Contender("ours compiled, on floats, machine code", "ours_compiled_floats_native", ("moons",), ours=True),
    Contender("ours compiled, on floats", "ours_compiled_floats", ("moons",), ours=True),
    Contender("ours compiled, JavaScript", "ours_javascript", ("moons",), ours=True),
    Contender("ours compiled, chain", "ours_compiled", ("chain",), ours=True),
    Contender("ours of=Tensor, nn.MLP", "ours_mlp_of_tensor", TENSORS, ours=True),
    Contender("ours of=Tensor, plain", "ours_tensor", (*TENSORS, "images"), ours=True),
    Contender("JAX, jit", "jax_jit", (*TENSORS, "gradient", "images")),
    # Images as well take it half a minute to compile.
    Contender("PyTorch, torch.compile", "pytorch_compiled", TENSORS),
    Contender("PyTorch", "pytorch", (*TENSORS, "chain", "images")),
    Contender("PyTorch, float32", "pytorch_float32", ("mnist",), tolerance=SINGLE),
    Contender("MyGrad, memory guarding off", "mygrad_unguarded", TENSORS),
    Contender("MyGrad, as shipped", "mygrad", TENSORS),
    Contender("HIPS autograd", "hips", TENSORS),
    Contender("CasADi SX, whole batch", "casadi_sx_whole", ("moons",)),
    Contender("CasADi SX, map", "casadi_sx", ("moons",)),
    Contender("CasADi SX, built once", "casadi_sx", ("chain",)),
    Contender("CasADi SX, built at every step", "casadi_built", ("chain",)),
    Contender("ours of=Value, collector off", "ours_value", SCALARS, "off", ours=True),
    Contender("ours of=Value, as shipped", "ours_value", SCALARS, ours=True),
    Contender("ours of=Value, nn.MLP, collector off", "ours_mlp_of_value", ("moons",), "off", True),
    Contender("ours of=Value, nn.MLP, as shipped", "ours_mlp_of_value", ("moons",), ours=True),
    Contender("micrograd, collector off", "micrograd", SCALARS, "off"),
    Contender("micrograd, one collection a step", "micrograd", SCALARS, "step"),
    Contender("micrograd, as shipped", "micrograd", SCALARS),
]  # fmt: skip

TITLES = {
    "moons": "A. moons: MLP(2, [16, 16, 1]) ReLU, hinge + L2, all 100 samples: a step of SGD",
    "gradient": "B. the same, value and gradient alone",
    "chain": "C. scalar chain (*, +, tanh, exp): forward + backward, an operation",
    "digits": "D. digits: MLP 64-128-64-10 ReLU, softmax cross-entropy: SGD",
    "images": "E. images 8 x 8: conv 1-8 3x3, max-pool 2, conv 8-16 3x3, layer 256-10, softmax cross-entropy: SGD",
    "mnist": "F. random images of MNIST's size, float32: MLP 784-128-10 ReLU, softmax cross-entropy: SGD",
}
BY_HAND = dict.fromkeys(TITLES, "NumPy by hand") | {"chain": "tape of floats by hand"}


class Goal(NamedTuple):
    """A ratio to be reached: at most, or `at_least`, so many times as long as another contender."""

    work: str
    workload: str
    case: str
    contender: str
    other: str
    ratio: float
    at_least: bool = False


BATCH, FULL, EPOCH = "batch of 64", "full batch of 1,797", "938 batches of 64"
FIT, EAGER = "ours fit, nn.MLP", "ours of=Tensor, nn.MLP"

GOALS = [
    Goal("moons, value and gradient of Tensor code, machine code", "gradient", "gradient",
         "ours compiled, of=Tensor, machine code", "by hand", 0.16),
    Goal("moons, value and gradient per neuron over the batch, machine code", "gradient", "gradient",
         "ours compiled, per neuron, machine code", "by hand", 0.16),
    Goal("moons, fit of Tensor, a step", "moons", "moons", FIT, "by hand", 0.15),
    Goal("moons, fit of Value, a step", "moons", "moons", "ours fit, nn.MLP of=Value", "by hand", 0.15),
    Goal("moons on floats, pure Python", "moons", "moons", "ours compiled, on floats", "by hand", 55),
    Goal("moons on floats, machine code", "moons", "moons", "ours compiled, on floats, machine code", "by hand", 40),
    Goal("digits, fit, a step", "digits", BATCH, FIT, "by hand", 0.65),
    Goal("digits, fit, full batch", "digits", FULL, FIT, "by hand", 0.80),
    Goal("CNN, a step compiled for NumPy", "images", BATCH, "ours compiled, of=Tensor", "by hand", 0.30),
    Goal("CNN, a step as machine code", "images", BATCH, "ours compiled, of=Tensor, machine code", "by hand", 0.17),
    Goal("digits, eager nn.MLP", "digits", BATCH, EAGER, "by hand", 1.6),
    Goal("digits, eager nn.MLP", "digits", BATCH, EAGER, "MyGrad, memory guarding off", 1.0),
    Goal("digits, eager nn.MLP", "digits", BATCH, EAGER, "PyTorch", 1.0),
    Goal("digits, eager plain Tensor", "digits", BATCH, "ours of=Tensor, plain", "by hand", 1.8),
    Goal("MNIST-size epoch, fit, float32", "mnist", EPOCH, "ours fit, nn.MLP, float32", "PyTorch, float32", 0.9),
    Goal("micrograd, collector off", "moons", "moons", "micrograd, collector off",
         "ours of=Value, nn.MLP, collector off", 4.4, at_least=True),
    Goal("micrograd, as shipped", "moons", "moons", "micrograd, as shipped",
         "ours of=Value, nn.MLP, as shipped", 36, at_least=True),
]  # fmt: skip

COMPARED: dict[str, list[tuple[str, str]]] = {
    "moons": [
        ("ours of=Value, nn.MLP, as shipped", "micrograd, as shipped"),
        ("ours of=Value, nn.MLP, collector off", "micrograd, collector off"),
        ("ours of=Value, as shipped", "micrograd, as shipped"),
        ("ours of=Value, collector off", "micrograd, collector off"),
        ("ours compiled, per neuron over the batch", "CasADi SX, map"),
        ("ours compiled, per neuron and sample", "PyTorch"),
        ("ours compiled, of=Tensor, machine code", "JAX, jit"),
        ("ours compiled, per neuron, machine code", "JAX, jit"),
    ],
    "gradient": [("ours compiled, of=Tensor, machine code", "JAX, jit")],
    "chain": [
        ("ours of=Value, collector off", "micrograd, collector off"),
        ("ours compiled, chain", "CasADi SX, built at every step"),
    ],
    "digits": [
        ("ours fit, nn.MLP", "PyTorch"),
        ("ours fit, nn.MLP", "JAX, jit"),
        ("ours of=Tensor, nn.MLP", "MyGrad, memory guarding off"),
        ("ours of=Tensor, nn.MLP", "HIPS autograd"),
        ("ours of=Tensor, nn.MLP", "PyTorch"),
    ],
    "images": [
        ("ours compiled, of=Tensor", "PyTorch"),
        ("ours compiled, of=Tensor, machine code", "PyTorch"),
        ("ours compiled, of=Tensor, machine code", "JAX, jit"),
        ("ours of=Tensor, plain", "PyTorch"),
    ],
    "mnist": [("ours fit, nn.MLP, float32", "PyTorch, float32")],
}
"""Who is compared with whom below a table."""
