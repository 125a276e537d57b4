# %% [markdown]
# # 2 Networks
#
# One perceptron draws one line. Put several side by side and you have a **layer**; put layers one behind the other
# and you have a **network**. There is nothing else in it.
#
# *Goals:* compute a layer and a network by hand; count their weights; write a layer as a matrix; turn numbers into
# probabilities. *Time:* about 45 minutes. *Before it:* [1 Perceptron](01_perceptron.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
from autograd import Tensor, Value, draw, live, sigmoid, softmax, tanh
from glassgrad.course import networks as check
from nn import MLP, Layer

# %% [markdown]
# ## Several outputs: a layer
#
# Two perceptrons look at the same inputs, each with a bias and weights of its own. (A perceptron in a network is also
# called a **neuron**; both words mean the same here.) Number the inputs with $j$ and the perceptrons with $i$. Then
# $w_{j,i}$ leads from input $j$ to perceptron $i$: where it comes from stands first.
#
# $$\hat y_i = g\Big(w_{0,i} + \sum_j x_j\, w_{j,i}\Big)$$
#
# In a drawing of a network a circle is a whole perceptron (in the graphs of notebook 1 it was an operation), and a line
# is a weight: blue if it is positive, orange and dashed if it is negative, and the wider, the larger. A new layer has
# random weights.

# %%
layer = Layer(3, 2, "sigmoid", seed=0)
layer

# %% [markdown]
# `Layer(3, 2)` has 3 inputs and 2 outputs; it *is* a list of two perceptrons, and calling it calls each of them. Below
# it, the formula by hand. (Python counts from 0, so `w[0][1]` is $w_{1,2}$.)

# %%
x = [2.0, 1.0, -1.0]
print(layer.perceptrons)
print([f"{y_hat.data:.4f}" for y_hat in layer(x)])

w0 = [perceptron.w0 for perceptron in layer.perceptrons]
w = [[perceptron.w[j] for perceptron in layer.perceptrons] for j in range(3)]
y_hat = [sigmoid(w0[i] + sum(x[j] * w[j][i] for j in range(3))) for i in range(2)]
print([f"{y_hat_i.data:.4f}" for y_hat_i in y_hat])

# %% [markdown]
# ## A single hidden layer
#
# Now the outputs of one layer are the inputs of the next. A layer whose outputs nobody sees from outside is called
# **hidden**. A number in brackets tells the layer:
#
# $$z^{(1)}_i = w^{(1)}_{0,i} + \sum_j x_j\, w^{(1)}_{j,i} \qquad\quad h^{(1)}_i = g\big(z^{(1)}_i\big) \qquad\quad
# \hat y_i = w^{(2)}_{0,i} + \sum_j h^{(1)}_j\, w^{(2)}_{j,i}$$
#
# So $z^{(1)}_i$ is the sum of perceptron $i$ of layer 1, and $h^{(1)}_i$ is what that perceptron hands on: an input of
# the next layer. The pictures below have the same letters.
#
# `MLP` stands for *multi-layer perceptron*. Say how many inputs there are, and how many perceptrons each layer has.

# %%
model = MLP(2, [4, 2], activation="tanh", seed=0)
model

# %% [markdown]
# Every weight is a `Value`, and has its name from the formula: $w^{(1)}_{2,3}$ leads from input 2 to perceptron 3 of
# layer 1, and $w^{(1)}_{0,3}$ is that perceptron's bias.

# %%
third = model.layers[0].perceptrons[2]
third.w0, third.w

# %% [markdown]
# Follow the formulas at the input $(1, -2)$: each layer's sums go through $g$, if it has one, and on to the next.

# %%
first, second = model.layers
z = [perceptron.z([1.0, -2.0]) for perceptron in first.perceptrons]
h = [tanh(z_i) for z_i in z]
y_hat = second(h)
[y_hat_i.data for y_hat_i in y_hat], [y_hat_i.data for y_hat_i in model([1.0, -2.0])]

# %% [markdown]
# **Exercise 1.** How many parameters, weights and biases together, has `MLP(3, [5, 2])`? Count the lines that its
# drawing would have, and do not forget what has no line.

# %%
answer = ...
check.exercise_1(answer)

# %% [markdown]
# ## Deep networks
#
# A network is **deep** when it has several hidden layers. Each layer $k$ takes what the one before it, with
# $n_{k-1}$ perceptrons, has to say:
#
# $$z^{(k)}_i = w^{(k)}_{0,i} + \sum_{j=1}^{n_{k-1}} h^{(k-1)}_j\, w^{(k)}_{j,i} \qquad\quad
# h^{(k)}_i = g\big(z^{(k)}_i\big)$$
#
# (for the first layer, $x_j$ stands in place of $h^{(0)}_j$). The code hardly changes, the number of parameters does.
#
# The seminar's slides write the layer of $z$ below, and have no letter for $h$; there the same formula is
# $z_{k,i} = w^{(k)}_{0,i} + \sum_{j=1}^{n_{k-1}} g(z_{k-1,j})\, w^{(k)}_{j,i}$.

# %%
deep = MLP(2, [6, 6, 6, 1], activation="tanh", seed=0)
print(len(deep.parameters()), "parameters")
deep

# %% [markdown]
# ## Neuron by neuron, layer by layer
#
# What a network computes is a graph of numbers, like the one in notebook 1, only larger. Here is a network with two
# perceptrons in its hidden layer and a sigmoid at its end, at the input $(1, -2)$. (Its weights are rounded, to be
# easier on the eye.) Follow one path from left to right, and you have summed and bent, twice.

