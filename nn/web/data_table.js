// A table that is pasted or loaded: text becomes data, and each row that cannot be used is named with its line.

/** The most rows shown, classes told apart, texts of a column that have an input each. */
const MOST_ROWS = 2000, MOST_CLASSES = 10, MOST_TEXTS = 8;

/** Returns the cells of each line that is not empty: {line, cells, quoted}; a cell in quotes may hold anything. */
function cellsOf(text, separator) {
  const records = [];
  let cells = [], cell = "", line = 1, start = 1, inQuotes = false, wasQuoted = false;
  const ended = () => { cells.push(wasQuoted ? cell : cell.trim()); cell = ""; wasQuoted = false; };
  const endLine = () => {
    const empty = !cells.length && !cell.trim() && !wasQuoted;
    ended();
    if (separator === " ") cells = cells.filter((one) => one !== "");
    if (!empty) records.push({ line: start, cells });
    cells = [];
  };
  for (let k = 0; k < text.length; k++) {
    const letter = text[k];
    if (letter === "\n") line++;
    if (inQuotes) {
      if (letter !== '"') cell += letter;
      else if (text[k + 1] === '"') cell += text[++k];
      else inQuotes = false;
    } else if (letter === '"' && !cell.trim()) { cell = ""; inQuotes = wasQuoted = true; }
    else if (letter === separator) ended();
    else if (letter === "\n") { endLine(); start = line; }
    else if (!(wasQuoted && /\s/.test(letter))) cell += letter;
  }
  endLine();
  return { records, open: inQuotes ? start : 0 };
}

/** Returns the separator with which most of the first lines have as many cells, more than one; "," if there is none. */
function separatorOf(text) {
  const head = text.slice(0, 20000).split("\n").slice(0, 30).join("\n");
  let best = ",", most = 0;
  // In this order: "1,5;2" has a comma in its numbers.
  for (const separator of [";", "\t", ",", "|", " "]) {
    const counts = cellsOf(head, separator).records.map(({ cells }) => cells.length);
    const often = modeOf(counts);
    const score = often > 1 ? counts.filter((count) => count === often).length : 0;
    if (score > most) [best, most] = [separator, score];
  }
  return best;
}

