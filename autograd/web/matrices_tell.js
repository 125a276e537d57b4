// What the panel says of a step of arrays: the chosen cell as a sum of products, with its numbers.

/** More terms than these are told as one sum. */
const MOST_TERMS = 10;

const nameOf = (page, arg) => (typeof arg === "number" ? symbol(page.name(arg)) : make("span", {}, "constant"));
function cellName(page, local, arg, place, turned) {
  const shape = local.shapeOf(arg), index = placeText(place, shape);
  return make("span.cell-name", {}, nameOf(page, arg), ...(turned ? [make("sup", {}, "T"), `[${indexOf(place, shape).reverse().join(", ")}]`] : [index]));
}
const same = (a, b, scale) => Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), scale);

/** Appends what happens in a step. place is the chosen cell of its result. */
function tellMatrix(page, local, panel, step, place) {
  const told = { task: tellArrays, forward: tellCell, backward: tellCellBack, update: tellNew }[step.phase](page, local, step, place);
  panel.append(...told.filter((one) => one !== null));
}

function tellArrays(page) {
  const { engine, data } = page, J = symbol(page.name(engine.loss)), weights = page.weights();
  const rows = weights.slice(0, 6).flatMap((k) => [cell("left", [symbol(page.name(k))]), cell("", [shapeText(data.nodes[k].shape), ` ${data.nodes[k].mark?.[2] ?? ""}`])]);
  const count = weights.reduce((all, k) => all + page.size(k), 0);
  return [
    make("p.lead", {}, "How does ", J, " change with each number it was computed from?"),
    make("p", {}, "Forward, each operation makes an array out of arrays; backward, each array gets a gradient of its own shape. Cells are counted from 0, as in Python: [0, 1] is row 0, column 1."),
    data.nodes.some(({ mark }) => mark) ? make("p", {}, "A row is a sample, a column an input or a neuron. @ is the product of matrices, row times column; a bias is a number that is added to all rows; ⊙ multiplies cell by cell.") : make("p", {}, "@ is the product of matrices, row times column; ⊙ multiplies cell by cell."),
    count ? make("p", {}, `${count.toLocaleString("en")} weights in ${weights.length} ${weights.length === 1 ? "array" : "arrays"}:`) : null,
    make("div.terms.two", {}, ...rows),
    weights.length > 6 ? make("p", {}, `and ${weights.length - 6} more`) : null,
  ];
}

/** The shapes in a formula. */
function shapesOf(page, local, text, k, result) {
  const { data } = page, short = withoutSettings(text);
  if (short.length > 60 || short.includes("array(")) return null;
  // Cell by cell, a shape that stays says nothing, and reads as a number in the formula.
  const sizes = [...data.nodes[k].args.map(local.shapeOf), data.nodes[k].shape].filter((shape) => shape.length);
  if (sizes.length < 3 && new Set([...sizes, result].map(String)).size < 2) return null;
  const of = (shape, turned) => (shape.length ? (turned ? [...shape].reverse() : shape).join(" × ") : "1");
  const parts = piecesOf(short).map((piece) => (typeof piece === "string" ? piece : of(piece.arg === "g" || piece.arg === "=" ? data.nodes[k].shape : local.shapeOf(data.nodes[k].args[piece.arg]), piece.turned)));
  return make("p.shapes", {}, "shapes: ", ...prose(parts.join("")), " → ", of(result));
}

const arrived = (page, k) => fraction(page.name(page.engine.loss), page.name(k));

