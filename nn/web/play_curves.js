// The loss by epoch, of the training and of the test data, with a cursor that reads it.

/** Makes the part of the curves: {element}. */
function makeCurves(play) {
  const canvas = make("canvas", { "aria-hidden": "true" }), note = make("p.readout", {});
  const box = make("div.curve-area", { tabindex: 0, role: "slider", aria: "Epoch on the curve of the loss", "aria-valuemin": 0 }, canvas);
  const earlier = make("span", { hidden: true }, make("i.pale", {}), make("span", {}, "run before"));
  const log = make("button.toggle", { "aria-pressed": "false", onclick: toggle, title: "Logarithmic scale" }, "log");
  const element = make("section.card.curves", { aria: "Loss by epoch" }, make("div.net-head", {}, make("h2", {}, "Loss"), make("p.legend", {}, make("span", {}, make("i.solid", {}), "training"), make("span", {}, make("i.dashes", {}), "test"), earlier), log), box, note);
  let cursor = null;

  function toggle() {
    play.shown.log = !play.shown.log;
    log.setAttribute("aria-pressed", play.shown.log);
    play.touch("curve");
  }

  /** The run before by the settings that are others now; without one by itself. */
  function nameOfBefore() {
    const settings = ({ optimizer: { name, lr, momentum = 0 }, batch, l2 }) => [name, `rate ${lr}`, `momentum ${momentum}`, `batch ${batch || "all"}`, `L2 ${l2}`];
    const now = settings(play.machine.state), state = play.before?.state, others = state ? settings(state).filter((one) => !now.includes(one)) : [];
    return others[0] ? `before: ${others.join(", ")}` : "run before";
  }

  function paint() {
    const { history, before, palette } = play, width = box.clientWidth, height = box.clientHeight, count = history.count;
    if (!width) return;
    earlier.hidden = !before;
    put(earlier.lastChild, nameOfBefore());
    const pen = penOf(canvas, width, height);
    pen.clearRect(0, 0, width, height);
    let low = Infinity, high = -Infinity;
    for (let k = 0; k < count; k++)
      for (let which = 0; which < 2; which++) {
        const x = which ? history.test[k] : history.train[k];
        if (!(x > (play.shown.log ? 0 : -Infinity)) || x === Infinity) continue;
        if (x < low) low = x;
        if (x > high) high = x;
      }
    if (!play.shown.log) low = Math.min(0, low);
    const scale = play.shown.log ? Math.log : (x) => x, from = scale(low), to = Math.max(scale(high), from + 1e-9);
    // The run before is seen as far as it fits: one that blew up makes no other flat.
    const last = count > 1 ? history.epochs[count - 1] : before?.epochs.at(-1) ?? 0, first = count ? history.epochs[0] : 0, left = 40 * play.scale(), bottom = height - 16 * play.scale();
    const px = (epoch) => left + ((width - left - 6) * (epoch - first)) / Math.max(last - first, 1e-9), py = (x) => bottom - ((bottom - 8) * (scale(x) - from)) / (to - from);
    pen.font = play.font(11);
    pen.fillStyle = palette.soft;
    pen.strokeStyle = palette.line;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(left, 4);
    pen.lineTo(left, bottom);
    pen.lineTo(width - 4, bottom);
    pen.stroke();
    if (count) {
      pen.textAlign = "right";
      pen.fillText(number(high, 2), left - 4, 14 * play.scale());
      pen.fillText(number(low, 2), left - 4, bottom);
      pen.fillText(number(Math.round(last), 6), width - 4, height - 3);
      pen.textAlign = "left";
      pen.fillText(number(Math.round(first), 6), left, height - 3);
    }
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, width - left, bottom + 1);
    pen.clip();
    const lines = [...(before ? [[before.epochs, before.train, [], palette.line, 3]] : []), [history.epochs, history.test, [5, 4], palette.soft, 2], [history.epochs, history.train, [], palette.ink, 2]];
    for (const [epochs, line, dash, tone, thick] of lines) {
      pen.setLineDash(dash);
      pen.strokeStyle = tone;
      pen.lineWidth = thick * play.scale();
      pen.beginPath();
      // As many lines as pixels are enough.
      const here = epochs === history.epochs ? count : epochs.length, step = Math.max(1, Math.floor(here / width));
      for (let k = 0; k < here; k = k + step < here || k === here - 1 ? k + step : here - 1) if (Number.isFinite(line[k]) && (!play.shown.log || line[k] > 0)) pen.lineTo(px(epochs[k]), py(line[k]));
      pen.stroke();
    }
    pen.restore();
    tell(pen, px, py, bottom);
  }

  function tell(pen, px, py, bottom) {
    const { history, palette } = play, k = place();
    box.setAttribute("aria-valuemax", Math.max(1, history.count - 1));
    box.setAttribute("aria-valuenow", Math.max(0, k));
    if (k < 0) return void (note.textContent = "The loss appears here as the network trains.");
    const old = play.before?.epochs.findLastIndex((epoch) => epoch <= history.epochs[k]), then = old >= 0 ? `; the run before ${number(play.before.train[old], 4)}` : "";
    const text = `epoch ${play.epochText(history.epochs[k])}: training ${number(history.train[k], 4)}${history.epochs[k] <= history.fitted ? " (mean)" : ""}${Number.isFinite(history.test[k]) ? `, test ${number(history.test[k], 4)}` : ""}${then}`;
    put(note, text);
    note.title = history.epochs[k] <= history.fitted ? "fit notes the mean of the losses before each step of the epoch" : "";
    box.setAttribute("aria-valuetext", text);
    if (cursor === null) return;
    pen.strokeStyle = palette.accent;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(px(history.epochs[k]), 4);
    pen.lineTo(px(history.epochs[k]), bottom);
    pen.stroke();
    for (const line of [history.train, history.test])
      if (Number.isFinite(line[k])) {
        pen.fillStyle = palette.accent;
        pen.beginPath();
        pen.arc(px(history.epochs[k]), py(line[k]), 3.5, 0, 7);
        pen.fill();
      }
  }

  // The point of the curve that is read: the one under the cursor, else the last.
  function place() {
    const { count, epochs } = play.history;
    if (cursor === null || count < 2) return count - 1;
    const wanted = epochs[0] + cursor * (epochs[count - 1] - epochs[0]);
    let k = 0;
    while (k + 1 < count && Math.abs(epochs[k + 1] - wanted) <= Math.abs(epochs[k] - wanted)) k += 1;
    return k;
  }
  box.addEventListener("pointermove", (event) => {
    const frame = box.getBoundingClientRect();
    cursor = Math.max(0, Math.min(1, (event.clientX - frame.left - 40) / (frame.width - 46)));
    play.touch("curve");
  });
  box.addEventListener("pointerleave", () => ((cursor = null), play.touch("curve")));
  box.addEventListener("blur", () => ((cursor = null), play.touch("curve")));
  box.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 0.02, ArrowLeft: -0.02, Home: -1, End: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    cursor = Math.max(0, Math.min(1, (cursor ?? 1) + way));
    play.touch("curve");
  });
  play.addJob({ name: "curve", element, every: 60, rest: 8, paint });
  new ResizeObserver(() => play.touch("curve")).observe(box);
  return { element };
}
