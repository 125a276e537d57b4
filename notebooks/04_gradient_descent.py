# %% [markdown]
# # 4 Gradient descent
#
# The loss is a landscape over the weights, and we want to get to its lowest point. But there is fog: all that we can
# tell is how steep the ground is under our feet. That is enough.

# %%
# %config InlineBackend.figure_format = "retina"
from random import Random

import matplotlib.pyplot as plt

from autograd import Tensor, Value, steps
from checks import gradient_descent as check
from nn import MLP, SGD, binary_cross_entropy, fit, mse, plots
from nn.data import moons

# %% [markdown]
# ## Start anywhere, step downhill, repeat
#
# The derivative of the loss by a weight, $\partial J / \partial w$, says how the loss changes when the weight grows:
# if it is positive, a larger weight means a larger loss. So go the other way, by a small multiple $\eta$ of it (say
# *eta*, the **learning rate**):
#
# $$w \;\leftarrow\; w - \eta\, \frac{\partial J}{\partial w}$$
#
# The derivatives by all the weights together are the **gradient**. The whole algorithm has four lines:
#
# 1. Start with random weights.
# 2. Compute the gradient of the loss.
# 3. Take a small step against it.
# 4. Repeat 2 and 3.
#
# The data are the grades of notebook 3, the network is again $\hat y = w_1 x_1 + w_2 x_2$.

# %%
X = [[4, 5], [2, 1], [5, 8]]  # lectures, hours
y = [90, 20, 95]  # grades


def loss(w1, w2):
    return mse([w1 * x1 + w2 * x2 for x1, x2 in X], y)


# %%
rng = Random(1)
w1, w2 = Value(rng.uniform(-5, 25), label="w1"), Value(rng.uniform(-5, 25), label="w2")
eta = 0.01

for step in range(50):
    J = loss(w1, w2)
    w1.zero_grad(), w2.zero_grad()
    J.backward()
    w1.data = w1.data - eta * w1.grad
    w2.data = w2.data - eta * w2.grad
    if step % 7 == 0:
        print(f"step {step:2}: J = {J.data:8.2f}")

w1.data, w2.data

# %% [markdown]
# `J.backward()` computes the gradient: afterwards `w1.grad` is $\partial J / \partial w_1$, and `w2.grad` is
# $\partial J / \partial w_2$. How it does that is the story of notebook 5. (Gradients add up until they are set to
# zero; that is what `zero_grad` is for.)
#
# `SGD` makes the step for any number of weights. Here is one step in slow motion, for the second student alone:
# forward, from the weights to the loss; backward, from the loss to the gradient; and the update. Use the arrow keys,
# or the slider.

# %%
w1, w2 = Value(5.0, label="w1"), Value(2.0, label="w2")
J = (w1 * 2 + w2 * 1 - 20) ** 2
steps(J, SGD([w1, w2], lr=0.01))

# %% [markdown]
# **Exercise 1.** The loss is $J(w) = (w - 3)^2$, the weight is $w = 1$, the learning rate $\eta = 0.1$. Where is $w$
# after one step?

# %%
answer = ...
check.exercise_1(answer)

# %% [markdown]
# ## The path
#
# Let us keep each point that we come through, and draw the path on the map. To compare, every path starts at the same
# point from now on.


# %%
def descend(lr, momentum=0.0, n=40):
    """Return the n points (w1, w2) that gradient descent comes through, and the loss at each."""
    w1, w2 = Value(0.0), Value(20.0)
    optimizer = SGD([w1, w2], lr=lr, momentum=momentum)
    points, losses = [], []
    for _ in range(n):
        J = loss(w1, w2)
        points.append((w1.data, w2.data))
        losses.append(J.data)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
    return points, losses


w1s = w2s = [-10 + k / 2 for k in range(81)]
heights = [[loss(w1, w2) for w1 in w1s] for w2 in w2s]


def paths(*runs):
    """Draw the path of each run, a learning rate and a momentum, on a map of the loss."""
    size = (0.6 + 3.1 * len(runs), 3.5)
    _, places = plt.subplots(1, len(runs), squeeze=False, figsize=size, layout="constrained")
    for ax, run in zip(places[0], runs):
        levels = [100 * 2**k for k in range(11)]
        ax.contour(w1s, w2s, heights, levels=levels, norm="log", cmap="viridis_r", linewidths=1)
        points, _ = descend(*run)
        ax.plot(*zip(*points), "o-", color=plots.VERMILION, markersize=3, linewidth=1)
        ax.plot(*points[0], "s", color="black", label="start")
        ax.plot(12.09, 5.34, "*", color="black", markersize=11, label="lowest point")
        ax.set(xlabel="$w_1$", ylabel="$w_2$", xlim=(-10, 30), ylim=(-10, 30), aspect="equal")
        ax.set_title(name(*run), fontsize=11)
    ax.legend()
    plt.show()


