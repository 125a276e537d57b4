// A graph of arrays: a strip of all arrays, and the equation of the step in large.

VIEWS.matrices = { title: "Matrices", fits: (page) => page.data.nodes.some((node) => node.shape.length) && page.data.nodes.length <= 300, make: makeMatrices };

/** Below this many pixels a cell has no number. */
const CELL = { wide: 42, high: 24 };
const LARGE = { wide: 70, high: 60 };
const SMALL = { wide: 47, high: 25 };

function makeMatrices(page, stage) {
  const { engine, data } = page, local = makeLocal(page), steps = matrixSteps(page);
  const strip = make("div.strip", { role: "group", aria: "All arrays of the graph", tabindex: 0 });
  const equation = make("div.equation", { role: "group", aria: "The equation of this step" });
  const key = make("p.key", {}, ...[["plus", "positive"], ["minus", "negative"], ["frame", "a gradient"], ["zero", "slope 0"], ["asked", "your question"]].map(([kind, text]) => make("span", { class: kind }, make("i"), text)));
  const body = make("div.matrices", {}, strip, equation, key);
  stage.append(body);
  const shownIn = new WeakMap();
  let built = -1, parts = [], hovered = -1, asked = null, scale = 1, followed = -1, ways = new Map();

  // Many arrays have their gradient below, so that all of them stay in sight.
  const dense = data.nodes.length > 11;
  strip.classList.toggle("dense", dense);
  const thumbs = data.nodes.map((node, k) => {
    const [value, gradient] = [make("canvas", { "aria-hidden": "true" }), make("canvas.of-gradient", { "aria-hidden": "true" })];
    const shape = make("span.shape", {}, node.shape.join(dense ? "×" : " × "));
    const button = make("button", { onclick: () => show(k) }, symbol(page.name(k)), make("span.pair", {}, value, gradient), shape);
    strip.append(button);
    return { button, value, gradient, layout: layoutOf(node.shape), shown: "" };
  });
  /** Asks about an array, where the equation has none of it in the step that found it. */
  function show(k) {
    page.ask(k, Math.max(0, placeOf(k)));
    if (parts.some((part) => part.spec?.node === k)) return;
    const found = steps.findIndex((step) => step.phase !== "update" && (steps[page.step].phase === "backward" && page.knownGradient(k) ? step.gradients : step.values).includes(k));
    if (found >= 0) page.go(found);
  }

  // The cells that the question's cell was computed from, or that are computed from it: each the one that matters most.
  const weight = (k, place) => Math.abs(elementOf(engine.gradient[k] ?? engine.value[k], place));
  const heaviest = (k, cells) => cells.reduce((best, place) => (best < 0 || weight(k, place) > weight(k, best) ? place : best), -1);
  const below = new Set();
  function placeOf(k) {
    const { question: q } = page, key = `${q.k}.${q.place}`;
    if (ways.key !== key) {
      ways = new Map([[q.k, q.place]]);
      ways.key = key;
      below.clear();
      data.nodes.forEach(({ args }, n) => (n === q.k || args?.some((arg) => below.has(arg))) && below.add(n));
    }
    return remember(ways, k, () => {
      const { args } = data.nodes[k];
      let found = -1;
      if (below.has(k)) found = heaviest(k, local.reached(k, args.findIndex((arg) => below.has(arg)), placeOf(args.find((arg) => below.has(arg)))));
      else if (engine.users[k].length) {
        const [user, j] = engine.users[k].at(-1), at = placeOf(user);
        if (at >= 0) found = heaviest(k, [...local.inputs(user, j, at).keys()]);
      }
      return found >= 0 ? found : heaviest(k, Array.from({ length: page.size(k) }, (_, place) => place));
    });
  }

  /** The cell of a step's result that is told: if a factor of its terms is asked about, one that has that in a term. */
  function chosen() {
    if (hovered >= 0) return hovered;
    const { k, j, result } = steps[page.step], first = placeOf(result), { question: q } = page;
    if (!(j >= 0) || q.k === result || !data.nodes[k].args.includes(q.k) || countOf(data.nodes[k].shape) > MOST_CELLS) return first;
    const has = (place) => local.returns(k, j, place).terms.some(({ place: c }) => String(local.factorOf(k, j, place, c)) === `${data.nodes[k].args.indexOf(q.k)},${q.place}`);
    return remember(ways, `s${page.step}`, () => [first, ...Array.from({ length: Math.min(MOST_CELLS, page.size(result)) }, (_, place) => place)].find(has) ?? first);
  }
  const act = {
    pick(place) {
      hovered = -1;
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
    equation.replaceChildren(...parts.map((part) => (typeof part === "string" ? make("span.sign", {}, ...prose(part)) : part.element)));
    lay();
    equation.scrollTop = 0;
  }

  /** Gives each grid its size: all with numbers if there is room, else the largest become heat maps. */
  function lay() {
    scale = Math.max(1, Math.min(1.7, strip.clientWidth / 850));
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

  // Read from the style once for each theme, and sizes only when they change: to ask makes a browser lay out at once.
  const inks = new Map();
  function inksOf(root) {
    const theme = root.classList.contains("dark") ? "dark" : "light", read = (name) => getComputedStyle(root).getPropertyValue(name);
    if (!inks.has(theme)) inks.set(theme, { theme, ink: read("--ink"), accent: read("--grad") });
    return inks.get(theme);
  }

  function paint() {
    const step = steps[page.step], update = step.phase === "update" && page.question ? page.question.k : null;
    if (built !== page.step || update !== asked) build();
    asked = update;
    const state = inksOf(page.host.shadowRoot.querySelector(".view"));
    const marks = marksOf(step, chosen());
    for (const part of parts) if (typeof part !== "string") part.paint({ ...state, chosen: -1, ...marks(part.spec.role) });
    paintStrip(step, state);
  }

  /** What to frame in each grid of a step, by the part it plays, if a cell of the result is chosen. */
  function marksOf(step, place) {
    const { k, j } = step;
    if ((step.phase !== "forward" && step.phase !== "backward") || place < 0) return () => ({});
    const picked = local.picks(k), all = picked && new Map(picked.slice(0, 4000).map((at) => [at, null]));
    if (step.phase === "forward") return ({ arg, result }) => (result ? { chosen: place } : arg === undefined || typeof data.nodes[k].args[arg] !== "number" ? {} : { marks: all || local.inputs(k, arg, place), chosen: all ? picked[place] : -1, markAt: place });
    if (j === null) return ({ result }) => (result ? { chosen: place } : {});
    const cells = local.reached(k, j, place), back = new Map(cells.slice(0, 4000).map((c) => [c, null]));
    const hatched = local.isDiagonal(k, j) ? local.diagonal(k, j) : null, factors = new Map();
    if (!hatched) for (const { place: c } of local.returns(k, j, place).terms.slice(0, 40)) {
      const found = local.factorOf(k, j, place, c);
      if (found) factors.set(found[0], (factors.get(found[0]) || new Map()).set(found[1], null));
    }
    return ({ arg, result, g, slope, own }) => (result ? { chosen: place, marks: all } : own ? { marks: new Map([[place, null]]) } : g ? { marks: back } : slope ? { marks: back, hatched } : arg === undefined ? {} : { marks: arg === j ? new Map([[place, null]]) : factors.get(arg) });
  }

  function paintStrip(step, { theme, ink, accent }) {
    data.nodes.forEach((node, k) => {
      const { button, value, gradient, layout, shown } = thumbs[k];
      const size = scale * Math.min(10, (dense ? 40 : 54) / layout.height, (dense ? 42 : 70) / layout.width), [width, height] = [Math.max(4, size * layout.width), Math.max(4, size * layout.height)];
      const now = step.k === k || step.result === k, knows = [page.knownValue(k), page.knownGradient(k) && engine.gradient[k] !== null];
      for (const [canvas, known, numbers] of [[value, knows[0], engine.value[k]], [gradient, knows[1], engine.gradient[k]]]) {
        const state = `${known}.${theme}.${scale}`, before = shownIn.get(canvas);
        if (before && before[0] === state && (!known || Object.is(before[1], numbers))) continue;
        shownIn.set(canvas, [state, numbers]);
        canvas.hidden = canvas === gradient && !known;
        canvas.classList.toggle("unknown", !known);
        paintHeat(canvas, { layout, values: known ? numbers : node.shape.length ? new Float64Array(layout.n) : 0, width, height, theme, ink, gradient: accent, chosen: -1 });
      }
      button.classList.toggle("now", now);
      button.classList.toggle("asked", page.question.k === k);
      if (shown === String(knows)) return;
      thumbs[k].shown = String(knows);
      button.setAttribute("aria-label", `${page.name(k)}, ${shapeText(node.shape)}${knows[0] ? "" : ", not yet computed"}${knows[1] ? ", gradient known" : ""}`);
    });
    if (followed === page.step) return;
    followed = page.step;
    const now = strip.querySelector(".now");
    if (now && (now.offsetLeft < strip.scrollLeft || now.offsetLeft + now.offsetWidth > strip.scrollLeft + strip.clientWidth)) strip.scrollLeft = now.offsetLeft - strip.clientWidth / 2;
  }

  const sizes = new ResizeObserver(() => parts.length && (lay(), page.redraw()));
  sizes.observe(stage);

  function say(step) {
    const { k, j } = step, J = page.name(engine.loss), from = () => data.nodes[k].args.map((arg) => (typeof arg === "number" ? page.name(arg) : "constant"));
    if (step.phase === "task") return `Find the gradients of ${J}`;
    if (step.phase === "forward") return `${page.name(k)} = ${local.picks(k) ? `cells picked from ${from().join()}` : filled(textOf(data.nodes[k]), from(), page.name(k))}, ${shapeText(data.nodes[k].shape)}`;
    if (step.phase === "backward") return j === null ? `∂${J}/∂${J} = 1` : `∂${J}/∂${page.name(step.result)} from ∂${J}/∂${page.name(k)}${step.parts > 1 ? `, part ${step.part} of ${step.parts}` : ""}, ${shapeText(data.nodes[step.result].shape)}`;
    return `${J} before and after the update`;
  }

  /** What each use of an array sends back, in words where its formula would be none that is read. */
  function explain(k) {
    const uses = usesOf(engine, k), { place } = page.question;
    if (k === engine.loss || !uses.some(([user]) => local.picks(user) || data.nodes[user].meaning)) return null;
    const words = ([user, j]) => (local.picks(user) ? local.picks(user).includes(place) ? [arrived(page, user), " of what was picked here"] : ["not picked"] : data.nodes[user].meaning?.slopes[j] ? meantWords(page, user, j) : null);
    return sumOf(page, k, place, uses.map((use) => ({ ...useRow(page, k, place, use), ...(words(use) && { parts: () => words(use) }) })), uses.length === 1 ? "One operation uses" : `${uses.length} operations use`);
  }

  return { steps, paint, say, explain, placeOf, tell: (panel, step) => tellMatrix(page, local, panel, step, chosen()), close: () => (sizes.disconnect(), local.stop()) };
}
