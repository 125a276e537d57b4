"""Functions that JavaScript has not, or not as IEEE 754 and Python have them; a source has those that it calls."""

from __future__ import annotations

import re

from autograd._ops.series import ERF, ERFCX

HELPERS = {
    "square": "function square(x) { return x * x; }",
    "power": """function power(x, y) {
  if (y === 2) return x * x;
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}""",
    "maximum": "function maximum(x, y) { return x >= y || x !== x ? x : y; }",
    "minimum": "function minimum(x, y) { return x <= y || x !== x ? x : y; }",
    "roundEven": """function roundEven(x) {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}""",
    "copysign": "function copysign(x, y) { return y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x); }",
    "remainder": """function remainder(x, y) {
  const r = x % y;
  if (r === 0) return y < 0 || Object.is(y, -0) ? -0 : 0;
  return r < 0 !== y < 0 ? r + y : r;
}""",
    "floorDivide": """function floorDivide(x, y) {
  if (y === 0 || !Number.isFinite(x)) return y === 0 ? x / y : NaN;
  const r = x % y, q = (x - r) / y - (r !== 0 && r < 0 !== y < 0 ? 1 : 0);
  return q === 0 ? copysign(0, x / y) : Math.round(q);
}""",
    "exponent": """function exponent(x) {
  if (x === 0 || !Number.isFinite(x)) return 0;
  let e = 0;
  for (x = Math.abs(x); x >= 1; x /= 2) e++;
  for (; x < 0.5; x *= 2) e--;
  return e;
}""",
    "mantissa": """function mantissa(x) {
  const half = Math.trunc(exponent(x) / 2), rest = exponent(x) - half;
  return x / Math.pow(2, half) / Math.pow(2, rest);
}""",
    "tanh": """// Math.tanh takes twice as long.
function tanh(x) {
  if (Math.abs(x) > 20) return Math.sign(x);
  const e = Math.expm1(2 * x);
  return e / (e + 2);
}""",
    "erf": f"""function erf(x) {{
  const a = Math.abs(x);
  if (a >= 1) return x < 0 ? erfc(a) - 1 : 1 - erfc(a);
  return x * {list(ERF)}.reduce((sum, c) => sum * x * x + c, 0);
}}""",
    "erfc": f"""function erfc(x) {{
  const a = Math.abs(x), b = Math.min(a, 30), head = Math.trunc(b * 16) / 16, t = (b - 4) / (b + 4);
  if (a < 0.5) return 1 - erf(x);
  const bell = Math.exp(-head * head) * Math.exp((head - b) * (head + b));
  const right = bell * {list(ERFCX)}.reduce((sum, c) => sum * t + c, 0) / (1 + 2 * b);
  return x < 0 ? 2 - right : right;
}}""",
    "argsort": """// Where the smallest of every few elements stands among them, then the next; nan comes last.
function argsort(out, a, length) {
  for (let start = 0; start < a.length; start += length) {
    const row = a.slice(start, start + length), order = Array.from(row, (_, k) => k);
    order.sort((i, j) => (row[i] < row[j] ? -1 : row[i] > row[j] ? 1 : Number.isNaN(row[i]) - Number.isNaN(row[j])));
    out.set(order, start);
  }
}""",
    "matmul": """// out = a b, two rows and four columns at a time. a(i, k) is a[a0 + i * ai + k * ak].
function matmul(out, a, b, rows, inner, columns, [a0, ai, ak] = [0, inner, 1], [b0, bk, bj] = [0, columns, 1], o = 0) {
  for (let i = 0; i < rows; i += 2) {
    // The last of an odd number of rows is computed twice.
    const row = a0 + i * ai, to = o + i * columns, more = i + 1 < rows ? 1 : 0, below = more * ai;
    const next = to + more * columns;
    let j = 0;
    for (; j + 3 < columns; j += 4) {
      let s = 0, t = 0, u = 0, v = 0, s2 = 0, t2 = 0, u2 = 0, v2 = 0;
      for (let k = 0, p = row, q = b0 + j * bj; k < inner; k++, p += ak, q += bk) {
        const x = a[p], y = a[p + below], c = b[q], d = b[q + bj], e = b[q + 2 * bj], f = b[q + 3 * bj];
        s += x * c;
        t += x * d;
        u += x * e;
        v += x * f;
        s2 += y * c;
        t2 += y * d;
        u2 += y * e;
        v2 += y * f;
      }
      out[to + j] = s;
      out[to + j + 1] = t;
      out[to + j + 2] = u;
      out[to + j + 3] = v;
      out[next + j] = s2;
      out[next + j + 1] = t2;
      out[next + j + 2] = u2;
      out[next + j + 3] = v2;
    }
    for (; j < columns; j++) {
      let s = 0, s2 = 0;
      for (let k = 0, p = row, q = b0 + j * bj; k < inner; k++, p += ak, q += bk) {
        s += a[p] * b[q];
        s2 += a[p + below] * b[q];
      }
      out[to + j] = s;
      out[next + j] = s2;
    }
  }
}""",
}
"""Each by its name, in the order in which they stand."""


def helpers_in(text: str) -> list[str]:
    """Return the helpers that a text calls, and those that these call."""
    found = {name for name in HELPERS if re.search(rf"(?<![\w.]){name}\(", text)}
    found |= {"exponent"} if "mantissa" in found else set()
    found |= {"copysign"} if "floorDivide" in found else set()
    found |= {"erf", "erfc"} if found & {"erf", "erfc"} else set()
    return [source for name, source in HELPERS.items() if name in found]
