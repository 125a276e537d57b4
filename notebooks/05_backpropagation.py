# %% [markdown]
# # 5 Backpropagation
#
# **How does a small change in one weight change the loss?** If we knew that for every weight, we would know which way
# to turn each of them. Backpropagation answers it for all weights at once, in one pass backwards through the network.
# It is nothing but the chain rule, kept tidy.
#
# *Goals:* compute the gradient of any weight of a small network by hand; say why gradients add where paths meet, and
# why they vanish; check a gradient. *Time:* about 60 minutes. *Before it:*
# [4 Gradient descent](04_gradient_descent.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
import math

import numpy as np

from autograd import Tensor, Value, draw, explain, gradcheck, gradcheck_module, live, primitive, sigmoid, steps, tanh
from glassgrad.course import backpropagation as check
from glassgrad.course import figures
from nn import MLP, SGD, mse
from nn.data import moons

# %% [markdown]
# ## Change one weight, and look
#
# The perceptron of notebook 1: $z = w_0 + w_1 x_1 + w_2 x_2$, then $\hat y = g(z)$ with the sigmoid as $g$. The right
# answer for this sample is $y = 1$, and the loss is $J = (\hat y - y)^2$.


# %%
def loss(w0, w1, w2):
    x1, x2, y = -1.0, 2.0, 1.0
    z = w0 + w1 * x1 + w2 * x2
    y_hat = sigmoid(z)
    return (y_hat - y) ** 2


before = loss(1.0, 3.0, -2.0)
after = loss(1.0, 3.001, -2.0)
print(f"J = {before:.9f}, and with w1 larger by 0.001: {after:.9f}")
print(f"change of J / change of w1 = {(after - before) / 0.001:.6f}")

# %% [markdown]
# Make the change smaller and smaller, and the ratio becomes the derivative $\partial J / \partial w_1$. Here it is
# positive: a larger $w_1$ makes the loss larger, so $w_1$ should go down. And it is small, because the sigmoid is
# almost flat at $z = -6$.
#
# This way works for any weight. But each weight costs a run of the whole network, and networks have millions of them.
#
# ## The chain rule by hand
#
# $w_1$ changes $z$, $z$ changes $\hat y$, and $\hat y$ changes $J$. The rates multiply; each factor is a **local
# derivative**: how one number changes with the one just before it.
#
# $$\frac{\partial J}{\partial w_1} = \frac{\partial J}{\partial \hat y} \cdot \frac{\partial \hat y}{\partial z}
# \cdot \frac{\partial z}{\partial w_1}
# = 2(\hat y - y) \cdot \hat y (1 - \hat y) \cdot x_1$$
#
# The middle factor is the derivative of the sigmoid, $g'(z) = g(z)\,(1 - g(z))$, and $g(z)$ we have already: it is
# $\hat y$. So a pass forwards leaves everything that the way back needs.

# %%
w0, w1, w2 = 1.0, 3.0, -2.0
x1, x2, y = -1.0, 2.0, 1.0

z = w0 + w1 * x1 + w2 * x2  # forward
y_hat = 1 / (1 + math.exp(-z))
J = (y_hat - y) ** 2

dJ_dyhat = 2 * (y_hat - y)  # backward
dyhat_dz = y_hat * (1 - y_hat)
dz_dw1 = x1
dJ_dyhat * dyhat_dz * dz_dw1

# %% [markdown]
# Now let the engine do it. A `Value` is a number that remembers what it was computed from, so `J` knows its whole
# history. `backward()` walks it in reverse, and leaves $\partial J / \partial v$ in `v.grad` for every number $v$ on
# the way.

# %%
w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")

z = w0 + w1 * x1 + w2 * x2
y_hat = sigmoid(z)
J = (y_hat - 1) ** 2
z.label, y_hat.label, J.label = "z", "y_hat", "J"

J.backward()
w0.grad, w1.grad, w2.grad

# %% [markdown]
# Three derivatives from one pass. Here is the whole graph. Each box is a **node**: it shows a number and, below it, its
# gradient. (The colours of the arrows only tell operations apart; `explain` prints each factor in the colour of its
# arrow.)

# %%
J

# %% [markdown]
# `explain` writes the chain rule from any number to the loss, each factor with its formula and its value: what we did
# by hand above.

# %%
explain(J, wrt=w1)

