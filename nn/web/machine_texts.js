// A network as text: Python that runs with nn, a table, a link that restores everything.

const LINK_VERSION = 1;

/** Adds to a machine what writes it. */
function addTexts(machine) {
  machine.python = () => writePython(machine.snapshot(), machine.data, machine.pieces);

  /** Returns the data as a table with a header, for a file. */
  machine.csv = () => {
    const { columns, target, n, d, X, y, classes, task } = machine.data;
    const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = Array.from({ length: n }, (_, r) =>
      [...X.subarray(r * d, (r + 1) * d), task === "classes" ? cell(String(classes[y[r]])) : y[r]].join(","));
    return [[...columns, target].map((name) => cell(String(name))).join(","), ...lines, ""].join("\n");
  };

  /** Returns the network, its training and `extra`, plain data, as a text for an address. */
  machine.toLink = (extra = {}) => {
    const { parameters, memory, ...state } = machine.snapshot();
    const numbers = [...Object.values(parameters).flat(), ...(memory ?? []).flat(2)];
    const bytes = new Uint8Array(8 * numbers.length), view = new DataView(bytes.buffer);
    numbers.forEach((x, i) => view.setFloat64(8 * i, x, true));
    const words = toLetters(new TextEncoder().encode(JSON.stringify({ ...extra, state })));
    const head = `${LINK_VERSION}.${words}.${toLetters(bytes)}`;
    return `${head}.${checksum(head).toString(36)}`;
  };
}

/** Returns {state, ...extra} of a link, which `restore` checks; throws an Error with one sentence for what is none. */
function fromLink(text) {
  const [version] = /^\d+(?=\.)/.exec(String(text)) ?? [null];
  if (version === null) throw new Error("this is no link of the playground");
  if (+version !== LINK_VERSION)
    throw new Error(`this link is of version ${version}, and this page reads version ${LINK_VERSION}`);
  const [, head, letters, numbers, sum] = /^(\d+\.([\w-]+)\.([\w-]*))\.([0-9a-z]+)$/.exec(text) ?? [];
  if (!head || checksum(head).toString(36) !== sum)
    throw new Error("this link is not whole: a part is missing or changed; copy all of it");
  try {
    return withNumbers(JSON.parse(new TextDecoder().decode(fromLetters(letters))), fromLetters(numbers));
  } catch {
    throw new Error("this link does not hold what it should: a network and its numbers");
  }
}

/** Puts the numbers of a link into its state: the parameters, layer by layer, and the memory of each. */
function withNumbers(extra, bytes) {
  const { state } = extra, view = new DataView(bytes.buffer);
  let at = 0;
  const next = (count) => Array.from({ length: count }, () => view.getFloat64(8 * at++, true));
  state.parameters = {};
  state.activations.forEach((_, k) => {
    state.parameters[`layers.${k}.w`] = next(state.sizes[k] * state.sizes[k + 1]);
    state.parameters[`layers.${k}.w0`] = next(state.sizes[k + 1]);
  });
  const each = Object.values(state.parameters), kept = (bytes.length / 8 - at) / at;
  state.memory = kept ? each.map(({ length }) => Array.from({ length: kept }, () => next(length))) : null;
  if (8 * at !== bytes.length) throw new RangeError("there are more numbers");
  return extra;
}

/** Returns bytes in letters that may stand in an address. */
function toLetters(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Returns the bytes that `toLetters` wrote. */
const fromLetters = (letters) =>
  Uint8Array.from(atob(letters.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
