// A recorded network of neurons: what each node is, its steps, and the part of the graph between two nodes.

const NET_CARDS = 4, NET_PORTS = 7, NET_PILLS = 20;

/**
 * What the views of a network ask about it. A place is {kind, layer, i, j, sample}: layer, i, j from 0, for weights j = 0
 * is the bias. "all" in the place of a sample is the number of samples.
 */
function planNetwork(page) {
  const { layers, x, y } = page.data.network, { engine, data } = page, all = x.length;
  const place = new Map(), names = new Map(page.data.network.names);
  const put = (k, kind, more) => k === null || (place.has(k) && place.get(k).kind !== "sum") || place.set(k, { kind, ...more });
  x.forEach((row, sample) => row.forEach((k, j) => put(k, "input", { j, sample })));
  y.forEach((row, sample) => row.forEach((k, i) => put(k, "target", { i, sample })));
  layers.forEach(({ w, z, h }, layer) => {
    w.forEach((row, i) => row.forEach((k, j) => put(k, "weight", { layer, i, j, sample: all })));
    z.forEach((row, sample) => row.forEach((k, i) => put(k, "sum", { layer, i, sample })));
    h.forEach((row, sample) => row.forEach((k, i) => put(k, "output", { layer, i, sample })));
  });
  const small = x[0].length <= NET_PORTS && layers.every(({ w }) => w.length <= NET_CARDS && w[0].length <= NET_PORTS + 1);
  const form = (n) => (small ? "cards" : n <= NET_PILLS ? "pills" : "map");
  const plan = {
    page, layers, x, y, all, place, small,
    loss: data.loss,
    form: (layer) => form(layers[layer].w.length),
    inputForm: small || x[0].length <= NET_PILLS ? "cards" : "map",
    isLinear: (layer) => layers[layer].z[0][0] === layers[layer].h[0][0],
    samples: (sample) => (sample < all ? [sample] : x.map((_, s) => s)),
    /** The node that the j-th input of a layer comes from, in a sample. */
    source(layer, j, sample) {
      const [kind, at, i] = layers[layer].from[j];
      return kind === "x" ? x[sample][at] : layers[at].h[sample][i];
    },
    /** The number that a weight is multiplied by in a sample. */
    input(layer, j, sample) {
      if (j === 0) return 1;
      const z = layers[layer].z[sample][0], w = layers[layer].w[0][j];
      return engine.slope[z][data.nodes[z].args.indexOf(w)];
    },
    /** The part of the derivative of the loss by a weight that comes through one sample; the whole for all. */
    part(layer, i, j, sample) {
      const k = layers[layer].w[i][j];
      if (sample === all || all === 1) return engine.gradient[k];
      const z = layers[layer].z[sample][i];
      return engine.sent[z][data.nodes[z].args.indexOf(k)];
    },
    /** The layers, and the positions in them, that take the output of a neuron. */
    takers: (layer, i) => layers.flatMap(({ from }, to) => from.flatMap(([kind, at, unit], j) => (kind === "h" && at === layer && unit === i ? [[to, j + 1]] : []))),
    /** Whether each output of a layer depends on all of its sums, as with softmax. */
    isMixed: (layer) => layers[layer].mixed,
    words: (k) => placeWords(plan, k),
    /** A sample in words and numbers, as elements: sample 3 of 4: x1 = 0.5, x2 = -1, y = 2. */
    sampleWords(sample) {
      if (sample === all) return [`all ${all} samples`];
      const given = [...x[sample].slice(0, 3), ...(x[sample].length > 3 ? ["…"] : []), ...y[sample].slice(0, 1)].filter((k) => k !== null);
      const told = given.map((k, n) => [n ? ", " : ": ", ...(k === "…" ? [k] : [symbol(plan.name(k)), " = ", ...digits(engine.value[k], [], 3)])]);
      return [`sample ${sample + 1} of ${all}`, ...told.flat()];
    },
    /** The name of a node, the same in all samples. */
    name: (k) => names.get(k) || data.nodes[k].name,
    /** The node of the same kind in another sample. */
    moved(k, sample) {
      const at = place.get(k);
      if (!at || sample === all) return k;
      if (at.kind === "input") return x[sample][at.j];
      if (at.kind === "target") return y[sample][at.i];
      return at.kind === "weight" ? k : layers[at.layer][at.kind === "sum" ? "z" : "h"][sample][at.i];
    },
  };
  return plan;
}

function placeWords({ place, layers, loss }, k) {
  const at = place.get(k);
  if (k === loss) return "loss";
  if (!at) return "number inside";
  const layer = at.layer === undefined ? "" : layers[at.layer].name ? ` of layer ${layers[at.layer].name}` : "";
  return {
    input: () => `input ${at.j + 1}`,
    target: () => (layers.at(-1).w.length > 1 ? `target ${at.i + 1}` : "target"),
    weight: () => (at.j ? `weight${layer}, from input ${at.j} to neuron ${at.i + 1}` : `bias of neuron ${at.i + 1}${layer}`),
    sum: () => `weighted sum of neuron ${at.i + 1}${layer}`,
    output: () => `output of neuron ${at.i + 1}${layer}`,
  }[at.kind]();
}

/**
 * The part of the graph from one node to another as a function of one number, all else as it is now.
 * @returns {{value: (x: number) => number, slope: (x: number) => number}}
 */
function netPart(page, from, to) {
  const { nodes } = page.data, between = new Set();
  const reaches = new Map([[to, true]]);
  const look = (k) => {
    if (reaches.has(k)) return reaches.get(k);
    reaches.set(k, false);
    for (const [user] of page.engine.users[k]) if (user <= to && look(user)) reaches.set(k, true);
    if (reaches.get(k)) between.add(k);
    return reaches.get(k);
  };
  if (from !== to) {
    look(from);
    between.delete(from);
    between.add(to);
  }
  const order = [...between].sort((a, b) => a - b);
  const run = (x) => {
    const made = new Map([[from, x]]);
    const read = (arg) => (typeof arg !== "number" ? decodeNumbers(arg.c, arg.shape || []) : made.has(arg) ? made.get(arg) : page.engine.value[arg]);
    for (const k of order) made.set(k, page.rows[nodes[k].row].forward(...nodes[k].args.map(read)));
    return { made, read };
  };
  return {
    value: (x) => run(x).made.get(to),
    slope(x) {
      const { made, read } = run(x), g = new Map([[to, 1]]);
      for (const k of order.reverse()) {
        const { args, row } = nodes[k];
        if (!g.has(k)) continue;
        page.rows[row].backward(...args.map(read), made.get(k), g.get(k)).forEach((sent, j) => {
          if (sent !== null && made.has(args[j])) g.set(args[j], (g.get(args[j]) ?? 0) + sent);
        });
      }
      order.reverse();
      return g.get(from) ?? 0;
    },
  };
}
