// The reader's question: what is dJ/dw, and why? The same in all views.

const DELTA = 0.01;

/**
 * Lets an element be dragged sideways to change a leaf, 0.01 a pixel, and be clicked to be asked about. find() gives
 * {k, place} or null where there is nothing.
 */
function dragNumber(page, element, find) {
  let from = null;
  hear(element, "pointerdown", (event) => {
    const found = find(event);
    if (!found || event.button !== 0) return;
    event.stopPropagation();
    const leaf = page.isLeaf(found.k);
    from = { ...found, leaf, x: event.clientX, value: page.at(page.engine.value[found.k], found.place), moved: false };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!from || !from.leaf || (!from.moved && Math.abs(event.clientX - from.x) < 4)) return;
    from.moved = true;
    if (page.question?.k !== from.k || page.question.place !== (from.place || 0)) page.ask(from.k, from.place);
    const value = from.value + (event.shiftKey ? 10 : 1) * DELTA * Math.round(event.clientX - from.x);
    page.engine.set(from.k, Number(value.toPrecision(12)), from.place || 0);
  });
  const end = (event) => {
    if (from && !from.moved && event.type === "pointerup") page.ask(from.k, from.place);
    from = null;
  };
  for (const kind of ["pointerup", "pointercancel"]) element.addEventListener(kind, end);
}

