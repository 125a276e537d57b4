// Which weight or bias is asked about, chosen without a mouse.

/** Makes three selects: the layer, where the weight comes from, where it goes: {element}. */
function makePickers(play) {
  const selects = ["layer", "from", "to"].map((text) => make("select", { aria: text, onchange: asked }));
  const element = make("div.row.pickers", { role: "group", aria: "Weight to explain" }, ...selects);

  function fill() {
    const { sizes } = play.machine.state, { k, j, i } = play.ask, last = sizes.length - 2;
    const offer = (select, options, value) => {
      const key = options.map(([, text]) => text).join();
      if (select.dataset.key !== key) select.replaceChildren(...options.map(([at, text]) => make("option", { value: at }, text)));
      select.dataset.key = key;
      select.value = value;
    };
    const count = (n, text) => Array.from({ length: Math.min(n, 256) }, (_, at) => [at, text(at)]);
    offer(selects[0], count(last + 1, (at) => (at === last ? "output layer" : `layer ${at + 1}`)), k);
    offer(selects[1], [[-1, "bias"], ...count(sizes[k], (at) => (k ? `from neuron ${at + 1}` : `from ${play.data.columns[at].slice(0, 14)}`))], j);
    offer(selects[2], count(sizes[k + 1], (at) => (k === last ? (sizes[k + 1] === 1 ? "to the output" : `to output ${at + 1}`) : `to neuron ${at + 1}`)), i);
  }
  function asked() {
    const { sizes } = play.machine.state, [k, j, i] = selects.map((one) => Number(one.value));
    play.choose({ k, j: Math.min(j, sizes[k] - 1), i: Math.min(i, sizes[k + 1] - 1) });
  }
  play.addJob({ name: "pick", element, every: 0, rest: 8, paint: fill });
  return { element };
}
