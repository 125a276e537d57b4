// The ways from a weight to the loss: their sum without listing them, bounds to find the largest, their factors.

/** Returns the sum of all ways, and of their sizes, walking forward layer by layer. */
function sumOfWays({ W, sizes, slopes, ends, enter, k, i }) {
  const last = sizes.length - 2, found = { sum: 0, size: 0 };
  for (let r = 0; r < enter.length; r++) {
    for (const [name, of] of [["sum", (x) => x], ["size", Math.abs]]) {
      let z = new Float64Array(sizes[k + 1]);
      z[i] = of(enter[r]);
      for (let l = k; l <= last; l++) {
        const m = sizes[l + 1], { mixes, at } = slopes[l];
        const mixed = (o) => z.reduce((sum, x, q) => sum + of(at(r, o, q)) * x, 0);
        const h = z.map((x, o) => (mixes ? mixed(o) : of(at(r, o)) * x));
        if (l === last) {
          for (let o = 0; o < m; o++) found[name] += of(ends[r * m + o]) * h[o];
          continue;
        }
        z = new Float64Array(sizes[l + 2]);
        for (let o = 0; o < m; o++)
          for (let p = 0; h[o] && p < z.length; p++) z[p] += of(W[l + 1][o * z.length + p]) * h[o];
      }
    }
  }
  return found;
}

/** Returns for every neuron and row the size of the largest way from its z to the loss. */
function boundsOf(W, sizes, slopes, ends, k, rows) {
  const last = sizes.length - 2, bounds = [];
  for (let l = last; l >= k; l--) {
    const m = sizes[l + 1], { mixes, at } = slopes[l], bound = bounds[l] = new Float64Array(rows * m);
    for (let r = 0; r < rows; r++) {
      const after = Float64Array.from({ length: m }, (_, o) => {
        if (l === last) return Math.abs(ends[r * m + o]);
        let most = 0;
        for (let p = 0; p < sizes[l + 2]; p++)
          most = Math.max(most, Math.abs(W[l + 1][o * sizes[l + 2] + p]) * bounds[l + 1][r * sizes[l + 2] + p]);
        return most;
      });
      for (let q = 0; q < m; q++)
        for (let o = mixes ? 0 : q; o < (mixes ? m : q + 1); o++)
          bound[r * m + q] = Math.max(bound[r * m + q], Math.abs(at(r, o, q)) * after[o]);
    }
  }
  return bounds;
}

/**
 * Returns a way as a product with its factors, from the loss to the weight. Of several samples the product is the sum
 * of theirs, and a factor that differs between them (`mean`) is told by its mean. `nodes` are the neurons of the way.
 */
function pathOf(machine, { k, j, i }, { nodes, product }, enter, slopes, ends, rows) {
  const { data, W } = machine, { sizes } = machine.state, last = sizes.length - 2, factors = [];
  const add = (kind, name, by, of) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += of(r);
    factors.unshift({ kind, name, by, value: sum / rows, mean: rows > 1 && kind !== "weight" });
  };
  const input = j < 0 ? "1" : k ? `h(${k})_${j + 1}` : data.columns[j];
  add("input", input, null, (r) => enter[r]);
  let at = 1, q = i;
  for (let l = k; l <= last; l++, at += 2) {
    const o = nodes[at], p = nodes[at + 1], from = q, m = sizes[l + 1], n = sizes[l + 2];
    const h = l < last ? `h(${l + 1})_${o + 1}` : m > 1 ? `y_hat_${o + 1}` : "y_hat";
    add("slope", h, `z(${l + 1})_${q + 1}`, (r) => slopes[l].at(r, o, from));
    if (l < last) add("weight", `w(${l + 2})_${o + 1},${p + 1}`, null, () => W[l + 1][o * n + p]);
    else add("loss", "J", h, (r) => ends[r * m + o]);
    q = p;
  }
  return { product, factors, nodes };
}
