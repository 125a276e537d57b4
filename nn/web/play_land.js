// The loss over two weights: a map with the path that training has walked; a click starts somewhere else.

const LAND_SIDES = [11, 17, 25, 41];

/** Makes the tab of the landscape: {element}. */
function makeLandscape(play) {
  const canvas = make("canvas", { tabindex: 0, role: "img", aria: "Map of the loss" }), told = make("p.readout", {}), box = make("div.land-map", {}, canvas);
  const others = make("select", { aria: "Second weight", onchange: () => others.value && ((second = JSON.parse(others.value)), forget()) });
  const first = make("span"), image = makeImage();
  const zoom = (text, label, by) => make("button", { aria: label, onclick: () => ((reach = Math.max(0.02, Math.min(500, reach * by))), forget()) }, text);
  const centre = make("button", { onclick: () => (forget(), (trail.length = 0)) }, "centre here");
  const steps = make("div.row", {}, make("button", { onclick: () => play.step(1) }, "one step"), make("button", { onclick: () => play.step(10, 1) }, "ten steps"), zoom("+", "Closer", 1 / 1.6), zoom("−", "Farther", 1.6), centre);
  const element = make("div.land", {}, box,
    make("div.land-side", {}, make("h3", {}, "The loss over two weights"), make("p.row", {}, first, " and ", others), steps, told,
      make("p.soft", {}, "Strong grey is high. The ring is the network, the line its way; a click or an arrow key starts elsewhere.")));
  let second = null, reach = 3, middle = null, level = 1, values = null, side = 0, key = "", trail = [], walked = 0;

  function forget() {
    middle = null;
    play.touch("land");
  }
  const at = ({ k, j, i }) => play.machine.get(k, j, i);
  const same = (a, b) => a.k === b.k && a.j === b.j && a.i === b.i;

  /** The second weight is another of the same neuron, if none was chosen. */
  function choose() {
    const { ask } = play, { sizes } = play.machine.state, list = [];
    sizes.slice(1).forEach((outs, k) => {
      for (let i = 0; i < outs && list.length < 400; i++) for (let j = -1; j < sizes[k] && list.length < 400; j++) list.push({ k, j, i });
    });
    const fits = (one) => one.k < sizes.length - 1 && one.i < sizes[one.k + 1] && one.j < sizes[one.k];
    if (!second || same(second, ask) || !fits(second)) second = { ...ask, j: ask.j + 1 < sizes[ask.k] ? ask.j + 1 : ask.j > -1 ? ask.j - 1 : -1 };
    if (same(second, ask)) second = list.find((one) => !same(one, ask));
    const wanted = JSON.stringify([ask, second, sizes]);
    if (wanted === key) return;
    key = wanted;
    middle = null;
    reach = 3;
    trail = [];
    if (!list.some((one) => same(one, second))) list.push(second);
    others.replaceChildren(...list.filter((one) => !same(one, ask)).map((one) => make("option", { value: JSON.stringify(one), selected: same(one, second) }, play.nameOf(one.k, one.j, one.i))));
    first.replaceChildren(symbol(play.nameOf(ask.k, ask.j, ask.i)));
  }

  function walk() {
    const [a, b] = [at(play.ask), at(second)], epoch = play.epochs();
    // What was taken back was not walked.
    if (epoch < walked) [trail, middle, reach] = [[], null, 3];
    walked = epoch;
    const last = trail.length - 2;
    if (Math.abs(a) > 1e9 || (last >= 0 && trail[last] === a && trail[last + 1] === b)) return;
    trail.push(a, b);
    if (trail.length > 4000) trail.splice(0, 2000);
  }

  function paint() {
    if (play.shown.tab !== "land") return;
    const size = Math.min(box.clientWidth, box.clientHeight);
    if (!size) return;
    choose();
    walk();
    const [a, b] = [at(play.ask), at(second)];
    middle ??= [a, b];
    // A wider map shows where the way came from.
    const far = Math.max(Math.abs(a - middle[0]), Math.abs(b - middle[1]));
    if (far > 0.95 * reach) [middle, reach] = far < 300 ? [middle, 1.4 * far] : [[a, b], reach];
    const before = performance.now();
    side = LAND_SIDES[level];
    const range = { from: middle[0] - reach, to: middle[0] + reach, from2: middle[1] - reach, to2: middle[1] + reach, n: side };
    values = play.machine.landscape([play.ask.k, play.ask.j, play.ask.i], [second.k, second.j, second.i], range);
    const took = performance.now() - before, most = play.running ? 12 : 120;
    if (took > most && level > 0) level -= 1;
    else if (took < most / 5 && level + 1 < LAND_SIDES.length) (level += 1), play.running || play.touch("land");
    draw(size, a, b);
  }

  // The map is painted by the logarithm above its lowest place, so that valleys are seen.
  function draw(size, a, b) {
    const { palette } = play, pen = penOf(canvas, size, size);
    canvas.style.width = canvas.style.height = `${size}px`;
    let [low, high] = [Infinity, -Infinity];
    for (const x of values) if (x < Infinity) [low, high] = [Math.min(low, x), Math.max(high, x)];
    const span = Math.max(high - low, 1e-12), depth = (x) => Math.log1p((40 * (x - low)) / span) / Math.log(41);
    image.size(side, side);
    const heights = new Float64Array(side * side);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        // The first weight goes to the right, the second up.
        const x = values[row * side + column], to = (side - 1 - row) * side + column;
        heights[to] = x < Infinity ? depth(x) : 1.2;
        image.pixels[to] = palette.greys[Math.round((PLAY_SHADES - 1) * Math.min(1, heights[to]))];
      }
    image.show();
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image.canvas, 0, 0, size, size);
    pen.strokeStyle = palette.soft;
    pen.lineWidth = 0.8;
    for (let n = 1; n < 12; n++) drawLevel(pen, heights, side, n / 12, size, size);
    pen.strokeStyle = palette.ink;
    pen.lineWidth = 1.8;
    pen.beginPath();
    for (let n = 0; n < trail.length; n += 2) pen.lineTo(...spot(trail[n], trail[n + 1], size));
    pen.stroke();
    pen.fillStyle = palette.ink;
    if (trail.length < 120) for (let n = 0; n < trail.length; n += 2) dot(pen, ...spot(trail[n], trail[n + 1], size), 2);
    pen.strokeStyle = palette.grad;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(...spot(a, b, size), 7, 0, 7);
    pen.stroke();
    pen.font = play.font(11);
    pen.fillStyle = palette.ink;
    const names = [play.ask, second].map((one) => play.nameOf(one.k, one.j, one.i)), ends = middle.map((x) => [number(x - reach, 3), number(x + reach, 3)]);
    pen.strokeStyle = palette.paper;
    for (const [align, text, x, y] of [["left", `${names[1]} ↑ ${ends[1][1]}`, 4, 13 * play.scale()], ["right", `${names[0]} → ${ends[0][1]}`, size - 4, size - 5], ["left", size < 220 * play.scale() ? "" : `${ends[0][0]}, ${ends[1][0]}`, 4, size - 5]]) {
      pen.textAlign = align;
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    }
    const J = play.measures().train.loss;
    told.textContent = `J = ${number(J, 5)} here, ${number(Math.min(low, J), 3)} to ${number(high, 3)} on a grid of ${side} × ${side} points, ${number(2 * reach, 3)} wide.`;
    canvas.setAttribute("aria-label", `Map of the loss over ${play.nameOf(play.ask.k, play.ask.j, play.ask.i)} = ${number(a, 3)} and ${play.nameOf(second.k, second.j, second.i)} = ${number(b, 3)}. ${told.textContent}`);
  }
  const dot = (pen, x, y, r) => (pen.beginPath(), pen.arc(x, y, r, 0, 7), pen.fill());
  // The middles of the outer cells are the ends of the range.
  const inset = (size) => size / side / 2;
  const spot = (x, y, size) => [inset(size) + ((x - middle[0] + reach) / (2 * reach)) * (size - 2 * inset(size)), size - inset(size) - ((y - middle[1] + reach) / (2 * reach)) * (size - 2 * inset(size))];

  function start(a, b) {
    play.remember("place");
    trail = [];
    play.machine.set(second.k, second.j, second.i, b);
    play.set(play.ask, a);
  }
  canvas.addEventListener("click", (event) => {
    if (!middle) return;
    const size = canvas.clientWidth, back = (p) => ((p - inset(size)) / (size - 2 * inset(size))) * 2 * reach - reach;
    start(middle[0] + back(event.offsetX), middle[1] - back(event.offsetY));
  });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || !second) return;
    event.preventDefault();
    event.stopPropagation();
    start(at(play.ask) + (way[0] * reach) / 20, at(second) + (way[1] * reach) / 20);
  });
  play.onChange(() => play.shown.tab === "land" && second && walk());
  play.addJob({ name: "land", element, every: 250, rest: 6, paint });
  new ResizeObserver(() => play.touch("land")).observe(box);
  return { element };
}