/** A formula of one cell with its numbers; a sum is one of some cells. fill(what it names, cell) gives a number. */
function arithmetic(text, cells, place, fill) {
  const put = (piece, at) => piece.replace(/«(=|\d+)»|\bg\b/g, (found, arg, from) => {
    const shown = brief(fill(arg ?? found, at));
    return /(^|[([])$/.test(piece.slice(0, from)) ? shown : signed(shown);
  });
  const start = text.indexOf("sum(");
  if (start < 0) return put(text, place);
  let end = start + 4;
  for (let open = 1; open; end++) open += { "(": 1, ")": -1 }[text[end]] || 0;
  const inner = text.slice(start + 4, end - 1), isZero = (at) => put(inner, at) === "0";
  const few = cells.length > 8 ? [...[...cells].sort((a, b) => isZero(a) - isZero(b)).slice(0, 6), null] : cells;
  const all = few.map((at, n) => (at === null ? "…" : n ? signed(put(inner, at)) : put(inner, at))).join(" + "), alone = few.length < 2 || (text[start - 1] === "(" && text[end] === ")");
  // A sign before the sum is told from its own as before any other number.
  return put(`${text.slice(0, start)}\0${text.slice(end)}`, place).replace("\0", alone ? signed(all) : `(${all})`);
}

/** What becomes of a gradient by the meaning of an operation, as elements. */
function meantWords(page, k, j) {
  const { args, meaning } = page.data.nodes[k], part = (n) => [`${page.rows[meaning.parts[n - args.length][0]].op}(`, nameOf(page, args[meaning.parts[n - args.length][1]]), ")"];
  return piecesOf(ruleOf(page.data.nodes[k], j)).flatMap((piece) => (typeof piece === "string" ? prose(piece) : piece.arg === "g" ? [arrived(page, k)] : piece.arg === "=" ? [symbol(page.name(k))] : piece.arg < args.length ? [nameOf(page, args[piece.arg])] : part(piece.arg)));
}

const heading = (page, name, place, shape, value) => make("h2", {}, shape.length ? "cell " : "", shape.length ? `${placeText(place, shape)} of ` : "", name, " = ", make("b", {}, ...prose(number(value))));

/** The rows of a sum, the largest if they are many, and what all come to. */
function termTable(rows, total, left = 0) {
  const sum = rows.reduce((all, { value }) => all + value, 0), scale = rows.reduce((all, { value }) => Math.max(all, Math.abs(value)), 0);
  const shown = rows.length > MOST_TERMS + 1 ? [...rows].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MOST_TERMS) : rows;
  const rest = rows.length - shown.length + left, table = make("div.terms", { tabindex: 0, role: "group", aria: "The terms of this cell", "data-key": "terms" });
  const others = total - shown.reduce((all, { value }) => all + value, 0);
  for (const { label, product, value } of shown) table.append(cell("label", typeof label === "function" ? label() : label), cell("product", product), cell("term", prose(brief5(value))));
  if (rest) table.append(cell("label", [`${rest.toLocaleString("en")} more`]), cell("product"), cell("term", prose(brief5(others))));
  const right = left || same(sum, total, scale);
  table.append(cell("label total", [rows.length > 1 ? "sum" : ""]), cell("product total", [right ? (left ? "" : "✓ as computed") : "to rounding"]), cell("term total value", prose(number(left ? total : sum))));
  return table;
}
const brief5 = (x) => number(x === 0 ? 0 : x, Math.abs(x) < 0.01 ? 3 : 4);
const times = (a, b) => prose(`${brief(a)} · ${signed(brief(b))}`);

function tellCell(page, local, step, place) {
  const { engine, data } = page, { k } = step, node = data.nodes[k], name = symbol(page.name(k));
  const short = textOf(node), picked = local.picks(k);
  const line = make("p.lead", {}, name, ...(picked ? [" takes ", picked.length === 1 ? "one cell" : `${picked.length} cells`, " of "] : [" = "]), ...picked ? node.args.filter((arg) => typeof arg === "number").map((arg) => nameOf(page, arg)) : written(short.length > 90 ? `${rowName(page, k)} of «0»` : short, node.args.map((arg) => nameOf(page, arg))));
  const shapes = node.shape.length || node.args.some((arg) => local.shapeOf(arg).length) ? shapesOf(page, local, picked ? "array(" : node.text, k, node.shape) : null;
  if (place < 0) return [line, make("p", {}, "This array has no cell."), shapes];
  const y = elementOf(engine.value[k], place), head = heading(page, name.cloneNode(true), place, node.shape, y);
  const found = local.products(k, place), reads = node.args.map((arg, j) => (typeof arg === "number" ? local.inputs(k, j, place) : new Map()));
  const ties = node.args.some((arg, j) => typeof arg === "number" && local.isTie(k, j, place));
  const tie = ties ? make("p.note", {}, "A tie: the largest are equal. The gradient is shared among them.") : null;
  const count = reads.reduce((all, map) => all + map.size, 0);
  if (picked) return [line, head, ...tellPicked(page, local, k, picked, place)];
  if (node.meaning) return [line, head, ...tellMeant(page, local, k, place, [...reads[0].keys()])];
  if (count <= 2 && reads.every((map) => map.size <= 1) && short.length <= 90) {
    const read = (arg, j) => elementOf(local.valueOf(arg), reads[j].size ? [...reads[j].keys()][0] : matching(local, k, j, place));
    const fills = node.args.map((arg, j) => countOf(local.shapeOf(arg)) ? dataText(read(arg, j), [], 6, Number.isFinite(y) ? "0" : "\u22120") : "empty");
    const [[from, at]] = [...reads.flatMap((map, j) => [...map.keys()].map((place) => [node.args[j], place])), []];
    // Where a cell is only chosen, which one says more than the formula of all.
    if (count === 1 && node.args.length === 1 && (local.wanders(k, 0) || String(local.shapeOf(from)) !== String(node.shape)) && elementOf(local.valueOf(from), at) === y) return [line, head, make("p.numbers-line", {}, "taken from ", cellName(page, local, from, at))];
    const numbers = make("p.numbers-line", {}, ...written(short, fills), " = ", make("b", {}, ...prose(number(y))));
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
  const table = make("div.terms", { tabindex: 0, role: "group", aria: "What this cell reads", "data-key": "terms" }, cell("label", ["it reads"]), cell("product", ["number"]), cell("term", ["its slope"]), ...largest.flatMap(([arg, at, slope]) => [cell("label", [cellName(page, local, arg, at)]), cell("product", prose(brief5(elementOf(local.valueOf(arg), at)))), cell("term", prose(brief5(slope)))]));
  const note = page.options.graph.notes?.[node.row];
  return [line, note ? make("p.note", {}, note) : null, head, table, rows.length > largest.length ? make("p", {}, `and ${(rows.length - largest.length).toLocaleString("en")} more cells`) : null, tie, shapes];
}

/** Which cell is picked, and of a matrix from which row which column; if its rows are shares, these are classes. */
function tellPicked(page, local, k, picked, place) {
  const arg = page.data.nodes[k].args.find((one) => typeof one === "number"), shape = local.shapeOf(arg), shares = sharesOf(local.valueOf(arg), shape);
  const rows = shape.length === 2 && new Set(picked.map((at) => Math.floor(at / shape[1]))).size === picked.length;
  const list = picked.slice(0, MOST_TERMS).map((at) => (rows ? `row ${indexOf(at, shape)[0]} → ${shares ? "class" : "column"} ${indexOf(at, shape)[1]}` : placeText(at, shape))).join(", ");
  return [
    make("p.numbers-line", {}, "= ", cellName(page, local, arg, picked[place]), " = ", make("b", {}, ...prose(number(elementOf(page.engine.value[k], place))))),
    make("p", {}, `Picked: ${list}${picked.length > MOST_TERMS ? " …" : "."}`, rows && shares ? " Of each sample (row) only the class that was given for it counts." : " The others are left out."),
  ];
}

/** A cell by what its operation means. */
function tellMeant(page, local, k, place, cells) {
  const { meaning, args, shape } = page.data.nodes[k], y = elementOf(page.engine.value[k], place), shares = sharesOf(page.engine.value[k], shape);
  return [
    make("p.numbers-line", {}, "= ", ...prose(arithmetic(bare(meaning.text), cells, place, (arg, at) => elementOf(local.valueOf(args[arg]), at))), " = ", make("b", {}, ...prose(number(y)))),
    make("p", {}, page.rows[page.data.nodes[k].row].op, "(x) = ", ...written(bare(meaning.text), ["x"]), `; the sum is over ${cells.length} cells${shares ? " of a row" : ""}.`),
    shares && make("p", {}, `Shares of the row, which sum to 1 as probabilities do${shares.logs ? ", are exp of it" : ""}: ${cells.slice(0, 8).map((at) => number(shares.shares[at], 3)).join(", ")}.`),
  ];
}

/** The cell of an argument that broadcasting or an equal shape puts at a cell of a node. */
function matching(local, k, j, place) {
  const spread = local.spread(k, j);
  return spread ? spread[place] : place;
}

function tellCellBack(page, local, step, place) {
  const { engine, data } = page, { k, j, result } = step, J = page.name(engine.loss), shape = data.nodes[result].shape;
  const own = () => fraction(J, page.name(result));
  if (j === null) return [make("p.lead", {}, own(), " = 1: ", symbol(J), " changes just as fast as itself."), make("p", {}, "From here each operation sends gradients back to the arrays that it was computed from.")];
  const pieces = piecesOf(ruleOf(data.nodes[k], j)), from = () => arrived(page, k), picked = local.picks(k), meant = data.nodes[k].meaning?.slopes[j];
  const formula = picked ? [from(), " where a cell was picked, else 0"] : meant ? meantWords(page, k, j) : isPlain(pieces) && !local.isDiagonal(k, j) ? pieces.flatMap((piece) => (typeof piece === "string" ? prose(piece) : [piece.arg === "g" ? from() : piece.arg === "=" ? symbol(page.name(k)) : nameOf(page, data.nodes[k].args[piece.arg]), ...(piece.turned ? [make("sup", {}, "T")] : [])])) : [from(), ...(local.isDiagonal(k, j) && passesOn(local.diagonal(k, j)) ? [] : [local.isDiagonal(k, j) ? CELL_PRODUCT : " back through ", local.isDiagonal(k, j) ? fraction(page.name(k), page.name(result)) : operationText(page, k)])];
  const line = make("p.lead", {}, own(), step.parts > 1 ? ` (part ${step.part} of ${step.parts})` : "", " = ", ...formula);
  const shapes = local.isDiagonal(k, j) || picked || meant ? null : isPlain(pieces) ? shapesOf(page, local, data.nodes[k].slopes[j], k, shape) : null;
  if (place < 0) return [line, make("p", {}, "This array has no cell."), shapes];
  const { terms, left, total } = local.returns(k, j, place), cells = terms.map((one) => one.place);
  const notes = [], whole = terms.every(({ slope }) => slope === 1), order = pieces.filter((piece) => piece.arg !== undefined), first = order.length === 2 && order[1].arg === "g";
  const rows = terms.filter(({ g }) => g !== 0 || !meant).map(({ place: c, g, slope, value }) => {
    const label = () => {
      const factor = data.nodes[k].shape.length || shape.length ? local.factorOf(k, j, place, c) : null;
      const both = [make("span.cell-name", {}, from(), placeText(c, data.nodes[k].shape)), ...(factor ? [" · ", cellName(page, local, data.nodes[k].args[factor[0]], factor[1], order.some(({ arg, turned }) => turned && arg === factor[0]))] : [])];
      return first ? both.reverse() : both;
    };
    if (meant && notes.length < 3) notes.push(`${brief(slope)} = ${meantNumbers(page, local, step, cells, place, (one) => Number(one === c))}: what comes of a gradient of 1.`);
    return { label, product: whole ? [] : first ? times(slope, g) : times(g, slope), value };
  });
  const turned = order.find((piece) => piece.turned && piece.arg !== "g"), factors = turned ? terms.map((one) => local.factorOf(k, j, place, one.place)) : [];
  // On the diagonal it would read as if nothing were turned.
  const at = factors.find((one) => one && new Set(indexOf(one[1], local.shapeOf(data.nodes[k].args[one[0]]))).size > 1);
  if (at) {
    const [r, c] = indexOf(at[1], local.shapeOf(data.nodes[k].args[at[0]])), name = nameOrNumber(page, data.nodes[k].args[at[0]]);
    notes.push(`${name}\u1d40[${c}, ${r}] = ${name}[${r}, ${c}]: each product pairs what met forward.`);
  }
  const spread = local.spread(k, j);
  if (spread) notes.push(`Forward, one number was used for ${terms.length + left} cells (broadcast). Backward, what comes back from them is added up${/axis=0/.test(data.nodes[k].slopes[j]) ? ", down each column (axis=0)" : ""}.`);
  if (local.isDiagonal(k, j) && terms.length === 1 && terms[0].slope === 0) notes.push("The slope is 0 here (hatched): nothing passes.");
  if (terms.slice(0, MOST_TERMS).some(({ place: c }) => local.isTie(k, j, c))) notes.push("A tie: equal numbers share the gradient.");
  if (local.isDiagonal(k, j) && passesOn(local.diagonal(k, j))) notes.push("The slope is 1: the gradient goes through as it is.");
  if (!terms.length) notes.push("No cell was computed from this one: its gradient is 0.");
  const users = usesOf(engine, result);
  if (step.parts > 1) {
    const done = page.view.steps.slice(0, page.step + 1).filter((one) => one.phase === "backward" && one.j !== null && one.result === result);
    notes.push(`${users.length} operations use this array; their parts add up. So far ${number(done.reduce((all, one) => all + elementOf(engine.sent[one.k][one.j], place), 0))}.`);
  }
  return [line, heading(page, own(), place, shape, total), ...(meant ? tellMeantBack(page, local, step, cells, place, total) : []), rows.length ? termTable(rows, total, left) : null, ...notes.map((text) => make("p.note", {}, ...prose(text))), shapes];
}

/** A gradient by what an operation means, in numbers; g is that gradient, or 1 in one cell. */
function meantNumbers(page, local, { k, j }, cells, place, g) {
  const { args, meaning } = page.data.nodes[k];
  const own = (arg, at) => (arg === "g" ? g(at) : elementOf(arg === "=" ? page.engine.value[k] : arg < args.length ? local.valueOf(args[arg]) : local.partOf(k, Number(arg)), at));
  return arithmetic(bare(meaning.slopes[j]), cells, place, own);
}

function tellMeantBack(page, local, step, cells, place, total) {
  const { k } = step, { args, meaning, shape } = page.data.nodes[k], shares = meaning.parts.length && sharesOf(local.partOf(k, args.length), shape);
  return [
    make("p.numbers-line", {}, "= ", ...prose(meantNumbers(page, local, step, cells, place, (at) => elementOf(page.engine.gradient[k], at))), " = ", make("b", {}, ...prose(number(total)))),
    shares ? make("p", {}, `${number(shares.shares[place], 3)} is this cell\u2019s share of its row; the sum is over the row.`) : null,
  ];
}

function tellNew(page) {
  const after = page.after();
  if (!after) return [make("p", {}, "This update was computed in Python, by an optimizer that is more than −rate · gradient, for the numbers it was given. Reset them to see it.")];
  const cells = page.weights().filter((k) => page.size(k) > 1).slice(0, MOST_TERMS).flatMap((k) => {
    const place = page.view.placeOf(k), [old, now] = [page.engine, after].map((one) => elementOf(one.value[k], place));
    let figures = 3;
    while (figures < 12 && old !== now && number(old, figures) === number(now, figures)) figures += 1;
    return [cell("label", [cellName(page, { shapeOf: () => page.data.nodes[k].shape }, k, place)]), cell("product", prose(`${number(old, figures + 1)} → `)), cell("term", prose(number(now, figures + 1)))];
  });
  return [...tellOutcome(page, after, () => []), make("p", {}, "All arrays change at once, here one cell of each:"), make("div.terms", {}, ...cells)];
}
