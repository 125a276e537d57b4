// What the network answers in the plane of two inputs, and in each neuron: one pass forward over a grid, painted in turns.

const PLAY_SIDES = [20, 28, 40, 56, 80];
/** A pass over the grid may take so many milliseconds a frame while the network trains; a longer one goes on in the next. */
const PLAY_PASS = 3.5;
/** Painting neurons may take so many milliseconds a frame; the others follow in the next. */
const PLAY_TILES = 3;

/** The grid over the shown inputs: {pass(), side, lines, ...}; `pass` computes all layers on it. */
function makeGrid(play) {
  const grid = { level: 2, side: 0, count: 0, X: null, layers: null, ranges: null, ready: false, pass, forget, isLine: () => play.data.d === 1 };
  let key = "", each = 0, done = 0;

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
    const { data, shown } = play, side = PLAY_SIDES[grid.level], sizes = play.machine.state.sizes.slice(1), wanted = `${side} ${shown.axes} ${sizes}`;
    if (wanted === key) return;
    key = wanted;
    grid.side = side;
    grid.count = grid.isLine() ? 4 * side : side * side;
    grid.X = new Float64Array(grid.count * data.d);
    grid.layers = sizes.map((m) => ({ h: new Float64Array(grid.count * m) }));
    [grid.ready, done] = [false, 0];
    const [first, second] = shown.axes, [a, b] = [grid.ranges[first], grid.ranges[second] || [0, 0]];
    for (let k = 0; k < grid.count; k++) {
      const at = k * data.d;
      for (let column = 0; column < data.d; column++) grid.X[at + column] = play.means[column];
      if (grid.isLine()) grid.X[at] = a[0] + ((a[1] - a[0]) * k) / (grid.count - 1);
      else {
        grid.X[at + first] = a[0] + ((a[1] - a[0]) * ((k % side) + 0.5)) / side;
        grid.X[at + second] = b[1] - ((b[1] - b[0]) * (Math.floor(k / side) + 0.5)) / side;
        writeFeatures(data, grid.X, at);
      }
    }
  }

  /** The finest grid whose pass takes no longer than it may, told by what a point has taken. */
  function levelFor(most) {
    let level = 0;
    while (level + 1 < PLAY_SIDES.length && each * PLAY_SIDES[level + 1] ** 2 < most) level += 1;
    return level;
  }

  /** Computes the layers on the grid, while the network trains a part of it; true if the grid is whole. */
  function pass() {
    const busy = play.running || play.dragging, fine = levelFor(busy ? PLAY_PASS : 80), { d } = play.data;
    // Back and forth between two grids would show as a flicker.
    if (!busy || fine < grid.level || levelFor(0.5 * PLAY_PASS) > grid.level) grid.level = busy ? Math.min(fine, 3) : fine;
    build();
    if (!busy || done === grid.count) done = 0;
    const from = done, before = performance.now();
    done = busy && each ? Math.min(grid.count, from + Math.ceil(PLAY_PASS / each)) : grid.count;
    // The machine writes its own arrays again at the next question, the pictures are painted later.
    play.machine.layersOf(grid.X.subarray(from * d, done * d), done - from).forEach(({ h }, k) => grid.layers[k].h.set(h, (from * grid.layers[k].h.length) / grid.count));
    const cost = (performance.now() - before) / (done - from);
    each = each ? each + 0.4 * (cost - each) : cost;
    if (!busy && levelFor(80) > grid.level) play.touch("surface");
    grid.ready ||= done === grid.count;
    return done === grid.count;
  }
  forget();
  return grid;
}

/** Tells whether an activation answers between 0 and 1, as sigmoid does: then ½ is as pale as 0 is of others. */
const isShare = (name) => PIECES.activations[name].forward(5, 1)(5, Float64Array.of(-40, -3, 0, 3, 40)).every((x) => x >= 0 && x <= 1);

/** Which number has no colour, and how far from it the colour is strongest, for layer k (-1: inputs); half 0: as far as its numbers go. */
function toneRange(play, k) {
  const { activations } = play.machine.state, isLast = k === activations.length - 1;
  if (isLast && outputKind(play) === "number") return { middle: play.targets.middle, half: play.targets.half };
  if (k >= 0 && isShare(activations[k])) return { middle: 0.5, half: 0.5 };
  return { middle: 0, half: isLast && outputKind(play) === "sign" ? 1 : 0 };
}

/**
 * Writes the surface of one neuron into an image at a place, in the colours of `range`. Of a grid of side * side numbers,
 * every `skip`-th is written.
 */
function paintSurface(image, palette, range, values, at, step, side, place = 0, skip = 1) {
  const { middle, half } = range;
  let largest = half || 0.05;
  for (let k = 0, n = half ? 0 : side * side; k < n; k += skip) {
    const x = values[k * step + at], size = x < 0 ? -x : x;
    if (size > largest && size < Infinity) largest = size;
  }
  for (let row = 0, from = place; row < side; row += skip, from += image.width)
    for (let column = 0, to = from; column < side; column += skip, to++) {
      const x = values[(row * side + column) * step + at];
      image.pixels[to] = x === x ? palette.signs[signPlace((x - middle) / largest)] : palette.bad;
    }
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
  const { middle, half } = toneRange(play, play.machine.state.sizes.length - 2);
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
