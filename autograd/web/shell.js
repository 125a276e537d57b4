// The page: a bar to step with, a stage that a view fills, and a panel with what happens now and the reader's question.
//
// A view is an entry of VIEWS, made by its file when it is read:
//     VIEWS.network = { title: "Network", fits(page) { return true if it can show page.data }, make(page, stage) { return view } };
// The page shows the first that fits of ORDER. `make` may fill `stage` (an empty element, as high as there is room), and returns
//     { steps, paint(), tell(panel, step), close() }
// steps: [{ phase: "task" | "forward" | "backward" | "update", values: [k...], gradients: [k...], title, ...the view's own }].
//     values and gradients are the nodes whose value or whole gradient is known from this step on; leaves are known at once.
// paint(): brings the stage up to date with page.engine, page.step, page.question; called once a frame, and never to rebuild it.
// tell(panel, step): appends to an empty element what happens in this step. What can be focused there has a data-key, by which
//     the page finds it again when it has told anew.
// close(): leaves, before another view takes the stage.
// It may have: listed(k) -> the text of node k in the list of those to ask about, or nothing if the view has it not; explain(k) -> elements in place of the paths from node k, or nothing; say(step) -> a text for the list of all steps and for screen readers; keys: { "[": action }; controls: an element
//     for the bar; wide: true, if the panel had better stand below the stage; start: the step to begin with.
// From the page it reads: page.engine, page.data, page.step, page.knownValue(k), page.knownGradient(k), page.question;
//     page.after() -> the engine with the numbers after the update, or null where it cannot be computed.
// It calls: page.ask(k, place), page.go(n), page.redraw(), dragNumber(page, element, find) of explain.js.
const VIEWS = {};
const ORDER = ["network", "matrices", "graph"];
const PHASES = { task: "Task", forward: "→ Forward", backward: "← Backward", update: "↻ Update" };
const ICONS = {
  first: "M4 4h2v12H4zM16 4v12L7 10z", previous: "M14 4v12L5 10z", play: "M5 3v14l12-7z",
  pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z", next: "M6 4v12l9-6z", last: "M14 4h2v12h-2zM4 4v12l9-6z",
};

