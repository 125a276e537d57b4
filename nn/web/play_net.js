// The network on the stage: a head for each layer, a tile for each neuron, and the lines between them.

/** Makes the part of the network: {element, build(), place()}. */
function makeStage(play) {
  const lines = makeLines(play);
  const tip = make("div", { class: "net-tip", hidden: true });
  const world = make("div", { class: "net-world" }, lines.canvas);
  const field = make("div", { class: "net-box", role: "group", "aria-label": "Network" }, world);
  const layers = make("span", { class: "count" }), title = make("span", { class: "soft" });
  const fewer = make("button", { type: "button", "aria-label": "One hidden layer fewer", onclick: () => change(-1) }, "−");
  const more = make("button", { type: "button", "aria-label": "One hidden layer more", onclick: () => change(1) }, "+");
  const gradients = make("button", { type: "button", class: "toggle", "aria-pressed": "true", onclick: toggle, title: "Violet wedges: where the next step takes a weight" }, "gradients");
  const head = make("div", { class: "net-head" }, make("h2", {}, "Network"), title, make("span", { class: "stepper" }, fewer, layers, more), gradients);
  const legend = make("p", { class: "legend" },
    make("span", {}, make("i", { class: "plus" }), "positive"), make("span", {}, make("i", { class: "minus" }), "negative"), make("span", {}, "wide = large"),
    make("span", { class: "violet" }, "▲▼ the next step raises, lowers it"));
  const element = make("section", { class: "card net", "aria-label": "Network" }, head, field, legend, tip);
  let tiles = [], layout = null, turn = 0, drag = null;

  function toggle() {
    play.shown.gradients = !play.shown.gradients;
    gradients.setAttribute("aria-pressed", play.shown.gradients);
    play.touch("lines");
  }

  /** A hidden layer more before the output, of as many neurons as the one before it; or the last one less. */
  function change(by) {
    const { sizes, activations } = play.machine.state;
    if (by < 0 && sizes.length <= 2) return;
    if (by > 0 && sizes.length > DRAWN_LAYERS) return;
    const [news, acts] = [sizes.slice(), activations.slice()];
    if (by > 0) {
      news.splice(-1, 0, sizes.length > 2 ? Math.min(8, sizes.at(-2)) : 4);
      acts.splice(-1, 0, activations.length > 1 ? activations.at(-2) : "tanh");
    } else {
      news.splice(-2, 1);
      acts.splice(-2, 1);
    }
    play.restructure({ sizes: news, activations: acts });
  }

  function resize(k, by) {
    const sizes = play.machine.state.sizes.slice();
    sizes[k] += by;
    if (sizes[k] >= 1 && sizes[k] <= DRAWN_NEURONS) play.restructure({ sizes });
  }

  function headOf(column, k) {
    const { sizes, activations } = play.machine.state, last = sizes.length - 1;
    const box = make("div", { class: "layer-head", role: "group", "aria-label": k === last ? "Output layer" : `Hidden layer ${k}`, style: `left:${column.middle}px` });
    if (k === 0) {
      box.setAttribute("aria-label", "Inputs");
      box.append(make("span", {}, play.data.image ? "image" : sizes[0] === 1 ? "input" : `${sizes[0]} inputs`));
    } else if (k === last) box.append(make("span", {}, sizes[k] === 1 ? "output" : `${sizes[k]} outputs`), make("span", { class: "soft" }, activations[k - 1]));
    else {
      const button = (text, by) => make("button", { type: "button", "data-key": `${k} ${by}`, "aria-label": `${by < 0 ? "One neuron fewer" : "One neuron more"} in layer ${k}`, onclick: () => resize(k, by) }, text);
      const select = make("select", { "data-key": `g ${k}`, "aria-label": `Activation of layer ${k}`, onchange: () => play.restructure({ activations: activations.map((one, at) => (at === k - 1 ? select.value : one)) }) }, ...play.choices().activations.map((name) => make("option", { selected: name === activations[k - 1] }, name)));
      box.append(make("span", { class: "stepper" }, button("−", -1), make("b", {}, String(sizes[k])), button("+", 1)), select);
    }
    return box;
  }

  function tileOf(column, k, i) {
    const [x, y] = column.place(i), { tile } = column, first = k === 0;
    const canvas = make("canvas", { "aria-hidden": "true" });
    const style = `left:${x - tile / 2}px;top:${y - tile / 2}px;width:${tile}px;height:${tile}px`;
    const focus = (on) => play.look(on ? { k: k - 1, i } : null);
    const button = make("button", {
      type: "button", class: "tile", style, "data-key": `t ${k} ${i}`, "aria-label": first ? `Input ${play.data.columns[i]}` : play.words(k - 1, -1, i).replace(/^bias of /, ""),
      onclick: () => (first ? play.look({ k: -1, i }) : play.choose({ k: k - 1, j: -1, i }, "neuron")), onpointerenter: () => focus(true), onpointerleave: () => focus(false),
      onfocus: () => focus(true), onblur: () => focus(false), onkeydown: (event) => walk(event, k, i),
    }, canvas);
    const value = column.spacing >= tile + (first ? 30 : 14) && column.across === 1 ? make("span", { class: "tile-value", style: `left:${x - tile / 2}px;top:${y + tile / 2}px` }) : null;
    const name = first && column.across === 1 && column.spacing >= tile + 16 ? make("span", { class: "tile-name", style: `left:${x - tile / 2}px;top:${y - tile / 2 - 17}px` }, symbol(play.data.columns[i])) : null;
    return { k, i, canvas, button, value, name, image: makeImage(), tile };
  }

  /** Arrow keys go from tile to tile. */
  function walk(event, k, i) {
    const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const column = layout.columns[k + way[0]];
    if (!column) return;
    const next = way[0] ? Math.min(column.n - 1, Math.floor((i * column.n) / layout.columns[k].n)) : i + way[1];
    tiles.find((one) => one.k === k + way[0] && (one.i === next || column.pixels))?.button.focus();
  }

  function build() {
    const key = play.shadow.activeElement?.dataset.key;
    const { sizes } = play.machine.state;
    layout = layoutNetwork(sizes, field.clientWidth, Math.max(190, field.clientHeight - (field.scrollWidth > field.clientWidth ? 10 : 0)), play.data.image);
    lines.place(layout);
    tiles = [];
    layout.columns.forEach((column, k) => {
      if (column.pixels) tiles.push(pixelTile(column));
      else for (let i = 0; i < column.n; i++) tiles.push(tileOf(column, k, i));
    });
    world.classList.toggle("lean", field.clientWidth < 420);
    world.style.cssText = `width:${layout.width}px;height:${layout.height}px`;
    world.replaceChildren(lines.canvas, ...layout.columns.map(headOf), ...tiles.flatMap((one) => [one.button, one.value, one.name].filter(Boolean)));
    lines.canvas.style.cssText = `width:${layout.width}px;height:${layout.height}px`;
    const total = play.machine.W.reduce((sum, one, k) => sum + one.length + play.machine.b[k].length, 0);
    title.textContent = `${total.toLocaleString("en")} weights and biases`;
    layers.textContent = sizes.length === 3 ? "1 hidden layer" : `${sizes.length - 2} hidden layers`;
    fewer.disabled = sizes.length <= 2;
    more.disabled = sizes.length > DRAWN_LAYERS;
    turn = 0;
    if (key) [...play.root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
    play.touch("lines", "surface", "values");
  }

  function pixelTile(column) {
    const style = `left:${column.left}px;top:${column.top}px;width:${column.width}px;height:${column.tile * column.rows}px`;
    const button = make("button", { type: "button", class: "tile pixels", style, "aria-label": "The image", "data-key": "t 0 0", onclick: () => play.open("image"), onkeydown: (event) => walk(event, 0, 0) }, make("canvas", { "aria-hidden": "true" }));
    return { k: 0, i: 0, canvas: button.firstChild, button, value: null, name: null, image: makeImage(), tile: column.width };
  }

  /** Paints tiles in turn, as many as the time allows; true if all are done. */
  function paintTiles(grid) {
    const end = performance.now() + (play.running ? PLAY_TILES : 40), count = tiles.length;
    for (let n = 0; n < count; n++) {
      const tile = tiles[(turn + n) % count];
      paintTile(tile, grid);
      if (n % 4 === 3 && performance.now() > end) {
        turn = (turn + n + 1) % count;
        return false;
      }
    }
    return true;
  }

  function paintTile({ k, i, canvas, image, tile }, grid) {
    const { palette, data } = play;
    if (data.image) return paintImageTile(play, k, i, canvas, image, layout.columns[k]);
    const h = k ? grid.layers[k - 1].h : grid.X, step = k ? play.machine.state.sizes[k] : data.d;
    const pen = penOf(canvas, tile, tile);
    if (grid.isLine()) return paintCurve(pen, palette, h, i, step, grid.count, tile, tile);
    paintSurface(image, palette, h, i, step, grid.side);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image.canvas, 0, 0, tile, tile);
  }

  /** What the chosen sample gives in each neuron, and which of them is asked about. */
  function paintValues() {
    const found = play.sampleLayers();
    for (const { k, i, value, button } of tiles) {
      button.classList.toggle("asked", k > 0 && play.ask.k === k - 1 && play.ask.i === i);
      if (value) put(value, found ? shortNumber(k ? found[k - 1].h[i] : play.sampleRow()[i], 6) : "");
    }
  }

  // ---- The pointer on the lines ----
  const point = (event) => {
    const box = lines.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  lines.canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      if (!drag.moved && Math.abs(event.clientX - drag.x) < 4) return;
      if (!drag.moved) play.remember("drag");
      drag.moved = play.dragging = true;
      return void play.set(drag.found, Number((drag.value + (event.shiftKey ? 0.1 : 0.01) * (event.clientX - drag.x)).toPrecision(12)));
    }
    const found = lines.at(...point(event)), before = lines.hover;
    lines.hover = found;
    lines.canvas.style.cursor = found ? (found.port ? "ew-resize" : "pointer") : "";
    if (found?.k !== before?.k || found?.j !== before?.j || found?.i !== before?.i) play.touch("lines", "tip");
    if (found) [tip.style.left, tip.style.top] = placeTip(event);
  });
  const placeTip = (event) => {
    const box = element.getBoundingClientRect();
    return [`${Math.max(4, Math.min(box.width - 216, event.clientX - box.left + 14))}px`, `${event.clientY - box.top + 16}px`];
  };
  lines.canvas.addEventListener("pointerleave", () => ((lines.hover = null), play.touch("lines", "tip")));
  lines.canvas.addEventListener("pointerdown", (event) => {
    const found = lines.at(...point(event));
    if (!found || event.button) return;
    play.choose(found, "weight");
    if (!found.port || event.pointerType === "touch") return;
    drag = { found, x: event.clientX, value: play.machine.get(found.k, found.j, found.i), moved: false };
    lines.canvas.setPointerCapture(event.pointerId);
  });
  for (const kind of ["pointerup", "pointercancel"]) lines.canvas.addEventListener(kind, () => ((drag = null), (play.dragging = false), play.touch("surface")));

  /** The number under the pointer, live while the network trains. */
  function paintTip() {
    const found = lines.hover;
    tip.hidden = !found;
    if (!found) return;
    const g = play.gradientAt(found.k, found.j, found.i);
    tip.replaceChildren(symbol(play.nameOf(found.k, found.j, found.i)), ` = ${number(play.machine.get(found.k, found.j, found.i), 4)}`, make("br"), make("span", { class: "violet" }, `gradient ${number(g, 3)}`), make("br"), make("small", {}, play.words(found.k, found.j, found.i)));
    if (play.running) play.touch("tip");
  }

  play.addJob({ name: "lines", element, every: 0, rest: 4, paint: lines.paint });
  play.addJob({ name: "tip", element, every: 100, rest: 10, paint: paintTip });
  play.addJob({ name: "values", element, every: 120, rest: 8, paint: paintValues });
  new ResizeObserver(() => play.machine && field.clientWidth && build()).observe(field);
  return { element, build, paintTiles, field };
}

const DRAWN_LAYERS = 8, DRAWN_NEURONS = 128;
