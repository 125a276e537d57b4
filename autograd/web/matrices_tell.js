// What the panel says of a step of arrays: the chosen cell as a sum of products, with its numbers.

/** More terms than these are told as one sum. */
const MOST_TERMS = 10;

const nameOf = (page, arg) => (typeof arg === "number" ? symbol(page.name(arg)) : make("span", {}, "constant"));
const cellName = (page, local, arg, place) => make("span", { class: "cell-name" }, nameOf(page, arg), placeText(place, local.shapeOf(arg)));
const same = (a, b, scale) => Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), scale);

/** Appends what happens in a step. place is the chosen cell of its result. */
function tellMatrix(page, local, panel, step, place) {
  const told = { task: tellArrays, forward: tellCell, backward: tellCellBack, update: tellNew }[step.phase](page, local, step, place);
  panel.append(...told.filter((one) => one !== null));
}

function tellArrays(page) {
  const { engine, data } = page, J = symbol(page.name(engine.loss)), weights = page.weights();
  const rows = weights.slice(0, 6).flatMap((k) => [cell("left", [symbol(page.name(k))]), cell("", [shapeText(data.nodes[k].shape)])]);
  const count = weights.reduce((all, k) => all + page.size(k), 0);
  return [
    make("p", { class: "lead" }, "How does ", J, " change with each number it was computed from?"),
    make("p", {}, "Forward, each operation makes an array out of arrays; backward, each array gets a gradient of its own shape. Cells are counted from 0, as in Python: [0, 1] is row 0, column 1."),
    count ? make("p", {}, `${count.toLocaleString("en")} weights in ${weights.length} ${weights.length === 1 ? "array" : "arrays"}:`) : null,
    make("div", { class: "terms two" }, ...rows),
    weights.length > 6 ? make("p", {}, `and ${weights.length - 6} more`) : null,
  ];
}

/** The shapes in a formula. */
function shapesOf(page, local, text, k, result) {
  const { data } = page, short = withoutSettings(text);
  if (short.length > 60 || short.includes("array(")) return null;
  const of = (shape, turned) => (shape.length ? (turned ? [...shape].reverse() : shape).join(" × ") : "1");
  const parts = piecesOf(short).map((piece) => (typeof piece === "string" ? piece : of(piece.arg === "g" || piece.arg === "=" ? data.nodes[k].shape : local.shapeOf(data.nodes[k].args[piece.arg]), piece.turned)));
  return make("p", { class: "shapes" }, "shapes: ", ...prose(parts.join("")), " → ", of(result));
}

const heading = (page, name, place, shape, value) => make("h2", {}, shape.length ? "cell " : "", shape.length ? `${placeText(place, shape)} of ` : "", name, " = ", make("b", {}, ...prose(number(value))));

/** The rows of a sum, the largest if they are many, and what all come to. */
function termTable(rows, total, left = 0) {
  const sum = rows.reduce((all, { value }) => all + value, 0), scale = rows.reduce((all, { value }) => Math.max(all, Math.abs(value)), 0);
  const shown = rows.length > MOST_TERMS + 1 ? [...rows].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MOST_TERMS) : rows;
  const rest = rows.length - shown.length + left, table = make("div", { class: "terms", tabindex: 0, role: "group", "aria-label": "The terms of this cell", "data-key": "terms" });
  const others = total - shown.reduce((all, { value }) => all + value, 0);
  for (const { label, product, value } of shown) table.append(cell("label", typeof label === "function" ? label() : label), cell("product", product), cell("term", prose(brief5(value))));
  if (rest) table.append(cell("label", [`${rest.toLocaleString("en")} more`]), cell("product"), cell("term", prose(brief5(others))));
  const right = left || same(sum, total, scale);
  table.append(cell("label total", ["sum"]), cell("product total", [right ? (left ? "" : "✓ as computed") : "to rounding"]), cell("term total value", prose(number(left ? total : sum))));
  return table;
}
const brief5 = (x) => number(x === 0 ? 0 : x, Math.abs(x) < 0.01 ? 3 : 4);
const times = (a, b) => prose(`${brief(a)} · ${signed(brief(b))}`);

