// Why this weight changes: its gradient as a sum of paths, checked with the backward pass; the share of each sample; the
// loss over this weight alone with its tangent; and the learning rule with its numbers.

/** Makes the tab that explains one weight or bias: {element}. */
function makeExplain(play) {
  const symbolPlace = make("span.handle", {});
  const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", aria: "Value", oninput: typed, onkeydown: nudge });
  const slide = make("input", { type: "range", step: 0.01, aria: "Value, slider", oninput: () => change(Number(slide.value)) });
  const rule = make("div.rule", {}), slope = make("p.gradient", {}), kinds = make("p.legend", {});
  const paths = make("div.path-list", { tabindex: 0, role: "group", aria: "Paths" }), told = make("p.told", {});
  const curve = make("canvas.slice", { role: "img", aria: "J over this weight" }), shares = make("canvas.shares", { role: "img", aria: "Shares of the samples" }), shareNote = make("figcaption");
  const element = make("div.explain", {},
    make("div.one", {}, make("div.editor", {}, symbolPlace, field, slide), slope, rule),
    make("div.two", {}, told, paths, kinds),
    make("div.three", {}, make("figure", {}, make("figcaption", {}, "J over this weight"), curve), make("figure", {}, shareNote, shares)));
  kinds.append(...[["loss", "slope of loss"], ["weight", "weight"], ["slope", "slope of g"], ["input", "input"]].map(([kind, text]) => make("span", { class: `kind-${kind}` }, text)));

  function change(x) {
    play.remember(`edit ${play.ask.k} ${play.ask.j} ${play.ask.i}`);
    field.removeAttribute("aria-invalid");
    play.set(play.ask, x);
  }
  function typed() {
    const read = readNumber(field.value);
    field.setAttribute("aria-invalid", typeof read !== "number");
    if (typeof read === "number") change(read);
    else play.say(`${read} Nothing has changed.`, true);
  }
  function nudge(event) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const x = Number((play.machine.get(play.ask.k, play.ask.j, play.ask.i) + way * (event.shiftKey ? 0.1 : 0.01)).toPrecision(12));
    change(x);
    field.value = String(x);
  }

  // ---- What is told ----
  function paint() {
    const { k, j, i } = play.ask, { palette } = play, name = play.nameOf(k, j, i), row = play.sample.row;
    const w = play.machine.get(k, j, i), all = play.machine.shares(k, j, i), one = play.machine.explain(k, j, i, row >= 0 && row < play.data.n ? row : 0, all);
    symbolPlace.replaceChildren(symbol(name), " =");
    if (play.shadow.activeElement !== field) field.value = fieldText(w);
    const reach = Math.max(4, 2 ** Math.ceil(Math.log2(Math.abs(w) * 1.2 || 1)));
    if (play.shadow.activeElement !== slide && Number.isFinite(reach)) [slide.min, slide.max, slide.value] = [-reach, reach, w];
    slope.replaceChildren(fraction("J", symbol(name)), " = ", ...digits(all.gradient, [], 5), make("span.soft", {}, `  mean of ${play.data.n}`));
    rule.replaceChildren(...ruleOf(name, k, j, i, w, all.gradient));
    tellPaths(one);
    drawShares(all, palette);
    play.touch("slice");
  }

  /** The rule by which the optimizer changes this weight, with its numbers put in. */
  function ruleOf(name, k, j, i, w, gradient) {
    const { optimizer, l1, l2, batch } = play.machine.state, eta = number(optimizer.lr);
    const line = (...parts) => make("p", {}, ...parts.flat()), soft = (text) => make("p.soft", {}, text);
    const notes = [...(j >= 0 && (l1 || l2) ? ["with the slope of the penalty"] : []), ...(batch && batch < play.data.n ? [`each step has the mean of its ${batch} samples`] : [])];
    if (optimizer.name === "SGD" && !optimizer.momentum && !optimizer.weight_decay) {
      const [from, step, next] = stepTexts(w, optimizer.lr, gradient);
      return [
        line(symbol("w"), " ← ", symbol("w"), " − η · ∂", symbol("J"), "/∂", symbol("w")),
        line(...prose(from), " − ", eta, " · ", ...prose(signed(step)), " = ", make("b", {}, ...prose(next))),
        ...(notes.length ? [soft(notes.join("; "))] : []),
      ];
    }
    const found = play.machine.optimizerRule(k, j, i), said = found.terms.filter(([, x]) => typeof x !== "boolean" && x !== 0);
    return [
      line(...prose(found.formula.replace(/<-/g, "←").replace(/\blr\b/g, "η"))),
      line(...said.flatMap(([sign, x]) => [make("span.term", {}, sign === "lr" ? "η" : sign, " = ", ...prose([x].flat().map((one) => number(one, 4)).join(", "))), "  "])),
      line(symbol(name), ": ", number(found.before, 4), " → ", make("b", {}, number(found.after, 6))),
    ];
  }

  function tellPaths(one) {
    const { y } = play.sample, { data } = play, many = one.paths.length + (one.more?.count || 0);

    const label = data.classes ? `class ${data.classes[y]}` : `${data.target} = ${number(y, 3)}`;
    told.replaceChildren(`${many === 1 ? "One path" : `${many.toLocaleString("en")} paths`} to the loss of the ringed sample (${label})`);
    const largest = one.paths.reduce((most, path) => Math.max(most, Math.abs(path.product)), 1e-300);
    const room = play.root.clientWidth < 620 ? 4 : 8, shown = one.paths.slice(0, room), rest = one.paths.slice(room).reduce((sum, path) => sum + path.product, 0) + (one.more?.sum || 0), left = many - shown.length;
    const rows = shown.map((path, at) => make("div.path", {},
      make("button.factors", { title: path.nodes ? "Show this path in the network" : null, disabled: !path.nodes, onclick: () => play.lightUp(path.nodes) }, ...factorsOf(path.factors, at > 0)),
      make("span.product", {}, "= ", ...digits(path.product, [], 3), make("i", { class: path.product < 0 ? "bar-minus" : "bar-plus", style: `width:${((100 * Math.abs(path.product)) / largest).toFixed(1)}%` }))));
    if (left > 0) rows.push(make("div.path", {}, make("span.soft", {}, `${left.toLocaleString("en")} more`), make("span.product", {}, "= ", ...digits(rest, [], 3))));
    rows.push(make("div.path.sum", {}, make("span", {}, "sum of the paths ", one.agrees ? make("b.right", {}, "✓ as the backward pass") : make("b.bad", {}, Number.isFinite(one.sum) ? "the backward pass differs" : "not finite")), make("span.product", {}, "= ", ...digits(one.sum, [], 4))));
    paths.replaceChildren(...rows);
  }

  /** The factors of a path; of a long one with `short` slopes and weights by their products. */
  function factorsOf(factors, short) {
    const one = ({ kind, name, value }) => make("span", { class: `kind-${kind}`, title: name }, ...prose(signed(number(value, 3))));
    const many = (kind, word) => {
      const those = factors.filter((factor) => factor.kind === kind), product = those.reduce((sum, { value }) => sum * value, 1);
      return make("span", { class: `kind-${kind}`, title: those.map(({ name }) => name).join(" · ") }, `(${those.length} ${word} `, ...digits(product, [], 2), ")");
    };
    const parts = short && factors.length > 7 ? [one(factors[0]), many("slope", "slopes"), many("weight", "weights"), one(factors.at(-1))] : factors.map(one);
    return parts.flatMap((part, at) => [at ? "\u200a·\u200a" : "", part]);
  }

  /** The texts of two numbers, with so many digits that their difference has two. */
  function apart(a, b) {
    const figures = (x) => Math.floor(Math.log10(Math.abs(x) || 1)), room = b - a > 1e-14 * Math.abs(b) ? figures(b) - figures(b - a) + 2 : 3;
    return [a, b].map((x) => number(x, Math.max(3, Math.min(15, room))));
  }

  // The range of weights that is drawn; a click sets the weight.
  let spread = null;
  curve.onclick = (event) => spread && (play.remember("edit curve"), play.set(play.ask, Number((spread.w + spread.reach * ((2 * event.offsetX) / curve.clientWidth - 1)).toPrecision(4))));
  curve.title = "Click to put the weight there";

  function drawSlice() {
    const width = curve.clientWidth, height = curve.clientHeight, { ask: { k, j, i }, palette } = play;
    if (!width) return;
    const w = play.machine.get(k, j, i), gradient = play.machine.shares(k, j, i).gradient, name = play.nameOf(k, j, i);
    const pen = penOf(curve, width, height), reach = Math.max(1.5, Math.abs(w) * 0.6), count = play.running ? 9 : 41;
    const [J, ...ys] = play.machine.lossAlong(k, j, i, [w, ...Array.from({ length: count }, (_, n) => w - reach + (2 * reach * n) / (count - 1))]), seen = [...ys, J].filter(Number.isFinite);
    pen.clearRect(0, 0, width, height);
    if (!seen.length) return;
    let [low, high] = [Math.min(...seen), Math.max(...seen)];
    const room = Math.max(high - low, 1e-9) * 0.1;
    [low, high] = [low - room, high + room];
    const px = (x) => ((x - w + reach) / (2 * reach)) * width, py = (x) => height - ((x - low) / (high - low)) * height;
    pen.lineWidth = 1;
    pen.strokeStyle = palette.line;
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
    if (px(0) > 0 && px(0) < width) line(pen, px(0), 0, px(0), height);
    pen.strokeStyle = palette.ink;
    pen.lineWidth = 1.8;
    pen.beginPath();
    ys.forEach((y, n) => Number.isFinite(y) && pen.lineTo((n / (count - 1)) * width, py(y)));
    pen.stroke();
    pen.strokeStyle = pen.fillStyle = palette.grad;
    pen.lineWidth = 3;
    const rise = (-gradient * height * 2 * reach) / (width * (high - low)), far = 44 / Math.hypot(1, rise);
    line(pen, width / 2 - far, py(J) - far * rise, width / 2 + far, py(J) + far * rise);
    pen.beginPath();
    pen.arc(width / 2, py(J), 4.5, 0, 7);
    pen.fill();
    pen.font = play.font(11);
    pen.fillStyle = palette.ink;
    const [least, most] = apart(Math.min(...seen), Math.max(...seen));
    // Where the curve is not.
    const sides = [["left", 4], ["right", width - 4]], [over, under] = ys[0] < ys.at(-1) ? sides : sides.reverse();
    for (const [[align, x], text, y] of [[over, most, 12], [under, least, height - 4]]) {
      pen.textAlign = align;
      pen.fillText(text, x, y);
    }
    spread = { w, reach };
    curve.setAttribute("aria-label", `J from ${number(ys[0], 3)} over ${number(J, 3)} here to ${number(ys.at(-1), 3)}, as ${name} goes from ${number(w - reach, 3)} to ${number(w + reach, 3)}; its slope here is ${number(gradient, 3)}`);
  }
  function line(pen, x1, y1, x2, y2) {
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  }

  function drawShares(all, palette) {
    const width = shares.clientWidth, height = shares.clientHeight, list = all.shares;
    if (!width) return;
    const pen = penOf(shares, width, height), sorted = list.slice().sort((a, b) => b[1] - a[1]), largest = sorted.reduce((most, [, x]) => Math.max(most, Math.abs(x)), 1e-300), wide = width / Math.max(1, sorted.length), { data } = play;
    pen.clearRect(0, 0, width, height);
    sorted.forEach(([row, x], n) => {
      const high = (Math.abs(x) / largest) * (height / 2 - 2);
      pen.fillStyle = row === play.sample.row ? palette.grad : data.classes ? palette.classTexts[data.y[row] % 5] : palette.ink;
      pen.fillRect(n * wide, x > 0 ? height / 2 - high : height / 2, Math.max(0.6, wide - 0.5), Math.max(high, 0.5));
    });
    pen.fillStyle = palette.soft;
    pen.fillRect(0, height / 2, width, 1);
    const up = sorted.filter(([, x]) => x > 0).length, down = sorted.filter(([, x]) => x < 0).length;
    put(shareNote, `samples: ▼ ${up}, ▲ ${down}`);
    shareNote.title = "▼ samples that ask for a smaller weight, ▲ for a larger one; how strongly, tells the bar; click one to choose it";
    shares.setAttribute("aria-label", `${up} samples ask for a smaller weight, ${down} for a larger`);
    shares.onclick = (event) => play.pick(sorted[Math.min(sorted.length - 1, Math.floor(event.offsetX / wide))][0]);
  }
  play.addJob({ name: "weight", element, every: 500, rest: 8, paint: () => element.hidden || paint() });
  play.addJob({ name: "slice", element, every: 500, rest: 12, paint: () => element.hidden || drawSlice() });
  return { element };
}

/** So many decimals at most: a number near 1 has no more. */
const MOST_DECIMALS = 15;

/**
 * The texts of w, g and w - rate * g, with as few digits as make the equation true as it is written: a student computes it
 * again. Where a step is lost in the digits of the weight, w and what follows are the same text.
 */
function stepTexts(w, rate, g) {
  const next = w - rate * g, size = (x) => (x ? Math.floor(Math.log10(Math.abs(x))) : 0);
  if (!Number.isFinite(next)) return [number(w, 4), number(g, 4), number(next, 4)];
  const most = Math.max(0, MOST_DECIMALS - Math.max(0, size(w))), step = rate * g;
  const least = Math.min(most, Math.max(0, Math.min(3 - size(w), 3 - size(step)), step ? 1 - size(step) : 0));
  for (let decimals = least; ; decimals++) {
    const plain = (x) => Number(x.toFixed(decimals)), figures = (x) => Math.max(1, size(x) + 1 + decimals);
    for (let digits = 4; digits < decimals - least + 7; digits++) {
      const sent = Number(g.toPrecision(digits));
      if (decimals >= most || plain(plain(w) - rate * sent) === plain(next)) return [number(plain(w), figures(w)), number(sent, digits), number(plain(next), figures(next))];
    }
  }
}
