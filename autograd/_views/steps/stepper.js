// One view of the steps of a graph, inside `host`. All texts are inserted as text, never as markup.
function stepper(host, page, alone) {
  "use strict";
  const { names, ids, inputs, steps } = page;
  const FORWARD = 0, BACKWARD = 1;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // ---- Writing mathematics -------------------------------------------------------------------------------------

  const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const letter = "[\\p{L}\\p{N}_]";
  const known = [...new Set(names)].sort((a, b) => b.length - a.length).map(escaped).join("|");
  const named = new RegExp(`(?<!${letter})(${known})(?!${letter})`, "u");
  const special = /( \*\* [0-9.]+|(?<=[0-9])e[+-]?[0-9]+)/;

  function symbol(name) {
    // A name may be that of something every object has, such as "constructor".
    const [base, above, below] = Object.hasOwn(page.symbols, name) ? page.symbols[name] : [name, "", ""];
    const element = make("var", {}, base);
    if (above) element.append(make("sup", {}, above));
    if (below) element.append(make("sub", {}, below));
    return element;
  }

  function prose(text) {
    return text.split(named).flatMap((part, k) => {
      if (k % 2) return [symbol(part)];
      return part.split(special).flatMap((piece, j) => {
        if (!(j % 2)) return [piece.replace(/-/g, "−").replace(/ \* /g, " · ")];
        if (piece[0] === " ") return [make("sup", {}, piece.slice(4))];
        return ["·10", make("sup", {}, String(Number(piece.slice(1))).replace("-", "−"))];
      });
    });
  }

  const signed = (text) => (/^-/.test(text) ? `(${text})` : text);

  function fraction(upper, lower) {
    const over = make("span", { class: "over" }, "∂", symbol(upper));
    return make("span", { class: "fraction" }, over, make("span", { class: "hidden" }, "/"), make("span", {}, "∂", symbol(lower)));
  }

  const cell = (kind, ...children) => make("span", { class: kind }, ...children);

  function factor(k, ...children) {
    const element = cell("factor", ...children);
    const [light, dark] = page.colors[page.color[k]];
    element.style.setProperty("--light", light);
    element.style.setProperty("--dark", dark);
    return element;
  }

  // ---- The arithmetic of a step --------------------------------------------------------------------------------

  const phases = ["Forward", "Backward", "Update"];
  const arrows = ["→", "←", "↻"];
  const nameOf = (step) => names[step[1]];

  function equation(step) {
    const [phase, k, formula, numbers, result] = step;
    const rows = make("div", { class: "rows" });
    rows.append(cell("left", symbol(names[k])), phase === FORWARD ? "=" : "←", cell("", ...prose(formula)));
    if (numbers !== formula) rows.append("", "=", cell("", ...prose(numbers)));
    rows.append(cell(""), cell("", "="), cell("value", ...prose(result)));
    return tidy(rows);
  }

  // Bare texts become cells of the grid.
  function tidy(rows) {
    for (const child of [...rows.childNodes]) if (child.nodeType === 3) child.replaceWith(cell("", child.textContent));
    return rows;
  }

  function state(total, arrived, expected) {
    const dots = expected <= 8 ? "●".repeat(arrived) + "○".repeat(expected - arrived) + " " : "";
    const note = cell("state");
    if (expected > 1) note.append(make("span", { "aria-hidden": "true" }, dots), `sum so far ${total.replace("-", "−")}: `);
    note.append(arrived < expected ? `${arrived} of ${expected}` : expected > 1 ? "✓ complete" : "✓ complete: one path");
    return note;
  }

  function product(step, sent, short) {
    const [, k, gradient] = step;
    const [position, derivative, local, contribution, total, arrived, expected] = sent;
    const lower = names[inputs[k][position]];
    const left = cell("left", fraction(page.loss, lower));
    const result = cell("value", ...prose(contribution));
    const note = state(total, arrived, expected);
    const rows = make("div", { class: short ? "row" : "rows product" });
    if (local === "") {
      rows.append(left, "=", factor(k, ...prose(derivative)));
      rows.append("", "=", result, "", "", note);
    } else if (short) {
      rows.append(left, "=", cell("", ...prose(gradient)), "·", factor(k, ...prose(derivative)));
      rows.append("=", result, note);
    } else {
      rows.append(left, "=", cell("middle", fraction(page.loss, names[k])), "·", factor(k, fraction(names[k], lower)));
      rows.append("", "=", cell("middle", ...prose(gradient)), "·", factor(k, ...prose(derivative)));
      if (derivative !== local && derivative !== `(${local})`)
        rows.append("", "=", cell("middle", ...prose(gradient)), "·", factor(k, ...prose(signed(local))));
      rows.append("", "=", result, "", "", note);
    }
    return tidy(rows);
  }

  // All factors from the loss to a leaf in a row, if there is one path and every factor is a number.
  function chain(leaf) {
    const factors = [];
    for (let k = leaf; sentTo[k].length; k = factors[0][0]) {
      const [from, sent] = sentTo[k][0];
      if (sentTo[k].length > 1 || sent[2] === "" || factors.length === 12) return [];
      factors.unshift([from, k, sent[1], sent[2]]);
    }
    if (factors.length < 2) return [];
    const row = make("div", { class: "chain" });
    const short = (text) => String(Number(Number(text).toPrecision(4)));
    const column = (...cells) => row.append(make("span", {}, ...cells.map((one) => cell("", ...[one].flat()))));
    column(fraction(page.loss, names[leaf]), "", "");
    factors.forEach(([upper, lower, derivative, local], j) => {
      const sign = j ? "·" : "=", number = j ? signed(short(local)) : short(local);
      column(sign, sign, sign);
      column(factor(upper, fraction(names[upper], names[lower])), factor(upper, ...prose(derivative)), factor(upper, ...prose(number)));
    });
    const value = steps[walkedAt[leaf]][3].find((sent) => inputs[steps[walkedAt[leaf]][1]][sent[0]] === leaf)[4];
    row.append(cell("value", "= ", ...prose(short(value))));
    const slope = Number(value);
    const effect = make("p", {}, "So if ", symbol(names[leaf]), " grows by 0.01, ", symbol(page.loss));
    effect.append(slope ? ` ${slope > 0 ? "grows" : "shrinks"} by about ` : " stays nearly the same", ...(slope ? prose(brief(Math.abs(slope) / 100, 3)) : []), ".");
    return [make("div", { class: "way" }, make("p", {}, "All the way from ", symbol(page.loss), " to ", symbol(names[leaf]), ":"), row, effect)];
  }

  function listed(places) {
    const parts = [...new Set(places)].filter((k) => k >= 0).map((k) => symbol(names[k]));
    return parts.flatMap((part, k) => (k === 0 ? [part] : [k === parts.length - 1 ? " and " : ", ", part]));
  }

  function arithmetic(step) {
    const [phase, k, first, sent] = step;
    if (phase !== BACKWARD) {
      const told = make("p");
      if (phase === FORWARD) told.append(symbol(names[k]), " is computed from ", ...listed(inputs[k]), ".", page.notes[k] ? ` ${page.notes[k]}` : "");
      else told.append(symbol(names[k]), " changes by ", ...prose(step[5]), ".");
      return [told, equation(step)];
    }
    if (!sent) {
      const rows = make("div", { class: "rows" });
      rows.append(cell("left", fraction(page.loss, page.loss)), "=", cell("value", first));
      const slope = ["The gradient of a number says how fast ", symbol(page.loss), " changes if only that number changes a little. "];
      const start = "Backpropagation finds all of them from the end to the start, against the arrows. It starts with 1: ";
      return [make("p", {}, ...slope, start, symbol(page.loss), " changes just as fast as itself."), tidy(rows)];
    }
    const arrived = make("p", {}, "At ", symbol(names[k]), " = ", ...prose(page.formulas[k]), " the gradient ");
    arrived.append(fraction(page.loss, names[k]), " = ", ...prose(first), " has arrived. ");
    if (!sent.length) arrived.append("Nothing is sent on.");
    else if (sent[0][2] === "") arrived.append("Each input gets what its formula makes of it, called g:");
    else arrived.append("Chain rule: each input gets it, times the local derivative, how fast ", symbol(names[k]), " changes with that input:");
    const leaf = sent.map(([position]) => inputs[k][position]).find((parent) => !inputs[parent].length);
    const last = steps.findLastIndex((one) => one[0] === BACKWARD) === steps.indexOf(step);
    const short = sent.length > 3;
    const list = make("div", { class: short ? "table" : "products" }, ...sent.map((one) => product(step, one, short)));
    if (leaf !== undefined) list.append(...chain(leaf));
    if (last) (list.querySelector(".way p:last-child") || arrived).append(" Every gradient is complete.");
    return [arrived, list];
  }

  function say(step) {
    const [phase, k, first, sent] = step;
    if (phase !== BACKWARD) return `${names[k]} ${phase === FORWARD ? "=" : "←"} ${first} = ${step[3]} = ${step[4]}`;
    if (!sent) return `∂${page.loss}/∂${page.loss} = ${first}`;
    const parts = sent.map(([position, derivative, local, contribution, total, arrived, expected]) => {
      const made = local === "" ? derivative : `${first} · ${derivative}` + (derivative === local ? "" : ` = ${first} · ${signed(local)}`);
      const sum = expected > 1 ? `, sum so far ${total}` : "";
      const whole = arrived === expected ? "complete" : `${arrived} of ${expected}`;
      return `∂${page.loss}/∂${names[inputs[k][position]]} = ${made} = ${contribution}${sum}, ${whole}`;
    });
    return `∂${page.loss}/∂${names[k]} = ${first} arrives at ${names[k]} = ${page.formulas[k]}. ${parts.join("; ")}`;
  }

  // ---- The drawing ---------------------------------------------------------------------------------------------

  const drawing = document.importNode(new DOMParser().parseFromString(page.svg, "image/svg+xml").documentElement, true);
  const states = { todo: "still to come", now: "this step", gets: "receives a gradient", done: "computed", walked: "gradient sent back" };
  // Everything drawn belongs to the box of a node: its operation and the arrows to it have the same state.
  const boxes = new Map();
  const boxOf = (k) => boxes.get(ids[k]);
  const drawn = new Set([...drawing.querySelectorAll("g[id]")].map((group) => group.id));
  bundle();
  const parts = [...drawing.querySelectorAll("g[id]")].map((group) => ({ group, ...extent(group) }));

  // Arrows of one colour to the same box have the same state at every step. Drawn as one, they cost a browser a tenth.
  function bundle() {
    const bundles = new Map();
    for (const group of drawing.querySelectorAll("g.edge")) {
      const constant = group.id.startsWith("ec");
      group.classList.toggle("unwalked", constant);
      if (!constant) group.append(backwards(...group.children));
      const name = `${ownerOf(group)} ${group.firstElementChild.getAttribute("stroke")} ${constant}`;
      if (bundles.has(name)) group.remove();
      else bundles.set(name, []);
      bundles.get(name).push([...group.children]);
    }
    for (const [first, ...others] of bundles.values())
      first.forEach((path, k) => path.setAttribute("d", [first, ...others].map((arrow) => arrow[k].getAttribute("d")).join("")));
  }

  // The head of an arrow that points back to its start, and the piece of line in place of its own head.
  function backwards(line, head) {
    const [x, y, u, v] = line.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const [, tip] = head.getAttribute("d").split("L");
    const [, end] = line.getAttribute("d").match(/([-\d.]+,[-\d.]+)$/);
    const long = Math.hypot(u - x, v - y) || 1, [a, b] = [(u - x) / long, (v - y) / long];
    const side = (way) => `${(x + 10 * a - way * 5.5 * b).toFixed(1)},${(y + 10 * b + way * 5.5 * a).toFixed(1)}`;
    const path = head.cloneNode();
    path.setAttribute("d", `M${side(1)}L${x},${y}L${side(-1)}ZM${end}L${tip}`);
    path.setAttribute("stroke", head.getAttribute("fill"));
    path.classList.add("back");
    return path;
  }

  // What it may cover at most, in the units of the drawing.
  function extent(group) {
    const numbers = (text) => text.match(/-?[\d.]+/g).map(Number);
    let [xs, ys] = numbers(group.getAttribute("transform") || "0 0").map((one) => [one]);
    let reach = 10;
    for (const shape of group.children) for (const [size, part] of [["width", 2], ["height", 2], ["rx", 1], ["ry", 1]]) reach = Math.max(reach, Number(shape.getAttribute(size)) / part);
    if (group.classList.contains("edge")) {
      const points = numbers(group.firstElementChild.getAttribute("d"));
      [xs, ys] = [0, 1].map((odd) => points.filter((_, k) => k % 2 === odd));
    }
    return { left: Math.min(...xs) - reach, right: Math.max(...xs) + reach, top: Math.min(...ys) - reach, bottom: Math.max(...ys) + reach };
  }

  // The box "n3-for-n7-op" is that of n3 drawn again; the arrow "e3-7-0" goes from n3 to the operation of n7, "e7" from there to n7; folded parts are named "g-...".
  function ownerOf(group) {
    if (!group.classList.contains("edge")) return group.id.replace(/-(op|for-.*)$/, "");
    const [first, ...rest] = group.id.slice(1).split("-");
    for (let tail = first, n = 0; n <= rest.length; tail += `-${rest[n++]}`)
      for (const end of [rest.length, rest.length - 1]) {
        const head = rest.slice(n, end).join("-");
        const [start, goal] = [tail, head].map((part) => (/^\d/.test(part) ? `n${part}` : part));
        if (drawn.has(start) && drawn.has(goal)) return goal;
      }
    return `n${first}`;
  }

  for (const part of parts) {
    const { group } = part, id = ownerOf(group);
    if (!boxes.has(id)) boxes.set(id, { id, computed: -1, walked: Infinity, nodes: [], sums: [] });
    const box = part.box = boxes.get(id);
    group.style.display = "none";
    if (group.classList.contains("edge")) continue;
    if (group.id === id) {
      box.part = part;
      part.texts = ["data", "grad"].map((kind) => group.querySelector(`text.${kind}`));
      part.finals = part.texts.map((text) => text && text.textContent);
    }
    group.addEventListener("click", () => visit(box));
  }
  names.forEach((_, k) => boxOf(k) && boxOf(k).nodes.push(k));
  const sentTo = names.map(() => []);
  const computedAt = names.map(() => -1);
  const walkedAt = names.map(() => Infinity);
  const completeAt = names.map(() => -1);
  const updatedAt = names.map(() => -1);
  const touched = steps.map(() => new Set());
  steps.forEach(([phase, k, , sent], i) => {
    const shown = (box) => box && Object.hasOwn(page.shows, box.id) ? page.shows[box.id] : box && box.nodes[0];
    const box = boxOf(k);
    if (box) touched[i].add(box);
    if (phase === FORWARD) computedAt[k] = i;
    else if (phase !== BACKWARD) {
      updatedAt[k] = i;
      if (box && shown(box) === k && Number.isFinite(Number(steps[i][4]))) box.moved = [i, steps[i][4].replaceAll("-", "−")];
    }
    else if (!sent) {
      box.sums.push([i, "", true]);
      completeAt[k] = i;
    } else {
      walkedAt[k] = i;
      for (const one of sent) {
        const [position, , , , total, arrived, expected] = one;
        const parent = inputs[k][position], to = boxOf(parent);
        sentTo[parent].push([k, one]);
        touched[i].add(to);
        if (shown(to) === parent) to.sums.push([i, total, arrived === expected]);
        if (arrived === expected) completeAt[parent] = i;
        if (!inputs[parent].length && arrived === expected) walkedAt[parent] = i;
      }
    }
  });
  for (const box of boxes.values()) {
    box.computed = Math.max(-1, ...box.nodes.map((k) => computedAt[k]));
    box.walked = Math.max(-1, ...box.nodes.map((k) => walkedAt[k]));
    if (!box.nodes.length) box.walked = Infinity;
  }

  function brief(text, digits) {
    return String(Number(Number(text).toPrecision(digits))).replace("-", "−");
  }

  function paint({ group, box, texts, finals }) {
    const current = boxOf(steps[at][1]) === box;
    const state = current ? "now" : touched[at].has(box) ? "gets" : box.computed > at ? "todo" : box.walked <= at ? "walked" : "done";
    if (!group.classList.contains(state)) {
      group.classList.remove(...Object.keys(states));
      group.classList.add(state);
    }
    if (!texts || !box.nodes.length) return;
    let sum = null;
    for (const one of box.sums) if (one[0] <= at) sum = one;
    const short = sum && !sum[2] ? `${Number.isFinite(Number(sum[1])) ? brief(sum[1], 3) : ""} …` : "";
    const data = box.moved && box.moved[0] <= at ? box.moved[1] : finals[0];
    const told = [box.computed > at ? "?" : data, !sum ? "?" : sum[2] ? finals[1] : short];
    texts.forEach((text, j) => text && text.textContent !== told[j] && (text.textContent = told[j]));
    if (texts[1]) texts[1].classList.toggle("known", Boolean(sum && sum[2]));
  }

  function visit(box) {
    const phase = steps[at][0];
    const known = (list) => box.nodes.map((k) => list[k]).filter((i) => i >= 0 && i < Infinity);
    const places = [known(computedAt)[0], known(completeAt)[0], known(updatedAt)[0]];
    const here = places[phase] === at || places[phase] === undefined;
    const target = here ? places.find((i) => i !== undefined && i !== at) : places[phase];
    if (target !== undefined) go(target);
  }

  // ---- Controls ------------------------------------------------------------------------------------------------

  const icons = {
    first: "M4 4h2v12H4zM16 4v12L7 10z", previous: "M14 4v12L5 10z", play: "M5 3v14l12-7z",
    pause: "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z", next: "M6 4v12l9-6z", last: "M14 4h2v12h-2zM4 4v12l9-6z",
  };

  function icon(kind) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", icons[kind]);
    svg.append(path);
    return svg;
  }

  function button(kind, text, action) {
    const element = make("button", { type: "button", class: kind, "aria-label": text, title: text }, icon(kind));
    element.addEventListener("click", action);
    return element;
  }

  let at = -1;
  let timer = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const moves = {
    first: button("first", "First step (Home)", () => go(0)),
    previous: button("previous", "Previous step (left arrow)", () => go(at - 1)),
    play: button("play", "Play (space)", () => play(!timer)),
    next: button("next", "Next step (right arrow)", () => go(at + 1)),
    last: button("last", "Last step (End)", () => go(steps.length - 1)),
  };
  const slider = make("input", { type: "range", min: 0, max: steps.length - 1, step: 1, value: 0, "aria-label": "Step" });
  slider.addEventListener("input", () => go(Number(slider.value)));
  const speed = make("select", { "aria-label": "Speed" });
  for (const [text, pause] of [["½×", 5000], ["1×", 2500], ["2×", 1250], ["5×", 500]]) speed.append(make("option", { value: pause }, text));
  speed.value = "2500";
  speed.addEventListener("change", () => timer && play(true));
  const place = make("span", { class: "place" });
  const phase = make("span", { class: "phase" });
  drawing.setAttribute("aria-label", page.drawn);
  const stage = make("div", { class: "stage", role: "group", "aria-label": "The graph; click a node to go to its step", tabindex: 0 }, drawing);
  const sum = make("div", { class: "sum" });
  const live = make("p", { class: "hidden", "aria-live": "polite" });
  const list = make("ol", { start: 1 });
  const all = make("details", { class: "all" }, make("summary", {}, `All ${steps.length.toLocaleString("en")} steps as text`), list);
  const key = make("p", { class: "key" });
  for (const [state, text] of Object.entries(states)) key.append(make("span", { class: state }, make("i"), text));
  const kinds = { parameter: "weight", input: "input", constant: "constant, gets no gradient" };
  for (const [kind, text] of Object.entries(kinds)) if (drawing.querySelector(`.${kind}`)) key.append(make("span", { class: kind }, make("i"), text));
  key.append("Click a box for the step that computes it, again for the one that completes its gradient.");
  const bar = make("div", { class: "bar", role: "group", "aria-label": "Controls" }, ...Object.values(moves), slider, place, speed);
  const whole = make("p", { class: "whole" }, ...(page.formula ? [symbol(page.loss), " = ", ...prose(page.formula)] : []));
  const panel = make("div", { class: "panel" }, phase, sum);
  const root = make("section", { class: "view", "aria-label": page.title }, whole, bar, stage, panel, key, live, all);
  const size = drawing.viewBox.baseVal;
  root.classList.toggle("wide", size.width > 1.7 * size.height);
  drawing.style.width = `${size.width}px`;
  drawing.style.setProperty("--full", `${size.width}px`);
  drawing.classList.toggle("large", size.width > 1400);
  // Only now does it take the place of the image and the table: should an error end this script, they are still there.
  const shadow = host.attachShadow({ mode: "open" });
  shadow.append(make("style", {}, page.style), root);

  all.addEventListener("toggle", () => {
    if (!all.open || list.children.length) return;
    steps.forEach((step, i) => {
      const entry = make("button", { type: "button" }, `${phases[step[0]]}: ${say(step).replace(/ \* /g, " · ")}`);
      entry.addEventListener("click", () => go(i));
      list.append(make("li", i === at ? { "aria-current": "step" } : {}, entry));
    });
    reveal();
  });

  // Scrolls the list alone, not the page, to the current step.
  function reveal() {
    const [entry, frame] = [list.children[at], list].map((element) => element.getBoundingClientRect());
    if (entry.top < frame.top || entry.bottom > frame.bottom) list.scrollTop += entry.top - frame.top;
  }

  function play(on) {
    clearInterval(timer);
    timer = 0;
    if (on && at === steps.length - 1) go(0);
    if (on) timer = setInterval(() => (at === steps.length - 1 ? play(false) : go(at + 1)), Number(speed.value));
    const text = on ? "Pause (space)" : "Play (space)";
    moves.play.replaceChildren(icon(on ? "pause" : "play"));
    moves.play.setAttribute("aria-label", text);
    moves.play.title = text;
    live.setAttribute("aria-live", on ? "off" : "polite");
  }

  // Of thousands of parts, a browser is quick to show the few that are in sight, and half a screen around them.
  function look() {
    const scale = drawing.clientWidth / size.width;
    const [left, right] = [-0.5, 1.5].map((screens) => (stage.scrollLeft + screens * stage.clientWidth) / scale);
    const [top, bottom] = [-0.5, 1.5].map((screens) => (stage.scrollTop + screens * stage.clientHeight) / scale);
    for (const part of parts) {
      const near = part.left < right && part.right > left && part.top < bottom && part.bottom > top;
      if (near) paint(part);
      if (near !== part.near) part.group.style.display = near ? "" : "none";
      part.near = near;
    }
  }

  // Brings a step into sight, with the boxes that receive something, if there is room for all of them.
  function show(i) {
    const current = boxOf(steps[i][1]);
    if (!current || !current.part) return;
    const scale = drawing.clientWidth / size.width;
    const near = steps[i][0] === FORWARD ? [current, ...inputs[steps[i][1]].map(boxOf)] : [...touched[i]];
    const all = near.map((box) => box && box.part).filter(Boolean);
    const whole = { left: Math.min(...all.map((part) => part.left)), right: Math.max(...all.map((part) => part.right)), top: Math.min(...all.map((part) => part.top)), bottom: Math.max(...all.map((part) => part.bottom)) };
    const fits = (whole.right - whole.left) * scale < stage.clientWidth && (whole.bottom - whole.top) * scale < stage.clientHeight;
    const { left, right, top, bottom } = fits ? whole : current.part;
    const goal = { left: ((left + right) * scale - stage.clientWidth) / 2, top: ((top + bottom) * scale - stage.clientHeight) / 2 };
    const close = Math.abs(goal.left - stage.scrollLeft) < stage.clientWidth && Math.abs(goal.top - stage.scrollTop) < stage.clientHeight;
    stage.scrollTo({ ...goal, behavior: close && !still.matches && !timer ? "smooth" : "auto" });
  }

  function go(target) {
    const i = Math.max(0, Math.min(steps.length - 1, target));
    if (i === at) return;
    if (list.children.length) {
      list.children[at].removeAttribute("aria-current");
      list.children[i].setAttribute("aria-current", "step");
    }
    at = i;
    if (all.open && list.children.length) reveal();
    const step = steps[i];
    // First what asks for places: after a change, a browser has to lay out everything for an answer.
    show(i);
    look();
    root.dataset.phase = phases[step[0]].toLowerCase();
    root.classList.toggle("sends", step[0] === BACKWARD && Boolean(step[3]));
    phase.textContent = `${arrows[step[0]]} ${phases[step[0]]}`;
    place.textContent = `${i + 1} / ${steps.length}`;
    sum.replaceChildren(...arithmetic(step));
    // What stands below keeps its place; to ask for a height takes time where thousands of parts are drawn.
    if (parts.length < 300 && root.classList.contains("wide")) panel.style.minHeight = `${panel.offsetHeight}px`;
    slider.value = i;
    const told = `step ${i + 1} of ${steps.length}, ${phases[step[0]].toLowerCase()}: ${say(step)}`;
    slider.setAttribute("aria-valuetext", told);
    live.textContent = told;
    for (const kind of ["first", "previous"]) moves[kind].setAttribute("aria-disabled", i === 0);
    for (const kind of ["next", "last"]) moves[kind].setAttribute("aria-disabled", i === steps.length - 1);
  }

  const keys = {
    ArrowRight: () => go(at + 1), ArrowDown: () => go(at + 1), ArrowLeft: () => go(at - 1), ArrowUp: () => go(at - 1),
    Home: () => go(0), End: () => go(steps.length - 1), " ": () => play(!timer),
  };
  function isOurs(event) {
    const tag = event.composedPath()[0].tagName;
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in keys) || tag === "SELECT") return false;
    return event.key !== " " || !["BUTTON", "SUMMARY"].includes(tag);
  }
  // A cell that is run again leaves its old view behind, which all that listens outside of it would keep in memory.
  const gone = new AbortController();
  const { signal } = gone;
  // JupyterLab sees keys before we do, and leaves alone what happens inside an element with this attribute.
  addEventListener("keydown", (event) => {
    if (!host.isConnected) gone.abort();
    host.toggleAttribute("data-lm-suppress-shortcuts", isOurs(event));
  }, { capture: true, signal });
  (alone ? document : shadow).addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });

  function dress() {
    const theme = document.body.getAttribute("data-jp-theme-light");
    const dark = theme === null ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "false";
    root.classList.toggle("dark", dark);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress, { signal });
  const theme = new MutationObserver(dress);
  theme.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  signal.addEventListener("abort", () => (theme.disconnect(), clearInterval(timer)));
  dress();
  stage.addEventListener("scroll", look);
  new ResizeObserver(() => {
    panel.style.minHeight = "";
    look();
  }).observe(stage);
  go(0);
}
