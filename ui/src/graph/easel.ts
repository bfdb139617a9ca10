/** Holds the back end in use: as the person chose, else as measured; and the CPU where the other one fails. */
import { drawing as shared, holdsFor, type BackEnd, type DrawingChoice, type InUse, type Measured } from "../lib/drawing.svelte";
import { NOTHING, type Hit } from "./find";
import { Gl2Painter } from "./gl2/painter";
import type { Frame, LeftOut, Painter } from "./painter";
import { RasterPainter } from "./raster/painter";
import { Trial } from "./trial";
import type { Size } from "./viewport";

/** Where the choice and what was measured are kept. */
export interface Kept {
  readonly choice: DrawingChoice;
  readonly measured: Measured | null;
  used: InUse | null;
  remember(measured: Measured): void;
}

/** Makes a back end; throws where it cannot be had. */
export type Make = (name: BackEnd, onlost: () => void) => Painter;

export const LOST = "The web view took its graphics context away.";
export const ABSENT = "This web view has no WebGL2.";

export class Easel {
  private painter: Painter | null = null;
  private trial: Trial | null = null;
  private trouble = "";
  private size: Size = { w: 0, h: 0 };
  private ratio = 1;
  private last = 0;

  /** `again` asks for one more frame, while frames are measured or when the picture was lost. */
  constructor(
    private readonly make: Make,
    private readonly again: () => void,
    private readonly kept: Kept = shared,
  ) {}

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    this.painter?.resize(size, ratio);
  }

  /** Draws a frame that begins at `now`, with whichever back end it is the turn of. */
  paint(frame: Frame, now: number): LeftOut {
    const interval = now - this.last;
    this.last = now;
    const painter = this.turn(frame);
    const began = performance.now();
    const left = painter.paint(frame);
    const { trial } = this;
    if (trial?.current === painter.name) {
      painter.finish();
      trial.count(performance.now() - began, interval);
      this.again();
    }
    if (trial && !trial.current) this.conclude(trial, frame);
    return left;
  }

  pick(x: number, y: number, slack: number): Hit {
    return this.painter?.pick(x, y, slack) ?? NOTHING;
  }

  close(): void {
    this.painter?.close();
    this.painter = null;
  }

  /** The back end for the next frame. */
  private turn(frame: Frame): Painter {
    const { choice, measured } = this.kept;
    const cells = frame.drawn.scene.cells.count;
    // What is read for the first time needs the machine more than the choice does.
    if (this.trouble || choice !== "auto" || frame.growing) this.trial = null;
    else if (!this.trial && frame.drawn.scene.houses.count > 0 && !(measured && holdsFor(measured, cells, this.pixels))) this.trial = new Trial();
    const wanted = this.trouble ? "raster" : choice !== "auto" ? choice : (this.trial?.current ?? measured?.name ?? "raster");
    if (this.painter?.name === wanted) return this.painter;
    return this.change(wanted);
  }

  private change(wanted: BackEnd): Painter {
    this.painter?.close();
    let painter: Painter;
    try {
      painter = this.make(wanted, () => this.fall(LOST));
    } catch (why) {
      if (wanted === "raster") throw why;
      this.trial?.refuse();
      if (!this.trial) this.trouble = ABSENT;
      painter = this.make("raster", () => undefined);
    }
    painter.resize(this.size, this.ratio);
    this.painter = painter;
    this.kept.used = { name: painter.name, trouble: this.trouble };
    return painter;
  }

  /** The picture is gone: the next frame is drawn on the CPU, and so is every other of this window. */
  private fall(why: string): void {
    this.trouble = why;
    this.trial = null;
    this.again();
  }

  private conclude(trial: Trial, frame: Frame): void {
    this.trial = null;
    this.kept.remember({ ...trial.result(), cells: frame.drawn.scene.cells.count, pixels: this.pixels });
  }

  private get pixels(): number {
    return Math.round(this.size.w * this.ratio) * Math.round(this.size.h * this.ratio);
  }
}

/** The back ends on the canvas that carries the words. */
export function onCanvas(canvas: HTMLCanvasElement): Make {
  return (name, onlost) => (name === "gl2" ? new Gl2Painter(canvas, onlost) : new RasterPainter(canvas));
}
