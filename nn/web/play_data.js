// The data: sets to choose from, noise, share to test with, points that are clicked, tables that are pasted or loaded.

/** Makes the part of the data: {element, layout()}. */
function makeDataPart(play) {
  const kinds = make("div.kinds", { role: "group", aria: "Data sets" });
  const slider = (text, least, most, step, onchange) => {
    const value = make("output"), input = make("input", { type: "range", aria: text, min: least, max: most, step, oninput: () => ((value.textContent = input.value), onchange(Number(input.value))) });
    const show = (x) => ((input.value = x), (value.textContent = input.value));
    return { input, show, element: make("label.slide", {}, make("span", {}, text, " ", value), input) };
  };
  const noise = slider("noise", 0, 1, 0.01, (x) => again({ noise: x })), size = slider("points", 20, 1000, 10, (n) => again({ n }));
  const share = slider("to test, %", 0, 80, 5, (x) => again({ test: x / 100 })), classes = slider("classes", 2, 5, 1, (x) => again({ classes: x }));
  const seed = make("button", { onclick: () => again({ seed: (play.data.recipe?.seed || 0) + 1 }), title: "The same set, drawn with the next seed" }, "other points");
  const made = make("div.made", {}, noise.element, size.element, share.element, classes.element, seed);
  const features = make("div.row.features", { role: "group", aria: "More inputs" }, make("span.soft", {}, "inputs +"), ...Object.keys(FEATURES).map((name) => make("button.toggle", { "aria-pressed": "false", onclick: () => toggle(name) }, name)));
  const brushes = make("div.row", { role: "group", aria: "Points to add with a click in the output" });
  const draw = make("details", { ontoggle: () => draw.open || brush(null) }, make("summary", {}, "Click points"), brushes);
  const table = make("textarea", { rows: 5, spellcheck: "false", aria: "Table as CSV", placeholder: "x1, x2, class\n0.5, -1.2, 1\n-0.3, 0.8, 0" });
  const file = make("input", { type: "file", accept: ".csv,.tsv,.txt,.json", aria: "File with a table", onchange: () => (load(file.files[0]), (file.value = "")) });
  const target = make("select", { aria: "Column to predict", onchange: () => read() }), targetLabel = make("label.setting", { hidden: true }, make("span", {}, "predict"), target);
  const wrong = make("ul.wrong-rows", { role: "status" });
  const paste = make("details", {}, make("summary", {}, "Your own table"), table, make("div.row", {}, make("button", { onclick: () => read(true) }, "Use it"), targetLabel), make("label.file", {}, make("span", {}, "or a CSV file "), file), wrong);
  const formula = make("input", { type: "text", autocomplete: "off", spellcheck: "false", aria: "Formula for y", placeholder: "sin(3 * x1) * x2", maxlength: 200, onkeydown: (event) => event.key === "Enter" && compute() });
  const give = make("details", {}, make("summary", {}, "A formula"), make("label.formula", {}, "y =", formula), make("div.row", {}, make("button", { onclick: () => compute() }, "Use it")),
    make("p.soft", {}, `x1, x2 from \u22121.5 to 1.5; + − * / **, ${Object.keys(PIECES.functions).join(", ")}; with < or > two classes`));
  const notes = make("ul.notes", {});
  const element = make("section.card.data", { aria: "Data" }, make("h2", {}, "Data"), kinds, features, made, draw, give, paste, notes);
  const thumbs = new Map();

  // ---- Sets ----
  const chosen = () => play.data.features || [];
  function toggle(name) {
    attempt(() => play.setData(withFeatures(play.data, Object.keys(FEATURES).filter((one) => chosen().includes(one) !== (one === name)))));
  }
  function again(change) {
    const { recipe } = play.data;
    if (!recipe) return;
    attempt(() => play.setData(makeData({ ...recipe, ...change }), true));
  }
  const attempt = (change) => {
    try {
      change();
    } catch (error) {
      play.say(error.message, true);
    }
  };

  function compute() {
    const { n, seed, test } = play.data.recipe || {};
    try {
      play.setData(makeData({ name: "formula", formula: formula.value, n, seed, test }));
      formula.setAttribute("aria-invalid", "false");
    } catch (error) {
      formula.setAttribute("aria-invalid", "true");
      play.say(error.message, true);
    }
  }

  function kindButton(name, title, task, choose) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const button = make("button", { title: task ? `${title}: ${task === "classes" ? "classes" : "a number"}` : title, "data-kind": name, onclick: () => attempt(choose) }, canvas, make("span", {}, title.length > 11 ? name.slice(0, 11) : title));
    thumbs.set(button, canvas);
    return button;
  }
  function fill() {
    thumbs.clear();
    kinds.replaceChildren(
      ...play.sets.map((set) => kindButton(set.name, set.name, set.task, () => play.setData(set))),
      ...DATA_KINDS.map((kind) => kindButton(kind.name, kind.title, kind.task, () => play.setData(makeData({ name: kind.name, n: play.data.recipe?.n, seed: play.data.recipe?.seed, test: play.data.recipe?.test, features: kind.inputs === 2 ? chosen() : [] })))),
    );
    paintThumbs();
  }
  function paintThumbs() {
    [...thumbs].forEach(([, canvas], k) => {
      const set = k < play.sets.length ? play.sets[k] : makeData({ name: DATA_KINDS[k - play.sets.length].name, n: 90, seed: 3 });
      const pen = penOf(canvas, 44, 34), { palette } = play;
      if (set.image) return thumbImage(canvas, set);
      const axis = (column) => {
        let [low, high] = [Infinity, -Infinity];
        for (let row = 0; row < Math.min(set.n, 200); row++) [low, high] = [Math.min(low, value(row, column)), Math.max(high, value(row, column))];
        return (x) => (high > low ? (x - low) / (high - low) : 0.5);
      };
      const value = (row, column) => (column < set.d ? set.X[row * set.d + column] : set.y[row]);
      const [across, up] = [axis(0), axis(1)], tone = axis(set.d);
      pen.clearRect(0, 0, 44, 34);
      for (let row = 0; row < Math.min(set.n, 200); row++) {
        pen.fillStyle = set.classes ? palette.classTexts[set.y[row] % 5] : set.d > 1 ? palette.signTexts[signPlace(2 * tone(set.y[row]) - 1)] : palette.ink;
        shapePath(pen, set.classes ? set.y[row] : 0, 4 + 36 * across(value(row, 0)), 30 - 26 * up(value(row, 1)), 1.7);
        pen.fill();
      }
    });
  }
  function thumbImage(canvas, set) {
    const image = makeImage(), [high, wide] = set.image, pen = canvas.getContext("2d");
    image.size(wide, high);
    for (let k = 0; k < high * wide; k++) image.pixels[k] = play.palette.signs[signPlace(pixelShare(set, set.X[k]))];
    image.show();
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image.canvas, 5, 0, 34, 34);
  }

  // ---- Points that are clicked ----
  function brush(kind) {
    play.drawing = kind;
    for (const one of brushes.children) one.setAttribute("aria-pressed", one.dataset.brush === String(kind));
  }
  function fillBrushes() {
    const { data } = play, list = data.classes ? data.classes.map((name, k) => [k, `class ${name}`]) : data.d === 1 ? [["y", "a point"]] : [];
    if (!list.some(([k]) => k === play.drawing)) play.drawing = null;
    draw.hidden = data.image || plainInputs(data) > 2 || !list.length;
    brushes.replaceChildren(...list.slice(0, 5).map(([k, text]) => make("button", { "data-brush": k, "aria-pressed": String(play.drawing === k), onclick: () => brush(play.drawing === k ? null : k) }, text.slice(0, 14))), make("button", { onclick: () => removeChosen() }, "remove the ringed one"));
  }
  play.addPoint = ([a, b]) => {
    const { data } = play, x = data.d === 1 ? [a] : [a, b];
    attempt(() => {
      play.setData(withPoint(data, x, data.classes ? play.drawing : b), true);
      play.pick(play.data.n - 1);
    });
  };
  function removeChosen() {
    const row = play.sample.row;
    if (play.data.n > 2 && row >= 0) attempt(() => play.setData(withoutPoint(play.data, row), true));
  }

  // ---- Tables ----
  function read(fresh) {
    if (fresh) target.replaceChildren();
    const found = readCsv(table.value, { name: "your table", target: target.value || undefined, seed: 1, test: 0.25 });
    const rows = found.errors.slice(0, 6).map((one) => make("li", {}, one.message));
    if (found.errors.length > 6) rows.push(make("li", {}, `and ${found.errors.length - 6} more rows left out`));
    wrong.replaceChildren(...rows);
    if (found.columns?.length) {
      target.replaceChildren(...found.columns.map((name) => make("option", { value: name, selected: name === found.target }, name.slice(0, 30))));
      targetLabel.hidden = false;
    }
    if (!found.data) return;
    attempt(() => play.setData(found.data));
    play.say(`${found.data.n + found.data.test.n} rows are used${found.errors.length ? `, ${found.errors.length} are left out` : ""}.`);
  }
  async function load(one) {
    if (!one) return;
    if (one.size > 20e6) return play.say(`${one.name.slice(0, 40)} has ${Math.round(one.size / 1e6)} MB; a page takes at most 20 MB.`, true);
    table.value = await one.text();
    read(true);
  }
  // A table that is dropped on the page is read as well.
  play.root.addEventListener("dragover", (event) => event.preventDefault());
  play.root.addEventListener("drop", (event) => {
    event.preventDefault();
    const one = event.dataTransfer.files[0];
    if (one && /\.json$/i.test(one.name)) play.readFile(one);
    else if (one) (paste.open = true), load(one);
  });

  /** Brings the controls up to date with the data. */
  function layout() {
    const { data } = play, { recipe } = data, kind = DATA_KINDS.find((one) => one.name === recipe?.name);
    for (const button of kinds.children) button.setAttribute("aria-pressed", button.dataset.kind === (recipe ? recipe.name : data.name));
    features.hidden = Boolean(data.image || data.scale || plainInputs(data) !== 2);
    for (const button of features.querySelectorAll("button")) button.setAttribute("aria-pressed", chosen().includes(button.textContent));
    made.hidden = !recipe;
    if (recipe) {
      noise.show(recipe.noise);
      size.show(recipe.n);
      share.show(100 * recipe.test);
      classes.show(recipe.classes ?? 2);
      classes.element.hidden = !(kind?.mostClasses > 2);
    }
    notes.replaceChildren(...[`${data.n} points to train on, ${data.test.n} to test with`, ...data.notes].map((text) => make("li", {}, text.slice(0, 200))));
    fillBrushes();
  }
  play.addJob({ name: "thumbs", element, every: 0, rest: 4, paint: () => (thumbs.size ? paintThumbs() : fill()) });
  play.addJob({ name: "data", element, every: 0, rest: 4, paint: layout });
  return { element, layout, fill };
}
