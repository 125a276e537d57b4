// One neuron with its numbers put in: forward from inputs to its answer, backward from what arrives to its weights.

/** So many inputs are listed, the largest products first. */
const LISTED_INPUTS = 10;

/** Makes the tab of one neuron for the ringed sample: {element}. */
function makeNeuron(play) {
  const title = make("h3"), table = make("table.sums", {}), after = make("div.after", {});
  const body = make("tbody");
  table.append(make("thead", {}, make("tr", {}, ...["name", "weight", "input", null, "product", "gradient", "next step"].map((text) => (text ? make("th", { scope: "col" }, text) : make("td"))))), body);
  const element = make("div.neuron", {}, title, make("div.neuron-parts", {}, make("div.scroll", {}, table, make("p.soft", {}, "Each weight gets what passes g times its input; the table has the mean of all samples.")), after));
  let rows = [], key = "";

  function build(k, i, chosen) {
    rows = chosen.map((j) => {
      const name = play.nameOf(k, j, i);
      const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", aria: `Value of the ${play.words(k, j, i)}`, onchange: () => edit(field, { k, j, i }), onfocus: () => play.choose({ k, j, i }) });
      const cells = Array.from({ length: 4 }, () => make("td"));
      const [input, product, gradient, next] = cells;
      const row = make("tr", {}, make("th", { scope: "row" }, make("button.link", { onclick: () => play.choose({ k, j, i }, "weight"), title: "Explain this number" }, symbol(name))), make("td", {}, field), input, make("td", {}, "="), product, gradient, next);
      return { j, field, input, product, gradient, next, row };
    });
    body.replaceChildren(...rows.map((one) => one.row));
  }

  function edit(field, { k, j, i }) {
    const read = readNumber(field.value);
    field.setAttribute("aria-invalid", typeof read !== "number");
    if (typeof read !== "number") return play.say(`${read} Nothing has changed.`, true);
    play.remember("edit field");
    play.set({ k, j, i }, read);
  }

  function paint() {
    const { k, i } = play.ask, { machine } = play, { sizes, activations } = machine.state, layers = play.sampleLayers();
    const inputs = k ? layers[k - 1].h : play.sample.x, { z, h, dz, dh } = layers[k], outs = sizes[k + 1], g = activations[k];
    const strength = (j) => Math.abs(inputs[j] * machine.W[k][j * outs + i]);
    const order = Array.from({ length: sizes[k] }, (_, j) => j), chosen = order.length > LISTED_INPUTS ? order.sort((a, b) => strength(b) - strength(a)).slice(0, LISTED_INPUTS) : order;
    const wanted = `${play.structure} ${k} ${i} ${play.running ? "" : chosen}`;
    if (wanted !== key && !(key.startsWith(`${play.structure} ${k} ${i}`) && body.contains(play.shadow.activeElement))) build(k, i, [...chosen, -1]);
    key = wanted;
    const last = k === sizes.length - 2, name = last ? "ŷ" : `h(${k + 1})_${i + 1}`;
    title.replaceChildren(play.words(k, -1, i).replace(/^bias of /, "").replace(/^./, (letter) => letter.toUpperCase()), " for the ringed sample", ...(sizes[k] > LISTED_INPUTS ? [make("span.soft", {}, ` (the ${LISTED_INPUTS} largest of ${sizes[k]} products)`)] : []));
    for (const { j, field, input, product, gradient, next } of rows) {
      const w = machine.get(k, j, i), x = j < 0 ? 1 : inputs[j], slope = play.gradientAt(k, j, i);
      if (play.shadow.activeElement !== field) field.value = fieldText(w, 8);
      input.replaceChildren(...(j < 0 ? ["· 1"] : ["· ", number(x, 4)]));
      refill(product, ...digits(w * x, [], 4));
      refill(gradient, ...digits(slope, [], 3));
      const { after: moved } = machine.optimizerRule(k, j, i, slope);
      refill(next, moved === w ? "0" : moved < w ? "▼ " : "▲ ", ...(moved === w ? [] : digits(moved - w, [], 3)));
    }
    const say = (...parts) => make("p", {}, ...parts.flat());
    const back = dz ? [say("arrives: ", fraction("J", symbol(name)), " = ", digits(dh[i], [], 4)), say("through ", make("var", {}, "g"), ": ", fraction("J", symbol(`z(${k + 1})_${i + 1}`)), " = ", digits(dz[i], [], 4))] : [];
    after.replaceChildren(
      say(symbol(`z(${k + 1})_${i + 1}`), " = Σ = ", make("b", {}, number(z[i], 5))),
      say(symbol(name), " = ", g === "linear" ? "z" : `${g}(z)`, " = ", make("b", {}, number(h[i], 5)), ...(flat(dz, dh, i) ? [make("b.bad", {}, "  g is flat here: nothing passes back")] : [])),
      make("div.arriving", {}, ...back),
    );
  }
  const flat = (dz, dh, i) => dz && Math.abs(dh[i]) > 0 && Math.abs(dz[i]) < 0.01 * Math.abs(dh[i]);

  play.addJob({ name: "neuron", element, every: 250, rest: 8, paint: () => element.hidden || paint() });
  return { element };
}
