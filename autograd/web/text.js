// Numbers, names and formulas as elements. All texts are inserted as text, never as markup.

/**
 * An element with attributes and children; a function among the attributes listens: `onclick`. false and null are left out.
 * `aria` is what a screen reader says.
 * Classes stand behind the tag, as in "p.note.wide".
 * @returns {HTMLElement}
 */
function make(kind, attributes, ...children) {
  const [tag, ...classes] = kind.split("."), element = document.createElement(tag);
  // Without a type, a button would send a form.
  if (tag === "button") element.setAttribute("type", tag);
  if (classes.length) element.className = classes.join(" ");
  return furnish(element, attributes, children);
}

/** The same for a shape of a drawing. */
function makeShape(tag, attributes, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {}))
    if (typeof value === "function") hear(element, name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name === "aria" ? "aria-label" : name, value === true ? "" : value);
  element.append(...children);
  return element;
}

/** Listens to an element, which `refill` then keeps or replaces as a whole. */
function hear(element, kind, listener) {
  element.heard = true;
  element.addEventListener(kind, listener);
}

/** Gives an element these children, and leaves what is there already: the less changes, the less a browser lays out anew. */
function refill(element, ...children) {
  const fresh = document.createDocumentFragment();
  fresh.append(...children);
  settle(element, fresh);
}

const WHOLE = ["CANVAS", "INPUT", "SELECT", "TEXTAREA", "DETAILS"];

/** Makes the children of an element what those of another are; elements that listen or hold a state are replaced. */
function settle(element, fresh) {
  let old = element.firstChild;
  for (const one of [...fresh.childNodes]) {
    const next = old && old.nextSibling;
    if (!old) element.append(one);
    else if (old.nodeName !== one.nodeName || old.heard || one.heard || WHOLE.includes(one.nodeName)) old.replaceWith(one);
    else if (one instanceof Text) old.data === one.data || (old.data = one.data);
    else {
      for (const { name } of [...old.attributes]) one.hasAttribute(name) || old.removeAttribute(name);
      for (const { name, value } of one.attributes) old.getAttribute(name) === value || old.setAttribute(name, value);
      settle(old, one);
    }
    old = next;
  }
  while (old) {
    const next = old.nextSibling;
    old.remove();
    old = next;
  }
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
  if (above && below) return make("var", {}, word, make("span.both", {}, make("sup", {}, above), make("sub", {}, below)));
  const element = make("var", {}, word);
  if (above) element.append(make("sup", {}, above));
  if (below) element.append(make("sub", {}, below));
  return element;
}

/** A number with `digits` significant digits, as Python's format g writes it, with a true minus sign. */
function number(x, digits = 6) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "\u2212inf";
  // The sign of zero tells a reader nothing.
  if (x === 0) return "0";
  const [figures, power] = Math.abs(x).toExponential(digits - 1).split("e");
  const exponent = Number(power), trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const small = exponent < -4 || exponent >= digits;
  const scale = `e${exponent < 0 ? "\u2212" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const text = small ? trim(figures) + scale : trim(Math.abs(x).toFixed(Math.max(0, digits - 1 - exponent)));
  return (x < 0 ? "\u2212" : "") + text;
}

/** A number with three significant digits. */
const brief = (x) => number(x, 3);

/** A number in at most `room` signs, with up to three significant digits. */
function shortNumber(x, room = 7) {
  if (!x || !Number.isFinite(x)) return number(x);
  const size = Math.abs(x), plain = size >= 1000 && size < 1e5 ? number(Math.round(x), 6) : size >= 1e-3 && size < 1e5 ? brief(x) : "";
  if (plain && plain.length <= room) return plain;
  const shorter = plain && number(x, 2);
  if (shorter && !shorter.includes("e") && shorter.length <= room) return shorter;
  const written = (places) => x.toExponential(places).replace("e+", "e").replaceAll("-", "\u2212");
  return written(1).length < room ? written(1) : written(0);
}

/** The number that a text is, or a sentence that says what is wrong with it. */
function readNumber(text) {
  const plain = text.trim().replace(/[\u2212\u2013]/g, "-").replace(/^([^,]*),([^,]*)$/, "$1.$2");
  if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(text.trim())) return `“${text.trim()}” may be two numbers: type ${text.trim().replace(",", ".")} or ${text.trim().replace(",", "")}.`;
  if (plain === "") return "Type a number, such as 0.5.";
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return `“${text.trim().slice(0, 20)}” is no number; type one such as 0.5.`;
  return Number.isFinite(Number(plain)) ? Number(plain) : `${text.trim().slice(0, 20)} is too large; the largest is 1.8e308.`;
}

/** A number or an array of up to six elements as text; of a larger array, its shape. `zero` is the text of -0. */
function dataText(x, shape = [], digits = 6, zero = "0") {
  const one = (y) => (Object.is(y, -0) ? zero : number(y, digits));
  if (typeof x === "number") return one(x);
  if (x.length > 6) return `array(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const rows = (depth, from, to) => {
    if (depth === shape.length) return one(x[from]);
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
  return make("span.fraction", {}, make("span.over", {}, "∂", over), make("span.hidden", {}, "/"), make("span", {}, "∂", under));
}

/** A span of a class; a list of children is taken apart. */
const cell = (kind, ...children) => make("span", { class: kind || null }, ...children.flat());

/** Tells whether a page is dark around an element: JupyterLab says so, else the first colour that lies behind it, else the system. */
function isDark(host) {
  const said = document.body.getAttribute("data-jp-theme-light");
  if (said !== null) return said === "false";
  for (let at = host; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor, [r, g, b, a = 1] = (colour.match(/[\d.]+/g) || []).map(Number);
    if (colour.startsWith("rgb") && a > 0.5) return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Makes a frame of ours, as marimo has them, as high as what stands in it; one from elsewhere does not tell. */
function fitFrame(host) {
  const frame = window.frameElement;
  if (frame) new ResizeObserver(() => (frame.style.height = `${Math.ceil(host.getBoundingClientRect().bottom + scrollY) + 12}px`)).observe(host);
}

/** Calls `dress` whenever a page may have changed its colours: the system did, or a switch that marks the page. */
function watchTheme(dress, signal) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress, { signal });
  const marks = new MutationObserver(dress);
  for (const element of [document.documentElement, document.body]) marks.observe(element, { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-mode", "data-jp-theme-light"] });
  signal.addEventListener("abort", () => marks.disconnect());
}
