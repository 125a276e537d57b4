// The playground: a network, data, and everything that is seen of them. One object, `play`, holds what the parts share.

/** So many states can be taken back. */
const UNDO_ROOM = 60;

/**
 * Makes the playground inside `host`. given: {state, data, sets, history}; options: {title, style, alone, simple, lessons}.
 */
function makePlay(host, given, options) {
  const play = {
    host, options, data: null, machine: null, running: false, dragging: false, held: false, version: 0, peek: null, palette: null, drawing: null,
    ask: { k: 0, j: 0, i: 0 }, lit: [], sample: null, history: makeHistory(), before: null, origin: null, past: [], given,
    modes: { simple: Boolean(options.simple), projector: false },
    shown: { axes: [0, 1], gradients: true, log: false, test: true, tab: "weight" },
    sets: [given.data, ...(given.sets || [])].filter((one) => one && one.X).map(readData),
  };
  const listeners = new Set();
  const cached = {};
  // `ran` holds the settings that the last steps were taken with.
  let lastStep = 0, restFrom = null, ran = null;
  const loop = makeLoop(train, () => host.isConnected);
  Object.assign(play, { addJob: loop.addJob, touch: loop.touch, touchAll: loop.touchAll, costs: loop.costs });

  /** How much larger letters and lines are than usual. */
  play.scale = () => (play.modes.projector ? 1.4 : 1);
  play.font = (size, style = "", family = "system-ui, sans-serif") => `${style} ${size * play.scale()}px ${family}`;

  // ---- What is asked of the network ----
  play.epochs = () => play.machine.epoch + (play.machine.at || 0) / play.data.n;
  play.outputs = () => play.machine.state.sizes.at(-1);
  play.lastActivation = () => play.machine.state.activations.at(-1);
  const once = (name, compute) => {
    if (cached[name]?.key !== play.version) cached[name] = { key: play.version, value: compute() };
    return cached[name].value;
  };
  /** The gradients that are shown: of the batch while it trains, else of all samples. */
  play.gradients = () => once("gradients", () => play.machine.gradients(play.running ? "batch" : "train"));
  play.gradientAt = (k, j, i) => {
    const { W, b } = play.gradients();
    return j < 0 ? b[k][i] : W[k][j * b[k].length + i];
  };
  play.sampleRow = () => play.sample.x;
  play.sampleLayers = () => once("layers", () => {
    const one = play.machine.sample(play.sample.x, play.sample.y);
    return one.h.map((h, k) => ({ z: one.z[k], h, dh: one.dh?.[k], dz: one.dz?.[k], dx: one.dx, loss: one.loss }));
  });
  /** The losses of now; while it trains those that the curve has last noted, for two more passes a frame are dear. */
  play.measures = () => (play.running && cached.measures) ? cached.measures.value : measure();
  const measure = () => once("measures", () => ({ train: play.machine.measure("train"), test: play.data.test.n ? play.machine.measure("test") : null }));
  play.nameOf = (k, j, i) => `w(${k + 1})_${j + 1},${i + 1}`;
  play.words = (k, j, i) => {
    const last = play.machine.state.sizes.length - 2, to = k === last ? (play.outputs() === 1 ? "the output" : `output ${i + 1}${play.data.classes ? ` (${play.data.classes[i]})` : ""}`) : `neuron ${i + 1} of layer ${k + 1}`;
    if (j < 0) return `bias of ${to}`;
    return `weight from ${k === 0 ? `input ${play.data.columns[j]}` : `neuron ${j + 1} of layer ${k}`} to ${to}`;
  };

  // ---- Changes ----
  function changed(...names) {
    play.version += 1;
    tell(...names);
  }
  function tell(...names) {
    play.root.dataset.version = play.version;
    play.touch("lines", "tip", "surface", "values", "means", "stats", "weight", "neuron", "image", "land", ...names);
    for (const listener of listeners) listener();
  }
  play.onChange = (listener) => (listeners.add(listener), () => listeners.delete(listener));

  /** Keeps what is now, to be taken back; changes of one kind that follow each other within a second are one. */
  play.remember = (kind) => {
    const now = performance.now(), last = play.past.at(-1);
    if (last && last.kind === kind && kind !== "set" && now - last.at < 1000) return void (last.at = now);
    play.past.push({ kind, at: now, state: play.machine.snapshot(), data: play.data, history: play.history.copy(), origin: play.origin });
    if (play.past.length > UNDO_ROOM) play.past.shift();
    play.touch("stats");
  };
  play.undo = () => {
    const before = play.past.pop();
    if (!before) return;
    play.run(false);
    play.history.restore(before.history);
    play.origin = before.origin;
    if (before.data !== play.data) {
      play.machine.setData(before.data);
      play.use(before.data);
    }
    begin(before.state, false);
    play.layout();
    play.say("Taken back");
  };
  play.set = ({ k, j, i }, x) => {
    const { W, b } = play.machine;
    // A field may still show a weight that has gone with its neuron.
    if (play.held || !(i < b[k]?.length) || j >= W[k].length / b[k].length) return;
    play.machine.set(k, j, i, x);
    play.version += 1;
    noteLoss();
    tell();
  };
  /** Lights up the lines of a path from the weight in question to the loss, given its neurons: z, h, z, h, ... */
  play.lightUp = (nodes) => {
    play.lit = [];
    for (let at = 1; at + 2 < nodes.length; at += 2) play.lit.push({ k: play.ask.k + (at + 1) / 2, j: nodes[at], i: nodes[at + 1] });
    play.touch("lines");
  };
  play.choose = (found, tab) => {
    play.lit = [];
    play.ask = { k: found.k, j: found.j, i: found.i };
    if (tab && play.shown.tab !== "land") play.open(play.modes.simple ? "weight" : tab);
    play.touch("lines", "values", "weight", "neuron", "land", "pick");
  };
  play.look = (peek) => {
    play.peek = peek;
    play.touch("lines", "surface", "plane");
  };
  /** Changes layers, activations, loss, optimizer and the like; what cannot be is said, and nothing has changed. */
  play.restructure = (change) => {
    play.remember(Object.keys(change)[0]);
    try {
      play.machine.restructure(change);
    } catch (error) {
      play.past.pop();
      return play.say(error.message, true);
    }
    if (change.sizes || change.activations) play.structure = (play.structure || 0) + 1;
    if (change.sizes) clip();
    if (change.loss || change.sizes) restFrom = null;
    // Until it is trained, what was built is the start.
    if (change.sizes && !play.machine.steps) play.mark();
    after();
    if (!change.sizes && !change.activations) return;
    play.net.build();
    if (play.machine.epoch) play.say("Trained weights are kept; the round arrow starts again.");
  };
  play.after = after;
  function after() {
    // What is measured now is of the network as it is now.
    play.version += 1;
    if (!play.machine.trouble) play.trouble(null);
    noteLoss();
    tell("settings", "curve", "pick");
  }
  play.clip = clip;
  function clip() {
    const { sizes } = play.machine.state, { ask } = play;
    play.peek = null;
    play.lit = [];
    // The corner of an image is never dark: nothing can be learned from it.
    if (play.data.image && ask.k === 0 && ask.j === 0) ask.j = play.sample.x.indexOf(Math.max(...play.sample.x));
    ask.k = Math.min(ask.k, sizes.length - 2);
    ask.i = Math.min(ask.i, sizes[ask.k + 1] - 1);
    ask.j = Math.min(ask.j, sizes[ask.k] - 1);
  }
  play.noteLoss = noteLoss;
  function noteLoss() {
    const { train: one, test } = measure();
    if (Number.isFinite(one.loss)) {
      play.history.add(play.epochs(), one.loss, test ? test.loss : NaN);
    }
  }

  /** Begins anew from a state: another network, or the same as it was. */
  function begin(state, fresh = true) {
    play.machine.restore(state);
    play.structure = (play.structure || 0) + 1;
    play.version += 1;
    if (fresh) play.history.clear();
    restFrom = null;
    clip();
    after();
    if (fresh) [play.before] = [null, play.mark()];
    play.net.build();
  }
  play.begin = begin;
  /** Notes the numbers of now as those that the round arrow starts from: what a notebook, a lesson or a file gave. */
  play.mark = () => {
    const { sizes, optimizer, parameters, memory, epoch, steps, at } = play.machine.snapshot();
    play.origin = { sizes, name: optimizer.name, data: play.data, history: play.history.copy(), held: { parameters, memory, epoch, steps, at } };
  };
  /** Starts again from the same weights, with the settings of now; from those of the seed if the layers are others by now. */
  play.reset = () => {
    const { sizes, name, data, history, held } = play.origin, { state } = play.machine, same = String(sizes) === String(state.sizes);
    restart(same && { ...held, memory: name === state.optimizer.name ? held.memory : null }, same && data === play.data && history);
    if (!same) play.say(`New weights, of seed ${state.seed}.`);
  };
  /** Draws the weights of another seed, which is the start from now on. */
  play.reseed = (seed) => {
    play.restructure({ seed });
    restart();
    play.mark();
  };
  function restart(held, history) {
    play.remember("reset");
    play.run(false);
    if (play.history.count > 2) play.before = { ...play.history.copy(), state: ran };
    ran = null;
    play.machine.reset(held || {});
    if (history) play.history.restore(history);
    else play.history.clear();
    play.version += 1;
    restFrom = null;
    after();
  }

  // ---- Training ----
  play.run = (on) => {
    if (on && play.held) return;
    if (on && !play.running) play.remember("train");
    const was = play.running, { value } = play.settings.until;
    play.running = on && !play.machine.trouble;
    play.stopAt = Number(value) ? play.epochs() + Number(value) : Infinity;
    restFrom = null;
    play.version += 1;
    // While it trains the curve is some steps behind.
    if (was && !on) noteLoss();
    play.touch("stats", "curve", "lines", "surface", "weight", "neuron", "image");
  };
  function steps(count, end) {
    ran = play.machine.state;
    for (let n = 0; n < count && !play.machine.trouble; n++) {
      play.machine.step();
      if (performance.now() > end || play.epochs() >= play.stopAt) break;
    }
  }
  /** One step, some, or as many as make an epoch; `each` so many are shown. */
  play.step = (count, each = play.stepsOfEpoch()) => {
    if (play.held) return;
    play.remember("step");
    play.run(false);
    play.stopAt = Infinity;
    const end = performance.now() + 2000;
    // The curve and the way on the map have a point for each epoch, or for each of so many steps.
    for (let left = count; left > 0 && !play.machine.trouble && performance.now() < end; left -= each) {
      steps(Math.min(left, each), end);
      play.version += 1;
      noteLoss();
      for (const listener of listeners) listener();
    }
    trained();
  };
  /** An epoch as text: a part of one has one decimal. */
  play.epochText = (epoch) => Number(epoch.toFixed(1)).toLocaleString("en");
  play.stepsOfEpoch = () => Math.max(1, Math.ceil(play.data.n / (play.machine.state.batch || play.data.n)));
  function trained() {
    play.version += 1;
    if (play.machine.trouble) {
      play.run(false);
      play.trouble(play.machine.trouble);
    }
    noteLoss();
    tell("curve");
  }
  let measured = 0, cost = 0;
  function train(start, time) {
    if (!play.running) return false;
    const kind = play.settings.speed.value;
    if (kind === "slow" && start - lastStep < 500) return true;
    lastStep = start;
    steps(kind === "fast" ? Infinity : kind === "epoch" ? play.stepsOfEpoch() : 1, start + time);
    play.version += 1;
    const before = performance.now();
    if (play.machine.trouble) trained();
    else if (before - measured > 5 * cost || play.epochs() >= play.stopAt) {
      noteLoss();
      measured = performance.now();
      cost = measured - before;
      stopByItself();
    }
    tell("curve");
    return play.running;
  }
  function stopByItself() {
    const until = play.settings.until.value, now = play.epochs(), loss = play.measures().train.loss;
    if (until === "rest") {
      if (restFrom === null || loss < restFrom.loss * 0.995) restFrom = { loss, epoch: now };
      if (now - restFrom.epoch > 60) [play.running] = [false, play.say(`Stopped at epoch ${Math.round(now)}: the loss has come to rest.`)];
    } else if (now >= play.stopAt) [play.running] = [false, play.say(`Stopped at epoch ${Math.round(now)}.`)];
  }

  // ---- From Python ----
  play.follow = ({ epoch, loss, valLoss, running }) => {
    play.held = Boolean(running);
    if (running) play.run(false);
    if (loss !== undefined) play.history.add((play.history.fitted = epoch), loss, valLoss ?? NaN);
    play.version += 1;
    play.touchAll();
  };

  addSamples(play);
  play.start = (state) => {
    play.use(play.given.data?.X ? play.sets[0] : makeData(play.given.data?.recipe || { name: "moons" }));
    // A start from which the usual data are learned within seconds.
    play.machine = makeMachine(state || { ...defaultState(play.data, PIECES), optimizer: { name: "SGD", lr: 0.3 }, seed: 3 }, play.data, PIECES);
    play.structure = 1;
    clip();
  };
  buildPlay(play, loop);
  if (!options.alone) fitFrame(host);
  host.play = play;
  return play;
}
