// Images: one is drawn with the mouse, the classes answer as bars, and the gradient shows on the pixels.

const imageRanges = new WeakMap();

/** How dark a pixel of an image is, from 0 to 1, whatever its numbers mean. */
function pixelShare(set, x) {
  const [low, high] = imageRange(set);
  return (x - low) / (high - low);
}
function imageRange(set) {
  if (!imageRanges.has(set)) {
    let [low, high] = [Infinity, -Infinity];
    for (const x of set.X) [low, high] = [Math.min(low, x), Math.max(high, x)];
    imageRanges.set(set, high > low ? [low, high] : [0, 1]);
  }
  return imageRanges.get(set);
}

/** Writes numbers into an image at a place: their sign as colour if they have one, else how dark they are. */
function paintPixels(image, palette, wide, high, share, place = 0) {
  for (let row = 0, k = 0; row < high; row++)
    for (let column = 0; column < wide; column++, k++) image.pixels[place + row * image.width + column] = palette.signs[signPlace(share(k))];
}

/**
 * Writes the tile of a neuron of images: the image itself, the weights of the first layer, or how strongly it answers.
 * Returns how wide and how high it is.
 */
function paintImageTile(play, k, i, image, place) {
  const { palette, data, machine } = play, [high, wide] = data.image;
  if (k === 0) paintPixels(image, palette, wide, high, (at) => pixelShare(data, play.sample.x[at]), place);
  else if (k === 1) {
    const w = machine.W[0], outs = machine.b[0].length;
    let largest = 1e-9;
    for (let at = 0; at < high * wide; at++) largest = Math.max(largest, Math.abs(w[at * outs + i]));
    paintPixels(image, palette, wide, high, (at) => w[at * outs + i] / largest, place);
  } else {
    const h = play.sampleLayers()[k - 1].h, largest = h.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
    paintPixels(image, palette, 1, 1, () => h[i] / largest, place);
  }
  return k > 1 ? [1, 1] : [wide, high];
}

