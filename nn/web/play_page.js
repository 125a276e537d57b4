// The page of the playground: its parts on one root, tabs, keys, theme, what is said, and the way back from trouble.

/** Makes all parts of a playground and begins. */
function buildPlay(play, loop) {
  const { host, options, given } = play;
  const shadow = (play.shadow = host.attachShadow({ mode: "open" }));
  const root = (play.root = make("section", { class: `view wide pg${options.alone ? " page" : ""}`, "aria-label": options.title || "Playground" }));
  const gone = new AbortController();
  play.signal = gone.signal;
  play.structure = 1;
  dress();
  play.start(given.state);
  play.grid = makeGrid(play);

  const status = make("p", { class: "status", role: "status" }), alarm = make("section", { class: "trouble", role: "alert", hidden: true });
  const bar = makeBar(play), lessons = (play.lessons = makeLessons(play)), data = makeDataPart(play), net = (play.net = makeStage(play));
  const output = makeOutput(play), image = makeImagePart(play), curves = makeCurves(play), take = (play.take = makeTake(play));
  const link = make("span", { class: "linked", hidden: true });
  bar.element.append(link, lessons.menu);

  // ---- Tabs below the network ----
  const tabs = { weight: ["Weight", makeExplain(play)], neuron: ["Neuron", makeNeuron(play)], land: ["Landscape", makeLandscape(play)], take: ["Take away", take] };
  const tablist = make("div", { class: "tabs", role: "tablist", "aria-label": "Below the network", onkeydown: turn });
  for (const [name, [text, { element }]] of Object.entries(tabs)) {
    tablist.append(make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => play.open(name) }, text));
    Object.assign(element, { id: `panel-${name}` });
    element.setAttribute("role", "tabpanel");
    element.setAttribute("aria-labelledby", `tab-${name}`);
  }
  const pickers = makePickers(play), head = make("div", { class: "below-head" }, tablist, pickers.element);
  const panel = make("section", { class: "card below", "aria-label": "Explanation" }, head, ...Object.values(tabs).map(([, { element }]) => element));
  play.open = (name) => {
    if (!tabs[name]) return;
    const news = play.shown.tab !== name || !tablist.querySelector("[aria-selected=true]");
    play.shown.tab = name;
    pickers.element.hidden = name === "take";
    for (const [one, [, { element }]] of Object.entries(tabs)) {
      element.hidden = one !== name;
      const tab = tablist.querySelector(`#tab-${one}`);
      tab.setAttribute("aria-selected", one === name);
      tab.tabIndex = one === name ? 0 : -1;
    }
    if (name === "take" && news) take.show("python");
    play.touch("weight", "neuron", "land");
  };
  function turn(event) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], names = Object.keys(tabs);
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    play.open(names[(names.indexOf(play.shown.tab) + way + names.length) % names.length]);
    tablist.querySelector("[aria-selected=true]").focus();
  }

  // ---- What is said ----
  let silence = 0;
  play.say = (text, wrong = false) => {
    status.textContent = text;
    status.classList.toggle("wrong", wrong);
    clearTimeout(silence);
    silence = setTimeout(() => (status.textContent = ""), wrong ? 9000 : 4500);
  };
  play.trouble = (found) => {
    alarm.hidden = !found;
    if (!found) return alarm.replaceChildren();
    play.say(`${found.what} The box at the top says why.`, true);
    const back = (lr) => () => {
      play.remember("trouble");
      play.begin(lr ? { ...found.good, optimizer: { ...found.good.optimizer, lr } } : found.good, false);
    };
    // What was so before the first step is so there, too: only what led to it can be taken back.
    const takeBack = () => {
      do play.undo(); while (play.past.length && !Number.isFinite(play.measures().train.loss));
    };
    const ways = found.moved ? [[`Back to epoch ${found.good.epoch}, with the rate ${number(found.lr, 3)}`, back(found.lr)], ["Back, with the same rate", back(null)]] : [["Take the change back", takeBack]];
    alarm.replaceChildren(make("p", {}, make("b", {}, `${found.what} `), found.where),
      make("div", { class: "row" }, ...[...ways, ["New start", play.reset]].map(([text, onclick]) => make("button", { type: "button", onclick: () => onclick() }, text))));
  };
  play.link = (text) => {
    link.hidden = !text;
    link.textContent = text || "";
  };

  // ---- Choices that belong together ----
  play.choices = () => ({
    activations: Object.keys(PIECES.activations).filter((name) => name !== "softmax"),
    heads: headsOf(play.data, PIECES), optimizers: Object.keys(PIECES.optimizers).map((name) => ({ name })),
  });
  play.optimizerOf = (name) => ({ name, lr: play.machine.state.optimizer.lr });
  play.chooseHead = (k) => {
    const head = play.choices().heads[k], acts = play.machine.state.activations.slice(0, -1);
    play.restructure({ activations: [...acts, head.activation], loss: head.loss });
  };
  play.layout = () => {
    output.layout();
    image.layout();
    data.layout();
    play.touch("settings", "points");
  };
  play.relayout = () => play.net.build();

  // ---- Keys ----
  const keys = { " ": () => play.run(!play.running), s: () => play.step(1), e: () => play.step(play.stepsOfEpoch()), r: () => play.reset(), u: () => play.undo() };
  const isOurs = (event) => {
    const element = event.composedPath()[0];
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return false;
    if (["SELECT", "TEXTAREA"].includes(element.tagName) || (element.tagName === "INPUT" && element.type !== "range")) return false;
    return event.key !== " " || !["BUTTON", "SUMMARY", "A"].includes(element.tagName);
  };
  (options.alone ? document : shadow).addEventListener("keydown", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  }, { signal: play.signal });
  // JupyterLab sees keys before we do, and leaves alone what happens inside an element with this attribute.
  addEventListener("keydown", (event) => {
    if (!host.isConnected) return gone.abort();
    host.toggleAttribute("data-lm-suppress-shortcuts", event.composedPath().includes(host));
  }, { capture: true, signal: play.signal });

  function dress() {
    const dark = isDark(host);
    root.classList.toggle("dark", dark);
    play.palette = makePalette(dark);
    if (play.net) {
      output.layout();
      play.touchAll();
    }
  }
  watchTheme(dress, play.signal);
  play.signal.addEventListener("abort", () => loop.stop());

  // On a narrow page, what is seldom changed leaves the bar, which stays in sight.
  const narrow = matchMedia("(max-width: 999px)"), settle = () => (narrow.matches ? bar.more.append(...bar.seldom) : bar.element.insertBefore(bar.seldom[0], link).after(bar.seldom[1]));
  narrow.addEventListener("change", settle, { signal: play.signal });
  settle();

  // ---- All in its place ----
  const side = make("div", { class: "side" }, output.element, image.element, curves.element);
  const top = make("div", { class: "top" }, lessons.strip, bar.element, bar.more, alarm, status);
  root.append(top, data.element, net.element, panel, side);
  shadow.append(make("style", {}, options.style), root);
  play.open("weight");
  play.layout();
  data.fill();
  net.build();
  if (given.history) given.history.loss.forEach((loss, k) => play.history.add((play.history.fitted = given.history.epochs?.[k] ?? k + 1), loss, given.history.val_loss?.[k] ?? NaN));
  else play.noteLoss();
  play.run(false);
  if (options.lessons) take.attempt("The file of lessons", () => lessons.take(options));
  if (options.alone && location.hash.length > 1) take.readHash();
}
