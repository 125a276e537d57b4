# %% [markdown]
# # 3 Loss
#
# A network says something for every input. The **loss** says how wrong that was, in a single number $J$: 0 when all
# is right, larger the worse it gets. To learn is to make this number small, so it had better be the right number.
#
# *Goals:* compute squared errors and cross-entropies by hand, and say which suits what; see a loss as a landscape over
# the weights. *Time:* about 40 minutes. *Before it:* [2 Networks](02_networks.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
from math import log

from autograd import Value, grad, sigmoid, softmax
from glassgrad.course import figures
from glassgrad.course import loss as check
from nn import Perceptron, binary_cross_entropy, cross_entropy, live, mse

# %% [markdown]
# ## Grades, and how far off they are
#
# Three students: how many lectures each one heard, how many hours each one spent on the project, and the final grade.
# A network, not yet trained, has guessed the grades.

# %%
X = [[4, 5], [2, 1], [5, 8]]  # lectures, hours
y = [90, 20, 95]  # the grades
y_hat = [30, 80, 85]  # the guesses

# %% [markdown]
# The loss of one sample compares one guess $\hat y$ with the truth $y$. For numbers such as grades we take the square
# of the difference: never negative, and twice as far off is four times as bad.
#
# $$L(\hat y, y) = (\hat y - y)^2$$


# %%
def L(y_hat, y):
    return (y_hat - y) ** 2


[L(y_hat[i], y[i]) for i in range(3)]

# %% [markdown]
# ## The empirical loss
#
# The loss of the network is the mean over all $n$ samples, the **empirical loss**. With squares it is called the
# *mean squared error*:
#
# $$J = \frac{1}{n} \sum_{i=1}^{n} L(\hat y_i, y_i) = \frac{1}{n} \sum_{i=1}^{n} (\hat y_i - y_i)^2$$

# %%
n = 3
J = sum(L(y_hat[i], y[i]) for i in range(n)) / n
J, mse(y_hat, y)

# %% [markdown]
# The first two students share almost all of it between them; the third guess, 10 points off, hardly counts. With
# Values for the guesses, the loss can show its parts, and which way each guess should go: the `grad` of a guess is
# the derivative of $J$ by it, negative where a higher guess would make the loss smaller.

# %%
guesses = [Value(float(guess), label=f"y_hat_{i}") for i, guess in enumerate(y_hat, 1)]
J = mse(guesses, y)
J.label = "J"
J.backward()
J

# %% [markdown]
# **Exercise 1.** Somebody guesses 50 for each of the three students. What is the mean squared error?

# %%
answer = ...
check.exercise_1(answer)

# %% [markdown]
# **Exercise 2.** Write the mean squared error yourself, for two lists of the same length, of any length.


# %%
def my_mse(y_hat, y):
    return ...


check.exercise_2(my_mse)

# %% [markdown]
# ## Yes or no: binary cross-entropy
#
# Now the network only has to say who passes: $y$ is 1 or 0, and $\hat y$ the probability of a 1. Whoever calls
# something impossible that then happens should pay dearly. The logarithm does that:
#
# $$L(\hat y, y) = -\big(\, y \log \hat y + (1 - y) \log (1 - \hat y) \,\big)$$
#
# It looks like two terms, but one of them is always zero: for $y = 1$ it is $-\log \hat y$, for $y = 0$ it is
# $-\log(1 - \hat y)$.

# %%
y_pass = [1, 0, 1]  # who passed
p_hat = [0.1, 0.8, 0.6]  # the guesses


def L(y_hat, y):
    return -(y * log(y_hat) + (1 - y) * log(1 - y_hat))


print([round(L(p_hat[i], y_pass[i]), 4) for i in range(n)])
J = sum(L(p_hat[i], y_pass[i]) for i in range(n)) / n
J, binary_cross_entropy(p_hat, y_pass)

# %% [markdown]
# Why not squares again? Because $\hat y = g(z)$ comes out of a sigmoid, which is flat at its ends. Suppose the truth
# is $y = 1$, and look at both losses as functions of $z$, with their slopes:


# %%
def squares(z):
    return (sigmoid(z) - 1) ** 2


def cross(z):
    return binary_cross_entropy(sigmoid(z), 1)


zs = [k / 20 for k in range(-120, 121)]
curves = {
    "binary cross-entropy": [cross(z) for z in zs],
    "its derivative": [grad(cross)(z) for z in zs],
    "squared error": [squares(z) for z in zs],
    "the derivative of that": [grad(squares)(z) for z in zs],
}
figures.lines(zs, curves, xlabel="$z$", title="the loss where the truth is 1")