# %% [markdown]
# **Exercise 1.** A neuron with one input, and $\tanh$ as its non-linearity: $z = w_0 + w_1 x$, $\hat y = \tanh(z)$,
# $J = (\hat y - y)^2$, at $w_0 = -1$, $w_1 = 0.5$, $x = 3$, $y = 1$. What is $\partial J / \partial w_1$? Write the
# three factors yourself; `math.tanh` and Python will do the sums. (The derivative of $\tanh(z)$ is $1 - \tanh(z)^2$.)

# %%
answer = ...

# %%
check.exercise_1(answer)

# %% [markdown]
# ## Step by step
#
# `steps` shows the pass one move at a time: forward, backward, and with an optimizer the update $w \leftarrow w - \eta
# \, \partial J / \partial w$ (the learning rate $\eta$ is called `lr`). Use the buttons, or the slider; once you have
# clicked one of them, the arrow keys work, too.
#
# (JupyterLab shows a plain picture and a table instead until you have run the cell yourself.)
#
# **Predict first.** Before each step back, say the number: the gradient that has arrived, times one local derivative.
# When all are there, at step 15, drag $w_0$ up: for which $z$ will the gradients be largest, near 0 or far from it?
#
# Then look, and watch one thing: going back, each node needs only the gradient that arrives from the side of the loss,
# and its own local derivative. No node has to know the network. (Each operation is a node here, and those without a
# name are called $a_1, a_2, \dots$ So the chain has more factors than ours. The others are slopes of sums and of a
# difference, and each of them is 1.)

# %%
steps(J, SGD([w0, w1, w2], lr=0.1))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Near 0: with $w_0 = 7$, where $z = 0$, $\partial J / \partial w_0$ is −0.25, fifty times as much as at the start,
# where $z = -6$. It is not quite the largest: that is −0.296, at $z = -0.7$. To the left of 0 the sigmoid is a little
# flatter, but the answer is further off, so the factor $2(\hat y - y)$ is larger. To the right both become small.
#
# </details>
#
# ## Where paths meet
#
# What if a number acts on the loss in two ways? Then both changes happen, and they add up. Along a path multiply; over
# paths, add:
#
# $$\frac{\partial J}{\partial x} = \sum_{\text{paths from } x \text{ to } J} \;
# \prod_{\text{steps of the path}} \text{local derivative}$$
#
# Here $x$ feeds two neurons. In this drawing, unlike the others, the arrows show the gradient that flows back, against
# their direction: blue is positive, orange and dashed is negative, and a thicker arrow is a larger gradient (on a
# logarithmic scale, see the legend).

# %%
x = Value(0.5, label="x")
z1, z2 = 2.0 * x, -1.0 * x
h1, h2 = tanh(z1), tanh(z2)
z1.label, z2.label, h1.label, h2.label = "z1", "z2", "h1", "h2"
y_hat = h1 + 3.0 * h2
J = (y_hat - 1) ** 2
y_hat.label, J.label = "y_hat", "J"
J.backward()

draw(J, gradients=True)

# %%
explain(J, wrt=x)

# %% [markdown]
# The number of paths explodes with depth: ten layers of ten neurons have $10^{10}$ of them. Nobody walks them one by
# one. Backpropagation waits at every meeting point until all gradients have arrived there, adds them, and sends the sum
# on **once**. That is why it goes through the graph in reverse order, and why all gradients together cost
# about as much as one or two runs forwards.
#
# **Exercise 2.** $z = w \cdot x$ and $J = z + w \cdot z$, at $w = 2$, $x = 3$. What is $\partial J / \partial w$?
# Find it on paper, path by path, before you ask the engine.

# %%
answer = ...

# %%
check.exercise_2(answer)

# %% [markdown]
# ## Every weight of a small network
#
# Two inputs, two hidden neurons with $\tanh$, one linear output. In `w(2)_1,1` the 2 is the layer; then come the
# input and the neuron.

# %%
model = MLP(2, [2, 1], "tanh", seed=0)
draw(model)

# %%
x, y = [0.5, -1.0], 1.0
y_hat = model(x)
J = (y_hat - y) ** 2
y_hat.label, J.label = "y_hat", "J"
J.backward()

for w in model.parameters():
    print(f"{w.label:9} = {w.data:8.4f}   dJ/dw = {w.grad:8.4f}")

