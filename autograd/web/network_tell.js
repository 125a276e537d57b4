// What happens in a step of a network, in three rows: symbols, numbers, result.

function tellNetwork(view, panel, step) {
  const { plan, page } = view, { layers, all } = plan, sample = Math.min(view.sample(), all - 1);
  const J = () => symbol(page.name(plan.loss)), name = (k) => symbol(plan.name(k)), by = (k) => netSlope(page.name(plan.loss), plan.name(k));
  const say = (...parts) => panel.append(make("p", {}, ...parts)), title = (...parts) => panel.append(make("h2", {}, ...parts));
  const scope = () => all > 1 && panel.querySelector("h2").append(make("small", {}, ` · sample ${sample + 1}`));
  const cellOf = (kind, parts) => make("span", { class: kind || null }, ...parts);
  /** left = first = second ...: one line for each, the result in bold. */
  const rows = (left, ...lines) =>
    panel.append(make("div", { class: "net-rows" }, ...lines.flatMap((parts, n) => [cellOf("", n ? [] : left), cellOf("", ["="]), cellOf(n === lines.length - 1 ? "result" : "", parts)])));
  const shown = (x) => prose(number(x ?? 0, 4)), factor = (x) => prose(signed(number(x ?? 0, 4)));
  const { layer } = step, i = step.i ?? unitInQuestion(plan, page, layer);
  const many = step.i === undefined && layer !== undefined ? () => layers[layer].w.length > 1 && say(make("small", {}, `All ${layers[layer].w.length} neurons of ${layerWords(plan, layer)} do this; shown: neuron ${i + 1}.`)) : () => {};
  const inputName = (j) => (j ? name(plan.source(layer, j - 1, sample)) : "1");
  const tells = {
    task() {
      const count = page.weights().length;
      title("Which way should each weight move?");
      say(`This network has `, make("b", {}, `${count.toLocaleString("en")} weights`), ". For each one we want a single number, ", netSlope(page.name(plan.loss), "w"), ": how fast the loss ", J(), " grows when that weight grows.");
      say(make("b", {}, "Forward"), ": from ", symbol("x"), " to ", J(), ", left to right. ", make("b", { class: "violet" }, "Backward"), ": from ", J(), " to every weight, right to left, one factor at each stop.");
      say(make("small", {}, "Press → or ▶. Click any number to ask about it; drag it sideways to change it."));
    },
    sum() {
      const z = layers[layer].z[sample][i], w = layers[layer].w[i];
      title(name(z), ": weighted sum");
      say("Each input times its weight, and the bias:");
      const terms = w.slice(0, 5).map((k, j) => (j ? [" + ", name(k), " · ", inputName(j)] : [name(k)]));
      const numbers = w.slice(0, 5).map((k, j) => (j ? [" + ", ...factor(page.engine.value[k]), " · ", ...factor(plan.input(layer, j, sample))] : shown(page.engine.value[k])));
      const more = w.length > 5 ? [` + … ${w.length - 5} more`] : [];
      rows([name(z)], [...terms.flat(), ...more], [...numbers.flat(), ...more], shown(page.engine.value[z]));
      many();
      scope();
    },
    output() {
      const z = layers[layer].z[sample][i], h = layers[layer].h[sample][i], { g } = layers[layer];
      title(name(h), ": through g");
      const mixes = page.data.nodes[h].args.length > 1 && g === "g";
      say("The non-linearity ", make("b", {}, g === "g" ? "of this layer" : g), mixes ? ", made of several operations:" : ":");
      rows([name(h)], [`${g}(`, name(z), ")"], [`${g}(`, ...shown(page.engine.value[z]), ")"], shown(page.engine.value[h]));
      many();
      scope();
    },
    loss() {
      title("The loss ", J());
      say(all > 1 ? `One number for all ${all} samples: how far the outputs are from what was wanted.` : "One number: how far the output is from what was wanted.");
      const before = lossText(plan, page);
      rows([J()], ...(before ? [before] : []), shown(page.engine.value[plan.loss]));
    },
    start() {
      const h = layers.at(-1).h[sample][unitInQuestion(plan, page, layers.length - 1)];
      title("Back: the slope of the loss");
      say(J(), " changes with itself one to one. How fast does it change with ", name(h), "? The tangent says it:");
      rows([by(h)], shown(page.engine.gradient[h] ?? 0));
      if (all > 1) say(make("small", {}, `${page.name(plan.loss)} is of all ${all} samples: the share of one is in this number.`));
      scope();
    },
    slope() {
      const z = layers[layer].z[sample][i], h = layers[layer].h[sample][i], slope = view.part(z, h).slope(page.engine.value[z]);
      title(`Back through g of neuron ${i + 1}, layer ${layer + 1}`);
      say("If ", name(z), " grows by a little, ", name(h), " grows by the slope of g times that:");
      const arrived = page.engine.gradient[h] ?? 0, whole = page.engine.gradient[z] ?? 0;
      const alone = Math.abs(arrived * slope - whole) <= 1e-9 * Math.max(1, Math.abs(whole));
      rows([by(z)], ...(alone ? [[by(h), " · slope of g"], [...shown(arrived), " · ", ...factor(slope)]] : [["the sum over all outputs of the layer"]]), shown(whole));
      if (slope === 0) say("The slope is 0: nothing goes further back here.");
      many();
      scope();
    },
    weights() {
      const z = layers[layer].z[sample][i], w = layers[layer].w[i], asked = page.question?.k;
      title(`To the weights of neuron ${i + 1}, layer ${layer + 1}`);
      say("If a weight grows by 1, ", name(z), " grows by its input. So what arrived at ", name(z), " is multiplied by the input:");
      const list = w.length <= 5 ? w : w.filter((k, n) => k === asked || n < 4);
      const table = make("table", { class: "net-products" });
      for (const k of list) {
        const j = w.indexOf(k), x = plan.input(layer, j, sample);
        table.append(make("tr", { class: k === asked ? "questioned" : null }, make("td", {}, by(k)), make("td", {}, "= ", by(z), " · ", inputName(j)), make("td", {}, "= ", ...shown(page.engine.gradient[z] ?? 0), " · ", ...factor(x)), make("td", { class: "violet" }, "= ", ...shown((page.engine.gradient[z] ?? 0) * x))));
      }
      panel.append(table);
      if (w.length > list.length) say(make("small", {}, `${w.length - list.length} more weights.`));
      if (step.gradients.some((k) => ["input", "output"].includes(plan.place.get(k)?.kind))) say(make("small", {}, "Inputs get the sum of weight · what arrived."));
      many();
      scope();
    },
    all() {
      title("All samples together");
      const k = page.question?.k, at = plan.place.get(k), isWeight = at?.kind === "weight";
      const sent = isWeight ? plan.x.map((_, s) => plan.part(at.layer, at.i, at.j, s) ?? 0) : [];
      const whole = isWeight ? page.engine.gradient[k] ?? 0 : 0, direct = whole - sent.reduce((sum, x) => sum + x, 0);
      // A penalty takes the weight itself.
      const takes = Math.abs(direct) > 1e-9 * Math.max(Math.abs(whole), ...sent.map(Math.abs));
      say(`The gradient of a weight is the sum of its parts from all ${all} samples${takes ? ", and of what comes to it from the loss directly, last" : ""}.`);
      if (!isWeight) return;
      const parts = [...sent.slice(0, 6), ...(takes && all <= 6 ? [direct] : [])], more = all > 6 ? [" + …"] : [];
      rows([by(k)], [...parts.flatMap((x, s) => [...(s ? [" + "] : []), ...(s ? factor(x) : shown(x))]), ...more], shown(page.engine.gradient[k] ?? 0));
    },
    update() {
      const k = plan.place.get(page.question?.k)?.kind === "weight" ? page.question.k : layers[0].w[0][0], after = page.after();
      title("One step downhill");
      say("Every weight moves against its gradient, all at once:");
      const { rate } = page.data.update;
      if (typeof rate === "number") rows([name(k), " new"], [name(k), " − rate · ", by(k)], [...shown(page.engine.value[k]), ` − ${number(rate)} · `, ...factor(page.engine.gradient[k] ?? 0)], shown(page.engine.value[k] - rate * (page.engine.gradient[k] ?? 0)));
      else if (after) rows([name(k), " new"], shown(after.value[k]));
    },
    after() {
      const after = page.after(), [old, now] = [page.engine.value[plan.loss], after ? after.value[plan.loss] : NaN];
      title(now < old ? "It worked: the loss is smaller" : now > old ? "The loss grew: the step was too large" : "The loss did not change");
      panel.append(make("div", { class: "net-after" }, make("span", {}, make("small", {}, "before"), make("b", {}, ...shown(old))), "→", make("span", {}, make("small", {}, "after"), make("b", { class: now < old ? "good" : "worse" }, ...shown(now)))));
      say(make("small", {}, "The gradients are unknown again: they belonged to the old weights."));
      if (typeof page.data.update.rate === "number") panel.append(make("button", { type: "button", "data-key": "keep", onclick: () => (page.engine.descend(page.data.update.rate), page.go(0)) }, "Keep these weights, and start again"));
    },
  };
  tells[step.kind]();
}

/** The neuron of a layer that the panel speaks of where all do the same: the one in question, or the first. */
function unitInQuestion(plan, page, layer) {
  const at = plan.place.get(page.question?.k);
  return at && at.layer === layer ? at.i : 0;
}

/** ∂J/∂w, where the second name may be a part of a text. */
const netSlope = (upper, lower) => fraction(upper, lower);

/** The loss as a formula of outputs and targets, if it is short. */
function lossText(plan, page) {
  let left = 12;
  const write = (arg) => {
    if (typeof arg !== "number") return dataText(decodeNumbers(arg.c, arg.shape || []), arg.shape);
    if (plan.place.has(arg)) return symbol(plan.name(arg));
    const { text, args } = page.data.nodes[arg];
    if (!args || (left -= 1) < 0) return symbol(page.name(arg));
    const compound = (one) => typeof one === "number" && !plan.place.has(one) && page.data.nodes[one].args;
    return written(text, args.map((one) => (compound(one) ? ["(", ...[write(one)].flat(), ")"] : write(one))));
  };
  const text = plan.all > 1 ? null : [write(plan.loss)].flat();
  return left < 0 ? null : text;
}
