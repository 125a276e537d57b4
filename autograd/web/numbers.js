// Numbers as Python wrote them: as they are, or packed.

/** Returns the numbers of a node or a constant as Python wrote them. */
function decodeNumbers(written, shape) {
  if (typeof written === "number") return written;
  if (Array.isArray(written)) return Float64Array.from(written);
  const bytes = Uint8Array.from(atob(written.f64), letter => letter.charCodeAt(0));
  const found = new Float64Array(bytes.length / 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < found.length; i++) found[i] = view.getFloat64(8 * i, true);
  return shape.length ? found : found[0];
}
