// A network as Python that runs with nn: nn/_play/written.py writes the same text, and has the template.

/** Returns the program for a state and data. */
function writePython(state, data, pieces) {
  const { text, penalized } = pieces.python, head = headOf(state, data, pieces), { name } = state.optimizer;
  const fill = (template, parts) => template.replace(/\$\{?(\w+)\}?/g, (_, key) => parts[key]);
  const score = data.task === "number" ? "r2" : "accuracy", penalties = ["l1", "l2"].filter((one) => state[one]);
  const { model, kinds, places } = pythonModel(state);
  const more = penalties.map((one) => ` + ${pythonNumber(state[one])} * ${one}(weights)`).join("");
  const names = [...new Set(["fit", score, state.loss, name, ...penalties, ...kinds])].sort();
  return fill(text, {
    csv: manyNumbers(data, pieces.python) ? "import csv\n\n" : "", epoch: state.epoch, names: names.join(", "), model,
    data: pythonData(data, head, pieces.python),
    parameters: pythonParameters(state, places), score, batch: state.batch || "None", seed: state.seed,
    loss: penalties.length ? fill(penalized, { loss: state.loss, more }) : `loss = ${state.loss}`,
    optimizer: pythonOptimizer(state.optimizer, pieces.optimizers[name].settings),
  });
}

/** Returns a number as Python writes it, with all its digits. */
function pythonNumber(x) {
  const size = Math.abs(x), exponent = size && (size < 1e-4 || size >= 1e16);
  if (exponent) return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(x) ? `${Object.is(x, -0) ? "-0" : BigInt(x)}.0` : String(x);
}

/** Returns words in lines of at most 116 letters. */
function pythonLines(words, indent) {
  const lines = [];
  let line = indent;
  for (const word of words) {
    if (line !== indent && line.length + 1 + word.length > 116) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Returns numbers as an array. */
function pythonArray(items, shape, indent = "") {
  const words = items.map((item, k) => (k + 1 < items.length ? `${item},` : item));
  return `np.reshape([\n${pythonLines(words, `${indent}    `)}\n${indent}], ${shape})`;
}

/** Tells whether data are too many for a text. */
const manyNumbers = ({ n, d }, { most }) => n * (d + 1) > most;

/** Returns the lines that make X and y, as the loss takes them. */
function pythonData(data, { targets, loss }, settings) {
  const { n, d, X, y, classes, scale, targetScale } = data, lines = [];
  for (const [what, by] of [["X", scale], ["y", targetScale]]) {
    if (!by) continue;
    const [mean, spread] = [by.mean, by.spread].map((part) => [part].flat().map(pythonNumber).join(", "));
    lines.push(pythonLines(`${what} is standardised: minus ${mean}, divided by ${spread}.`.split(" "), "# "));
  }
  if (manyNumbers(data, settings)) {
    const names = `[${(classes ?? []).map((one) => pythonText(String(one))).join(", ")}]`;
    const label = classes ? `${names}.index(row[-1]) for row in table]` : "row[-1] for row in table], float";
    lines.push(`${settings.file}y = np.array([${label})`);
  } else {
    lines.push(`X = ${pythonArray(Array.from(X, pythonNumber), `(${n}, ${d})`)}`);
    lines.push(`y = ${pythonArray(Array.from(y, classes ? String : pythonNumber), `${n}`)}`);
  }
  if (targets === "sign") lines.push("y = 2 * y - 1");
  if (targets === "row" && loss !== "cross_entropy") lines.push(`y = np.eye(${classes.length})[y]`);
  return lines.join("\n");
}

/** Returns a text as Python writes it. */
const pythonText = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (letter) =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Returns the network, the names that it needs, and the places of its layers. */
function pythonModel({ sizes, activations, dropout, seed }) {
  const hidden = activations.slice(0, -1), drops = dropout > 0;
  if (new Set(hidden).size <= 1 && !(drops && hidden.length)) {
    const inner = hidden.length ? `activation="${hidden[0]}", ` : "";
    const layers = `[${sizes.slice(1).join(", ")}]`;
    const model = `MLP(${sizes[0]}, ${layers}, ${inner}output="${activations.at(-1)}", of=Tensor)`;
    return { model, kinds: ["MLP"], places: [...activations.keys()] };
  }
  const layers = activations.map((g, k) => `Layer(${sizes[k]}, ${sizes[k + 1]}, "${g}", of=Tensor)`);
  const between = drops ? `,\n    Dropout(${pythonNumber(dropout)}, seed=${seed}),\n    ` : ",\n    ";
  const kinds = ["Sequential", "Layer", ...(drops ? ["Dropout"] : [])];
  const places = layers.map((_, k) => (drops ? 2 * k : k));
  return { model: `Sequential(\n    ${layers.join(between)},\n)`, kinds, places };
}

/** Returns the entries of the network's state. */
function pythonParameters({ sizes, parameters }, places) {
  const entry = (k, name, shape) => {
    const numbers = pythonArray(parameters[`layers.${k}.${name}`].map(pythonNumber), shape, "    ");
    return `    "layers.${places[k]}.${name}": ${numbers},`;
  };
  const both = (_, k) => [entry(k, "w", `(${sizes[k]}, ${sizes[k + 1]})`), entry(k, "w0", `${sizes[k + 1]}`)];
  return places.flatMap(both).join("\n");
}

/** Returns the call that makes the optimizer, with the settings that are not usual. */
function pythonOptimizer({ name, lr, ...others }, usual) {
  const plain = (item) => typeof item === "boolean" ? (item ? "True" : "False")
    : Array.isArray(item) ? `(${item.map(pythonNumber).join(", ")})` : pythonNumber(item);
  const told = Object.entries(others).filter(([key, item]) => plain(item) !== plain(usual[key]));
  const settings = [["lr", lr], ...told].map(([key, item]) => `${key}=${plain(item)}`);
  return `${name}(model.parameters(), ${settings.join(", ")})`;
}
