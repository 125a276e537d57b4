// Where the layers and neurons of the network stand. Small layers are one column of tiles whose weights are numbers at
// their left edge; large ones are blocks of small tiles; an image is one block of pixels.

const NET_LOOK = { head: 58, foot: 8, least: 24, most: 58, gap: 6, side: 10, port: 68, line: 13, pitch: 30, leanPitch: 18, leanHead: 42 };

/** Below so many pixels, a phone's, the network is drawn lean. */
const LEAN_WIDTH = 420;

/**
 * Returns {width, height, columns}: each column has x, width, rows, tile, spacing, ports, and place(i) -> [x, y], the middle
 * of a neuron. It may be wider than the room, which then scrolls.
 */
function layoutNetwork(sizes, room, height, image, scale = 1) {
  // Letters are larger, not the room that tiles need.
  const look = { ...Object.fromEntries(Object.entries(NET_LOOK).map(([name, x]) => [name, x * scale])), least: NET_LOOK.least }, isLean = room < LEAN_WIDTH, top = isLean ? look.leanHead : look.head, tall = height - top - look.foot;
  const columns = sizes.map((n, k) => {
    if (k === 0 && image) return imageColumn(n, image, tall);
    const least = look.least + 2, fits = Math.max(1, Math.floor(tall / least)), rows = Math.min(n, fits), across = Math.ceil(n / rows);
    const even = Math.ceil(n / across), spacing = Math.min(tall / even, 104);
    const tile = across > 1 ? look.least : Math.max(look.least, Math.min(isLean ? (sizes.length > 5 ? 26 : 40) : look.most, spacing - (k ? 16 : spacing > 66 ? 34 : 18)));
    const inputs = k ? sizes[k - 1] : 0;
    const ports = k > 0 && across === 1 && spacing >= look.line * (inputs + 1) + 4;
    return { n, k, rows: even, across, tile, spacing, ports, line: look.line, port: look.port, width: across * (tile + 4) - 4 + (ports ? look.port : 0), inset: ports ? look.port : 0, pixels: false };
  });
  const heads = (one, k) => Math.max(one.width, (k === 0 ? 40 : isLean ? 44 : 78) * scale);
  const taken = columns.reduce((sum, one) => sum + one.width, 0), slack = columns.length - 1;
  const pitch = columns.slice(0, -1).map((one, k) => Math.max(isLean ? look.leanPitch : look.pitch, (heads(one, k) + heads(columns[k + 1], k + 1)) / 2 + 4 - (one.width + columns[k + 1].width) / 2));
  const needed = taken + pitch.reduce((sum, one) => sum + one, 0) + 2 * look.side + 24;
  if (needed > room && columns.some((one) => one.ports) && slack) {
    const lean = columns.map((one) => one.ports && { ...one, ports: false, width: one.width - look.port, inset: 0 } || one);
    columns.splice(0, columns.length, ...lean);
  }
  return placed(columns, room, height, top, tall, heads, look);
}

function imageColumn(n, [high, wide], tall) {
  const size = Math.max(72, Math.min(150, tall * 0.5)), cell = size / Math.max(high, wide);
  return { n, k: 0, rows: high, across: wide, tile: cell, spacing: cell, ports: false, width: cell * wide, inset: 0, pixels: true };
}

function placed(columns, room, height, above, tall, heads, look) {
  const first = heads(columns[0], 0), last = heads(columns.at(-1), columns.length - 1);
  const margins = [Math.max(look.side, (first - columns[0].width) / 2), Math.max(look.side, (last - columns.at(-1).width) / 2 + 2)];
  const gaps = columns.slice(0, -1).map((one, k) => {
    const other = columns[k + 1];
    return Math.max(room < LEAN_WIDTH ? look.leanPitch : look.pitch, (heads(one, k) + heads(other, k + 1)) / 2 + 4 - (one.width + other.width) / 2);
  });
  const needed = columns.reduce((sum, one) => sum + one.width, 0) + gaps.reduce((sum, one) => sum + one, 0) + margins[0] + margins[1];
  const width = Math.max(room, needed), more = gaps.length ? (width - needed) / gaps.length : 0;
  let x = margins[0];
  columns.forEach((one, k) => {
    one.x = x;
    const left = x + one.inset, step = one.pixels ? one.tile : one.tile + 4, half = one.tile / 2;
    const down = one.across > 1 || one.pixels ? step : one.spacing, high = down * one.rows;
    const top = above + (tall - high) / 2;
    one.left = left;
    one.top = top;
    one.middle = one.x + one.width / 2;
    one.place = (i) => {
      const row = one.pixels ? Math.floor(i / one.across) : i % one.rows, column = one.pixels ? i % one.across : Math.floor(i / one.rows);
      return [left + column * step + half, top + (row + 0.5) * down];
    };
    x += one.width + (gaps[k] || 0) + more;
  });
  return { width, height, columns };
}

/** Where the weight from j (-1: the bias) arrives at neuron i of a column: left edge of the tile, or its port. */
function arrivalOf(column, inputs, j, i) {
  const [x, y] = column.place(i), edge = x - column.tile / 2;
  if (column.ports) {
    const at = j < 0 ? inputs : j;
    return [edge - column.port + 4, y + (at - inputs / 2) * column.line];
  }
  if (j < 0) return [edge + 2, y + column.tile / 2 - 2];
  return [edge, y + ((j + 0.5) / inputs - 0.5) * Math.min(column.tile * 0.7, 3 * inputs)];
}
