// The gradient of a number in a network: the ways to the loss through the neurons, factor by factor.

const NET_WAYS = 400;
const NET_COLORS = { slope: "c0", loss: "c1", weight: "c2", input: "c4" };

/**
 * The ways from a node to the loss: lists of {upper, lower, value, by, kind}, from the loss down; `by` is a node or a text. The part of the loss
 * that takes an output, and what lies between two layers, is one factor. null if they are too many.
 */
function netWays(view, k) {
  const { plan, page } = view, { layers } = plan, { engine } = page, at = plan.place.get(k);
  let left = NET_WAYS;
  const gradient = (one) => engine.gradient[one] ?? 0;
  /** What comes to a node from the loss itself, not through what `seen` is of. */
  const direct = (one, seen) => {
    const rest = gradient(one) - seen;
    return Math.abs(rest) > 1e-9 * (Math.abs(gradient(one)) + Math.abs(seen)) ? [[{ upper: plan.loss, lower: one, value: rest, by: "by itself", kind: "loss" }]] : [];
  };
  const fromOutput = (layer, i, sample) => {
    const h = layers[layer].h[sample][i], found = [];
    let seen = 0;
    plan.takers(layer, i).forEach(([to, j]) => layers[to].w.forEach((row, n) => {
      const z = layers[to].z[sample][n], w = row[j], via = layers[to].from[j - 1].length > 3;
      const value = via ? view.part(h, z).slope(engine.value[h]) : engine.value[w];
      seen += value * gradient(z);
      const step = { upper: z, lower: h, value, by: via ? "…" : w, kind: "weight" };
      for (const way of fromSum(to, n, sample)) found.push([...way, step]);
    }));
    if (layer === layers.length - 1) return [...found, [{ upper: plan.loss, lower: h, value: gradient(h) - seen, by: `slope of ${page.name(plan.loss)}`, kind: "loss" }]];
    return [...found, ...direct(h, seen)];
  };
  const fromSum = (layer, i, sample) => {
    const z = layers[layer].z[sample][i];
    if ((left -= 1) < 0) return [];
    if (plan.isLinear(layer)) return fromOutput(layer, i, sample);
    return layers[layer].h[sample].flatMap((h, n) => {
      const value = n === i || plan.isMixed(layer) ? view.part(z, h).slope(engine.value[z]) : null;
      return value === null ? [] : fromOutput(layer, n, sample).map((way) => [...way, { upper: h, lower: z, value, by: "slope of g", kind: "slope" }]);
    });
  };
  const starts = {
    weight() {
      const found = plan.x.flatMap((_, sample) => {
        const z = layers[at.layer].z[sample][at.i], value = plan.input(at.layer, at.j, sample);
        const by = at.j ? plan.source(at.layer, at.j - 1, sample) : "1";
        return fromSum(at.layer, at.i, sample).map((way) => Object.assign([...way, { upper: z, lower: k, value, by, kind: "input" }], { sample }));
      });
      return [...found, ...direct(k, plan.x.reduce((sum, _, sample) => sum + gradient(layers[at.layer].z[sample][at.i]) * plan.input(at.layer, at.j, sample), 0))];
    },
    sum: () => fromSum(at.layer, at.i, at.sample),
    output: () => fromOutput(at.layer, at.i, at.sample),
    input() {
      return layers.flatMap(({ from, w, z }, layer) => from.flatMap(([kind, j], place) => kind !== "x" || j !== at.j ? [] : w.flatMap((row, n) =>
        fromSum(layer, n, at.sample).map((way) => [...way, { upper: z[at.sample][n], lower: k, value: engine.value[row[place + 1]], by: row[place + 1], kind: "weight" }]))));
    },
  };
  const found = at && starts[at.kind] ? starts[at.kind]() : null;
  return found && left >= 0 ? found : null;
}

/** The explanation of a gradient for the panel: one chain, or the sum of ways; null where the page's own is better. */
function tellWays(view, k) {
  const { page, plan } = view, ways = netWays(view, k);
  if (!ways || !ways.length) return null;
  const product = (way) => way.reduce((all, one) => all * one.value, 1), sum = ways.reduce((all, way) => all + product(way), 0), whole = page.engine.gradient[k] ?? 0;
  // A number may reach the loss beside the network; the page's own paths know that.
  if (Math.abs(sum - whole) > 1e-9 * Math.max(Math.abs(whole), ...ways.map((way) => Math.abs(product(way))))) return null;
  const inColor = (one, ...parts) => make("span", { class: `factor ${NET_COLORS[one.kind]}` }, ...parts);
  if (ways.length === 1) {
    const flat = page.knownGradient(k) && ways[0].find((one) => one.value === 0);
    const reason = flat && make("p", {}, "It is 0 because ", fraction(plan.name(flat.upper), plan.name(flat.lower)), " is 0: here ", symbol(plan.name(flat.upper)), " stays the same if ", symbol(plan.name(flat.lower)), " changes a little.");
    return [netChain(view, k, ways[0], inColor), ...(reason ? [reason] : [])];
  }
  const rows = ways.map((way) => {
    const through = [...new Set(way.slice(1).map(({ upper }) => upper))].filter((one) => plan.place.get(one).kind === "output" && one !== k);
    const parts = () => way.flatMap((one, n) => [...(n ? [" · "] : []), inColor(one, ...prose(n ? signed(brief(one.value)) : brief(one.value)))]);
    const row = { value: product(way), via: through.reverse().slice(0, 4), parts };
    return way.sample === undefined || plan.all === 1 ? row : { ...row, lead: [`sample ${way.sample + 1}`, ...(ways.length > plan.all ? [", ", ...row.via.slice(0, 1).map((one) => symbol(plan.name(one)))] : [])] };
  });
  const [lead, table] = sumOf(page, k, 0, rows, `${rows.length} ways lead from`);
  return [ways.length === plan.all ? make("p", {}, `The parts of the ${plan.all} samples add up:`) : lead, table];
}

/** One product of factors, each with its name, its rule and its number; a factor is known when its step has come. */
function netChain(view, k, way, inColor) {
  const { page, plan } = view, row = make("div.chain.net-chain", {});
  const column = (kind, ...cells) => make("span", { class: `column ${kind}` }, ...cells.map((one) => cell("", [one].flat())));
  const known = (one) => page.knownGradient(one);
  row.append(column("", fraction(page.name(plan.loss), plan.name(k)), "", cell("value", known(k) ? prose(number(page.engine.gradient[k] ?? 0, 4)) : ["?"])));
  way.forEach((one, n) => {
    // A weight and an input are numbers that are there already; only their turn is still to come.
    const text = number(one.value, Math.abs(one.value) < 1e-3 ? 2 : 4), told = known(one.lower);
    // Nodes are numbers; "1", what a bias is multiplied by, is a text as the others are.
    const isNode = typeof one.by === "number", numbers = told || one.by === "1" || (isNode && page.knownValue(one.by)) ? prose(n ? signed(text) : text) : ["?"];
    const factor = column(page.arrives(one.lower) ? "arrives" : "", inColor(one, fraction(plan.name(one.upper), plan.name(one.lower))), inColor(one, make("small", {}, isNode ? symbol(plan.name(one.by)) : one.by)), told ? inColor(one, ...numbers) : make("span.later", {}, ...numbers));
    row.append(make("span.pair", {}, column("", n ? "·" : "=", "", n ? "·" : "="), factor));
  });
  return row;
}
