// The gradient of a node as the chain rule says it: one product of factors, or the sum over all paths to the loss.

const MOST_PATHS = 200;
const MOST_FACTORS = 12;
const SHOWN_PATHS = 5;

/** The uses of a node through which a gradient comes back: [user, position]. */
const usesOf = (engine, k) => engine.users[k].filter(([user, position]) => engine.sent[user] && engine.sent[user][position] !== null && engine.sent[user][position] !== undefined);

/** All paths from a node to the loss, each a list of [user, position] from the loss down; null if they are too many or hold arrays. */
function pathsOf(engine, k) {
  const found = [];
  const open = [[k, []]];
  while (open.length) {
    const [at, way] = open.pop();
    if (at === engine.loss) {
      found.push(way);
      if (found.length > MOST_PATHS) return null;
      continue;
    }
    for (const [user, position] of usesOf(engine, at)) {
      if (typeof engine.slope[user][position] !== "number" || way.length >= 200) return null;
      open.push([user, [[user, position], ...way]]);
    }
    if (open.length > 10 * MOST_PATHS) return null;
  }
  return found;
}

/** How the question's gradient comes about, as elements for the panel. */
function tellPaths(page, k, place) {
  const { engine } = page;
  // A view that shows a part of the nodes tells the ways between those.
  const own = page.view.explain?.(k);
  if (own) return own;
  const paths = typeof engine.value[k] === "number" ? pathsOf(engine, k) : null;
  if (k === engine.loss) return [make("p", {}, symbol(page.name(k)), " changes just as fast as itself: the backward pass starts with 1.")];
  if (paths && paths.length === 1 && paths[0].length <= MOST_FACTORS) return [chainOf(page, k, paths[0])];
  if (paths && paths.length > 1) return sumOf(page, k, place, paths.map((way) => pathRow(page, k, way)), `${paths.length} paths lead from`);
  const uses = usesOf(engine, k);
  if (!uses.length) return [make("p", {}, "No gradient comes back to ", symbol(page.name(k)), ": ", symbol(page.name(engine.loss)), " does not change with it.")];
  return sumOf(page, k, place, uses.map((use) => useRow(page, k, place, use)), uses.length === 1 ? "One operation uses" : `${uses.length} operations use`);
}

/** The factor of one operation, in the colour of its arrows in the drawing. */
function factor(page, k, ...children) {
  return make("span", { class: `factor c${page.level(k) % 5}` }, ...children.flat());
}

/** The formula of a local derivative, or of what becomes of g, with names; one of two cases in two lines. */
function slopeText(page, user, position) {
  const { slopes, args } = page.data.nodes[user];
  const fill = (text) => written(text, args.map(page.written), page.written(user));
  const cases = /^where\(([^(),]+), ([^(),]+), ([^(),]+)\)$/.exec(slopes[position]);
  if (!cases) return fill(slopes[position]);
  const [, test, yes, no] = cases;
  return [make("span.cases", {}, cell("", fill(yes)), cell("", ["if ", ...fill(test)]), cell("", fill(no)), cell("", ["else"]))];
}

function chainOf(page, k, way) {
  const { engine } = page;
  const row = make("div.chain", {});
  const column = (...cells) => make("span.column", {}, ...cells.map((one) => cell("", [one].flat())));
  const sum = page.knownGradient(k) ? prose(brief4(page.at(engine.gradient[k]))) : ["?"];
  row.append(column(fraction(page.name(engine.loss), page.name(k)), "", cell("value", sum)));
  way.forEach(([user, position], j) => {
    const lower = j + 1 < way.length ? way[j + 1][0] : k, sign = j ? "·" : "=";
    const text = brief4(engine.slope[user][position]);
    const rule = slopeText(page, user, position);
    const value = page.knownGradient(lower) ? prose(j ? signed(text) : text) : ["?"];
    const told = make("span", { class: page.arrives(lower) ? "column arrives" : "column" }, ...[[fraction(page.name(user), page.name(lower))], rule, value].map((one) => factor(page, user, one)));
    // A row that begins with its sign is seen to go on from the one above.
    row.append(make("span.pair", {}, column(sign, sign, sign), told));
  });
  return row;
}

