// Data from a formula of the user's. It is read here, sign by sign, and never run as a program: only arithmetic,
// comparisons and the functions of the table, which Python has put into the pieces, have a meaning.

/** Longer formulas are refused: they are nested only so deep. */
const MOST_SIGNS = 200;

/**
 * Returns {f, inputs, isClass} of a formula in x1 and x2: f(x1, x2) is a number, `inputs` is 1 if x2 is not in it, and
 * `isClass` says that it is a comparison. `functions` are those of the pieces. Throws an Error with one sentence.
 */
function readFormula(text, functions) {
  const plain = String(text).replace(/^\s*y\s*=(?!=)/, "").replaceAll("\u2212", "-").replace(/[·×]/g, "*").replaceAll("^", "**");
  if (plain.length > MOST_SIGNS) throw new Error(`A formula may have ${MOST_SIGNS} signs; this one has ${plain.length}.`);
  const tokens = plain.match(/\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[\p{L}_][\p{L}\d_]*|\*\*|[<>]=?|\S/giu) || [];
  let at = 0, inputs = 1, isClass = false;
  const sees = (...signs) => signs.includes(tokens[at]), quoted = () => (at < tokens.length ? `“${tokens[at].slice(0, 20)}”` : "the end");

  /** Terms with signs between them, from the left; `meanings` says what each sign does. */
  const chain = (part, meanings) => () => {
    let left = part();
    while (Object.hasOwn(meanings, tokens[at])) {
      const meaning = meanings[tokens[at++]], [a, b] = [left, part()];
      left = (x1, x2) => meaning(a(x1, x2), b(x1, x2));
    }
    return left;
  };
  const product = chain(signed, { "*": (a, b) => a * b, "/": (a, b) => a / b });
  const sum = chain(product, { "+": (a, b) => a + b, "-": (a, b) => a - b });
  function comparison() {
    const a = sum();
    isClass = sees("<", ">", "<=", ">=");
    if (!isClass) return a;
    const sign = tokens[at++], b = sum();
    if (sign[0] === "<") return sign === "<" ? (x1, x2) => Number(a(x1, x2) < b(x1, x2)) : (x1, x2) => Number(a(x1, x2) <= b(x1, x2));
    return sign === ">" ? (x1, x2) => Number(a(x1, x2) > b(x1, x2)) : (x1, x2) => Number(a(x1, x2) >= b(x1, x2));
  }
  function signed() {
    if (!sees("+", "-")) return power();
    const isMinus = tokens[at++] === "-", a = signed();
    return isMinus ? (x1, x2) => -a(x1, x2) : a;
  }
  function power() {
    const a = atom();
    if (!sees("**")) return a;
    at += 1;
    const b = signed();
    return (x1, x2) => a(x1, x2) ** b(x1, x2);
  }
  function atom() {
    const token = tokens[at] ?? "";
    if (/^[\d.]+/.test(token) && Number.isFinite(Number(token))) {
      at += 1;
      return () => Number(token);
    }
    if (token === "(") return inParentheses();
    if (!/^[\p{L}_]/u.test(token)) throw new Error(`A number, a name or a parenthesis should stand where ${quoted()} is.`);
    at += 1;
    if (sees("(")) {
      if (!Object.hasOwn(functions, token)) throw new Error(`“${token.slice(0, 20)}” is no function here; there are ${Object.keys(functions).join(", ")}.`);
      const f = functions[token](), a = inParentheses();
      return (x1, x2) => f(a(x1, x2));
    }
    if (token === "x2") {
      inputs = 2;
      return (x1, x2) => x2;
    }
    if (token === "x1" || token === "x") return (x1) => x1;
    if (token !== "pi" && token !== "e") throw new Error(`“${token.slice(0, 20)}” is no name here; there are x1, x2, pi and e${Object.hasOwn(functions, token) ? `, and ${token}(…) takes parentheses` : ""}.`);
    return () => (token === "pi" ? Math.PI : Math.E);
  }
  function inParentheses() {
    at += 1;
    const inner = comparison();
    if (!sees(")")) throw new Error(`A parenthesis that is open should end where ${quoted()} is.`);
    at += 1;
    isClass = false;
    return inner;
  }

  if (!tokens.length) throw new Error("A formula is empty: write one such as sin(2 * x1) * x2, or x1 * x2 > 0 for two classes.");
  const f = comparison();
  if (at < tokens.length) throw new Error(`A sign such as + or * should stand before ${quoted()}.`);
  return { f, inputs, isClass };
}
