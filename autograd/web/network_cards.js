// The parts of a network on the stage: numbers with their gradients, neurons, heat maps, the loss.

const netBox = (box) => `left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px`;

/**
 * A number with its gradient: a button that asks about it, and that is dragged sideways where it is a leaf.
 * `at(sample)` is its node; `gradient(sample)` the gradient to show, if not that of the node.
 */
function makeNumber(view, kind, style, at, { gradient = null, open = null } = {}) {
  const { page, plan } = view;
  const name = make("span.name", {}), value = make("b"), slope = make("i");
  const element = make("button", { class: `net-number ${kind}`, style, onclick: clicked, onkeydown: pressed }, name, value, slope);
  const node = () => at(Math.min(view.sample(), plan.all - 1));
  dragNumber(page, element, () => ({ k: node(), place: 0 }));
  let named = null;
  function clicked(event) {
    if (event.detail) return;
    if (open && page.question?.k === node()) return open();
    page.ask(node());
  }
  function pressed(event) {
    const way = { "+": 1, "-": -1 }[event.key];
    if (!way || !page.isLeaf(node())) return;
    event.preventDefault();
    page.engine.set(node(), Number((page.engine.value[node()] + way * 0.05).toPrecision(12)));
  }
  function paint() {
    const k = node(), all = view.isAll() && kind !== "port" && node() !== plan.loss, step = view.step(), shared = all && page.isLeaf(k) && plan.all > 1;
    if (named !== plan.name(k)) name.replaceChildren(symbol((named = plan.name(k))));
    const known = page.knownValue(k), x = all ? view.mean(at) : view.value(k), digitsOf = all && plan.all > 1 ? (one) => shortNumber(one, 5) : shortNumber;
    const g = gradient ? gradient(view.sample()) : page.engine.gradient[k];
    const told = page.knownGradient(k) && step.kind !== "after";
    refill(value, ...(known ? [all && plan.all > 1 ? "ø " : "", digitsOf(x)] : ["?"]));
    const next = view.next(k);
    refill(slope, ...(next !== undefined ? [`→ ${shortNumber(next)}`] : all && plan.all > 1 ? [] : told ? [shortNumber(g ?? 0)] : ["?"]));
    const classes = {
      questioned: page.question?.k === k, negative: known && x < 0, positive: known && x > 0, unknown: !known, unsure: !told,
      arrives: step.phase === "backward" && step.gradients.includes(k), leaf: page.isLeaf(k) && !shared, changed: next !== undefined, mean: all && plan.all > 1,
    };
    for (const [one, on] of Object.entries(classes)) element.classList.toggle(one, Boolean(on));
    const part = gradient && plan.all > 1 && !view.isAll() ? "part of this sample in the gradient" : "gradient";
    element.setAttribute("aria-label", `${plan.name(k)}, ${plan.words(k)}: ${known ? number(x, 4) : "not known yet"}, ${part} ${told ? number(g ?? 0, 4) : "not known yet"}${next === undefined ? "" : `, becomes ${number(next, 4)}`}`);
  }
  return { element, paint };
}

