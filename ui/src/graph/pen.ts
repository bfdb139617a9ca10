/** One frame's hand: the surface, the transform and the colours, shared by the layers. */
import type { Drawn, Frame } from "./painter";
import type { Palette } from "./palette";
import type { Ink } from "./shapes";
import { type Rect, meet } from "./scene";
import { type Level, type Size, type View, levelOf, visible } from "./viewport";

export class Pen {
  readonly view: View;
  readonly palette: Palette;
  readonly drawn: Drawn;
  readonly level: Level;
  /** The plan's part on screen, a little larger. */
  readonly seen: Rect;
  /** Pixels per unit. */
  readonly s: number;

  constructor(
    readonly ink: Ink,
    readonly frame: Frame,
    readonly size: Size,
    readonly ratio: number,
    readonly hatch: CanvasPattern | string,
  ) {
    this.view = frame.view;
    this.palette = frame.palette;
    this.drawn = frame.drawn;
    this.s = frame.view.scale;
    this.level = levelOf(this.s);
    const v = visible(frame.view, size);
    const m = 60 / this.s;
    this.seen = { x: v.x - m, y: v.y - m, w: v.w + 2 * m, h: v.h + 2 * m };
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

  sees(r: Rect): boolean {
    return meet(this.seen, r);
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
