// What the network answers in the plane of two inputs, and in each neuron: one pass forward over a grid, painted in turns.

const PLAY_SIDES = [20, 28, 40, 56, 80];
/** A pass over the grid may take so many milliseconds while the network trains. */
const PLAY_PASS = 3.5;
/** Painting neurons may take so many milliseconds a frame; the others follow in the next. */
const PLAY_TILES = 3;

/** The grid over the shown inputs: {pass(), side, lines, ...}; `pass` computes all layers on it. */
function makeGrid(play) {
  const grid = { level: 2, side: 0, count: 0, X: null, layers: null, ranges: null, pass, forget, cost: 0, isLine: () => play.data.d === 1 };
  let key = "";

  function forget() {
    key = "";
    grid.ranges = rangesOf(play.data);
  }

  /** From where to where each input is shown: what the data take, and a margin. */
  function rangesOf(data) {
    return Array.from({ length: data.d }, (_, column) => {
      let low = Infinity, high = -Infinity;
      for (const [X, n] of [[data.X, data.n], [data.test.X, data.test.n]])
        for (let row = 0; row < n; row++) {
          const x = X[row * data.d + column];
          if (x < low) low = x;
          if (x > high) high = x;
        }
      if (!(high >= low)) [low, high] = [-1, 1];
      const margin = 0.12 * (high - low) || 1;
      return [low - margin, high + margin];
    });
  }

  function build() {
    const { data, shown } = play, side = PLAY_SIDES[grid.level], wanted = `${side} ${shown.axes}`;
    if (wanted === key) return;
    key = wanted;
    grid.side = side;
    grid.count = grid.isLine() ? 4 * side : side * side;
    grid.X = new Float64Array(grid.count * data.d);
    const [first, second] = shown.axes, [a, b] = [grid.ranges[first], grid.ranges[second] || [0, 0]];
    for (let k = 0; k < grid.count; k++) {
      const at = k * data.d;
      for (let column = 0; column < data.d; column++) grid.X[at + column] = play.means[column];
      if (grid.isLine()) grid.X[at] = a[0] + ((a[1] - a[0]) * k) / (grid.count - 1);
      else {
        grid.X[at + first] = a[0] + ((a[1] - a[0]) * ((k % side) + 0.5)) / side;
        grid.X[at + second] = b[1] - ((b[1] - b[0]) * (Math.floor(k / side) + 0.5)) / side;
      }
    }
  }

  /** The finest grid whose pass takes no longer than it may, told by the last one. */
  function levelFor(most) {
    const each = grid.cost / Math.max(1, grid.side) ** 2;
    let level = 0;
    while (level + 1 < PLAY_SIDES.length && each * PLAY_SIDES[level + 1] ** 2 < most) level += 1;
    return level;
  }

  // The machine writes its own arrays again at the next question, the pictures are painted later.
  function keep(layers) {
    if (grid.layers?.length !== layers.length) grid.layers = layers.map(() => ({ h: new Float64Array(0) }));
    layers.forEach(({ h }, k) => {
      if (grid.layers[k].h.length !== h.length) grid.layers[k].h = new Float64Array(h.length);
      grid.layers[k].h.set(h);
    });
  }

  function pass() {
    const busy = play.running || play.dragging, fine = levelFor(busy ? PLAY_PASS : 80);
    // Back and forth between two grids would show as a flicker.
    if (!busy || fine < grid.level || levelFor(0.5 * PLAY_PASS) > grid.level) grid.level = busy ? Math.min(fine, 3) : fine;
    build();
    const before = performance.now();
    keep(play.machine.layersOf(grid.X, grid.count));
    const cost = performance.now() - before;
    grid.cost = grid.cost ? grid.cost + 0.4 * (cost - grid.cost) : cost;
    if (!busy && levelFor(80) > grid.level) play.touch("surface");
  }
  forget();
  return grid;
}

/** Writes the surface of one neuron into an image: its sign as colour, the largest as the strongest. */
function paintSurface(image, palette, values, at, step, side) {
  let largest = 0.05;
  for (let k = 0, n = side * side; k < n; k++) {
    const x = values[k * step + at], size = x < 0 ? -x : x;
    if (size > largest && size < Infinity) largest = size;
  }
  image.size(side, side);
  for (let k = 0, n = side * side; k < n; k++) {
    const x = values[k * step + at];
    image.pixels[k] = x === x ? palette.signs[signPlace(x / largest)] : palette.bad;
  }
  image.show();
}

/** Draws the curve of one neuron over the only input. */
function paintCurve(pen, palette, values, at, step, count, width, height) {
  let low = 0, high = 0;
  for (let k = 0; k < count; k++) {
    const x = values[k * step + at];
    if (x < low) low = x;
    if (x > high) high = x;
  }
  const room = Math.max(high - low, 0.1), y = (x) => height - 3 - ((x - low) / room) * (height - 6);
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, width, height);
  pen.strokeStyle = palette.line;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(0, y(0));
  pen.lineTo(width, y(0));
  pen.stroke();
  pen.strokeStyle = palette.accent;
  pen.lineWidth = 1.8;
  pen.beginPath();
  for (let k = 0; k < count; k++) {
    const x = values[k * step + at];
    if (x === x) pen.lineTo((k / (count - 1)) * width, y(x));
  }
  pen.stroke();
}

/** What kind of picture the output is: "sign" of two classes, "sure" of more, "number" of a surface, "line" of one input. */
function outputKind(play) {
  const { data } = play;
  if (data.image) return "image";
  if (data.d === 1) return "line";
  return data.classes ? (play.outputs() > 1 ? "sure" : "sign") : "number";
}

/** Writes the output of the whole network into an image; `values` takes the numbers of which the border is drawn. */
function paintOutput(image, palette, play, h, side, values) {
  const kind = outputKind(play), count = play.outputs(), isProbability = play.lastActivation() === "softmax", found = [0, 0];
  image.size(side, side);
  const middle = kind === "number" ? play.targets.middle : play.lastActivation() === "sigmoid" ? 0.5 : 0;
  const half = kind === "number" ? play.targets.half : play.lastActivation() === "sigmoid" ? 0.5 : 1;
  for (let k = 0, n = side * side; k < n; k++) {
    if (kind === "sure") {
      surestOf(h, k * count, count, isProbability, found);
      image.pixels[k] = found[1] === found[1] ? palette.sure[found[0] % palette.sure.length][Math.round(Math.max(0.12, found[1]) * (PLAY_SHADES - 1))] : palette.bad;
    } else {
      values[k] = (h[k * count] - middle) / half;
      image.pixels[k] = values[k] === values[k] ? palette.signs[signPlace(values[k])] : palette.bad;
    }
  }
  image.show();
}
