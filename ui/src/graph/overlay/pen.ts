/** The overlay's hand for one frame: the surface, the transform and the colours. CSS pixels. */
import type { Drawn, Frame } from "../painter";
import type { Palette } from "../palette";
import type { Ink } from "./bars";
import type { Rect } from "../scene";
import type { Size, View } from "../viewport";

export class Pen {
  readonly view: View;
  readonly palette: Palette;
  readonly drawn: Drawn;
  /** Pixels per unit. */
  readonly s: number;

  constructor(
    readonly ink: Ink,
    readonly frame: Frame,
    readonly size: Size,
    readonly ratio: number,
  ) {
    this.view = frame.view;
    this.palette = frame.palette;
    this.drawn = frame.drawn;
    this.s = frame.view.scale;
  }

  x(x: number): number {
    return (x - this.view.x) * this.s;
  }

  y(y: number): number {
    return (y - this.view.y) * this.s;
  }

  /** Rounds to a device pixel. */
  snap(v: number): number {
    return Math.round(v * this.ratio) / this.ratio;
  }

  /** A rectangle of the plan on screen, its edges on device pixels. */
  rect(r: Rect): Rect {
    const x = this.snap(this.x(r.x));
    const y = this.snap(this.y(r.y));
    return { x, y, w: this.snap(this.x(r.x + r.w)) - x, h: this.snap(this.y(r.y + r.h)) - y };
  }

  /** Draws at a part of the present strength. */
  faded(alpha: number, draw: () => void): void {
    const before = this.ink.globalAlpha;
    this.ink.globalAlpha = before * alpha;
    draw();
    this.ink.globalAlpha = before;
  }

  /** How strongly a house is drawn while only trouble is asked for. */
  strength(house: number): number {
    const keep = this.frame.keep;
    return !keep || house < 0 || keep[house] ? 1 : 0.22;
  }

  font(size: number, weight: number, mono: boolean): string {
    return `${weight} ${size}px ${mono ? this.palette.mono : this.palette.sans}`;
  }
}
