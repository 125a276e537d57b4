# %% [markdown]
# # 7 Training in practice
#
# A network with enough weights can learn anything by heart. What we want is that it does well on what it has *not*
# seen. This notebook is about the difference.
#
# *Goals:* see over-fitting in the plane and in curves; use early stopping, L2 and dropout, and say what each does;
# choose a start and a step. *Time:* about 60 minutes. *Before it:* [5 Backpropagation](05_backpropagation.ipynb).

# %%
# On Colab, install glassgrad first: take the # away from the next line, and run this cell.
# # %pip install --quiet "glassgrad[data,notebook,testing]"

# %%
# %config InlineBackend.figure_format = "retina"
import tempfile

from autograd import Tensor
from glassgrad.course import figures
from glassgrad.course import training_in_practice as check
from nn import (
    MLP,
    SGD,
    Adam,
    Dropout,
    Layer,
    Sequential,
    accuracy,
    binary_cross_entropy,
    cosine,
    cross_entropy,
    fit,
    l2,
    live,
    load,
    predict,
    save,
)
from nn.data import digits, moons, train_test_split
from nn.plots import confusion_matrix, decision_boundary, histograms, misclassified

# %% [markdown]
# ## Learning by heart, where one can see it
#
# Thirty points of two moons, with so much noise that the moons overlap, and a network with 205 numbers to fit them. On
# the left it has learned for 30 epochs, on the right for 1,000: there it bends around single points. How well it does
# on 300 others, which it has not seen, stands above.

# %%
points, classes = moons(30, noise=0.35, seed=5)
others, other_classes = moons(300, noise=0.35, seed=6)


def learn(epochs):
    """Return a network that has learned the thirty points."""
    model = MLP(2, [12, 12, 1], "tanh", "sigmoid", of=Tensor, seed=0)
    fit(
        model,
        points,
        classes,
        loss=binary_cross_entropy,
        optimizer=Adam(model.parameters(), lr=0.03),
        epochs=epochs,
        batch_size=None,
        progress=False,
    )
    return model


_, places = figures.side_by_side(2, 4.2, 3.6)
for ax, epochs in zip(places, (30, 1000)):
    model = learn(epochs)
    decision_boundary(lambda batch, model=model: predict(model, batch), points, classes, ax)
    learned, unseen = accuracy(predict(model, points), classes), accuracy(predict(model, others), other_classes)
    ax.set_title(f"{epochs:,} epochs: {learned:.0%} of these, {unseen:.0%} of others", pad=22)

# %% [markdown]
# **Predict first.** Here is the network again, untrained, with the other points hollow. When it trains, will the dashed
# loss, of the hollow points, turn round before the solid one is small, or after? And which of these keeps the line
# smooth: L2 = 0.003, dropout = 0.3, or two neurons in each layer?
#
# Then look: choose *Adam* and the rate 0.03, and press play until epoch 1,000. Then press the round arrow, change one
# thing, and play again: the pale curve is the run before.

# %%
model = MLP(2, [12, 12, 1], "tanh", "sigmoid", of=Tensor, seed=0)
live(model, points, classes, loss=binary_cross_entropy, validation=(others, other_classes))

# %% [markdown]
# <details><summary>Answer</summary>
#
# Before: the dashed curve turns at about epoch 50, where the solid one is still near 0.5, and by epoch 1,000 it has
# risen from 0.4 to 2.5. From its lowest point on, what is learned is noise, and there is the best moment to stop. L2
# = 0.003 keeps the line smooth and the dashed loss at 0.4. Dropout and two neurons in each layer help less: it rises
# to about 0.6 and 1.2.
#
# </details>
#
# To stop in time, and what else helps, is what follows, with images.

# %% [markdown]
# ## Three parts: training, validation, test
#
# The data are 1,797 handwritten digits of 8 x 8 pixels. We cut them into three parts:
#
# * The **training** samples set the weights.
# * The **validation** samples set everything that *we* choose: how many neurons, how long to train, which learning
#   rate.
# * The **test** samples are looked at once, at the very end. A number that has been used to choose something is no
#   longer an honest judge of it.
#
# To see the trouble well, we train with only 200 samples.

# %%
X, y = digits()
X_rest, X_test, y_rest, y_test = train_test_split(X, y, seed=1)
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, seed=1)
X_train, y_train = X_train[:200], y_train[:200]
len(X_train), len(X_val), len(X_test)

# %%
figures.images(X_train[:10].reshape(-1, 8, 8), y_train[:10])

