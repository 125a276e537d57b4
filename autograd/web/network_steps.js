// The steps of a network: neuron by neuron where it is small, layer by layer where it is not.

/** The steps of a network: {phase, values, gradients, title, kind, layer, i}. */
function networkSteps(plan) {
  const { layers, x, y, all, loss, page, small } = plan, { nodes } = page.data;
  const steps = [], seen = new Set(), every = (list, i) => list.flatMap((row) => (i === undefined ? row : [row[i]]));
  const units = (layer) => (small ? layers[layer].w.map((_, i) => i) : [undefined]);
  const before = (targets, found = []) => {
    const todo = [...targets];
    while (todo.length) {
      const k = todo.pop();
      if (seen.has(k)) continue;
      seen.add(k);
      found.push(k);
      for (const arg of nodes[k].args || []) if (typeof arg === "number") todo.push(arg);
    }
    return found;
  };
  const add = (phase, kind, title, more) => steps.push({ phase, kind, title, values: [], gradients: [], ...more });
  add("task", "task", "Which way should each weight move?", {
    values: before(nodes.flatMap((node, k) => (node.row === undefined ? [k] : []))),
  });
  layers.forEach(({ z, h }, layer) => {
    for (const i of units(layer)) {
      const who = i === undefined ? layerWords(plan, layer) : neuronWords(plan, layer, i);
      add("forward", "sum", `weighted sum: ${who}`, { layer, i, values: before(every(z, i)) });
      if (!plan.isLinear(layer)) add("forward", "output", `through g: ${who}`, { layer, i, values: before(every(h, i)) });
    }
  });
  add("forward", "loss", "the loss", { values: before([loss]) });
  const users = (k) => page.engine.users[k].map(([user]) => user), told = new Set();
  // With each node those that lie between it and the next ones that are shown.
  const complete = (shown) => {
    const todo = [...shown], found = [];
    while (todo.length) {
      const k = todo.pop();
      if (told.has(k)) continue;
      told.add(k);
      found.push(k);
      todo.push(...users(k).filter((user) => !plan.place.has(user)));
    }
    return found;
  };
  const targets = every(y).filter((k) => k !== null);
  add("backward", "start", "slope of the loss", { gradients: complete([loss, ...every(layers.at(-1).h), ...targets]) });
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const { w, z, h, from } = layers[layer], list = units(layer);
    for (const i of list) {
      const who = i === undefined ? layerWords(plan, layer) : neuronWords(plan, layer, i);
      const sums = complete(every(z, i));
      if (!plan.isLinear(layer)) add("backward", "slope", `through g: ${who}`, { layer, i, gradients: sums });
      add("backward", "weights", `to the weights of ${who}`, { layer, i, gradients: complete(i === undefined ? w.flat() : w[i]) });
    }
    // An output that a later layer takes as well was complete only now.
    const sources = [...x.keys()].flatMap((sample) => from.map((_, j) => plan.source(layer, j, sample))).filter((k) => users(k).every((user) => told.has(user) || !plan.place.has(user)));
    if (sources.length) add("backward", "inputs", `to what ${layerWords(plan, layer)} takes`, { layer, gradients: complete(sources) });
  }
  const known = new Set(steps.flatMap(({ gradients }) => gradients));
  steps.at(-1).gradients.push(...nodes.keys().filter((k) => !known.has(k)));
  if (!page.data.update) return steps;
  if (all > 1) add("update", "all", `the parts of all ${all} samples together`);
  add("update", "update", "one step downhill");
  add("update", "after", "the new loss");
  return steps;
}

const layerWords = ({ layers }, layer) => (layers.length > 1 ? `layer ${layers[layer].name || layer + 1}` : "the layer");

function neuronWords(plan, layer, i) {
  const { layers } = plan;
  if (layers.length === 1) return layers[0].w.length > 1 ? `neuron ${i + 1}` : "the neuron";
  const name = layers[layer].name || layer + 1;
  return layers[layer].w.length > 1 ? `neuron ${i + 1} of layer ${name}` : `layer ${name}`;
}