function modeOf(items) {
  const counts = new Map();
  for (const item of items) counts.set(item, (counts.get(item) || 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}

const PLAIN_NUMBER = /^[+\-\u2212]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Returns the number that a cell holds, with "." or "," before its fraction; nan for any other text. */
function numberIn(cell, decimal = ".") {
  const text = (decimal === "," ? cell.replace(",", ".") : cell).replace("\u2212", "-");
  return PLAIN_NUMBER.test(text) && !(decimal === "," && cell.includes(".")) ? Number(text) : NaN;
}

/** Tells which of two ways of writing fractions more cells have. */
function decimalOf(records, separator) {
  if (separator === ",") return ".";
  const cells = records.slice(0, 200).flatMap((record) => record.cells);
  const count = (decimal) => cells.filter((cell) => Number.isFinite(numberIn(cell, decimal))).length;
  return count(",") > count(".") ? "," : ".";
}

const isMissing = (cell) => /^(|na|n\/a|nan|null|none|\?|-)$/i.test(cell);

/**
 * Returns {data, columns, target, errors}: data of a table in text, and for each row left out {line, message}. The column
 * to predict is `target`, or the only one of text, or the last. `data` is null if nothing can be learned from it, and the
 * last of the errors, with line 0, says why.
 */
function readCsv(text, options = {}) {
  const errors = [];
  try {
    return { ...dataOfTable(text, options, errors), errors };
  } catch (error) {
    return { data: null, columns: [], target: null, errors: [...errors, { line: 0, message: error.message }] };
  }
}

/** Returns {data, columns, target}; rows left out join `errors`. Throws an Error with a sentence. */
function dataOfTable(text, { name = "Pasted table", target, header, task, seed = 1, test = 0.25 }, errors) {
  text = String(text).replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const separator = separatorOf(text), { records, open } = cellsOf(text, separator);
  if (open) throw new Error(`Line ${open}: a quotation mark opens a text that never ends.`);
  if (!records.length) throw new Error("There is nothing in it: paste a row for each sample, with its cells apart by commas, semicolons or tabs.");
  // A separator at the end of every line, and the numbers of the rows that pandas writes before them, under no name.
  if (records.every(({ cells }) => cells.at(-1) === "")) records.forEach(({ cells }) => cells.pop());
  if (records[0].cells[0] === "" && records.every(({ cells }, k) => !k || Number(cells[0] || NaN) === k - 1)) records.forEach(({ cells }) => cells.shift());
  const width = modeOf(records.map(({ cells }) => cells.length)), decimal = decimalOf(records, separator);
  if (width < 2) throw new Error("It has one column: give the inputs and, in a column of its own, what is to be predicted.");
  const named = header === undefined ? hasHeader(records, width, decimal) : header;
  const columns = named ? uniqueNames(records[0].cells, width) : Array.from({ length: width }, (_, k) => (k + 1 < width ? `x${k + 1}` : "y"));
  const body = named ? records.slice(1) : records;
  const whole = body.filter(({ cells }) => cells.length === width);
  for (const { line, cells } of body) {
    if (cells.length !== width) errors.push({ line, message: `line ${line} has ${cellCount(cells.length)}, the others ${width}` });
  }
  const isNumeric = columns.map((_, k) => mostlyNumbers(whole, k, decimal));
  const goal = targetOf(columns, isNumeric, target);
  const taken = usableRows(whole, columns, isNumeric, goal, decimal, errors);
  errors.sort((a, b) => a.line - b.line);
  if (taken.length < FEWEST_POINTS)
    throw new Error(`${rowCount(taken.length)} can be used, at least ${FEWEST_POINTS} are needed.`);
  const found = readyData(taken, columns, isNumeric, goal, decimal, { name, task, seed, test });
  if (errors.length) found.notes.push(`${rowCount(errors.length)} left out`);
  return { data: found, columns, target: columns[goal] };
}

const rowCount = (n) => (n === 1 ? "1 row" : `${n.toLocaleString("en")} rows`);
const cellCount = (n) => (n === 1 ? "1 cell" : `${n} cells`);
/** Tells whether the first line names the columns: it has no number where most of the lines below have one. */
function hasHeader(records, width, decimal) {
  const [first, ...rest] = records, isNumber = (cell) => Number.isFinite(numberIn(cell || "", decimal));
  if (first.cells.length !== width || first.cells.some(isNumber)) return false;
  const numeric = first.cells.some((_, k) => mostlyNumbers(rest.filter(({ cells }) => cells.length === width), k, decimal));
  return numeric && rest.length > 0;
}

function uniqueNames(cells, width) {
  const names = [];
  for (let k = 0; k < width; k++) {
    const base = (cells[k] || `column ${k + 1}`).slice(0, 60);
    let name = base;
    for (let n = 2; names.includes(name); n++) name = `${base} ${n}`;
    names.push(name);
  }
  return names;
}

/** Tells whether more than half of the cells that hold something hold numbers. */
function mostlyNumbers(rows, k, decimal) {
  let held = 0, numbers = 0;
  for (const { cells } of rows) {
    if (isMissing(cells[k])) continue;
    held++;
    if (Number.isFinite(numberIn(cells[k], decimal))) numbers++;
  }
  return numbers > held / 2;
}

function targetOf(columns, isNumeric, target) {
  if (target !== undefined) {
    const at = columns.indexOf(target);
    if (at < 0) throw new Error(`There is no column “${String(target).slice(0, 60)}”; the columns are ${columns.join(", ").slice(0, 300)}.`);
    return at;
  }
  const texts = columns.map((_, k) => k).filter((k) => !isNumeric[k]);
  return texts.length === 1 ? texts[0] : columns.length - 1;
}

/** Returns the rows in which every cell is what its column holds; the others join `errors`. */
function usableRows(rows, columns, isNumeric, goal, decimal, errors) {
  return rows.filter(({ line, cells }) => {
    for (let k = 0; k < columns.length; k++) {
      const empty = isMissing(cells[k]) && (isNumeric[k] || k === goal || cells[k] === "");
      if (!empty && !(isNumeric[k] && !Number.isFinite(numberIn(cells[k], decimal)))) continue;
      const what = empty ? `has nothing in ${columns[k]}` : `has “${cells[k].slice(0, 40)}” in ${columns[k]}, which is no number`;
      errors.push({ line, message: `line ${line} ${what}` });
      return false;
    }
    return true;
  });
}

/** Returns data of good rows: sampled if there are many, texts as inputs of 0 and 1, numbers standardised. */
function readyData(rows, columns, isNumeric, goal, decimal, { name, task, seed, test }) {
  const notes = [], all = rows.length;
  const answerOf = ({ cells }) => (isNumeric[goal] ? String(numberIn(cells[goal], decimal)) : cells[goal]);
  const answers = rows.map(answerOf), different = [...new Set(answers)];
  const asClasses = task ? task === "classes" : !isNumeric[goal] || isFew(answers, different);
  if (different.length === 1) throw new Error(`All ${rowCount(all)} have “${different[0].slice(0, 40)}” in ${columns[goal]}: there is nothing to tell apart.`);
  if (!asClasses && !isNumeric[goal]) throw new Error(`${columns[goal]} holds texts, which are classes and no numbers to predict.`);
  if (asClasses && different.length > MOST_CLASSES)
    throw new Error(`${columns[goal]} has ${different.length.toLocaleString("en")} classes, and ${MOST_CLASSES} can be told apart here: choose another column to predict.`);
  rows = sampledRows(rows, asClasses ? answerOf : () => 0, seed);
  if (rows.length < all) notes.push(`${rows.length.toLocaleString("en")} of ${all.toLocaleString("en")} rows are shown, drawn at random`);
  const inputs = inputsOf(rows, columns, isNumeric, goal, decimal, notes);
  if (!inputs.length) throw new Error(`No column is left to learn from: ${notes.join("; ")}.`);
  const byNumber = isNumeric[goal] ? (a, b) => a - b : (a, b) => (a < b ? -1 : 1);
  const classes = asClasses ? different.sort(byNumber) : null;
  const raw = rows.map((row) => (asClasses ? classes.indexOf(answerOf(row)) : Number(answerOf(row))));
  const scaled = asClasses ? null : momentsOf(raw);
  return dataOf({
    name, classes, target: columns[goal], columns: inputs.map((input) => input.name), notes, seed, test,
    rows: rows.map((_, k) => inputs.map(({ numbers, mean, spread }) => (numbers[k] - mean) / spread)),
    y: scaled ? raw.map((x) => (x - scaled.mean) / scaled.spread) : raw,
    scale: { mean: inputs.map(({ mean }) => mean), spread: inputs.map(({ spread }) => spread) }, targetScale: scaled,
  });
}

/** Tells whether numbers look like classes: few whole ones, each in several rows. */
function isFew(answers, different) {
  return different.length <= MOST_CLASSES && answers.length >= 4 * different.length && different.every((x) => Number.isInteger(Number(x)));
}

/** Returns MOST_ROWS rows at random, with at least one of each group. */
function sampledRows(rows, groupOf, seed) {
  if (rows.length <= MOST_ROWS) return rows;
  const order = shuffledOrder(rows.length, sourceOf(seed)), groups = new Set(), first = [], rest = [];
  for (const k of order) (groups.has(groupOf(rows[k])) ? rest : (groups.add(groupOf(rows[k])), first)).push(k);
  return [...first, ...rest].slice(0, MOST_ROWS).sort((a, b) => a - b).map((k) => rows[k]);
}

/** Returns the inputs that columns give: {name, numbers, mean, spread}; a column of one text or number gives none. */
function inputsOf(rows, columns, isNumeric, goal, decimal, notes) {
  return columns.flatMap((column, k) => {
    if (k === goal) return [];
    const cells = rows.map((row) => row.cells[k]), texts = [...new Set(cells)].sort();
    if (texts.length === 1) { notes.push(`${column} is left out: it is “${texts[0].slice(0, 40)}” in every row`); return []; }
    if (isNumeric[k]) {
      const numbers = cells.map((cell) => numberIn(cell, decimal)), moments = momentsOf(numbers);
      if (numbers.every((x) => x === numbers[0])) { notes.push(`${column} is left out: it is ${numbers[0]} in every row`); return []; }
      return [{ name: column, numbers, ...moments }];
    }
    if (texts.length > MOST_TEXTS) { notes.push(`${column} is left out: it has ${texts.length.toLocaleString("en")} different texts`); return []; }
    const shown = texts.length === 2 ? texts.slice(1) : texts;
    return shown.map((one) => ({ name: `${column}: ${one.slice(0, 40)}`, numbers: cells.map((cell) => Number(cell === one)), mean: 0, spread: 1 }));
  });
}

/** Returns mean and standard deviation of numbers, which are not too large for their squares. */
function momentsOf(numbers) {
  const largest = Math.max(numbers.reduce((a, x) => Math.max(a, Math.abs(x)), 0), Number.MIN_VALUE);
  const mean = (numbers.reduce((a, x) => a + x / largest, 0) / numbers.length) * largest;
  const spread = Math.sqrt(numbers.reduce((a, x) => a + ((x - mean) / largest) ** 2, 0) / numbers.length) * largest;
  return { mean, spread: spread > 0 && Number.isFinite(spread) ? spread : 1 };
}
