// The loss as a function of one or two weights, all others as they are. The training does not notice.

/** Adds to a machine what draws its loss as a curve or a landscape. */
function addLandscape(machine) {
  /** Returns the loss of all rows, penalties included, with some weights changed: [layer, input, neuron, number]. */
  machine.lossWith = (changes, first = 0) => {
    const { n, X } = machine.data, { W, b } = machine;
    const places = changes.map(([k, j, i]) => (j < 0 ? [b[k], i] : [W[k], j * machine.state.sizes[k + 1] + i]));
    const before = places.map(([numbers, at]) => numbers[at]), { forward, cost } = machine.room(n);
    try {
      places.forEach(([numbers, at], c) => { numbers[at] = changes[c][3]; });
      return cost(n, forward(n, X, W, b, null, first), machine.targets)[0] + machine.penalize(null);
    } finally {
      // From the last to the first, as one may be named twice.
      for (let c = places.length - 1; c >= 0; c--) places[c][0][places[c][1]] = before[c];
    }
  };

  /** Returns the loss with one weight at x, a number, or a list of numbers, which takes less time for each. */
  machine.lossAlong = (k, j, i, x) => {
    if (typeof x === "number") return machine.lossWith([[k, j, i, x]]);
    machine.lossWith([]);
    return Float64Array.from(x, (each) => machine.lossWith([[k, j, i, each]], k));
  };

  /** Returns the loss for n numbers of each of two weights, [layer, input, neuron]; a row for each of `second`. */
  machine.landscape = (first, second, { from, to, from2 = from, to2 = to, n }) => {
    const losses = new Float64Array(n * n), place = (a, b, t) => a + ((b - a) * t) / Math.max(n - 1, 1);
    // The layers before both weights stay as they are.
    const start = Math.min(first[0], second[0]);
    machine.lossWith([]);
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++)
        losses[row * n + column] =
          machine.lossWith([[...first, place(from, to, column)], [...second, place(from2, to2, row)]], start);
    return losses;
  };
}
