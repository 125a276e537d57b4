# %% [markdown]
# # 6 Your own primitive and your own engine
#
# Everything so far was made of operations: sums, products, tanh. Here you add one of your own. Then you write the
# engine: sixty lines, and it finds the same gradients as glassgrad. (For the curious: notebook 7 does not need it.)
#
# *Goals:* declare an operation with its derivative, and have it tested; write the forward and the backward pass of an
# engine yourself. *Time:* about 60 minutes. *Before it:* [5 Backpropagation](05_backpropagation.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
import math

import autograd
from autograd import TABLE, Value, draw, explain, grad, primitive, steps
from autograd.testing import WrongPrimitive, check_primitive
from glassgrad.course import figures
from glassgrad.course import your_own_engine as check
from nn import MLP, SGD, accuracy, fit, hinge, predict
from nn.data import moons
from nn.plots import decision_boundary

# %% [markdown]
# ## What an operation needs
#
# Two things: how it is computed, and for each argument a *rule*. In notebook 5 a gradient arrived at a node from the
# side of the loss, and left it multiplied by the local derivative. The rule is just that: it takes the gradient, which
# code calls `g` (no relation of the non-linearity $g$), and returns it times the local derivative.
#
# All operations of the engine stand in one table:

# %%
print(len(TABLE), "operations:", ", ".join(TABLE))

# %% [markdown]
# Let us add a hill, $f(z) = e^{-z^2}$. Its derivative is $f'(z) = -2 z \, f(z)$. A rule gets the gradient `g`, the
# result `out` and the argument, so we need not compute the exponential again. The forward function gets a namespace
# `xp` that has `exp`, `tanh` and so on, for floats or for arrays, whichever come.

# %%
hill = primitive(
    "hill",
    lambda xp, z: xp.exp(-z * z),
    lambda g, out, z: g * (-2 * z * out),
    note="Near 1 where z is near 0.",
)
hill(0.3), grad(hill)(0.3), grad(grad(hill))(0.3)

# %% [markdown]
# From the one rule came the second derivative, too: rules are written with the engine's own operations, so they can be
# differentiated themselves.

# %%
z = [k / 50 for k in range(-150, 151)]
slopes, curvatures = [grad(hill)(x) for x in z], [grad(grad(hill))(x) for x in z]
figures.lines(z, {"$f(z)$": [hill(x) for x in z], "$f'(z)$": slopes, "$f''(z)$": curvatures}, xlabel="$z$")

# %% [markdown]
# It can be drawn, explained and stepped through like any other operation.
#
# **Predict first.** On the page below, $z$ is 0.3, on the right slope of the hill. If you drag $w_0$ until $z$ is
# negative, what becomes of the signs of the gradients?

# %%
w0, w1, x = Value(0.5, label="w0"), Value(-1.0, label="w1"), Value(0.2, label="x")
z = w0 + w1 * x
y_hat = hill(z)
J = (y_hat - 0.5) ** 2
z.label, y_hat.label, J.label = "z", "y_hat", "J"
J.backward()
draw(J, gradients=True)

# %%
explain(J, wrt=w1)

# %%
steps(J, SGD([w0, w1], lr=0.1))

# %% [markdown]
# <details><summary>Answer</summary>
#
# They turn round: the slope of the hill, $-2 z\, f(z)$, is negative on the right of its top and positive on the left,
# and it is a factor of both gradients. (Further out, where $|z| > 0.83$, they turn once more: there $\hat y$ is below
# 0.5, and the factor $2(\hat y - 0.5)$ changes its sign as well.)
#
# </details>
#
# ## Test it
#
# `check_primitive` tries it on random floats and arrays, compares first and second derivatives with numerical ones, and
# says nothing if all is well.

# %%
check_primitive(hill)

# %% [markdown]
# And if not? Here is a quotient whose second rule has lost its minus sign. (`written` says how it looks in formulas,
# `domain` where its two arguments may lie: not at zero below the line.) The check looks for the smallest computation in
# which the mistake shows.

# %%
quotient = primitive(
    "quotient",
    lambda xp, a, b: a / b,
    lambda g, out, a, b: g / b,
    lambda g, out, a, b: g * a / (b * b),
    written="{0} ÷ {1}",
    domain=((-10.0, 10.0), (0.1, 10.0)),
)
try:
    check_primitive(quotient)
except WrongPrimitive as wrong:
    print(wrong)

# %% [markdown]
# **Exercise 1.** `softsign` is a relative of $\tanh$ without an exponential:
#
# $$f(z) = \frac{z}{1 + |z|}, \qquad f'(z) = \frac{1}{(1 + |z|)^2}$$
#
# Write its rule. Python's `abs` is fine: it works for numbers, arrays and nodes.


# %%
def answer(g, out, z):
    return ...


# %%
check.exercise_1(answer)

# %% [markdown]
# When the check says that it is right, make it an operation: `softsign = primitive("softsign", lambda xp, z: z / (1 +
# abs(z)), answer, kink=lambda z: z)`. The slope of $f'$ jumps at 0, and `kink` says so: it is zero where a derivative
# is missing. Then let `check_primitive(softsign)` test it, and use it in the network below.
#
# ## Train with the hill
#
# A network takes any function as its non-linearity. With eight hills, two moons. (The hinge loss $\max(0, 1 - y z)$
# has labels $y$ of $-1$ and $1$, and wants $z$ beyond 1 on the right side; `init=1.0` draws starting weights of that
# size. A hill answers near its ridge alone, which is why the regions look as they do.)

