// A graph of arrays: a strip of all arrays, and the equation of the step in large.

VIEWS.matrices = { title: "Matrices", fits: (page) => page.data.nodes.some((node) => node.shape.length) && page.data.nodes.length <= 300, make: makeMatrices };

/** Below this many pixels a cell has no number. */
const CELL = { wide: 42, high: 24 };
const LARGE = { wide: 70, high: 60 };
const SMALL = { wide: 47, high: 32 };

function makeMatrices(page, stage) {
  const { engine, data } = page, local = makeLocal(page), steps = matrixSteps(page), kept = new Map();
  const strip = make("div", { class: "strip", role: "group", "aria-label": "All arrays of the graph", tabindex: 0 });
  const equation = make("div", { class: "equation", role: "group", "aria-label": "The equation of this step" });
  const key = make("p", { class: "key" }, ...[["plus", "positive"], ["minus", "negative"], ["frame", "a gradient"], ["zero", "slope 0"]].map(([kind, text]) => make("span", { class: kind }, make("i"), text)));
  const body = make("div", { class: "matrices" }, strip, equation, key);
  stage.append(body);
  let built = -1, parts = [], hovered = -1, asked = null;

  // Many arrays have their gradient below, so that all of them stay in sight.
  const dense = data.nodes.length > 11;
  strip.classList.toggle("dense", dense);
  const thumbs = data.nodes.map((node, k) => {
    const [value, gradient] = [make("canvas", { "aria-hidden": "true" }), make("canvas", { class: "of-gradient", "aria-hidden": "true" })];
    const shape = make("span", { class: "shape" }, node.shape.join(dense ? "×" : " × "));
    const button = make("button", { type: "button", onclick: () => page.ask(k, Math.max(0, placeOf(k))), ondblclick: () => page.go(stepOf(k)) }, symbol(page.name(k)), make("span", { class: "pair" }, value, gradient), shape);
    strip.append(button);
    return { button, value, gradient, shown: "" };
  });
  const stepOf = (k) => Math.max(0, steps.findIndex((step) => step.values.includes(k)));

  /** The chosen cell of an array: the question's, the last that was chosen, else the largest. */
  function placeOf(k) {
    // A question about another array leaves the cell of this one as it is.
    if (page.question && page.question.k === k && page.question.place < page.size(k)) kept.set(k, page.question.place);
    if (kept.has(k)) return kept.get(k);
    const x = engine.gradient[k] && page.knownGradient(k) ? engine.gradient[k] : engine.value[k];
    let best = page.size(k) ? 0 : -1;
    for (let place = 1; place < page.size(k); place++) if (Math.abs(elementOf(x, place)) > Math.abs(elementOf(x, best))) best = place;
    return best;
  }
  const chosen = () => (hovered >= 0 ? hovered : placeOf(steps[page.step].result));
  const act = {
    pick(place) {
      hovered = -1;
      kept.set(steps[page.step].result, place);
      page.ask(steps[page.step].result, place);
    },
    hover(place) {
      if (place === hovered) return;
      hovered = place;
      page.redraw();
    },
  };

  function build() {
    built = page.step;
    hovered = -1;
    parts = equationOf(page, local, steps[page.step], act);
    equation.replaceChildren(...parts.map((part) => (typeof part === "string" ? make("span", { class: "sign" }, ...prose(part)) : part.element)));
    lay();
    equation.scrollTop = 0;
  }

  /** Gives each grid its size: all with numbers if there is room, else the largest become heat maps. */
  function lay() {
    const grids = parts.filter((part) => typeof part !== "string");
    const signs = [...equation.querySelectorAll(".sign")].reduce((all, one) => all + one.getBoundingClientRect().width, 0);
    // Rows that do not fit beside each other stand one below the other.
    const rows = grids.length > 1 && grids.every(({ layout }) => layout.height <= 2) && grids.reduce((all, { layout }) => all + layout.width * CELL.wide, signs) > equation.clientWidth;
    equation.classList.toggle("stacked", rows);
    const phone = equation.clientWidth < 520, narrow = rows || phone, zoom = Math.max(1, Math.min(1.7, equation.clientWidth / 850)), most = phone ? SMALL : { wide: LARGE.wide * zoom, high: LARGE.high * zoom };
    const room = Math.max(120, equation.clientWidth - 24 - (narrow ? 0 : signs + 14 * parts.length)), high = Math.max(90, (equation.clientHeight - (rows ? 40 : 0)) / (rows ? grids.length : 1) - 94);
    const heat = new Set(grids.filter(({ layout }) => layout.n > MOST_CELLS || layout.height * CELL.high > high));
    const wide = (grid) => Math.max(1, grid.layout.width);
    const needed = (set) => grids.filter((grid) => !set.has(grid)).reduce((all, grid) => all + CELL.wide * wide(grid), 0);
    const least = () => heat.size * Math.min(150, room / grids.length);
    if (narrow) grids.forEach((grid) => wide(grid) * CELL.wide > room && heat.add(grid));
    else for (const grid of [...grids].sort((a, b) => wide(b) - wide(a))) if (needed(heat) + least() > room) grids.forEach((other) => other.layout === grid.layout && heat.add(other));
    const open = grids.filter((grid) => !heat.has(grid)), columns = open.reduce((all, grid) => all + wide(grid), 0);
    const share = narrow ? 0 : Math.max(least(), room - columns * most.wide);
    const w = Math.floor(Math.min(most.wide, narrow ? Infinity : (room - (heat.size ? share : 0)) / columns));
    for (const grid of open) grid.resize(narrow ? Math.floor(Math.min(most.wide, room / wide(grid))) : w, Math.floor(Math.max(CELL.high, Math.min(most.high, high / grid.layout.height))), true);
    let left = share, count = heat.size;
    for (const grid of [...heat].sort((a, b) => wide(a) - wide(b))) {
      const reach = narrow ? room : left / count, size = Math.min(26, reach / wide(grid), high / grid.layout.height);
      // A matrix that is far longer than wide is stretched, so that there is something to point at.
      grid.resize(Math.max(size, Math.min(26, reach / wide(grid), 24 / wide(grid))), Math.max(size, Math.min(26, 24 / grid.layout.height, high / grid.layout.height)), false);
      left -= size * wide(grid);
      count -= 1;
    }
  }

  function paint() {
    const step = steps[page.step], update = step.phase === "update" && page.question ? page.question.k : null;
    if (built !== page.step || update !== asked) build();
    asked = update;
    const root = page.host.shadowRoot.querySelector(".view"), style = getComputedStyle(root);
    const state = { theme: root.classList.contains("dark") ? "dark" : "light", ink: style.getPropertyValue("--ink"), accent: style.getPropertyValue("--grad") };
    const marks = marksOf(step, chosen());
    for (const part of parts) if (typeof part !== "string") part.paint({ ...state, chosen: -1, ...marks(part.spec.role) });
    paintStrip(step, state);
  }

  /** What to frame in each grid of a step, by the part it plays, if a cell of the result is chosen. */
  function marksOf(step, place) {
    const { k, j } = step;
    if ((step.phase !== "forward" && step.phase !== "backward") || place < 0) return () => ({});
    if (step.phase === "forward") return ({ arg, result }) => (result ? { chosen: place } : arg === undefined || typeof data.nodes[k].args[arg] !== "number" ? {} : { marks: local.inputs(k, arg, place), markAt: place });
    if (j === null) return ({ result }) => (result ? { chosen: place } : {});
    const cells = local.reached(k, j, place), back = new Map(cells.slice(0, 4000).map((c) => [c, null]));
    const hatched = local.isDiagonal(k, j) ? local.diagonal(k, j) : null, factors = new Map();
    if (!hatched) for (const { place: c } of local.returns(k, j, place).terms.slice(0, 40)) {
      const found = local.factorOf(k, j, place, c);
      if (found) factors.set(found[0], (factors.get(found[0]) || new Map()).set(found[1], null));
    }
    return ({ arg, result, g, slope }) => (result ? { chosen: place } : g ? { marks: back } : slope ? { marks: back, hatched } : arg === undefined ? {} : { marks: arg === j ? new Map([[place, null]]) : factors.get(arg) });
  }

  function paintStrip(step, { theme, ink, accent }) {
    const zoom = Math.max(1, Math.min(1.7, strip.clientWidth / 850));
    data.nodes.forEach((node, k) => {
      const { button, value, gradient } = thumbs[k], layout = layoutOf(node.shape);
      const size = zoom * Math.min(10, (dense ? 40 : 54) / layout.height, (dense ? 42 : 70) / layout.width), [width, height] = [Math.max(4, size * layout.width), Math.max(4, size * layout.height)];
      const now = step.k === k || step.result === k, knows = [page.knownValue(k), page.knownGradient(k) && engine.gradient[k] !== null];
      for (const [canvas, known, numbers] of [[value, knows[0], engine.value[k]], [gradient, knows[1], engine.gradient[k]]]) {
        const state = `${known}.${local.version()}.${theme}.${zoom}`;
        if (canvas.dataset.state === state) continue;
        canvas.dataset.state = state;
        canvas.hidden = canvas === gradient && !known;
        canvas.classList.toggle("unknown", !known);
        paintHeat(canvas, { layout, values: known ? numbers : node.shape.length ? new Float64Array(layout.n) : 0, width, height, theme, ink, gradient: accent, chosen: -1 });
      }
      button.classList.toggle("now", now);
      const told = `${page.name(k)}, ${shapeText(node.shape)}${knows[0] ? "" : ", not yet computed"}${knows[1] ? ", gradient known" : ""}`;
      if (button.getAttribute("aria-label") !== told) button.setAttribute("aria-label", told);
    });
    const now = strip.querySelector(".now");
    if (now && (now.offsetLeft < strip.scrollLeft || now.offsetLeft + now.offsetWidth > strip.scrollLeft + strip.clientWidth)) strip.scrollLeft = now.offsetLeft - strip.clientWidth / 2;
  }

  const sizes = new ResizeObserver(() => parts.length && (lay(), page.redraw()));
  sizes.observe(stage);

  function say(step) {
    const { k, j } = step, J = page.name(engine.loss), fill = (text) => filled(withoutSettings(text), data.nodes[k].args.map((arg) => (typeof arg === "number" ? page.name(arg) : "constant")), page.name(k));
    if (step.phase === "task") return `Find the gradients of ${J}`;
    if (step.phase === "forward") return `${page.name(k)} = ${fill(data.nodes[k].text)}, ${shapeText(data.nodes[k].shape)}`;
    if (step.phase === "backward") return j === null ? `∂${J}/∂${J} = 1` : `∂${J}/∂${page.name(step.result)} from ∂${J}/∂${page.name(k)}${step.parts > 1 ? `, part ${step.part} of ${step.parts}` : ""}, ${shapeText(data.nodes[step.result].shape)}`;
    return `${J} before and after the update`;
  }

  return { steps, start: page.options.alive ? steps.findLastIndex((step) => step.phase === "backward") : 0, paint, say, tell: (panel, step) => tellMatrix(page, local, panel, step, chosen()), close: () => (sizes.disconnect(), local.stop()) };
}