function tellCell(page, local, step, place) {
  const { engine, data } = page, { k } = step, node = data.nodes[k], name = symbol(page.name(k));
  const short = withoutSettings(node.text);
  const line = make("p", { class: "lead" }, name, " = ", ...written(short.length > 90 ? `${rowName(page, k)} of «0»` : short, node.args.map((arg) => nameOf(page, arg))));
  const shapes = node.shape.length || node.args.some((arg) => local.shapeOf(arg).length) ? shapesOf(page, local, node.text, k, node.shape) : null;
  if (place < 0) return [line, make("p", {}, "This array has no cell."), shapes];
  const y = elementOf(engine.value[k], place), head = heading(page, name.cloneNode(true), place, node.shape, y);
  const found = local.products(k, place), reads = node.args.map((arg, j) => (typeof arg === "number" ? local.inputs(k, j, place) : new Map()));
  const ties = node.args.some((arg, j) => typeof arg === "number" && local.isTie(k, j, place));
  const tie = ties ? make("p", { class: "note" }, "A tie: the largest are equal. The gradient is shared among them.") : null;
  const count = reads.reduce((all, map) => all + map.size, 0);
  if (count <= 2 && reads.every((map) => map.size <= 1) && short.length <= 90) {
    const fills = node.args.map((arg, j) => (typeof arg !== "number" ? number(elementOf(local.valueOf(arg), matching(local, k, j, place))) : reads[j].size ? number(elementOf(engine.value[arg], [...reads[j].keys()][0])) : number(elementOf(engine.value[arg], matching(local, k, j, place)))));
    const numbers = make("p", { class: "numbers-line" }, ...written(short, fills), " = ", make("b", {}, ...prose(number(y))));
    const slopes = node.args.flatMap((arg, j) => [...reads[j]].map(([at, slope]) => make("p", {}, "its slope by ", cellName(page, local, arg, at), ": ", ...prose(number(slope)), slope === 0 ? ", so no gradient will pass here" : "")));
    return [line, head, numbers, ...slopes, shapes];
  }
  if (found) {
    const rows = found.terms.map((term) => ({
      label: term.partner ? [cellName(page, local, node.args[term.j], term.place), " · ", cellName(page, local, node.args[term.partner.j], term.partner.place)] : [cellName(page, local, node.args[term.j], term.place)],
      product: term.slope === 1 && !term.partner ? [] : term.slope === 0 ? ["not the largest, or cut off"] : times(term.x, term.slope), value: term.slope === 0 ? 0 : term.x * term.slope,
    }));
    const chosen = found.terms.filter(({ slope }) => slope === 0).length > 0 && found.terms.filter(({ slope }) => slope === 1).length === 1;
    if (chosen) rows.forEach((row, n) => (row.product = found.terms[n].slope === 0 ? prose(`${number(found.terms[n].x, 4)}: passed over`) : ["the winner"]));
    return [line, head, termTable(rows, y), tie, shapes];
  }
  const rows = node.args.flatMap((arg, j) => [...reads[j]].map(([at, slope]) => [arg, at, slope]));
  const largest = rows.length > MOST_TERMS ? [...rows].sort((a, b) => Math.abs(b[2]) - Math.abs(a[2])).slice(0, MOST_TERMS) : rows;
  const table = make("div", { class: "terms", tabindex: 0, role: "group", "aria-label": "What this cell reads", "data-key": "terms" }, cell("label", ["it reads"]), cell("product", ["number"]), cell("term", ["its slope"]), ...largest.flatMap(([arg, at, slope]) => [cell("label", [cellName(page, local, arg, at)]), cell("product", prose(brief5(elementOf(local.valueOf(arg), at)))), cell("term", prose(brief5(slope)))]));
  return [line, head, table, rows.length > largest.length ? make("p", {}, `and ${(rows.length - largest.length).toLocaleString("en")} more cells`) : null, tie, shapes];
}

