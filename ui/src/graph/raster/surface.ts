/**
 * Pixels and the ids under them: a framebuffer of `0xAABBGGRR` words, always opaque, and beside it what each pixel belongs to.
 *
 * It needs no browser, so that a picture can be checked pixel by pixel in a test.
 */
import { RECT_WORDS, type Rects, Style } from "../plot/rects";

/** Lays `over` on `under`; `a` from 0 (nothing) to 256 (all of it). */
export function mix(under: number, over: number, a: number): number {
  const b = 256 - a;
  const rb = ((Math.imul(under & 0xff00ff, b) + Math.imul(over & 0xff00ff, a)) >>> 8) & 0xff00ff;
  const g = ((Math.imul(under & 0x00ff00, b) + Math.imul(over & 0x00ff00, a)) >>> 8) & 0x00ff00;
  return 0xff000000 | rb | g;
}

/** How much of a pixel a half plane covers whose edge lies `d` pixels beyond its middle. */
function cover(d: number): number {
  return d >= 0.5 ? 0 : d <= -0.5 ? 1 : 0.5 - d;
}

export class Surface {
  readonly pixels: Uint32Array<ArrayBuffer>;
  readonly ids: Uint32Array;
  private readonly hatchTile: Uint16Array;
  private readonly hatchEdge: number;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly ratio: number,
  ) {
    this.pixels = new Uint32Array(width * height);
    this.ids = new Uint32Array(width * height);
    this.hatchTile = hatchTile(ratio);
    this.hatchEdge = Math.sqrt(this.hatchTile.length);
  }

  clear(colour: number): void {
    this.pixels.fill(colour | 0xff000000);
    this.ids.fill(0);
  }

  /** Fills whole pixels; the bounds are cut to the surface. */
  fill(x0: number, y0: number, x1: number, y1: number, colour: number, a: number): void {
    x0 = Math.max(0, x0);
    y0 = Math.max(0, y0);
    x1 = Math.min(this.width, x1);
    y1 = Math.min(this.height, y1);
    if (x0 >= x1 || a <= 0) return;
    const { pixels, width } = this;
    for (let y = y0; y < y1; y++) {
      const row = y * width;
      if (a >= 256) {
        if (x1 - x0 > 12) pixels.fill(colour, row + x0, row + x1);
        else for (let p = row + x0; p < row + x1; p++) pixels[p] = colour;
      } else for (let p = row + x0; p < row + x1; p++) pixels[p] = mix(pixels[p]!, colour, a);
    }
  }

  /** Fills a box whose edges may lie within pixels. */
  box(x0: number, y0: number, x1: number, y1: number, colour: number, a: number): void {
    const left = Math.max(0, Math.floor(x0));
    const right = Math.min(this.width, Math.ceil(x1));
    const top = Math.max(0, Math.floor(y0));
    const low = Math.min(this.height, Math.ceil(y1));
    const { pixels, width } = this;
    for (let y = top; y < low; y++) {
      const down = (Math.min(y1, y + 1) - Math.max(y0, y)) * a;
      for (let x = left; x < right; x++) {
        const part = Math.round(down * (Math.min(x1, x + 1) - Math.max(x0, x)));
        const p = y * width + x;
        pixels[p] = part >= 256 ? colour : mix(pixels[p]!, colour, part);
      }
    }
  }

  /** Fills a convex shape of corners x, y, x, y … */
  shape(corners: readonly number[], colour: number, a: number): void {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < corners.length; i += 2) {
      x0 = Math.min(x0, corners[i]!);
      x1 = Math.max(x1, corners[i]!);
      y0 = Math.min(y0, corners[i + 1]!);
      y1 = Math.max(y1, corners[i + 1]!);
    }
    x0 = Math.max(0, Math.floor(x0));
    y0 = Math.max(0, Math.floor(y0));
    x1 = Math.min(this.width, Math.ceil(x1));
    y1 = Math.min(this.height, Math.ceil(y1));
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const part = cover(shapeDistance(corners, x + 0.5, y + 0.5));
        if (part > 0) this.blend(y * this.width + x, colour, Math.round(part * a));
      }
    }
  }

  blend(p: number, colour: number, a: number): void {
    if (a >= 256) this.pixels[p] = colour;
    else if (a > 0) this.pixels[p] = mix(this.pixels[p]!, colour, a);
  }

  /** How much of a pixel the hatch covers, 0 to 256. */
  hatched(x: number, y: number): number {
    return this.hatchTile[(y % this.hatchEdge) * this.hatchEdge + (x % this.hatchEdge)]!;
  }

  /** Says what whole pixels belong to. */
  claim(x0: number, y0: number, x1: number, y1: number, id: number): void {
    x0 = Math.max(0, x0);
    y0 = Math.max(0, y0);
    x1 = Math.min(this.width, x1);
    y1 = Math.min(this.height, y1);
    if (x0 >= x1) return;
    for (let y = y0; y < y1; y++) this.ids.fill(id, y * this.width + x0, y * this.width + x1);
  }

  /** Draws boxes `from` to `to` of a list. */
  rects(list: Rects, from: number, to: number): void {
    for (let i = from; i < to; i++) this.rect(list, i * RECT_WORDS);
  }

  private rect({ f, u }: Rects, at: number): void {
    const x0 = f[at]!;
    const y0 = f[at + 1]!;
    const x1 = f[at + 2]!;
    const y1 = f[at + 3]!;
    if (x0 >= this.width || y0 >= this.height || x1 <= 0 || y1 <= 0) return;
    const radius = Math.min(f[at + 4]!, (x1 - x0) / 2, (y1 - y0) / 2);
    const width = f[at + 5]!;
    const cut = f[at + 6]!;
    const dash = f[at + 7]!;
    const style = u[at + 10]!;
    const strength = Math.round(((style >>> 24) * 256) / 255);
    const fill = u[at + 8]!;
    const line = u[at + 9]!;
    const filled = Math.round(((fill >>> 24) * strength) / 255);
    const lined = width > 0 ? Math.round(((line >>> 24) * strength) / 255) : 0;
    const hatch = (style & Style.Hatch) !== 0;
    if (u[at + 11]!) this.claim(x0, y0, x1, y1, u[at + 11]!);
    const full = (fill | 0xff000000) >>> 0;
    const edge = (line | 0xff000000) >>> 0;
    if (radius < 1 && lined <= 0 && cut <= 0) {
      if (hatch) this.hatch(x0, y0, x1, y1, full, filled);
      else this.fill(x0, y0, x1, y1, full, filled);
      return;
    }
    // The middle is plain; what bends or is cut lies in a frame as thick as the widest of it.
    const band = Math.ceil(Math.max(width, radius, cut > 0 ? cut + width : 0)) + (radius > 0 || cut > 0 ? 1 : 0);
    const left = Math.min(x1, x0 + band);
    const right = Math.max(left, x1 - band);
    const top = Math.min(y1, y0 + band);
    const low = Math.max(top, y1 - band);
    if (filled > 0) {
      if (hatch) this.hatch(left, top, right, low, full, filled);
      else this.fill(left, top, right, low, full, filled);
    }
    const w2 = (x1 - x0) / 2;
    const h2 = (y1 - y0) / 2;
    const sheet: Sheet = { x0, y0, x1, y1, cx: x0 + w2, cy: y0 + h2, w2, h2, radius, width, cut, dash, full, edge, filled, lined, hatch };
    if (hatch || cut > 0 || dash > 0) {
      this.bent(sheet, x0, y0, left, y1);
      this.bent(sheet, right, y0, x1, y1);
      this.bent(sheet, left, y0, right, top);
      this.bent(sheet, left, low, right, y1);
      return;
    }
    // Only corners bend; between them an edge is rows of one colour.
    for (const [a, b] of [[x0, left], [right, x1]] as const) {
      this.bent(sheet, a, y0, b, top);
      this.bent(sheet, a, low, b, y1);
    }
    for (let i = 0; i < band; i++) {
      const part = Math.round(Math.min(1, Math.max(0, width - i)) * lined);
      const plain = part < 256 ? filled : 0;
      if (y0 + i < top) this.twice(left, y0 + i, right, y0 + i + 1, full, plain, edge, part);
      if (y1 - i > low) this.twice(left, y1 - i - 1, right, y1 - i, full, plain, edge, part);
      if (x0 + i < left) this.twice(x0 + i, top, x0 + i + 1, low, full, plain, edge, part);
      if (x1 - i > right) this.twice(x1 - i - 1, top, x1 - i, low, full, plain, edge, part);
    }
  }

  /** Lays two colours on whole pixels, one after the other. */
  private twice(x0: number, y0: number, x1: number, y1: number, under: number, a: number, over: number, b: number): void {
    if (a > 0) this.fill(x0, y0, x1, y1, under, a);
    if (b > 0) this.fill(x0, y0, x1, y1, over, b);
  }

  /** Draws the part of a box within bounds where its edge lies. */
  private bent(s: Sheet, x0: number, y0: number, x1: number, y1: number): void {
    x0 = Math.max(0, x0);
    y0 = Math.max(0, y0);
    x1 = Math.min(this.width, x1);
    y1 = Math.min(this.height, y1);
    for (let y = y0; y < y1; y++) {
      const qy = Math.abs(y + 0.5 - s.cy) - s.h2 + s.radius;
      const row = y * this.width;
      for (let x = x0; x < x1; x++) {
        const qx = Math.abs(x + 0.5 - s.cx) - s.w2 + s.radius;
        let d = qx > 0 && qy > 0 ? Math.sqrt(qx * qx + qy * qy) - s.radius : Math.max(qx, qy) - s.radius;
        if (s.cut > 0) d = Math.max(d, (x + 0.5 - s.x1 - (y + 0.5 - s.y0) + s.cut) * Math.SQRT1_2);
        if (d >= 0.5) continue;
        const outer = cover(d);
        const inner = s.lined > 0 ? cover(d + s.width) : outer;
        const p = row + x;
        if (s.filled > 0) this.blend(p, s.full, Math.round(outer * (s.hatch ? (this.hatched(x, y) * s.filled) / 256 : s.filled)));
        if (outer <= inner) continue;
        if (s.dash > 0 && (qx > qy ? y - s.y0 : x - s.x0) % (s.dash * 1.75) >= s.dash) continue;
        this.blend(p, s.edge, Math.round((outer - inner) * s.lined));
      }
    }
  }

  /** Fills through the hatch. */
  hatch(x0: number, y0: number, x1: number, y1: number, colour: number, a: number): void {
    x0 = Math.max(0, x0);
    y0 = Math.max(0, y0);
    x1 = Math.min(this.width, x1);
    y1 = Math.min(this.height, y1);
    const { pixels, width, hatchTile: tile, hatchEdge: n } = this;
    for (let y = y0; y < y1; y++) {
      const row = (y % n) * n;
      for (let x = x0; x < x1; x++) {
        const part = (tile[row + (x % n)]! * a) >> 8;
        if (part > 0) pixels[y * width + x] = mix(pixels[y * width + x]!, colour, part);
      }
    }
  }
}

