// Curves by running the part of the graph between two nodes: no function is known here by its name.

const NET_POINTS = 49;

/** The smallest of 1, 2, 4, 8, ... times `unit` that is not below x: a scale that does not tremble while a number is dragged. */
const steady = (x, unit) => unit * 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(x, 1e-9) / unit)));

/**
 * A curve with axes, a tangent and dots. `draw` takes {part, from, to, dots: [x...], tangent: x or null, upright: where the axis
 * stands, ticks: whether the ends of the axes have numbers}.
 * @returns {{element: SVGElement, draw: (what: object) => void}}
 */
function makeCurve(kind, width, height) {
  const axes = makeShape("path", { class: "axes" }), line = makeShape("path", { class: "curve" });
  const tangent = makeShape("path", { class: "tangent" }), dots = makeShape("g", { class: "dots" }), ends = makeShape("g", { class: "ends" });
  const element = makeShape("svg", { class: `curve-box ${kind}`, viewBox: `-3 -3 ${width + 6} ${height + 6}`, width, height, "aria-hidden": "true" }, axes, ends, line, tangent, dots);
  function draw({ part, from, to, dots: at, tangent: touch, ground, upright = 0, ticks }) {
    const xs = Array.from({ length: NET_POINTS }, (_, n) => from + ((to - from) * n) / (NET_POINTS - 1));
    const ys = xs.map(part.value), seen = [...ys, ...at.map(part.value), ...(ground ? [0] : [])].filter(Number.isFinite);
    element.classList.toggle("none", !seen.length);
    if (!seen.length) return;
    let [low, high] = [Math.min(...seen), Math.max(...seen)];
    const room = Math.max(high - low, 1e-9) * 0.08;
    [low, high] = [low - room, high + room];
    const px = (x) => ((x - from) / (to - from)) * width, py = (y) => height - ((y - low) / (high - low)) * height;
    const inside = (value, least, most) => value >= least && value <= most;
    axes.setAttribute("d", `${inside(0, low, high) ? `M0 ${py(0)}H${width}` : ""}${inside(upright, from, to) ? `M${px(upright)} 0V${height}` : ""}`);
    if (ticks) refill(ends, ...[[px(upright) + 3, 8, high - room], [0, height - 2, from], [width, height - 2, to]].map(([x, y, end]) => makeShape("text", { x, y, "text-anchor": x === width ? "end" : "start" }, number(end, 2))));
    let path = "", pen = false;
    xs.forEach((x, n) => {
      pen = Number.isFinite(ys[n]) ? ((path += `${pen ? "L" : "M"}${px(x).toFixed(1)} ${py(ys[n]).toFixed(1)}`), true) : false;
    });
    line.setAttribute("d", path);
    refill(dots, ...at.filter((x) => Number.isFinite(part.value(x))).map((x) => makeShape("circle", { cx: px(x), cy: py(part.value(x)), r: at.length > 1 ? 3 : 4.2 })));
    const slope = touch === null ? NaN : part.slope(touch);
    if (!Number.isFinite(slope)) return void tangent.setAttribute("d", "");
    // As long on the screen whatever the slope.
    const rise = (slope * height * (to - from)) / (width * (high - low)), reach = 24 / Math.hypot(1, rise);
    const [x, y] = [px(touch), py(part.value(touch))];
    tangent.setAttribute("d", `M${x - reach} ${y + reach * rise}L${x + reach} ${y - reach * rise}`);
  }
  return { element, draw };
}

/** A canvas of cells: numbers as colours, by the root of their size, so that small ones are seen as well. */
function paintCells(canvas, numbers, columns, colours) {
  const rows = Math.ceil(numbers.length / columns);
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const pen = canvas.getContext("2d"), largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x) || 0), 0) || 1;
  pen.clearRect(0, 0, columns, rows);
  numbers.forEach((x, k) => {
    const share = Number.isFinite(x) ? Math.sqrt(Math.abs(x) / largest) : 1;
    pen.fillStyle = netMixed(colours.zero, Number.isFinite(x) ? (x < 0 ? colours.negative : colours.positive) : colours.bad, share);
    pen.fillRect(k % columns, Math.floor(k / columns), 1, 1);
  });
}

const netMixed = (from, to, share) => `rgb(${from.map((one, k) => Math.round(one + (to[k] - one) * share)).join(" ")})`;

/** The colours of heat maps; read once for each theme. */
const NET_HEATS = {
  light: { zero: [255, 255, 255], positive: [23, 105, 181], negative: [201, 98, 12], bad: [120, 120, 120] },
  dark: { zero: [23, 28, 37], positive: [98, 178, 245], negative: [243, 155, 78], bad: [150, 150, 150] },
};
const heatOf = (element) => NET_HEATS[element.closest(".dark") ? "dark" : "light"];