def curves(*runs):
    """Draw the loss at each step of each run."""
    ax = plots.axes(6, 3.4)
    for run, color, style in zip(runs, plots.COLORS, ("-", "--", ":")):
        ax.plot(descend(*run)[1], style, color=color, label=name(*run))
    ax.set(xlabel="step", ylabel="$J$", yscale="log")
    ax.set_yticks([200, 400, 800, 1600], labels=[200, 400, 800, 1600])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    ax.legend()
    return ax.figure


def name(lr, momentum=0.0):
    return rf"$\eta$ = {lr}" + (f", momentum {momentum}" if momentum else "")


paths([0.01])

# %% [markdown]
# The first step is long, because it is steep there; it leads down into the valley. On its floor the ground is almost
# level, and progress is slow. Steps go at a right angle to the contours: straight downhill.
#
# ## Too small, too large
#
# Everything hangs on $\eta$. Here are three learning rates, from the same start, for the same 40 steps:

# %%
paths([0.0001], [0.02], [0.0226])

# %%
curves([0.0001], [0.02], [0.0226])

# %% [markdown]
# Too small, and 40 steps hardly leave the start. Rather large, and each step overshoots the floor of the valley and
# lands on the other slope, a little lower. Too large, and it lands *higher* than before, each time: the loss
# explodes. In practice one tries $\eta$ = 0.1, 0.01, 0.001 and looks at the curve of the loss.
#
# **Exercise 2.** With $J(w) = (w - 3)^2$ a step turns the distance $w - 3$ into $(1 - 2\eta)(w - 3)$. From which
# learning rate on does the loss no longer become smaller?

# %%
answer = ...
check.exercise_2(answer)

# %% [markdown]
# ## Momentum
#
# A ball that rolls down a valley gathers speed. It has a velocity $v$, to which each gradient adds:
#
# $$v \leftarrow m\,v + \frac{\partial J}{\partial w} \qquad\qquad w \leftarrow w - \eta\, v$$
#
# Along the valley the gradients all point the same way and add up, to $1/(1 - m)$ times as much. Across it the ball
# swings from slope to slope; there the gradients change sign, and cancel. With the **momentum** $m = 0.8$, and
# nothing else changed:

# %%
paths([0.01], [0.01, 0.8])

# %%
curves([0.01], [0.01, 0.8])

# %% [markdown]
# **Exercise 3.** Write one step with momentum, for a single weight. Return the new weight and the new velocity.


# %%
def momentum_step(w, v, gradient, eta, m):
    return ...


check.exercise_3(momentum_step)

# %% [markdown]
# ## Mini-batches
#
# The loss is a mean over all samples, and so is its gradient. At $w = (0, 0)$, for each student alone and for all
# three:


# %%
def gradient_of(samples):
    w1, w2 = Value(0.0), Value(0.0)
    mse([w1 * X[i][0] + w2 * X[i][1] for i in samples], [y[i] for i in samples]).backward()
    return w1.grad, w2.grad


for samples in ([0], [1], [2], [0, 1, 2]):
    slope_1, slope_2 = gradient_of(samples)
    print(f"{samples!s:9} {slope_1:8.2f} {slope_2:9.2f}")

# %% [markdown]
# The last line is the mean of the three above. Each sample alone points roughly the same way. So with a million
# samples there is no need to ask all of them before each step: a few, drawn at random, tell the direction well
# enough, and a thousand rough steps lead further than one exact step. This is **stochastic gradient descent**, SGD,
# and the few samples are a **mini-batch**. Once through all samples is an **epoch**.
#
# `fit` does all of this. The same network learns the same 400 points three times, for 30 epochs, so it sees each
# sample 30 times in every case:

# %%
points, classes = moons(400, noise=0.2)


def loss_of_z(z, y):
    return binary_cross_entropy(z, y, from_logits=True)


ax = plots.axes(6, 3.6)
for batch_size, color, style in zip((400, 40, 4), plots.COLORS, (":", "-", "--")):
    model = MLP(2, [16, 1], activation="tanh", of=Tensor, seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    settings = {"epochs": 30, "batch_size": batch_size, "progress": False}
    history = fit(model, points, classes, loss=loss_of_z, optimizer=optimizer, **settings)
    label = f"batches of {batch_size}: {30 * 400 // batch_size:,} steps"
    ax.plot(range(1, 31), history.loss, style, color=color, label=label)
ax.set(xlabel="epoch", ylabel="$J$", ylim=(0, None))
ax.grid(alpha=0.3)
ax.legend()
ax.figure

# %% [markdown]
# What `fit` returns is the history of the training, with the mean loss of each epoch. Of the last of the three:

# %%
history

# %% [markdown]
# Smaller batches take more steps, and get further in the same number of epochs. The price is noise: each step goes
# only roughly downhill. And a computer handles 40 samples in little more time than one, which is why batches of 16 to
# 256 are common.
#
# **Exercise 4.** There are 100 samples, and mini-batches of 16. How many steps does an epoch have?

# %%
answer = ...
check.exercise_4(answer)

# %% [markdown]
# **In one line:** $w \leftarrow w - \eta\, \partial J / \partial w$, from a random start, on a few samples at a time,
# again and again.
#
# One thing is still missing: where the gradient comes from. [5 Backpropagation](05_backpropagation.ipynb)
