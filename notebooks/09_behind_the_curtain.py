# %% [markdown]
# # 9 Behind the curtain
#
# So far every number was an object that remembers its history. That is good for looking, and slow for work. `compile`
# records the history once, and writes it down as a plain Python function, gradients included. You can read it. This
# notebook, for the curious, reads it line by line.
#
# *Goals:* read a backward pass as a program; say what a compiler leaves out, why it is fast, and what it refuses.
# *Time:* about 40 minutes. *Before it:* [5 Backpropagation](05_backpropagation.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"
# %%
import random
import re
import textwrap
import timeit

import numpy as np

import autograd
from autograd import CompileError, draw, exp, tanh, value_and_grad
from glassgrad.course import behind_the_curtain as check
from nn import MLP, SGD, binary_cross_entropy, fit
from nn.data import moons

# %% [markdown]
# ## A backward pass as a program
#
# One neuron, one sample, and the loss:


# %%
def loss(w0, w1, w2, x1, x2, y):
    z = w0 + w1 * x1 + w2 * x2
    y_hat = tanh(z)
    return (y_hat - y) ** 2


gradient = value_and_grad(loss, argnums=(0, 1, 2))
fast = autograd.compile(gradient)

gradient(0.1, 0.3, -0.2, -1.0, 2.0, 1.0), fast(0.1, 0.3, -0.2, -1.0, 2.0, 1.0)

# %% [markdown]
# The same numbers: $J$, and $\partial J / \partial w_0$, $\partial J / \partial w_1$, $\partial J / \partial w_2$.
# And here is the program that computed the second:

# %%
fast.source

# %% [markdown]
# No classes, no graph, no engine: eleven lines, and arithmetic. The first half is your function, and what you gave a
# name has a line. The second half is the chain rule, from the last line of the first half upwards:
#
# | line | what it is |
# | --- | --- |
# | `dJ_dt1 = 2.0 * t1` | the derivative of the square: $2(\hat y - y)$, and `t1` is $\hat y - y$, already computed |
# | `t2` | the slope of tanh, $1 / \cosh^2 z$, which is $1 - \hat y^2$ with more digits where tanh is flat |
# | `dJ_dz = dJ_dt1 * t2` | the chain rule: what arrives, times the local derivative |
# | `dJ_dw2 = dJ_dz * x2` | a weight: what comes back, times what flowed in |
# | `dJ_dw1 = dJ_dz * x1` | and the other |
#
# In notebook 5 the way back started with $\partial J / \partial J = 1$. Where is it? Multiplying by 1 changes
# nothing, so the line is gone. The same happened to some others.
#
# **Exercise 1.** There is no line for $\partial J / \partial w_0$. Which name in the source holds it? Answer with the
# name as a string, such as `"t1"`.

# %%
answer = ...
check.exercise_1(answer)

# %% [markdown]
# ## What is left out
#
# A compiler may drop what nobody needs, and compute only once what is the same. This function is wasteful in three
# ways:


# %%
def wasteful(w, x):
    a = tanh(w * x)
    b = tanh(w * x)  # the same as a
    c = exp(w) + 5.0  # never used
    return 1.0 * a * b  # times 1


compiled = autograd.compile(wasteful)
compiled(0.5, 2.0)
compiled.source

# %% [markdown]
# `report` tells what was done. Of 8 operations recorded 2 were computed already ($w \cdot x$ and its tanh), 1 is a
# product with 1, and 2 are never used (the exponential, and $+ 5$). 3 are left.

# %%
print(compiled.report())

# %% [markdown]
# What remains is a graph again, and it can be drawn. The result of tanh has two arrows into the product:

# %%
draw(compiled.graph)

# %% [markdown]
# The compiler does only what leaves every bit of the result as it was. A product $0 \cdot c$, for example, stays: if
# $c$ is infinite, that is not zero. And $w \cdot x$ is not recognised in $x \cdot w$: a compiler does not know all
# that you know.
#
# **Exercise 2.** How many operations are left of this function? Predict it; then let `report` tell.
#
# ```python
# def puzzle(w, x):
#     z = w * x
#     a = tanh(z)
#     b = tanh(w * x) + 1.0
#     c = exp(b) * exp(a)
#     d = 1.0 * a
#     return d + b
# ```

# %%
answer = ...
check.exercise_2(answer)

# %% [markdown]
# ## One neuron, a hundred samples
#
# Now a batch, written as one thinks it: a loop over samples, number by number.

# %%
X, y = moons(100)


def batch_loss(w0, w, X, y):
    J = 0.0
    for x, y_n in zip(X, y):
        z = w0 + w[0] * x[0] + w[1] * x[1]
        error = tanh(z) - y_n
        J = J + error * error
    return J / len(X)


gradient = value_and_grad(batch_loss, argnums=(0, 1))
fast = autograd.compile(gradient)
fast(0.1, [0.2, 0.3], X, y)
print(fast.report())

# %% [markdown]
# More than eight hundred operations were recorded, and about twenty are left. The compiler saw that the same code
# runs for each sample, rolled the loop up again, and does all samples at once as arrays:

# %%
fast.source

