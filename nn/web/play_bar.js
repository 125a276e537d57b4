// The bar: play and steps, the numbers that change while it trains, and all settings, which may change meanwhile.

const PLAY_ICONS = {
  play: "M5 3v14l12-7z", pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z", step: "M6 4v12l9-6z", epoch: "M3 4v12l7-6zM10 4v12l7-6z",
  reset: "M10 4a6 6 0 1 1-5.6 3.9l1.7.6A4.2 4.2 0 1 0 10 5.8V8L6.5 4.9 10 1.8z", undo: "M8 5V2L3 6.5 8 11V8c4 0 6 2 6.5 6C16.5 9 13 5 8 5z",
};

/** Makes the bar: {element, settings, layout()}. */
function makeBar(play) {
  const icon = (kind) => makeShape("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, makeShape("path", { d: PLAY_ICONS[kind] }));
  const button = (kind, text, onclick, word) => make("button", { class: kind, aria: text, title: text, onclick }, icon(kind), ...(word ? [make("span", {}, word)] : []));
  const start = button("play", "Play (space)", () => play.run(!play.running));
  const undo = button("undo", "Take back (u)", () => play.undo());
  const moves = make("div.moves", {}, start, button("step", "One step (s)", () => play.step(1), "step"), button("epoch", "One epoch (e)", () => play.step(play.stepsOfEpoch()), "epoch"), button("reset", "Start again with the same weights (r)", () => play.reset()), undo);
  const stat = (name) => {
    const value = make("b", {}, "–");
    return { value, element: make("span.stat", {}, name, value) };
  };
  const stats = { epoch: stat("epoch"), train: stat("training loss"), test: stat("test loss"), score: stat("correct") };
  const numbers = make("div.stats", {}, ...Object.values(stats).map((one) => one.element));

  const labelled = (text, ...fields) => make("label.setting", {}, make("span", {}, text), ...fields);
  const choose = (text, options, onchange) => {
    const select = make("select", { onchange: () => onchange(select.value) }, ...options.map(([value, word]) => make("option", { value }, word)));
    return { select, element: labelled(text, select) };
  };
  /** A field for a number; what is no number, or is not accepted, is said and changes nothing. */
  const field = (text, width, accept, change) => {
    const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", style: `width:${width}em`, onchange: typed });
    function typed() {
      const read = readNumber(input.value), wrong = typeof read === "number" ? accept(read) : read;
      input.setAttribute("aria-invalid", Boolean(wrong));
      if (wrong) return play.say(`${text}: ${wrong}`, true);
      change(read);
    }
    return { input, element: labelled(text, input) };
  };
  const between = (least, most) => (x) => (x >= least && x <= most ? "" : `${number(x)} is not between ${number(least)} and ${number(most)}.`);
  const whole = (least, most) => (x) => (Number.isInteger(x) ? between(least, most)(x) : `${number(x)} is not a whole number.`);

  const rateSlide = make("input", { type: "range", min: -4, max: 1, step: 0.01, aria: "Learning rate, slider", oninput: () => setRate(Number((10 ** Number(rateSlide.value)).toPrecision(2))) });
  const rate = field("rate η", 5, between(0, 1e6), (x) => setRate(x));
  rate.element.append(rateSlide);
  const setRate = (lr) => play.restructure({ optimizer: { ...play.machine.state.optimizer, lr } });
  const optimizer = choose("optimizer", [], (value) => play.restructure({ optimizer: play.optimizerOf(value) }));
  const momentum = field("momentum", 3, between(0, 0.999), (x) => play.restructure({ optimizer: { ...play.machine.state.optimizer, momentum: x } }));
  momentum.element.classList.add("momentum");
  const batch = choose("batch", [[1, "1"], [4, "4"], [8, "8"], [16, "16"], [32, "32"], [64, "64"], [128, "128"], [0, "all"]], (value) => play.restructure({ batch: Number(value) }));
  const loss = choose("loss", [], (value) => play.chooseHead(Number(value)));
  const l1 = field("L1", 4.3, between(0, 10), (x) => play.restructure({ l1: x })), l2 = field("L2", 4.3, between(0, 10), (x) => play.restructure({ l2: x }));
  const dropout = field("dropout", 3, between(0, 0.9), (x) => play.restructure({ dropout: x }));
  const seed = field("seed", 2.8, whole(0, 1e9), (x) => play.reseed(x));
  seed.element.append(make("button", { onclick: () => play.reseed(play.machine.state.seed + 1), title: "Other weights" }, "+"));
  const speed = choose("speed", [["slow", "2 steps a second"], ["one", "1 step a frame"], ["epoch", "1 epoch a frame"], ["fast", "as fast as it can"]], () => {});
  speed.select.value = "epoch";
  const until = choose("stop", [["", "by hand"], ["100", "100 epochs on"], ["1000", "1000 epochs on"], ["rest", "loss at rest"]], () => play.run(play.running));
  const more = make("div.settings", { role: "group", aria: "Settings" }, rate.element, optimizer.element, momentum.element, batch.element, loss.element, l1.element, l2.element, dropout.element, seed.element);
  const element = make("div.bar", { role: "group", aria: "Controls" }, moves, numbers);
  play.settings = { speed: speed.select, until: until.select };

  /** The choices, which depend on the data; made anew only when these change: an open list would close. */
  function layout() {
    const { optimizers, heads } = play.choices(), { state } = play.machine;
    const offer = (select, words) => select.dataset.words === words.join() || (select.replaceChildren(...words.map(([value, word]) => make("option", { value }, word))), (select.dataset.words = words.join()));
    offer(optimizer.select, optimizers.map((one) => [one.name, one.name]));
    offer(loss.select, heads.map((one, k) => [k, `${one.activation} + ${one.loss.replaceAll("_", " ")}`]));
    optimizer.select.value = state.optimizer.name;
    loss.select.value = heads.findIndex((one) => one.loss === state.loss && one.activation === state.activations.at(-1));
  }

  function paintSettings() {
    const { state } = play.machine;
    const show = (input, text) => play.shadow.activeElement === input || (input.value = text.replace("\u2212", "-"), input.removeAttribute("aria-invalid"));
    show(rate.input, number(state.optimizer.lr));
    if (play.shadow.activeElement !== rateSlide) rateSlide.value = Math.log10(Math.max(1e-4, state.optimizer.lr));
    momentum.element.hidden = !("momentum" in state.optimizer);
    show(momentum.input, number(state.optimizer.momentum ?? 0));
    if (![...batch.select.options].some((one) => Number(one.value) === state.batch)) batch.select.append(make("option", { value: state.batch }, String(state.batch)));
    batch.select.value = state.batch;
    show(l1.input, number(state.l1));
    show(l2.input, number(state.l2));
    show(dropout.input, number(state.dropout));
    show(seed.input, number(state.seed, 12));
    layout();
  }

  function paintStats() {
    const text = play.running ? "Pause (space)" : "Play (space)";
    if (start.title !== text) {
      start.replaceChildren(icon(play.running ? "pause" : "play"));
      start.title = text;
      start.setAttribute("aria-label", text);
    }
    start.disabled = play.held;
    undo.disabled = !play.past.length;
    const { train, test } = play.measures();
    put(stats.epoch.value, play.epochText(play.epochs()));
    put(stats.train.value, shortNumber(train.loss));
    put(stats.test.value, test ? shortNumber(test.loss) : "–");
    const score = (one) => (one === null ? "–" : one.accuracy !== undefined ? `${(100 * one.accuracy).toFixed(0)} %` : shortNumber(one.r2));
    const what = play.data.classes ? (test ? "correct, test" : "correct") : test ? "R², test" : "R²";
    if (stats.score.element.firstChild.data !== what) stats.score.element.firstChild.data = what;
    put(stats.score.value, score(test || train));
    stats.score.element.title = `training ${score(train)}${test ? `, test ${score(test)}` : ""}`;
  }
  play.addJob({ name: "stats", element, every: 80, rest: 6, paint: paintStats });
  play.addJob({ name: "settings", element, every: 0, rest: 4, paint: paintSettings });
  const [simple, projector] = [["simple", "Few controls"], ["projector", "Large letters"]].map(([name, title]) => make("button.toggle", { "data-mode": name, title, onclick: () => play.mode(name) }, name));
  const views = make("span.row.views", {}, simple, projector);
  return { element, more, own: [rate.element, momentum.element], seldom: [speed.element, until.element, views] };
}
