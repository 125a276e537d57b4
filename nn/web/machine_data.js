// What the machine needs of data: checks, targets as a loss takes them, the order of an epoch, scores.

/** Returns data, or throws an Error with one sentence. */
function checkData(given) {
  const typed = ({ X, y, ...rest }) => ({ ...rest, ...(X && { X: Float64Array.from(X), y: Float64Array.from(y) }) });
  const data = { ...typed(given), test: typed(given.test ?? { n: 0 }) };
  const parts = [data, ...(data.test?.n ? [data.test] : [])];
  if (!(data.n > 0 && data.d > 0)) throw new Error("there are no data: at least one row with one input is needed");
  for (const part of parts) {
    if (part.X.length !== part.n * data.d || part.y.length !== part.n)
      throw new Error(`the data are not ${part.n} rows of ${data.d} inputs and a target each`);
    for (let i = 0; i < part.X.length; i++)
      if (!Number.isFinite(part.X[i]))
        throw new Error(`row ${Math.floor(i / data.d) + 1} has ${part.X[i]} as input ${(i % data.d) + 1}`);
    const bad = part.y.findIndex((y) => data.task === "classes" ? !(y in data.classes) : !Number.isFinite(y));
    if (bad >= 0) throw new Error(`row ${bad + 1} has the target ${part.y[bad]}`);
  }
  if (data.task === "classes" && data.classes.length < 2)
    throw new Error("there is one class only: nothing to tell apart");
  return data;
}

/** Returns the targets as a loss takes them: numbers, signs, or a row for each class, with a 1. */
function targetsOf({ n, y }, { targets }, m) {
  if (targets === "number") return Float64Array.from(y);
  if (targets === "sign") return Float64Array.from(y, (label) => (label ? 1 : -1));
  const T = new Float64Array(n * m);
  y.forEach((label, row) => { T[row * m + label] = 1; });
  return T;
}

/** Puts the rows in the order of an epoch. */
function shuffle(order, seed, epoch) {
  const { rows } = order, random = randomOf(`${seed} epoch ${epoch}`);
  order.epoch = epoch;
  for (let i = 0; i < rows.length; i++) rows[i] = i;
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1)), row = rows[i];
    rows[i] = rows[j];
    rows[j] = row;
  }
}

/** Returns the class that outputs of row r decide for. */
function decide(Y, r, { targets, activation }, m) {
  if (m === 1) return Y[r] > (targets === "number" && activation === "sigmoid" ? 0.5 : 0) ? 1 : 0;
  let best = 0;
  for (let i = 1; i < m; i++) if (Y[r * m + i] > Y[r * m + best]) best = i;
  return best;
}

/** Returns the part of the rows whose class is found. */
function partRight(Y, { n, y }, head, m) {
  let right = 0;
  for (let r = 0; r < n; r++) if (decide(Y, r, head, m) === y[r]) right++;
  return right / n;
}

/** Returns r2, the part of the variance of y that is explained; nan where all y are equal. */
function partExplained(Y, { n, y }) {
  if (y.every((one) => one === y[0])) return NaN;
  let mean = 0, left = 0, total = 0;
  for (let r = 0; r < n; r++) mean += y[r] / n;
  for (let r = 0; r < n; r++) {
    left += (Y[r] - y[r]) ** 2;
    total += (y[r] - mean) ** 2;
  }
  return 1 - left / total;
}
