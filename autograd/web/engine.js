// The engine of a page: a recorded graph, computed again after every change of a leaf. What an operation computes is in
// the rows, which Python makes from its table of operations; here are only the order, the chain rule and the leaves.

/** @typedef {number | Float64Array} Numbers  a number, or the elements of an array row by row */

/** Returns a + b in a new array: nodes may share what arrived at them. */
function addNumbers(a, b) {
  return typeof a === "number" ? a + b : a.map((x, i) => x + b[i]);
}

/** Tells whether all numbers are finite. */
function allFinite(x) {
  return typeof x === "number" ? Number.isFinite(x) : x.every(Number.isFinite);
}

/** Returns a copy. */
function copyNumbers(x) {
  return typeof x === "number" ? x : x.slice();
}

/**
 * Returns the engine of a graph: `value`, `gradient`, what each node sent to its arguments, and slopes.
 * @param {object} data  glassgrad-live/1
 * @param {object} rows  what the rows of the table compute: forward, backward, slopes
 */
function makeEngine(data, rows) {
  const nodes = data.nodes, loss = data.loss, users = nodes.map(() => []);
  for (const node of nodes) {
    node.shape ??= [];
    if (node.like !== undefined) for (const name of ["row", "text", "slopes"]) node[name] = nodes[node.like][name];
  }
  nodes.forEach((node, k) => (node.args || []).forEach((arg, j) => typeof arg === "number" && users[arg].push([k, j])));
  const constants = nodes.map(node => (node.args || []).map(
    arg => typeof arg === "number" ? null : decodeNumbers(arg.c, arg.shape || [])));
  const read = () => nodes.map(node => node.row === undefined ? decodeNumbers(node.data, node.shape) : null);
  const listeners = new Set();
  const engine = {
    nodes, loss, users, bad: null, initial: read(), value: read(),
    gradient: nodes.map(() => null), sent: nodes.map(() => []), slope: nodes.map(() => []),
    set, setAll, trial, reset, descend,
    /** Calls a listener after every change; returns what stops that. */
    onChange(listener) { listeners.add(listener); return () => listeners.delete(listener); },
  };

  const argsOf = (k, value) => nodes[k].args.map((arg, j) => typeof arg === "number" ? value[arg] : constants[k][j]);

  const computed = [...nodes.keys()].filter(k => nodes[k].row !== undefined), from = new Map();

  /** The nodes that are computed from a leaf, in the order of computing. */
  function computedFrom(leaf) {
    if (from.has(leaf)) return from.get(leaf);
    const chosen = new Set([leaf]), found = computed.filter(k => nodes[k].args.some(arg => chosen.has(arg)) && chosen.add(k));
    if (from.size >= 50) from.clear();
    from.set(leaf, found);
    return found;
  }

  /** Computes some nodes, all others are as they were. */
  function forward(value, order) {
    for (const k of order) value[k] = rows[nodes[k].row].forward(...argsOf(k, value));
  }

  /** The chain rule from the loss backwards: each node sends to its arguments when all has arrived at it. */
  function backward() {
    const { value, gradient, sent, slope } = engine;
    gradient.fill(null);
    const one = value[loss];
    gradient[loss] = typeof one === "number" ? 1 : new Float64Array(one.length).fill(1);
    for (let k = nodes.length - 1; k >= 0; k--) {
      if (nodes[k].row === undefined) continue;
      const row = rows[nodes[k].row], args = argsOf(k, value);
      slope[k] = row.slopes ? row.slopes(...args, value[k]) : args.map(() => null);
      sent[k] = gradient[k] === null ? args.map(() => null) : row.backward(...args, value[k], gradient[k]);
      nodes[k].args.forEach((arg, j) => {
        if (typeof arg !== "number" || sent[k][j] === null) return;
        gradient[arg] = gradient[arg] === null ? sent[k][j] : addNumbers(gradient[arg], sent[k][j]);
      });
    }
  }

  /** Finds the first node, in the order of computing, that made a nan or an infinity. */
  function firstBad() {
    const at = nodes.findIndex((node, k) => !allFinite(engine.value[k]));
    if (at >= 0) return { k: at, what: "value" };
    for (let k = nodes.length - 1; k >= 0; k--) {
      if (engine.sent[k].some(x => x !== null && !allFinite(x))) return { k, what: "gradient" };
    }
    return null;
  }

  function compute(order = computed) {
    forward(engine.value, order);
    backward();
    engine.bad = firstBad();
    for (const listener of listeners) listener();
  }

  /** Sets one number of a leaf. */
  function set(k, x, place = 0) { setAll([[k, x, place]]); }

  /** Sets numbers of leaves, [leaf, number, place] each, then computes once. */
  function setAll(changes) {
    for (const [k, x, place = 0] of changes) {
      checkPlace(k, place);
      if (typeof x !== "number") throw new TypeError(`a leaf is set to a number, not to ${String(x).slice(0, 40)}`);
    }
    for (const [k, x, place = 0] of changes) {
      if (typeof engine.value[k] === "number") engine.value[k] = x;
      else { engine.value[k] = engine.value[k].slice(); engine.value[k][place] = x; }
    }
    const [first, ...others] = new Set(changes.map(([k]) => k));
    compute(first !== undefined && !others.length ? computedFrom(first) : computed);
  }

  function checkPlace(k, place) {
    if (!nodes[k] || nodes[k].row !== undefined) throw new RangeError(`node ${k} is no leaf, which alone can be set`);
    const length = typeof engine.value[k] === "number" ? 1 : engine.value[k].length;
    if (!(place >= 0 && place < length)) throw new RangeError(`${nodes[k].name} has ${length} numbers, none at ${place}`);
  }

  /** Returns the loss if one number of a leaf grew by delta; nothing changes. */
  function trial(k, delta, place = 0) {
    checkPlace(k, place);
    const value = engine.value.slice();
    if (typeof value[k] === "number") value[k] += delta;
    else { value[k] = value[k].slice(); value[k][place] += delta; }
    forward(value, computedFrom(k));
    return value[loss];
  }

  /** Makes all leaves what they were when the graph was recorded. */
  function reset() {
    nodes.forEach((node, k) => { if (node.row === undefined) engine.value[k] = copyNumbers(engine.initial[k]); });
    compute();
  }

  /** Takes one step of gradient descent. */
  function descend(rate) {
    const chosen = data.update ? data.update.parameters : nodes.flatMap((node, k) => node.kind === "parameter" ? [k] : []);
    for (const k of chosen) {
      const g = engine.gradient[k], x = engine.value[k];
      if (g !== null) engine.value[k] = typeof x === "number" ? x - rate * g : x.map((y, i) => y - rate * g[i]);
    }
    compute();
  }

  compute();
  engine.initial = engine.value.map(copyNumbers);
  return engine;
}