const brief4 = (x) => number(x, 4);

/** One path: its size, and its factors as elements; these are made only if they are shown. */
function pathRow(page, k, way) {
  const { engine } = page;
  const product = way.reduce((all, [user, position]) => all * engine.slope[user][position], 1);
  const written = ([user, position], j) => factor(page, user, prose(j ? signed(brief4(engine.slope[user][position])) : brief4(engine.slope[user][position])));
  const parts = () => [...way.slice(0, MOST_FACTORS).flatMap((one, j) => [j ? " · " : "", written(one, j)]), way.length > MOST_FACTORS ? ` · … ${way.length - MOST_FACTORS} more` : ""];
  return { value: product, via: way.slice(1).map(([user]) => user), parts };
}

/** What one operation sends to the node: the gradient that arrived there, times its local derivative. */
function useRow(page, k, place, [user, position]) {
  const { engine } = page;
  const value = page.at(engine.sent[user][position], place), slope = engine.slope[user][position];
  const parts = () => typeof slope === "number" ? [cell("", prose(brief4(engine.gradient[user]))), " · ", factor(page, user, prose(signed(brief4(slope))))] : [factor(page, user, sentText(page, user, position))];
  return { value, via: [user], parts };
}

/** What becomes of the gradient of an array, with its name in place of g. */
function sentText(page, user, position) {
  const arrived = () => fraction(page.name(page.engine.loss), page.name(user)), rule = page.data.nodes[user].slopes[position];
  // A rule that says where each cell goes is for programs.
  if (rule.includes("array(") || rule.length > 120) return [arrived(), ", each cell back to where it came from"];
  const named = (text) => text.replaceAll(".T", "\u1d40").split(/\bg\b/).flatMap((piece, n) => (n ? [arrived(), piece] : [piece]));
  return slopeText(page, user, position).flatMap((one) => (typeof one === "string" ? named(one) : [one]));
}

function sumOf(page, k, place, rows, lead) {
  const { engine } = page;
  const name = page.name(k), total = page.at(engine.gradient[k], place);
  const known = page.knownGradient(k);
  rows.sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  const table = make("div.paths", {});
  const shown = rows.length > SHOWN_PATHS + 1 ? rows.slice(0, SHOWN_PATHS) : rows;
  for (const { value, via, parts, lead: told } of shown) {
    const names = via.slice(0, 4).flatMap((one, j) => [...(j ? [", "] : []), symbol(page.name(one))]);
    table.append(cell("via", told ?? (via.length ? ["through ", ...names, via.length > 4 ? ", …" : ""] : ["directly"])), cell("parts", known ? parts() : ["?"]), cell("term", known ? ["= ", ...prose(brief4(value))] : ["= ?"]));
  }
  const rest = rows.slice(shown.length).reduce((all, { value }) => all + value, 0);
  if (shown.length < rows.length) table.append(cell("via", [`${rows.length - shown.length} more`]), cell(""), cell("term", known ? ["= ", ...prose(brief4(rest))] : ["= ?"]));
  const sum = rows.reduce((all, { value }) => all + value, 0);
  const close = Object.is(sum, total) || Math.abs(sum - total) <= 1e-9 * Math.max(Math.abs(total), ...rows.map(({ value }) => Math.abs(value)));
  if (rows.length > 1) table.append(cell("via total", ["sum"]), cell("total", known ? [close ? "✓ the same as the backward pass" : "differs from the backward pass, which is the sum to rounding"] : []), cell("term value total", known ? ["= ", ...prose(brief4(sum))] : ["= ?"]));
  const plural = rows.length > 1 ? "; what comes back along them adds up:" : ":";
  const goal = lead.endsWith("from") ? [" to ", symbol(page.name(engine.loss))] : [];
  return [make("p", {}, `${lead} `, symbol(name), ...goal, plural), table];
}
