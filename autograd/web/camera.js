// Moves what a stage shows: zoom at the pointer, drag the background, fit, bring a place into sight.

/**
 * Puts `world` (width x height) behind a camera on `stage`. moved() is called after each change, resized() when the stage is
 * of another size; `key` covers its foot.
 * @returns {{fit(), zoom(factor), show(box, smooth), scale(): number, sight(): {left, right, top, bottom}, element, close()}}
 */
function makeCamera(stage, world, width, height, page, moved, resized, key) {
  let x = 0, y = 0, scale = 1, byHand = false, smallest = 0, drag = null;
  const fingers = new Map();
  const button = (text, label, onclick) => make("button", { aria: label, title: label, onclick }, text);
  const element = make("div.camera", { role: "group", aria: "Zoom" }, button("−", "Smaller (−)", () => zoom(1 / 1.25)), button("fit", "Fit (0)", () => fit(0)), button("+", "Larger (+)", () => zoom(1.25)));
  world.style.transformOrigin = "0 0";

  function place() {
    world.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
    moved();
  }

  const foot = () => (key ? key.offsetHeight : 0);

  // The whole, at most a little larger than it was drawn; or at the start no smaller than can be read.
  function fit(least = 0) {
    byHand = false;
    smallest = least;
    const { clientWidth } = stage, clientHeight = stage.clientHeight - foot();
    if (!clientWidth || clientHeight < 1) return;
    const whole = Math.min(1.5, (clientWidth - 12) / width, (clientHeight - 12) / height);
    scale = whole < 0.7 * least ? least : whole;
    x = Math.max(6, (clientWidth - width * scale) / 2);
    y = height * scale > clientHeight ? 6 : (clientHeight - height * scale) / 2;
    place();
  }

  function zoomAt(factor, left, top) {
    const next = Math.max(0.05, Math.min(8, scale * factor));
    x = left - ((left - x) * next) / scale;
    y = top - ((top - y) * next) / scale;
    scale = next;
    byHand = true;
    place();
  }
  const zoom = (factor) => zoomAt(factor, stage.clientWidth / 2, stage.clientHeight / 2);

  const sight = () => ({ left: -x / scale, right: (stage.clientWidth - x) / scale, top: -y / scale, bottom: (stage.clientHeight - y) / scale });

  /** Moves no more than needed to have a box in sight, at no other scale. */
  function show(box) {
    const seen = sight(), margin = 5 / scale;
    const shift = (low, high, from, to) => (high - low > to - from ? (low + high - from - to) / 2 : low < from ? low - from : high > to ? high - to : 0);
    const [dx, dy] = [shift(box.left - margin, box.right + margin, seen.left, seen.right), shift(box.top - margin, box.bottom + margin, seen.top, seen.bottom - foot() / scale)];
    if (!dx && !dy) return;
    x -= dx * scale;
    y -= dy * scale;
    place();
  }

  /** Shows a box in the middle, with a margin around it, at most a little larger than it was drawn. */
  function look(box, margin = 24) {
    const { clientWidth, clientHeight } = stage;
    scale = Math.min(1.1, clientWidth / (box.width + 2 * margin), clientHeight / (box.height + 2 * margin));
    x = clientWidth / 2 - (box.x + box.width / 2) * scale;
    y = clientHeight / 2 - (box.y + box.height / 2) * scale;
    place();
  }

  const point = (event) => {
    const { left, top } = stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  function wheel(event) {
    // In a notebook, turning the wheel scrolls the notebook.
    if (!page.options.alone && !event.ctrlKey && !stage.contains(page.host.shadowRoot.activeElement)) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...point(event));
  }
  function down(event) {
    if (event.target.closest("button, [data-still]")) return;
    fingers.set(event.pointerId, point(event));
    drag = { at: point(event), x, y };
    stage.setPointerCapture(event.pointerId);
  }
  function move(event) {
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    fingers.set(event.pointerId, point(event));
    const after = [...fingers.values()];
    if (after.length === 2) {
      const far = ([one, other]) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
      zoomAt(far(after) / far(before), (after[0][0] + after[1][0]) / 2, (after[0][1] + after[1][1]) / 2);
    } else if (drag) {
      const [left, top] = point(event);
      x = drag.x + left - drag.at[0];
      y = drag.y + top - drag.at[1];
      byHand = true;
      place();
    }
  }
  function up(event) {
    fingers.delete(event.pointerId);
    drag = null;
  }
  const heard = { wheel, pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [kind, listener] of Object.entries(heard)) stage.addEventListener(kind, listener, { passive: false });
  const sizes = new ResizeObserver(() => {
    if (byHand) place();
    else fit(smallest);
    resized();
  });
  sizes.observe(stage);

  function close() {
    for (const [kind, listener] of Object.entries(heard)) stage.removeEventListener(kind, listener);
    sizes.disconnect();
  }
  return { fit, look, zoom, zoomAt, show, sight, element, close, scale: () => scale, isByHand: () => byHand };
}
