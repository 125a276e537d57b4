// What happens in a step of the graph: formula, numbers, result; backward the chain rule for each input.

/** Fills «k» in a text with other texts, as `written` does with elements. */
function filled(text, fills, own = "") {
  const parts = text.split(/«(=|\d+)»/);
  return parts.map((part, k) => {
    if (!(k % 2)) return part;
    const fill = part === "=" ? own : fills[Number(part)] ?? `«${part}»`;
    return /(^|[([]|, )$/.test(parts[k - 1]) && !/^ \*\* /.test(parts[k + 1]) ? fill : signed(fill);
  }).join("");
}

const nameOrNumber = (page, arg) => (typeof arg === "number" ? page.name(arg) : page.number(arg));
const formulaOf = (page, k) => written(page.data.nodes[k].text, page.data.nodes[k].args.map(page.written));
const formulaText = (page, k) => filled(page.data.nodes[k].text, page.data.nodes[k].args.map((arg) => nameOrNumber(page, arg)));
const shownNumbers = (page, k) => written(page.data.nodes[k].text, page.numbers(k));
const shownValue = (page, k, engine = page.engine) => digits(engine.value[k], page.data.nodes[k].shape);
const shownGradient = (page, k) => (page.engine.gradient[k] === null ? ["0"] : digits(page.engine.gradient[k], page.data.nodes[k].shape));

/** The sum of what came to a node through some of its uses. */
function sumSoFar(page, uses) {
  const sent = uses.map(([user, position]) => page.engine.sent[user][position]);
  if (sent.some((one) => one === null)) return 0;
  return sent.reduce((all, one) => (typeof one === "number" ? all + one : Float64Array.from(one, (x, n) => x + all[n])));
}

function tellTask(page) {
  const { engine } = page, J = engine.loss, { k } = page.question;
  const asked = k === J ? page.weights()[0] ?? 0 : k;
  const first = ["Find ", fraction(page.name(J), page.name(asked)), ": how fast does ", symbol(page.name(J)), " change if only ", symbol(page.name(asked)), " changes a little?"];
  const rest = "First forward: every number is computed from those before it. Then backward: from the end to the start each number gets its gradient, by the chain rule.";
  return [make("p.lead", {}, ...first), make("p", {}, rest)];
}

function rowsOf(...children) {
  return make("div", { class: children.some((child) => child.textContent?.includes("[")) ? "rows arrays" : "rows" }, ...children.map((child) => (typeof child === "string" ? cell("", [child]) : child)));
}

function tellForward(page, { k }) {
  const node = page.data.nodes[k], used = [...new Set(node.args.filter((arg) => typeof arg === "number"))];
  const list = used.flatMap((arg, n) => [n === 0 ? "" : n === used.length - 1 ? " and " : ", ", symbol(page.name(arg))]);
  const note = page.options.graph.notes?.[node.row];
  const lead = make("p", {}, symbol(page.name(k)), " is computed from ", ...list, ".", note ? ` ${note}` : "");
  return [lead, rowsOf(cell("left", [symbol(page.name(k))]), "=", cell("", formulaOf(page, k)), "", "=", cell("", shownNumbers(page, k)), "", "=", cell("value", shownValue(page, k)))];
}

function stateOf(page, one, short) {
  const { uses, expected } = one, arrived = uses.length, note = cell("state");
  if (expected === 1) note.append(short ? "✓" : "✓ complete: one path");
  else {
    const dots = expected <= 8 ? `${"●".repeat(arrived)}${"○".repeat(expected - arrived)} ` : "";
    note.append(make("span", { "aria-hidden": "true" }, dots));
    // The drawing has the sum; beside many products there is no room for it.
    if (short) note.append(arrived < expected ? cell(dots && "hidden", [`${arrived} of ${expected}`]) : "✓");
    else note.append("sum so far ", ...digits(sumSoFar(page, uses), page.data.nodes[one.to].shape), arrived < expected ? `: ${arrived} of ${expected}` : ": ✓ complete");
  }
  return note;
}

function product(page, k, one, short) {
  const { engine, data } = page, J = page.name(engine.loss), { position, to } = one;
  const slope = engine.slope[k][position], scalar = typeof slope === "number";
  const left = cell("left", [fraction(J, page.name(to))]), result = cell("value", digits(engine.sent[k][position] ?? 0, data.nodes[to].shape));
  const rule = slopeText(page, k, position), varies = !scalar || /«/.test(data.nodes[k].slopes[position]), local = scalar ? prose(signed(number(slope))) : [];
  const gradient = shownGradient(page, k), arrived = () => cell("middle", gradient.map((part) => (typeof part === "string" ? part : part.cloneNode(true))));
  const rows = short ? make("div.row", {}) : make("div", { class: scalar ? "rows product" : "rows arrays" });
  const add = (...children) => rows.append(...children.map((child) => (typeof child === "string" ? cell("", [child]) : child)));
  if (!scalar) add(left, "=", factor(page, k, rule), "", "=", result);
  else if (short) add(left, "=", arrived(), "·", factor(page, k, rule), "=", result, stateOf(page, one, true));
  else {
    add(left, "=", cell("middle", [fraction(J, page.name(k))]), "·", factor(page, k, [fraction(page.name(k), page.name(to))]));
    add("", "=", arrived(), "·", factor(page, k, varies ? rule : local));
    if (varies) add("", "=", arrived(), "·", factor(page, k, local));
    add("", "=", result);
  }
  return short ? rows : make("div", {}, rows, make("div", {}, stateOf(page, one)));
}

function tellBackward(page, step) {
  const { k, sent } = step, J = symbol(page.name(page.engine.loss));
  if (!sent) {
    const lead = ["The gradient of a number says how fast ", J, " changes if only that number changes a little. Backpropagation finds all of them from the end to the start, against the arrows. It starts with 1: ", J.cloneNode(true), " changes just as fast as itself."];
    return [make("p", {}, ...lead), rowsOf(cell("left", [fraction(page.name(k), page.name(k))]), "=", cell("value", ["1"]))];
  }
  const many = sent.length > 3, formula = many ? [] : [" = ", ...formulaOf(page, k)];
  const lead = make("p", {}, "At ", symbol(page.name(k)), ...formula, " the gradient ", fraction(page.name(page.engine.loss), page.name(k)), " = ", ...shownGradient(page, k), " has arrived");
  const scalar = sent.length && typeof page.engine.slope[k][sent[0].position] === "number";
  if (!sent.length) lead.append(". Nothing is sent on.");
  else if (!scalar) lead.append(". Each input gets what its formula makes of it, called g:");
  else if (many) lead.append(`. Each input gets it times its local derivative${step.ends ? ", and every gradient is complete" : ""}:`);
  else lead.append(". Chain rule: each input gets it times the local derivative, how fast ", symbol(page.name(k)), " changes with that input.");
  const short = scalar && sent.length > (page.view.wide ? 3 : 1);
  const list = make("div", { class: short ? "table" : "products" }, ...sent.map((one) => product(page, k, one, short)));
  return [lead, list, ...(step.ends && !many ? [make("p", {}, "Every gradient is complete.")] : [])];
}

/** What an update does: the weights of the step, or all of them. */
function tellUpdate(page, step) {
  const after = page.after(), { engine, data } = page;
  if (!after) return [make("p", {}, "This update was computed in Python, by an optimizer that is more than −rate · gradient, for the numbers it was given. Reset them to see it.")];
  const rate = data.update && typeof data.update.rate === "number" ? data.update.rate : null, name = page.name;
  const row = (k) => {
    const x = page.at(engine.value[k]), g = page.at(engine.gradient[k]) ?? 0, y = page.at(after.value[k]);
    return [cell("left", [symbol(name(k))]), cell("", ["←"]), cell("", rate === null ? [...digits(x), " + ", ...prose(signed(number(y - x)))] : [...digits(x), " − ", ...digits(rate), " · ", ...prose(signed(number(g)))]), cell("", ["="]), cell("value", digits(y))];
  };
  if (step.name !== undefined) return [make("p", {}, symbol(step.name), " has no part in this loss: its gradient is 0."), make("p", {}, ...prose(step.fixed))];
  if (step.k !== undefined && page.size(step.k) === 1) {
    const formula = rate === null ? [symbol(name(step.k)), " + change"] : [symbol(name(step.k)), " − rate · ", fraction(name(engine.loss), name(step.k))];
    const [left, arrow, numbers, equal, value] = row(step.k);
    const rows = make("div.rows", {}, left, arrow, cell("", formula), cell(""), equal, numbers, cell(""), cell("", ["="]), value);
    return [make("p", {}, symbol(name(step.k)), " changes by ", ...digits(page.at(after.value[step.k]) - page.at(engine.value[step.k])), "."), rows];
  }
  if (step.k !== undefined) return [make("p", {}, ...digits(engine.value[step.k], data.nodes[step.k].shape), " becomes:"), rowsOf(cell("left", [symbol(name(step.k))]), "←", cell("value", shownValue(page, step.k, after)))];
  return tellOutcome(page, after, row);
}

function tellOutcome(page, after, row) {
  const { engine, data } = page, plain = typeof data.update?.rate === "number", [old, now] = [engine, after].map((one) => one.value[engine.loss]), J = () => symbol(page.name(engine.loss));
  const verdict = now < old ? ["It worked: ", J(), " is smaller."] : now > old ? [J(), " grew: the step was too large."] : Number.isNaN(now) ? [J(), " is no number any more: the step was too large."] : [J(), " is the same as before."];
  const numbers = make("p.outcome", {}, J(), ": ", ...prose(number(old)), " → ", make("b", {}, ...prose(number(now))));
  const weights = page.weights().filter((k) => page.size(k) === 1);
  const table = make("div.table.five", {}, ...weights.slice(0, 8).flatMap(row));
  const more = weights.length > 8 ? [make("p", {}, `and ${weights.length - 8} more`)] : [];
  const keep = make("button", { "data-key": "keep", onclick: () => page.keep() }, "Keep these weights");
  return [make("p.lead", {}, ...verdict), numbers, keep, table, ...more, make("p", {}, `The picture is new, its gradients are unknown. Keep these weights${plain ? ", which is one step downhill," : ""} to find them.`)];
}

/** Appends what happens in a step of the graph. */
function tellStep(page, panel, step) {
  const told = { task: tellTask, forward: tellForward, backward: tellBackward, update: tellUpdate }[step.phase](page, step);
  panel.append(...told);
}

/** A step as text. */
function sayStep(page, step) {
  const { engine, data } = page, J = page.name(engine.loss), { k } = step;
  const text = (x, shape) => dataText(x, shape).replaceAll("\u2212", "-");
  if (step.phase === "task") return `Find the gradients of ${J}`;
  if (step.phase === "forward") {
    const numbers = filled(data.nodes[k].text, page.numbers(k).map((one) => one.replaceAll("\u2212", "-")));
    return `${page.name(k)} = ${formulaText(page, k)} = ${numbers} = ${text(engine.value[k], data.nodes[k].shape)}`;
  }
  if (step.phase === "update") {
    const after = page.after();
    if (step.name !== undefined) return step.fixed;
    if (!after) return "computed in Python for other numbers";
    if (k === undefined) return `${J}: ${text(engine.value[engine.loss])} → ${text(after.value[engine.loss])}`;
    return `${page.name(k)} ← ${text(after.value[k], data.nodes[k].shape)}`;
  }
  if (!step.sent) return `∂${J}/∂${J} = 1`;
  const parts = step.sent.map((one) => {
    const slope = engine.slope[k][one.position], scalar = typeof slope === "number", g = text(engine.gradient[k], data.nodes[k].shape);
    const rule = filled(data.nodes[k].slopes[one.position], data.nodes[k].args.map((arg) => nameOrNumber(page, arg)), page.name(k));
    const made = scalar ? `${g} · ${rule}${/«/.test(data.nodes[k].slopes[one.position]) ? ` = ${g} · ${signed(text(slope))}` : ""}` : rule;
    const sum = one.expected > 1 ? `, sum so far ${text(sumSoFar(page, one.uses), data.nodes[one.to].shape)}` : "";
    return `∂${J}/∂${page.name(one.to)} = ${made} = ${text(engine.sent[k][one.position] ?? 0, data.nodes[one.to].shape)}${sum}, ${one.uses.length === one.expected ? "complete" : `${one.uses.length} of ${one.expected}`}`;
  });
  return `∂${J}/∂${page.name(k)} = ${text(engine.gradient[k] ?? 0, data.nodes[k].shape)} arrives at ${page.name(k)} = ${formulaText(page, k)}. ${parts.join("; ")}`;
}
