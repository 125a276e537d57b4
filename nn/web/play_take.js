// Take it with you: the network as Python, as JSON, as a link; and back again from a file or a link.

/** Makes the tab: {element, readHash()}. */
function makeTake(play) {
  const text = make("textarea", { readonly: true, rows: 9, spellcheck: "false", aria: "Text to copy" }), note = make("p.readout", { role: "status" });
  const kinds = { python: ["Python", "model.py", () => play.machine.python()], json: ["JSON", "model.json", json], csv: ["Table", "data.csv", () => play.machine.csv()], link: ["Link", "link.txt", link] };
  let kind = "python";
  const buttons = Object.entries(kinds).map(([name, [word]]) => make("button", { "data-take": name, onclick: () => show(name) }, word));
  const copy = make("button", { onclick: copied }, "Copy"), keep = make("button", { onclick: save }, "Save as a file");
  const file = make("input", { type: "file", accept: ".json", aria: "File with a network or lessons", onchange: () => (play.readFile(file.files[0]), (file.value = "")) });
  const element = make("div.take", {}, make("div.row", {}, ...buttons, copy, keep, make("label.file", {}, make("span", {}, "Open JSON (network or lessons) "), file)), note, text);

  const shown = () => ({ ask: play.ask, axes: play.shown.axes, tab: play.shown.tab });
  function json() {
    return JSON.stringify({ format: "glassgrad-live/1", model: play.machine.snapshot(), data: keptData(play.data), show: shown() }, null, 1);
  }
  function link() {
    const { recipe } = play.data, hash = play.address(`play=${play.machine.toLink({ data: recipe, show: { ...shown(), lesson: play.lessons.current() } })}`);
    return play.options.alone ? location.href : `#${hash}`;
  }
  const told = {
    python: () => "Runs with nn: the same weights, data, loss and optimizer.",
    json: () => "Weights under the names of nn; open it here again, or give it to nn.load.",
    csv: () => "The data to train on, which Python reads if they are many.",
    link: () => (play.data.recipe ? "The link holds weights, settings, and how the data are made." : "These data are your own: the link holds the network, not them. Save JSON for both."),
  };

  function show(name) {
    kind = name;
    play.run(false);
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.take === name);
    try {
      text.value = kinds[name][2]();
      note.textContent = told[name]();
    } catch (error) {
      text.value = "";
      note.textContent = error.message;
    }
  }
  async function copied() {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      note.textContent = "Copied.";
    } catch {
      note.textContent = "This browser does not let a page copy: the text is selected, press Ctrl+C.";
    }
  }
  function save() {
    const address = URL.createObjectURL(new Blob([text.value], { type: "text/plain" }));
    make("a", { href: address, download: kinds[kind][1] }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  /** Returns the data and the network that a file, a link or a lesson holds; throws an Error with a sentence. */
  function made({ state, data }) {
    const news = !data ? play.data : data.recipe ? makeData(data.recipe) : data.X === undefined ? makeData(data) : readData(data);
    return { news, machine: makeMachine(state, news, PIECES) };
  }
  /** Takes what is held; throws an Error with a sentence and changes nothing if it cannot be used. */
  function open({ state, data, show: look }) {
    const { news, machine } = made({ state, data });
    play.remember("open");
    play.use(news);
    play.machine.setData(news);
    play.begin(machine.snapshot());
    const { k, j, i } = look?.ask ?? {}, { sizes } = play.machine.state, within = (x, least, end) => Number.isInteger(x) && x >= least && x < end;
    if (within(k, 0, sizes.length - 1) && within(j, -1, sizes[k]) && within(i, 0, sizes[k + 1])) play.ask = { k, j, i };
    if (look?.axes?.length === 2 && news.d > 1 && look.axes.every((column) => within(column, 0, plainInputs(news)))) play.shown.axes = [...look.axes];
    play.clip();
    play.grid.forget();
    play.layout();
    play.touchAll();
  }
  const attempt = (what, change) => {
    try {
      change();
      play.say(`${what} is open.`);
    } catch (error) {
      play.say(`${what} cannot be used: ${error.message}`, true);
    }
  };
  play.readFile = async (one) => {
    if (!one) return;
    if (one.size > 20e6) return play.say(`${one.name.slice(0, 40)} has ${Math.round(one.size / 1e6)} MB; a page takes at most 20 MB.`, true);
    const found = await one.text();
    attempt(one.name.slice(0, 40), () => {
      const held = JSON.parse(found);
      if (held?.lessons) return play.lessons.take(held);
      if (!held?.model) throw new Error("it holds neither a network (model) nor lessons.");
      open({ state: held.model, data: held.data, show: held.show });
    });
  };
  /** Opens what the address of the page holds: a lesson, or a state. */
  function readHash() {
    const words = location.hash.slice(1).split("&"), hash = words.find((word) => word.includes("=")) ?? "";
    for (const name of Object.keys(play.modes)) if (words.includes(name) && !play.modes[name]) play.mode(name);
    if (hash.startsWith("lesson=")) play.lessons.open(decodeURIComponent(hash.slice(7)));
    else if (hash.startsWith("play=")) attempt("The link", () => {
      const held = fromLink(hash.slice(5));
      open(held);
      play.lessons.resume(held.show?.lesson);
    });
  }
  if (play.options.alone) addEventListener("hashchange", readHash, { signal: play.signal });
  return { element, readHash, show, made, open, attempt };
}