# %% [markdown]
# ## Learning by heart
#
# Ten neurons at the end, one for each digit; softmax and cross-entropy as in notebooks 2 and 3. `validation` tells
# `fit` to compute the loss of those samples after every epoch, without learning from them.


# %%
def train(model, optimizer=None, epochs=120, loss=cross_entropy, **more):
    """Train on X_train, watch X_val, and return the history."""
    optimizer = optimizer or SGD(model.parameters(), lr=0.1, momentum=0.9)
    return fit(
        model,
        X_train,
        y_train,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=20,
        validation=(X_val, y_val),
        metrics=[accuracy, cross_entropy],
        progress=False,
        **more,
    )


plain_model = MLP(64, [128, 10], of=Tensor, seed=0)
plain = train(plain_model)
plain.plot().figure

# %% [markdown]
# The two solid curves are the training samples: the loss goes to 0, and soon all 200 digits are read without a mistake.
# The dashed curves are the samples that the network has never seen. Their loss falls at first, and then it *rises*: the
# network becomes more and more certain, also where it is wrong. This is **over-fitting**.
#
# Whenever you train, look at both curves of the loss:
#
# | training loss | validation loss | what to do |
# | --- | --- | --- |
# | falls | falls | go on |
# | falls | rises | over-fitting: read on |
# | stays high | stays high | under-fitting: more neurons, more epochs, a larger $\eta$ |
# | jumps, or grows | jumps, or grows | a smaller $\eta$ |
#
# Against over-fitting three things help: to stop in time, to keep the weights small, to make learning by heart hard.
# And a fourth, the best of all: more data.
#
# ## Stop in time
#
# With `patience=10` training stops when the validation loss has not reached a new low for ten epochs, and the weights
# of the best epoch come back.

# %%
model = MLP(64, [128, 10], of=Tensor, seed=0)
stopped = train(model, patience=10)
best = min(stopped["val_loss"])
print(f"stopped after {stopped.epochs} epochs; the best was epoch {stopped['val_loss'].index(best) + 1}")
print(f"validation loss {best:.3f} in place of {plain['val_loss'][-1]:.3f}")

# %% [markdown]
# **Exercise 1.** The validation losses of the first epochs are 0.9, 0.6, 0.5, 0.55, 0.52, 0.58, 0.49. With
# `patience=3`: which epoch's weights come back, and after how many epochs does training stop? (Count epochs from 1.)

# %%
comes_back, stops_after = ..., ...
check.exercise_1(comes_back, stops_after)

# %% [markdown]
# ## Keep the weights small
#
# A network that bends sharply around single samples needs large weights. So let large weights cost something: add a
# multiple of their squares to the loss,
#
# $$J = \text{cross-entropy} + \alpha \sum_i w_i^2 .$$
#
# The biases stay free. `l2` is a sum like any other: it is recorded, and differentiated, with the rest.


# %%
def weights_of(model):
    return [parameter for name, parameter in model.named_parameters() if not name.endswith("w0")]


model = MLP(64, [128, 10], of=Tensor, seed=0)
weights = weights_of(model)


def with_l2(y_hat, y, alpha=1e-3):
    return cross_entropy(y_hat, y) + alpha * l2(weights)


small = train(model, loss=with_l2)
print(f"sum of the squares without L2: {l2(weights_of(plain_model)).item():.0f}, with L2: {l2(weights).item():.0f}")
histograms(model)

# %% [markdown]
# The gradient of $\alpha w^2$ is $2 \alpha w$: at every step each weight shrinks by the same fraction of itself. So
# L2 is also called **weight decay**, and `SGD(..., weight_decay=2e-3)` does it without a word in the loss: it adds
# `weight_decay` times the weight to each gradient.
#
# **Exercise 2.** A weight is 2, the gradient of the loss by it is 0, the learning rate is 0.1. Where is the weight
# after one step of `SGD` with `weight_decay=0.5`?

# %%
answer = ...
check.exercise_2(answer)

# %% [markdown]
# ## Make learning by heart hard
#
# **Dropout** sets every number between two layers to 0 with probability $p$, anew for each sample and each step, and
# divides the others by $1 - p$, so that their mean stays. No neuron can rely on one particular other. After training
# nothing is dropped.

# %%
model = Sequential(Layer(64, 128, "relu", of=Tensor, seed=0), Dropout(0.5, seed=0), Layer(128, 10, of=Tensor, seed=1))
dropped = train(model)

