// The network on the stage: a head for each layer, a tile for each neuron, and the lines between them.

/** Makes the part of the network: {element, build(), place()}. */
function makeStage(play) {
  const lines = makeLines(play), pictures = make("canvas.net-tiles", { "aria-hidden": "true" }), atlas = makeImage();
  const tip = make("div.net-tip", { hidden: true });
  const world = make("div.net-world", {});
  const field = make("div.net-box", { role: "group", aria: "Network; arrow keys go from neuron to neuron" }, world);
  const layers = make("span.count", {}), title = make("span.soft", {});
  const fewer = make("button", { aria: "One hidden layer fewer", onclick: () => change(-1) }, "−");
  const more = make("button", { aria: "One hidden layer more", onclick: () => change(1) }, "+");
  const gradients = make("button.toggle", { "aria-pressed": "true", onclick: toggle, title: "Violet wedges: where the next step takes a weight" }, "gradients");
  const every = make("select", { aria: "Activation of all hidden layers", onchange: () => every.value && play.restructure({ activations: play.machine.state.activations.map((one, k, all) => (k + 1 < all.length ? every.value : one)) }) });
  const head = make("div.net-head", {}, make("h2", {}, "Network"), title, make("span.stepper", {}, fewer, layers, more), every, gradients);
  const pale = make("span"), means = make("div.row.means", { role: "group", aria: "Mean gradient by layer", title: "The mean of the sizes of the gradients of a layer's weights; bars on a log scale from 10⁻⁸ to 1" });
  const legend = make("p.legend", {},
    make("span", {}, make("i.plus", {}), "positive"), make("span", {}, make("i.minus", {}), "negative"), make("span", {}, "wide = large"), pale,
    make("span.violet", {}, "▲▼ next step: up, down"));
  const row = make("div.row.layer-row", { role: "group", aria: "The chosen layer", hidden: true });
  const element = make("section.card.net", { aria: "Network" }, head, field, row, legend, means, tip);
  let tiles = [], ranges = [], layout = null, turn = 0, drag = null, seen = [0, 0], chosen = 1;

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
    const box = make("div.layer-head", { role: "group", aria: k === last ? "Output layer" : `Hidden layer ${k}`, style: `left:${column.middle}px` });
    if (k === 0) {
      box.setAttribute("aria-label", "Inputs");
      box.append(make("span", {}, play.data.image ? "image" : sizes[0] === 1 ? "input" : `${sizes[0]} inputs`));
    } else if (k === last) box.append(make("span", {}, sizes[k] === 1 ? "output" : `${sizes[k]} outputs`), make("span.soft", {}, activations[k - 1]));
    else {
      if (!isLean()) box.append(...controlsOf(k));
      else box.append(make("button", { "data-key": `l ${k}`, "aria-pressed": String(k === chosen), aria: `Layer ${k}: ${sizes[k]} neurons, ${activations[k - 1]}`, onclick: () => ((chosen = k), build()) }, make("b", {}, String(sizes[k])), make("span", {}, activations[k - 1])));
    }
    return box;
  }

  /** What changes a hidden layer: its neurons and its activation. */
  function controlsOf(k) {
    const { sizes, activations } = play.machine.state;
    const button = (text, by) => make("button", { "data-key": `${k} ${by}`, aria: `${by < 0 ? "One neuron fewer" : "One neuron more"} in layer ${k}`, onclick: () => resize(k, by) }, text);
    const select = make("select", { "data-key": `g ${k}`, aria: `Activation of layer ${k}`, onchange: () => play.restructure({ activations: activations.map((one, at) => (at === k - 1 ? select.value : one)) }) }, ...play.choices().activations.map((name) => make("option", { selected: name === activations[k - 1] }, name)));
    return [make("span.stepper", {}, button("−", -1), make("b", {}, String(sizes[k])), button("+", 1)), select];
  }
  // Where heads have no room for thumbs, the controls of the chosen layer stand below.
  const isLean = () => field.clientWidth < LEAN_WIDTH;
  function fillRow() {
    const hidden = play.machine.state.sizes.length - 2;
    chosen = Math.max(1, Math.min(chosen, hidden));
    row.hidden = !isLean() || !hidden;
    row.replaceChildren(...(row.hidden ? [] : [make("span", {}, `layer ${chosen}`), ...controlsOf(chosen)]));
  }

  function tileOf(column, k, i) {
    const [x, y] = column.place(i), { tile } = column, first = k === 0;
    const style = `left:${x - tile / 2}px;top:${y - tile / 2}px;width:${tile}px;height:${tile}px`;
    const focus = (on) => play.look(on ? { k: k - 1, i } : null);
    const button = make("button", {
      class: "tile", style, "data-key": `t ${k} ${i}`, aria: first ? `Input ${play.data.columns[i]}` : play.words(k - 1, -1, i).replace(/^bias of /, ""),
      onclick: () => (first ? play.look({ k: -1, i }) : play.choose({ k: k - 1, j: -1, i }, "neuron")), onpointerenter: () => focus(true), onpointerleave: () => focus(false),
      onfocus: () => (focus(true), rove(k, i)), onblur: () => focus(false), onkeydown: (event) => walk(event, k, i),
    });
    const value = column.spacing >= tile + (first ? 30 : 14) * play.scale() && column.across === 1 ? make("span.tile-value", { style: `left:${x - tile / 2}px;top:${y + tile / 2}px` }) : null;
    const name = first && column.across === 1 && column.spacing >= tile + 16 * play.scale() ? make("span.tile-name", { style: `left:${x - tile / 2}px;top:${y - tile / 2 - 17 * play.scale()}px` }, symbol(play.data.columns[i])) : null;
    return { k, i, button, value, name, left: x - tile / 2, top: y - tile / 2, wide: tile, high: tile };
  }

  /** One tile alone is a stop of the Tab key: a hundred would be a wall. */
  function rove(k, i) {
    for (const one of tiles) one.button.tabIndex = one.k === k && one.i === i ? 0 : -1;
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
    const { sizes, activations } = play.machine.state;
    layout = layoutNetwork(sizes, field.clientWidth, Math.max(170, field.clientHeight - (field.scrollWidth > field.clientWidth ? 10 : 0)), play.data.image, play.scale());
    lines.place(layout);
    fillRow();
    tiles = [];
    pictures.width = 0;
    layout.columns.forEach((column, k) => {
      if (column.pixels) tiles.push(pixelTile(column));
      else for (let i = 0; i < column.n; i++) tiles.push(tileOf(column, k, i));
    });
    rove(play.ask.k + 1, play.ask.i);
    world.classList.toggle("lean", isLean());
    world.style.cssText = `width:${layout.width}px;height:${layout.height}px`;
    world.replaceChildren(lines.canvas, pictures, ...layout.columns.map(headOf), ...tiles.flatMap((one) => [one.button, one.value, one.name].filter(Boolean)));
    for (const one of [lines.canvas, pictures]) one.style.cssText = `width:${layout.width}px;height:${layout.height}px`;
    seen = [field.scrollLeft, field.clientWidth];
    const total = play.machine.W.reduce((sum, one, k) => sum + one.length + play.machine.b[k].length, 0);
    title.textContent = `${total.toLocaleString("en")} weights and biases`;
    layers.textContent = sizes.length === 3 ? "1 hidden layer" : `${sizes.length - 2} hidden layers`;
    fewer.disabled = sizes.length <= 2;
    more.disabled = sizes.length > DRAWN_LAYERS;
    const hidden = new Set(activations.slice(0, -1)), alike = hidden.size === 1;
    every.hidden = sizes.length < 4;
    every.replaceChildren(...(alike ? [] : [make("option", { value: "" }, "different g")]), ...play.choices().activations.map((name) => make("option", { value: name, selected: alike && hidden.has(name) }, `all ${name}`)));
    ranges = layout.columns.map((_, k) => toneRange(play, k - 1));
    const shares = [...new Set(activations.filter(isShare))];
    put(pale, play.data.image || play.data.d === 1 ? "" : `no colour = 0${shares.length ? `, of ${shares.join(" and ")} ½` : ""}`);
    means.hidden = sizes.length < 3;
    means.replaceChildren(make("span", {}, "mean gradient of layer"), ...activations.map((_, k) => make("button.violet", { "data-key": `m ${k}`, onclick: () => play.choose({ k, j: Math.min(play.ask.j, sizes[k] - 1), i: Math.min(play.ask.i, sizes[k + 1] - 1) }, "weight") }, make("span", {}, `${k + 1}: `), make("i"))));
    turn = 0;
    if (key) [...play.root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key)?.focus();
    play.touch("lines", "surface", "values", "means");
  }

  function pixelTile(column) {
    const style = `left:${column.left}px;top:${column.top}px;width:${column.width}px;height:${column.tile * column.rows}px`;
    const button = make("button.tile.pixels", { style, aria: "The image", "data-key": "t 0 0", onclick: () => play.open("image"), onkeydown: (event) => walk(event, 0, 0) });
    return { k: 0, i: 0, button, value: null, name: null, left: column.left, top: column.top, wide: column.width, high: column.tile * column.rows };
  }

  /**
   * Paints tiles in turn, as many as the time allows; true if all are done. All are on one canvas, and their pixels in one
   * image: a browser needs longer for a hundred canvases than for a hundred pictures.
   */
  function paintTiles(grid) {
    const end = performance.now() + (play.running ? PLAY_TILES : 40), { image } = play.data;
    const visible = tiles.filter((one) => one.left < seen[0] + seen[1] && one.left + one.wide > seen[0]), count = visible.length;
    const skip = !image && grid.side > 2 * NET_LOOK.least ? 2 : 1, cell = image ? Math.max(...image) : Math.ceil(grid.side / skip);
    const across = Math.min(count, 32), pen = penOf(pictures, layout.width, layout.height);
    atlas.size(across * cell, cell * Math.ceil(count / across));
    let n = 0;
    const drawn = [];
    do {
      const at = (turn + n) % count, tile = visible[at], { left, top, wide, high } = tile;
      if (!image && grid.isLine()) {
        pen.save();
        pen.translate(left, top);
        paintCurve(pen, play.palette, ...outputOf(tile, grid), grid.count, wide, high);
        pen.restore();
      } else drawn.push([at, paintTile(tile, grid, cell * Math.floor(at / across) * atlas.width + cell * (at % across), skip)]);
      n += 1;
    } while (n < count && (n % 4 || performance.now() < end));
    if (drawn.length) {
      const rows = drawn.map(([at]) => Math.floor(at / across)), first = Math.min(...rows);
      atlas.show(cell * first, cell * (Math.max(...rows) - first + 1));
    }
    pen.imageSmoothingEnabled = !image;
    for (const [at, [w, h]] of drawn) {
      const { left, top, wide, high } = visible[at];
      pen.drawImage(atlas.canvas, cell * (at % across), cell * Math.floor(at / across), w, h, left, top, wide, high);
    }
    turn = (turn + n) % count;
    return n === count;
  }

  /** What a neuron answers on the grid: all numbers, where its own begin, and how far they stand apart. */
  const outputOf = ({ k, i }, grid) => [k ? grid.layers[k - 1].h : grid.X, i, k ? play.machine.state.sizes[k] : play.data.d];

  /** Writes a tile into the atlas; returns how wide and how high it is there. */
  function paintTile(tile, grid, place, skip) {
    if (play.data.image) return paintImageTile(play, tile.k, tile.i, atlas, place);
    paintSurface(atlas, play.palette, ranges[tile.k], ...outputOf(tile, grid), grid.side, place, skip);
    const side = Math.ceil(grid.side / skip);
    return [side, side];
  }

  /** What the chosen sample gives in each neuron, and which of them is asked about. */
  function paintValues() {
    const found = play.sampleLayers();
    for (const { k, i, value, button } of tiles) {
      button.classList.toggle("asked", k > 0 && play.ask.k === k - 1 && play.ask.i === i);
      if (value) put(value, found ? shortNumber(k ? found[k - 1].h[i] : play.sampleRow()[i], 6) : "");
    }
  }

  /** How large the gradients of each layer are: where they vanish, its weights cannot learn. */
  function paintMeans() {
    const sizes = play.gradients().W.map((w) => w.reduce((sum, g) => sum + Math.abs(g), 0) / w.length);
    sizes.forEach((x, k) => {
      const [text, bar] = means.children[k + 1].children;
      refill(text, `${k + 1}: `, ...digits(x, [], 1));
      bar.style.transform = `scaleX(${Math.max(0, Math.min(1, 1 + Math.log10(x || 1e-99) / 8))})`;
    });
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
    tip.replaceChildren(symbol(play.nameOf(found.k, found.j, found.i)), ` = ${number(play.machine.get(found.k, found.j, found.i), 4)}`, make("br"), make("span.violet", {}, "gradient ", ...digits(g, [], 3)), make("br"), make("small", {}, play.words(found.k, found.j, found.i)));
    if (play.running) play.touch("tip");
  }

  play.addJob({ name: "lines", element, every: 30, rest: 4, paint: lines.paint });
  play.addJob({ name: "tip", element, every: 100, rest: 10, paint: paintTip });
  play.addJob({ name: "means", element, every: 250, rest: 10, paint: paintMeans });
  field.addEventListener("scroll", () => ((seen = [field.scrollLeft, field.clientWidth]), play.touch("surface")), { passive: true });
  new ResizeObserver(() => play.machine && field.clientWidth && build()).observe(field);
  return { element, build, paintTiles, paintValues, field };
}

const DRAWN_LAYERS = 8, DRAWN_NEURONS = 128;
