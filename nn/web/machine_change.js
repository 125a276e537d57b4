// Changes of a network while it is trained: what is kept, and what to do when the training went wrong.

/** Returns the state that a change asks for, made to fit the data: inputs, outputs, last activation and loss. */
function restructured({ state, data, pieces }, change) {
  const wished = { ...state, ...change, parameters: {} };
  if (change.optimizer && (change.optimizer.name ?? state.optimizer.name) === state.optimizer.name)
    wished.optimizer = { ...state.optimizer, ...change.optimizer };
  const heads = headsOf(data, pieces), last = wished.activations.at(-1);
  const same = (head) => (head.loss === wished.loss) + (head.activation === last);
  // What was asked for counts, the other of the two follows.
  const asked = (head) => (!("loss" in change) || head.loss === wished.loss)
    && (!("activations" in change) || head.activation === last);
  const fitting = heads.filter((head) => same(head) && asked(head));
  const head = [...fitting, ...("loss" in change || "activations" in change ? [] : heads)]
    .reduce((best, one) => (best && same(best) >= same(one) ? best : one), null);
  const hidden = wished.sizes.slice(1, -1), names = wished.activations.slice(0, -1);
  const usual = names.at(-1) ?? state.activations.at(-2) ?? "tanh";
  wished.activations = [...hidden.map((_, k) => names[k] ?? usual), head?.activation ?? last];
  wished.loss = head?.loss ?? wished.loss;
  wished.sizes = [data.d, ...hidden, head ? outputsOf(head, data) : wished.sizes.at(-1)];
  return wished;
}

/** Copies the weights of neurons that old and new network both have; the last layers belong together. */
function keepParameters(old, fresh, sizes) {
  const last = fresh.W.length - 1, oldLast = old.W.length - 1;
  fresh.W.forEach((w, k) => {
    const from = k === last ? oldLast : k;
    if (k !== last && k >= oldLast) return;
    const [d, m, oldD, oldM] = [sizes[k], sizes[k + 1], old.sizes[from], old.sizes[from + 1]];
    for (let i = 0; i < Math.min(m, oldM); i++) {
      fresh.b[k][i] = old.b[from][i];
      for (let j = 0; j < Math.min(d, oldD); j++) w[j * m + i] = old.W[from][j * oldM + i];
    }
  });
}

/** Throws an Error unless memory is none, or has `kept` lists of finite numbers for each of W[0], b[0], W[1], ... */
function checkMemory(memory, { W, b }, kept) {
  const finite = (numbers, { length }) => numbers?.length === length && [...numbers].every(Number.isFinite);
  const each = (lists, w) => lists?.length === kept && [...lists].every((numbers) => finite(numbers, w));
  const parameters = W.flatMap((w, k) => [w, b[k]]), complete = memory?.length === parameters.length;
  if (memory !== null && !(complete && parameters.every((w, k) => each(memory[k], w))))
    throw new Error("the memory of the optimizer does not belong to this network");
}

/** Returns what went wrong, why, and the state to go back to; `began` is the loss before, `moved` tells whether a step was taken. */
function troubleOf(machine, loss, began, moved) {
  const { epoch, state, W, good } = machine, { name, lr } = state.optimizer, short = (x) => String(+x.toPrecision(3));
  const far = W.reduce((most, w) => w.reduce((max, x) => Math.max(max, Math.abs(x)), most), 0), back = good();
  // The next of 1, 0.1, 0.01 and so on: at most a third of what was too large.
  const slower = +short(10 ** Math.floor(Math.log10(lr / 3)));
  const what = Number.isFinite(loss)
    ? `The loss has grown to ${short(loss)}${Number.isFinite(began) ? `; it began at ${short(began)}` : ""}.`
    : "The loss is no longer a finite number.";
  const where = !moved ? `It was so before the first step: weights, or numbers in the data, are too large for these layers.`
    : `The steps of ${name} with the rate ${short(lr)} are too large: they jump across the valley, each time `
    + `further up on the other side${far >= 100 && Number.isFinite(far) ? `, and the largest weight is ${short(far)} by now` : ""}. `
    + `Go back to epoch ${back.epoch} and take a smaller rate, such as ${slower}.`;
  return { what, where, epoch, moved, good: back, lr: slower };
}