/** A neuron as a card: weights as ports, z, the curve of g with its tangent, h. */
function makeCard(view, layer, i, box) {
  const { plan, page } = view, { w, z, h } = plan.layers[layer], right = box.width - NET_CARD.port - 14;
  const open = () => view.open({ layer, i }), linear = plan.isLinear(layer);
  const ports = w[i].map((k, j) => makeNumber(view, "port", netBox({ x: 5, y: box.starts[j], width: NET_CARD.port, height: box.step - 4 }), () => k, { gradient: (sample) => plan.part(layer, i, j, sample), open }));
  ports[0].element.classList.add("bias");
  const side = (y, at) => makeNumber(view, "plain", netBox({ x: NET_CARD.port + 9, y, width: right, height: 37 }), at, { open });
  const top = linear ? null : side(4, (s) => z[s][i]), bottom = side(box.height - 42, (s) => h[s][i]);
  const curve = makeCurve("of-g", right - 4, box.height - 92);
  const note = make("span.note", { style: netBox({ x: NET_CARD.port + 9, y: 10, width: right, height: box.height - 60 }) }, "no g: linear");
  const shape = linear ? note : make("div.curve-place", { style: netBox({ x: NET_CARD.port + 11, y: 45, width: right - 4, height: box.height - 92 }) }, curve.element);
  const big = makeNumber(view, "big", "", (s) => h[s][i], { open });
  const element = make("div.net-card", { "data-still": true, role: "group", aria: neuronWords(plan, layer, i), style: netBox(box), ondblclick: open }, ...ports.map((one) => one.element), ...(top ? [top.element] : []), shape, bottom.element, big.element);
  function paint() {
    for (const one of [...ports, bottom, big, ...(top ? [top] : [])]) one.paint();
    view.light(element, layer, i);
    if (linear) return;
    const samples = plan.samples(view.sample()), known = page.knownValue(h[samples[0]][i]);
    const at = samples.map((s) => view.value(z[s][i])), reach = steady(1.25 * Math.max(...at.map(Math.abs)), 3);
    curve.element.classList.toggle("waiting", !known);
    const part = view.part(z[samples[0]][i], h[samples[0]][i]), slope = at.map(part.slope);
    curve.draw({ part, from: -reach, to: reach, dots: known ? at : [], tangent: known && at.length === 1 ? at[0] : null, ground: true });
    element.classList.toggle("dead", known && slope.every((one) => one === 0));
  }
  return { element, paint };
}

/** A neuron as a pill: a disc in the colour of its output, name, value, gradient. */
function makePill(view, layer, i, box) {
  const { plan } = view, { h } = plan.layers[layer], open = () => view.open({ layer, i });
  const one = makeNumber(view, "pill", netBox(box), (s) => h[s][i], { open });
  one.element.addEventListener("dblclick", open);
  one.element.addEventListener("pointerenter", () => view.hover({ layer, i }));
  one.element.addEventListener("pointerleave", () => view.hover(null));
  const paint = () => {
    one.paint();
    view.light(one.element, layer, i);
    const s = Math.min(view.sample(), plan.all - 1), largest = Math.max(...h[s].map((k) => Math.abs(view.value(k)) || 0), 1e-12);
    one.element.style.setProperty("--size", Math.sqrt(Math.min(1, Math.abs(view.value(h[s][i])) / largest)).toFixed(2));
  };
  return { element: one.element, paint };
}

/** Many numbers as two heat maps: values, and their gradients in a violet frame. A click asks about one. */
function makeHeat(view, words, box, nodes, wide, across = heatColumns(nodes(0).length, wide)) {
  const { page, plan } = view, columns = across, maps = [make("canvas"), make("canvas.violet", {})];
  const find = (event) => {
    const frame = event.currentTarget.getBoundingClientRect(), list = nodes(Math.min(view.sample(), plan.all - 1)), rows = Math.ceil(list.length / columns);
    return list[Math.floor(((event.clientY - frame.top) / frame.height) * rows) * columns + Math.floor(((event.clientX - frame.left) / frame.width) * columns)];
  };
  const ask = (event) => {
    const list = nodes(Math.min(view.sample(), plan.all - 1)), k = event.detail ? find(event) : list[0];
    if (k !== undefined) page.ask(k);
  };
  const move = (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key], list = nodes(Math.min(view.sample(), plan.all - 1));
    const next = list[list.indexOf(page.question?.k) + way];
    if (!way || next === undefined) return;
    event.preventDefault();
    page.ask(next);
  };
  const buttons = maps.map((map) => make("button.heat", { onclick: ask, onkeydown: move }, map));
  const [above, below] = [make("span.caption", {}, `${nodes(0).length} ${words} ↑`), make("span.caption.violet", {}, "their gradients ↓")];
  const element = make("div.net-heat", { style: netBox(box) }, buttons[0], make("span.captions", {}, above, below), buttons[1]);
  const paint = () => {
    const list = nodes(Math.min(view.sample(), plan.all - 1)), known = page.knownValue(list[0]), told = page.knownGradient(list[0]);
    paintCells(maps[0], list.map((k) => (known ? view.value(k) : 0)), columns, heatOf(element));
    paintCells(maps[1], list.map((k) => (told ? page.engine.gradient[k] ?? 0 : 0)), columns, heatOf(element));
    buttons[0].setAttribute("aria-label", `${list.length} ${words}${known ? "" : ", not known yet"}; arrow keys ask about one`);
    buttons[1].setAttribute("aria-label", `gradients of ${list.length} ${words}${told ? "" : ", not known yet"}`);
    for (const [map, on] of [[maps[0], known], [maps[1], told]]) map.classList.toggle("waiting", !on);
  };
  return { element, paint };
}

