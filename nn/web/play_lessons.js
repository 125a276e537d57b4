// Lessons: links, each with one sentence, something to do, and the reason. A teacher writes more as a small file.

/**
 * data: how the data are made; state: what differs from a usual network; set: numbers by name; fill: one for all weights;
 * ask: the name of the weight to explain; tab: what is open below the network. A teacher's file is {"lessons": [...]}.
 */
const LESSONS = [
  { name: "line", title: "A line is all a perceptron has", text: "One neuron adds up its inputs: it divides the plane by one straight line, whatever its weights.",
    todo: "Press play. Then choose the moons and play again: how many points stay on the wrong side?", why: "ŷ = 0.5 exactly where b + w1·x1 + w2·x2 = 0, and that is the equation of a line.",
    data: { name: "gauss", noise: 0.4 }, state: { sizes: [2, 1], activations: ["sigmoid"], optimizer: { name: "SGD", lr: 0.3 } } },
  { name: "xor", title: "XOR", text: "No line separates XOR, but a hidden layer can bend the plane until one does.",
    todo: "Press play: the loss rests near 0.69, which is guessing. Then add a hidden layer with + and play again.", why: "Each hidden neuron draws one line; the output neuron combines them.",
    data: { name: "xor" }, state: { sizes: [2, 1], activations: ["sigmoid"], optimizer: { name: "SGD", lr: 0.3 } } },
  { name: "nonlinear", title: "Why non-linear", text: "Without a non-linear g, a network of many layers is still one line: sums of sums are sums.",
    todo: "Press play: nothing gets better. Now change g of both hidden layers from linear to tanh.", why: "W2·(W1·x) = (W2·W1)·x: two linear layers are one.",
    data: { name: "circles" }, state: { sizes: [2, 4, 4, 1], activations: ["linear", "linear", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } } },
  { name: "vanishing", title: "Vanishing gradients", text: "Through six layers of sigmoid, the gradient that reaches the first weights is thousands of times smaller than that of the last.",
    todo: "Look at the wedges and point at a line of the first layer, then of the last: compare the gradients. Change all g to tanh, then compare again.", why: "The slope of sigmoid is at most 1/4, and each layer multiplies by it once more.",
    data: { name: "moons" }, state: { sizes: [2, 4, 4, 4, 4, 4, 4, 1], activations: ["sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } } },
  { name: "rate", title: "Too large a rate", text: "The gradient says which way is down, but only for a small step: too large a rate jumps over the valley and climbs.",
    todo: "Press play: the loss grows until the page stops it. Go back, take a third of the rate, and play again.", why: "w ← w − η·∂J/∂w follows the tangent; the curve itself bends away from it.",
    data: { name: "sine" }, state: { sizes: [1, 8, 1], activations: ["tanh", "linear"], optimizer: { name: "SGD", lr: 3 }, batch: 0 }, tab: "land" },
  { name: "dead", title: "Dead ReLU", text: "A ReLU whose sum is negative for every sample answers 0, has slope 0, and never learns again.",
    todo: "Press play: the weights of two neurons stand still, and their gradients are 0. Set their biases to 0.5 and play again.", why: "The gradient is multiplied by the slope of g, which is 0 left of 0.",
    data: { name: "moons" }, state: { sizes: [2, 4, 1], activations: ["relu", "sigmoid"] }, set: { "b(1)_1": -9, "b(1)_2": -9 }},
  { name: "overfit", title: "Over-fitting", text: "Twelve neurons learn thirty noisy points by heart: the training loss goes to 0 while the test loss climbs.",
    todo: "Press play and watch both curves part. Then reset, set L2 to 0.01 and play again; or take more points.", why: "Nothing but more data, or a price for large weights, tells signal from noise.",
    data: { name: "moons", n: 60, noise: 0.4, test: 0.5 }, state: { sizes: [2, 12, 12, 1], activations: ["tanh", "tanh", "sigmoid"], optimizer: { name: "Adam", lr: 0.03 }, batch: 0 } },
  { name: "symmetry", title: "Equal weights", text: "Neurons that start with equal weights get equal gradients and stay equal forever: four neurons do the work of one.",
    todo: "Press play: all tiles of a layer look the same. Change one weight a little and play again.", why: "Nothing in the gradient tells one from the other; random weights do.",
    data: { name: "moons" }, state: { sizes: [2, 4, 1], activations: ["tanh", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } }, fill: 0.5 },
];

/** Makes the menu of lessons and the strip that shows one: {menu, strip, open(name), take(file)}. */
function makeLessons(play) {
  const list = make("ul"), menu = make("details", { class: "menu" }, make("summary", {}, "Lessons"), list);
  const strip = make("section", { class: "lesson", "aria-label": "Lesson", hidden: true });
  let lessons = LESSONS;
  const close = () => (menu.open = false);
  menu.addEventListener("keydown", (event) => event.key === "Escape" && (close(), menu.firstChild.focus()));
  play.root.addEventListener("pointerdown", (event) => menu.contains(event.target) || close());

  const texts = (lesson) => ["title", "text", "todo", "why"].map((name) => String(lesson[name] ?? "").slice(0, 600));
  function fill() {
    list.replaceChildren(...lessons.map((lesson) => {
      const [title, text] = texts(lesson);
      return make("li", {}, make("a", { href: `#lesson=${encodeURIComponent(lesson.name)}`, onclick: (event) => (play.options.alone || event.preventDefault(), close(), open(lesson.name)) }, title), make("span", {}, text));
    }));
  }

  function show(lesson) {
    const [title, text, todo, why] = texts(lesson), at = lessons.indexOf(lesson);
    const go = (by, word, label) => make("button", { type: "button", "aria-label": label, disabled: !lessons[at + by], onclick: () => open(lessons[at + by].name) }, word);
    const reason = why ? [make("details", {}, make("summary", {}, "Why?"), make("p", {}, why))] : [];
    strip.replaceChildren(make("p", {}, make("b", {}, `${title}. `), text), ...(todo ? [make("p", { class: "todo-line" }, make("b", {}, "Do: "), todo)] : []), ...reason,
      make("span", { class: "row" }, go(-1, "‹", "Lesson before"), go(1, "next ›", "Next lesson"), make("button", { type: "button", "aria-label": "Close the lesson", onclick: () => ((strip.hidden = true), play.relayout()) }, "×")));
    strip.hidden = false;
  }

  /** The parameters of a lesson: numbers by the names that the page shows. */
  function placeNumbers({ set = {}, fill: all }) {
    const { machine } = play;
    if (Number.isFinite(all)) machine.W.forEach((w, k) => w.forEach((_, at) => machine.set(k, Math.floor(at / machine.b[k].length), at % machine.b[k].length, all)));
    for (const [name, x] of Object.entries(set)) {
      const { k, j, i } = placeOf(name);
      if (!Number.isFinite(x)) throw new Error(`${name} takes a number; got ${String(x).slice(0, 30)}.`);
      machine.set(k, j, i, x);
    }
  }
  /** The weight or bias of a name as the page shows it, such as w(1)_2,3 or b(1)_2. */
  function placeOf(name) {
    const found = /^(?:w\((\d+)\)_(\d+),(\d+)|b\((\d+)\)_(\d+))$/.exec(name), { machine } = play;
    if (!found) throw new Error(`weights have names such as w(1)_2,3 and b(1)_2; got ${String(name).slice(0, 30)}.`);
    const [k, j, i] = found[1] ? [found[1] - 1, found[2] - 1, found[3] - 1] : [found[4] - 1, -1, found[5] - 1];
    if (!(i >= 0 && i < machine.b[k]?.length) || j >= machine.state.sizes[k]) throw new Error(`the network of this lesson has no ${name.slice(0, 30)}.`);
    return { k, j, i };
  }

  function begin(lesson) {
    play.run(false);
    play.take.open({ state: lesson.state || {}, data: lesson.data || null, show: { ask: { k: 0, j: 0, i: 0 } } });
    placeNumbers(lesson);
    if (lesson.ask) play.ask = placeOf(lesson.ask);
    play.history.clear();
    play.set(play.ask, play.machine.get(play.ask.k, play.ask.j, play.ask.i));
    play.open(lesson.tab || "weight");
    show(lesson);
    play.relayout();
  }
  function open(name) {
    const lesson = lessons.find((one) => one.name === name);
    if (!lesson) return play.say(`There is no lesson “${String(name).slice(0, 30)}”; there are ${lessons.map((one) => one.name).join(", ")}.`, true);
    try {
      begin(lesson);
    } catch (error) {
      play.say(`The lesson “${texts(lesson)[0]}” cannot be used: ${error.message}`, true);
    }
  }

  /** Takes a teacher's lessons in place of those that are there; throws an Error with a sentence for what is none. */
  function take(held) {
    if (!Array.isArray(held.lessons) || !held.lessons.length) throw new Error("its lessons must be a list with at least one.");
    held.lessons.forEach((one, k) => {
      if (!one || typeof one !== "object" || !one.title || !one.text) throw new Error(`lesson ${k + 1} needs a title and a text.`);
    });
    const before = lessons;
    lessons = held.lessons.map((one, k) => ({ ...one, name: String(one.name ?? `lesson ${k + 1}`) }));
    try {
      begin(lessons[0]);
    } catch (error) {
      lessons = before;
      throw error;
    }
    fill();
  }
  if (play.options.lessons) lessons = play.options.lessons.map((one, k) => ({ ...one, name: String(one.name ?? `lesson ${k + 1}`) }));
  fill();
  return { menu, strip, open, take };
}
