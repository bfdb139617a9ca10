/** The CPU back end on a canvas: the framebuffer is put on it, then the words. */
import { finderOf, NOTHING, type Hit } from "../find";
import { drawOverlay } from "../overlay/overlay";
import type { Frame, LeftOut, Painter } from "../painter";
import { Pick, Plot, plotFrame } from "../plot/plot";
import { box } from "../scene";
import { toPlan, type Size } from "../viewport";
import { houseOfPick } from "./cells";
import { Raster } from "./raster";
import { Surface } from "./surface";

export class RasterPainter implements Painter {
  readonly name = "raster";
  private readonly ink: CanvasRenderingContext2D;
  private readonly plot = new Plot();
  private readonly raster = new Raster();
  private size: Size = { w: 0, h: 0 };
  private ratio = 1;
  private surface = new Surface(1, 1, 1);
  private image: ImageData | null = null;
  private frame: Frame | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const ink = canvas.getContext("2d");
    if (!ink) throw new Error("no 2D canvas in this web view");
    this.ink = ink;
  }

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    const width = Math.max(1, Math.round(size.w * ratio));
    const height = Math.max(1, Math.round(size.h * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.surface = new Surface(width, height, ratio);
    this.image = new ImageData(new Uint8ClampedArray(this.surface.pixels.buffer), width, height);
  }

  paint(frame: Frame): LeftOut {
    this.frame = frame;
    plotFrame(this.plot, frame, this.size, this.ratio);
    this.raster.draw(this.surface, this.plot, frame);
    if (this.image) this.ink.putImageData(this.image, 0, 0);
    drawOverlay(this.ink, frame, this.plot, this.size, this.ratio);
    return this.plot.left;
  }

  pick(x: number, y: number, slack: number): Hit {
    if (!this.frame) return NOTHING;
    const px = Math.floor(x * this.ratio);
    const py = Math.floor(y * this.ratio);
    const inside = px >= 0 && py >= 0 && px < this.surface.width && py < this.surface.height;
    const id = inside ? this.surface.ids[py * this.surface.width + px]! : 0;
    return pickOf(this.frame, id, x, y, slack);
  }

  /** Rings a house of the last frame, as the page does for the selected one; -1 for none. */
  ring(house: number): void {
    if (!this.frame || house < 0) return;
    const { view, palette, drawn } = this.frame;
    const r = box(drawn.scene.houses, house);
    const edge = (size: number) => Math.max(8, size * view.scale) + 4;
    this.ink.strokeStyle = palette.accent;
    this.ink.lineWidth = 2;
    this.ink.strokeRect((r.x - view.x) * view.scale - 2, (r.y - view.y) * view.scale - 2, edge(r.w), edge(r.h));
  }

  finish(): void {
    // Everything is drawn when `paint` returns.
  }

  close(): void {
    this.surface = new Surface(1, 1, 1);
    this.image = null;
    this.frame = null;
  }
}

/** What the id under a pixel of a frame means; where there is none, the nearest house within `slack` CSS pixels. */
export function pickOf(frame: Frame, id: number, x: number, y: number, slack: number): Hit {
  const { scene } = frame.drawn;
  const [px, py] = toPlan(frame.view, x, y);
  const house = houseOfPick(scene, id);
  if (house < 0) return finderOf(scene).at(px, py, slack / frame.view.scale);
  const block = scene.houses.block[house]!;
  if (id & Pick.Cell) return { block, house, cell: id & Pick.Row, case: -1 };
  const near = finderOf(scene).at(px, py);
  return near.house === house ? near : { block, house, cell: -1, case: -1 };
}
