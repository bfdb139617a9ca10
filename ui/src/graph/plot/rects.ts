/** Boxes of one frame as columns of words: the CPU walks them, WebGL2 takes them as they lie. Device pixels throughout. */

/** Words of one box: x0, y0, x1, y1, radius, line width, cut, dash (floats), then fill, line, style, id (integers). */
export const RECT_WORDS = 12;

/** Bits of a box's style; its strength, 0 to 255, stands in the top byte. */
export const Style = {
  /** It lies on the ground: heat shines on it. */
  Lit: 1,
  /** Its fill is drawn through the hatch. */
  Hatch: 2,
} as const;

export interface Look {
  /** `0xAABBGGRR`; a colour without alpha is not drawn. */
  readonly fill: number;
  readonly line?: number;
  /** Width of the line, drawn inside the box. */
  readonly width?: number;
  readonly radius?: number;
  /** Edge of the corner that is cut off, top right. */
  readonly cut?: number;
  /** Length of a dash; a gap is three quarters of it. 0 for a whole line. */
  readonly dash?: number;
  readonly style?: number;
  /** 0 to 1. */
  readonly strength?: number;
  /** What is picked at its pixels; 0 for nothing. */
  readonly id?: number;
}

/** A growing list of boxes. */
export class Rects {
  f: Float32Array;
  u: Uint32Array;
  count = 0;

  constructor(room = 256) {
    const words = new ArrayBuffer(room * RECT_WORDS * 4);
    this.f = new Float32Array(words);
    this.u = new Uint32Array(words);
  }

  clear(): void {
    this.count = 0;
  }

  push(x0: number, y0: number, x1: number, y1: number, look: Look): void {
    const at = this.count * RECT_WORDS;
    if (at + RECT_WORDS > this.u.length) this.grow(at + RECT_WORDS);
    const { f, u } = this;
    f[at] = x0;
    f[at + 1] = y0;
    f[at + 2] = x1;
    f[at + 3] = y1;
    f[at + 4] = look.radius ?? 0;
    f[at + 5] = look.width ?? 0;
    f[at + 6] = look.cut ?? 0;
    f[at + 7] = look.dash ?? 0;
    u[at + 8] = look.fill;
    u[at + 9] = look.line ?? 0;
    u[at + 10] = (look.style ?? 0) | (Math.round((look.strength ?? 1) * 255) << 24);
    u[at + 11] = look.id ?? 0;
    this.count++;
  }

  /** Takes over all boxes of another list. */
  append(other: Rects): void {
    const at = this.count * RECT_WORDS;
    const words = other.count * RECT_WORDS;
    if (at + words > this.u.length) this.grow(at + words);
    this.u.set(other.u.subarray(0, words), at);
    this.count += other.count;
  }

  private grow(least: number): void {
    const words = new ArrayBuffer(Math.max(this.u.byteLength * 2, least * 4));
    const u = new Uint32Array(words);
    u.set(this.u);
    this.u = u;
    this.f = new Float32Array(words);
  }
}
