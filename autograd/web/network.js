// A network of neurons as columns of cards; one sample at a time, or all of them.

VIEWS.network = { title: "Network", fits: (page) => Boolean(page.data.network), make: makeNetwork };

function makeNetwork(page, stage) {
  const plan = planNetwork(page), { layers, all } = plan, steps = networkSteps(plan);
  let sample = 0, kept = null, level = null, hovered = null, seen = -1, parts = new Map(), opened = null;
  const view = {
    page, plan,
    sample: () => sample,
    isAll: () => sample === all,
    step: () => steps[page.step] || steps[0],
    hover: (what) => ((hovered = what), page.redraw()),
    open,
    /** The part of the graph between two nodes, as a function. */
    part(from, to) {
      const key = `${from} ${to}`;
      if (!parts.has(key)) parts.set(key, netPart(page, from, to));
      return parts.get(key);
    },
    /** A number as the step shows it: all are old until the update is done. */
    value: (k) => ((view.step().kind === "after" && page.after()) || page.engine).value[k],
    /** What a weight becomes, in the step that says so. */
    next: (k) => (view.step().kind === "update" && plan.place.get(k)?.kind === "weight" ? page.after()?.value[k] : undefined),
    mean: (at) => plan.x.reduce((sum, _, s) => sum + view.value(at(s)), 0) / all,
    light(element, layer, i) {
      const step = view.step(), on = step.layer === layer && (step.i === undefined || step.i === i);
      element.classList.toggle("active", on);
      element.classList.toggle("backward", on && step.phase === "backward");
    },
    /** Whether a line leads to or from the neuron or the input that is asked about or pointed at. */
    isNear(layer, i, j) {
      const at = hovered || plan.place.get(page.question?.k);
      if (!at) return false;
      const [kind, from, unit] = layers[layer].from[j - 1];
      if (at.kind === "input") return kind === "x" && from === at.j;
      return (at.layer === layer && at.i === i) || (kind === "h" && from === at.layer && unit === at.i);
    },
    isOnPath: (layer, i, j) => path().some((one) => !one.first && one.layer === layer && one.i === i && one.j === j),
    factors,
  };

  // ---- The path of the question: through the neurons by which most of the gradient comes ----
  let way = null;
  function path() {
    if (way) return way;
    const at = plan.place.get(page.question?.k);
    way = [];
    if (!at || sample === all || at.layer === undefined) return way;
    if (at.kind === "weight" && at.j > 0) way.push({ layer: at.layer, i: at.i, j: at.j, first: true });
    for (let next = strongest(at.layer, at.i); next.edge; next = strongest(next.edge.layer, next.edge.i)) way.push(next.edge);
    return way;
  }
  const known = new Map();
  function strongest(layer, i) {
    const key = `${layer} ${i}`;
    if (known.has(key)) return known.get(key);
    let best = { strength: layer === layers.length - 1 ? Math.abs(page.engine.gradient[layers[layer].h[sample][i]] || 0) : -1, edge: null };
    for (let to = layer + 1; to < layers.length; to++)
      layers[to].from.forEach(([kind, from, unit], j) => {
        if (kind !== "h" || from !== layer || unit !== i) return;
        layers[to].w.forEach((row, n) => {
          const strength = Math.abs(page.engine.value[row[j + 1]] * slopeOf(to, n)) * strongest(to, n).strength;
          if (strength > best.strength) best = { strength, edge: { layer: to, i: n, j: j + 1 } };
        });
      });
    known.set(key, best);
    return best;
  }
  const slopeOf = (layer, i) => {
    const z = layers[layer].z[sample][i];
    return view.part(z, layers[layer].h[sample][i]).slope(page.engine.value[z]);
  };

  function factors() {
    const at = plan.place.get(page.question?.k), found = [], step = view.step();
    if (!at || sample === all || at.layer === undefined || step.phase === "update") return found;
    const put = (spot, x, k, kind, word) => {
      if (!page.knownGradient(k)) return;
      found.push({ at: spot, text: signed(shortNumber(x, 6)), kind, lit: step.gradients.includes(k) && step.phase === "backward", word });
    };
    const middle = ({ from, to }) => [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const units = [[at.layer, at.i]];
    for (const one of path()) {
      const [kind, from, unit] = layers[one.layer].from[one.j - 1], ends = layout.ends(one.layer, one.i, one.j);
      // Beside its weight, which it belongs to.
      if (one.first) put([ends.to[0] - 32, ends.to[1]], plan.input(one.layer, one.j, sample), page.question.k, NET_COLORS.input, "input");
      else {
        put(middle(ends), page.engine.value[layers[one.layer].w[one.i][one.j]], layers[from].h[sample][unit], NET_COLORS.weight, "weight");
        units.push([one.layer, one.i]);
      }
      if (kind === "x" && !one.first) return found;
    }
    for (const [layer, i] of units) {
      const z = layers[layer].z[sample][i], h = layers[layer].h[sample][i], box = layout.layers[layer].cards[i];
      if (z !== h && plan.small && !(at.kind === "output" && at.layer === layer)) put([box.x + box.width - 43, box.y + box.height - 60], slopeOf(layer, i), z, NET_COLORS.slope, "slope of g");
    }
    const last = units.at(-1);
    if (last[0] === layers.length - 1) {
      const h = layers.at(-1).h[sample][last[1]];
      put(middle(layout.exits[last[1]]), page.engine.gradient[h], h, NET_COLORS.loss, "slope of the loss");
    }
    return found;
  }

  // ---- Elements ----
  const layout = netLayout(plan), world = make("div.net-world", { style: `width:${layout.width}px;height:${layout.height}px` });
  const edges = makeEdges(view, layout.ends, layout.exits), painted = [edges];
  const take = (one) => (painted.push(one), one.element);
  const frames = layout.layers.map((box, layer) => {
    const { name, g, w } = layers[layer], inside = `${w[0].length - 1} → ${w.length}${g === "linear" ? "" : g === "g" ? ", g" : `, g = ${g}`}`;
    const title = make("button.title", { title: "Open this layer", onclick: () => open({ layer }) }, make("b", {}, name || layers.length > 1 ? `layer ${name || layer + 1}` : "perceptron"), box.form === "cards" ? ` · ${inside}` : make("span", {}, inside));
    return make("div.net-layer", { style: netBox(box) }, title);
  });
  world.append(...frames, edges.lines, make("span.net-title", { style: `left:0;top:${layout.input.y - 2}px;width:${layout.input.width}px` }, "input"));
  if (plan.inputForm === "map") world.append(take(makeHeat(view, "inputs", { x: 0, y: layout.input.y + 24, width: layout.input.width, height: layout.input.height }, (s) => plan.x[s], 1)));
  else layout.inputs.forEach((box, j) => world.append(take(makeNumber(view, "port input", netBox(box), (s) => plan.x[s][j]))));
  layers.forEach((_, layer) => {
    const box = layout.layers[layer];
    if (box.form === "map") return world.append(take(makeHeat(view, "outputs", { x: box.x + NET_CARD.edge, y: box.y + NET_CARD.title + 14, width: box.width - 2 * NET_CARD.edge, height: box.height - 50 }, (s) => layers[layer].h[s], 1.8)));
    box.cards.forEach((card, i) => world.append(take((box.form === "cards" ? makeCard : makePill)(view, layer, i, card))));
  });
  world.append(take(makeLoss(view, layout.loss)), edges.labels);
  const field = make("div.net-field", {}, world), trail = make("span"), told = make("span", { role: "status" }), crumbs = make("div.net-crumbs", {}, trail, told), over = make("div.net-open", { hidden: true });
  const moved = () => field.classList.toggle("small", plan.small && camera.scale() < 0.5), resized = () => follow(true);
  const camera = makeCamera(field, world, layout.width, layout.height, page, moved, resized);
  field.append(camera.element);
  const swatch = (kind, text) => make("span", {}, make("i", { class: kind }), text);
  const legend = make("div.net-legend", {}, swatch("positive", "positive"), swatch("negative", "negative"), make("span", {}, "thick = large"), swatch("violet", "gradient, under its number"), make("span", {}, "? = comes in a later step"));
  const skips = layers.some(({ from }) => from.some((one) => one.at(-1) === "via"));
  if (skips) legend.append(make("span.skips", {}, "between the layers something is not shown: see Graph"));
  stage.append(crumbs, field, over, legend);
  const { element: controls, paint: paintSwitch } = makeSwitch(plan, () => sample, choose);

  function choose(next) {
    sample = next;
    kept = null;
    const k = page.question && plan.moved(page.question.k, sample);
    if (k !== null && k !== undefined && k !== page.question?.k) page.ask(k);
    page.redraw();
  }

  function open(to) {
    level = to;
    opened = to && (to.i === undefined ? makeOpenLayer(view, to.layer) : makeOpenNeuron(view, to.layer, to.i));
    over.hidden = !to;
    field.inert = Boolean(to);
    over.replaceChildren(...(opened ? [opened.element] : []));
    const link = (text, where) => make("button", { onclick: () => open(where) }, text);
    trail.replaceChildren(...(to ? [link("network", null), " ▸ ", to.i === undefined ? make("b", {}, layerWords(plan, to.layer)) : link(layerWords(plan, to.layer), { layer: to.layer }), ...(to.i === undefined ? [] : [" ▸ ", make("b", {}, `neuron ${to.i + 1}`)])] : ["network", make("span.hint", {}, " · double-click a neuron, or a layer’s title, to open it")]));
    page.redraw();
  }

  /** Goes to all samples for the update, and back. */
  function turn() {
    const step = view.step(), update = step.phase === "update";
    if (all === 1) return;
    if (update && kept === null && sample !== all) [kept, sample] = [sample, all];
    else if (!update && kept !== null) [kept, sample] = [null, kept];
  }

  function paint() {
    turn();
    way = null;
    known.clear();
    if (opened) opened.paint();
    else for (const one of painted) one.paint();
    paintSwitch();
    if (all > 1) refill(told, "· ", ...plan.sampleWords(sample), sample === all ? "" : make("span.hint", {}, "; its part of each gradient"));
    follow(false);
  }

  /** Keeps what is at work in sight; on a narrow stage only that. */
  function follow(again) {
    if (seen === page.step && !again) return;
    seen = page.step;
    const { layer, i, kind } = view.step();
    const wide = field.clientWidth > 520 || camera.isByHand();
    const box = kind === "loss" || kind === "start" || kind === "after" ? layout.loss : layer === undefined ? null : i === undefined ? layout.layers[layer] : layout.layers[layer].cards[i];
    if (!wide) camera.look(box || { x: 0, y: 0, width: layout.width, height: layout.height });
    else if (box && !camera.isByHand()) camera.show({ left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height });
  }
  const up = () => (level ? open(level.i === undefined ? null : { layer: level.layer }) : camera.fit());
  const keys = {
    "[": () => choose((sample + all + (all > 1)) % (all + (all > 1))), "]": () => choose((sample + 1) % (all + (all > 1))),
    Escape: up, 0: () => camera.fit(), f: () => camera.fit(), "+": () => camera.zoom(1.25), "-": () => camera.zoom(0.8),
  };
  if (!page.view) page.question = { k: layers[0].w[Math.min(1, layers[0].w.length - 1)][1], place: 0 };
  /** A number that is shown here, for the list of those to ask about. */
  const listed = (k) => {
    const at = plan.place.get(k);
    return (at || k === plan.loss) && `${plan.name(k)}${all > 1 && at?.sample < all ? `, sample ${at.sample + 1}` : ""}`;
  };
  const plainName = page.name;
  page.name = plan.name;
  open(null);
  return { steps, paint, tell: (panel, step) => tellNetwork(view, panel, step), listed, explain: (k) => tellWays(view, k), close: () => (camera.close(), (page.name = plainName)), keys, controls };
}

/** Which sample is shown: one button each, and one for all; many samples are chosen from a list. */
function makeSwitch({ all }, now, choose) {
  const element = make("div.net-samples", {});
  if (all === 1) return { element, paint: () => {} };
  if (all > 8) {
    const list = make("select", { aria: "Sample", onchange: () => choose(Number(list.value)) }, ...Array.from({ length: all }, (_, s) => make("option", { value: s }, s + 1)), make("option", { value: all }, "all"));
    element.append("sample ", list);
    return { element, paint: () => (list.value = now()) };
  }
  const buttons = Array.from({ length: all + 1 }, (_, s) => make("button", { role: "radio", title: s < all ? `sample ${s + 1} of ${all}` : `all ${all} samples`, onclick: () => choose(s) }, s < all ? String(s + 1) : "all"));
  element.append("sample ", make("div", { role: "radiogroup", aria: "Sample" }, ...buttons));
  return { element, paint: () => buttons.forEach((button, s) => button.setAttribute("aria-checked", s === now())) };
}
