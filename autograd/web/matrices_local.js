// What a cell of an array was computed from, and what its gradient is a sum of. No operation is known here: the rows are
// asked. A gradient of 1 in one cell alone, sent back, gives that cell's local derivatives; an input that is nan shows
// which cells it reaches.

/** The most milliseconds that a question to many numbers may take; what is left then is told as one sum. */
const PATIENCE = 30;
const MANY_NUMBERS = 5000;
/** More inputs of a cell than these are not searched for those that have no part in it. */
const FEW_INPUTS = 32;

const countOf = (shape) => shape.reduce((all, n) => all * n, 1);
const elementOf = (x, place) => (x === null || typeof x === "number" ? x : x[place]);
const sizeOf = (x) => (typeof x === "number" ? 1 : x.length);

/** What a Map has at a key, or what it then has from now on. */
function remember(store, key, compute) {
  if (!store.has(key)) store.set(key, compute());
  return store.get(key);
}

/** Answers questions about single cells; it remembers the answers until a number changes. */
function makeLocal(page) {
  const { engine, data, rows } = page;
  const constants = new Map(), structure = new Map();
  let answers = new Map();
  const stop = engine.onChange(() => (answers = new Map()));


  /** The numbers of a node's argument, also of a constant. */
  function valueOf(arg) {
    if (typeof arg === "number") return engine.value[arg];
    return remember(constants, arg, () => decodeNumbers(arg.c, arg.shape || []));
  }
  const shapeOf = (arg) => (typeof arg === "number" ? data.nodes[arg].shape : arg.shape || []);
  const argsOf = (k) => data.nodes[k].args.map(valueOf);
  const isLarge = (k) => data.nodes[k].args.reduce((all, arg) => all + countOf(shapeOf(arg)), countOf(data.nodes[k].shape)) > MANY_NUMBERS;
  const rowOf = (k) => rows[data.nodes[k].row];

  /** The local derivatives of one cell of a node: for each argument its numbers, or null. */
  const slopes = (k, place) => remember(answers, `s${k}.${place}`, () => {
    const value = engine.value[k];
    if (typeof value === "number") return rowOf(k).backward(...argsOf(k), value, 1);
    const g = new Float64Array(value.length);
    g[place] = 1;
    return rowOf(k).backward(...argsOf(k).map((x, j) => apart(k, j, place, x)), value.map((x, c) => (c === place || Number.isFinite(x) ? x : 0.5)), g);
  });

  /** An argument without what is not finite, but for what a cell of the node reads: 0 times inf is nan in all others. */
  function apart(k, j, place, x) {
    if (typeof x === "number" || typeof data.nodes[k].args[j] !== "number" || x.every(Number.isFinite) || wanders(k, j)) return x;
    const copy = x.slice();
    for (let m = 0, tried = 0; m < copy.length && tried < 200; m++) {
      if (Number.isFinite(copy[m])) continue;
      tried += 1;
      if (!reached(k, j, m).includes(place)) copy[m] = 0.5;
    }
    return copy;
  }

  /** The numbers of a part of what an operation means, which stands after its arguments. */
  const partOf = (k, n) => remember(answers, `q${k}.${n}`, () => {
    const [row, from] = data.nodes[k].meaning.parts[n - data.nodes[k].args.length];
    return rows[row].forward(valueOf(data.nodes[k].args[from]));
  });

  // Numbers in no order: the largest of all is no copy, nor is what stays above a bound.
  const wild = (place) => 100 * Math.sin(place + 1);
  /** For each cell of a node the cell of its only array that it is a copy of, if others have none; else null. */
  const picks = (k) => remember(structure, `c${k}`, () => {
    const { args } = data.nodes[k], given = argsOf(k), j = args.findIndex((arg) => typeof arg === "number"), n = sizeOf(given[j]);
    if (args.filter((arg) => typeof arg === "number").length !== 1 || n < 2 || typeof given[j] === "number") return null;
    const tried = (f) => [rowOf(k).forward(...given.map((x, m) => (m === j ? x.map((_, place) => f(place)) : x)))].flatMap((x) => (typeof x === "number" ? [x] : [...x]));
    const found = tried((place) => place);
    if (new Set(found).size >= n || !found.every((place) => Number.isInteger(place) && place >= 0 && place < n)) return null;
    return tried(wild).every((x, c) => x === wild(found[c])) ? found : null;
  });

  /** All local derivatives of a node whose cells each read one cell of an argument of the same shape. */
  const diagonal = (k, j) => remember(answers, `d${k}.${j}`, () => {
    const value = engine.value[k];
    return rowOf(k).backward(...argsOf(k), value, typeof value === "number" ? 1 : new Float64Array(value.length).fill(1))[j];
  });

  // Numbers that are finite, so that a nan comes from where it was put.
  const tame = (x) => (typeof x === "number" ? (Number.isFinite(x) ? x : 0.5) : x.map((one) => (Number.isFinite(one) ? one : 0.5)));
  const plain = (k) => remember(answers, `p${k}`, () => {
    const args = argsOf(k).map((x, j) => (typeof data.nodes[k].args[j] === "number" ? tame(x) : x));
    return { args, out: rowOf(k).forward(...args) };
  });

  /** The result of a node if some cells of an argument were nan. */
  function poisoned(k, j, from, to) {
    const { args } = plain(k);
    const given = args.slice();
    if (typeof given[j] === "number") given[j] = NaN;
    else (given[j] = given[j].slice()).fill(NaN, from, to);
    return rowOf(k).forward(...given);
  }

  /** Tells whether others change places where a cell becomes nan, as in a sort: nan then does not show what it reaches. */
  const wanders = (k, j) => remember(structure, `n${k}.${j}`, () => {
    const given = argsOf(k), n = sizeOf(given[j]);
    // What sorts keeps the shape; a product of large matrices is not tried.
    if (n < 2 || String(shapeOf(data.nodes[k].args[j])) !== String(data.nodes[k].shape)) return false;
    const tried = (m) => rowOf(k).forward(...given.map((x, i) => (i === j ? x.map((_, at) => (at === m ? NaN : wild(at))) : x)));
    const before = tried(-1);
    return samples(n).some((m) => tried(m).some((x, c) => !Number.isNaN(x) && x !== before[c] && before.includes(x)));
  });

  /** The cells of a node that one cell of an argument goes to, where all change places. */
  function placed(k, j, place) {
    const value = engine.value[k], numbers = rowOf(k).backward(...argsOf(k), value, value.map((_, c) => c))[j];
    if (numbers === null) return [];
    const c = numbers[place], goes = (c) => elementOf(slopes(k, c)[j], place) !== 0;
    return c in value && elementOf(slopes(k, c)[j], place) === 1 ? [c] : [...value.keys()].filter(goes);
  }

  /** The cells of a node that one cell of an argument reaches. */
  const reached = (k, j, place) => remember(answers, `r${k}.${j}.${place}`, () => {
    if (wanders(k, j)) return placed(k, j, place);
    const out = poisoned(k, j, place, place + 1), before = plain(k).out, found = [];
    for (let c = 0; c < sizeOf(out); c++) if (Number.isNaN(elementOf(out, c)) && !Number.isNaN(elementOf(before, c))) found.push(c);
    return found;
  });

  /** The cells of an argument that a cell of a node reads, with their local derivatives; 0 for a cell that is read in vain. */
  const inputs = (k, j, place) => remember(answers, `i${k}.${j}.${place}`, () => {
    const slope = slopes(k, place)[j], found = new Map();
    if (slope === null) return found;
    const n = sizeOf(slope);
    if (!wanders(k, j) && !Number.isNaN(elementOf(plain(k).out, place))) search(0, n);
    for (let m = 0; m < n; m++) {
      const one = elementOf(slope, m);
      if (one !== 0 && (found.has(m) || !found.sure)) found.set(m, one);
    }
    return new Map([...found].sort(([a], [b]) => a - b));

    function search(from, to) {
      const start = performance.now(), open = [[from, to]];
      let nonzero = 0;
      for (let m = 0; m < n && nonzero <= FEW_INPUTS; m++) nonzero += elementOf(slope, m) !== 0;
      if (nonzero > FEW_INPUTS || !n) return;
      while (open.length) {
        if (isLarge(k) && performance.now() - start > PATIENCE / 2) return found.clear();
        const [low, high] = open.pop();
        if (!Number.isNaN(elementOf(poisoned(k, j, low, high), place))) continue;
        if (high - low === 1) found.set(low, 0);
        else open.push([low, (low + high) >> 1], [(low + high) >> 1, high]);
      }
      found.sure = true;
    }
  });

  /** What a cell of an argument gets back: {terms: [{place, g, slope, value}], left: how many were not looked at, total}. */
  const returns = (k, j, place) => remember(answers, `b${k}.${j}.${place}`, () => {
    const start = performance.now(), cells = reached(k, j, place), terms = [];
    for (const c of cells) {
      if (terms.length && isLarge(k) && performance.now() - start > PATIENCE) break;
      const g = elementOf(engine.gradient[k], c), slope = elementOf(slopes(k, c)[j], place);
      terms.push({ place: c, g, slope, value: g === 0 || slope === 0 ? 0 : g * slope });
    }
    return { terms, left: cells.length - terms.length, total: elementOf(engine.sent[k][j], place) };
  });

  /** A few cells of an array to try, by which one tells how an operation moves them. */
  const samples = (n) => [...new Set([0, 1, n >> 1, n - 1])].filter((place) => place >= 0 && place < n);
  const only = (found, place) => found.every((one) => one === place);

  /** Tells whether each cell of a node reads the cell of an argument in the same place, and no other of it. */
  const isDiagonal = (k, j) => remember(structure, `d${k}.${j}`, () => {
    const { args, shape } = data.nodes[k];
    if (String(shapeOf(args[j])) !== String(shape) || shapeOf(args[j]).length !== shape.length || wanders(k, j)) return false;
    return samples(countOf(shape)).every((place) => only(reached(k, j, place), place));
  });

  /** For each cell of a node the cell of a smaller argument that broadcasting puts there; null if that is not what happens. */
  const spread = (k, j) => remember(structure, `w${k}.${j}`, () => {
    const { args, shape } = data.nodes[k], from = shapeOf(args[j]), n = countOf(shape);
    if (from.length > shape.length || countOf(from) >= n || !countOf(from)) return null;
    const padded = [...Array(shape.length - from.length).fill(1), ...from];
    if (padded.some((one, axis) => one !== 1 && one !== shape[axis])) return null;
    const source = Int32Array.from({ length: n }, (_, c) => indexOf(c, shape).reduce((all, at, axis) => all * padded[axis] + (padded[axis] === 1 ? 0 : at), 0));
    if (typeof args[j] !== "number") return source;
    const fits = samples(countOf(from)).every((place) => reached(k, j, place).every((c) => source[c] === place));
    return fits && samples(countOf(from)).some((place) => reached(k, j, place).length > 1) ? source : null;
  });

  /**
   * A cell's value as a sum of products: {terms: [{j, place, x, slope, partner}], over} if the cell is a sum of one
   * argument's cells times their derivatives, or of all arguments' cells; else null. partner is [argument, place].
   */
  const products = (k, place) => remember(answers, `m${k}.${place}`, () => {
    const y = elementOf(engine.value[k], place), args = data.nodes[k].args;
    const of = args.map((arg, j) => (typeof arg !== "number" ? [] : [...inputs(k, j, place)].map(([at, slope]) => ({ j, place: at, x: elementOf(valueOf(arg), at), slope }))));
    const sum = (terms) => terms.reduce((all, { x, slope }) => all + (slope === 0 ? 0 : x * slope), 0);
    const close = (terms) => terms.length > 0 && Math.abs(sum(terms) - y) <= 1e-12 * terms.reduce((all, { x, slope }) => all + Math.abs(x * slope), 1e-300);
    const all = of.flat();
    // Only an operation that stays linear when its inputs double is a sum of products; relu is one, on either side of 0.
    if (close(all)) return { terms: all, joint: true };
    const first = of.findIndex((terms) => close(terms));
    if (first < 0) return null;
    const free = of.flatMap((terms, j) => (j === first ? [] : terms));
    for (const term of of[first]) {
      const at = free.findIndex((one) => Object.is(one.x, term.slope) && Object.is(one.slope, term.x));
      if (at >= 0) term.partner = free.splice(at, 1)[0];
    }
    return { terms: of[first], joint: false };
  });

  /** The cell of another argument that is the factor in a term of a gradient; null if the factor is no such cell. */
  function factorOf(k, j, place, c) {
    const own = slopes(k, c), args = data.nodes[k].args, x = elementOf(valueOf(args[j]), place);
    for (let o = 0; o < args.length; o++) {
      if (o === j || own[o] === null || typeof args[o] !== "number") continue;
      const other = valueOf(args[o]), wanted = elementOf(own[j], place);
      for (let m = 0; m < sizeOf(other); m++) if (elementOf(other, m) === wanted && elementOf(own[o], m) === x && wanted !== 0) return [o, m];
    }
    return null;
  }

  /** Tells whether some cells that a cell reads are equal and each alone would change it more than its derivative says. */
  const isTie = (k, j, place) => {
    const all = slopes(k, place)[j], value = valueOf(data.nodes[k].args[j]), chosen = [];
    for (let m = 0; all && m < sizeOf(all) && chosen.length <= 16; m++) if (elementOf(all, m) !== 0) chosen.push([m, elementOf(all, m)]);
    if (chosen.length < 2 || chosen.length > 16 || chosen.some(([at]) => elementOf(value, at) !== elementOf(value, chosen[0][0]))) return false;
    const args = argsOf(k), [at, slope] = chosen[0], step = 1e-3;
    if (typeof args[j] === "number") return false;
    (args[j] = args[j].slice())[at] += step;
    return Math.abs(elementOf(rowOf(k).forward(...args), place) - elementOf(engine.value[k], place) - step * slope) > 0.1 * step * Math.abs(slope);
  };

  return { valueOf, shapeOf, partOf, picks, slopes, diagonal, reached, wanders, inputs, returns, isDiagonal, spread, products, factorOf, isTie, stop };
}
