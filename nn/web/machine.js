// The machine of the playground: a network that trains in the page, as nn's fit does. It knows no document.

/** How many times the usual loss an epoch may have, or a step, or an epoch after many without dropout. */
const GROWN = 20, EXPLODED = 1e6, STILL = 1.5, PATIENCE = 10;

/**
 * Returns a network on data, which is trained step by step. `state` and `data` are those of the playground, `pieces`
 * are made by Python. Weights are W[k], row = input, column = neuron, and b[k]; they may be read at any time, and
 * changed by `set`. Throws an Error with one sentence for a state or data that cannot be used.
 */
function makeMachine(state, data, pieces) {
  const machine = { pieces, trouble: null, loss: NaN, steps: 0 };
  const slopes = [];
  let net, spare, move, memory, order, at, total, seen, start, first, good, coming, test;

  /** Takes a state: makes the network, and the parameters that it does not hold. */
  function take(wished, kept = null) {
    const clean = checkState(wished, machine.data, pieces), fresh = freshParameters(pieces, clean);
    if (!readParameters(clean.parameters, fresh) && kept) keepParameters(kept, fresh, clean.sizes);
    checkMemory(clean.memory, fresh, pieces.optimizers[clean.optimizer.name].kept.length);
    machine.state = clean;
    machine.head = headOf(clean, machine.data, pieces);
    machine.epoch = clean.epoch;
    machine.steps = clean.steps;
    at = clean.at;
    machine.W = fresh.W;
    machine.b = fresh.b;
    machine.targets = targetsOf(machine.data, machine.head, outputsOf(machine.head, machine.data));
    test = machine.data.test?.n ? targetsOf(machine.data.test, machine.head, clean.sizes.at(-1)) : null;
    prepare();
  }

  /** Makes what a step needs: arrays for a batch and for the data, the order of the epoch, a way back. */
  function prepare() {
    const { state, data } = machine, m = state.sizes.at(-1);
    const size = Math.min(state.batch || data.n, data.n);
    net = makeNet(pieces, state, size);
    spare = makeNet(pieces, { ...state, dropout: 0 }, Math.max(data.n, data.test?.n ?? 0));
    machine.batch = size === data.n && !state.batch ? { n: data.n, X: data.X, T: machine.targets }
      : { n: size, X: new Float64Array(size * data.d), T: new Float64Array(size * m) };
    const parameters = machine.W.flatMap((w, k) => [w, machine.b[k]]), { l1, l2 } = pieces.penalties;
    ({ move, memory } = makeUpdates(pieces, state.optimizer, parameters));
    state.memory?.forEach((kept, k) => kept.forEach((numbers, m) => memory[k][m].set(numbers)));
    machine.penalties = machine.W.map((w) => ({ l1: l1(w.length), l2: l2(w.length) }));
    order = null;
    if (at >= data.n) at = 0;
    total = seen = 0;
    start = null;
    machine.trouble = null;
    const room = () => ({ W: machine.W.map((w) => w.slice()), b: machine.b.map((b) => b.slice()), memory: null });
    [good, coming] = [room(), room()];
    keep();
  }

  /** Notes the numbers of now as the way back. */
  function keep() {
    note(good);
    note(coming);
  }
  function note(way) {
    if (!machine.W.every((w) => w.every(Number.isFinite)) || !machine.b.every((b) => b.every(Number.isFinite))) return;
    machine.W.forEach((w, k) => { way.W[k].set(w); way.b[k].set(machine.b[k]); });
    way.memory ??= memory.map((kept) => kept.map((numbers) => numbers.slice()));
    memory.forEach((kept, k) => kept.forEach((numbers, m) => way.memory[k][m].set(numbers)));
    Object.assign(way, { epoch: machine.epoch, steps: machine.steps, at });
  }

  /** Copies the rows of the next batch; the order depends on the seed and the number of the epoch. */
  function nextBatch() {
    const { data, state, batch } = machine;
    if (batch.X === data.X) return data.n;
    order ??= { epoch: -1, rows: Int32Array.from({ length: data.n }, (_, row) => row) };
    if (order.epoch !== machine.epoch) shuffle(order, state.seed, machine.epoch);
    const n = Math.min(state.batch, data.n - at), m = state.sizes.at(-1);
    for (let r = 0; r < n; r++) {
      const row = order.rows[at + r];
      for (let j = 0; j < data.d; j++) batch.X[r * data.d + j] = data.X[row * data.d + j];
      for (let j = 0; j < m; j++) batch.T[r * m + j] = machine.targets[row * m + j];
    }
    return n;
  }

  /** Returns the loss of n rows, penalties included, and leaves all gradients in the layers of a network. */
  function pass(through, n, X, T, random) {
    const [J, dY] = through.cost(n, through.forward(n, X, machine.W, machine.b, random), T);
    through.backward(n, machine.W, dY);
    return J + penalize(through.layers);
  }

  /** Adds the gradients of the penalties on the weights, as nn's l1 and l2 have them; returns the penalties. */
  function penalize(layers) {
    let sum = 0;
    for (const name of ["l1", "l2"]) {
      if (!machine.state[name]) continue;
      machine.W.forEach((w, k) => {
        const [cost, slope] = machine.penalties[k][name](w, machine.state[name]);
        sum += cost;
        if (layers) for (let i = 0; i < w.length; i++) layers[k].dW[i] += slope[i];
      });
    }
    return sum;
  }

  machine.step = () => {
    if (machine.trouble) return;
    const n = nextBatch(), { state, data } = machine;
    const random = state.dropout ? randomOf(`${state.seed} dropout ${machine.steps}`) : null;
    if (start === null) {
      const { loss, penalty } = machine.measure("train");
      first = { epoch: machine.epoch, steps: machine.steps, loss, cost: loss + penalty };
      start = referenceLoss();
    }
    machine.loss = pass(net, n, machine.batch.X, machine.batch.T, random);
    machine.rows = n;
    total += machine.loss * n;
    seen += n;
    const whole = at + n >= data.n;
    const most = !state.dropout && machine.epoch >= first.epoch + PATIENCE ? STILL : GROWN;
    if (!(machine.loss <= EXPLODED * start && (!whole || total <= most * start * seen))) {
      machine.trouble = troubleOf(machine, whole ? total / seen : machine.loss, first.loss, machine.steps > first.steps);
      return;
    }
    machine.steps += 1;
    net.layers.forEach((layer, k) => { slopes[2 * k] = layer.dW; slopes[2 * k + 1] = layer.db; });
    move(slopes, machine.steps);
    at += n;
    if (!whole) return;
    machine.epochLoss = total / seen;
    at = total = seen = 0;
    machine.epoch += 1;
    // Only the loss of the epoch that follows tells whether the numbers at an epoch's end were good ones: no worse than the start.
    if (!(machine.epochLoss > first.cost)) [good, coming] = [coming, good];
    note(coming);
  };

  /** Returns the loss that is usual: of the network as it is, or of one whose weights are 0. */
  function referenceLoss() {
    const { loss, penalty } = machine.measure("train"), now = loss + penalty;
    const zeros = (list) => list.map((w) => new Float64Array(w.length));
    const Y = spare.forward(machine.data.n, machine.data.X, zeros(machine.W), zeros(machine.b));
    const none = spare.cost(machine.data.n, Y, machine.targets)[0] + penalty;
    return Math.max(Number.isFinite(now) ? now : 0, Number.isFinite(none) ? none : 0, 1e-9);
  }

  /** Returns loss and accuracy or r2 of all rows, without dropout; `penalty` is what l1 and l2 add to the loss. */
  machine.measure = (which = "train") => {
    const part = which === "test" ? machine.data.test : machine.data, T = which === "test" ? test : machine.targets;
    if (!part?.n) return { loss: NaN, accuracy: NaN, r2: NaN, penalty: 0 };
    const Y = spare.forward(part.n, part.X, machine.W, machine.b);
    const score = machine.data.task === "number" ? "r2" : "accuracy";
    const of = score === "r2" ? partExplained(Y, part) : partRight(Y, part, machine.head, machine.state.sizes.at(-1));
    return { loss: spare.cost(part.n, Y, T)[0], [score]: of, penalty: penalize(null) };
  };

  /** Returns the network for reading, with room for n rows. */
  machine.room = (n) => {
    if (n > spare.most) spare = makeNet(pieces, { ...machine.state, dropout: 0 }, n);
    return spare;
  };
  machine.layersOf = (X, n) => {
    machine.room(n).forward(n, X, machine.W, machine.b);
    return spare.layers.map(({ z, h, m }) => ({ z: z.subarray(0, n * m), h: h.subarray(0, n * m) }));
  };
  machine.shown = (n, Y) => pieces.activations[machine.head.shown].forward(n, machine.state.sizes.at(-1))(n, Y);
  machine.predict = (X, n) => {
    const Y = machine.room(n).forward(n, X, machine.W, machine.b);
    return machine.shown(n, Y).slice(0, n * machine.state.sizes.at(-1));
  };

  /** Returns the gradients of the loss, penalties included: of all rows, or as the last step had them. */
  machine.gradients = (which = "train") => {
    if (which === "batch" && net.layers[0].dW) return gradientsIn(net.layers);
    const { n, X } = machine.data;
    machine.wholeLoss = pass(machine.room(n), n, X, machine.targets, null);
    return gradientsIn(spare.layers);
  };
  const gradientsIn = (layers) =>
    ({ W: layers.map((one) => one.dW), b: layers.map((one) => one.db), h: layers.map((one) => one.dh) });

  machine.get = (k, j, i) => j < 0 ? machine.b[k][i] : machine.W[k][j * machine.state.sizes[k + 1] + i];
  machine.set = (k, j, i, x) => {
    if (!Number.isFinite(x)) throw new Error(`a weight must be a finite number; got ${x}`);
    if (j < 0) machine.b[k][i] = x; else machine.W[k][j * machine.state.sizes[k + 1] + i] = x;
    forget();
  };
  /** Looks anew at what is usual, after a change by hand. */
  function forget() {
    if (machine.trouble) return;
    start = null;
    keep();
  }
  /** Takes numbers from elsewhere, W[0], b[0], W[1], ... one after the other, which may be nan. */
  machine.put = (numbers, epoch = machine.epoch) => {
    const parts = machine.W.flatMap((w, k) => [w, machine.b[k]]);
    const count = parts.reduce((sum, { length }) => sum + length, 0);
    if (numbers.length !== count) throw new Error(`the network has ${count} parameters; got ${numbers.length}`);
    let from = 0;
    for (const part of parts) for (let i = 0; i < part.length; i++) part[i] = numbers[from++];
    machine.epoch = epoch;
    machine.trouble = null;
    at = total = seen = 0;
    start = null;
    keep();
  };

  /** Returns the state of now; of the last whole epoch if the numbers of now are no longer finite. */
  machine.snapshot = () => {
    const finite = (w) => w.every(Number.isFinite);
    return machine.W.every(finite) && machine.b.every(finite) && memory.flat().every(finite)
      ? stateOf({ W: machine.W, b: machine.b, memory, epoch: machine.epoch, steps: machine.steps, at })
      : machine.good();
  };
  machine.good = () => stateOf(good);
  const stateOf = ({ W, b, memory: kept, ...rest }) => ({
    ...structuredClone({ ...machine.state, memory: null, parameters: {} }), ...rest,
    parameters: writeParameters({ W, b }),
    memory: kept.flat().some((numbers) => numbers.some(Boolean)) ? kept.map((each) => each.map((x) => [...x])) : null,
  });
  machine.restore = (wished) => take(structuredClone(wished));
  /** Starts from the seed, or from the numbers of `held`, with the settings of now. */
  machine.reset = (held = {}) => take({ ...machine.state, parameters: {}, memory: null, epoch: 0, steps: 0, at: 0, ...held });
  machine.restructure = (change) => {
    // From where all was well, if the numbers of now are none to go on from.
    const now = machine.trouble ? good : { W: machine.W, b: machine.b, epoch: machine.epoch, steps: machine.steps, at };
    const wished = restructured(machine, change), old = { ...now, sizes: machine.state.sizes };
    const same = String(wished.sizes) === String(old.sizes) && wished.optimizer.name === machine.state.optimizer.name;
    const going = same ? stateOf({ memory, ...now }).memory : null, { epoch, steps } = now;
    take({ ...wished, parameters: {}, memory: going, epoch, steps, at: now.at }, old);
  };
  machine.setData = (wished) => {
    const clean = checkData(wished);
    const old = machine.data;
    machine.data = clean;
    try {
      if (old) machine.restructure({});
    } catch (error) {
      machine.data = old;
      throw error;
    }
  };
  Object.defineProperty(machine, "at", { get: () => at });
  Object.assign(machine, { penalize, memoryOf: (k, j) => memory[2 * k + (j < 0 ? 1 : 0)] });
  addExplanations(machine);
  addLandscape(machine);
  addTexts(machine);
  machine.setData(data);
  take(structuredClone(state ?? defaultState(machine.data, pieces)));
  return machine;
}