/** The loss: targets, the loss as a function of one output, its value. */
function makeLoss(view, box) {
  const { plan, page } = view, outputs = plan.layers.at(-1).h, rows = [];
  plan.y[0].forEach((k, i) => box.rows && k !== null && rows.push(makeNumber(view, "port target", netBox({ x: 8, y: NET_CARD.title + 44 * rows.length, width: box.width - 18, height: 38 }), (s) => plan.y[s][i])));
  const curve = makeCurve("of-loss", box.width - 26, NET_LOSS.curve - 22), over = make("span.net-over", {});
  const top = NET_CARD.title + box.rows * 44;
  const plot = make("div.curve-place", { style: netBox({ x: 12, y: top, width: box.width - 26, height: NET_LOSS.curve }) }, over, curve.element);
  const J = makeNumber(view, "plain net-total", netBox({ x: 8, y: box.height - 78, width: box.width - 18, height: 40 }), () => plan.loss);
  const before = make("p.before", { style: netBox({ x: 12, y: box.height - 34, width: box.width - 24, height: 26 }) });
  const element = make("div.net-layer.net-loss", { role: "group", aria: "loss, not a layer", style: netBox(box) }, make("span.title", {}, "loss, not a layer"), ...rows.map((one) => one.element), plot, J.element, before);
  function paint() {
    for (const one of [...rows, J]) one.paint();
    const step = view.step(), sample = Math.min(view.sample(), plan.all - 1), asked = plan.place.get(page.question?.k);
    const i = asked?.layer === plan.layers.length - 1 ? asked.i : 0, k = outputs[sample][i], y = plan.y[sample][i];
    const known = page.knownValue(plan.loss);
    element.classList.toggle("active", step.kind === "loss" || step.kind === "start" || step.kind === "after");
    element.classList.toggle("backward", step.phase === "backward");
    plot.hidden = view.isAll() && plan.all > 1;
    const news = step.kind === "after" && page.after();
    refill(before, ...(news ? ["before ", make("s", {}, ...prose(number(page.engine.value[plan.loss], 4)))] : plot.hidden ? [`of all ${plan.all} samples`] : []));
    if (plot.hidden) return;
    refill(over, symbol(page.name(plan.loss)), " over ", symbol(plan.name(k)), ...(y === null ? [] : ["; | at ", symbol(plan.name(y))]));
    const x = view.value(k), middle = y === null ? x : page.engine.value[y], reach = steady(1.5 * Math.abs(x - middle), 1);
    curve.element.classList.toggle("waiting", !known);
    if (Number.isFinite(middle)) curve.draw({ part: view.part(k, plan.loss), from: middle - reach, to: middle + reach, dots: known ? [x] : [], tangent: known ? x : null, ground: true, ticks: true, upright: y === null ? 0 : middle });
  }
  return { element, paint };
}
