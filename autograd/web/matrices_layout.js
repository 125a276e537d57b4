// Where the cells of an array of any number of axes stand, and how a number is coloured.

const layouts = new Map();

/** The columns that put n blocks of a size into about a square. */
const columnsOf = (n, width, height) => Math.max(1, Math.min(n, Math.round(Math.sqrt((n * 1.3 * height) / width))));

/**
 * The cells of a shape in units of one cell: {width, height, xs, ys, blocks}. The last two axes are a matrix; of more axes,
 * each two before them are rows and columns of such matrices, and one alone is wrapped. A vector is one row.
 */
function layoutOf(shape) {
  const key = shape.join();
  if (layouts.has(key)) return layouts.get(key);
  const axes = shape.length < 2 ? [1, shape.length ? shape[0] : 1] : shape.slice();
  let [rows, columns] = axes.splice(-2);
  if (shape.length < 2 && columns > 64) columns = Math.ceil(Math.sqrt(4 * columns));
  let n = shape.length < 2 ? countOf(shape) : rows * columns;
  let xs = Float32Array.from({ length: n }, (_, place) => place % columns), ys = xs.map((_, place) => Math.floor(place / columns));
  let width = Math.max(1, Math.min(n, columns)), height = Math.max(1, Math.ceil(n / columns)), gap = 0.5, blocks = [];
  const inner = [width, height];
  while (axes.length) {
    const [a, b] = axes.length > 1 ? axes.splice(-2) : [1, axes.pop()];
    const many = a * b, across = a > 1 && b > 1 ? b : columnsOf(many, width, height);
    const [ox, oy, size, w, h] = [xs, ys, n, width + gap, height + gap];
    n *= many;
    xs = Float32Array.from({ length: n }, (_, place) => ox[place % size] + (Math.floor(place / size) % across) * w);
    ys = Float32Array.from({ length: n }, (_, place) => oy[place % size] + Math.floor(Math.floor(place / size) / across) * h);
    [width, height] = [across * w - gap, Math.max(1, Math.ceil(many / across)) * h - gap];
    gap += 0.7;
  }
  for (let place = 0; place < n; place += inner[0] * inner[1]) blocks.push(place);
  const made = { width, height, xs, ys, n, inner, blocks };
  if (layouts.size > 200) layouts.clear();
  layouts.set(key, made);
  return made;
}

/** The place of the cell at a point in units of cells, -1 where there is none. */
function placeAt(layout, x, y) {
  const { xs, ys, n } = layout;
  for (let place = 0; place < n; place++) if (x >= xs[place] && x < xs[place] + 1 && y >= ys[place] && y < ys[place] + 1) return place;
  return -1;
}

/** The nearest cell in a direction, the same one if there is none. */
function neighbour(layout, place, key) {
  const { xs, ys, n } = layout, [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  let best = place, nearest = Infinity;
  for (let at = 0; at < n; at++) {
    const along = dx * (xs[at] - xs[place]) + dy * (ys[at] - ys[place]), aside = Math.abs(dx ? ys[at] - ys[place] : xs[at] - xs[place]);
    if (along > 0 && aside < 0.6 && along + 10 * aside < nearest) [best, nearest] = [at, along + 10 * aside];
  }
  return best;
}

const PALETTES = {
  light: { paper: [255, 255, 255], plus: [24, 104, 183], minus: [214, 107, 18] },
  dark: { paper: [30, 33, 38], plus: [96, 170, 246], minus: [240, 146, 62] },
};
const SHADES = 32;
const shades = {};

/** The colours of a theme: for each of 2 · 32 + 1 steps from the most negative to the most positive {fill, ink, rgb}. */
function shadesOf(theme) {
  if (shades[theme]) return shades[theme];
  const { paper, plus, minus } = PALETTES[theme];
  const linear = (one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4);
  shades[theme] = Array.from({ length: 2 * SHADES + 1 }, (_, k) => {
    const share = Math.abs(k - SHADES) / SHADES, full = k < SHADES ? minus : plus;
    const rgb = paper.map((one, c) => Math.round(one + (full[c] - one) * share));
    const light = 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
    return { rgb, fill: `rgb(${rgb.join()})`, ink: light > 0.18 ? "#000000" : "#ffffff" };
  });
  return shades[theme];
}

/** The largest finite size of the numbers, 1 if there is none but 0. */
function largestOf(values) {
  let most = 0;
  for (let k = 0; k < sizeOf(values); k++) {
    const size = Math.abs(elementOf(values, k));
    if (size > most && size < Infinity) most = size;
  }
  return most || 1;
}

/**
 * The shares of cells whose rows each sum to 1, as those of softmax do: the numbers, or of logarithms what these are of;
 * else null. {shares, logs}
 */
function sharesOf(values, shape) {
  const n = shape.length ? shape.at(-1) : 0;
  if (n < 2 || !values.length) return null;
  const whole = (shares) => shares.every((x, k) => x >= 0 && (k % n || Math.abs(shares.subarray(k, k + n).reduce((all, y) => all + y, 0) - 1) < 1e-9));
  if (whole(values)) return { shares: values, logs: false };
  if (!values.every((x) => x <= 0)) return null;
  const shares = values.map(Math.exp);
  return whole(shares) ? { shares, logs: true } : null;
}

/** The shade of a number; by its root, or else only the largest would be seen. nan is the middle one. */
function shadeOf(x, largest) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? SHADES : x > 0 ? 2 * SHADES : 0;
  const share = Math.min(1, Math.sqrt(Math.abs(x) / largest));
  return SHADES + Math.sign(x) * Math.round(share * SHADES);
}
