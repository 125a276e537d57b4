// What the network answers: the plane of two inputs with the points, or the curve over one.

/** Makes the part of the output: {element, layout()}. */
function makeOutput(play) {
  const surface = make("canvas", { "aria-hidden": "true" }), points = make("canvas.points", { tabindex: 0, role: "img", aria: "Answers of the network" });
  const title = make("h2"), axes = make("div.axes", {}), read = make("p.readout", { "aria-live": "off" });
  const key = make("p.legend", {}), low = make("span.tick", {}), high = make("span.tick", {});
  const plane = make("div.plane", {}, surface, points), ticks = make("div.ticks", {}, low, high);
  const test = make("button.toggle", { "aria-pressed": "true", onclick: toggle, title: "Hollow points are kept to test with" }, "test points");
  const element = make("section.card.output", { aria: "Output" }, make("div.net-head", {}, title, test), axes, plane, ticks, read, key);
  const image = makeImage();
  let values = new Float64Array(0), pointer = null;

  function toggle() {
    play.shown.test = !play.shown.test;
    test.setAttribute("aria-pressed", play.shown.test);
    play.touch("points");
  }

  // ---- From inputs to pixels and back ----
  const ranges = () => play.grid.ranges;
  const horizontal = () => ranges()[play.shown.axes[0]];
  function vertical() {
    if (play.data.d > 1) return ranges()[play.shown.axes[1]];
    const { low: least, high: most } = play.targets, room = 0.25 * (most - least) || 1;
    return [least - room, most + room];
  }
  const place = ([from, to], x, size) => ((x - from) / (to - from)) * size;
  const spot = (x, y) => [place(horizontal(), x, plane.clientWidth), plane.clientHeight - place(vertical(), y, plane.clientHeight)];
  const back = (px, py) => {
    const [a, b] = [horizontal(), vertical()];
    return [a[0] + (px / plane.clientWidth) * (a[1] - a[0]), b[1] - (py / plane.clientHeight) * (b[1] - b[0])];
  };

  function paintPlane() {
    const { grid, palette, data } = play, width = plane.clientWidth, height = plane.clientHeight;
    if (!width || data.image || !grid.ready) return;
    const pen = penOf(surface, width, height), peek = play.peek, kind = outputKind(play);
    if (kind === "line") return paintLine(pen, width, height, peek);
    const { side, layers } = grid;
    if (values.length !== side * side) values = new Float64Array(side * side);
    if (peek) {
      const h = peek.k < 0 ? grid.X : layers[peek.k].h, step = peek.k < 0 ? data.d : play.machine.state.sizes[peek.k + 1];
      image.size(side, side);
      const range = toneRange(play, peek.k);
      paintSurface(image, palette, range, h, peek.i, step, side);
      image.show();
      for (let k = 0; k < side * side; k++) values[k] = h[k * step + peek.i] - range.middle;
    } else paintOutput(image, palette, play, layers.at(-1).h, side, values);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image.canvas, 0, 0, width, height);
    pen.strokeStyle = palette.ink;
    pen.lineWidth = 1.6;
    if (peek) drawLevel(pen, values, side, 0, width, height);
    else if (kind === "sign") drawLevel(pen, values, side, 0, width, height);
    else if (kind === "sure") drawBorders(pen, layers.at(-1).h, side, play.outputs(), width, height);
  }

  /** Where the answer changes from a class to another: where its output is as large as the largest of the others. */
  function drawBorders(pen, h, side, count, width, height) {
    for (let label = 0; label < count; label++) {
      for (let k = 0; k < side * side; k++) {
        let other = -Infinity;
        for (let c = 0; c < count; c++) if (c !== label && h[k * count + c] > other) other = h[k * count + c];
        values[k] = h[k * count + label] - other;
      }
      drawLevel(pen, values, side, 0, width, height);
    }
  }

  function paintLine(pen, width, height, peek) {
    const { grid, palette } = play, count = grid.count;
    const h = peek && peek.k >= 0 ? grid.layers[peek.k].h : grid.layers.at(-1).h, step = peek && peek.k >= 0 ? play.machine.state.sizes[peek.k + 1] : play.outputs();
    pen.fillStyle = palette.paper;
    pen.fillRect(0, 0, width, height);
    const zero = spot(0, 0)[1];
    pen.strokeStyle = palette.line;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(0, zero);
    pen.lineTo(width, zero);
    pen.stroke();
    pen.strokeStyle = peek ? palette.grad : palette.accent;
    pen.lineWidth = 3;
    pen.beginPath();
    for (let k = 0; k < count; k++) {
      const y = h[k * step + (peek ? peek.i : 0)];
      if (Number.isFinite(y)) pen.lineTo((k / (count - 1)) * width, height - place(vertical(), y, height));
    }
    pen.stroke();
  }

  function paintPoints() {
    const { data, palette } = play, width = plane.clientWidth, height = plane.clientHeight;
    if (!width || data.image) return;
    const pen = penOf(points, width, height), many = data.n > 500, r = play.scale() * (many ? 2.6 : width < 250 ? 3.4 : 4.4);
    pen.clearRect(0, 0, width, height);
    for (const [set, hollow] of play.shown.test ? [[data.test, true], [data, false]] : [[data, false]])
      for (let row = 0; row < set.n; row++) {
        const [x, y] = spotOf(set, row), label = set.y[row];
        const tone = data.classes ? toneOf(label) : data.d === 1 ? palette.ink : palette.signTexts[signPlace((label - play.targets.middle) / play.targets.half)];
        drawPoint(pen, palette, data.classes ? label : 0, tone, x, y, r, hollow && data.d !== 1 ? data.classes : hollow);
        if (!data.classes && data.d > 1) outline(pen, x, y, r, hollow);
      }
    const { row } = play.sample;
    if (row < 0 || row >= data.n) return;
    const [x, y] = spotOf(data, row);
    pen.strokeStyle = palette.grad;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(x, y, r + 5, 0, 2 * Math.PI);
    pen.stroke();
  }
  function outline(pen, x, y, r, hollow) {
    pen.strokeStyle = hollow ? play.palette.paper : play.palette.ink;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.stroke();
  }
  const toneOf = (label) => play.palette.classTexts[label % play.palette.classTexts.length];
  const spotOf = (set, row) => {
    const { data, shown } = play, at = row * data.d;
    return data.d === 1 ? spot(set.X[at], set.y[row]) : spot(set.X[at + shown.axes[0]], set.X[at + shown.axes[1]]);
  };

  // ---- The pointer: read the surface, choose a point, or add one ----
  const at = (event) => {
    const box = points.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function nearest(px, py) {
    let best = 18, found = -1;
    for (let row = 0; row < play.data.n; row++) {
      const [x, y] = spotOf(play.data, row), far = Math.hypot(x - px, y - py);
      if (far < best) [best, found] = [far, row];
    }
    return found;
  }
  points.addEventListener("pointermove", (event) => ((pointer = at(event)), play.touch("values")));
  points.addEventListener("pointerleave", () => ((pointer = null), play.touch("values")));
  points.addEventListener("click", (event) => {
    const [px, py] = at(event);
    if (play.drawing !== null) return play.addPoint(back(px, py));
    const row = nearest(px, py);
    if (row >= 0) play.pick(row);
  });
  points.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way || !play.data.n) return;
    event.preventDefault();
    event.stopPropagation();
    play.pick((play.sample.row + way + play.data.n) % play.data.n);
  });

  const own = (x, column) => (play.data.scale ? x * play.data.scale.spread[column] + play.data.scale.mean[column] : x);
  function paintReadout() {
    const { data, shown } = play;
    if (data.image) return void (read.textContent = "");
    const x = pointer ? back(...pointer) : [play.sample.x[shown.axes[0]], data.d > 1 ? play.sample.x[shown.axes[1]] : play.sample.y], row = Float64Array.from(pointer ? play.means : play.sample.x);
    row[shown.axes[0]] = x[0];
    if (data.d > 1) row[shown.axes[1]] = x[1];
    writeFeatures(data, row, 0);
    const answer = play.machine.predict(row, 1), names = data.d > 1 ? shown.axes : [0];
    const parts = names.flatMap((column, k) => [symbol(data.columns[column]), ` = ${number(own(x[k], column), 3)}  `]);
    if (!data.classes) parts.push("→ ", make("b", {}, number(data.targetScale ? answer[0] * data.targetScale.spread + data.targetScale.mean : answer[0], 3)));
    else if (answer.length === 1) parts.push("→ ", make("b", {}, number(answer[0], 3)));
    else {
      const best = answer.indexOf(Math.max(...answer));
      parts.push("→ ", make("b", {}, data.classes[best]), ` (${number(100 * answer[best], 3)} %)`);
    }
    read.replaceChildren(pointer ? "" : "○ ", ...parts);
  }

  /** What depends on the kind of data: title, axes to choose, legend. */
  function layout() {
    const { data, shown } = play;
    element.hidden = Boolean(data.image);
    if (data.image) return;
    const select = (place) => {
      const one = make("select", { aria: place ? "Vertical axis" : "Horizontal axis", onchange: () => ((shown.axes[place] = Number(one.value)), play.grid.forget(), layout(), play.touchAll()) }, ...data.columns.slice(0, plainInputs(data)).map((name, k) => make("option", { value: k, selected: shown.axes[place] === k }, name.slice(0, 24))));
      return one;
    };
    axes.replaceChildren(...(plainInputs(data) > 2 ? [select(0), " × ", select(1), make("span.soft", {}, "others at their mean")] : []));
    const shapes = data.classes ? data.classes.map((name, k) => legendPoint(k, name)) : [make("span", {}, data.d === 1 ? `line: answer, points: ${data.target}` : `colour: ${data.target} from ${tickText(play.targets.low)} to ${tickText(play.targets.high)}`)];
    key.replaceChildren(...shapes, make("span", {}, "hollow: test"));
    play.touch("plane", "points", "values");
  }
  function legendPoint(k, name) {
    const canvas = make("canvas.shape", { "aria-hidden": "true" }), pen = penOf(canvas, 14, 14);
    drawPoint(pen, play.palette, k, toneOf(k), 7, 7, 4.6, false);
    return make("span", {}, canvas, name.slice(0, 18));
  }

  function paintTitle() {
    const { peek, data, shown } = play, a = horizontal();
    title.replaceChildren(...(peek ? ["Neuron ", symbol(peek.k < 0 ? data.columns[peek.i] : `h(${peek.k + 1})_${peek.i + 1}`)] : ["Output"]));
    put(low, tickText(own(a[0], shown.axes[0])));
    put(high, tickText(own(a[1], shown.axes[0])));
    points.setAttribute("aria-label", `Answers of the network over ${data.columns.slice(0, 2).join(" and ")} with ${data.n} points; arrow keys choose one`);
  }

  play.addJob({ name: "surface", element: play.net.field, every: 0, rest: 2.2, paint: paintSurfaces });
  play.addJob({ name: "plane", element, every: 0, rest: 3, paint: () => (paintTitle(), paintPlane()) });
  play.addJob({ name: "points", element, every: 0, rest: 4, paint: paintPoints });
  // In one go, so that an answer is the same number wherever it stands.
  play.addJob({ name: "values", element: play.root, every: 150, rest: 10, paint: () => (play.net.paintValues(), paintReadout()) });

  // One pass over the grid serves the plane and all tiles.
  function paintSurfaces() {
    if (!play.data.image && !play.grid.pass()) return play.touch("surface");
    const done = play.net.paintTiles(play.grid);
    play.touch("plane", "values", ...(done ? [] : ["surface"]));
  }
  new ResizeObserver(() => play.touch("plane", "points")).observe(plane);
  return { element, layout };
}
