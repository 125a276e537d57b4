// One drawing of the graph: its boxes and arrows, their states at a step, and the numbers in them.

/** A drawing that Python packed, as the text of an SVG. */
function unpacked(patterns, { head, parts }) {
  const part = ([pattern, ...fills]) => (typeof pattern === "string" ? arrowOf(pattern, ...fills) : patterns[pattern].replace(/\xad/g, () => fills.shift()));
  return `${head}${parts.map(part).join("")}</svg>`;
}

/** An arrow; its places are tenths, each counted from the one before, and the last is the tip. */
function arrowOf(color, id, places) {
  const at = [0, 0], way = [];
  const line = places.replace(/-?\d+/g, (step) => way[way.push((at[way.length % 2] += Number(step)) / 10) - 1]), [x, y, u, v] = way.slice(-4);
  const long = Math.hypot(u - x, v - y) / 2.8 || 1, side = (turn) => `${(x - (turn * (v - y)) / long).toFixed(1)},${(y + (turn * (u - x)) / long).toFixed(1)}`;
  return `<g id='${id}' class='edge'><path d='${line.slice(0, line.lastIndexOf(" "))}' fill='none' stroke='${color}' stroke-width='1.2'/><path d='M${side(1)}L${u},${v}L${side(-1)}Z' fill='${color}'/></g>`;
}