/** Makes the page inside `host`. options: {title, style, alone, rate, updated, plain, ...what views read}. */
function makePage(host, data, rows, options) {
  const engine = makeEngine(data, rows);
  const page = { host, data, rows, engine, options, views: {}, view: null, step: 0, question: null };
  let valueAt = [], gradientAt = [], left = null, frame = 0, timer = 0, pause = 0;
  const last = () => page.view.steps.length - 1;

  // ---- What is known ----
  page.isLeaf = (k) => !data.nodes[k].args;
  page.knownValue = (k) => valueAt[k] <= page.step;
  page.knownGradient = (k) => gradientAt[k] <= page.step;
  page.gradientStep = (k) => gradientAt[k];
  page.size = (k) => (typeof engine.value[k] === "number" ? 1 : engine.value[k].length);
  page.at = (x, place = 0) => (x === null || typeof x === "number" ? x : x[place]);
  addUpdate(page);

  // ---- Elements ----
  const icon = (kind) => makeShape("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, makeShape("path", { d: ICONS[kind] }));
  const button = (kind, text, onclick) => make("button", { class: kind, aria: text, title: text, onclick }, icon(kind));
  const moves = {
    first: button("first", "First step (Home)", () => page.go(0)),
    previous: button("previous", "Previous step (left arrow)", () => page.go(page.step - 1)),
    play: button("play", "Play (space)", () => play(!timer)),
    next: button("next", "Next step (right arrow)", () => page.go(page.step + 1)),
    last: button("last", "Last step (End)", () => page.go(last())),
  };
  const slider = make("input", { type: "range", class: "steps", min: 0, step: 1, value: 0, aria: "Step", oninput: () => page.go(Number(slider.value)) });
  const phases = make("span.phases", { "aria-hidden": "true" });
  const place = make("span.place", {});
  const speeds = [["½×", 5000], ["1×", 2500], ["2×", 1250], ["5×", 500]].map(([text, value]) => make("option", { value }, text));
  const speed = make("select", { aria: "Speed", onchange: () => timer && play(true) }, ...speeds);
  speed.value = "2500";
  const tabs = make("div.tabs", { role: "group", aria: "View" });
  const extra = make("div.extra", {});
  const bar = make("div.bar", { role: "group", aria: "Controls" }, tabs, ...Object.values(moves), make("span.track", {}, phases, slider), place, speed, extra);
  const stage = make("div.stage", {});
  const phase = make("span.phase", {});
  const now = make("div.now-told", {});
  const spoken = make("p.hidden", { "aria-live": "polite" });
  const list = make("ol", { start: 0 });
  const listTitle = make("summary");
  const all = make("details.all", { ontoggle: () => all.open && write() }, listTitle, list);
  page.redraw = () => (frame = frame || requestAnimationFrame(draw));
  const ask = makeQuestion(page);
  const head = make("p.whole", {}, ...(options.formula ? [symbol(page.name(engine.loss)), " = ", ...written(options.formula, data.nodes.map((node) => symbol(node.name)))] : []));
  const panel = make("section.panel", { aria: "Explanation" }, make("div.telling", {}, phase, now), ask.element);
  const root = make("section.view", { aria: options.title }, head, bar, stage, panel, spoken, all);

  // ---- Painting: at most once a frame ----
  function draw() {
    cancelAnimationFrame(frame);
    frame = 0;
    if (!host.isConnected) return;
    const step = page.view.steps[page.step], held = shadow.activeElement && now.contains(shadow.activeElement) && shadow.activeElement.dataset.key, telling = make("div");
    page.view.paint();
    phase.textContent = PHASES[step.phase];
    page.view.tell(telling, step);
    settle(now, telling);
    if (held) [...now.querySelectorAll("[data-key]")].find((one) => one.dataset.key === held)?.focus();
    ask.paint();
  }
  engine.onChange(() => {
    page.redraw();
    // The list is long, and a number that is dragged changes sixty times a second.
    clearTimeout(pause);
    if (all.open) pause = setTimeout(rewrite, 200);
  });

  const told = (step) => (page.view.say ? page.view.say(step) : step.title);

  function write() {
    list.replaceChildren(...page.view.steps.map((step, k) => make("li", { "aria-current": k === page.step && "step" }, make("button", { onclick: () => page.go(k) }, line(step)))));
    reveal();
  }
  const line = (step) => `${PHASES[step.phase].replace(/^. /, "")}: ${told(step)}`;
  const rewrite = () => page.view.steps.forEach((step, k) => list.children[k] && (list.children[k].firstChild.textContent = line(step)));

  // Scrolls the list alone, not the page, to the current step.
  function reveal() {
    const [entry, around] = [list.children[page.step], list].map((element) => element.getBoundingClientRect());
    if (entry.top < around.top || entry.bottom > around.bottom) list.scrollTop += entry.top - around.top;
  }

  page.go = (target) => {
    const before = page.step;
    page.step = Math.max(0, Math.min(last(), target));
    if (page.step === before && place.textContent) return;
    const step = page.view.steps[page.step], text = told(step);
    if (all.open && list.children.length > page.step) {
      list.children[before]?.removeAttribute("aria-current");
      list.children[page.step].setAttribute("aria-current", "step");
      reveal();
    }
    root.dataset.phase = step.phase;
    place.textContent = `${page.step} / ${last()}`;
    slider.value = page.step;
    spoken.textContent = `step ${page.step} of ${last()}, ${step.phase}: ${text}`;
    slider.setAttribute("aria-valuetext", spoken.textContent);
    for (const kind of ["first", "previous"]) moves[kind].setAttribute("aria-disabled", page.step === 0);
    for (const kind of ["next", "last"]) moves[kind].setAttribute("aria-disabled", page.step === last());
    draw();
  };

  page.ask = (k, place = 0) => {
    page.question = k === null ? null : { k, place };
    page.redraw();
  };

  function play(on) {
    clearInterval(timer);
    timer = 0;
    if (on && page.step === last()) page.go(0);
    if (on) timer = setInterval(() => (page.step === last() ? play(false) : page.go(page.step + 1)), Number(speed.value));
    const text = on ? "Pause (space)" : "Play (space)";
    moves.play.replaceChildren(icon(on ? "pause" : "play"));
    moves.play.setAttribute("aria-label", text);
    moves.play.title = text;
    spoken.setAttribute("aria-live", on ? "off" : "polite");
  }

  /** Shows another view of the same numbers. */
  page.show = (name) => {
    play(false);
    const back = left?.name === name && left.at === page.step ? left.step : null;
    left = page.view && { name: page.shown, step: page.step };
    const before = page.view && { phase: page.view.steps[page.step].phase, values: data.nodes.map((_, k) => page.knownValue(k)), gradients: data.nodes.map((_, k) => page.knownGradient(k)) };
    if (page.view) page.view.close();
    stage.replaceChildren();
    page.shown = name;
    page.step = 0;
    page.view = page.views[name] = VIEWS[name].make(page, stage);
    const steps = page.view.steps;
    valueAt = data.nodes.map((_, k) => (page.isLeaf(k) ? 0 : Infinity));
    gradientAt = data.nodes.map(() => Infinity);
    steps.forEach((step, n) => {
      if (step.phase === "update") return;
      for (const k of step.values) valueAt[k] = Math.min(valueAt[k], n);
      for (const k of step.gradients) gradientAt[k] = Math.min(gradientAt[k], n);
    });
    // Where no gradient comes back, that is known when all have come.
    const end = steps.findLastIndex((step) => step.phase === "backward");
    gradientAt = gradientAt.map((n) => (n === Infinity ? end : n));
    root.classList.toggle("wide", Boolean(page.view.wide));
    root.dataset.view = name;
    extra.replaceChildren(...(page.view.controls ? [page.view.controls] : []));
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", tab.dataset.view === name);
    const counts = ["forward", "backward", "update"].map((kind) => [kind, steps.filter((step) => step.phase === kind).length]);
    phases.replaceChildren(...counts.filter(([, n]) => n).map(([kind, n]) => make("i", { class: kind, style: `flex: ${n}` }, kind)));
    slider.max = last();
    listTitle.textContent = `All ${(steps.length - 1).toLocaleString("en")} steps as text`;
    list.replaceChildren();
    if (all.open) write();
    place.textContent = "";
    page.go(back ?? (before ? alike(steps, before) : page.view.start || 0));
    if (left) left.at = page.step;
  };

  // The step of a view at which nearly the same is known as was known in another, whose order is another.
  function alike(steps, { phase, values, gradients }) {
    if (phase === "update") return last();
    const unlike = (n) => values.reduce((sum, _, k) => sum + (valueAt[k] <= n !== values[k]) + (gradientAt[k] <= n !== gradients[k]), steps[n].phase === phase ? 0 : Infinity);
    return steps.reduce((best, _, n) => (unlike(n) < unlike(best) ? n : best), 0);
  }

  // ---- Keys ----
  const keys = {
    ArrowRight: () => page.go(page.step + 1), ArrowDown: () => page.go(page.step + 1), ArrowLeft: () => page.go(page.step - 1), ArrowUp: () => page.go(page.step - 1),
    Home: () => page.go(0), End: () => page.go(last()), " ": () => play(!timer),
  };
  const action = (key) => page.view.keys?.[key] || keys[key];
  const isField = (element) => ["SELECT", "TEXTAREA"].includes(element.tagName) || (element.tagName === "INPUT" && element !== slider);
  function isOurs(event) {
    const element = event.composedPath()[0];
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !action(event.key) || isField(element)) return false;
    return event.key !== " " || !["BUTTON", "SUMMARY"].includes(element.tagName);
  }
  // A cell that is run again leaves its old view behind, which all that listens outside of it would keep in memory.
  const gone = new AbortController();
  const { signal } = gone;
  // JupyterLab sees keys before we do, and leaves alone what happens inside an element with this attribute.
  addEventListener("keydown", (event) => {
    if (!host.isConnected) gone.abort();
    host.toggleAttribute("data-lm-suppress-shortcuts", isOurs(event) || (event.composedPath().includes(host) && isField(event.composedPath()[0])));
  }, { capture: true, signal });

  function dress() {
    root.classList.toggle("dark", isDark(host));
    page.redraw();
  }
  watchTheme(dress, signal);
  signal.addEventListener("abort", () => (clearInterval(timer), ask.stop()));

  // Only now does it take the place of the image and the table: should an error end this script, they are still there.
  const fitting = ORDER.filter((name) => VIEWS[name] && VIEWS[name].fits(page));
  if (fitting.length > 1) for (const name of fitting) tabs.append(make("button", { "data-view": name, onclick: () => page.show(name) }, VIEWS[name].title));
  const shadow = host.attachShadow({ mode: "open" });
  shadow.append(make("style", {}, options.style), root);
  root.classList.toggle("alone", Boolean(options.alone));
  (options.alone ? document : shadow).addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopPropagation();
    action(event.key)();
  });
  page.question = { k: page.weights()[0] ?? data.nodes.findIndex((_, k) => page.isLeaf(k)), place: 0 };
  page.show(fitting[0]);
  dress();
  if (!options.alone) fitFrame(host);
  host.page = page;
}
