// An array as a heat map on a canvas: quick for tens of thousands of cells, and small enough for the strip of all arrays.

/** From this many cells on, a heat map is painted pixel by pixel and kept until its numbers change. */
const MANY_CELLS = 2000;
const painted = new WeakMap();

/** The pixels of many cells, two for each, kept with their numbers. */
function pixelsOf(values, layout, theme, source) {
  const kept = painted.get(values);
  if (kept && kept.theme === theme && kept.layout === layout && kept.source === source) return kept.canvas;
  const width = Math.ceil(2 * layout.width), height = Math.ceil(2 * layout.height), colours = shadesOf(theme), largest = largestOf(values);
  const canvas = make("canvas", { width, height }), context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let place = 0; place < layout.n; place++) {
    const { rgb } = colours[shadeOf(values[source ? source[place] : place], largest)];
    const at = 4 * (Math.floor(2 * layout.ys[place]) * width + Math.floor(2 * layout.xs[place]));
    for (const pixel of [at, at + 4, at + 4 * width, at + 4 * width + 4]) image.data.set([...rgb, 255], pixel);
  }
  context.putImageData(image, 0, 0);
  painted.set(values, { canvas, theme, layout, source });
  return canvas;
}

/** The boxes around marked cells, one in each matrix of an array: [left, top, right, bottom] in cells. */
function boxesAround(layout, places) {
  const boxes = new Map(), size = layout.inner[0] * layout.inner[1];
  for (const place of places) {
    const block = Math.floor(place / size), x = layout.xs[place], y = layout.ys[place], box = boxes.get(block);
    if (!box) boxes.set(block, [x, y, x + 1, y + 1]);
    else [box[0], box[1], box[2], box[3]] = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  }
  return [...boxes.values()];
}

/**
 * Paints numbers on a canvas of a size in pixels of the page. marks is a set of shown places to frame, chosen one place,
 * hatched(place) tells what is 0 for good.
 */
function paintHeat(canvas, { layout, values, source, width, height, theme, marks, chosen, ink, gradient, hatched }) {
  const ratio = Math.min(2, devicePixelRatio || 1), wide = Math.max(1, Math.round(width * ratio)), high = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const cw = width / layout.width, ch = height / layout.height, { xs, ys, n } = layout;
  if (n >= MANY_CELLS) context.drawImage(pixelsOf(values, layout, theme, source), 0, 0, Math.ceil(2 * layout.width) * cw / 2, Math.ceil(2 * layout.height) * ch / 2);
  else {
    const colours = shadesOf(theme), largest = largestOf(values), seam = Math.min(cw, ch) > 5 ? 0.6 : 0;
    for (let place = 0; place < n; place++) {
      const x = elementOf(values, source ? source[place] : place), { fill, ink: over } = colours[shadeOf(x, largest)];
      const left = xs[place] * cw, top = ys[place] * ch;
      context.fillStyle = fill;
      context.fillRect(left, top, cw - seam, ch - seam);
      context.fillStyle = context.strokeStyle = over;
      if (!Number.isFinite(x)) context.fillText(Number.isNaN(x) ? "?" : "∞", left + 1, top + ch - 1);
      else if (x < 0 && Math.min(cw, ch) >= 9) context.fillRect(left + cw * 0.32, top + ch / 2 - 0.5, cw * 0.36, 1);
      if (hatched && Math.min(cw, ch) >= 5 && hatched(place)) line(left, top + ch, left + cw, top);
    }
  }
  if (marks && marks.size) {
    const few = marks.size <= 60 && Math.min(cw, ch) >= 9;
    frame(few ? [...marks].map((place) => [xs[place], ys[place], xs[place] + 1, ys[place] + 1]) : boxesAround(layout, marks), ink, 1.6);
  }
  if (chosen >= 0) frame([[xs[chosen], ys[chosen], xs[chosen] + 1, ys[chosen] + 1]], gradient, 2.2);

  function line(x, y, to, bottom) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(to, bottom);
    context.stroke();
  }
  function frame(boxes, colour, thick) {
    context.strokeStyle = colour;
    context.lineWidth = thick;
    for (const [left, top, right, bottom] of boxes) {
      const w = Math.max(4, (right - left) * cw - thick), h = Math.max(4, (bottom - top) * ch - thick);
      context.strokeRect(Math.max(thick / 2, Math.min(width - w - thick / 2, left * cw + thick / 2)), Math.max(thick / 2, Math.min(height - h - thick / 2, top * ch + thick / 2)), w, h);
    }
  }
}