# %%
curves = {
    "plain": plain["val_cross_entropy"],
    "L2": small["val_cross_entropy"],
    "dropout": dropped["val_cross_entropy"],
}
figures.lines(None, curves, xlabel="epoch", ylabel="validation cross-entropy", ylim=(0, 0.6))

# %% [markdown]
# (All three curves are the cross-entropy alone, without the squares of the weights. With dropout it is restless: each
# step trains another part of the network.)
#
# **Exercise 3.** In a layer with `Dropout(0.2)` a number is 4. What becomes of it in training if it is kept, and what
# after training?

# %%
in_training, after_training = ..., ...
check.exercise_3(in_training, after_training)

# %% [markdown]
# ## Where to start
#
# With all weights 0 all neurons of a layer are the same, and stay the same: they get the same gradients. With large
# weights the sums $z$ are huge, and the network starts out certain and wrong. `Layer` draws weights with a standard
# deviation of $\sqrt{2 / n}$ (for ReLU; $n$ is the number of inputs), so that numbers keep their size from layer to
# layer.

# %%
curves = {}
for init in ("he", 2.0, 0.0):
    curves[f"init = {init}"] = train(MLP(64, [128, 10], of=Tensor, init=init, seed=0), epochs=15).loss
figures.lines(None, curves, xlabel="epoch", ylabel="training loss", ylim=(0, 4))

# %% [markdown]
# With 0 only the biases of the last layer learn; with 2 the first epochs go into undoing the start.
#
# ## Which step
#
# **Adam** keeps two running means for each weight, $v$ of its gradients and $s$ of their squares, and divides:
#
# $$w \leftarrow w - \eta\, \frac{v}{\sqrt{s}}$$
#
# So each weight moves by about $\eta$, whether its gradients are large or small, and the learning rate needs less care.
# (In full, the means are corrected for their start at 0, and $\sqrt{s}$ is kept from being 0.) A **schedule** makes
# steps smaller towards the end: large ones to get there, small ones to settle. `cosine(40)` falls from 1 to 0 along
# half a cosine in 40 epochs.

# %%
choices = {
    "SGD": (lambda p: SGD(p, lr=0.1, momentum=0.9), None),
    "Adam": (lambda p: Adam(p, lr=0.01), None),
    "Adam, cosine": (lambda p: Adam(p, lr=0.01), cosine(40)),
}
curves = {}
for name, (make, schedule) in choices.items():
    model = Sequential(
        Layer(64, 128, "relu", of=Tensor, seed=0), Dropout(0.5, seed=0), Layer(128, 10, of=Tensor, seed=1)
    )
    curves[name] = train(model, make(model.parameters()), epochs=40, schedule=schedule)["val_loss"]
figures.lines(None, curves, xlabel="epoch", ylabel="validation loss", ylim=(0, 0.6))

# %% [markdown]
# All three get there. Without a schedule the curves stay restless to the end; with one the curve comes to rest.
#
# ## The best of all: more data
#
# All the 1,150 samples that are left for training, with what the validation samples have taught us. And then, once, the
# test.

# %%
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, seed=1)
model = Sequential(Layer(64, 128, "relu", of=Tensor, seed=0), Dropout(0.5, seed=0), Layer(128, 10, of=Tensor, seed=1))
history = train(model, Adam(model.parameters(), lr=0.003), epochs=60, schedule=cosine(60), patience=15)
y_hat = predict(model, X_test)
print(f"{len(X_train):,} training samples, test accuracy {accuracy(y_hat, y_test):.1%}")
confusion_matrix(y_hat, y_test).figure

# %%
misclassified(X_test.reshape(-1, 8, 8), y_hat, y_test)

# %% [markdown]
# ## Keep it
#
# A trained network is its structure and its numbers. `save` writes both to one file, which holds no code; `load` makes
# the network again.

# %%
with tempfile.TemporaryDirectory() as folder:
    save(f"{folder}/digits.safetensors", model)
    again = load(f"{folder}/digits.safetensors").model
bool((predict(again, X_test) == y_hat).all())

# %% [markdown]
# Given the optimizer and the history as well, `save(path, model, optimizer, history)`, a training can be carried on
# another day: `fit(..., history=history)` goes on where it stopped, to the last bit.
#
# **In one line:** learn from one part, choose by a second, report a third; and where the validation loss rises, stop,
# keep the weights small, drop numbers, or find more data.
#
# Next: layers that know what an image is, [8 Convolution](08_convolution.ipynb)
