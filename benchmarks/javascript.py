"""How fast emitted JavaScript trains, against an engine of objects: `python benchmarks/javascript.py` needs Node.js.

One step is the loss of all samples, its gradient, and an update. The other engine is one as TensorFlow Playground's is
described: neurons and links as objects, each sample forward and backward on its own, derivatives added up in the links.
Both take the same steps; their weights are compared at the end.
"""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from typing import Any

import numpy as np

from autograd import compile, tanh, value_and_grad
from nn.data import moons

SAMPLES, RATE, ROUNDS = 100, 0.01, 15

OBJECTS = """
class Neuron {
  constructor(bias, activation) {
    this.bias = bias; this.activation = activation; this.inputs = []; this.outputs = [];
    this.total = 0; this.output = 0; this.outputDer = 0; this.inputDer = 0; this.accumulated = 0; this.count = 0;
  }
  update() {
    this.total = this.bias;
    for (let k = 0; k < this.inputs.length; k++) {
      const link = this.inputs[k];
      this.total += link.weight * link.source.output;
    }
    this.output = this.activation.output(this.total);
    return this.output;
  }
}
class Link {
  constructor(source, dest, weight) {
    this.source = source; this.dest = dest; this.weight = weight;
    this.errorDer = 0; this.accumulated = 0; this.count = 0;
    source.outputs.push(this); dest.inputs.push(this);
  }
}
const TANH = {output: x => Math.tanh(x), der: x => { const y = Math.tanh(x); return 1 - y * y; }};
const LINEAR = {output: x => x, der: () => 1};
const SQUARE = {error: (output, target) => (output - target) ** 2, der: (output, target) => 2 * (output - target)};
function build(sizes, weights, biases) {
  const layers = [Array.from({length: sizes[0]}, () => new Neuron(0, LINEAR))];
  for (let l = 1; l < sizes.length; l++) {
    layers.push(Array.from({length: sizes[l]}, (_, j) => {
      const neuron = new Neuron(biases[l - 1][j], l < sizes.length - 1 ? TANH : LINEAR);
      layers[l - 1].forEach((source, i) => new Link(source, neuron, weights[l - 1][i * sizes[l] + j]));
      return neuron;
    }));
  }
  return layers;
}
function forward(layers, inputs) {
  for (let k = 0; k < inputs.length; k++) layers[0][k].output = inputs[k];
  for (let l = 1; l < layers.length; l++) for (let k = 0; k < layers[l].length; k++) layers[l][k].update();
  return layers[layers.length - 1][0].output;
}
function backward(layers, target) {
  const last = layers[layers.length - 1][0];
  last.outputDer = SQUARE.der(last.output, target);
  for (let l = layers.length - 1; l >= 1; l--) {
    for (const neuron of layers[l]) {
      neuron.inputDer = neuron.outputDer * neuron.activation.der(neuron.total);
      neuron.accumulated += neuron.inputDer; neuron.count++;
    }
    for (const neuron of layers[l]) for (const link of neuron.inputs) {
      link.errorDer = neuron.inputDer * link.source.output; link.accumulated += link.errorDer; link.count++;
    }
    if (l === 1) continue;
    for (const neuron of layers[l - 1]) {
      neuron.outputDer = 0;
      for (const link of neuron.outputs) neuron.outputDer += link.weight * link.dest.inputDer;
    }
  }
}
function update(layers, rate) {
  for (let l = 1; l < layers.length; l++) for (const neuron of layers[l]) {
    neuron.bias -= rate * neuron.accumulated / neuron.count; neuron.accumulated = 0; neuron.count = 0;
    for (const link of neuron.inputs) {
      link.weight -= rate * link.accumulated / link.count; link.accumulated = 0; link.count = 0;
    }
  }
}
"""

RACE = """
const {sizes, X, y, weights, biases, steps, rounds, rate} = JSON.parse(require("fs").readFileSync(0));
const layers = build(sizes, weights, biases), samples = y.map((_, n) => [X[2 * n], X[2 * n + 1]]);
const parameters = weights.flatMap((w, l) => [Float64Array.from(w), Float64Array.from(biases[l])]);
const columns = [Float64Array.from(X), Float64Array.from(y)];
function objects() {
  for (let n = 0; n < y.length; n++) { forward(layers, samples[n]); backward(layers, y[n]); }
  update(layers, rate);
}
function emitted() {
  const [, gradients] = loss(...parameters, ...columns);
  for (let k = 0; k < parameters.length; k++) for (let i = 0; i < parameters[k].length; i++) {
    parameters[k][i] -= rate * gradients[k][i];
  }
}
function microseconds(step) {
  const start = process.hrtime.bigint();
  for (let k = 0; k < steps; k++) step();
  return Number(process.hrtime.bigint() - start) / 1e3 / steps;
}
for (let k = 0; k < 3; k++) { microseconds(objects); microseconds(emitted); }
const pairs = Array.from({length: rounds}, () => [microseconds(objects), microseconds(emitted)]);
const trained = layers.slice(1).flatMap(layer => [
  layer[0].inputs.flatMap((_, i) => layer.map(neuron => neuron.inputs[i].weight)), layer.map(neuron => neuron.bias)]);
const differences = trained.flatMap((w, k) => w.map((x, i) => Math.abs(x - parameters[k][i])));
console.log(JSON.stringify({pairs, difference: Math.max(...differences)}));
"""


def loss(W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, X: Any, y: Any) -> Any:
    h1 = tanh(X @ W1 + b1)
    h2 = tanh(h1 @ W2 + b2)
    r = (h2 @ W3 + b3).reshape(-1) - y
    return (r * r).mean()


def main() -> None:
    print("parameters   objects µs   emitted µs   times as fast   source bytes   largest difference of weights")
    for width, steps in ((16, 40), (96, 4)):
        rng = np.random.default_rng(0)
        sizes = [2, width, width, 1]
        weights = [rng.normal(size=(m, n)) / np.sqrt(m) for m, n in pairwise(sizes)]
        biases = [rng.normal(size=n) * 0.1 for n in sizes[1:]]
        X, y = (np.asarray(part, float) for part in moons(SAMPLES, seed=0))
        fast = compile(value_and_grad(loss, argnums=tuple(range(6))), backend="javascript")
        fast(*(part for pair in zip(weights, biases) for part in pair), X, y)
        given = {
            "sizes": sizes, "steps": steps, "rounds": ROUNDS, "rate": RATE, "X": X.reshape(-1).tolist(),
            "y": y.tolist(),
            "weights": [w.reshape(-1).tolist() for w in weights], "biases": [b.tolist() for b in biases],
        }  # fmt: skip
        node = ["node", "-e", OBJECTS + fast.source + RACE]
        done = subprocess.run(node, input=json.dumps(given), capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        objects, emitted = np.median(found["pairs"], axis=0)
        ratio = np.median([one / other for one, other in found["pairs"]])
        count = sum(part.size for part in (*weights, *biases))
        print(
            f"{count:>10,} {objects:>12,.0f} {emitted:>12,.0f} {ratio:>15.1f} {len(fast.source):>14,}"
            f" {found['difference']:>15.1e}"
        )


if __name__ == "__main__":
    main()
