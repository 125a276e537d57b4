"""The main job: a perceptron explained, moons learned by neurons, written digits learned by layers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from autograd import Tensor, Value, draw, sigmoid
from autograd.files import printable, replace_file
from nn import plots
from nn._layers.dense import MLP
from nn._training.cross_entropy import cross_entropy
from nn._training.fit import fit
from nn._training.losses import hinge
from nn._training.metrics import accuracy
from nn._training.optimizers import SGD
from nn._training.predict import predict
from nn.data import digits, moons, train_test_split
from nn.plots._style import png

PICTURES = {
    "perceptron.svg": "the graph of the perceptron, with every value and gradient",
    "perceptron.png": "the same",
    "moons_boundary.png": "the moons, and where the network draws the line",
    "moons_history.png": "loss and accuracy of each epoch",
    "digits_history.png": "the same for the digits, test dashed",
    "digits_confusion.png": "how often each digit was taken for which",
    "digits_misclassified.png": "the digits that were taken for another",
}


def run(out: Path) -> None:
    """Run the three parts, and write their pictures to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    perceptron(out)
    two_moons(out)
    read = handwriting(out)
    print(f"\nThe pictures are in {printable(str(out))}/:")
    for name, shows in PICTURES.items():
        if read or not name.startswith("digits"):
            print(f"  {name:<25} {shows}")
    print("\nNext: python -m nn train --help, to train on data of your own; README.md, to do all this from Python.")


def perceptron(out: Path) -> None:
    """Compute a perceptron, its loss and all gradients, and draw the graph."""
    print("1. A perceptron: y_hat = g(w0 + w1 x1 + w2 x2) = g(1 + 3 x1 - 2 x2), at x = (-1, 2), g = sigmoid\n")
    w0, w1, w2 = Value(1.0, label="w0"), Value(3.0, label="w1"), Value(-2.0, label="w2")
    x1, x2 = Value(-1.0, label="x1"), Value(2.0, label="x2")
    z = w0 + w1 * x1 + w2 * x2
    y_hat = sigmoid(z)
    loss = (y_hat - 1) ** 2
    z.label, y_hat.label, loss.label = "z", "y_hat", "J"
    loss.backward()
    print(f"   z = {z.data:g}, y_hat = {y_hat.data:.5f}, J = (y_hat - 1)^2 = {loss.data:.5f}\n")
    print("   node       value   gradient of J")
    for node in (w0, w1, w2, x1, x2, z, y_hat, loss):
        print(f"   {node.label:<6} {node.data:>9.5f}   {node.grad:>+13.6f}")
    for suffix in ("svg", "png"):
        draw(loss, gradients=True).save(out / f"perceptron.{suffix}")


def two_moons(out: Path) -> None:
    """Train a network of 337 Values on 100 points."""
    print("\n2. Two moons: MLP(2, [16, 16, 1]) of Values, every weight a node of its own\n")
    X, y = moons(100)
    model = MLP(2, [16, 16, 1])
    signs = [2 * label - 1 for label in y]
    start = time.perf_counter()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = fit(
        model, X, signs, loss=hinge, optimizer=optimizer, epochs=60, batch_size=10, metrics=(accuracy,), seed=0
    )
    seconds = time.perf_counter() - start
    right = accuracy(predict(model, X), y)
    print(f"   {len(model.parameters())} parameters, {seconds:.1f} s of training, accuracy {right:.1%}")
    # The same network of Tensors: the same numbers, and fast for the many points of a picture.
    layers = model.to(Tensor)
    _save(plots.decision_boundary(lambda points: predict(layers, points), X, y).figure, out / "moons_boundary.png")
    _save(history.plot().figure, out / "moons_history.png")


def handwriting(out: Path) -> bool:
    """Train a network of Tensors on 1,438 of 1,797 images of digits, and test it on the others.

    Returns False where the images are missing, which is said.
    """
    print("\n3. Handwritten digits: MLP(64, [128, 10]) of Tensors, a matrix for each layer\n")
    try:
        images = digits()
    except ImportError as error:
        print(f"   left out: {error}")
        return False
    X_train, X_test, y_train, y_test = train_test_split(*images)
    model = MLP(64, [128, 10], of=Tensor)
    start = time.perf_counter()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    history = fit(
        model,
        X_train,
        y_train,
        loss=cross_entropy,
        optimizer=optimizer,
        epochs=40,
        batch_size=64,
        validation=(X_test, y_test),
        metrics=(accuracy,),
    )
    seconds = time.perf_counter() - start
    print("   samples             accuracy")
    for name, X, y in (("training", X_train, y_train), ("test", X_test, y_test)):
        print(f"   {len(y):>5} for {name:<9} {accuracy(predict(model, X), y):>8.1%}")
    size = sum(parameter.size for parameter in model.parameters())
    print(f"   {size:,} parameters, {seconds:.1f} s of training")
    y_hat = predict(model, X_test)
    _save(history.plot(held_out="test").figure, out / "digits_history.png")
    _save(plots.confusion_matrix(y_hat, y_test).figure, out / "digits_confusion.png")
    _save(plots.misclassified(X_test.reshape(-1, 8, 8), y_hat, y_test), out / "digits_misclassified.png")
    return True


def _save(figure: Any, path: Path) -> None:
    replace_file(path, png(figure))