# %%
small = MLP(2, [2, 1], activation="tanh", output="sigmoid", seed=0)
for parameter in small.parameters():
    parameter.data = round(parameter.data, 1)

x = [Value(1.0, label="x1"), Value(-2.0, label="x2")]
y_hat = small(x)
y_hat.label = "y_hat"
y_hat

# %% [markdown]
# **Predict first.** The answer $\hat y$ is 0.33. When $x_1$ goes from 1 to 2, will it change by more than 0.1, or less?
# (Ask how far each $\tanh$ can still move, and how large the two weights are that lead on from there.)
#
# Then look: the same network lives. Nothing is computed yet, so there is a *?* wherever a number will be. Press the
# button *Next step* (right of the blue one) six times, and it computes itself neuron by neuron. Stop at step 6, where
# $\hat y$ is there, and drag $x_1$, or any weight, sideways: everything that is known follows. (Once you have pressed a
# button of the live picture, the arrow keys do the same.)
#
# At the right of the network stands what notebook 3 is about: $J = (\hat y - 1)^2$, how far off the answer is if 1 were
# right. The question in its panel, $\partial J / \partial w$, means: how fast does $J$ grow when this weight grows a
# little? The steps after the seventh answer it, and the last two change the weights: the business of notebook 5.

# %%
J = (y_hat - 1) ** 2
J.label = "J"
live(J)

# %% [markdown]
# <details><summary>Answer</summary>
#
# By less: with the weights above, $\hat y$ is 0.330 in place of 0.329. The first hidden neuron sits where $\tanh$ is
# flat, at 0.99: its sum grows from 2.7 to 3.4, and it hardly moves. The second goes from −0.80 to −0.92; but its
# weight to the output is only −0.1. (Other numbers? A weight was dragged, or the last step is open, where the weights
# have moved to bring $\hat y$ nearer to 1. *Reset* brings back those above.)
#
# </details>
#
# Drawn as single numbers, already this is a lot to look at. Zoom out: fold all of a perceptron, or all of a layer, into
# one box. A perceptron's box holds its sum and its $g$; only the last $g$ stays outside, so that its result, $\hat y$,
# can be seen. A layer's box has a number if it hands on a single one. (These pictures stand still. In the live picture
# above, a double click on a neuron, or on the title of a layer, opens it.)

# %%
draw(y_hat, fold="perceptron")

# %%
draw(y_hat, fold="layer")

# %% [markdown]
# Layers can also be *computed* as one. The weights of a layer make a matrix $w$, its biases a vector $w_0$, and then
# all its perceptrons together are
#
# $$\hat y = g(w_0 + x\, w)$$
#
# This is the form that big networks are written in, because computers multiply matrices fast. `to(Tensor)` turns the
# network of numbers into one of matrices, `to(Value)` turns it back. Here is layer 1 of the same network, all at
# once; the `@` is Python's sign for the product of matrices:

# %%
layers = small.to(Tensor)
x_row = Tensor([1.0, -2.0], label="x")
layers.layers[0](x_row)

# %% [markdown]
# The numbers are the same, and so is the answer of the whole network:

# %%
y_hat_of_layers = layers(x_row)
print(f"neuron by neuron {y_hat.data:.10f}")
print(f"layer by layer   {y_hat_of_layers.item():.10f}")

# %% [markdown]
# And a matrix takes a whole batch of inputs at once, a row for each: three rows in, three answers out.

# %%
layers([[1.0, -2.0], [0.5, 0.5], [0.0, 3.0]]).data

# %% [markdown]
# **Exercise 2.** What is the shape of the matrix $w^{(2)}$ in `MLP(4, [8, 3])`? Give it as `(rows, columns)`.

# %%
answer = ...
check.exercise_2(answer)

# %% [markdown]
# ## Softmax: from numbers to probabilities
#
# A network that tells three kinds of flowers apart has three outputs, $z_1, z_2, z_3$, and they can be any numbers.
# **Softmax** makes probabilities of them: all positive, and together 1.
#
# $$\hat y_i = \frac{e^{z_i}}{e^{z_1} + e^{z_2} + e^{z_3} + \dots}$$

# %%
z = [2.0, 1.0, -1.0]
softmax(z)

# %% [markdown]
# Only differences count. Add 100 to each $z_i$, and top and bottom are both multiplied by $e^{100}$; the
# probabilities stay the same:

# %%
softmax([102.0, 101.0, 99.0])

# %% [markdown]
# As the non-linearity of the last layer, softmax works on all outputs together. That sets it apart from the others:
# each probability depends on all of $z_1, z_2, \dots$

# %%
flowers = MLP(4, [5, 3], output="softmax", of=Tensor, seed=0)
probabilities = flowers([5.1, 3.5, 1.4, 0.2])
print(probabilities.data, "sum:", probabilities.data.sum())

# %% [markdown]
# **Exercise 3.** Write softmax yourself, for a list `z` of any length. (Import `math`; `math.exp` takes
# $e$ to a power.)


# %%
def my_softmax(z):
    return ...


check.exercise_3(my_softmax)

# %% [markdown]
# **In one line:** a layer is perceptrons side by side, a network is layers in a row, and layer by layer each is
# $g(w_0 + x\,w)$.
#
# Its weights are random so far, and so is what it says. How wrong it is comes next: [3 Loss](03_loss.ipynb)