/** The panel of the question: {element, paint(), stop()}. */
function makeQuestion(page) {
  const { engine, data } = page;
  page.name = (k) => data.nodes[k].name;
  page.written = (arg) => (typeof arg === "number" ? symbol(page.name(arg)) : dataText(decodeNumbers(arg.c, arg.shape || []), arg.shape || []));
  const valueOf = (arg) => (typeof arg === "number" ? engine.value[arg] : decodeNumbers(arg.c, arg.shape || []));
  const shapeOf = (arg) => (typeof arg === "number" ? data.nodes[arg].shape : arg.shape || []);
  page.number = (arg) => dataText(valueOf(arg), shapeOf(arg));
  /** The numbers of which a node is computed, as texts; where it makes an infinity, the sign of a zero decides which. */
  page.numbers = (k) => {
    const { args } = data.nodes[k], zero = !allFinite(engine.value[k]) && args.every((arg) => allFinite(valueOf(arg))) ? "\u22120" : "0";
    return args.map((arg) => dataText(valueOf(arg), shapeOf(arg), 6, zero));
  };
  page.arrives = (k) => page.view.steps[page.step].phase === "backward" && page.view.steps[page.step].gradients.includes(k);
  const levels = [];
  data.nodes.forEach((node, k) => (levels[k] = Math.max(0, ...(node.args || []).map((arg) => (typeof arg === "number" ? (levels[arg] ?? 0) + 1 : 0)))));
  page.level = (k) => levels[k];

  const choose = make("select", { aria: "Ask about", onchange: () => page.ask(Number(choose.value)) });
  let listed = null;
  function list() {
    listed = page.shown;
    choose.replaceChildren(...[["numbers to change", true], ["computed", false]].map(([label, wanted]) => {
      const group = make("optgroup", { label });
      data.nodes.forEach((node, k) => {
        const text = page.view.listed && k !== page.question.k ? page.view.listed(k) : node.name || `node ${k}`;
        if (page.isLeaf(k) === wanted && page.size(k) && text) group.append(make("option", { value: k }, text.slice(0, 40)));
      });
      return group;
    }));
  }
  const element_ = make("select", { aria: "Element", onchange: () => page.ask(page.question.k, Number(element_.value)) });
  const title = make("h2"), jump = make("button.jump", { title: "Go to the step that finds this gradient", onclick: () => page.go(page.gradientStep(page.question.k)) }, "go to its step");
  const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", aria: "Value", oninput: typed, onblur: settle, onkeydown: nudge });
  let held = false;
  // Under the hand the range stays: a wider one would make more of the same place, and run away.
  const slide = make("input", { type: "range", aria: "Value", oninput: () => change(Number(slide.value)), onpointerdown: () => (held = true), onchange: () => ((held = false), range(Number(slide.value)), page.redraw()) });
  const handle = make("span.handle", { title: "Drag sideways: 0.01 a pixel" });
  const wrong = make("p.wrong", { role: "alert" });
  const editor = make("div.editor", {}, handle, field, slide, jump);
  const why = make("div.why", {});
  const check = make("div.check", {});
  const bad = make("p.bad", { role: "status" });
  const descent = makeDescent(page);
  const top = make("div.question-head", {}, title, make("span.choice", {}, choose, element_));
  const element = make("div.question", {}, ...(data.nodes.some((node) => node.recorded) ? tellDifference(page) : []), bad, top, editor, wrong, check, why, descent.element);
  let shown = null, sized = 0;
  dragNumber(page, handle, () => page.question);

  function change(x) {
    wrong.textContent = "";
    field.removeAttribute("aria-invalid");
    engine.set(page.question.k, x, page.question.place);
    // A key may move the slider before the next frame is painted.
    range(x);
    slide.value = x;
  }

  function typed() {
    const read = readNumber(field.value);
    if (typeof read === "number") return change(read);
    wrong.textContent = `${read} Nothing has changed.`;
    field.setAttribute("aria-invalid", "true");
  }

  function settle() {
    wrong.textContent = "";
    field.removeAttribute("aria-invalid");
    page.redraw();
  }

  function nudge(event) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const value = page.at(engine.value[page.question.k], page.question.place) + way * (event.shiftKey ? 10 : 1) * DELTA;
    change(Number(value.toPrecision(12)));
    field.value = number(value, 12).replace("\u2212", "-");
  }

  // Reaches twice as far as the number at first, and never narrows while it is moved.
  function range(x) {
    const reach = Number((2 ** Math.ceil(Math.log2(2 * Math.max(1, Math.abs(x))))).toPrecision(3));
    if (held || reach <= sized || !Number.isFinite(reach)) return;
    sized = reach;
    slide.step = reach <= 16 ? 0.01 : reach / 1000;
    slide.min = -reach;
    slide.max = reach;
  }

  function begin({ k, place }) {
    shown = `${k}.${place}`;
    sized = 0;
    if (listed !== page.shown) list();
    choose.value = k;
    const shape = data.nodes[k].shape, size = page.size(k);
    element_.hidden = size < 2;
    if (size > 1) {
      const many = Math.min(size, 1000);
      if (element_.dataset.k !== String(k)) element_.replaceChildren(...Array.from({ length: many }, (_, n) => make("option", { value: n }, `[${indexOf(n, shape).join(", ")}]`)));
      element_.dataset.k = k;
      element_.value = place;
    }
    for (const one of [handle, field, slide]) one.hidden = !page.isLeaf(k);
    wrong.textContent = "";
    handle.replaceChildren(named(k, place), " =");
    field.setAttribute("aria-label", `Value of ${page.name(k)}`);
    slide.setAttribute("aria-label", `Slider of ${page.name(k)}`);
    if (page.isLeaf(k)) range(page.at(engine.value[k], place));
  }

  const named = (k, place) => {
    const name = symbol(page.name(k));
    return page.size(k) > 1 ? make("span", {}, name, `[${indexOf(place, data.nodes[k].shape).join(", ")}]`) : name;
  };

  function paint() {
    const { k, place } = page.question, leaf = page.isLeaf(k);
    if (shown !== `${k}.${place}` || listed !== page.shown) begin(page.question);
    const x = page.at(engine.value[k], place), g = page.at(engine.gradient[k], place), known = page.knownGradient(k), old = page.view.steps[page.step].phase === "update";
    if (leaf) {
      range(x);
      if (page.host.shadowRoot.activeElement !== field) field.value = number(x).replace("\u2212", "-");
      if (Number(slide.value) !== x) slide.value = x;
    }
    refill(title, old ? "Before it: " : "Question: ", fraction(page.name(engine.loss), named(k, place)), " = ", cell("gradient", known ? digits(g ?? 0) : ["?"]));
    jump.hidden = !page.view.steps[page.gradientStep(k)];
    jump.setAttribute("aria-disabled", page.gradientStep(k) === page.step);
    const value = page.knownValue(k) ? digits(x) : ["?"];
    refill(why, ...(leaf ? [] : [make("p", {}, named(k, place), " = ", ...value)]), ...tellPaths(page, k, place));
    refill(check, ...(known && !old && Number.isFinite(g ?? 0) ? tellNudge(page, k, place, g ?? 0, named(k, place)) : []));
    refill(bad, ...tellBad(page));
    bad.hidden = !bad.hasChildNodes();
    descent.paint();
  }
  return { element, paint, stop: descent.stop };
}

