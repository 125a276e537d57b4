// What happens in a step of a network, in three rows: symbols, numbers, result.

function tellNetwork(view, panel, step) {
  const { plan, page } = view, { layers, all } = plan, sample = Math.min(view.sample(), all - 1);
  const J = () => symbol(page.name(plan.loss)), name = (k) => symbol(plan.name(k)), by = (k) => netSlope(page.name(plan.loss), plan.name(k));
  const say = (...parts) => panel.append(make("p", {}, ...parts)), title = (...parts) => panel.append(make("h2", {}, ...parts));
  const scope = () => all > 1 && panel.querySelector("h2").append(make("small", {}, ` · sample ${sample + 1} of ${all}`));
  const cellOf = (kind, parts) => make("span", { class: kind || null }, ...parts);
  /** left = first = second ...: one line for each, the result in bold. */
  const rows = (left, ...lines) =>
    panel.append(make("div.net-rows", {}, ...lines.flatMap((parts, n) => [cellOf("", n ? [] : left), cellOf("", ["="]), cellOf(n === lines.length - 1 ? "result" : "", parts)])));
  const shown = (x) => prose(number(x ?? 0, 4)), factor = (x) => prose(signed(number(x ?? 0, 4)));
  const { layer } = step, i = step.i ?? unitInQuestion(plan, page, layer);
  const many = step.i === undefined && layer !== undefined ? () => layers[layer].w.length > 1 && say(make("small", {}, `All ${layers[layer].w.length} neurons of ${layerWords(plan, layer)} do this; shown: neuron ${i + 1}.`)) : () => {};
  /** A formula that Python wrote, with names and with numbers; none where it would be too long. */
  const formulas = (text) => {
    if (!text) return [];
    const fill = (write) => written(text, Object.fromEntries([...text.matchAll(/«(\d+)»/g)].map(([, k]) => [k, write(Number(k))])));
    return [fill(name), fill((k) => number(page.engine.value[k], 4))];
  };
  /** A row for each node: what arrived at those that use it, times their slopes; of a long sum only that of the chosen one. */
  const products = (keys, uses, chosen) => {
    const { gradient, slope, sent } = page.engine, table = make("table.net-products", {}), list = keys.length <= 5 ? keys : keys.filter((k, n) => k === chosen || n < 4);
    for (const k of list) {
      const found = uses(k), result = make("td.violet", {}, "= ", ...shown(found.reduce((sum, [user, at]) => sum + sent[user][at], 0)));
      const terms = (write) => make("td", {}, ...found.slice(0, 4).flatMap(([user, at], n) => [n ? " + " : "= ", ...write(user, at, n)]), found.length > 4 ? ` + … ${found.length - 4} more` : "");
      const lines = [terms((user, at) => [by(user), " · ", ...[slopeText(page, user, at)].flat()]), terms((user, at, n) => [...(n ? factor : shown)(gradient[user]), " · ", ...factor(slope[user][at])]), result];
      const cells = found.length === 1 ? lines : k === chosen ? [make("td.net-terms", {}, ...lines)] : [result];
      table.append(make("tr", { class: k === chosen ? "questioned" : null }, make("td", {}, by(k)), ...cells));
    }
    panel.append(table);
    if (keys.length > list.length) say(make("small", {}, `${keys.length - list.length} more.`));
  };
  const inputName = (j) => (j ? name(plan.source(layer, j - 1, sample)) : "1");
  const tells = {
    task() {
      const count = page.weights().length;
      title("Which way should each weight move?");
      say(`This network has `, make("b", {}, `${count.toLocaleString("en")} weights`), ". For each one we want a single number, ", netSlope(page.name(plan.loss), "w"), ": how fast the loss ", J(), " grows when that weight grows.");
      say(make("b", {}, "Forward"), ": from ", symbol("x"), " to ", J(), ", left to right. ", make("b.violet", {}, "Backward"), ": from ", J(), " to every weight, right to left, one factor at each stop.");
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
      const { text } = page.data.network.loss;
      title("The loss ", J());
      say(all > 1 ? `One number for all ${all} samples: how far the outputs are from what was wanted.` : "One number: how far the output is from what was wanted.");
      rows([J()], ...formulas(text), shown(page.engine.value[plan.loss]));
    },
    start() {
      const h = layers.at(-1).h[sample][unitInQuestion(plan, page, layers.length - 1)];
      title("Back: the slope of the loss");
      say(J(), " changes with itself one to one. How fast does it change with ", name(h), "? The tangent says it:");
      rows([by(h)], ...formulas(page.data.network.loss.slopes?.[sample][layers.at(-1).h[sample].indexOf(h)]), shown(page.engine.gradient[h] ?? 0));
      if (all > 1) say(make("small", {}, `${page.name(plan.loss)} is of all ${all} samples: the share of one is in this number.`));
      scope();
    },
    slope() {
      const z = layers[layer].z[sample][i], h = layers[layer].h[sample][i], slope = view.part(z, h).slope(page.engine.value[z]);
      title("Back through g of ", neuronWords(plan, layer, i));
      say("If ", name(z), " grows by a little, ", name(h), " grows by the slope of g times that:");
      const arrived = page.engine.gradient[h] ?? 0, whole = page.engine.gradient[z] ?? 0;
      const alone = Math.abs(arrived * slope - whole) <= 1e-9 * Math.max(1, Math.abs(whole));
      rows([by(z)], ...(alone ? [[by(h), " · slope of g"], [...shown(arrived), " · ", ...factor(slope)]] : [["the sum over all outputs of the layer"]]), shown(whole));
      if (slope === 0) say("The slope is 0: nothing goes further back here.");
      many();
      scope();
    },
    weights() {
      const z = layers[layer].z[sample][i];
      title("To the weights of ", neuronWords(plan, layer, i));
      say("If a weight grows by 1, ", name(z), " grows by the weight’s input. So what arrived at ", name(z), " is multiplied by it:");
      products(layers[layer].w[i], (k) => [[z, page.data.nodes[z].args.indexOf(k)]], page.question?.k);
      many();
      scope();
    },
    inputs() {
      const { from, w, z } = layers[layer], sources = from.map((_, j) => plan.source(layer, j, sample)), list = sources.filter((k) => step.gradients.includes(k));
      const chosen = list.find((k) => k === page.question?.k) ?? list.find((k) => w.some((_, n) => view.isOnPath(layer, n, sources.indexOf(k) + 1))) ?? list[0];
      title(`To the inputs of ${layerWords(plan, layer)}`);
      if (w.length > 1) say("If an input grows by 1, each sum grows by its weight. What comes back from all of them adds up:");
      else say("If an input grows by 1, ", name(z[sample][0]), " grows by its weight. So what arrived is multiplied by the weight:");
      products(list, (k) => usesOf(page.engine, k), chosen);
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
      say("Every weight moves against its gradient, all at once (→ in the picture):");
      const { rate } = page.data.update;
      if (typeof rate === "number") rows([name(k), " new"], [name(k), " − rate · ", by(k)], [...shown(page.engine.value[k]), ` − ${number(rate)} · `, ...factor(page.engine.gradient[k] ?? 0)], shown(page.engine.value[k] - rate * (page.engine.gradient[k] ?? 0)));
      else if (after) rows([name(k), " new"], shown(after.value[k]));
    },
    after() {
      const after = page.after(), [old, now] = [page.engine.value[plan.loss], after ? after.value[plan.loss] : NaN];
      title(now < old ? "It worked: the loss is smaller" : now > old ? "The loss grew: the step was too large" : "The loss did not change");
      panel.append(make("div.net-after", {}, make("span", {}, make("small", {}, "before"), make("b", {}, ...shown(old))), "→", make("span", {}, make("small", {}, "after"), make("b", { class: now < old ? "good" : "worse" }, ...shown(now)))));
      const [h] = layers.at(-1).h, [[y]] = plan.y, asked = plan.place.get(page.question?.k)?.kind === "weight" ? page.question.k : null;
      for (const k of all === 1 && h.length === 1 ? [asked, h[0]] : [asked])
        if (k !== null) say(name(k), ": ", ...shown(page.engine.value[k]), " → ", make("b", {}, ...shown(after?.value[k])), ...(k === h[0] && y !== null ? [", wanted ", ...shown(page.engine.value[y])] : []));
      say(make("small", {}, "The picture is new, its gradients are unknown."));
      if (typeof page.data.update.rate === "number") panel.append(make("button", { "data-key": "keep", onclick: () => (page.engine.descend(page.data.update.rate), page.go(0)) }, "Keep these weights, and start again"));
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
