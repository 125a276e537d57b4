// One array of the equation: cells with numbers if there is room for them, else a heat map. Its cells can be chosen,
// and those of a leaf dragged and typed.

/** More cells than these are no numbers that anybody reads. */
const MOST_CELLS = 260;

/**
 * Makes a grid. spec: {shape, values(): numbers, title: elements, words: text, node: the node or null, gradient, source: for each
 * shown cell the cell of the array, ghosts: true if all but the first of equal cells are copies, pick(place), hover(place),
 * shares: true if cells are bars where each row sums to 1, digits: the most that a cell has, else 3}.
 * @returns {{element, layout, spec, resize(width, height, numbers), paint(state)}}
 */
function makeGrid(page, spec) {
  const layout = layoutOf(spec.shape), { source } = spec;
  const real = (place) => (source && place >= 0 ? source[place] : place);
  const body = make("div.cells", { tabindex: layout.n ? 0 : null, role: "group" });
  const wrong = make("p.wrong", { role: "alert" });
  const kinds = `matrix${spec.gradient ? " of-gradient" : ""}${spec.leaf ? " leaf" : ""}`;
  const caption = spec.caption ?? captionOf(spec), foot = make("span.shape", {}, caption);
  const element = make("figure", { class: kinds }, make("figcaption", {}, ...spec.title), body, foot, wrong);
  const first = source && spec.ghosts ? new Set([...new Set(source)].map((one) => source.indexOf(one))) : null;
  let cells = null, canvas = null, unit = [24, 24], letters = 7, at = layout.n ? 0 : -1, editor = null;

  function resize(width, height, numbers) {
    unit = [width, height];
    body.style.width = `${layout.width * width}px`;
    body.style.height = `${layout.height * height}px`;
    cells = canvas = null;
    if (!layout.n) return body.replaceChildren(make("i", {}, "empty"));
    if (numbers) {
      cells = Array.from({ length: layout.n }, (_, place) => make("span", { style: `left:${layout.xs[place] * width}px;top:${layout.ys[place] * height}px;width:${width}px;height:${height}px` }));
      const size = Math.max(10.2, Math.min(24, (width - 7) / (spec.digits ? 5.7 : 4.52), height / 1.7));
      body.style.fontSize = `${size}px`;
      letters = (width - 2) / (0.61 * size) + 0.01;
      body.replaceChildren(...cells);
    } else body.replaceChildren((canvas = make("canvas")));
    body.classList.toggle("numbers", Boolean(numbers));
  }

  const placeOf = (event) => {
    const { left, top } = body.getBoundingClientRect();
    return placeAt(layout, (event.clientX - left) / unit[0], (event.clientY - top) / unit[1]);
  };
  const hover = (event) => spec.hover && spec.hover(real(placeOf(event)));
  body.addEventListener("pointermove", hover);
  body.addEventListener("pointerleave", () => spec.hover && spec.hover(-1));
  if (spec.pick) body.addEventListener("click", (event) => choose(placeOf(event)));
  else if (spec.node !== null) dragNumber(page, body, (event) => (editor || placeOf(event) < 0 ? null : { k: spec.node, place: real(placeOf(event)) }));
  if (spec.leaf) body.addEventListener("dblclick", (event) => placeOf(event) >= 0 && edit(placeOf(event)));
  body.addEventListener("keydown", (event) => {
    if (editor || event.altKey || event.ctrlKey || event.metaKey || at < 0) return;
    const step = { "+": 0.05, "=": 0.05, "-": -0.05 }[event.key];
    if (event.key.startsWith("Arrow")) choose(neighbour(layout, at, event.key));
    else if (spec.leaf && event.key === "Enter") edit(at);
    else if (spec.leaf && step) page.engine.set(spec.node, Number((elementOf(page.engine.value[spec.node], real(at)) + step).toPrecision(12)), real(at));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function choose(place) {
    if (place < 0) return;
    at = place;
    if (spec.pick) spec.pick(real(place));
    else if (spec.node !== null) page.ask(spec.node, real(place));
  }

  // A field over the cell; what is no number stays in it, with a sentence, and changes nothing.
  function edit(place) {
    choose(place);
    const x = elementOf(page.engine.value[spec.node], real(place));
    editor = make("input", { type: "text", inputmode: "decimal", aria: `New number for ${spec.words}, ${placeText(real(place), page.data.nodes[spec.node].shape)}`, value: String(x), class: "in-cell" });
    const size = `left:${layout.xs[place] * unit[0]}px;top:${layout.ys[place] * unit[1]}px;min-width:${Math.max(64, unit[0])}px;height:${Math.max(26, unit[1])}px`;
    editor.setAttribute("style", size);
    const field = editor;
    const close = () => {
      if (editor !== field) return;
      editor = null;
      wrong.textContent = "";
      field.remove();
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      const read = event.key === "Enter" ? readNumber(field.value) : null;
      if (typeof read === "string") {
        wrong.textContent = `${read} Nothing has changed.`;
        return field.setAttribute("aria-invalid", "true");
      }
      close();
      body.focus();
      if (read !== null) page.engine.set(spec.node, read, real(place));
    });
    field.addEventListener("blur", close);
    field.addEventListener("pointerdown", (event) => event.stopPropagation());
    body.append(field);
    field.focus();
    field.select();
  }

  /** state: {theme, marks: Map of cells to local derivatives or null, chosen: a cell or -1, hatched: numbers or null, markAt, colours} */
  function paint({ theme, marks, chosen, hatched, markAt, ink, accent }) {
    const values = spec.values();
    if (!layout.n || values === null) return;
    const isMarked = (place) => Boolean(marks) && marks.has(real(place)) && (!spec.ghosts || markAt === undefined || markAt < 0 || place === markAt);
    const picked = chosen >= 0 ? (source ? source.indexOf(chosen) : chosen) : -1;
    const asked = page.question?.k === spec.node ? (source ? source.indexOf(page.question.place) : page.question.place) : -1;
    if (picked >= 0) at = picked;
    else if (asked >= 0 && !spec.pick) at = asked;
    const zero = (place) => Boolean(hatched) && elementOf(hatched, real(place)) === 0;
    if (canvas) {
      const shown = new Set();
      if (marks && !spec.ghosts && !source) for (const place of marks.keys()) shown.add(place);
      else if (marks) for (let place = 0; place < layout.n; place++) if (isMarked(place)) shown.add(place);
      paintHeat(canvas, { layout, values, source, width: layout.width * unit[0], height: layout.height * unit[1], theme, marks: shown, chosen: picked, ink, gradient: spec.gradient ? accent : ink, hatched: hatched && zero });
    } else if (cells) {
      const colours = shadesOf(theme), largest = largestOf(values), found = spec.shares && !spec.unknown ? sharesOf(values, spec.shape) : null;
      const words = found ? `${caption}; bars: ${found.logs ? "e to the number, as " : ""}share of the row` : caption;
      if (foot.textContent !== words) foot.textContent = words;
      cells.forEach((one, place) => {
        const x = elementOf(values, real(place)), { fill, ink: over } = colours[shadeOf(x, largest)], text = spec.unknown?.() ? "?" : cellText(x, letters, spec.digits);
        if (one.textContent !== text) one.textContent = text;
        one.style.backgroundColor = found ? "" : fill;
        one.style.color = found ? "" : over;
        if (spec.shares) one.style.setProperty("--share", found ? `${(100 * found.shares[real(place)]).toFixed(1)}%` : "0");
        const kind = [isMarked(place) && (marks.get(real(place)) === 0 ? "marked vain" : "marked"), place === picked && "chosen", place === asked && place !== picked && "asked", found && "bar", zero(place) && "zero", first && !first.has(place) && "ghost", !Number.isFinite(x) && text !== "?" && "odd"].filter(Boolean).join(" ");
        if (one.className !== kind) one.className = kind;
      });
    }
    const told = at >= 0 ? `; ${placeText(real(at), spec.real ?? spec.shape)}: ${number(elementOf(values, real(at)))}` : "";
    body.setAttribute("aria-label", `${spec.words}, ${shapeText(spec.shape)}${told}; arrow keys choose${spec.leaf ? ", Enter types a number" : ""}`);
  }
  return { element, layout, spec, resize, paint };
}

/** A number in a cell of some letters: so many digits, or as many as there is room for. */
function cellText(x, letters, most = 3) {
  for (let digits = most; ; digits--) {
    const text = number(x === 0 ? 0 : x, digits).replace(/e([\u2212+])0?/, (_, sign) => (sign === "+" ? "e" : "e\u2212"));
    const wide = text.length + 0.4 * text.split("\u2212").length - 0.4;
    if (wide <= letters) return text;
    // Cut off, 1e-16 would be 1e-1.
    if (digits === 1) return Math.abs(x) < 1e-4 ? "≈0" : text;
  }
}

/** The index of a cell as Python writes it. */
const placeText = (place, shape) => (shape.length ? `[${indexOf(place, shape).join(shape.length > 2 ? "," : ", ")}]` : "");

/** A shape as text. */
const shapeText = (shape) => (shape.length > 1 ? shape.join(" × ") : shape.length ? (shape[0] === 1 ? "1 number" : `${shape[0].toLocaleString("en")} numbers`) : "1 number");
