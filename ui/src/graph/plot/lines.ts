/** Streets of one frame as columns of words: straight runs, quarter turns and arrows. Device pixels throughout. */

/** Words of one piece: a, b, c, d, e, f (floats), colour, kind with strength in the top byte (integers). */
export const LINE_WORDS = 8;

/**
 * What a piece is, and what its floats mean.
 *
 * Run: x0, y0, x1, y1, half the width. Turn: middle x, y, radius, quadrant (-1 or 1) across and down, half the width.
 * Arrow: tip x, y, direction x, y (of length 1), length, half its width.
 */
export const Piece = { Run: 0, Turn: 1, Arrow: 2 } as const;

/** A growing list of pieces. */
export class Lines {
  f: Float32Array;
  u: Uint32Array;
  count = 0;

  constructor(room = 512) {
    const words = new ArrayBuffer(room * LINE_WORDS * 4);
    this.f = new Float32Array(words);
    this.u = new Uint32Array(words);
  }

  clear(): void {
    this.count = 0;
  }

  push(kind: number, colour: number, strength: number, a: number, b: number, c: number, d: number, e: number, last: number): void {
    const at = this.count * LINE_WORDS;
    if (at + LINE_WORDS > this.u.length) this.grow();
    const { f, u } = this;
    f[at] = a;
    f[at + 1] = b;
    f[at + 2] = c;
    f[at + 3] = d;
    f[at + 4] = e;
    f[at + 5] = last;
    u[at + 6] = colour;
    u[at + 7] = kind | (Math.round(strength * 255) << 24);
    this.count++;
  }

  private grow(): void {
    const words = new ArrayBuffer(this.u.byteLength * 2);
    const u = new Uint32Array(words);
    u.set(this.u);
    this.u = u;
    this.f = new Float32Array(words);
  }
}

/**
 * Lays a street along its points (pairs of device pixels): runs on the middle of pixels, right corners rounded.
 *
 * Points that coincide are one. A run ends on the edge of a pixel, so that what follows it neither overlaps nor leaves a gap.
 * With a `dash` runs are broken into pieces of that length.
 */
export function layStreet(lines: Lines, points: Float32Array, count: number, colour: number, strength: number, half: number, radius: number, arrow: number, arrowHalf: number, dash = 0): void {
  const n = tidy(points, count);
  if (n < 2) return;
  // From edge to edge of the first and the last pixel.
  let px = points[0]! - Math.sign(points[2]! - points[0]!) / 2;
  let py = points[1]! - Math.sign(points[3]! - points[1]!) / 2;
  for (let i = 1; i < n; i++) {
    const x = points[2 * i]!;
    const y = points[2 * i + 1]!;
    const last = i === n - 1;
    const nx = last ? x : points[2 * i + 2]!;
    const ny = last ? y : points[2 * i + 3]!;
    const across = y === points[2 * i - 1];
    const down = x === points[2 * i - 2];
    const turns = !last && ((across && nx === x) || (down && ny === y));
    if (!turns) {
      const d = Math.sqrt((x - px) ** 2 + (y - py) ** 2) || 1;
      const ux = (x - px) / d;
      const uy = (y - py) / d;
      const arrowed = last && arrow > 0;
      // Under the arrow the line ends before the tip, which it would blunt.
      const end = last ? (arrowed ? -Math.min(d, Math.round(arrow * 0.6)) + 0.5 : 0.5) : 0;
      layRun(lines, colour, strength, px, py, x + ux * end, y + uy * end, half, dash);
      if (arrowed) lines.push(Piece.Arrow, colour, strength, x + ux / 2, y + uy / 2, ux, uy, arrow, arrowHalf);
      px = x;
      py = y;
      continue;
    }
    // Half a pixel off whole ones, so that the turn's box begins and ends on edges of pixels.
    const room = Math.min(radius, (Math.abs(x - px) + Math.abs(y - py)) / 1.01, (Math.abs(nx - x) + Math.abs(ny - y)) / 2);
    const q = Math.max(0.5, Math.floor(room) + 0.5);
    const ix = across ? Math.sign(px - x) : 0;
    const iy = across ? 0 : Math.sign(py - y);
    const ox = across ? 0 : Math.sign(nx - x);
    const oy = across ? Math.sign(ny - y) : 0;
    const ax = x + ix * q;
    const ay = y + iy * q;
    if (px !== ax || py !== ay) layRun(lines, colour, strength, px, py, ax, ay, half, dash);
    // The middle lies inside the corner; the quadrant looks from it to the corner.
    const sx = across ? -ix : -ox;
    const sy = across ? -oy : -iy;
    lines.push(Piece.Turn, colour, strength, x - sx * q, y - sy * q, q, sx, sy, half);
    px = x + ox * q;
    py = y + oy * q;
  }
}

/** A straight run; dashes begin on edges of pixels where the run does. */
function layRun(lines: Lines, colour: number, strength: number, x0: number, y0: number, x1: number, y1: number, half: number, dash: number): void {
  if (dash <= 0) return lines.push(Piece.Run, colour, strength, x0, y0, x1, y1, half, 0);
  const d = Math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2);
  const ux = (x1 - x0) / (d || 1);
  const uy = (y1 - y0) / (d || 1);
  const step = dash + Math.max(1, Math.round(dash * 0.7));
  for (let at = 0; at < d; at += step) {
    const end = Math.min(d, at + dash);
    lines.push(Piece.Run, colour, strength, x0 + ux * at, y0 + uy * at, x0 + ux * end, y0 + uy * end, half, 0);
  }
}

/** Puts points on the middles of pixels and drops those that coincide or lie on the way; answers how many are left. */
function tidy(points: Float32Array, count: number): number {
  let n = 0;
  for (let i = 0; i < count; i++) {
    const x = Math.floor(points[2 * i]!) + 0.5;
    const y = Math.floor(points[2 * i + 1]!) + 0.5;
    if (n > 0 && x === points[2 * n - 2] && y === points[2 * n - 1]) continue;
    if (n > 1) {
      const straight = (x === points[2 * n - 2] && x === points[2 * n - 4]) || (y === points[2 * n - 1] && y === points[2 * n - 3]);
      if (straight) n--;
    }
    points[2 * n] = x;
    points[2 * n + 1] = y;
    n++;
  }
  return n;
}