# %% [markdown]
# Nine gradients. They have a pattern, and it is the same in every network: the gradient of a weight is *what flowed
# into it, times what comes back to it*. Call $\delta_i = \partial J / \partial z_i$ the gradient that arrives at the
# sum of neuron $i$, and $x_j$ what this neuron is given: the inputs in the first layer, the outputs $h_j$ of the layer
# before in any other. Then
#
# $$\frac{\partial J}{\partial w_{j,i}} = x_j \, \delta_i, \qquad \frac{\partial J}{\partial w_{0,i}} = \delta_i.$$
#
# What a hidden neuron $i$ hands on goes to every neuron $k$ of the next layer, by the weight $w_{i,k}$. Paths meet, so
# what comes back is added; then it goes through the neuron's own slope:
#
# $$\delta_i = g'(z_i) \sum_k w_{i,k} \, \delta_k$$
#
# Here there is a single output, so the sum has a single term. Call the output's gradient $\delta$ and its weights
# $w_i$: then $\delta_i = g'(z_i) \, w_i \, \delta$. With numbers, first the gradient of the output's weight from hidden
# neuron 1, then $\delta_1$, which is the gradient of that neuron's bias:

# %%
hidden, output = model.layers
h = [neuron(x).data for neuron in hidden.perceptrons]
y_hat = output.perceptrons[0](h).data
delta = 2 * (y_hat - y)
print(f"delta = {delta:.6f}, h_1 = {h[0]:.6f}")
print(f"h_1 * delta = {h[0] * delta:.6f} is {output.perceptrons[0].w[0].grad:.6f}")

w_1 = output.perceptrons[0].w[0].data
delta_1 = (1 - h[0] ** 2) * w_1 * delta
print(f"delta_1 = {delta_1:.6f} is {hidden.perceptrons[0].w0.grad:.6f}")

# %% [markdown]
# The weights of the first layer are one step further. `explain` shows the longer chain, in which $h^{(1)}_1$ and
# $h^{(1)}_2$ are the hidden outputs, $h_1$ and $h_2$ above:

# %%
explain(J, wrt=hidden.perceptrons[0].w[0])

# %% [markdown]
# **Exercise 3.** Now you write backpropagation for the hidden layer of such a network, of any size, with NumPy:
# given `x` (the inputs), `h` $= \tanh(z)$ (the hidden neurons), `w` (the output's weights, one for each hidden neuron),
# `y_hat` and `y`, return the gradients of the hidden weights as an array: row $j$ for input $x_j$, column $i$ for
# neuron $h_i$. `np.outer(a, b)` makes an array whose element in row $j$ and column $i$ is $a_j b_i$.


# %%
def answer(x, h, w, y_hat, y):
    return ...


# %%
check.exercise_3(answer)

# %% [markdown]
# ## Trust, but check
#
# A wrong gradient does not crash. The network learns a little worse, and nobody knows why. So check against the
# definition: change a weight a little both ways, and divide.
#
# $$\frac{\partial J}{\partial w} \approx \frac{J(w + \varepsilon) - J(w - \varepsilon)}{2\varepsilon}$$
#
# **Exercise 4.** Write the right-hand side. `J` is a function of one number `w`, and `eps`, for $\varepsilon$, is the
# step.


# %%
def answer(J, w, eps):
    return ...


# %%
check.exercise_4(answer)

# %% [markdown]
# Which $\varepsilon$? With a large one the curve bends between the two points; a tiny one drowns in rounding, because
# $J(w+\varepsilon)$ and $J(w-\varepsilon)$ agree in nearly all of their sixteen digits. The best lies between:

# %%
exact = 1 - math.tanh(0.3) ** 2
sizes = [10.0**-k for k in range(1, 15)]
errors = [abs((math.tanh(0.3 + eps) - math.tanh(0.3 - eps)) / (2 * eps) - exact) for eps in sizes]

curve = {"derivative of tanh at 0.3": errors}
figures.lines(sizes, curve, xscale="log", yscale="log", xlabel=r"$\varepsilon$", ylabel="error")

# %% [markdown]
# `gradcheck` does this with care: it chooses $\varepsilon$, estimates how far its own numbers can be trusted, and
# compares. There is no tolerance to choose.

# %%
gradcheck(loss, 1.0, 3.0, -2.0)

