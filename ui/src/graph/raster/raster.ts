/** One frame on the CPU, from lists to pixels and ids. Nothing is written on it: words lie above, in the overlay. */
import type { Frame } from "../painter";
import { coloursOf } from "../palette";
import type { Plot } from "../plot/plot";
import { drawCells } from "./cells";
import { Heat } from "./heat";
import { drawLines } from "./streets";
import type { Surface } from "./surface";
import { Windows } from "./windows";

export class Raster {
  private readonly heat = new Heat();
  private readonly windows = new Windows();

  /** Draws what is plotted of a frame. */
  draw(surface: Surface, plot: Plot, frame: Frame): void {
    surface.clear(coloursOf(frame.palette).canvas);
    surface.rects(plot.rects, 0, plot.ground);
    this.heat.draw(surface, plot, frame.palette);
    drawLines(surface, plot.lines);
    surface.rects(plot.rects, plot.ground, plot.veil);
    if (plot.celled) drawCells(surface, plot, frame, this.windows);
    surface.rects(plot.rects, plot.veil, plot.rects.count);
  }
}
