// The drawing that Graphviz laid out, with numbers that are written anew, and its steps.

VIEWS.graph = { title: "Graph", fits: (page) => Boolean(page.options.graph), make: makeGraph };

const STATES = { todo: "still to come", now: "this step", gets: "receives a gradient", done: "computed", walked: "gradient sent back" };
const READABLE = 0.75;
const KINDS = { parameter: "weight", input: "input", constant: "constant, gets no gradient" };

/** The steps of the graph: the task, those that Python walked, and what the update comes to. */
function graphSteps(page) {
  const { walk } = page.options.graph, { nodes } = page.data, uses = nodes.map(() => []), expected = nodes.map(() => 0);
  for (const [kind, k, sent] of walk) if (kind === 1 && sent) for (const position of sent) expected[nodes[k].args[position]] += 1;
  const steps = [{ phase: "task", values: [], gradients: [], title: "the task" }];
  for (const [kind, k, told] of walk) {
    if (kind === 0) steps.push({ phase: "forward", k, values: [k], gradients: [], title: page.name(k) });
    else if (kind === 2) steps.push(k === null ? { phase: "update", values: [], gradients: [], title: told[0], name: told[0], fixed: told[1] } : { phase: "update", k, values: [k], gradients: [], title: page.name(k) });
    else if (!told) steps.push({ phase: "backward", k, values: [], gradients: [k], title: page.name(k) });
    else {
      const sent = told.map((position) => {
        const to = nodes[k].args[position];
        uses[to] = [...uses[to], [k, position]];
        return { position, to, uses: uses[to], expected: expected[to] };
      });
      steps.push({ phase: "backward", k, sent, values: [], gradients: sent.filter((one) => one.uses.length === one.expected).map((one) => one.to), title: page.name(k) });
    }
  }
  steps.findLast((step) => step.phase === "backward").ends = true;
  if (page.data.update) steps.push({ phase: "update", whole: true, values: [...page.weights(), page.engine.loss], gradients: [], title: "the new loss" });
  return steps;
}

function makeGraph(page, stage) {
  const { engine, data } = page, { graph } = page.options;
  const steps = graphSteps(page), world = make("div.world", {});
  const key = make("p.key", {});
  let form = 0, drawn = null, camera = null;

  function build(n) {
    form = n;
    if (camera) camera.close();
    drawn = makeDrawing(page, graph.forms[n], steps, open);
    drawn.svg.setAttribute("aria-label", graph.title);
    world.replaceChildren(drawn.svg);
    camera = makeCamera(stage, world, drawn.width, drawn.height, page, () => drawn.look(camera.sight(), page.step), follow, key);
    const folds = graph.forms.length > 1 ? [make("div.folds", { role: "group", aria: "Detail" }, ...graph.forms.map((one, k) => make("button", { "aria-pressed": String(k === n), onclick: () => refold(k) }, one.name)))] : [];
    stage.replaceChildren(world, key, ...folds, camera.element);
    key.replaceChildren(...Object.entries(STATES).map(([state, text]) => make("span", { class: state }, make("i"), text)));
    for (const [kind, text] of Object.entries(KINDS)) if (drawn.svg.querySelector(`.${kind}`)) key.append(make("span", { class: kind }, make("i"), text));
    key.append(make("span.arrows", {}, make("i"), "arrows have the colour of their factor in the panel"));
    stage.style.setProperty("--ratio", drawn.width / drawn.height);
    camera.fit(READABLE);
  }

  // A click on a folded part opens the next form that has more in it.
  function open() {
    refold(Math.min(form + 1, graph.forms.length - 1));
  }

  function refold(n) {
    if (n === form) return;
    build(n);
    page.redraw();
    follow();
  }

  let followed = -1;
  function follow() {
    followed = page.step;
    const box = drawn.placeOf(page.step);
    if (box) camera.show(box);
  }

  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", `${graph.title}; click a box to ask about it, drag a number sideways to change it`);
  stage.addEventListener("dblclick", twice);
  function twice(event) {
    if (event.target.closest("button")) return;
    const group = event.target.closest("g[id]"), k = group ? drawn.nodeOf(group) : null;
    if (k === null || k === undefined) return camera.fit();
    const places = steps.map((step, n) => [step, n]).filter(([step]) => step.values.includes(k) || step.gradients.includes(k)).map(([, n]) => n);
    const next = places.find((n) => n > page.step) ?? places[0];
    if (next !== undefined) page.go(next);
  }

  function paint() {
    if (followed !== page.step) follow();
    drawn.look(camera.sight(), page.step);
  }

  build(graph.forms.length - 1 - [...graph.forms].reverse().findIndex((one) => one.first));
  const start = page.options.alive ? steps.findLastIndex((step) => step.phase === "backward") : 0;
  return {
    steps, start, wide: drawn.width > 2.6 * drawn.height, paint, close: () => (camera.close(), stage.removeEventListener("dblclick", twice)),
    tell: (panel, step) => tellStep(page, panel, step), say: (step) => sayStep(page, step),
    keys: { 0: () => camera.fit(), f: () => camera.fit(), "+": () => camera.zoom(1.25), "-": () => camera.zoom(0.8) },
  };
}