/** The index of an element in an array of a shape. */
function indexOf(place, shape) {
  return shape.map((_, j) => Math.floor(place / shape.slice(j + 1).reduce((all, n) => all * n, 1)) % shape[j]);
}

/** The first node that made a nan or an inf, if there is one. */
function tellBad(page) {
  const { bad } = page.engine;
  if (!bad) return [];
  const name = symbol(page.name(bad.k));
  if (bad.what === "gradient") return ["A gradient is no finite number: the first is that of ", name, "."];
  const node = page.data.nodes[bad.k];
  const made = node.args ? [" = ", ...written(node.text, page.numbers(bad.k))] : [];
  return ["No finite number: the first is ", name, ...made, " = ", ...digits(page.engine.value[bad.k], node.shape), "."];
}

/** What should happen if a leaf grows a little, and what does. */
function tellNudge(page, k, place, g, name) {
  const { engine } = page;
  const J = symbol(page.name(engine.loss)), start = engine.value[engine.loss];
  const should = ["If ", name, ` grows by ${DELTA}, `, J, " should change by ", make("b", {}, ...prose(brief(DELTA * g)))];
  if (!page.isLeaf(k)) return [make("p", {}, ...should, ".")];
  const tried = (step) => engine.trial(k, step, place) - start;
  const change = tried(DELTA), [far, near] = [1e-3, 1e-5];
  const [right, left] = [tried(near) / near, 0 - tried(-near) / near];
  // A loss that fits in single precision may have been computed in it.
  const noise = 8 * (Math.fround(start) === start ? 6e-8 : 1.2e-16) * Math.abs(start);
  // Where the slope only changes, the two sides agree as the step shrinks; at a kink they do not, and at a jump they part.
  const gap = Math.abs(right - left), wide = Math.abs(tried(far) + tried(-far)) / far;
  const broken = gap > noise / near && gap > 1e-6 * (Math.abs(right) + Math.abs(left)) && gap > 0.5 * wide;
  const told = [make("p", {}, ...should, "; it does change by ", make("b", {}, ...prose(brief(change))), Math.abs(change - DELTA * g) <= 0.02 * Math.abs(change) + noise + 1e-15 ? " ✓" : ".")];
  if (broken && gap > 20 * wide) told.push(make("p", {}, "Here is a jump, where there is no slope; the backward pass takes ", ...prose(brief(g)), "."));
  else if (broken) {
    const sides = ["Here is a kink: downwards the slope is ", ...prose(brief(left)), ", upwards ", ...prose(brief(right)), "; the backward pass takes ", ...prose(brief(g)), "."];
    told.push(make("p", {}, ...sides));
  } else if (Math.abs(change - DELTA * g) > 0.02 * Math.abs(change) + noise + 1e-15) {
    const small = tried(DELTA / 100);
    told.push(make("p", {}, `The slope changes on that way. By ${DELTA / 100}: should change by `, ...prose(brief(DELTA / 100 * g)), ", does ", ...prose(brief(small)), "."));
  }
  return told;
}