# %% [markdown]
# | line | what it is |
# | --- | --- |
# | `w1 = np.array([w0])` | the bias as an array of one element (the name is the compiler's) |
# | `t3 = t1 + t2 @ w` | the weighted sums of all hundred samples: your loop has become a matrix product |
# | `t4 = np.tanh(t3) - y` | a hundred neurons' outputs, and their errors |
# | `t4 @ t4` | the sum of the squared errors |
# | `dJ_dt3 = dJ_dt4 * t6` | $\partial J / \partial z$ for every sample |
# | `dJ_dt1 = dJ_dt3.sum(axis=0)` | all samples share one bias: where paths meet, gradients add |
# | `dJ_dw = (...).sum(axis=0)` | and each weight: what flowed in, times what came back, summed over the samples |
#
# A sum forward becomes a copy backward, and a copy forward (one weight, used by every sample) becomes a sum backward.
#
# ## How fast
#
# The same loss three times: recorded at each call, compiled, and written by hand with NumPy.


# %%
def by_hand(w0, w, X, y):
    y_hat = np.tanh(w0 + X @ w)
    error = y_hat - y
    delta = 2 / len(y) * error * (1 - y_hat**2)
    return error @ error / len(y), (delta.sum(), X.T @ delta)


def milliseconds(f, *arguments):
    return min(timeit.repeat(lambda: f(*arguments), number=10, repeat=5)) * 100


arguments = 0.1, [0.2, 0.3], X, y
arrays = 0.1, np.array([0.2, 0.3]), np.array(X), np.array(y)
recorded, compiled = milliseconds(gradient, *arguments), milliseconds(fast, *arguments)
hand = milliseconds(by_hand, *arrays)
print(f"compiled: about {recorded / compiled:.0f} times as fast as recorded at each call")
print(f"by hand:  about {compiled / hand:.0f} times as fast as compiled")


# %% [markdown]
# The compiled function has to turn lists into arrays at each call. Written with arrays from the start, there is nothing
# to turn:


# %%
def array_loss(w0, w, X, y):
    error = tanh(w0 + X @ w) - y
    return (error * error).mean()


gradient = value_and_grad(array_loss, argnums=(0, 1))
fast = autograd.compile(gradient)
recorded, compiled = milliseconds(gradient, *arrays), milliseconds(fast, *arrays)
hand = milliseconds(by_hand, *arrays)
print(f"compiled: about {recorded / compiled:.0f} times as fast as recorded at each call")
print(f"by hand:  {compiled / hand:.1f} times as fast as compiled")
fast.source

# %% [markdown]
# The function by hand is shorter still, and with a hundred samples the number of lines decides: each costs more than
# its arithmetic.
#
# Why is compiled code so much faster than recording? The arithmetic is the same. What is gone is everything around
# it: making an object for each number, remembering its inputs, sorting the graph, looking up rules, at each call
# anew. It is done once, when the function is compiled, and what is left is a program that one could have written by
# hand.
#
# `fit` does it by itself. A network neuron by neuron, each weight a `Value`, with and without:


# %%
def training(compile):
    model = MLP(2, [8, 1], output="sigmoid", seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    settings = {"epochs": 200, "batch_size": 25, "compile": compile, "progress": False}
    start = timeit.default_timer()
    history = fit(model, X, y, loss=binary_cross_entropy, optimizer=optimizer, **settings)
    return timeit.default_timer() - start, history["loss"][-1]


(seconds, J), (seconds_compiled, J_compiled) = training(False), training(True)
print(f"about {seconds / seconds_compiled:.0f} times as fast, compiling included")
print(f"the last losses differ by {abs(J - J_compiled):.1g}")

# %% [markdown]
# ## What cannot be compiled
#
# The function is recorded once, with example numbers, and its program runs for all others. So what depends on the
# *value* of a number cannot be recorded: the other branch of this `if` was never seen.


# %%
def leaky(z):
    if z > 0:
        return z
    return 0.1 * z


def message(f, *arguments):
    """Return what the error says, without the name of the file, which is a long one in a notebook."""
    try:
        autograd.compile(f)(*arguments)
    except CompileError as error:
        return textwrap.fill(re.sub(r"^\S+:\d+: ", "", str(error)), 90)


print(message(leaky, 2.0))

# %% [markdown]
# The message shows the line, says what is wrong and what to write instead. Three more functions, which do at each call
# what a compiled one would do only once:


# %%
def talkative(z):
    print(f"z is {z:.3f}")
    return z * z


def peeking(z):
    return z * z.item()


def random_slope(z):
    return z * random.random()


for f in (talkative, peeking, random_slope):
    print(message(f, 2.0), end="\n\n")

# %% [markdown]
# A loop is fine, and so is an `if` about something that is no number of the computation, such as the length of a
# list: it is decided when the function is recorded, and for a list of another length it is recorded again.
#
# **Exercise 3.** Write `leaky` so that it compiles: $z$ where $z$ is positive, $0.1 z$ elsewhere. There are several
# ways; `autograd.where(condition, a, b)` is one.


# %%
def my_leaky(z):
    return ...


check.exercise_3(my_leaky)

# %% [markdown]
# ## What to take with you
#
# * A backward pass is a program like any other. It has about as many lines as the forward pass, and uses its results.
# * Speed comes from what is *not* done at each call.
# * Whoever writes sums over samples as arrays writes what the compiler writes.
