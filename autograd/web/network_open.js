// A layer or a neuron, opened: its weights as a grid, its sum as products.

/** A layer: a row for each input, a column for each neuron; under them z and h. */
function makeOpenLayer(view, layer) {
  const { plan, page } = view, { w, z, h } = plan.layers[layer], n = w.length, inputs = w[0].length - 1;
  if (n > NET_PILLS || inputs > NET_PILLS) return makeOpenHeat(view, layer);
  const painted = [], take = (one) => (painted.push(one), one.element);
  const head = (text) => make("span.head", {}, ...[text].flat());
  const grid = make("div.net-grid", { style: `grid-template-columns: auto repeat(${n}, minmax(108px, auto))` });
  grid.append(head("weights"), ...w.map((_, i) => make("button.head", { onclick: () => view.open({ layer, i }) }, `neuron ${i + 1}`)));
  for (let j = 0; j <= inputs; j++) {
    grid.append(j ? take(makeNumber(view, "plain", "", (s) => plan.source(layer, j - 1, s))) : head("bias, times 1"));
    for (let i = 0; i < n; i++) grid.append(take(makeNumber(view, "port", "", () => w[i][j], { gradient: (sample) => plan.part(layer, i, j, sample) })));
  }
  for (const [text, list] of [["sum", z], ...(plan.isLinear(layer) ? [] : [["output", h]])]) {
    grid.append(head(text));
    for (let i = 0; i < n; i++) grid.append(take(makeNumber(view, "plain", "", (s) => list[s][i])));
  }
  return { element: grid, paint: () => painted.forEach((one) => one.paint()) };
}

/** A large layer: its weights as a heat map, and their gradients. */
function makeOpenHeat(view, layer) {
  const { w } = view.plan.layers[layer], heat = makeHeat(view, "weights; a row for each neuron, bias first,", { x: 0, y: 0, width: 520, height: 0 }, () => w.flat(), 0, w[0].length);
  heat.element.classList.add("inside");
  return heat;
}

/** A neuron: each input times its weight, their sum, the curve; backward, the gradient of each weight. */
function makeOpenNeuron(view, layer, i) {
  const { plan, page } = view, { w, z, h } = plan.layers[layer], painted = [], take = (one) => (painted.push(one), one.element);
  const sample = () => Math.min(view.sample(), plan.all - 1), linear = plan.isLinear(layer);
  const product = (j) => page.engine.value[w[i][j]] * plan.input(layer, j, sample());
  const order = w[i].map((_, j) => j), most = 12;
  const shown = order.length <= most ? order : [0, ...order.slice(1).sort((a, b) => Math.abs(product(b)) - Math.abs(product(a))).slice(0, most - 1)];
  const table = make("table.net-sum", {}), lines = [];
  table.append(make("tr", {}, ...["input", "", "weight", "", "product", "gradient of the weight"].map((text) => (text ? make("th", { scope: "col" }, text) : make("td")))));
  for (const j of shown) {
    const bar = make("i"), value = make("b"), back = make("td.violet", {});
    const from = j ? take(makeNumber(view, "plain", "", (s) => plan.source(layer, j - 1, s))) : make("span.head", {}, "1 (bias)");
    table.append(make("tr", {}, make("td", {}, from), make("td", {}, "×"), make("td", {}, take(makeNumber(view, "port", "", () => w[i][j], { gradient: (s) => plan.part(layer, i, j, s) }))), make("td.net-bars", {}, bar), make("td.net-product", {}, value), back));
    lines.push({ j, bar, value, back });
  }
  const rest = make("td.net-product", {}), total = make("td.net-product", {}), totalName = make("td", { colspan: 4 });
  if (shown.length < order.length) table.append(make("tr", {}, make("td", { colspan: 4 }, `${order.length - shown.length} more products`), rest, make("td")));
  table.append(make("tr.net-whole", {}, totalName, total, make("td")));
  const curve = makeCurve("of-g", 300, 190), after = make("div.net-result", {});
  const element = make("div.net-neuron", {}, table, make("div.net-side", {}, ...(linear ? [] : [make("div.curve-place", {}, curve.element)]), after));
  after.append(take(makeNumber(view, "plain", "", (s) => z[s][i])), ...(linear ? [] : [take(makeNumber(view, "plain", "", (s) => h[s][i]))]));
  function paint() {
    for (const one of painted) one.paint();
    const s = sample(), sum = z[s][i], known = page.knownValue(sum), g = page.engine.gradient[sum] ?? 0, told = page.knownGradient(sum);
    const products = order.map(product), largest = Math.max(...products.map(Math.abs), 1e-12);
    for (const { j, bar, value, back } of lines) {
      const x = products[j];
      bar.className = `net-bar ${x < 0 ? "negative" : "positive"}`;
      bar.style.width = known ? `${(50 * Math.abs(x)) / largest}%` : "0";
      refill(value, ...(known ? prose(number(x, 4)) : ["?"]));
      refill(back, ...(told ? [...prose(number(g, 4)), " · ", ...prose(signed(number(plan.input(layer, j, s), 4))), " = ", make("b", {}, ...prose(number(g * plan.input(layer, j, s), 4)))] : ["?"]));
    }
    refill(rest, ...(known ? prose(number(order.filter((j) => !shown.includes(j)).reduce((all, j) => all + products[j], 0), 4)) : ["?"]));
    refill(totalName, symbol(plan.name(sum)), plan.all > 1 ? `, the sum, in sample ${s + 1}` : ", the sum");
    refill(total, ...(known ? prose(number(page.engine.value[sum], 4)) : ["?"]));
    if (linear) return;
    const x = page.engine.value[sum], reach = steady(1.25 * Math.abs(x), 3), out = page.knownValue(h[s][i]);
    curve.element.classList.toggle("waiting", !out);
    curve.draw({ part: view.part(sum, h[s][i]), from: -reach, to: reach, dots: out ? [x] : [], tangent: out ? x : null, ground: true });
  }
  return { element, paint };
}
