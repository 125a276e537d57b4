// Data of the playground: sets made from a seed, points that are clicked, and what every set has in common.

/**
 * @typedef {object} Data
 * @property {string} name
 * @property {"classes" | "number"} task
 * @property {string[]} columns  the names of the d inputs
 * @property {string[] | null} classes
 * @property {string} target
 * @property {number} n
 * @property {number} d
 * @property {Float64Array} X  n * d numbers, row by row
 * @property {Float64Array} y  class numbers from 0, or numbers
 * @property {{n: number, X: Float64Array, y: Float64Array}} test
 * @property {{mean: number[], spread: number[]} | null} scale  an input in its own unit is X * spread + mean
 * @property {{mean: number, spread: number} | null} [targetScale]  the same of a number to predict
 * @property {[number, number] | null} image
 * @property {string[]} notes  what a reader has to know: rows left out, columns that tell nothing
 * @property {string[]} [features]  the last of the inputs, which are computed from x1 and x2
 * @property {Recipe | null} recipe  what makes it again, null of points that came from elsewhere
 *
 * @typedef {{name: string, n: number, noise: number, seed: number, test: number, classes?: number, formula?: string, features?: string[]}} Recipe
 */

/** Returns a source of numbers from 0 to 1 that a seed decides: uniform(), and normal() of mean 0 and deviation 1. */
function sourceOf(seed) {
  let state = (Math.floor(Number(seed) || 0) ^ 0x9e3779b9) >>> 0;
  const uniform = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

/** Returns the numbers from 0 to n - 1 in an order that a source decides. */
function shuffledOrder(n, source) {
  const order = Array.from({ length: n }, (_, k) => k);
  for (let k = n - 1; k > 0; k--) {
    const other = Math.floor(source.uniform() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

const around = (angle, radius) => [radius * Math.cos(angle), radius * Math.sin(angle)];
const spreadOver = (k, count) => (count > 1 ? k / (count - 1) : 0.5);

/** Points of two classes on curves, `curve(label, t)` for t from 0 to 1, with noise on each coordinate. */
const curvesOf = (title, noise, curve) => ({
  title,
  classes: 2,
  noise,
  point: (label, k, count, source, noise) => {
    const [x1, x2] = curve(label, spreadOver(k, count));
    return [x1 + noise * source.normal(), x2 + noise * source.normal()];
  },
});

/** Numbers that a function of the inputs gives, with noise on the number. */
const functionOf = (title, d, noise, f) => ({ title, classes: 0, d, noise, f });

/**
 * The sets that the page makes itself, by name. The noise of the same seed only grows: points stay where they are told
 * apart by it.
 */
const MADE_SETS = {
  moons: curvesOf("Two moons", 0.15, (label, t) => {
    const x1 = Math.cos(Math.PI * t), x2 = Math.sin(Math.PI * t);
    return label ? [1.2 * (0.5 - x1), 1.2 * (0.25 - x2)] : [1.2 * (x1 - 0.5), 1.2 * (x2 - 0.25)];
  }),
  circles: curvesOf("Two circles", 0.1, (label, t) => around(2 * Math.PI * t, label ? 0.6 : 1.5)),
  spirals: curvesOf("Two spirals", 0.05, (label, t) => around(3.5 * Math.PI * Math.sqrt(t) + Math.PI * label, 1.6 * Math.sqrt(t))),
  xor: {
    title: "XOR",
    classes: 2,
    noise: 0.05,
    point: (label, k, count, source, noise) => {
      const x1 = 0.1 + 1.4 * source.uniform(), x2 = 0.1 + 1.4 * source.uniform(), side = source.uniform() < 0.5 ? -1 : 1;
      return [side * x1 + noise * source.normal(), side * (label ? -x2 : x2) + noise * source.normal()];
    },
  },
  gauss: {
    title: "Two Gaussians",
    classes: 2,
    noise: 0.4,
    point: (label, k, count, source, noise) => [0, 1].map(() => (label ? 0.8 : -0.8) + noise * source.normal()),
  },
  blobs: {
    title: "Blobs",
    classes: 3,
    most: 5,
    noise: 0.25,
    point: (label, k, count, source, noise, classes) =>
      around((2 * Math.PI * label) / classes + Math.PI / 4, 1.1).map((x) => x + noise * source.normal()),
  },
  plane: functionOf("A plane", 2, 0.1, (x1, x2) => 0.5 * (x1 + x2)),
  hill: functionOf("A hill and a valley", 2, 0.05, (x1, x2) => {
    const bump = (a, b) => Math.exp(-2 * ((x1 - a) ** 2 + (x2 - b) ** 2));
    return bump(0.7, 0.7) - bump(-0.7, -0.7);
  }),
  sine: functionOf("A sine, one input", 1, 0.1, (x1) => Math.sin(2.5 * x1)),
};

/** The sets that can be chosen. */
const DATA_KINDS = Object.entries(MADE_SETS).map(([name, { title, classes, most, noise, d = 2 }]) => ({
  name, title, task: classes ? "classes" : "number", inputs: d, noise, classes, mostClasses: most || classes,
}));

/** Inputs that are computed from two others, by the names that they have as columns. */
const FEATURES = {
  "x₁²": (a) => a * a, "x₂²": (a, b) => b * b, "x₁x₂": (a, b) => a * b, "sin 3x₁": (a) => Math.sin(3 * a), "sin 3x₂": (a, b) => Math.sin(3 * b),
};

/** How many inputs of data are not computed from others. */
const plainInputs = ({ d, features = [] }) => d - features.length;

/** Writes the computed inputs of a row, which begins at a place of X, behind the two that they are computed from. */
function writeFeatures({ d, features = [] }, X, at) {
  features.forEach((name, k) => (X[at + d - features.length + k] = FEATURES[name](X[at], X[at + 1])));
}

/** Returns data with these computed inputs and no others; throws an Error with a sentence for names that are none. */
function withFeatures(data, features) {
  const plain = plainInputs(data), d = plain + features.length, strange = features.find((name) => !Object.hasOwn(FEATURES, name));
  if (strange !== undefined || plain !== 2) throw new Error(`Of two inputs, ${Object.keys(FEATURES).join(", ")} can be computed; got ${String(strange ?? plain).slice(0, 20)}.`);
  const columns = [...data.columns.slice(0, plain), ...features], recipe = data.recipe && { ...data.recipe, features };
  const wide = ({ X, n, ...rest }) => {
    const all = new Float64Array(n * d);
    for (let row = 0; row < n; row++) {
      all.set(X.subarray(row * data.d, row * data.d + plain), row * d);
      writeFeatures({ d, features }, all, row * d);
    }
    return { ...rest, n, X: all };
  };
  return { ...wide(data), d, columns, features, recipe, test: wide(data.test) };
}

/** The most and the fewest points of a set that is made, clicked, pasted or loaded. */
const MOST_POINTS = 2000, FEWEST_POINTS = 4;

/** Numbers beyond this size to predict are standardised: no rate that is usual learns them. */
const LARGEST_PLAIN = 10;

/** A set that a formula makes: its points, and what has to be known of them. */
function formulaSet({ formula, n, noise, seed, test }) {
  const { f, inputs, isClass } = readFormula(formula, PIECES.functions), source = sourceOf(seed), rows = [], y = [], notes = [], answers = new Set();
  n = Math.floor(within(n, FEWEST_POINTS, MOST_POINTS, 200));
  noise = within(noise, 0, 2, 0.05);
  for (let k = 0; k < n; k++) {
    const x = Array.from({ length: inputs }, () => 3 * source.uniform() - 1.5), shift = x.map(() => noise * source.normal()), found = f(...x);
    if (!Number.isFinite(found)) continue;
    answers.add(found);
    // Noise of a class moves its point, that of a number moves the number.
    rows.push(isClass ? x.map((one, j) => one + shift[j]) : x);
    y.push(isClass ? found : found + shift[0]);
  }
  if (rows.length < FEWEST_POINTS) throw new Error("This formula gives a finite number almost nowhere between \u22121.5 and 1.5.");
  if (rows.length < n) notes.push(`${n - rows.length} of ${n} points are left out: the formula gives no finite number there`);
  if (answers.size < 2) throw new Error(`This formula gives ${[...answers][0]} everywhere between \u22121.5 and 1.5: there is nothing to learn.`);
  let targetScale = null;
  if (!isClass && y.some((one) => Math.abs(one) > LARGEST_PLAIN)) {
    const mean = y.reduce((sum, one) => sum + one, 0) / y.length, spread = Math.sqrt(y.reduce((sum, one) => sum + (one - mean) ** 2, 0) / y.length);
    y.forEach((one, k) => (y[k] = (one - mean) / spread));
    targetScale = { mean, spread };
    notes.push("y is standardised to learn from: minus its mean, divided by its deviation");
  }
  const data = dataOf({
    name: "y = " + formula.replace(/^\s*y\s*=/, "").trim(), rows, y, seed, test, notes, targetScale, classes: isClass ? ["no", "yes"] : null,
    columns: ["x1", "x2"].slice(0, inputs), target: isClass ? "class" : "y",
  });
  return { ...data, recipe: { name: "formula", formula, n, noise, seed, test } };
}

/**
 * Returns a set that a recipe makes: `n` points in all, of which the part `test` is kept to test with; what it does not
 * say is usual. Throws an Error with a sentence for a name that is none.
 */
function makeData({ features = [], ...recipe }) {
  const data = madeSet(recipe);
  return features.length ? withFeatures(data, features) : data;
}

function madeSet({ name, n, noise, seed = 1, test = 0.25, classes, formula }) {
  if (name === "formula") return formulaSet({ formula: String(formula ?? ""), n, noise, seed, test });
  const set = Object.hasOwn(MADE_SETS, name) ? MADE_SETS[name] : null;
  if (!set) throw new Error(`There are no data “${String(name).slice(0, 40)}”; there are ${[...Object.keys(MADE_SETS), "formula"].join(", ")}.`);
  classes = set.most ? within(classes, 2, set.most, set.classes) : set.classes;
  n = Math.floor(within(n, Math.max(FEWEST_POINTS, 2 * classes), MOST_POINTS, 200));
  noise = within(noise, 0, 2, set.noise);
  const source = sourceOf(seed), rows = [], y = [], d = set.d || 2;
  for (let k = 0; k < n; k++) {
    const label = k % (classes || 1);
    if (classes) {
      rows.push(set.point(label, Math.floor(k / classes), Math.ceil((n - label) / classes), source, noise, classes));
      y.push(label);
    } else {
      rows.push(Array.from({ length: d }, () => 3 * source.uniform() - 1.5));
      y.push(set.f(...rows[k]) + noise * source.normal());
    }
  }
  const data = dataOf({
    name: set.title, rows, y, seed, test,
    classes: classes ? Array.from({ length: classes }, (_, k) => String(k)) : null,
    columns: Array.from({ length: d }, (_, k) => `x${k + 1}`), target: classes ? "class" : "y",
  });
  return { ...data, recipe: { name, n, noise, seed, test, classes } };
}

/** Returns a number between two others, or the usual one for what is no number. */
function within(x, least, most, usual) {
  return x === undefined || x === null || Number.isNaN(Number(x)) ? usual : Math.min(most, Math.max(least, Number(x)));
}

/** Returns data of rows and targets: some set apart to test with, each class with its share in both. */
function dataOf({ name, rows, y, classes, columns, target, seed = 1, test: share = 0.25, notes = [], scale = null, targetScale = null }) {
  const order = shuffledOrder(rows.length, sourceOf(seed + 1)), groups = new Map(), train = [], test = [];
  for (const k of order) {
    const group = classes ? y[k] : 0;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(k);
  }
  // Of a class with a single row, the row is for training; of ten rows or fewer, all are.
  const part = rows.length > 10 ? Math.min(0.9, Math.max(0, share)) : 0;
  for (const group of groups.values()) {
    const apart = Math.min(group.length - 1, Math.round(part * group.length));
    test.push(...group.slice(0, apart));
    train.push(...group.slice(apart));
  }
  const position = new Map(order.map((k, place) => [k, place]));
  train.sort((a, b) => position.get(a) - position.get(b));
  const taken = (chosen) => ({
    n: chosen.length,
    X: Float64Array.from(chosen.flatMap((k) => rows[k])),
    y: Float64Array.from(chosen, (k) => y[k]),
  });
  const task = classes ? "classes" : "number";
  return { name, task, columns, classes, target, d: columns.length, ...taken(train), test: taken(test), scale, targetScale, image: null, notes, recipe: null };
}

/** Returns the data with one more point to train on: its inputs, and its class or number. */
function withPoint(data, x, y) {
  if (data.n >= MOST_POINTS) return data;
  const X = new Float64Array((data.n + 1) * data.d), all = new Float64Array(data.n + 1);
  X.set(data.X);
  X.set(x, data.n * data.d);
  writeFeatures(data, X, data.n * data.d);
  all.set(data.y);
  all[data.n] = y;
  return { ...data, n: data.n + 1, X, y: all, recipe: null };
}

/** Returns the data without a point of those to train on. */
function withoutPoint(data, k) {
  if (data.n <= 1) return data;
  const kept = (numbers, each) => numbers.filter((_, place) => Math.floor(place / each) !== k);
  return { ...data, n: data.n - 1, X: kept(data.X, data.d), y: kept(data.y, 1), recipe: null };
}

/** Returns the numbers that coded.py wrote as codes, at most `most`, each divided by `over`. */
function decoded({ lengths, codes, over }, most) {
  const bytes = atob(codes), found = [], counts = [], numbers = lengths.map((_, k) => k).filter((k) => lengths[k]).sort((a, b) => lengths[a] - lengths[b] || a - b);
  for (const length of lengths) if (length) counts[length] = (counts[length] || 0) + 1;
  let bit = 0;
  while (found.length < most) {
    // Codes of one length follow each other from `first` on; so many shorter ones stand before them.
    let code = 0, first = 0, before = 0, length = 1;
    for (; ; length++) {
      if (bit >= 8 * bytes.length) return found;
      code |= (bytes.charCodeAt(bit >> 3) >> (7 - (bit & 7))) & 1;
      bit += 1;
      const count = counts[length] || 0;
      if (code - first < count) break;
      before += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    found.push(numbers[before + code - first] / over);
  }
  return found;
}

/** Returns data as Python or a file wrote them, with arrays in place of texts. */
function readData(written) {
  const { n, d, test, columns, features = [] } = written;
  if (features.some((name, k) => !Object.hasOwn(FEATURES, name) || columns[d - features.length + k] !== name)) throw new Error("The last columns of these data are not the inputs that are said to be computed.");
  const read = (numbers, length) => {
    const found = Float64Array.from(numbers.codes === undefined ? decodeNumbers(numbers, [length]) : decoded(numbers, length));
    if (found.length !== length) throw new Error(`These data are cut off: ${found.length} numbers stand there where ${length} should.`);
    return found;
  };
  return {
    ...written, X: read(written.X, n * d), y: read(written.y, n),
    test: { n: test.n, X: read(test.X, test.n * d), y: read(test.y, test.n) },
  };
}

/** Returns data as JSON holds them. */
function writeData(data) {
  const written = (numbers) => {
    if (numbers.length <= 64) return Array.from(numbers);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    let letters = "";
    for (let k = 0; k < bytes.length; k += 8192) letters += String.fromCharCode(...bytes.subarray(k, k + 8192));
    return { f64: btoa(letters) };
  };
  const { test } = data;
  return { ...data, X: written(data.X), y: written(data.y), test: { n: test.n, X: written(test.X), y: written(test.y) } };
}

/** Returns data as a file keeps them: how they are made, or all of them. */
const keptData = (data) => data.recipe ? { recipe: data.recipe } : writeData(data);
