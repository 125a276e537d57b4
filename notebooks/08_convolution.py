# %% [markdown]
# # 8 Convolution
#
# To an MLP an image is a list of numbers: shuffle the pixels of all images alike, and it learns just as well. But an
# image has neighbours in it. A stroke looks the same wherever it is, and a small window is enough to see it.
#
# *Goals:* compute a convolution, its gradient and a pooling by hand; count the weights of a convolutional network; see
# what its filters have learned. *Time:* about 60 minutes. *Before it:*
# [7 Training in practice](07_training_in_practice.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
import numpy as np

import autograd
from autograd import Tensor, conv, windows
from glassgrad.course import convolution as check
from glassgrad.course import figures
from nn import (
    MLP,
    Adam,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    MaxPool2d,
    Sequential,
    accuracy,
    cosine,
    cross_entropy,
    fit,
    live,
    predict,
)
from nn.data import digits, train_test_split
from nn.plots import feature_maps, filters, misclassified

# %% [markdown]
# ## A window that slides
#
# Take a sequence of numbers, and two weights $w = (-1, 1)$. Put the window of two at every place, multiply, add up:
#
# $$z_i = w_1 x_i + w_2 x_{i+1}$$
#
# With these weights the result is the *change* from each number to the next: 0 where nothing happens, and not 0 at an
# edge. The same two weights look everywhere.

# %%
x = [0, 0, 3, 3, 3, 1, 1]
w = [-1, 1]
[w[0] * x[i] + w[1] * x[i + 1] for i in range(len(x) - 1)]

# %% [markdown]
# `conv` does that for batches of sequences with channels, (n, channels, length), and filters (channels out, channels
# in, size):

# %%
conv(Tensor([[x]]), Tensor([[w]])).data

# %% [markdown]
# ## What a filter sees
#
# An image has two axes, and so has the window:
#
# $$z_{i,j} = \sum_a \sum_b w_{a,b}\, x_{i+a,\,j+b}$$
#
# Such weights are called a **filter**. These four, made by hand, look for edges. Under each is what it sees in the
# digit on the left, after ReLU: the larger the number, the brighter.

# %%
X, y = digits()
image = X[3].reshape(1, 1, 8, 8)
up = np.array([[1.0, 1, 1], [0, 0, 0], [-1, -1, -1]])
edges = np.stack([up, -up, up.T, -up.T])[:, None]  # (4 filters, 1 channel, 3, 3)

seen = autograd.relu(conv(Tensor(image), Tensor(edges)))
names = ["bright above", "bright below", "bright on the left", "bright on the right"]
figures.filtered(image[0, 0], edges[:, 0], seen.data[0], names)

# %% [markdown]
# The image was 8 x 8, the results are 6 x 6: a window of 3 fits six times side by side. With a frame of zeros around
# the image (`padding=1`, or `padding="same"`) the result keeps the size of the image; with `stride=2` the window goes
# two steps at a time.
#
# **Exercise 1.** How many rows has the result for an image of 10 rows and a window of 3, without padding, at
# `stride=1`, and at `stride=2`?

# %%
at_stride_1, at_stride_2 = ..., ...
check.exercise_1(at_stride_1, at_stride_2)

# %% [markdown]
# ## From primitives
#
# `windows` shows what the window sees at every place; the rest is a product and a sum, as in the formula. It is a
# weighted sum like the perceptron's, of a few inputs, with the same weights for all places. With the first filter:

# %%
x, w = Tensor(image, label="x"), Tensor(edges[:1], label="w")
patches = windows(x, size=3)  # (1 image, 1 channel, 6, 6 places, 3, 3 of the window)
by_hand = autograd.sum(patches * w, axis=(-2, -1))
float(abs(by_hand.data - conv(x, w).data).max())

# %% [markdown]
# `conv` does the same as one node, which is faster:

# %%
z = conv(x, w)
z.label = "z"
J = (z**2).mean()
J.label = "J"
J.backward()
J

# %% [markdown]
# Its gradient follows from the chain rule. One weight is used at every place, and where paths meet, gradients add:
#
# $$\frac{\partial J}{\partial w_{a,b}} = \sum_i \sum_j \frac{\partial J}{\partial z_{i,j}}\, x_{i+a,\,j+b}$$
#
# Compare it with the formula above: that is a convolution again, of the image with the gradient that arrives.

# %%
print(w.grad[0, 0])
print(conv(x, Tensor(z.grad)).data[0, 0])

