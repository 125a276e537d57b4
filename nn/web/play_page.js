// The page of the playground: its parts on one root, tabs, keys, theme, what is said, and the way back from trouble.

/** Makes all parts of a playground and begins. */
function buildPlay(play, loop) {
  const { host, options, given } = play;
  const shadow = (play.shadow = host.attachShadow({ mode: "open" }));
  const root = (play.root = make("section", { class: `view wide pg${options.alone ? " page" : ""}`, aria: options.title || "Playground", tabindex: -1 }));
  const gone = new AbortController();
  play.signal = gone.signal;
  play.structure = 1;
  dress();
  play.start(given.state);
  play.grid = makeGrid(play);

  const status = make("p.status", { role: "status" }), alarm = make("section.trouble", { role: "alert", hidden: true });
  const bar = makeBar(play), lessons = (play.lessons = makeLessons(play)), data = makeDataPart(play), net = (play.net = makeStage(play));
  const output = makeOutput(play), image = makeImagePart(play), curves = makeCurves(play), take = (play.take = makeTake(play));
  const link = make("span.linked", { hidden: true });
  bar.element.append(link, lessons.menu);

  // ---- Tabs below the network ----
  const tabs = { weight: ["Weight", makeExplain(play)], neuron: ["Neuron", makeNeuron(play)], land: ["Landscape", makeLandscape(play)], take: ["Take away", take] };
  const tablist = make("div.tabs", { role: "tablist", aria: "Below the network", onkeydown: turn });
  for (const [name, [text, { element }]] of Object.entries(tabs)) {
    tablist.append(make("button", { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => play.open(name) }, text));
    Object.assign(element, { id: `panel-${name}` });
    element.setAttribute("role", "tabpanel");
    element.setAttribute("aria-labelledby", `tab-${name}`);
  }
  const pickers = makePickers(play), head = make("div.below-head", {}, tablist, pickers.element);
  const panel = make("section.card.below", { aria: "Explanation" }, head, ...Object.values(tabs).map(([, { element }]) => element));
  play.open = (name) => {
    if (!tabs[name]) return;
    const news = play.shown.tab !== name || !tablist.querySelector("[aria-selected=true]");
    play.shown.tab = root.dataset.tab = name;
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
    // What was said of it goes with it.
    if (!found && !alarm.hidden) play.say("");
    alarm.hidden = !found;
    if (!found) return alarm.replaceChildren();
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
      make("div.row", {}, ...[...ways, ["Start again", play.reset]].map(([text, onclick]) => make("button", { onclick: () => onclick() }, text))));
    // One message, not two: the line below speaks where the box is out of sight.
    const { left, top, width, height } = alarm.getBoundingClientRect();
    if (!alarm.contains(play.shadow.elementFromPoint(left + width / 2, top + height / 2))) play.say(`${found.what} The box at the top says why.`, true);
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
  /** Lays the network out anew; a lesson on a projector leaves it other room. */
  play.relayout = () => {
    root.classList.toggle("hall", play.modes.projector && !lessons.strip.hidden);
    play.net.build();
  };

  // ---- Keys ----
  const keys = { " ": () => play.run(!play.running), s: () => play.step(1), e: () => play.step(play.stepsOfEpoch()), r: () => play.reset(), u: () => play.undo() };
  const isOurs = (event) => {
    const element = event.composedPath()[0];
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return false;
    if (["SELECT", "TEXTAREA"].includes(element.tagName) || (element.tagName === "INPUT" && element.type !== "range")) return false;
    if (event.key !== " " || !["BUTTON", "SUMMARY", "A"].includes(element.tagName)) return true;
    // The space presses the button that the keyboard has come to, not the one that was clicked last.
    if (element.matches(":focus-visible")) return false;
    root.focus({ preventScroll: true });
    return true;
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
    play.palette = makePalette(dark, play.modes.projector);
    if (play.net) {
      output.layout();
      play.touchAll();
    }
  }
  watchTheme(dress, play.signal);
  play.signal.addEventListener("abort", () => loop.stop());

  // On a narrow page, what is seldom changed leaves the bar, which stays in sight.
  const narrow = matchMedia("(max-width: 999px)");
  function settle() {
    const { simple } = play.modes, [rate, momentum] = bar.own;
    if (narrow.matches) bar.more.append(...bar.seldom);
    else for (const one of bar.seldom) bar.element.insertBefore(one, link);
    // With few controls the rate stands among those that play, and beside a map the momentum.
    if (simple && !narrow.matches) bar.seldom[0].before(rate, momentum);
    else if (rate.parentNode !== bar.more) bar.more.prepend(rate, bar.more.firstChild, momentum);
    for (const button of bar.seldom.at(-1).children) {
      const { mode } = button.dataset;
      root.classList.toggle(mode, play.modes[mode]);
      button.setAttribute("aria-pressed", play.modes[mode]);
    }
  }
  /** Turns a mode on or off, which the address of the page keeps. */
  play.mode = (name, on = !play.modes[name]) => {
    play.modes[name] = on;
    settle();
    play.address();
    dress();
    play.layout();
    play.relayout();
  };
  /** Writes what the page shows into its address: its modes, and the lesson or the state that is open. */
  play.address = (open = location.hash.slice(1).split("&").find((one) => one.includes("=")) ?? "") => {
    const hash = [...Object.keys(play.modes).filter((name) => play.modes[name]), ...(open ? [open] : [])].join("&");
    if (options.alone) window.history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    return hash;
  };
  narrow.addEventListener("change", settle, { signal: play.signal });
  settle();

  // ---- All in its place ----
  const side = make("div.side", {}, output.element, image.element, curves.element);
  const top = make("div.top", {}, lessons.strip, bar.element, bar.more, alarm, status);
  root.append(top, data.element, net.element, panel, side);
  shadow.append(make("style", {}, options.style), root);
  // All that few controls leave to see of two weights is the loss over them.
  play.open(play.modes.simple && String(play.machine.state.sizes) === "1,1" ? "land" : "weight");
  play.layout();
  data.fill();
  net.build();
  if (given.history) given.history.loss.forEach((loss, k) => play.history.add((play.history.fitted = given.history.epochs?.[k] ?? k + 1), loss, given.history.val_loss?.[k] ?? NaN));
  else play.noteLoss();
  play.mark();
  play.run(false);
  if (options.lessons) take.attempt("The file of lessons", () => lessons.take(options));
  if (options.alone && location.hash.length > 1) take.readHash();
}
