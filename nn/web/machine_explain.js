// Why the gradient of a weight is what it is: all paths from the weight to the loss, and the share of each sample. The
// paths are walked from the weight to the loss, so that the backward pass, which walks the other way, is a check.

const SHOWN_WAYS = 200, ALL_WAYS = 4096, WORK = 2e6, BEAM = 400;

/** Adds to a machine what explains a weight, and one sample. */
function addExplanations(machine) {
  let one = null;

  /** Returns a sample's layers, forward and, if its target is known, backward: z, h, dh, dz, dx and the loss. */
  machine.sample = (x, target = null) => {
    const m = machine.state.sizes.at(-1);
    if (one?.state !== machine.state)
      one = { state: machine.state, net: makeNet(machine.pieces, { ...machine.state, dropout: 0 }, 1) };
    const { layers, forward, backward, cost } = one.net, of = (name) => layers.map((layer) => layer[name]);
    const Y = forward(1, Float64Array.from(x), machine.W, machine.b);
    if (target === null) return { z: of("z"), h: of("h"), dh: null, dz: null, dx: null, loss: NaN };
    const [loss, dY] = cost(1, Y, targetsOf({ n: 1, y: [target] }, machine.head, m));
    const dx = backward(1, machine.W, dY, true);
    return { z: of("z"), h: of("h"), dh: of("dh"), dz: of("dz"), dx, loss };
  };

  /** Returns the gradient for a weight, and the part of each sample, the largest first; penalties add to it alone. */
  machine.shares = (k, j, i) => {
    const { data: { n }, state: { sizes } } = machine, m = sizes[k + 1], { W, b } = machine.gradients("train");
    const { x, dz } = machine.room(n).layers[k];
    const shares = Array.from({ length: n }, (_, r) => [r, (j < 0 ? 1 : x[r * sizes[k] + j]) * dz[r * m + i]]);
    shares.sort((p, q) => Math.abs(q[1]) - Math.abs(p[1]));
    return { gradient: j < 0 ? b[k][i] : W[k][j * m + i], shares };
  };

  /**
   * Explains the gradient for the weight from input j (-1: the bias) to neuron i of layer k, of all samples or of one
   * row alone: its part of the mean. `paths` are the largest; `more` tells of the others; `sum` is of all. `along` is
   * the loss with this weight at x, a number or a list. `whole` is what `shares` has just returned.
   */
  machine.explain = (k, j, i, row = null, whole = machine.shares(k, j, i)) => {
    const { data: { n }, state, W } = machine, { sizes } = state;
    const shares = row === null ? whole.shares : whole.shares.filter(([r]) => r === row);
    const gradient = row === null ? whole.gradient : shares[0][1], { layers, cost } = machine.room(n);
    const rows = shares.map(([r]) => r);
    const slopes = layers.map((_, l) => (l < k ? null : slopesOf(machine, l, rows)));
    const dY = cost(n, layers.at(-1).h, machine.targets)[1], outputs = sizes.at(-1);
    const ends = Float64Array.from({ length: rows.length * outputs }, (_, e) =>
      dY[rows[Math.floor(e / outputs)] * outputs + (e % outputs)]);
    const enter = Float64Array.from(rows, (r) => (j < 0 ? 1 : layers[k].x[r * sizes[k] + j]));
    const { ways, count, total } = waysOf({ W, sizes, slopes, ends, enter, k, i });
    const penalty = row === null && j >= 0 ? penaltyPaths(machine, k, j * sizes[k + 1] + i) : [];
    const paths = ways.map((way) => pathOf(machine, { k, j, i }, way, enter, slopes, ends, rows.length));
    const listed = paths.reduce((sum, path) => sum + path.product, 0), size = total.size + Math.abs(gradient);
    const extra = penalty.reduce((sum, path) => sum + path.product, 0), sum = total.sum + extra;
    return {
      value: machine.get(k, j, i), gradient, sum, agrees: Math.abs(sum - gradient) <= 1e-9 * size,
      paths: [...paths, ...penalty].sort((p, q) => Math.abs(q.product) - Math.abs(p.product)),
      more: { count: count - paths.length, sum: count > paths.length ? total.sum - listed : 0 },
      shares, along: (x) => machine.lossAlong(k, j, i, x),
    };
  };

  /** Returns the terms of the optimizer for a weight, and where a step takes it, by default with the gradient of all samples. */
  machine.optimizerRule = (k, j, i, slope = null) => {
    const { name, ...settings } = machine.state.optimizer, kind = machine.pieces.optimizers[name];
    const at = j < 0 ? i : j * machine.state.sizes[k + 1] + i, before = machine.get(k, j, i);
    const gradient = slope ?? machine.gradients("train")[j < 0 ? "b" : "W"][k][at];
    const w = Float64Array.of(before), { move, memory } = makeUpdates(machine.pieces, machine.state.optimizer, [w]);
    machine.memoryOf(k, j).forEach((numbers, m) => { memory[0][m][0] = numbers[at]; });
    move([Float64Array.of(gradient)], machine.steps + 1);
    const terms = [...Object.entries(settings), ...kind.kept.map((part, m) => [part, memory[0][m][0]])];
    return { before, gradient, lr: settings.lr, after: w[0], terms, formula: kind.formula };
  };
}

