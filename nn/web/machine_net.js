// The network of a page: pieces, which Python made from its table, one after the other. No derivative stands here.

/**
 * Returns numbers from 0 to below 1, always the same for a seed (Mulberry32).
 * @param {string | number} seed
 */
function randomOf(seed) {
  let state = checksum(String(seed));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Returns 32 bits that depend on every letter of a text (FNV-1a). */
function checksum(text) {
  let sum = 0x811c9dc5;
  for (const letter of text) sum = Math.imul(sum ^ letter.codePointAt(0), 0x01000193);
  return sum >>> 0;
}

/**
 * Returns fresh parameters, as nn draws them: normal weights, whose deviation depends on sizes and activation; biases
 * of 0.
 * @returns {{W: Float64Array[], b: Float64Array[]}}
 */
function freshParameters(pieces, { sizes, activations, seed }) {
  const W = [], b = [];
  activations.forEach((name, k) => {
    const [d, m] = [sizes[k], sizes[k + 1]], random = randomOf(`${seed} layer ${k}`);
    const deviation = Math.sqrt(2 / (pieces.activations[name].init === "he" ? d : d + m));
    // Box and Muller; 1 - u is never 0.
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    W.push(Float64Array.from({ length: d * m }, () => deviation * normal()));
    b.push(new Float64Array(m));
  });
  return { W, b };
}

/**
 * Returns a network for up to `most` rows. Its arrays are made once and written again by every pass.
 * `layers[k]` has x, z, h, after a backward pass dh, dz, dW, db; only the first n rows of each are meant.
 */
function makeNet(pieces, { sizes, activations, loss, dropout }, most) {
  const layers = activations.map((name, k) => {
    const [d, m] = [sizes[k], sizes[k + 1]], g = pieces.activations[name];
    const drops = dropout > 0 && k + 1 < activations.length;
    return {
      affine: pieces.affine(most, d, m), activate: g.forward(most, m),
      factors: drops ? new Float64Array(most * m) : null, drop: drops ? pieces.mask.forward(most, m) : null,
      // Made when they are needed: a network that paints a plane goes forward alone.
      unactivate: null, toParameters: null, toInputs: null, undrop: null,
      d, m, x: null, z: null, h: null, dh: null, dz: null, dW: null, db: null, cut: false,
    };
  });
  const cost = pieces.losses[loss](most, sizes.at(-1));

  /**
   * Computes the layers of n rows, from the layer `first` on, and returns the output; with `random` numbers are
   * dropped, as in training.
   */
  function forward(n, X, W, b, random = null, first = 0) {
    let x = first ? layers[first].x : X;
    for (let k = first; k < layers.length; k++) {
      const layer = layers[k];
      layer.x = x;
      layer.z = layer.affine(n, x, W[k], b[k]);
      x = layer.h = layer.activate(n, layer.z);
      layer.cut = layer.drop !== null && random !== null;
      if (!layer.cut) continue;
      for (let i = 0; i < n * layer.m; i++) layer.factors[i] = random() >= dropout ? 1 / (1 - dropout) : 0;
      x = layer.drop(n, x, layer.factors);
    }
    return x;
  }

  /** Computes the gradients for that of the output; `inputs`: that for the inputs too, which it returns. */
  function backward(n, W, dY, inputs = false) {
    let g = dY;
    for (let k = layers.length - 1; k >= 0; k--) {
      const layer = layers[k], { d, m } = layer;
      layer.unactivate ??= pieces.activations[activations[k]].backward(most, m);
      layer.toParameters ??= pieces.affineParameters(most, d, m);
      if (layer.cut) layer.undrop ??= pieces.mask.backward(most, m);
      layer.dh = layer.cut ? layer.undrop(n, layer.factors, g) : g;
      layer.dz = layer.unactivate(n, layer.z, layer.dh);
      [layer.dW, layer.db] = layer.toParameters(n, layer.x, layer.dz);
      if (!k && !inputs) return null;
      layer.toInputs ??= pieces.affineInputs(most, d, m);
      g = layer.toInputs(n, W[k], layer.dz);
    }
    return g;
  }

  return { layers, most, forward, backward, cost };
}

/** Returns functions (parameters, gradients, settings, step) that move the parameters, and their memory. */
function makeUpdates(pieces, { name, ...settings }, parameters) {
  const kind = pieces.optimizers[name];
  const chosen = Object.keys(kind.settings).filter((setting) => kind.settings[setting] ? false : settings[setting]);
  const update = kind.updates[chosen.join(" ")];
  const given = Object.keys(kind.settings).filter((setting) => typeof kind.settings[setting] !== "boolean")
    .flatMap((setting) => settings[setting]);
  const memory = parameters.map((w) => kind.kept.map(() => new Float64Array(w.length)));
  const moves = parameters.map((w) => update(w.length));
  function move(gradients, count) {
    moves.forEach((piece, k) => {
      const [moved, ...kept] = piece(parameters[k], gradients[k], memory[k], given, count);
      parameters[k].set(moved);
      kept.forEach((numbers, m) => memory[k][m].set(numbers));
    });
  }
  return { move, memory };
}
