# %% [markdown]
# # 1 Perceptron
#
# A neural network, however large, is made of one small part, repeated. This notebook is about that part. Run each
# cell with Shift + Enter, and change whatever makes you curious: nothing can break.
#
# *Goals:* compute a perceptron by hand; say what its weights, its bias and its non-linearity do; know why a network
# needs the last of these. *Time:* about 45 minutes. *Before it:* Python and school calculus.

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
from autograd import Tensor, Value, grad, relu, sigmoid, tanh
from glassgrad.course import figures
from glassgrad.course import perceptron as check
from nn import ACTIVATIONS, MLP, SGD, Perceptron, accuracy, binary_cross_entropy, fit, live, plots, predict
from nn.data import moons

# %% [markdown]
# ## Inputs, weights, a sum, a non-linearity
#
# A perceptron takes numbers $x_1, x_2, \dots$, multiplies each by a **weight**, adds them up together with a **bias**
# $w_0$, and bends the sum $z$ with a **non-linearity** $g$:
#
# $$z = w_0 + w_1 x_1 + w_2 x_2 \qquad\qquad \hat y = g(z)$$
#
# and with $m$ inputs $\hat y = g\big(w_0 + \sum_{j=1}^{m} x_j\, w_j\big)$. Let the bias be 1, the weights 3 and −2, and
# the input the point $(-1, 2)$. In code it looks the same. A `Value` is a number that remembers what it was computed
# from; its label is the name that pictures show.

# %%
w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")

z = w0 + w1 * x1 + w2 * x2
y_hat = sigmoid(z)
z.label, y_hat.label = "z", "y_hat"

print(f"z = {z.data:g}, y_hat = {y_hat.data:.5f}")

# %% [markdown]
# Because it remembers, it can show itself. Read from left to right: boxes are numbers, circles are operations. The
# boxes with a thick border are the weights, which a network will learn; inputs are green and rounded, and the result
# has a double border. (Each box has room for a gradient, `grad`. Nobody has computed one yet, so pictures show *?*; in
# Python it is 0.0 until then. Notebook 3 has the first.)

# %%
y_hat

# %% [markdown]
# With many inputs nobody writes such a sum term by term. With the inputs in one vector $x$ and the weights in another,
# it is a product of the two, $z = w_0 + x \cdot w$. A `Tensor` is an array that remembers. (The bias is a plain 1.0
# this time. Plain numbers are drawn as constants, with a dashed border.)

# %%
x = Tensor([-1.0, 2.0], label="x")
w = Tensor([3.0, -2.0], label="w")
sigmoid(1.0 + x @ w)

# %% [markdown]
# And `nn` has the perceptron ready-made. A fresh one has random weights; here we put in ours. (Its inputs are plain
# numbers, so they are dashed, too.)

# %%
neuron = Perceptron(2, "sigmoid")
neuron.w0.data, neuron.w[0].data, neuron.w[1].data = 1.0, 3.0, -2.0
neuron([-1.0, 2.0])

# %% [markdown]
# **Exercise 1.** The same perceptron gets the input $(2, 1)$. What is $z$? Use your head before you use the code.

# %%
answer = ...
check.exercise_1(answer)

# %% [markdown]
# ## A line in the plane
#
# Two inputs are a point in the plane, and the perceptron has something to say about each point. Where $z = 0$ it
# cannot decide: $g(0) = 0.5$. These points are the line
#
# $$1 + 3 x_1 - 2 x_2 = 0$$
#
# On one side of it $z$ is positive and $\hat y$ is above 0.5, on the other $z$ is negative and $\hat y$ is below. The
# bias shifts the line, the weights turn it. Our point $(-1, 2)$ lies well on the negative side: $z = -6$.
# (`neuron.z` is the sum before $g$.)

# %%
points = [[-1.0, 2.0], [-1.0, 0.0], [2.0, 0.5], [1.0, 0.0], [0.0, -1.0]]
sides = [int(neuron.z(point).data > 0) for point in points]
ax = plots.decision_boundary(lambda batch: [neuron.z(point).data for point in batch], points, sides)
for point in points:
    text = f"g({neuron.z(point).data:g}) = {neuron(point).data:.4f}"
    ax.annotate(text, point, xytext=(0, 9), textcoords="offset points", ha="center")
ax.figure

# %% [markdown]
# The further a point is from the line, the surer the perceptron: $g(-6) = 0.0025$ is almost 0.
#
# **Predict first.** Which way does the line move when $w_0$ grows from 1 to 3? What turns when $w_2$ goes from −2 to 0,
# and where does the line end up? And what changes in the plane when all three numbers are ten times as large?
#
# Then look. Here the perceptron lives. Drag the numbers beside its tile sideways: from the top $w_1$, $w_2$ and
# $w_0$. Or click one, and type it below, where $w_1$ has its full name, $w^{(1)}_{1,1}$: of layer 1, from input 1 to
# neuron 1. With the mouse off the tile, the plane at the right shows the answers, blue where the perceptron says yes
# and orange where it says no. The round arrow brings the three numbers back.
#
# (The loss says how wrong the answers are: notebook 3. The page can do more than you need today; switch *simple* off
# to see all of it.)

# %%
live(neuron, points, sides, loss="binary_cross_entropy", simple=True)

