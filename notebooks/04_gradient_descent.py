# %% [markdown]
# # 4 Gradient descent
#
# The loss is a landscape over the weights, and we want to get to its lowest point. But there is fog: all that we can
# tell is how steep the ground is under our feet. That is enough.
#
# *Goals:* make a step of gradient descent by hand; say what the learning rate, momentum and mini-batches do, and see
# from a curve whether the learning rate is too small or too large. *Time:* about 50 minutes. *Before it:*
# [3 Loss](03_loss.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
from random import Random

from autograd import Tensor, Value, steps
from glassgrad.course import figures
from glassgrad.course import gradient_descent as check
from nn import MLP, SGD, Perceptron, binary_cross_entropy, fit, live, mse
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
# The derivatives by all the weights together, $W$, are the **gradient**, $\partial J(W) / \partial W$. The whole
# algorithm, which looks for $W^* = \operatorname{argmin}_W J(W)$, the weights at which $J$ is lowest, has four lines:
#
# 1. Start with random weights, $W \sim \mathcal N(0, \sigma^2)$: from a bell curve around 0.
# 2. Compute the gradient of the loss, $\partial J(W) / \partial W$.
# 3. Take a small step against it, $W \leftarrow W - \eta\, \partial J(W) / \partial W$.
# 4. Repeat 2 and 3 until the loss hardly falls any more.
#
# The data are the grades of notebook 3: three students, the lectures $x_1$ and the hours $x_2$ of each, and the grade
# $y$. The network is again $\hat y = w_1 x_1 + w_2 x_2$, and the loss $J$ is the mean of the squared errors,
# $(\hat y - y)^2$.

# %%
X = [[4, 5], [2, 1], [5, 8]]  # lectures, hours
y = [90, 20, 95]  # grades


def loss(w1, w2):
    return mse([w1 * x1 + w2 * x2 for x1, x2 in X], y)


# %%
rng = Random(1)
w1, w2 = Value(rng.gauss(0, 10), label="w1"), Value(rng.gauss(0, 10), label="w2")
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
# $J$ is still falling: after 50 steps it is 131, and the lowest there is is 126.9, at $w = (12.09, 5.34)$. It takes a
# few hundred steps to come that close, and the next section shows why.
#
# `J.backward()` computes the gradient: afterwards `w1.grad` is $\partial J / \partial w_1$, and `w2.grad` is
# $\partial J / \partial w_2$. How it does that is the story of notebook 5. (Gradients add up until they are set to
# zero; that is what `zero_grad` is for.)
#
# `SGD` makes the step for any number of weights. Here is one step in slow motion, for the second student alone:
# forward, from the weights to the loss; backward, from the loss to the gradient; and the update. Use the buttons, or
# the slider; once you have clicked one of them, the arrow keys work, too.

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
    """Return the start and the n points (w1, w2) that gradient descent comes through, and the loss at each."""
    w1, w2 = Value(0.0), Value(20.0)
    optimizer = SGD([w1, w2], lr=lr, momentum=momentum)
    points, losses = [], []
    for _ in range(n + 1):
        J = loss(w1, w2)
        points.append((w1.data, w2.data))
        losses.append(J.data)
        optimizer.zero_grad()
        J.backward()
        optimizer.step()
    return points, losses


def paths(runs):
    """Draw the points of each run on a map of the loss."""
    return figures.paths(loss, {name: points for name, (points, _) in runs.items()}, (12.09, 5.34), (-10, 30))


def curves(runs):
    """Draw the loss at each step of each run."""
    losses = {name: losses for name, (_, losses) in runs.items()}
    return figures.lines(range(41), losses, xlabel="step", ylabel="$J$", yscale="log")


middle = descend(0.01)
paths({"η = 0.01": middle})

# %% [markdown]
# (The star is the lowest point.) The first step is long, because it is steep there; it leads down into the valley. On
# its floor the ground is almost level, and progress is slow. Steps go at a right angle to the contours: straight
# downhill.
#
# ## Too small, too large
#
# Everything hangs on $\eta$. Here are three learning rates, from the same start, for the same 40 steps:

# %%
runs = {"η = 0.0001": descend(0.0001), "η = 0.02": descend(0.02), "η = 0.0226": descend(0.0226)}
paths(runs)

# %%
curves(runs)

# %% [markdown]
# Too small, and after 40 steps we are still on the slope on which we began. Rather large, and each step overshoots the
# floor of the valley and lands on the other slope, a little lower. Too large, and it lands *higher* than before, each
# time: in 40 steps the loss has doubled, and so it goes on until no number is large enough for it. For this loss the
# border between the two is at $\eta$ = 0.0225. Nobody knows it beforehand, so in practice one tries 0.1, 0.01, 0.001
# and looks at the curve of the loss.
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
# Along the valley the gradients all point the same way and add up, to $1 + m + m^2 + \dots = 1/(1 - m)$ times as much.
# Across it the ball swings from slope to slope; there the gradients change sign, and cancel. With the **momentum** $m =
# 0.8$, and nothing else changed:

# %%
runs = {"η = 0.01": middle, "η = 0.01, momentum 0.8": descend(0.01, momentum=0.8)}
paths(runs)

# %%
curves(runs)

# %% [markdown]
# Now with your own hands: the landscape of notebook 3, one perceptron that predicts a grade from 0 to 10 by the hours.
#
# **Predict first.** Which of the rates 0.001, 0.01, 0.03 and 0.04 is the first to bring $J$ below 1.7, and which of
# them never will? And with the rate 0.01 and momentum 0.9?
#
# Then look: type a *rate* and a *momentum*, and press *ten steps*; for hundreds of steps press play, and watch the
# loss. The page counts *epochs*, which here are steps: each uses all three students. Its $w^{(1)}_{1,1}$ is our
# weight, its $w^{(1)}_{0,1}$ the bias, and the lowest $J$ that there is is 1.63. The round arrow begins again at the
# same start (so does *Start again* in a red box), and the curve of the run before stays, pale; a click on the map is
# another start. (And leave the rate at 0.1 once: what becomes of $J$, and what does the page say?)

# %%
neuron = Perceptron(1, "linear")
neuron.w0.data, neuron.w[0].data = 4.0, 0.0
live(neuron, [[5], [1], [8]], [9.0, 2.0, 9.5], loss="mse", simple=True)

# %% [markdown]
# <details><summary>Answer</summary>
#
# From the start that you see, 0.03 needs about a hundred steps, 0.01 about three hundred, and 0.001 three thousand.
# At 0.04 each step lands higher than the last. With momentum 0.9 the rate 0.01 swings to and fro, and is there within
# forty.
#
# </details>
#
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

by_size = {}
for batch_size in (400, 40, 4):
    model = MLP(2, [16, 1], "tanh", "sigmoid", of=Tensor, seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    settings = {"epochs": 30, "batch_size": batch_size, "progress": False}
    history = fit(model, points, classes, loss=binary_cross_entropy, optimizer=optimizer, **settings)
    by_size[f"batches of {batch_size}: {30 * 400 // batch_size:,} steps"] = history.loss
figures.lines(None, by_size, xlabel="epoch", ylabel="$J$", ylim=(0, None))

# %% [markdown]
# What `fit` returns is the history of the training, with the mean loss of each epoch. Of the last of the three:

# %%
history

# %% [markdown]
# Smaller batches take more steps, and get further in the same number of epochs, already in the first: the first point
# of a curve is the mean loss of a whole epoch. The price is noise: each step goes only roughly downhill. The curves
# do not show it, as the mean smooths it away. And a computer handles 40 samples in little more time than one, which
# is why batches of 16 to 256 are common.
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