# %% [markdown]
# Let us break a derivative on purpose: a $\tanh$ whose rule forgot the square. (How `primitive` works is the start of
# notebook 6. Its first function computes; its second says what goes back: what has arrived, times the slope.)

# %%
bad_tanh = primitive("bad_tanh", lambda xp, x: xp.tanh(x), lambda arrived, out, x: arrived * (1 - out))
gradcheck(bad_tanh, 0.3)

# %% [markdown]
# And a whole network on a batch of samples. Up to fifty numbers are checked one by one; these 105 weights all move at
# once, twice, each time in a random direction: two derivatives in all. If the gradient of any weight were wrong, $J$
# would change by something else than the gradients say. The last line says when we could not see that: when the weight
# does next to nothing to $J$ anyway.

# %%
X, labels = moons(20)
gradcheck_module(MLP(2, [8, 8, 1], "tanh", seed=0), mse, X, labels)

# %% [markdown]
# ## Vanishing gradients
#
# Gradients are products. A product of many small factors is nothing. The slope of the sigmoid is at most $1/4$:

# %%
z = np.linspace(-6, 6, 241)
g = 1 / (1 + np.exp(-z))
slopes = {"sigmoid": g * (1 - g), "tanh": 1 - np.tanh(z) ** 2, "relu": z > 0}
figures.lines(z, slopes, xlabel="$z$", ylabel="$g'(z)$")

# %% [markdown]
# Put three sigmoid neurons in a row, each with weight 1, and read the factors of the first weight's gradient:

# %%
weights = [Value(1.0, label=f"w{k}") for k in range(1, 4)]
h = 0.5
for k, w in enumerate(weights, 1):
    z = w * h
    h = sigmoid(z)
    z.label, h.label = f"z{k}", f"h{k}"
J = (h - 1) ** 2
J.label = "J"
explain(J, wrt=weights[0])

# %% [markdown]
# Each sigmoid on the way takes more than three quarters away.
#
# **Predict first.** The gradient of $w_3$, at the end of the row, is −0.10; that of $w_1$ is −0.004. Which one weight
# would you change to make $w_1$ learn faster, and to what? Would a large weight, such as 10, help everywhere?
#
# Then look: click a weight, drag it, and compare the gradients of all three.

# %%
live(J)

# %% [markdown]
# <details><summary>Answer</summary>
#
# A weight on the way is a factor of the gradient too, so a larger one helps, but not for long: soon the sum behind it
# is large, its sigmoid flat, and that factor next to nothing. Of the positive ones, $w_2 = 2.1$ does most for $w_1$:
# its gradient is a third larger. With $w_2 = 10$ it is a seventeenth of what it was. A negative weight does more,
# $w_3 = -2.7$ nearly four times as much, but at a price: it makes the answer worse, and thus the factor $2(h_3 - 1)$
# larger. No weight makes it easy for all.
#
# </details>
#
# Now a whole network: ten hidden layers of sixteen neurons, and the loss on a hundred samples of two moons. How large
# are the gradients in each layer?


# %%
def gradient_sizes(activation):
    X, labels = moons(100)
    model = MLP(2, [16] * 10 + [1], activation, of=Tensor, seed=0)
    mse(model(X), labels).backward()
    return [np.sqrt(np.mean(layer.w.grad**2)) for layer in model.layers]


sizes = {activation: gradient_sizes(activation) for activation in ("sigmoid", "tanh", "relu")}
figures.lines(None, sizes, yscale="log", xlabel="layer (1 is next to the inputs)", ylabel="size of its gradients")

# %% [markdown]
# With sigmoids, the first layers hear next to nothing: a step of gradient descent hardly moves them, and training would
# take forever. This kept deep networks out of reach for years. What helps: a slope that comes near 1 (tanh around 0,
# ReLU wherever it is active), weights that start at the right size (chosen for you here, see notebook 7), and
# connections that skip layers.
#
# ## What to take with you
#
# * Along a path the local derivatives **multiply**; where paths meet, gradients **add**.
# * The pass backwards visits every number once, from the loss to the weights, with what the pass forwards left behind.
# * The gradient of a weight is what flowed in, times what comes back.
# * A gradient can be checked, so check it.
#
# In [the next notebook](06_your_own_engine.ipynb) you write all of this yourself, in sixty lines.