/** Returns the slopes of a layer's activation for some rows: slope(r, o, q) is dh_o / dz_q. */
function slopesOf({ pieces, state, room, data }, l, rows) {
  const layer = room(data.n).layers[l], { m } = layer, name = state.activations[l];
  const { mixes, backward } = pieces.activations[name], back = backward(rows.length, m);
  const z = Float64Array.from({ length: rows.length * m }, (_, e) => layer.z[rows[Math.floor(e / m)] * m + (e % m)]);
  const seed = (o) => z.map((_, e) => (o === null || e % m === o ? 1 : 0));
  if (!mixes) {
    const own = back(rows.length, z, seed(null)).slice();
    return { mixes, at: (r, o) => own[r * m + o] };
  }
  const each = Array.from({ length: m }, (_, o) => back(rows.length, z, seed(o)).slice());
  return { mixes, at: (r, o, q) => each[o][r * m + q] };
}

/** Returns the paths that l1 and l2 add. */
function penaltyPaths({ penalties, state, W }, k, at) {
  return ["l1", "l2"].filter((name) => state[name]).map((name) => {
    const product = penalties[k][name](W[k], state[name])[1][at];
    return { product, factors: [{ name, value: product, kind: "penalty" }] };
  });
}

/**
 * Returns the largest ways from z_i of layer k to the loss, how many there are, and their sum. A way is the list of its
 * neurons, layer by layer, two for an activation that mixes the neurons of its layer: z_q, h_o, z_p, h_p, ...
 */
function waysOf({ W, sizes, slopes, ends, enter, k, i }) {
  const rows = enter.length, last = sizes.length - 2;
  let count = 1;
  for (let l = k; l <= last; l++) count *= (slopes[l].mixes ? sizes[l + 1] : 1) * (l < last ? sizes[l + 2] : 1);
  const exact = count <= ALL_WAYS && count * rows <= WORK;
  const bound = exact ? null : boundsOf(W, sizes, slopes, ends, k, rows);
  let ways = [{ nodes: [i], part: enter }];
  for (let l = k; l <= last; l++) {
    const longer = (way, node, factor) =>
      ({ nodes: [...way.nodes, node], part: way.part.map((x, r) => x * factor(r)) });
    ways = ways.flatMap((way) => {
      const q = way.nodes.at(-1), all = slopes[l].mixes ? [...Array(sizes[l + 1]).keys()] : [q];
      return all.map((o) => longer(way, o, (r) => slopes[l].at(r, o, q)));
    });
    ways = ways.flatMap((way) => {
      const o = way.nodes.at(-1);
      if (l === last) return [longer(way, 0, (r) => ends[r * sizes[last + 1] + o])];
      return Array.from({ length: sizes[l + 2] }, (_, p) => longer(way, p, () => W[l + 1][o * sizes[l + 2] + p]));
    });
    if (exact || l === last) continue;
    const after = (r, { nodes }) => bound[l + 1][r * sizes[l + 2] + nodes.at(-1)];
    const size = (way) => way.part.reduce((sum, x, r) => sum + Math.abs(x) * after(r, way), 0);
    ways = ways.map((way) => [size(way), way]).sort((p, q) => q[0] - p[0]).slice(0, BEAM).map(([, way]) => way);
  }
  for (const way of ways) way.product = way.part.reduce((sum, x) => sum + x, 0);
  ways.sort((p, q) => Math.abs(q.product) - Math.abs(p.product));
  return { ways: ways.slice(0, SHOWN_WAYS), count, total: sumOfWays({ W, sizes, slopes, ends, enter, k, i }) };
}
