// What Python recorded, compared with what the page computes: a rule of one's own may read more than its arguments.

/** The first number of a node of one's own operations that differs from the one recorded: {k, what, there, here}, or null. */
function findDifference({ engine, data }) {
  for (const [k, { recorded, args, shape }] of data.nodes.entries()) {
    if (!recorded) continue;
    const given = args.filter((arg) => typeof arg === "number"), near = [engine.value[k], ...given.map((arg) => engine.value[arg])];
    const there = decodeNumbers(recorded.value, shape);
    if (!isAlike(there, engine.value[k], near)) return { k, what: "value", there, here: engine.value[k] };
    for (const [j, written] of recorded.sent.entries()) {
      const here = engine.sent[k][j], sent = written === null || here === null ? null : decodeNumbers(written, data.nodes[args[j]].shape);
      if (sent !== null && !isAlike(sent, here, [sent, engine.gradient[k]])) return { k, what: "gradient", to: args[j], there: sent, here };
    }
  }
  return null;
}

/** Whether numbers differ by no more than rounding does, of the size of those they come from. */
function isAlike(there, here, near) {
  const list = (x) => (typeof x === "number" ? [x] : [...x]), [a, b] = [list(there), list(here)];
  const single = a.every((x) => Math.fround(x) === x || Number.isNaN(x));
  const size = near.flatMap(list).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  return a.every((x, n) => Object.is(x, b[n]) || Math.abs(x - b[n]) <= (single ? 1e-5 : 1e-9) * size);
}

/** A warning if the page computes something else than Python did. */
function tellDifference(page) {
  const found = findDifference(page);
  if (!found) return [];
  const { k, what, to, there, here } = found, { nodes } = page.data, of = what === "value" ? k : to, shown = (x) => digits(x, nodes[of].shape);
  const named = what === "value" ? [symbol(nodes[k].name)] : ["What ", symbol(nodes[k].name), " sends to ", symbol(nodes[to].name)];
  const told = [...named, " was ", ...shown(there), " in Python, and is ", ...shown(here), " here: the rule of ", ...written(nodes[k].text, nodes[k].args.map(page.written)), " reads something beside its numbers, or something that has changed since. The numbers of this page are not those of Python."];
  return [make("p.bad", { role: "alert" }, ...told)];
}
