// Numbers, names and formulas as elements. All texts are inserted as text, never as markup.

/**
 * An element with attributes and children; a function among the attributes listens: `onclick`. false and null are left out.
 * @returns {HTMLElement}
 */
function make(tag, attributes, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for a shape of a drawing. */
function makeShape(tag, attributes, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {}))
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}

// As labels are read in Python: w(1)_2,3 is w with the superscript (1) and the subscript 2,3.
const LABEL = /^([\p{L}\p{Nl}\p{No}]+?)(_hat)?(?:\(([\p{L}\p{N}]{1,12})\))?(?:_?([0-9]+(?:,[0-9]+)*)|_([\p{L}\p{N}]{1,2}))?$/u;

/** The parts of a name: base, superscript, subscript; any other text is all base. */
function partsOf(name) {
  const found = name.length <= 40 && LABEL.exec(name);
  if (!found) return [name, "", ""];
  const [, base, hat, above, number, below] = found;
  return [hat ? `${base}\u0302`.normalize("NFC") : base, above ? `(${above})` : "", number || below || ""];
}

/** A name as mathematics writes it. */
function symbol(name) {
  const [base, above, below] = partsOf(name);
  const word = base === name && base.length > 40 ? `${base.slice(0, 40)}…` : base;
  if (above && below) return make("var", {}, word, make("span", { class: "both" }, make("sup", {}, above), make("sub", {}, below)));
  const element = make("var", {}, word);
  if (above) element.append(make("sup", {}, above));
  if (below) element.append(make("sub", {}, below));
  return element;
}

/** A number with `digits` significant digits, as Python's format g writes it, with a true minus sign. */
function number(x, digits = 6) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "\u2212inf";
  if (x === 0) return Object.is(x, -0) ? "\u22120" : "0";
  const [figures, power] = Math.abs(x).toExponential(digits - 1).split("e");
  const exponent = Number(power), trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const small = exponent < -4 || exponent >= digits;
  const scale = `e${exponent < 0 ? "\u2212" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const text = small ? trim(figures) + scale : trim(Math.abs(x).toFixed(Math.max(0, digits - 1 - exponent)));
  return (x < 0 ? "\u2212" : "") + text;
}

/** A number with three significant digits. */
const brief = (x) => number(x, 3);

/** A number or an array of up to six elements as text; of a larger array, its shape. */
function dataText(x, shape = [], digits = 6) {
  if (typeof x === "number") return number(x, digits);
  if (x.length > 6) return `array(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const rows = (depth, from, to) => {
    if (depth === shape.length) return number(x[from], digits);
    const each = (to - from) / shape[depth];
    return `[${Array.from({ length: shape[depth] }, (_, k) => rows(depth + 1, from + k * each, from + (k + 1) * each)).join(", ")}]`;
  };
  return rows(0, 0, x.length);
}

/** A text that starts with a minus sign in parentheses, as a factor is written. */
const signed = (text) => (/^[-\u2212]/.test(text) ? `(${text})` : text);

/** Formula text as elements: raised exponents, points for products, powers of ten. */
function prose(text) {
  return text.split(/( \*\* [0-9.]+|(?<=[0-9])e[+\u2212-]?[0-9]+)/).flatMap((piece, k) => {
    if (!(k % 2)) return piece ? [piece.replace(/-/g, "\u2212").replace(/ \* /g, " \u00b7 ")] : [];
    if (piece[0] === " ") return [make("sup", {}, piece.slice(4))];
    const power = Number(piece.slice(1).replace("\u2212", "-"));
    return ["\u00b710", make("sup", {}, String(power).replace("-", "\u2212"))];
  });
}

/** A number as elements. */
const digits = (x, shape, figures = 6) => prose(dataText(x, shape, figures));

/**
 * Fills «k» in a text with the k-th of `fills`, each an element, a text or a list of them, and «=» with `own`. A text that
 * starts with a minus sign gets parentheses where it would be read wrongly without.
 */
function written(text, fills, own = "") {
  const parts = text.split(/«(=|\d+)»/);
  return parts.flatMap((part, k) => {
    if (!(k % 2)) return prose(part);
    const fill = part === "=" ? own : fills[Number(part)];
    if (fill === undefined) return [`«${part}»`];
    if (typeof fill !== "string") return [fill].flat().map((one) => (one instanceof Node ? one.cloneNode(true) : one));
    const alone = /(^|[([]|, )$/.test(parts[k - 1]) && !/^ \*\* /.test(parts[k + 1]);
    return prose(alone ? fill : signed(fill));
  });
}

/** ∂J/∂w as two stacked names, each a text or an element. */
function fraction(upper, lower) {
  const [over, under] = [upper, lower].map((name) => (typeof name === "string" ? symbol(name) : name));
  return make("span", { class: "fraction" }, make("span", { class: "over" }, "∂", over), make("span", { class: "hidden" }, "/"), make("span", {}, "∂", under));
}

/** A span of a class; a list of children is taken apart. */
const cell = (kind, ...children) => make("span", { class: kind || null }, ...children.flat());