/** Makes a form of the drawing: {svg, width, height, look(sight, step), placeOf(step), nodeOf(group)}. */
function makeDrawing(page, form, steps, open) {
  const { engine, data } = page;
  const svg = document.importNode(new DOMParser().parseFromString(unpacked(page.options.graph.patterns, form), "image/svg+xml").documentElement, true);
  // Everything drawn belongs to the box of a node: its operation and the arrows to it have the same state.
  const boxes = new Map(), boxOf = (k) => boxes.get(form.boxes[form.ids[k]] ?? `n${k}`);
  const drawn = new Set([...svg.querySelectorAll("g[id]")].map((group) => group.id));
  bundle();
  const parts = [...svg.querySelectorAll("g[id]")].map((group) => ({ group, ...extent(group) }));
  const owners = new Map();

  // Arrows of one colour to the same box have the same state at every step. Drawn as one, they cost a browser a tenth.
  function bundle() {
    const bundles = new Map();
    for (const group of svg.querySelectorAll("g.edge")) {
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
    let [xs, ys] = numbers(group.getAttribute("transform") || "0 0").map((one) => [one]), reach = [10, 10];
    for (const shape of group.children)
      for (const [size, way, part] of [["width", 0, 2], ["height", 1, 2], ["rx", 0, 1], ["ry", 1, 1]]) reach[way] = Math.max(reach[way], Number(shape.getAttribute(size)) / part);
    if (group.classList.contains("edge")) {
      const points = numbers(group.firstElementChild.getAttribute("d"));
      [xs, ys] = [0, 1].map((odd) => points.filter((_, k) => k % 2 === odd));
    }
    const ends = (list, far) => [Math.min(...list) - far, Math.max(...list) + far];
    const [[left, right], [top, bottom]] = [ends(xs, reach[0]), ends(ys, reach[1])];
    return { left, right, top, bottom };
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
    if (!boxes.has(id)) boxes.set(id, { id, computed: -1, walked: Infinity, nodes: [], shown: null });
    const box = (part.box = boxes.get(id));
    owners.set(group, box);
    group.style.display = "none";
    if (group.classList.contains("edge") || group.id !== id) continue;
    box.part = part;
    part.texts = ["data", "grad"].map((kind) => group.querySelector(`text.${kind}`));
    part.room = Math.max(4, Math.floor((part.right - part.left - 56) / 6.6));
  }
  data.nodes.forEach((_, k) => boxOf(k)?.nodes.push(k));
  const touched = steps.map(() => new Set());
  steps.forEach((step, n) => {
    if (step.k !== undefined && boxOf(step.k)) touched[n].add(boxOf(step.k));
    for (const one of step.sent || []) touched[n].add(boxOf(one.to));
  });
  for (const box of boxes.values()) {
    const [inside, at] = [new Set(box.nodes), (test) => steps.map((step, n) => (test(step) ? n : -1))];
    box.computed = Math.max(-1, ...at((step) => step.phase === "forward" && inside.has(step.k)));
    box.walked = Math.max(-1, ...at((step) => (step.phase === "backward" && step.sent && inside.has(step.k)) || step.gradients.some((k) => inside.has(k) && page.isLeaf(k))));
    if (box.walked < 0) box.walked = Infinity;
    box.shown = Object.hasOwn(form.shows, box.id) ? form.shows[box.id] : box.nodes.length === 1 ? box.nodes[0] : -1;
    box.sums = steps.flatMap((step, n) => (step.sent || []).filter((one) => one.to === box.shown).map((one) => ({ n, ...one })));
    box.updated = steps.findIndex((step) => step.phase === "update" && step.k === box.shown);
    if (!box.part) continue;
    const folded = box.part.group.classList.contains("folded");
    dragNumber(page, box.part.group, () => (folded ? (open(), null) : box.shown >= 0 ? { k: box.shown, place: 0 } : null));
  }

  // As many digits as the box has room for.
  function fitted(x, room) {
    if (typeof x !== "number" && x.length > 4) {
      const ends = [Math.min(...x), Math.max(...x)];
      return ends[0] === ends[1] ? number(ends[0], 4) : ends.map((end) => number(end, 3)).join(" … ");
    }
    const shape = typeof x === "number" ? [] : [x.length];
    for (let figures = 6; figures > 2; figures--) if (dataText(x, shape, figures).length <= room) return dataText(x, shape, figures);
    return dataText(x, shape, 2);
  }

  function numbersOf(box, step, room) {
    // The last step shows the pass after the update, whose gradients nobody has computed.
    const k = box.shown, all = steps[step].whole, after = all || (box.updated >= 0 && box.updated <= step) ? page.after() : null;
    const value = !page.knownValue(k) ? "?" : after && !all ? `→ ${fitted(after.value[k], room - 2)}` : fitted((after || engine).value[k], room);
    if (all && after) return [value, "?"];
    if (page.knownGradient(k)) return [value, engine.gradient[k] === null ? "0" : fitted(engine.gradient[k], room)];
    const sum = box.sums.findLast((one) => one.n <= step);
    if (!sum) return [value, "?"];
    const soFar = sumSoFar(page, sum.uses);
    return [value, `${typeof soFar === "number" ? brief(soFar) : ""} …`];
  }

  function paint({ group, box, texts, room }, step) {
    const current = steps[step].k !== undefined && boxOf(steps[step].k) === box;
    const state = current ? "now" : touched[step].has(box) ? "gets" : box.computed > step ? "todo" : box.walked <= step ? "walked" : "done";
    if (!group.classList.contains(state)) {
      group.classList.remove(...Object.keys(STATES));
      group.classList.add(state);
    }
    if (!texts || box.shown < 0) return;
    group.classList.toggle("asked", page.question.k === box.shown);
    numbersOf(box, step, room).forEach((text, j) => texts[j] && texts[j].textContent !== text && (texts[j].textContent = text));
    if (texts[1]) texts[1].classList.toggle("known", page.knownGradient(box.shown) && texts[1].textContent !== "?");
  }

  // Of thousands of parts, a browser is quick to show the few that are in sight, and half a screen around them.
  function look(sight, step) {
    const [wide, high] = [(sight.right - sight.left) / 2, (sight.bottom - sight.top) / 2];
    const left = sight.left - wide, right = sight.right + wide, top = sight.top - high, bottom = sight.bottom + high;
    for (const part of parts) {
      const near = part.left < right && part.right > left && part.top < bottom && part.bottom > top;
      if (near) paint(part, step);
      if (near !== part.near) part.group.style.display = near ? "" : "none";
      part.near = near;
    }
    svg.classList.toggle("sends", steps[step].phase === "backward" && Boolean(steps[step].sent));
  }

  // What a step is about: its box and those that give to it or get from it.
  function placeOf(n) {
    const step = steps[n];
    if (step.k === undefined) return null;
    const near = step.phase === "forward" ? [boxOf(step.k), ...data.nodes[step.k].args.filter((arg) => typeof arg === "number").map(boxOf)] : [...touched[n]];
    const all = near.map((box) => box?.part).filter(Boolean);
    const most = (side, way) => way(...all.map((part) => part[side]));
    return all.length ? { left: most("left", Math.min), right: most("right", Math.max), top: most("top", Math.min), bottom: most("bottom", Math.max) } : null;
  }

  const { width, height } = svg.viewBox.baseVal;
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  return { svg, width, height, look, placeOf, nodeOf: (group) => (owners.get(group)?.shown >= 0 ? owners.get(group).shown : null) };
}