/** The cell of an argument that broadcasting or an equal shape puts at a cell of a node. */
function matching(local, k, j, place) {
  const spread = local.spread(k, j);
  return spread ? spread[place] : place;
}

function tellCellBack(page, local, step, place) {
  const { engine, data } = page, { k, j, result } = step, J = page.name(engine.loss), shape = data.nodes[result].shape;
  const own = () => fraction(J, page.name(result));
  if (j === null) return [make("p", { class: "lead" }, own(), " = 1: ", symbol(J), " changes just as fast as itself."), make("p", {}, "From here each operation sends gradients back to the arrays that it was computed from.")];
  const rule = withoutSettings(data.nodes[k].slopes[j] || ""), pieces = piecesOf(rule), from = () => fraction(J, page.name(k));
  const formula = isPlain(pieces) && !local.isDiagonal(k, j) ? pieces.flatMap((piece) => (typeof piece === "string" ? prose(piece) : [piece.arg === "g" ? from() : piece.arg === "=" ? symbol(page.name(k)) : nameOf(page, data.nodes[k].args[piece.arg]), ...(piece.turned ? [make("sup", {}, "T")] : [])])) : [from(), ...(local.isDiagonal(k, j) && passesOn(local.diagonal(k, j)) ? [] : [local.isDiagonal(k, j) ? CELL_PRODUCT : " back through ", local.isDiagonal(k, j) ? fraction(page.name(k), page.name(result)) : rowName(page, k)])];
  const line = make("p", { class: "lead" }, own(), step.parts > 1 ? ` (part ${step.part} of ${step.parts})` : "", " = ", ...formula);
  const shapes = local.isDiagonal(k, j) ? null : isPlain(pieces) ? shapesOf(page, local, data.nodes[k].slopes[j], k, shape) : null;
  if (place < 0) return [line, make("p", {}, "This array has no cell."), shapes];
  const { terms, left, total } = local.returns(k, j, place);
  const whole = terms.every(({ slope }) => slope === 1);
  const rows = terms.map(({ place: c, g, slope, value }) => {
    const label = () => {
      const factor = data.nodes[k].shape.length || shape.length ? local.factorOf(k, j, place, c) : null;
      return [make("span", { class: "cell-name" }, from(), placeText(c, data.nodes[k].shape)), ...(factor ? [" · ", cellName(page, local, data.nodes[k].args[factor[0]], factor[1])] : [])];
    };
    return { label, product: whole ? [] : times(g, slope), value };
  });
  const notes = [];
  const spread = local.spread(k, j);
  if (spread) notes.push(`Forward, one number was used for ${terms.length + left} cells (broadcast). Backward, what comes back from them is added up.`);
  if (local.isDiagonal(k, j) && terms.length === 1 && terms[0].slope === 0) notes.push("The slope is 0 here (hatched): nothing passes.");
  if (terms.slice(0, MOST_TERMS).some(({ place: c }) => local.isTie(k, j, c))) notes.push("A tie: equal numbers share the gradient.");
  if (local.isDiagonal(k, j) && passesOn(local.diagonal(k, j))) notes.push("The slope is 1: the gradient goes through as it is.");
  if (!terms.length) notes.push("No cell was computed from this one: its gradient is 0.");
  const users = usesOf(engine, result);
  if (step.parts > 1) {
    const done = page.view.steps.slice(0, page.step + 1).filter((one) => one.phase === "backward" && one.j !== null && one.result === result);
    notes.push(`${users.length} operations use this array; their parts add up. So far ${number(done.reduce((all, one) => all + elementOf(engine.sent[one.k][one.j], place), 0))}.`);
  }
  return [line, heading(page, own(), place, shape, total), terms.length ? termTable(rows, total, left) : null, ...notes.map((text) => make("p", { class: "note" }, text)), shapes];
}

function tellNew(page) {
  const after = page.after();
  if (!after) return [make("p", {}, "This update was computed in Python, by an optimizer that is more than −rate · gradient, for the numbers it was given. Reset them to see it.")];
  return tellOutcome(page, after, () => []);
}