# %% [markdown]
# At $z = -6$ the network is sure, and wrong. The squared error there is flat, its derivative almost 0: nothing to
# learn from. The derivative of the cross-entropy is almost −1. In fact
#
# $$\frac{\partial L}{\partial z} = \hat y - y,$$
#
# as simple as can be:

# %%
z = -6.0
grad(cross)(z), sigmoid(z) - 1

# %% [markdown]
# With more than two classes, softmax makes the probabilities, and the loss is again minus the logarithm of the one
# that should have been 1: for the class $c$ it is $-\log \hat y_c$. `cross_entropy` takes the numbers $z$ before
# softmax, and the class. With the numbers of notebook 2:

# %%
z = [2.0, 1.0, -1.0]
y_hat = softmax(z)
-log(y_hat[0]), cross_entropy(z, 0)

# %% [markdown]
# **Exercise 3.** A network shrugs and says $\hat y = 0.5$. What is its binary cross-entropy, for $y = 1$?

# %%
answer = ...
check.exercise_3(answer)

# %% [markdown]
# ## The loss is a landscape
#
# The data do not change. What can change are the weights, so the loss is a function of the weights, $J(w)$. Here is
# the simplest network for the grades, one perceptron without bias or non-linearity, $\hat y = w_1 x_1 + w_2 x_2$:


# %%
def J(w1, w2):
    return mse([w1 * x1 + w2 * x2 for x1, x2 in X], y)


J(10.0, 4.0), J(0.0, 0.0)

# %% [markdown]
# Two weights are a point in a plane, and the loss is the height above it. Light is low. We look for the lowest point.

# %%
w1s = [-5 + 35 * k / 80 for k in range(81)]
w2s = [-10 + 35 * k / 80 for k in range(81)]
figures.loss_map(J, w1s, w2s, levels=[100 * 2**k for k in range(10)])

# %% [markdown]
# A long narrow valley: raise $w_1$ by 1, lower $w_2$ by 0.7, and the loss hardly changes, because who hears many
# lectures also works many hours.
#
# **Exercise 4.** Find weights with a loss below 150. Look at the map, try, and try again. (With two weights that is a
# game. With a hundred it is hopeless, and notebook 4 has a better way.)

# %%
answer = ...  # [w1, w2]
check.exercise_4(answer)

# %% [markdown]
# A landscape to walk in: a perceptron with one input, the hours, and a bias, and grades from 0 to 10. It has two
# numbers, $w_1$ and $w_0$, so the map is all there is to know.
#
# **Predict first.** The line at the right is what the perceptron says for each number of hours; at the start it says 4,
# whatever the hours. Where is the lowest point of the map: left or right of the start, above or below it? And if you
# walk along the valley, how does the line turn?
#
# Then look. On the map $w_1$ is to the right and $w_0$ up; the page writes them $w^{(1)}_{1,1}$ and $w^{(1)}_{0,1}$.
# Click on the map, and watch the line and $J$. What is the lowest $J$ that you find?

# %%
neuron = Perceptron(1, "linear")
neuron.w0.data, neuron.w[0].data = 4.0, 0.0
live(neuron, [[5], [1], [8]], [9.0, 2.0, 9.5], loss="mse", simple=True)

# %% [markdown]
# <details><summary>Answer</summary>
#
# To the right of the start, and below it: the best line is $\hat y = 1.66 + 1.11\, x$, with $J = 1.63$. Along the
# valley a steeper line starts lower: it turns around the middle of the three points, and the loss changes little.
# Across the valley it misses all of them.
#
# </details>
#
# With a non-linearity in the network, the landscape is no longer a simple valley. Here the perceptron has a sigmoid,
# and the grades are divided by 100:


# %%
def J_bent(w1, w2):
    return mse([sigmoid(w1 * x1 + w2 * x2) for x1, x2 in X], [0.90, 0.20, 0.95])


w1s = w2s = [k / 10 for k in range(-40, 41)]
figures.loss_surface(J_bent, w1s, w2s)

# %% [markdown]
# Two plateaus, on which every direction looks the same, and a cliff between them: with a hump at one end, and at the
# other a ravine at its foot, where the lowest points are.
#
# What we are looking for can now be written down. Call all weights of a network together $W$, and what it says of an
# input $f(x; W)$. The best weights are
#
# $$W^* = \underset{W}{\operatorname{argmin}} \; J(W) = \underset{W}{\operatorname{argmin}} \;
# \frac{1}{n} \sum_{i=1}^{n} L\big(f(x_i; W),\, y_i\big)$$
#
# **In one line:** the loss is the mean over all samples of how wrong each is, $J(W) = \frac1n \sum_i L(\hat y_i,
# y_i)$: a landscape over the weights.
#
# Next: the way down, [4 Gradient descent](04_gradient_descent.ipynb)
