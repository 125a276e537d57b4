// Lines between the cards: weights by sign and size, gradients as arrows that point back, factors of the question.

const NET_LINES = 700;

/**
 * `ends(layer, i, j)` gives {from: [x, y], to: [x, y]} of a weight, `exits` those from the outputs to the loss.
 * @returns {{lines: SVGElement, labels: HTMLElement, paint: () => void}}
 */
function makeEdges(view, ends, exits) {
  const { plan, page } = view, { layers } = plan;
  const lines = makeShape("svg", { class: "edges", "aria-hidden": "true" }), labels = make("div.factors", {});
  const backs = makeShape("g"), shown = new Map();
  const curve = ([x1, y1], [x2, y2]) => {
    const bend = Math.max(18, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  };
  const line = (key, at, kind) => {
    if (!shown.has(key)) {
      const path = makeShape("path", { d: curve(at.from, at.to), class: `line ${kind}` });
      const back = makeShape("path", { d: curve(at.from, at.to), class: "net-back" });
      const head = makeShape("path", { class: "net-head", d: `M${at.from[0] - 1} ${at.from[1]}l11 -5.5v11z` });
      shown.set(key, { path, back, head });
      lines.insertBefore(path, backs);
      backs.append(back, head);
    }
    return shown.get(key);
  };
  lines.append(backs);
  const count = layers.reduce((sum, { w }) => sum + w.length * (w[0].length - 1), 0);
  /** Of which neurons the lines are there: of all, or where these would be a carpet of the one in question. */
  const wanted = (layer, i, j) => count <= NET_LINES || view.isNear(layer, i, j);
  function paint() {
    const step = page.view ? page.view.steps[page.step] : {}, kept = new Set();
    layers.forEach(({ w }, layer) => {
      const largest = Math.max(...w.flatMap((row) => row.slice(1).map((k) => Math.abs(view.value(k)) || 0)), 1e-12);
      w.forEach((row, i) => row.forEach((k, j) => {
        if (j === 0 || !wanted(layer, i, j)) return;
        const key = `${layer}.${i}.${j}`, { path, back, head } = line(key, ends(layer, i, j), ""), x = view.value(k);
        kept.add(key);
        const near = plan.small || view.isNear(layer, i, j);
        path.setAttribute("class", `line ${x < 0 ? "negative" : x > 0 ? "positive" : "zero"}${near ? "" : " far"}`);
        path.setAttribute("stroke-width", ((plan.small ? 1 : 0.6) + (plan.small ? 4.5 : 3) * Math.sqrt(Math.min(1, Math.abs(x) / largest || 0))).toFixed(2));
        const active = step.kind === "inputs" && step.layer === layer;
        const goes = (active || (step.kind !== "after" && view.isOnPath(layer, i, j) && page.knownGradient(plan.source(layer, j - 1, Math.min(view.sample(), plan.all - 1))))) && near;
        for (const one of [back, head]) one.classList.toggle("on", Boolean(goes));
        for (const one of [back, head]) one.classList.toggle("active", Boolean(active));
      }));
    });
    exits.forEach((at, i) => {
      const { path, back, head } = line(`loss.${i}`, at, ""), k = layers.at(-1).h[0][i];
      kept.add(`loss.${i}`);
      path.setAttribute("class", "line plain");
      const on = page.knownGradient(k) && step.phase === "backward";
      for (const one of [back, head]) one.classList.toggle("on", on), one.classList.toggle("active", on && step.kind === "start");
    });
    for (const [key, { path, back, head }] of shown) for (const one of [path, back, head]) one.style.display = kept.has(key) ? "" : "none";
    refill(labels, ...view.factors().map(({ at: [x, y], text, kind, lit, word }) =>
      make("span", { class: `net-factor ${kind}${lit ? " lit" : ""}`, style: `left:${x}px;top:${y}px`, title: word }, `×${text}`)));
  }
  return { lines, labels, paint };
}
