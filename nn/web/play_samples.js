// The data that the network learns from, and the one sample of them that numbers are shown of.

/** Adds to a playground: use(data), pick(row), setData(data). */
function addSamples(play) {
  /** Takes data without telling the machine. */
  play.use = (data) => {
    const { d, n, X, y } = data;
    play.data = data;
    play.shown.axes = d > 1 ? [0, 1] : [0, 0];
    play.means = Array.from({ length: d }, (_, column) => {
      let sum = 0;
      for (let row = 0; row < n; row++) sum += X[row * d + column];
      return sum / n;
    });
    const low = y.reduce((least, one) => Math.min(least, one), Infinity), high = y.reduce((most, one) => Math.max(most, one), -Infinity);
    play.targets = { low, high, middle: (low + high) / 2, half: (high - low) / 2 || 1 };
    play.grid?.forget();
    play.pick(0, true);
  };

  /** Chooses a row of the training data to show numbers of. */
  play.pick = (row, silent) => {
    const { d, X, y } = play.data;
    play.sample = { row, x: X.slice(row * d, (row + 1) * d), y: y[row] };
    play.version += 1;
    if (!silent) play.touch("values", "points", "weight", "neuron", "image", "lines", "surface");
  };

  /**
   * Takes other data: the network keeps its hidden layers, inputs and outputs become as many as needed; with `keep` its
   * weights and the curve too. Throws an Error with a sentence for data that no network learns from.
   */
  play.setData = (data, keep = false) => {
    const before = play.data, same = data.d === before.d && data.task === before.task && (data.classes || []).length === (before.classes || []).length;
    play.remember("data");
    try {
      play.machine.setData(data);
    } catch (error) {
      play.past.pop();
      throw error;
    }
    play.use(data);
    if (!keep) {
      if (!same) play.machine.reset();
      play.history.clear();
    }
    play.structure += 1;
    play.version += 1;
    play.clip();
    play.after();
    play.touchAll();
    if (!same) play.layout();
    play.net.build();
  };
}