interface Sheet {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly cx: number;
  readonly cy: number;
  readonly w2: number;
  readonly h2: number;
  readonly radius: number;
  readonly width: number;
  readonly cut: number;
  readonly dash: number;
  readonly full: number;
  readonly edge: number;
  readonly filled: number;
  readonly lined: number;
  readonly hatch: boolean;
}

/** Device pixels from one stroke of the hatch to the next. */
export function hatchStep(ratio: number): number {
  return Math.max(4, Math.round(4.5 * ratio));
}

/** Width of a stroke of the hatch in device pixels. */
export function hatchWidth(ratio: number): number {
  return 1.2 * ratio;
}

/** How much of a pixel a rising stroke covers, 0 to 1; `x` and `y` count from any corner of a tile. */
export function hatchCover(x: number, y: number, step: number, width: number): number {
  const t = (x + y + 1) % step;
  return Math.min(1, Math.max(0, width / 2 + 0.5 - Math.min(t, step - t) * Math.SQRT1_2));
}

/** One tile of the hatch. */
function hatchTile(ratio: number): Uint16Array {
  const n = hatchStep(ratio);
  return Uint16Array.from({ length: n * n }, (_, i) => Math.round(256 * hatchCover(i % n, Math.floor(i / n), n, hatchWidth(ratio))));
}

/** Signed distance from a convex shape: below 0 inside. Corners may run either way. */
export function shapeDistance(corners: readonly number[], x: number, y: number): number {
  let turn = 0;
  for (let i = 0; i < corners.length; i += 2) {
    const j = (i + 2) % corners.length;
    turn += corners[i]! * corners[j + 1]! - corners[j]! * corners[i + 1]!;
  }
  const side = turn < 0 ? -1 : 1;
  let worst = -Infinity;
  for (let i = 0; i < corners.length; i += 2) {
    const j = (i + 2) % corners.length;
    const ex = corners[j]! - corners[i]!;
    const ey = corners[j + 1]! - corners[i + 1]!;
    const length = Math.sqrt(ex * ex + ey * ey) || 1;
    worst = Math.max(worst, (side * ((x - corners[i]!) * ey - (y - corners[i + 1]!) * ex)) / length);
  }
  return worst;
}
