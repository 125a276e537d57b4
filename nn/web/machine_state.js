// States of the playground: what a network is and how it is trained, as plain data, checked wherever it comes from.

const MOST_NEURONS = 512, MOST_LAYERS = 12;

/** Returns the pairs of last activation and loss that fit data, the usual one first. */
function headsOf(data, pieces) {
  return pieces.heads.filter((head) => head.task === data.task
    && (data.task === "number" || (head.outputs === "one" ? data.classes.length === 2 : data.classes.length >= 2)));
}

/** Returns the head of a state, or throws an Error that says what may be chosen. */
function headOf(state, data, pieces) {
  const heads = headsOf(data, pieces), last = state.activations.at(-1);
  const head = heads.find((one) => one.activation === last && one.loss === state.loss);
  if (head) return head;
  const pairs = heads.map((one) => `${one.activation} with ${one.loss}`).join(", ");
  throw new Error(`the last activation ${last} does not fit the loss ${state.loss} on these data; take ${pairs}`);
}

/** Returns how many outputs a head needs on data. */
const outputsOf = (head, data) => head.outputs === "one" ? 1 : data.classes.length;

/** Returns a state of default settings for data. */
function defaultState(data, pieces) {
  const [head] = headsOf(data, pieces);
  return {
    sizes: [data.d, 4, 4, outputsOf(head, data)], activations: ["tanh", "tanh", head.activation], loss: head.loss,
    optimizer: { name: "SGD", lr: 0.1 }, l1: 0, l2: 0, dropout: 0, batch: 32, seed: 1, epoch: 0, parameters: {},
  };
}

/** Returns a whole number, or throws an Error. */
function wholeNumber(name, x, least, most) {
  if (Number.isInteger(x) && x >= least && x <= most) return x;
  throw new Error(`${name} must be a whole number from ${least} to ${most}; got ${JSON.stringify(x)}`);
}

/** Returns a checked copy of a state for data; throws an Error with one sentence for all that is wrong. */
function checkState(state, data, pieces) {
  if (!state || typeof state !== "object" || !Array.isArray(state.sizes) || !Array.isArray(state.activations))
    throw new Error('this is no network of the playground: its "model" has no sizes and activations, such as {"sizes": [2, 1], "activations": ["sigmoid"]}');
  const clean = { ...defaultState(data, pieces), at: 0, steps: 0, memory: null };
  for (const name of Object.keys(clean)) if (state[name] !== undefined) clean[name] = state[name];
  clean.sizes = state.sizes.map((size) => wholeNumber("each size", size, 1, MOST_NEURONS));
  wholeNumber("the number of layers", state.sizes.length - 1, 1, MOST_LAYERS);
  if (state.activations.length !== state.sizes.length - 1)
    throw new Error(`${state.sizes.length - 1} layers need as many activations; got ${state.activations.length}`);
  clean.activations = state.activations.map((name) => {
    if (typeof name === "string" && Object.hasOwn(pieces.activations, name)) return name;
    throw new Error(`no activation ${JSON.stringify(name)}; take ${Object.keys(pieces.activations).join(", ")}`);
  });
  const outputs = outputsOf(headOf(clean, data, pieces), data);
  if (clean.sizes[0] !== data.d) throw new Error(`the network has ${clean.sizes[0]} inputs, the data have ${data.d}`);
  if (clean.sizes.at(-1) !== outputs)
    throw new Error(`the network has ${clean.sizes.at(-1)} outputs, the data and the loss need ${outputs}`);
  clean.optimizer = checkOptimizer(clean.optimizer, pieces);
  for (const name of ["l1", "l2", "dropout"])
    if (!(Number.isFinite(clean[name]) && clean[name] >= 0 && (name !== "dropout" || clean[name] < 1)))
      throw new Error(`${name} must be a number from 0${name === "dropout" ? " to below 1" : ""}; got ${clean[name]}`);
  for (const name of ["batch", "seed", "epoch", "at", "steps"])
    clean[name] = wholeNumber(name, clean[name], 0, Number.MAX_SAFE_INTEGER);
  return clean;
}

/** Returns the settings of an optimizer, all of them; throws an Error for an unknown name or number. */
function checkOptimizer(given, pieces) {
  const kind = Object.hasOwn(pieces.optimizers, given?.name) && pieces.optimizers[given.name];
  if (!kind)
    throw new Error(`no optimizer ${JSON.stringify(given?.name)}; take ${Object.keys(pieces.optimizers).join(", ")}`);
  const clean = { name: given.name };
  for (const [name, start] of Object.entries(kind.settings)) {
    clean[name] = structuredClone(given[name] ?? start);
    const { zero, below } = kind.ranges[name] ?? {};
    const fits = (x) => Number.isFinite(x) && (zero ? x >= 0 : x > 0) && x < (below ?? Infinity);
    const items = Array.isArray(start) ? clean[name] : [clean[name]];
    if (typeof start === "boolean" ? typeof clean[name] !== "boolean"
      : !Array.isArray(items) || items.length !== [start].flat().length || !items.every(fits))
      throw new Error(`${name} of ${given.name} may not be ${JSON.stringify(clean[name])}`);
  }
  const on = Object.keys(kind.settings).filter((name) => !kind.settings[name] && clean[name]).join(" ");
  // Such as nesterov without momentum.
  if (!Object.hasOwn(kind.updates, on))
    throw new Error(`${given.name} takes ${on.replaceAll(" ", " and ")} only together with another setting above 0`);
  return clean;
}

/** Puts the numbers of a state into W and b; false where it has none. Throws an Error for names, counts or nan. */
function readParameters(parameters, { W, b }) {
  const names = Object.keys(parameters ?? {});
  if (!names.length) return false;
  if (names.length !== 2 * W.length)
    throw new Error(`the network has ${2 * W.length} parameters, this state has ${names.length}`);
  for (const [to, name] of W.flatMap((w, k) => [[w, `layers.${k}.w`], [b[k], `layers.${k}.w0`]])) {
    const given = parameters[name], listed = ArrayBuffer.isView(given) || Array.isArray(given);
    const numbers = listed ? [...given].flat() : [];
    if (numbers.length !== to.length)
      throw new Error(`${name} must have ${to.length} numbers; got ${numbers.length || "none"}`);
    if (!numbers.every(Number.isFinite)) throw new Error(`${name} holds something that is no finite number`);
    to.set(numbers);
  }
  return true;
}

/** Returns W and b under the names of nn, as plain lists: layers.0.w row by row, layers.0.w0, ... */
const writeParameters = ({ W, b }) =>
  Object.fromEntries(W.flatMap((w, k) => [[`layers.${k}.w`, [...w]], [`layers.${k}.w0`, [...b[k]]]]));
