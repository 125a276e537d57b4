// The update: what the numbers would be after it, and gradient descent in the page.

/** Gives the page what it says of the update: weights(), after(), keep(), setRate(), isUntouched(). */
function addUpdate(page) {
  const { engine, data, rows, options } = page;
  let twin = null, fresh = false;
  engine.onChange(() => (fresh = false));

  page.weights = () => (data.update ? data.update.parameters : data.nodes.map((_, k) => k).filter((k) => data.nodes[k].kind === "parameter"));

  /** The engine after the update: what Python's optimizer computed, or plain gradient descent; null if neither is possible. */
  page.after = () => {
    if (fresh) return twin;
    const rate = data.update && data.update.rate, moved = options.updated;
    if (typeof rate !== "number" && (!moved || !page.isUntouched())) return null;
    twin = twin || makeEngine(data, rows);
    fresh = true;
    data.nodes.forEach((_, k) => page.isLeaf(k) && (twin.value[k] = engine.value[k]));
    for (const k of page.weights()) {
      const x = engine.value[k], g = engine.gradient[k];
      if (typeof rate !== "number") twin.value[k] = decodeNumbers(moved[k], data.nodes[k].shape);
      else if (g !== null) twin.value[k] = typeof x === "number" ? x - rate * g : x.map((one, n) => one - rate * g[n]);
    }
    twin.setAll([]);
    return twin;
  };

  /** Goes on with the numbers after the update. */
  page.keep = () => {
    const after = page.after();
    for (const k of page.weights()) engine.value[k] = after.value[k];
    engine.setAll([]);
  };
  const same = (x, y) => (typeof x === "number" ? Object.is(x, y) : x.every((one, k) => Object.is(one, y[k])));
  page.isUntouched = () => data.nodes.every((_, k) => !page.isLeaf(k) || same(engine.value[k], engine.initial[k]));

  /** The rate of plain gradient descent; the update of another optimizer has none. */
  page.setRate = (rate) => {
    if (!data.update || typeof data.update.rate !== "number" || data.update.rate === rate) return;
    data.update.rate = rate;
    fresh = false;
    page.redraw();
  };
}

const MANY = 100;

/** The row of buttons: {element, paint(), stop()}. */
function makeDescent(page) {
  const { engine } = page;
  let running = 0, own = false, said = [], taken = 0;
  engine.onChange(() => own || (said = []));
  const rate = make("input", { type: "text", inputmode: "decimal", aria: "Learning rate", value: page.data.update?.rate ?? 0.1, class: "rate", oninput: check });
  const button = (text, title, onclick) => make("button", { title, onclick }, text);
  const run = button(`${MANY} steps`, "Until pressed again", () => (running ? stop() : start()));
  const told = make("span.told", { role: "status" }), since = make("span.since", {});
  const row = [make("label", {}, "rate ", rate), button("One step downhill", "Every weight moves by −rate · its gradient", () => one()), run, button("Reset", "The numbers that the page was made with", reset)];
  const element = make("div.descent", { role: "group", aria: "Gradient descent" }, ...row, told, since);
  element.hidden = !page.weights().length;

  function check() {
    const read = readNumber(rate.value);
    rate.toggleAttribute("aria-invalid", typeof read !== "number");
    if (typeof read !== "number") [taken] = [0, refill(told, ...(said = [read]))];
    else page.setRate(read);
    return typeof read === "number" ? read : null;
  }

  const change = (before, after) => [symbol(page.name(engine.loss)), ": ", ...prose(number(before, 4)), " → ", make("b", {}, ...prose(number(after, 4)))];

  const counted = (n) => `${n} step${n > 1 ? "s" : ""}`;

  /** Beside an update, which shows the step after those that were taken, that step; else what was said. */
  function toSay() {
    const next = said.length && taken && page.view.steps[page.step].phase === "update" && page.after();
    return next ? [`${counted(taken)} taken; the next, `, ...change(engine.value[engine.loss], next.value[engine.loss])] : said;
  }

  /** Takes the n-th step of a row that began with a loss; tells whether another makes sense. */
  function one(n = 1, first = engine.value[engine.loss]) {
    const eta = check(), before = engine.value[engine.loss];
    if (eta === null) return false;
    own = true;
    engine.descend(eta);
    own = false;
    taken = n;
    const after = engine.value[engine.loss];
    said = [`${counted(n)}, `, ...change(first, after), after > before ? " grew: the step was too large" : after < first ? " ✓ smaller" : "", n > 1 && after === before ? ": the next one changes nothing" : ""];
    return n < MANY && Number.isFinite(after) && after !== before;
  }

  function start() {
    run.textContent = "Stop";
    told.setAttribute("aria-live", "off");
    const first = engine.value[engine.loss];
    let n = 0;
    const turn = () => (running = page.host.isConnected && one((n += 1), first) ? requestAnimationFrame(turn) : (stop(), 0));
    running = requestAnimationFrame(turn);
  }

  /** The last step, or what the loss was when the page began; not beside an update, which has a before and an after of its own. */
  function paint() {
    refill(told, ...toSay());
    const [first, now] = [engine.initial, engine.value].map((value) => value[engine.loss]);
    const silent = said.length || Object.is(first, now) || typeof now !== "number" || page.view.steps[page.step].phase === "update";
    refill(since, ...(silent ? [] : [symbol(page.name(engine.loss)), " was ", ...prose(number(first, 4)), " at the start"]));
  }

  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    run.textContent = `${MANY} steps`;
    told.setAttribute("aria-live", "polite");
  }

  function reset() {
    stop();
    engine.reset();
  }
  return { element, paint, stop };
}