# %% [markdown]
# ## Pooling
#
# Where exactly an edge is matters less than that it is there. `MaxPool2d(2)` keeps the largest number of every 2 x 2:
# a quarter of the numbers is left. From primitives, it is the maximum over windows that do not overlap:

# %%
pooled = MaxPool2d(2)(seen)
by_hand = autograd.max(windows(seen, size=2, stride=2), axis=(-2, -1))
print(seen.shape, "->", pooled.shape, "by hand the same:", bool((by_hand.data == pooled.data).all()))
feature_maps(pooled[0])

# %% [markdown]
# **Exercise 2.** Write `max_pool(row, size)`: the largest number of each `size` numbers of a list, one part after the
# other; what is left over at the end is dropped.


# %%
def max_pool(row, size):
    return ...


check.exercise_2(max_pool)

# %% [markdown]
# ## Few weights, used often
#
# A layer of 128 neurons on 64 pixels has 64 · 128 weights and 128 biases. Sixteen filters of 3 x 3 have 16 · 9 weights
# and 16 biases, whatever the size of the image.

# %%
mlp = MLP(64, [128, 10], of=Tensor, seed=0)
cnn = Sequential(
    Conv2d(1, 16, 3, "relu", padding="same", seed=0),
    MaxPool2d(2),
    Conv2d(16, 32, 3, "relu", padding="same", seed=1),
    MaxPool2d(2),
    Flatten(),
    Dropout(0.3, seed=0),
    Layer(128, 10, of=Tensor, seed=2),
)
print(mlp.summary(), cnn.summary((1, 8, 8)), sep="\n\n")

# %% [markdown]
# **Exercise 3.** How many numbers (weights and biases) has `Conv2d(32, 64, 3)`?

# %%
answer = ...
check.exercise_3(answer)

# %% [markdown]
# Both learn the same digits, with the same optimizer, for the same number of epochs. The filters of the CNN start at
# random, like all weights; gradient descent finds edges and strokes by itself.

# %%
X_train, X_test, y_train, y_test = train_test_split(X, y, seed=1)


def train(model, shape):
    """Train on the digits in this shape, and return the share of the test samples that are read rightly."""
    fit(
        model,
        X_train.reshape(shape),
        y_train,
        loss=cross_entropy,
        optimizer=Adam(model.parameters(), lr=0.005),
        epochs=20,
        batch_size=32,
        schedule=cosine(20),
        progress=False,
    )
    return accuracy(predict(model, X_test.reshape(shape)), y_test)


print(f"MLP {train(mlp, (-1, 64)):.1%}, CNN {train(cnn, (-1, 1, 8, 8)):.1%} of the test digits")

# %% [markdown]
# Fewer numbers, and fewer mistakes: the CNN need not learn a stroke anew for every place.
#
# ## What it has learned
#
# The filters of the first layer, blue where a weight is positive and orange where it is negative; and what they see in
# the first digit of the test, after ReLU.

# %%
filters(cnn.layers[0])

# %%
feature_maps(cnn.layers[0](X_test[:1].reshape(1, 1, 8, 8))[0])

# %%
y_hat = predict(cnn, X_test.reshape(-1, 1, 8, 8))
misclassified(X_test.reshape(-1, 8, 8), y_hat, y_test)

# %% [markdown]
# Would you have read them?
#
# ## Your own digit
#
# **Predict first.** A digit that is drawn one pixel further to the left, or thinner, is the same to you. Will an MLP
# read it? Which of its pixels would have to change for it to be taken for another digit?
#
# Then look. Here is an MLP with 16 hidden neurons, trained for 20 epochs. Clear the image at the right and draw a digit
# with the mouse: bars show what the network thinks of it, and the second image shows the gradient on the pixels, which
# says where more ink would raise the loss. Each tile in the middle is the weights of a neuron, as an image: its filter.
# Click one, and change a weight.

# %%
small = MLP(64, [16, 10], activation="relu", of=Tensor, seed=0)
print(f"{train(small, (-1, 64)):.1%} of the test digits")
live(small, X_test[:150].reshape(-1, 8, 8), y_test[:150], loss=cross_entropy)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Thinner, often; further to the left, rarely: an MLP knows strokes only where it has seen them. Move your digit to
# the side, and it is lost. The pixels with the strongest gradient are those to change: ink there raises the loss
# fastest. The CNN above looks for the same stroke at every place.
#
# </details>
#
# **In one line:** a convolution is the weighted sum of a small window, with the same weights at every place; its
# gradient is a sum over all places.
#
# Next: what a program makes of all this, [9 Behind the curtain](09_behind_the_curtain.ipynb)