# %%
X, y = moons(100)
labels = [2 * label - 1 for label in y]  # -1 and 1, for the hinge loss
model = MLP(2, [8, 1], hill, init=1.0, seed=0)
optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
fit(model, X, labels, loss=hinge, optimizer=optimizer, epochs=60, batch_size=20, progress=False)
print("accuracy", accuracy(predict(model, X), y))
decision_boundary(lambda points: predict(model, points), X, y).figure

# %% [markdown]
# ## Your own engine
#
# Now the other side. A `Number` is a float that remembers two things: what it was computed from (`inputs`), and how
# it changes with each of these (`slopes`, the local derivatives, one for each input). The class calls functions that
# you are going to write: `add`, `multiply` and `backward`; `tanh` and `order` come with them.


# %%
class Number:
    def __init__(self, data, inputs=(), slopes=()):
        self.data = data
        self.inputs = inputs
        self.slopes = slopes
        self.grad = 0.0

    def __add__(self, other):
        return add(self, as_number(other))

    def __mul__(self, other):
        return multiply(self, as_number(other))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -as_number(other)

    def __rsub__(self, other):
        return as_number(other) + -self

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        backward(self)

    def __repr__(self):
        return f"Number(data={self.data}, grad={self.grad})"


def as_number(x):
    return x if isinstance(x, Number) else Number(x)


# %% [markdown]
# **Exercise 2.** Three operations. If $a$ changes a little, how does $a + b$ change? And $a \cdot b$? And $\tanh(a)$?
# (`math.tanh` computes it; its slope is $1 - \tanh(a)^2$. Slopes are plain numbers: use `a.data` and `b.data`.)


# %%
def add(a, b):
    return Number(a.data + b.data, inputs=(a, b), slopes=(..., ...))


def multiply(a, b):
    return Number(..., inputs=(a, b), slopes=(..., ...))


def tanh(a):
    return Number(..., inputs=(a,), slopes=(...,))


# %%
check.exercise_2(Number, add, multiply, tanh)

# %% [markdown]
# **Exercise 3.** Going back, a node may pass its gradient on only when everything that it flowed into has sent its
# part. So put the numbers in an order in which each stands *after* all its inputs, and `root` last; then go through
# it in reverse.
#
# `visit` reaches every number, inputs first. Two things are missing: it must not visit a number twice, and it must
# put the number into the list, at the right moment.


# %%
def order(root):
    found = []

    def visit(number):
        for source in number.inputs:
            visit(source)

    visit(root)
    return found


# %%
check.exercise_3(Number, order)

# %% [markdown]
# **Exercise 4.** The pass backwards. Fill in two things: the gradient of `root` with respect to itself, and what each
# number sends to its inputs. Remember what happens where paths meet.


# %%
def backward(root):
    for number in order(root):
        number.grad = 0.0
    root.grad = ...
    for number in reversed(order(root)):
        for source, slope in zip(number.inputs, number.slopes):
            ...


# %%
check.exercise_4(Number, order, backward)

# %% [markdown]
# ### Is it an engine?
#
# Two hundred random computations, each with your engine and with glassgrad: all numbers and gradients have to agree.

# %%
check.engine(Number, tanh)

# %% [markdown]
# And it learns. Here is the gradient descent of notebook 4 for one neuron and three samples, first with glassgrad. It
# returns the loss before and after, and the weights:


# %%
def train(number, tanh):
    samples = [((0.0, 1.0), 1.0), ((1.0, 0.0), -1.0), ((1.0, 1.0), 1.0)]
    w0, w1, w2 = number(0.1), number(0.2), number(-0.3)
    losses = []
    for _ in range(100):
        J = number(0.0)
        for (x1, x2), y in samples:
            error = tanh(w0 + w1 * x1 + w2 * x2) - y
            J = J + error * error
        losses.append(J.data)
        for w in (w0, w1, w2):
            w.grad = 0.0
        J.backward()
        for w in (w0, w1, w2):
            w.data = w.data - 0.1 * w.grad
    return [round(x, 6) for x in (losses[0], losses[-1], w0.data, w1.data, w2.data)]


train(Value, autograd.tanh)

# %% [markdown]
# And with yours:

# %%
check.same(train, Number, tanh)

# %% [markdown]
# ## What a larger engine adds
#
# The idea ends here; the rest is care. Some of what glassgrad does beyond your sixty lines:
#
# * It does not recurse. Your `visit` calls itself, and Python gives up after about a thousand numbers in a row.
# * It keeps the *rule*, not the slope: a rule can be applied to nodes again (that is how second derivatives come),
#   written as a formula, and tested.
# * Numbers can be arrays: one node for a whole layer.
#
# A chain of a hundred thousand, just to see it; the derivative is $0.99999^{100000}$, close to $1/e = 0.3679$:

# %%
x = Value(1.0)
y = x
for _ in range(100_000):
    y = y * 0.99999
y.backward()
x.grad

# %% [markdown]
# The complete engine is in `solutions/your_own_engine.py`. Compare it with yours, when yours is done.
#
# ## What to take with you
#
# * An operation is how it is computed, and a rule for each argument: the gradient, times the local derivative.
# * An engine is a graph that remembers its inputs, an order of its nodes, and one pass through it in reverse.
# * Whatever you declare, test it.
#
# Next: [7 Training in practice](07_training_in_practice.ipynb)