# %% [markdown]
# <details><summary>Answer</summary>
#
# With $w_0 = 3$ the line moves up, by 1 (at $x_1 = 0$ from $x_2 = 0.5$ to 1.5): the bias shifts it. With $w_2 = 0$ it
# stands upright, at $x_1 = -1/3$: the line is always at a right angle to the direction $(w_1, w_2)$, in which $z$
# grows fastest. With all three ten times as large it stays where it is, and only the step across it is steeper.
#
# </details>
#
# **Exercise 2.** Find a bias and two weights for which a perceptron computes *and*: $z$ must be positive for the
# input $(1, 1)$, and negative for $(0, 0)$, $(0, 1)$ and $(1, 0)$. There are many. Draw the four points on paper
# first, and the line that you want.

# %%
answer = ...  # [w0, w1, w2]
check.exercise_2(answer)

# %% [markdown]
# ## Three non-linearities
#
# Any function that bends will do for $g$. These three are the most common, each with its derivative (dashed):
#
# $$\text{sigmoid: } g(z) = \frac{1}{1 + e^{-z}} \qquad \text{tanh: } g(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}
# \qquad \text{ReLU: } g(z) = \max(0, z)$$
#
# $$g'(z) = g(z)\,(1 - g(z)) \qquad\qquad g'(z) = 1 - g(z)^2 \qquad\qquad
# g'(z) = \begin{cases} 1, & z > 0 \\ 0, & \text{otherwise} \end{cases}$$

# %%
figures.activations("sigmoid", "tanh", "relu")

# %% [markdown]
# Sigmoid answers between 0 and 1, like a probability. Tanh answers between −1 and 1. ReLU lets positive numbers pass
# and stops the others, and is the cheapest. `nn` knows more of them, by name:

# %%
print(", ".join(ACTIVATIONS))

# %% [markdown]
# The derivatives matter as much: networks learn by them. The engine knows them, `grad(g)` is the derivative of $g$,
# and for sigmoid it is $g'(z) = g(z)\,(1 - g(z))$:

# %%
z = 0.8
grad(sigmoid)(z), sigmoid(z) * (1 - sigmoid(z))

# %% [markdown]
# **Exercise 3.** What is the largest value that the derivative of sigmoid takes? (The curve tells you where; the
# formula tells you how much.)

# %%
answer = ...
check.exercise_3(answer)

# %% [markdown]
# **Exercise 4.** Write a perceptron yourself, with tanh for its non-linearity. `x` and `w` are lists of the same
# length, of any length.


# %%
def perceptron(x, w0, w):
    return ...


check.exercise_4(perceptron)

# %% [markdown]
# ## Why non-linear?
#
# We want a network that tells blue points from orange ones, class 1 from class 0. Here are a hundred of them. No
# straight line will do.
#
# Let us train two networks, equal in everything but the non-linearity. How training works, and what the settings of
# `SGD` and `fit` mean, is the business of the next notebooks. The first network has no $g$ between its layers:

# %%
X, y = moons(100)


def train(model):
    """Train a network whose last sigmoid says how probable class 1 is, and draw what it says."""
    optimizer = SGD(model.parameters(), lr=0.3, momentum=0.9)
    fit(model, X, y, loss=binary_cross_entropy, optimizer=optimizer, epochs=300, batch_size=None, progress=False)
    print(f"{accuracy(predict(model, X), y):.0%} of the points are on the right side")
    return plots.decision_boundary(lambda points: predict(model, points), X, y).figure


train(MLP(2, [8, 8, 1], "linear", "sigmoid", of=Tensor, seed=0))

# %% [markdown]
# Three layers, 105 parameters, and still a straight line. It cannot be otherwise: a weighted sum of weighted sums is
# a weighted sum. Two layers without $g$ are one layer in disguise,
#
# $$\big(w_0^{(1)} + x\, w^{(1)}\big)\, w^{(2)} + w_0^{(2)} \;=\; w_0 + x\, w
# \qquad\text{with}\qquad w = w^{(1)} w^{(2)}, \quad w_0 = w_0^{(1)} w^{(2)} + w_0^{(2)}$$
#
# (for a layer, $w$ is a matrix with a column for each neuron: see notebook 2), and so are a hundred. Now with tanh
# between the layers:

# %%
train(MLP(2, [8, 8, 1], "tanh", "sigmoid", of=Tensor, seed=0))

# %% [markdown]
# The non-linearities let it bend the line. Between layers that is all they are for, and it is enough: with enough
# neurons a network can come as close as you like to any continuous function, on any bounded part of the plane.
#
# **Predict first.** Here is the first network again, untrained, with no $g$ between its layers. Press play, and it will
# find its best line; pause when the line stands still. When you then choose tanh in the *left* one of the two menus
# above its layers, that of layer 1, and go on, without the round arrow, what will the line do? (Give it 300 epochs:
# for the first 200 you will see little.) And with four neurons in that layer, or two?
#
# (An *epoch* is once through all points. The page takes 32 of the hundred at a time, so it may stop at epoch 210.6, and
# the loss trembles. Notebook 4 has more of this.)

# %%
first = MLP(2, [8, 8, 1], "linear", "sigmoid", of=Tensor, seed=0)
live(first, X, y, loss="binary_cross_entropy", simple=True)

# %% [markdown]
# <details><summary>Answer</summary>
#
# One bent layer is enough to bend the line. Four neurons in it are enough, too: all points come right. Two are too
# few: they can bend the line at a single corner, and about one point in eight stays on the wrong side. Each tile
# shows the plane as its neuron sees it: those of the first layer are straight edges, and the layers after it add them
# up. (With tanh in the right menu alone the line bends as well, but only after some 700 epochs: that layer bends sums
# of straight sums, and all of them have to be turned first.)
#
# </details>
#
# **In one line:** a perceptron is $\hat y = g(w_0 + x \cdot w)$, a line and which side of it you are on; $g$ is what
# lets many of them do more than one.
#
# Next: [2 Networks](02_networks.ipynb)
