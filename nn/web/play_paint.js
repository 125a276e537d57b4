// Colours and shapes of the playground: what a number, a class, a point looks like. Read once for each theme.

const PLAY_TONES = {
  light: {
    zero: [255, 255, 255], positive: [23, 105, 181], negative: [201, 98, 12], bad: [150, 150, 150],
    classes: [[201, 98, 12], [23, 105, 181], [11, 125, 100], [171, 36, 87], [122, 100, 0]],
    ink: "#1c1e21", soft: "#55595f", paper: "#ffffff", line: "#c9cdd3", grad: "#6a2bb8", accent: "#1a5fb4",
  },
  dark: {
    zero: [23, 28, 37], positive: [98, 178, 245], negative: [243, 155, 78], bad: [110, 110, 110],
    classes: [[243, 155, 78], [98, 178, 245], [79, 201, 170], [245, 127, 169], [215, 190, 80]],
    ink: "#e8eaed", soft: "#b4b9c0", paper: "#16181b", line: "#454a51", grad: "#cbb0ff", accent: "#8ab8ff",
  },
};
const PLAY_SHADES = 128;
/** How strong the strongest colour of a surface is: points on it must stand out. */
const PLAY_STRONGEST = 0.78;

const mixedTone = (from, to, share) => from.map((one, k) => Math.round(one + (to[k] - one) * share));
const toneText = (tone) => `rgb(${tone.join(" ")})`;
const tonePixel = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** The colours of a theme, as pixels of an image and as texts; strong ones are for a projector. */
function makePalette(dark, strong) {
  const tones = { ...PLAY_TONES[dark ? "dark" : "light"] };
  if (strong) [tones.line, tones.soft] = [tones.soft, tones.ink];
  const shades = (to) => Array.from({ length: PLAY_SHADES }, (_, k) => mixedTone(tones.zero, to, (PLAY_STRONGEST * k) / (PLAY_SHADES - 1)));
  const [below, above] = [shades(tones.negative), shades(tones.positive)], signs = [...below.slice(1).reverse(), ...above];
  return {
    ...tones, dark,
    signs: Uint32Array.from(signs, tonePixel), signTexts: signs.map(toneText),
    sure: tones.classes.map((tone) => Uint32Array.from(shades(tone), tonePixel)),
    greys: Uint32Array.from({ length: PLAY_SHADES }, (_, k) => tonePixel(mixedTone(tones.zero, tones.bad, k / (PLAY_SHADES - 1)))),
    bad: tonePixel(tones.bad),
    strong: { positive: toneText(tones.positive), negative: toneText(tones.negative) },
    classTexts: tones.classes.map(toneText),
  };
}

/** The place among the colours of signs of a number from -1 to 1. */
const signPlace = (x) => Math.round((x < -1 ? 0 : x > 1 ? 2 : x + 1) * (PLAY_SHADES - 1));

/** The class of a row of outputs, and how sure it is, from 0 to 1; `at` is where the row begins, `sure` takes both. */
function surestOf(outputs, at, count, isProbability, found) {
  let best = 0;
  for (let k = 1; k < count; k++) if (outputs[at + k] > outputs[at + best]) best = k;
  let p = outputs[at + best];
  if (!isProbability) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += Math.exp(outputs[at + k] - p);
    p = 1 / sum;
  }
  found[0] = best;
  found[1] = (p - 1 / count) / (1 - 1 / count);
  return found;
}

/** An image of a canvas of its own, to be scaled: pixels are written as 32-bit numbers. */
function makeImage() {
  const canvas = make("canvas"), pen = canvas.getContext("2d");
  const image = { canvas, width: 0, height: 0, pixels: null, size, show };
  let held = null;
  function size(width, height) {
    if (width === image.width && height === image.height) return;
    [canvas.width, canvas.height, image.width, image.height] = [width, height, width, height];
    held = pen.createImageData(width, height);
    image.pixels = new Uint32Array(held.data.buffer);
  }
  function show(top = 0, rows = image.height) {
    pen.putImageData(held, 0, 0, 0, top, image.width, rows);
  }
  return image;
}

/** Fits the pixels of a canvas to its size on the page; returns its pen, which counts in pixels of the page. */
function penOf(canvas, width, height) {
  const ratio = Math.min(2, devicePixelRatio || 1), wide = Math.max(1, Math.round(width * ratio)), high = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

/** The outline of a class: circle, square, triangle, diamond, cross. */
function shapePath(pen, kind, x, y, r) {
  pen.beginPath();
  if (kind === 0) pen.arc(x, y, r, 0, 2 * Math.PI);
  else if (kind === 1) pen.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
  else if (kind === 2) poly(pen, x, y, [0, -1.25 * r, 1.15 * r, 0.85 * r, -1.15 * r, 0.85 * r]);
  else if (kind === 3) poly(pen, x, y, [0, -1.3 * r, 1.3 * r, 0, 0, 1.3 * r, -1.3 * r, 0]);
  else {
    const a = 0.42 * r, b = 1.2 * r;
    poly(pen, x, y, [-a, -b, a, -b, a, -a, b, -a, b, a, a, a, a, b, -a, b, -a, a, -b, a, -b, -a, -a, -a]);
  }
}

function poly(pen, x, y, corners) {
  pen.moveTo(x + corners[0], y + corners[1]);
  for (let k = 2; k < corners.length; k += 2) pen.lineTo(x + corners[k], y + corners[k + 1]);
  pen.closePath();
}

/** A point of a class: full if it is trained on, hollow if it is kept to test with. */
function drawPoint(pen, palette, kind, tone, x, y, r, hollow) {
  shapePath(pen, kind, x, y, r);
  pen.fillStyle = hollow ? palette.paper : tone;
  pen.strokeStyle = hollow ? tone : palette.paper;
  pen.lineWidth = hollow ? 1.8 : 1.2;
  pen.fill();
  pen.stroke();
}

/** The line where a surface of side * side numbers is `level`, on a pen, in cells of `cell` pixels. */
function drawLevel(pen, values, side, level, width, height) {
  const sx = width / side, sy = height / side;
  pen.beginPath();
  for (let row = 0; row + 1 < side; row++)
    for (let column = 0; column + 1 < side; column++) {
      const at = row * side + column;
      const a = values[at] - level, b = values[at + 1] - level, c = values[at + side + 1] - level, d = values[at + side] - level;
      if ((a > 0) === (b > 0) && (b > 0) === (c > 0) && (c > 0) === (d > 0)) continue;
      const x = (column + 0.5) * sx, y = (row + 0.5) * sy;
      let pending = false;
      const to = (px, py) => {
        if (pending) pen.lineTo(px, py);
        else pen.moveTo(px, py);
        pending = !pending;
      };
      if ((a > 0) !== (b > 0)) to(x + (sx * a) / (a - b), y);
      if ((b > 0) !== (c > 0)) to(x + sx, y + (sy * b) / (b - c));
      if ((d > 0) !== (c > 0)) to(x + (sx * d) / (d - c), y + sy);
      if ((a > 0) !== (d > 0)) to(x, y + (sy * a) / (a - d));
    }
  pen.stroke();
}

/** Round numbers for the ends of an axis and the middle. */
const tickText = (x) => number(Number(x.toPrecision(2)), 3);

/** A number for a field that shows so many signs: of a longer text the end would be out of sight, be it an exponent. */
function fieldText(x, room = 9) {
  let figures = 6;
  while (figures > 1 && number(x, figures).length > room) figures -= 1;
  return number(x, figures).replace("\u2212", "-");
}

/** Writes a text where it is another: a page that is laid out anew sixty times a second has no time to train. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
