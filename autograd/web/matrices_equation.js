// The steps of a graph of arrays, and the one equation that each of them is.

/** A formula of an array with more text between its arrays than this is not laid out; its arrays stand side by side. */
const MOST_TEXT = 34;
const CELL_PRODUCT = " ⊙ ";

/** All steps: the task, one for each operation, one for each argument that gets a gradient, the update. */
function matrixSteps(page) {
  const { engine, data } = page, expected = data.nodes.map((_, k) => usesOf(engine, k).length), seen = data.nodes.map(() => 0);
  const steps = [{ phase: "task", values: [], gradients: [], title: "the task", result: engine.loss }];
  data.nodes.forEach((node, k) => node.args && steps.push({ phase: "forward", k, result: k, values: [k], gradients: [], title: page.name(k) }));
  steps.push({ phase: "backward", k: engine.loss, j: null, result: engine.loss, values: [], gradients: [engine.loss], title: page.name(engine.loss) });
  for (let k = engine.loss; k >= 0; k--) {
    (engine.gradient[k] === null ? [] : data.nodes[k].args || []).forEach((to, j) => {
      if (typeof to !== "number" || engine.sent[k][j] === null) return;
      seen[to] += 1;
      steps.push({ phase: "backward", k, j, result: to, part: seen[to], parts: expected[to], values: [], gradients: seen[to] === expected[to] ? [to] : [], title: page.name(to) });
    });
  }
  if (data.update && page.weights().length) steps.push({ phase: "update", values: page.weights(), gradients: [], title: "the new loss", result: engine.loss });
  return steps;
}

/** A formula without the settings that the shapes show anyway. */
const withoutSettings = (text) => text.replace(/, (?!axis\b)[a-z_]+=(\([^()]*\)|[^,()]+)/g, "");

/** A formula without any setting. */
const bare = (text) => text.replace(/, [a-z_]+=(\([^()]*\)|[^,()]+)/g, "");

/** How a node is computed, without the settings that the shapes show or that are usual. */
const textOf = (node) => (node.meaning ? bare : withoutSettings)(node.text);
/** What becomes of the gradient g, by what the operation means if its row says that. */
const ruleOf = ({ meaning, slopes }, j) => (meaning?.slopes[j] ? bare(meaning.slopes[j]) : withoutSettings(slopes[j] || ""));

/** A formula in pieces: texts, and {arg: its number, "=" for the node or "g" for the gradient, turned: true if transposed}. */
function piecesOf(text) {
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(/«(=|\d+)»(\.T(?!\w))?|\bg\b(\.T(?!\w))?/g)) {
    pieces.push(text.slice(from, found.index), { arg: found[1] === undefined ? "g" : found[1] === "=" ? "=" : Number(found[1]), turned: Boolean(found[2] || found[3]) });
    from = found.index + found[0].length;
  }
  return [...pieces, text.slice(from)].filter((piece) => piece !== "");
}

/** Tells whether a formula's pieces are few enough to be laid out. */
function isPlain(pieces) {
  const words = pieces.filter((piece) => typeof piece === "string").join("");
  return words.length <= MOST_TEXT && !words.includes("array(") && pieces.length - pieces.filter((piece) => typeof piece === "string").length <= 3;
}

