/** The Canvas 2D back end. Near, every house is drawn; far, pods are a mosaic in a framebuffer with houses in trouble on top. */
import { type BlockSums, drawBlocks, drawHeat, drawTitles } from "./ground";
import { NAME_FLOOR, drawBeacon, drawHouses, drawPile, drawSketch } from "./houses";
import { type Wish, placeLabels, shorten } from "./labels";
import { mosaic } from "./mosaic";
import type { Frame, Painter } from "./painter";
import { Pen } from "./pen";
import { CaseState, Health, Severity, type Rect, type Scene, box, verdict } from "./scene";
import { makeHatch } from "./shapes";
import { drawStreets } from "./streets";
import type { Size } from "./viewport";

/** Most labels besides those in houses and blocks. */
const MOST_LABELS = 200;
/** Below this many pixels a cell has no shape and goes through the framebuffer. */
const SHAPED = 4.5;

export class CanvasPainter implements Painter {
  private readonly ink: CanvasRenderingContext2D;
  private size: Size = { w: 0, h: 0 };
  private ratio = 1;
  private hatch: { colour: string; ratio: number; pattern: CanvasPattern | string } | null = null;
  private buffer: { canvas: HTMLCanvasElement; ink: CanvasRenderingContext2D; image: ImageData; pixels: Uint32Array } | null = null;
  private sums: { scene: Scene; firing: Uint32Array; known: Uint32Array; worst: Uint8Array } | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const ink = canvas.getContext("2d");
    if (!ink) throw new Error("no 2D canvas in this web view");
    this.ink = ink;
  }

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.w * ratio));
    this.canvas.height = Math.max(1, Math.round(size.h * ratio));
    this.buffer = null;
  }

  paint(frame: Frame): void {
    const { ink } = this;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ink.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ink.globalAlpha = 1;
    const pen = new Pen(ink, frame, this.size, this.ratio, this.hatchOf(frame));
    const { scene, heat } = frame.drawn;
    const rows = this.rowsSeen(pen);
    drawBlocks(pen);
    drawHeat(pen);
    if (pen.s >= 0.2) drawStreets(pen);
    if (frame.sketch) {
      drawSketch(pen, rows);
      if (pen.s >= 0.16) for (const h of rows) drawPile(pen, h);
      return;
    }
    const near = scene.cell * pen.s >= SHAPED;
    const far = pen.s < 0.22;
    if (!far) drawHouses(pen, rows);
    if (!near) this.drawMosaic(pen);
    if (far) for (const h of rows) if (verdict(scene, heat, h) >= Health.Warning) drawBeacon(pen, h);
    if (pen.s >= 0.3) for (const h of rows) drawPile(pen, h);
    drawTitles(pen, this.sumsOf(frame));
    if (pen.s < NAME_FLOOR) this.drawLabels(pen, rows);
    if (frame.stale) this.drawStale(pen);
  }

  close(): void {
    this.buffer = null;
    this.canvas.width = 1;
    this.canvas.height = 1;
  }

  private rowsSeen(pen: Pen): number[] {
    const { houses } = pen.drawn.scene;
    const rows: number[] = [];
    for (let h = 0; h < houses.count; h++) if (pen.sees(box(houses, h))) rows.push(h);
    return rows;
  }

  private hatchOf(frame: Frame): CanvasPattern | string {
    const colour = frame.palette.unknown;
    if (this.hatch?.colour === colour && this.hatch.ratio === this.ratio) return this.hatch.pattern;
    const pattern = this.ink.createPattern(makeHatch(colour, this.ratio), "repeat");
    pattern?.setTransform(new DOMMatrix().scaleSelf(1 / this.ratio, 1 / this.ratio));
    this.hatch = { colour, ratio: this.ratio, pattern: pattern ?? colour };
    return this.hatch.pattern;
  }

  private sumsOf(frame: Frame): BlockSums {
    const { scene, heat } = frame.drawn;
    if (this.sums?.scene === scene) return this.sums;
    const firing = new Uint32Array(scene.blocks.count);
    const known = new Uint32Array(scene.blocks.count);
    const worst = new Uint8Array(scene.blocks.count);
    for (let h = 0; h < scene.houses.count; h++) {
      const b = scene.houses.block[h]!;
      if (b < 0) continue;
      firing[b]! += heat.firing[h]!;
      worst[b] = Math.max(worst[b]!, verdict(scene, heat, h));
    }
    for (let c = 0; c < scene.cases.count; c++) {
      const b = scene.cases.block[c]!;
      if (scene.cases.house[c]! >= 0 || b < 0 || scene.cases.state[c] !== CaseState.Firing) continue;
      firing[b]!++;
      worst[b] = Math.max(worst[b]!, scene.cases.severity[c] === Severity.Critical ? Health.Critical : Health.Warning);
    }
    for (let c = 0; c < scene.cells.count; c++) {
      const b = scene.houses.block[scene.cells.house[c]!] ?? -1;
      if (b >= 0 && scene.cells.health[c] !== Health.Unknown) known[b]!++;
    }
    this.sums = { scene, firing, known, worst };
    return this.sums;
  }

  private drawMosaic(pen: Pen): void {
    const { width, height } = this.canvas;
    if (!this.buffer) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const ink = canvas.getContext("2d");
      if (!ink) return;
      const image = ink.createImageData(width, height);
      this.buffer = { canvas, ink, image, pixels: new Uint32Array(image.data.buffer) };
    }
    const { canvas, ink, image, pixels } = this.buffer;
    pixels.fill(0);
    mosaic(pen.drawn.scene, pen.view, pen.palette, this.ratio, width, height, pixels);
    ink.putImageData(image, 0, 0);
    this.ink.drawImage(canvas, 0, 0, this.size.w, this.size.h);
  }

  /** Names of houses while they are too small to hold them: trouble first, then the large. */
  private drawLabels(pen: Pen, rows: readonly number[]): void {
    const { ink, palette } = pen;
    const { scene, heat } = pen.drawn;
    const size = 10;
    const advance = size * 0.6;
    const wishes: Wish[] = [];
    const taken: Rect[] = [];
    for (let b = 0; b < scene.blocks.count; b++) {
      const r = pen.rect(box(scene.blocks, b));
      if (r.w >= 44) taken.push({ x: r.x, y: r.y, w: r.w, h: 16 });
    }
    for (const h of rows) {
      const own = verdict(scene, heat, h);
      const trouble = own >= Health.Warning;
      const kept = pen.strength(h) === 1;
      if ((pen.s < 0.34 && !trouble) || !kept) continue;
      const r = pen.rect(box(scene.houses, h));
      const text = trouble ? scene.houses.name[h]! : shorten(scene.houses.name[h]!, Math.max(3, Math.floor((r.w - 2) / advance)));
      const w = text.length * advance + 6;
      const cx = r.x + r.w / 2 - w / 2;
      wishes.push({
        row: h,
        text,
        priority: own * 1000 + heat.weight[h]! * 100 + Math.min(90, scene.houses.cellCount[h]!),
        places: trouble ? [{ x: cx, y: r.y - 14, w, h: 13 }, { x: cx, y: r.y + r.h + 1, w, h: 13 }, { x: r.x + r.w + 2, y: r.y, w, h: 13 }] : [{ x: r.x + 1, y: r.y + 1, w: Math.min(w, r.w), h: 12 }],
      });
    }
    const screen = { x: 0, y: 0, w: pen.size.w, h: pen.size.h };
    for (const placed of placeLabels(wishes, screen, MOST_LABELS, taken)) {
      const trouble = verdict(scene, heat, placed.row) >= Health.Warning;
      if (trouble) {
        ink.fillStyle = palette.halo;
        pen.faded(0.86, () => ink.fillRect(placed.rect.x, placed.rect.y, placed.rect.w, placed.rect.h));
      }
      ink.font = pen.font(size, trouble ? 600 : 400, true);
      ink.fillStyle = trouble ? palette.ink : palette.label;
      ink.fillText(placed.text, placed.rect.x + 3, placed.rect.y + 10);
    }
  }

  /** The last known plan, hatched. */
  private drawStale(pen: Pen): void {
    const { ink } = pen;
    ink.fillStyle = pen.hatch;
    for (let b = 0; b < pen.drawn.scene.blocks.count; b++) {
      const r = pen.rect(box(pen.drawn.scene.blocks, b));
      pen.faded(0.3, () => ink.fillRect(r.x, r.y, r.w, r.h));
    }
  }
}
