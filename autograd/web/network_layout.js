// Where the cards of a network stand: columns, from the inputs to the loss, each in the middle of the height.

const NET_CARD = { width: 234, port: 118, pitch: [0, 46, 46, 44, 40, 38, 38, 38, 38, 38], stretch: 1.3, shape: 1.55, least: 142, gap: 12, title: 26, edge: 10 };
const NET_PILL = { width: 142, height: 33, pitch: 36 };
const NET_GAP = { input: 66, layer: 72, loss: 70 };
const NET_INPUT = { width: 96, height: 40, pitch: 54, pill: 34 };
const NET_LOSS = { width: 184, curve: 92 };
const NET_HEAT = 240;

/**
 * The places of all boxes in a world that starts at 0, 0: inputs [{x, y, width, height}], layers [{x, y, width, height,
 * cards: [{x, y, width, height, ports: [y...], exit}], map}], loss {x, y, width, height, exits}.
 */
function netLayout(plan) {
  const flat = netColumns(plan, 1);
  // Where there is room above and below, cards are higher.
  return plan.small ? netColumns(plan, Math.max(1, Math.min(NET_CARD.stretch, flat.width / NET_CARD.shape / flat.height))) : flat;
}

function netColumns(plan, stretch) {
  const { layers, x } = plan, columns = [];
  const n = x[0].length, inputMap = plan.inputForm === "map";
  const pitch = plan.small ? NET_INPUT.pitch * stretch : NET_INPUT.pitch - 17, steps = NET_CARD.pitch.map((one) => one * stretch);
  let left = 0;
  columns.push({ x: 0, width: inputMap ? NET_HEAT / 1.6 : NET_INPUT.width, height: inputMap ? NET_HEAT * 1.5 : n * pitch + 24 });
  left = columns[0].width + NET_GAP.input;
  layers.forEach(({ w }, layer) => {
    const form = plan.form(layer), count = w.length, ports = w[0].length;
    const card = Math.max(NET_CARD.least * stretch, ports * steps[Math.min(ports, 9)] + 7);
    const inner = { cards: count * (card + NET_CARD.gap) - NET_CARD.gap, pills: count * NET_PILL.pitch - 3, map: NET_HEAT * 1.35 }[form];
    const width = { cards: NET_CARD.width, pills: NET_PILL.width, map: NET_HEAT }[form] + 2 * NET_CARD.edge;
    columns.push({ x: left, width, height: inner + NET_CARD.title + (form === "cards" ? 0 : 14) + NET_CARD.edge, form, card });
    left += width + (layer === layers.length - 1 ? NET_GAP.loss : NET_GAP.layer);
  });
  const targets = plan.y[0].filter((k) => k !== null).length;
  const rows = targets <= NET_CARDS ? targets : 0, lossHeight = NET_CARD.title + rows * 44 + NET_LOSS.curve + 84;
  columns.push({ x: left, width: NET_LOSS.width, height: lossHeight });
  const height = Math.max(...columns.map((column) => column.height)), width = left + NET_LOSS.width;
  for (const column of columns) column.y = (height - column.height) / 2;
  const [input, ...rest] = columns, loss = rest.pop();
  loss.rows = rows;
  const boxes = rest.map((column, layer) => {
    const count = layers[layer].w.length, ports = layers[layer].w[0].length, step = steps[Math.min(ports, 9)];
    const top = column.y + NET_CARD.title + (column.form === "cards" ? 0 : 14), cards = [];
    for (let i = 0; i < count; i++) {
      const at = column.x + NET_CARD.edge;
      if (column.form === "cards") {
        const y = top + i * (column.card + NET_CARD.gap), space = (column.card - ports * step - 1) / 2;
        const starts = layers[layer].w[0].map((_, j) => space + j * step);
        cards.push({ x: at, y, width: NET_CARD.width, height: column.card, starts, step, exit: [at + NET_CARD.width, y + column.card - 22], enter: starts.map((start) => [at, y + start + (step - 4) / 2]) });
      } else if (column.form === "pills") {
        const y = top + i * NET_PILL.pitch;
        cards.push({ x: at, y, width: NET_PILL.width, height: NET_PILL.height, exit: [at + NET_PILL.width, y + NET_PILL.height / 2], enter: layers[layer].w[0].map(() => [at, y + NET_PILL.height / 2]) });
      } else {
        const across = heatColumns(count), side = NET_HEAT / across;
        const y = top + 16 + (Math.floor(i / across) + 0.5) * Math.min(side, (NET_HEAT * 0.55) / Math.ceil(count / across)), px = at + ((i % across) + 0.5) * side;
        cards.push({ x: px, y, width: 0, height: 0, exit: [px, y], enter: layers[layer].w[0].map(() => [px, y]) });
      }
    }
    return { ...column, cards };
  });
  const inputs = x[0].map((_, j) => {
    if (!inputMap) return { x: 0, y: input.y + 24 + j * pitch, width: NET_INPUT.width, height: plan.small ? NET_INPUT.height : NET_INPUT.pill };
    const across = heatColumns(n, 1), rows = Math.ceil(n / across);
    return { x: 0, y: input.y + 24 + ((Math.floor(j / across) + 0.5) * columns[0].width) / rows, width: input.width, height: 0 };
  });
  const exits = layers.at(-1).w.map((_, i) => ({
    from: boxes.at(-1).cards[i].exit,
    to: [loss.x + 8, loss.y + NET_CARD.title + Math.min(rows ? 22 + 44 * Math.min(i, rows - 1) : loss.height / 2, loss.height - 50)],
  }));
  const ends = (layer, i, j) => {
    const [kind, at, unit] = layers[layer].from[j - 1], from = kind === "x" ? [inputs[at].x + inputs[at].width, inputs[at].y + inputs[at].height / 2] : boxes[at].cards[unit].exit;
    return { from, to: boxes[layer].cards[i].enter[j] };
  };
  return { width, height, input, inputs, layers: boxes, loss, exits, ends };
}

/** Columns of a heat map of n cells, `wide` times as wide as high; a square number of inputs is a square image. */
function heatColumns(n, wide = 1.8) {
  const root = Math.round(Math.sqrt(n));
  return root * root === n && wide === 1 ? root : Math.ceil(Math.sqrt(n * wide));
}