/** Makes the parts of a step's equation: texts and grids. act: {pick, hover}, what the cells of the result do. */
function equationOf(page, local, step, act) {
  const { engine, data } = page, { k, j } = step;
  const value = (node, more) => makeGrid(page, { node, mark: markOf(page, node), shape: data.nodes[node].shape, values: () => engine.value[node], title: [symbol(page.name(node))], words: page.name(node), leaf: page.isLeaf(node), shares: !page.isLeaf(node), role: { value: node }, ...more });
  const gradient = (node, more) => makeGrid(page, { node, shape: data.nodes[node].shape, values: () => engine.gradient[node], title: [fraction(page.name(engine.loss), page.name(node))], words: `gradient of ${page.name(node)}`, gradient: true, role: { gradient: node }, ...more });
  const operand = (position, turned) => {
    const arg = data.nodes[k].args[position], shape = local.shapeOf(arg), role = { arg: position };
    const source = turned && shape.length === 2 ? turnedSource(shape) : null;
    const more = source ? { source, real: shape, shape: [shape[1], shape[0]], mark: null } : {};
    const name = typeof arg === "number" ? [symbol(page.name(arg))] : ["constant"];
    const title = source ? [...name, make("sup", {}, "T")] : name;
    const spread = j === undefined && local.spread(k, position);
    if (spread && countOf(data.nodes[k].shape) <= MOST_CELLS && data.nodes[k].shape.length < 3) Object.assign(more, { source: spread, ghosts: true, shape: data.nodes[k].shape, real: shape, caption: `${captionOf({ mark: typeof arg === "number" && markOf(page, arg), shape })}, used for ${shapeText(data.nodes[k].shape)}` });
    if (typeof arg === "number") return value(arg, { ...more, title, role });
    return makeGrid(page, { node: null, shape, values: () => local.valueOf(arg), title, words: "constant", role, ...more });
  };
  // A part of what the operation means is an array of its own.
  const part = (n) => {
    const { args, meaning, shape } = data.nodes[k], [row, from] = meaning.parts[n - args.length], name = page.rows[row].op;
    return makeGrid(page, { node: null, shape, values: () => local.partOf(k, n), title: [`${name}(`, nameOf(page, args[from]), ")"], words: name, shares: true, role: { own: true } });
  };
  const laid = (pieces) => pieces.map((piece, n) => (typeof piece === "string" ? piece : piece.arg >= data.nodes[k].args.length ? part(piece.arg) : piece.arg === "g" ? gradient(k, { role: data.nodes[k].meaning && !/sum\([^)]*$/.test(pieces.slice(0, n).filter((one) => one.slice).join("")) ? { own: true } : { g: true }, ...(piece.turned && data.nodes[k].shape.length === 2 ? { source: turnedSource(data.nodes[k].shape), real: data.nodes[k].shape, shape: [...data.nodes[k].shape].reverse() } : {}) }) : piece.arg === "=" ? value(k, { role: { own: true } }) : operand(piece.arg, piece.turned)));

  if (step.phase === "task") {
    const weights = page.weights().filter((node) => countOf(data.nodes[node].shape) <= MOST_CELLS).slice(0, 3);
    return [...weights.flatMap((node) => [value(node), ", "]).slice(0, -1), weights.length ? " … → " : "", value(engine.loss, { unknown: () => true, values: () => 0 })].filter((part) => part !== "");
  }
  if (step.phase === "update") return updateOf(page, value, gradient);
  if (step.phase === "forward") {
    const pieces = piecesOf(textOf(data.nodes[k])), arrays = data.nodes[k].args.map((_, n) => n).filter((n) => local.shapeOf(data.nodes[k].args[n]).length || typeof data.nodes[k].args[n] === "number");
    const plain = isPlain(pieces) && !local.picks(k), left = plain ? laid(pieces) : [...arrays.slice(0, 3).flatMap((n) => [operand(n, false), ", "]).slice(0, -1)];
    return [...left, plain ? " = " : local.picks(k) ? " → picked → " : " → ", value(k, { ...act, role: { result: true } })];
  }
  const result = gradient(step.result, { ...act, values: () => (j === null ? engine.gradient[k] : engine.sent[k][j]), role: { result: true }, ...(step.parts > 1 ? { caption: `${shapeText(data.nodes[step.result].shape)}, part ${step.part} of ${step.parts}` } : {}) });
  if (j === null) return [result];
  if (local.isDiagonal(k, j)) {
    if (passesOn(local.diagonal(k, j))) return [gradient(k, { role: { g: true } }), " = ", result];
    const slope = makeGrid(page, { node: null, shape: data.nodes[k].shape, values: () => local.diagonal(k, j), title: [fraction(page.name(k), page.name(step.result))], words: `slope of ${page.name(k)} by ${page.name(step.result)}`, role: { slope: true } });
    return [gradient(k, { role: { g: true } }), CELL_PRODUCT, slope, " = ", result];
  }
  const pieces = piecesOf(ruleOf(data.nodes[k], j));
  if (!local.picks(k) && isPlain(pieces) && pieces.some((piece) => piece.arg === "g")) return [...laid(pieces), " = ", result];
  return [gradient(k, { role: { g: true } }), local.picks(k) ? " → back to where each was picked → " : ` → back through ${operationText(page, k)} → `, result];
}

/** The shape of an array, and what it is in a layer. */
const captionOf = ({ shape, mark }) => {
  const [layer, , role] = mark || [], axes = { weight: "inputs × neurons", output: "samples × neurons", input: "samples × inputs" }[role];
  return [shapeText(shape), ...(/weight|bias/.test(role) ? [`${role}${layer && ` of layer ${layer}`}`] : []), ...(axes && shape.length === 2 ? [axes] : [])].join(", ");
};
/** The mark of a node; what meets a weight first is an input. */
const markOf = ({ engine, data }, k) => data.nodes[k].mark ?? (engine.users[k].some(([user, j]) => j === 0 && data.nodes[data.nodes[user].args[1]]?.mark?.[2] === "weight") ? ["", "", "input"] : null);

/** An operation as it is written, if that is short enough, else by its name. */
function operationText(page, k) {
  const node = page.data.nodes[k], whole = filled(textOf(node), node.args.map((arg) => nameOrNumber(page, arg)));
  return whole.length <= MOST_TEXT && !whole.includes("[[") ? whole : rowName(page, k);
}

/** The name of an operation, as its row says. */
const rowName = (page, k) => page.rows[page.data.nodes[k].row].op.replaceAll("_", " ");

/** Tells whether a gradient goes through as it is. */
const passesOn = (slope) => (typeof slope === "number" ? slope === 1 : slope.every((one) => one === 1));

/** For each cell of a transposed matrix the cell of the matrix. */
const turnedSource = ([rows, columns]) => Int32Array.from({ length: rows * columns }, (_, place) => (place % rows) * columns + Math.floor(place / rows));

/** The update of the weight that is asked about, or of the first. */
function updateOf(page, value, gradient) {
  const weights = page.weights(), k = page.question && weights.includes(page.question.k) ? page.question.k : weights[0], { rate } = page.data.update;
  const after = () => page.after()?.value[k] ?? page.engine.value[k];
  const result = value(k, { leaf: false, digits: 5, values: after, title: ["new ", symbol(page.name(k))], words: `new ${page.name(k)}`, role: { gradient: k } });
  if (typeof rate !== "number" || page.engine.gradient[k] === null) return [value(k, { digits: 5 }), " → ", result];
  return [value(k, { digits: 5 }), ` − ${number(rate)} · `, gradient(k), " = ", result];
}
