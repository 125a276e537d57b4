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

/** The row of buttons: {element, stop()}. */
function makeDescent(page) {
  const { engine } = page;
  let running = 0;
  const rate = make("input", { type: "text", inputmode: "decimal", "aria-label": "Learning rate", value: page.data.update?.rate ?? 0.1, class: "rate", oninput: check });
  const button = (text, title, onclick) => make("button", { type: "button", title, onclick }, text);
  const run = button("Many", "Step after step, until pressed again", () => (running ? stop() : start()));
  const told = make("span", { class: "told", role: "status" });
  const row = [make("label", {}, "rate ", rate), button("One step downhill", "Every weight moves by −rate · its gradient", one), run, button("Reset", "The numbers that the page was made with", reset)];
  const element = make("div", { class: "descent", role: "group", "aria-label": "Gradient descent" }, ...row, told);
  element.hidden = !page.weights().length;

  function check() {
    const read = readNumber(rate.value);
    rate.toggleAttribute("aria-invalid", typeof read !== "number");
    if (typeof read !== "number") told.textContent = read;
    else page.setRate(read);
    return typeof read === "number" ? read : null;
  }

  function one() {
    const eta = check();
    if (eta === null) return false;
    const before = engine.value[engine.loss];
    engine.descend(eta);
    const after = engine.value[engine.loss];
    refill(told, symbol(page.name(engine.loss)), ": ", ...prose(number(before, 4)), " → ", make("b", {}, ...prose(number(after, 4))), after > before ? " grew: the step was too large" : after < before ? " ✓ smaller" : "");
    return Number.isFinite(after);
  }

  function start() {
    run.textContent = "Stop";
    told.setAttribute("aria-live", "off");
    const turn = () => (running = page.host.isConnected && one() ? requestAnimationFrame(turn) : (stop(), 0));
    running = requestAnimationFrame(turn);
  }

  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    run.textContent = "Many";
    told.setAttribute("aria-live", "polite");
  }

  function reset() {
    stop();
    told.textContent = "";
    engine.reset();
  }
  return { element, stop };
}
