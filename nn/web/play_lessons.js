// Lessons: links, each with one sentence, a question to answer first, something to do, and the reason.

/** Each is what a teacher's file {"lessons": [...]} has, too. Results stand in `why`, not before the experiment. */
const LESSONS = [
  { name: "line", title: "A perceptron and its line", text: "One neuron adds up its inputs and answers by the sign of the sum. This one begins wrong.",
    predict: "How will the line move? How many of two moons will stay wrong?", steps: ["Press play and watch the line.", "Choose “Two moons” in the data and play on."],
    why: "ŷ = 0.5 exactly where w₀ + w₁·x₁ + w₂·x₂ = 0: the equation of a line, whatever the weights. Learning turns and shifts it until most points are on their side. No line tells the moons apart: one test point in seven stays wrong.",
    data: { name: "gauss", noise: 0.4 }, model: { sizes: [2, 1], activations: ["sigmoid"], optimizer: { name: "SGD", lr: 0.1 }, batch: 0 }, set: { "w(1)_1,1": -1, "w(1)_2,1": 0.4 }, simple: true },
  { name: "xor", title: "XOR", text: "The class is yes where the signs of the two inputs differ. One neuron draws one line.",
    predict: "How small will its loss get? And with a hidden layer?", steps: ["Press play until the loss rests.", "Add a hidden layer with + above the network, and play again."],
    why: "No line separates XOR: one neuron does hardly better than guessing, whose loss is ln 2 = 0.69. Each hidden neuron draws one line more, and the output neuron combines them.",
    data: { name: "xor" }, model: { sizes: [2, 1], activations: ["sigmoid"], optimizer: { name: "SGD", lr: 0.3 } }, simple: true },
  { name: "nonlinear", title: "Why non-linear", text: "A neuron adds up its inputs, and its activation g bends the sum. Here g is linear in both hidden layers: nothing is bent.",
    predict: "What border will eight neurons draw around the inner circle?", steps: ["Press play: look at the border. While it trains, choose “all tanh” above.", "Choose “all linear”, then the round arrow, and play."],
    why: "Sums of sums are sums: W2·(W1·x) = (W2·W1)·x. Two linear layers are one, whose border is straight; about half of the points stay wrong, and the loss at 0.69. With tanh the tiles of the first layer are bent, and sums of bent things need not be straight: in 100 epochs the border closes.",
    data: { name: "circles" }, model: { sizes: [2, 4, 4, 1], activations: ["linear", "linear", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } }, simple: true },
  { name: "vanishing", title: "Vanishing gradients", text: "On its way back, a gradient is multiplied by the slope of g in every layer. That of sigmoid is at most ¼.",
    predict: "Which layer has the smallest gradients? What will the loss do?", steps: ["Compare the violet bars below the network, then press play.", "Choose “all tanh” and the round arrow. Compare again; play."],
    why: "Each path below multiplies, in every layer, a slope of g and a weight. Six slopes of sigmoid are at most 0.0002: the bars shrink from layer 7 to 1, and the loss stays for some 4,500 epochs at ln 2 = 0.69. Slopes of tanh are up to 1: bars alike, a loss of 0.3 after 50 epochs.",
    data: { name: "moons" }, model: { sizes: [2, 4, 4, 4, 4, 4, 4, 1], activations: ["sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } } },
  { name: "rate", title: "Too large a rate", text: "A step goes downhill, and the rate η says how far. Here it is 1.1.",
    predict: "After one step, will the ring be nearer to the valley, or further away?", steps: ["Press “one step” beside the map five times, watch ring and J, then play.", "Press “Back …, with the rate 0.1”, then play."],
    why: "The new bias is w₀ − η·∂J/∂w₀, a walk along the tangent; but the curve bends. Here ∂J/∂w₀ is about twice the distance to the valley: a step multiplies it by 1 − 2η = −1.2 and lands on the other side, higher than before. Below the rate 1 it shrinks; with 0.1 the loss falls to 0.01.",
    data: { name: "formula", formula: "2 * x1 + 0.5", noise: 0.1 }, model: { sizes: [1, 1], activations: ["linear"], optimizer: { name: "SGD", lr: 1.1 }, batch: 0 }, set: { "w(1)_1,1": 1.4, "w(1)_0,1": 1.2 }, tab: "land", simple: true },
  { name: "momentum", title: "Momentum", text: "A ball that rolls gathers speed: v ← m·v + ∂J/∂w, w ← w − η·v. Here is a long valley; η is 0.01, m is 0.",
    predict: "How many steps will bring J below 2.2? And with m = 0.9?", steps: ["Press “ten steps” beside the map until it is.", "Press the round arrow, type the momentum 0.9, press “ten steps” again."],
    why: "Along the valley the gradients add up, to 1/(1 − m) = 10 times as much; across it they change sign and cancel. It takes 31 steps, not 99: the ball swings from side to side.",
    data: { name: "three grades by hours", task: "number", columns: ["x1"], classes: null, target: "y", d: 1, n: 3, X: [5, 1, 8], y: [9, 2, 9.5], test: { n: 0, X: [], y: [] }, notes: [] },
    model: { sizes: [1, 1], activations: ["linear"], optimizer: { name: "SGD", lr: 0.01 }, batch: 0 }, set: { "w(1)_1,1": 0, "w(1)_0,1": 4 }, tab: "land", simple: true },
  { name: "batches", title: "Mini-batches", text: "An epoch shows each of 300 samples once: one step with the batch “all”, 75 steps with the batch 4.",
    predict: "After 100 epochs, which has the lower loss?", steps: ["Choose stop: 100 epochs on, and play.", "Press the round arrow, choose the batch 4, and play."],
    why: "7,500 roughly right steps get further than 100 exact ones: the loss is near 0.04 in place of 0.33. The price is their time. Batches of 16 to 256 are usual.",
    data: { name: "moons", n: 400, noise: 0.2 }, model: { sizes: [2, 8, 1], activations: ["tanh", "sigmoid"], optimizer: { name: "SGD", lr: 0.1 }, batch: 0, seed: 1 } },
  { name: "dead", title: "Dead ReLU", text: "A ReLU answers 0 where its sum is negative, and its slope there is 0. The first two of these four have the bias −9.",
    predict: "Which neurons will learn, and what will the others do?", steps: ["Press play. Choose a weight of the first neuron: what is its gradient?", "Choose the tab Neuron, set both biases to 0.5 and play again."],
    why: "A ReLU whose sum is negative for every sample answers 0 and never learns again: the gradient is multiplied by the slope of g, which is 0 left of 0.",
    data: { name: "moons" }, model: { sizes: [2, 4, 1], activations: ["relu", "sigmoid"] }, set: { "w(1)_0,1": -9, "w(1)_0,2": -9 }},
  { name: "overfit", title: "Over-fitting", text: "Two layers of twelve neurons, and thirty noisy points to learn from.",
    predict: "How far down will the training loss go, and how far the test loss?", steps: ["Press play and watch the two curves of the loss.", "Press the round arrow, set L2 to 0.001, and play. Or take more points."],
    why: "The network learns its points by heart: the training loss goes to 0 while the test loss climbs. Most test points are right, but those that are wrong are wrong with certainty, and that costs the loss. With L2 the test loss stays low: nothing but more data, or a price for large weights, tells signal from noise.",
    data: { name: "moons", n: 60, noise: 0.4, test: 0.5 }, model: { sizes: [2, 12, 12, 1], activations: ["tanh", "tanh", "sigmoid"], optimizer: { name: "Adam", lr: 0.03 }, batch: 0 } },
  { name: "symmetry", title: "Equal weights", text: "Four neurons begin alike: all their weights are 0.5.",
    predict: "Will training make them different?", steps: ["Press play and compare the tiles of the layer.", "Change one weight a little and play again."],
    why: "Equal weights get equal gradients and stay equal forever: four neurons do the work of one. Nothing in the gradient tells one from the other; random weights do. A neuron that is changed goes its own way, and the other three stay equal.",
    data: { name: "moons" }, model: { sizes: [2, 4, 1], activations: ["tanh", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } }, fill: 0.5, simple: true },
  { name: "fewest", title: "Exercise: the fewest weights", text: "Bring the test loss below 0.1. The number of weights stands above the network.",
    predict: "How many hidden neurons will it take? Is there a way without any?", steps: ["Change the layer with − and +, the round arrow, play.", "Take the hidden layer away, and add inputs below the data."],
    why: "Two lines enclose nothing, three do: 2-3-1 has 13. With the inputs x₁² and x₂² 5 are enough: w₀ + w₃·x₁² + w₄·x₂² = 0 is an ellipse.",
    data: { name: "circles" }, model: { sizes: [2, 6, 1], activations: ["tanh", "sigmoid"], optimizer: { name: "SGD", lr: 0.3 } }, simple: true },
];

/** What is to be done: one thing, or a list. */
const stepsOf = ({ steps = [] }) => (Array.isArray(steps) ? steps : [steps]);

/** The parameters of a lesson: numbers by the names that the page shows. */
function placeNumbers(machine, { set = {}, fill: all }) {
  if (all !== undefined && !Number.isFinite(all)) throw new Error(`fill takes a number; got ${String(all).slice(0, 30)}.`);
  if (all !== undefined) machine.W.forEach((w, k) => w.forEach((_, at) => machine.set(k, Math.floor(at / machine.b[k].length), at % machine.b[k].length, all)));
  for (const [name, x] of Object.entries(set)) {
    const { k, j, i } = placeOf(machine, name);
    if (!Number.isFinite(x)) throw new Error(`${name} takes a number; got ${String(x).slice(0, 30)}.`);
    machine.set(k, j, i, x);
  }
}

/** The weight of a name as the page shows it, such as w(1)_2,3, or the bias w(1)_0,3. */
function placeOf(machine, name) {
  const found = /^w\((\d+)\)_(\d+),(\d+)$/.exec(name);
  if (!found) throw new Error(`weights have names such as w(1)_2,3, and biases w(1)_0,3; got ${String(name).slice(0, 30)}.`);
  const [k, j, i] = found.slice(1).map((one) => one - 1);
  if (!(i >= 0 && i < machine.b[k]?.length) || j >= machine.state.sizes[k]) throw new Error(`the network of this lesson has no ${name.slice(0, 30)}.`);
  return { k, j, i };
}

/** Returns a teacher's lessons, each with a name; throws an Error with a sentence for what stands in the wrong place. */
function namedLessons(lessons) {
  if (!Array.isArray(lessons) || !lessons.length) throw new Error("its lessons must be a list with at least one.");
  const names = new Set(LESSONS.map((one) => one.name));
  return lessons.map((one, k) => {
    const fail = (text) => {
      throw new Error(`lesson ${k + 1} ${text}`);
    };
    if (!one || typeof one !== "object" || !one.title || !one.text) fail("needs a title and a text.");
    if (!one.model?.sizes || !one.model.activations) fail('needs a network beside its title and text, such as "model": {"sizes": [2, 4, 1], "activations": ["tanh", "sigmoid"]}.');
    const name = String(one.name ?? `lesson ${k + 1}`), may = PIECES.lesson;
    for (const [owner, held, told] of [["lesson", one, -2], ["model", one.model, 9]]) {
      const strange = Object.keys(held).find((field) => !may[owner].includes(field));
      if (strange) fail(`has “${strange.slice(0, 30)}”; a ${owner} has ${may[owner].slice(0, told).join(", ")}.`);
    }
    for (const text of [one.title, one.text, one.predict ?? "", one.why ?? "", ...stepsOf(one)])
      if (typeof text !== "string" || text.length > may.letters) fail(`has room for texts of ${may.letters} letters; got ${JSON.stringify(text).slice(0, 40)}.`);
    if (stepsOf(one).length > may.steps) fail(`has room for ${may.steps} steps; got ${one.steps.length}.`);
    if (one.tab && !may.tabs.includes(one.tab)) fail(`takes as its tab ${may.tabs.join(", ")}.`);
    if (names.has(name)) fail(`has the name “${name.slice(0, 30)}”, which another has.`);
    names.add(name);
    return { ...one, name };
  });
}

/** Makes the menu of lessons and the strip that shows one: {menu, strip, open(name), resume(name), current(), take(file)}. */
function makeLessons(play) {
  const list = make("ul"), menu = make("details.menu", {}, make("summary", {}, "Lessons"), list);
  const strip = make("section.lesson", { aria: "Lesson", hidden: true }), usual = keptData(play.data);
  let lessons = LESSONS, current = null, simpler = false;
  const close = () => (menu.open = false);
  menu.addEventListener("keydown", (event) => event.key === "Escape" && (close(), menu.firstChild.focus()));
  play.root.addEventListener("pointerdown", (event) => menu.contains(event.target) || close());

  function fill() {
    list.replaceChildren(...lessons.map(({ name, title, text }) =>
      make("li", {}, make("a", { href: `#lesson=${encodeURIComponent(name)}`, onclick: (event) => (play.options.alone || event.preventDefault(), close(), open(name)) }, title), make("span", {}, /^.*?[.?!](?=\s|$)/.exec(text)?.[0] ?? text))));
  }

  function show(lesson) {
    const { title, text, predict, why } = lesson, steps = stepsOf(lesson), at = lessons.indexOf(lesson);
    const go = (by, word, label) => make("button", { aria: label, disabled: !lessons[at + by], onclick: () => open(lessons[at + by].name) }, word);
    const todo = [...(predict ? [["Predict: ", predict]] : []), ...steps.map((one, k) => [steps.length > 1 ? `${k + 1}. ` : "Do: ", one])];
    const reason = why ? [make("details", {}, make("summary", {}, "Why?"), make("p", {}, why))] : [];
    strip.replaceChildren(make("p", {}, make("b", {}, `${title}${/[.?!]$/.test(title) ? "" : "."} `), text), ...(todo.length ? [make("p.todo-line", {}, ...todo.map(([word, one]) => make("span", {}, make("b", {}, word), one)))] : []), ...reason,
      make("span.row", {}, make("button", { aria: "Lesson from its start", onclick: () => open(lesson.name) }, "again"), go(-1, "‹", "Lesson before"), go(1, "next ›", "Next lesson"), make("button", { aria: "Close the lesson", onclick: leave }, "×")));
    strip.hidden = false;
    current = lesson.name;
  }
  function leave() {
    strip.hidden = true;
    current = null;
    // The few controls that the lesson had to do without.
    if (simpler) play.mode("simple", true);
    simpler = false;
    if (location.hash.includes("lesson=")) play.address("");
    play.relayout();
  }

  /** What a lesson begins with; throws an Error with a sentence before anything has changed. */
  function startOf(lesson) {
    const data = lesson.data || usual, { machine } = play.take.made({ state: lesson.model, data });
    placeNumbers(machine, lesson);
    const ask = lesson.ask ? placeOf(machine, lesson.ask) : lesson.show?.ask ?? { k: 0, j: 0, i: 0 };
    return { state: machine.snapshot(), data, show: { ...lesson.show, ask } };
  }
  function begin(lesson) {
    const start = startOf(lesson);
    play.run(false);
    if (lesson.simple ? simpler : play.modes.simple) {
      simpler = !lesson.simple;
      play.mode("simple", !simpler);
    }
    play.take.open(start);
    play.open(lesson.tab || "weight");
    show(lesson);
    play.relayout();
  }
  function open(name) {
    const lesson = lessons.find((one) => one.name === name);
    if (!lesson) return play.say(`There is no lesson “${String(name).slice(0, 30)}”; there are ${lessons.map((one) => one.name).join(", ")}.`, true);
    try {
      begin(lesson);
      // Whoever loads the page again finds the lesson again.
      play.address(`lesson=${encodeURIComponent(name)}`);
    } catch (error) {
      play.say(`The lesson “${lesson.title}” cannot be used: ${error.message}`, true);
    }
  }
  /** Shows a lesson beside what is open, as a link has kept it. */
  function resume(name) {
    const lesson = lessons.find((one) => one.name === name);
    if (!lesson) return;
    show(lesson);
    play.relayout();
  }

  /** Takes a teacher's lessons and begins the first; throws an Error with a sentence, and changes nothing, if one cannot be used. */
  function take(held) {
    const own = namedLessons(held.lessons);
    own.forEach((lesson, k) => {
      try {
        startOf(lesson);
      } catch (error) {
        throw new Error(`lesson ${k + 1}: ${error.message}`);
      }
    });
    lessons = [...own, ...LESSONS];
    fill();
    begin(own[0]);
  }
  fill();
  return { menu, strip, open, resume, current: () => current, take };
}
