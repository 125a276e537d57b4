// The weights as lines on one canvas: colour and dashes tell the sign, width the size, a violet wedge the gradient.

/** More lines between two layers than this are a carpet: the strongest are drawn, and those of the chosen neuron. */
const MANY_LINES = 300;
/** Wedges of the gradient are drawn beside as many lines. */
const MANY_WEDGES = 420;
const LINE_WIDTHS = [0.5, 0.9, 1.4, 2.1, 3, 4.2];

/** The lines of a network: {canvas, tip, place(layout), paint(), at(x, y)}. */
function makeLines(play) {
  const canvas = make("canvas.net-lines", { "aria-hidden": "true" });
  const lines = { canvas, place, paint, at, hover: null };
  let layout = null, count = 0, from, places, points, bucket, shown;

  /** Computes where all lines go; the bias of a neuron is a short line of its own. */
  function place(news) {
    layout = news;
    lines.hover = null;
    const { columns } = layout;
    count = columns.slice(1).reduce((sum, one, k) => sum + one.n * (columns[k].n + 1), 0);
    places = new Int32Array(3 * count);
    points = new Float32Array(4 * count);
    bucket = new Int8Array(count);
    shown = new Uint8Array(count);
    from = [];
    let at = 0;
    for (let k = 0; k + 1 < columns.length; k++) {
      const [left, right] = [columns[k], columns[k + 1]];
      from.push(at);
      for (let i = 0; i < right.n; i++)
        for (let j = -1; j < left.n; j++, at++) {
          places.set([k, j, i], 3 * at);
          const [x2, y2] = arrivalOf(right, left.n, j, i);
          const [x1, y1] = j < 0 ? [x2 - (right.ports ? 12 : 11), y2 + (right.ports ? 0 : 7)] : [left.place(j)[0] + left.tile / 2, left.place(j)[1]];
          points.set([x1, y1, x2, y2], 4 * at);
        }
    }
    from.push(at);
  }

  const isAsked = (k, j, i) => play.ask.k === k && play.ask.i === i && play.ask.j === j;

  /** Chooses which lines are drawn, and how wide. */
  function sort() {
    const { W, b } = play.machine, { k: asked, i: neuron } = play.ask, peek = play.peek || { k: -2, i: -2 };
    for (let k = 0; k + 1 < from.length; k++) {
      const outs = b[k].length, many = W[k].length > MANY_LINES, cut = many ? cutOf(W[k]) : 0, crowd = many ? 0 : 1;
      for (let at = from[k]; at < from[k + 1]; at++) {
        const j = places[3 * at + 1], i = places[3 * at + 2], w = j < 0 ? b[k][i] : W[k][j * outs + i], size = w < 0 ? -w : w;
        const near = (k === asked && i === neuron) || (k === peek.k && i === peek.i);
        shown[at] = near || (j < 0 ? !many : size >= cut) ? 1 : 0;
        const wide = size > 2.4 ? 5 : size > 1.4 ? 4 : size > 0.8 ? 3 : size > 0.4 ? 2 : size > 0.12 ? 1 : 0;
        bucket[at] = (w < 0 ? 6 : 0) + (crowd || near ? wide : Math.min(wide, 1));
      }
    }
  }

  // The size that about 120 of the weights reach, told by a sample of them.
  function cutOf(weights) {
    const sample = [];
    for (let k = 0, step = Math.max(1, Math.floor(weights.length / 400)); k < weights.length; k += step) sample.push(Math.abs(weights[k]));
    sample.sort((a, b) => b - a);
    return sample[Math.min(sample.length - 1, Math.floor((sample.length * 120) / weights.length))];
  }

  function curve(pen, at) {
    const x1 = points[4 * at], y1 = points[4 * at + 1], x2 = points[4 * at + 2], y2 = points[4 * at + 3], middle = (x1 + x2) / 2;
    pen.moveTo(x1, y1);
    pen.bezierCurveTo(middle, y1, middle, y2, x2, y2);
  }

  function paint() {
    if (!layout) return;
    const { palette } = play, pen = penOf(canvas, layout.width, layout.height), dashed = count <= 900;
    pen.clearRect(0, 0, layout.width, layout.height);
    sort();
    const glow = [play.ask, ...play.lit].map(find), over = lines.hover ? find(lines.hover) : -1;
    for (const [at, tone, width] of [[over, palette.line, 9], ...glow.map((at) => [at, palette.grad, 8])]) {
      if (at < 0) continue;
      pen.globalAlpha = 0.4;
      pen.strokeStyle = tone;
      pen.lineWidth = width;
      pen.beginPath();
      curve(pen, at);
      pen.stroke();
    }
    const { projector } = play.modes, faded = projector ? 1 : count > 900 ? 0.4 : count > 60 ? 0.62 : 0.82;
    for (let kind = 0; kind < 12; kind++) {
      pen.strokeStyle = kind < 6 ? palette.strong.positive : palette.strong.negative;
      pen.lineWidth = LINE_WIDTHS[kind % 6] * play.scale();
      pen.globalAlpha = kind % 6 < 1 && !projector ? 0.4 : faded;
      pen.setLineDash(kind >= 6 && dashed ? [6, 3.5] : []);
      pen.beginPath();
      for (let at = 0; at < count; at++) if (shown[at] && bucket[at] === kind) curve(pen, at);
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    if (play.shown.gradients && !play.modes.simple && count <= MANY_WEDGES) wedges(pen, palette);
    ports(pen, palette);
  }

  /** A wedge beside each line: up if the next step makes the weight larger, down if smaller; its size is how steep J is. */
  function wedges(pen, palette) {
    const { W, b } = play.gradients();
    let largest = 1e-12;
    for (let k = 0; k < W.length; k++) {
      for (const g of W[k]) if (Math.abs(g) > largest) largest = Math.abs(g);
      for (const g of b[k]) if (Math.abs(g) > largest) largest = Math.abs(g);
    }
    pen.fillStyle = palette.grad;
    pen.beginPath();
    for (let at = 0; at < count; at++) {
      const k = places[3 * at], j = places[3 * at + 1], i = places[3 * at + 2], right = layout.columns[k + 1];
      const g = j < 0 ? b[k][i] : W[k][j * b[k].length + i], size = (right.ports ? 5 : 7) * Math.sqrt(Math.abs(g) / largest), up = g < 0 ? -1 : 1;
      if (!(size > 1)) continue;
      let x = points[4 * at + 2] - 6, y = points[4 * at + 3];
      if (right.ports) x = points[4 * at + 2] + 5;
      else if (j >= 0) [x, y] = along(at, 0.5 + 0.3 * ((j + 0.5) / layout.columns[k].n));
      pen.moveTo(x - 0.75 * size, y - 0.6 * up * size);
      pen.lineTo(x + 0.75 * size, y - 0.6 * up * size);
      pen.lineTo(x, y + 0.8 * up * size);
    }
    pen.fill();
  }

  function along(at, t) {
    const x1 = points[4 * at], y1 = points[4 * at + 1], x2 = points[4 * at + 2], y2 = points[4 * at + 3], s = 1 - t;
    const a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t, middle = (x1 + x2) / 2;
    return [a * x1 + (b + c) * middle + d * x2, (a + b) * y1 + (c + d) * y2];
  }

  /** The numbers of weights and biases, where there is room for them. */
  function ports(pen, palette) {
    const { W, b } = play.machine;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    layout.columns.forEach((column, k) => {
      if (!column.ports) return;
      const inputs = layout.columns[k - 1].n;
      for (let i = 0; i < column.n; i++)
        for (let j = -1; j < inputs; j++) {
          const [x, y] = arrivalOf(column, inputs, j, i), w = j < 0 ? b[k - 1][i] : W[k - 1][j * column.n + i], asked = isAsked(k - 1, j, i);
          pen.font = play.font(11, asked ? "700" : "");
          const text = shortNumber(w, 6), right = x + column.port - 8;
          pen.fillStyle = asked ? palette.grad : j < 0 ? palette.soft : palette.ink;
          pen.fillText(text, right, y);
          if (j < 0) {
            pen.font = play.font(11, "italic", "Georgia, serif");
            pen.fillText("w₀", x + 20, y);
          }
        }
    });
  }

  const find = ({ k, j, i }) => {
    if (!layout || k + 1 >= from.length) return -1;
    const at = from[k] + i * (layout.columns[k].n + 1) + j + 1;
    return at < from[k + 1] ? at : -1;
  };

  /** The weight at a place of the canvas, or null: a number at its port, else the nearest line that is drawn. */
  function at(x, y) {
    for (const [k, column] of layout.columns.entries()) {
      if (!column.ports || x < column.x - 4 || x > column.x + column.port) continue;
      const inputs = layout.columns[k - 1].n;
      for (let i = 0; i < column.n; i++) {
        const j = Math.round((y - column.place(i)[1]) / column.line + inputs / 2);
        if (j >= 0 && j <= inputs) return { k: k - 1, j: j === inputs ? -1 : j, i, port: true };
      }
    }
    let best = 9, found = null;
    for (let line = 0; line < count; line++) {
      if (!shown[line]) continue;
      const x1 = points[4 * line], x2 = points[4 * line + 2], y1 = points[4 * line + 1], y2 = points[4 * line + 3];
      if (x < Math.min(x1, x2) - 8 || x > Math.max(x1, x2) + 8 || y < Math.min(y1, y2) - 9 || y > Math.max(y1, y2) + 9) continue;
      for (let n = 0; n <= 24; n++) {
        const [px, py] = along(line, n / 24), far = Math.hypot(px - x, py - y);
        if (far < best) [best, found] = [far, { k: places[3 * line], j: places[3 * line + 1], i: places[3 * line + 2], port: false }];
      }
    }
    return found;
  }
  return lines;
}