/** Makes the part of images in place of the plane: {element, layout()}. */
function makeImagePart(play) {
  const canvas = make("canvas", { tabindex: 0, role: "img", aria: "Image" }), slopes = make("canvas", { role: "img", aria: "Gradient of the loss on each pixel" }), title = make("h2", {}, "Image");
  const meant = make("select", { aria: "The class that is meant", onchange: () => ((play.sample.y = Number(meant.value)), fresh()) });
  const bars = make("div.bars", { role: "list", aria: "Probabilities" }), told = make("p.readout", {});
  const button = (text, label, onclick) => make("button", { aria: label, onclick }, text);
  const move = (by) => play.pick((Math.max(0, play.sample.row) + by + play.data.n) % play.data.n);
  const element = make("section.card.image", { aria: "Image", hidden: true },
    make("div.net-head", {}, title, button("‹", "Image before", () => move(-1)), button("›", "Next image", () => move(1)), button("clear", "Clear, to draw one", clear)),
    make("div.pads", {}, make("figure", {}, canvas, make("figcaption", {}, "draw here")), make("figure.violet", {}, slopes, make("figcaption", {}, "gradient on the pixels"))),
    make("label.setting", {}, make("span", {}, "meant"), meant), bars, told);
  const image = makeImage(), slopeImage = makeImage();
  let rows = [], spot = 0;

  function fresh() {
    play.version += 1;
    play.touch("image", "values", "surface", "neuron");
  }
  function own() {
    if (play.sample.row >= 0) play.sample = { row: -1, x: play.sample.x.slice(), y: play.sample.y };
  }
  function clear() {
    own();
    play.sample.x.fill(imageRange(play.data)[0]);
    fresh();
  }
  /** Makes a pixel dark, and its neighbours a little. */
  function ink(column, row, strength = 1) {
    const [high, wide] = play.data.image, [low, most] = imageRange(play.data);
    own();
    for (const [dx, dy, share] of [[0, 0, 1], [1, 0, 0.3], [-1, 0, 0.3], [0, 1, 0.3], [0, -1, 0.3]]) {
      const x = column + dx, y = row + dy;
      if (x < 0 || y < 0 || x >= wide || y >= high) continue;
      const at = y * wide + x, darker = play.sample.x[at] + strength * share * (most - low);
      play.sample.x[at] = Math.max(low, Math.min(most, strength < 0 && share < 1 ? play.sample.x[at] : darker));
    }
    fresh();
  }
  let before = -1;
  const cellOf = (event) => {
    const box = canvas.getBoundingClientRect(), [high, wide] = play.data.image;
    return [Math.floor(((event.clientX - box.left) / box.width) * wide), Math.floor(((event.clientY - box.top) / box.height) * high)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    before = -1;
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && draw(event));
  function draw(event) {
    const [column, row] = cellOf(event), at = row * 100 + column;
    if (at !== before) ink(column, row, event.shiftKey ? -1 : 1);
    before = at;
  }
  canvas.addEventListener("keydown", (event) => {
    const [high, wide] = play.data.image, way = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
    if (!way && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (way) spot = (spot + way + high * wide) % (high * wide);
    else ink(spot % wide, Math.floor(spot / wide));
    play.touch("image");
  });

  function paint() {
    const { data, palette, sample } = play;
    if (!data.image) return;
    const [high, wide] = data.image, size = canvas.clientWidth;
    if (!size) return;
    for (const [place, picture, share] of [[canvas, image, (at) => pixelShare(data, sample.x[at])], [slopes, slopeImage, slopeShare()]]) {
      const pen = penOf(place, size, size);
      picture.size(wide, high);
      paintPixels(picture, palette, wide, high, share);
      picture.show();
      pen.imageSmoothingEnabled = false;
      pen.drawImage(picture.canvas, 0, 0, size, size);
    }
    if (play.shadow.activeElement === canvas) {
      const pen = penOf(canvas, size, size), cell = size / wide;
      pen.strokeStyle = palette.accent;
      pen.lineWidth = 2;
      pen.strokeRect((spot % wide) * cell, Math.floor(spot / wide) * cell, cell, cell);
    }
    tell();
  }
  function slopeShare() {
    const { dx } = play.sampleLayers()[0], largest = dx ? dx.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-300) : 1;
    return (at) => (dx ? dx[at] / largest : 0);
  }

  function tell() {
    const { data, sample } = play, p = play.machine.predict(sample.x, 1), best = p.indexOf(Math.max(...p)), one = p.length === 1;
    rows.forEach(({ bar, text, row }, k) => {
      const share = one ? (k ? p[0] : 1 - p[0]) : p[k];
      bar.style.width = `${(100 * share).toFixed(1)}%`;
      text.textContent = `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
      row.classList.toggle("best", one ? (k === 1) === p[0] > 0.5 : k === best);
    });
    meant.value = sample.y;
    const name = data.classes[one ? Number(p[0] > 0.5) : best], loss = play.sampleLayers()[0].loss;
    title.textContent = sample.row >= 0 ? `Image ${sample.row + 1} of ${data.n}` : "Your own image";
    told.textContent = `J = ${number(loss, 3)}; blue: darker raises J`;
    canvas.setAttribute("aria-label", `${title.textContent}, meant as ${data.classes[sample.y]}, answered ${name}; arrow keys move, Enter draws`);
  }

  function layout() {
    const { data } = play;
    element.hidden = !data.image;
    if (!data.image) return;
    spot = 0;
    meant.replaceChildren(...data.classes.map((name, k) => make("option", { value: k }, name)));
    rows = data.classes.map((name) => {
      const bar = make("i"), text = make("b"), row = make("div.bar-row", { role: "listitem" }, make("span", {}, name.slice(0, 12)), make("span.rail", {}, bar), text);
      return { bar, text, row };
    });
    bars.replaceChildren(...rows.map((one) => one.row));
    play.touch("image");
  }
  play.addJob({ name: "image", element, every: 60, rest: 5, paint });
  return { element, layout };
}
