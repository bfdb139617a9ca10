/**
 * Heat on the CPU: what all glows let through at half the resolution, laid on the ground once. Where there are many they are
 * worked out for tiles of two by two pixels instead of for each.
 */
import { GLOW_WORDS, glowTable } from "../plot/glows";
import type { Plot } from "../plot/plot";
import type { Palette } from "../palette";
import { coloursOf } from "../palette";
import type { Surface } from "./surface";

const STEPS = 256;
/** With more glows than this, seen from far away, no eye tells two neighbouring pixels of heat apart. */
const MANY = 24;

export class Heat {
  private through = new Float32Array();
  private first = new Int32Array();
  private last = new Int32Array();
  private table: { palette: Palette; steps: Float32Array } | null = null;

  draw(surface: Surface, plot: Plot, palette: Palette): void {
    if (plot.glowCount === 0) return;
    const screen = palette.heatBlend === "screen";
    if (this.table?.palette !== palette) {
      const c = coloursOf(palette);
      this.table = { palette, steps: glowTable([c.heat3, c.heat2, c.heat1, c.heat0], screen, STEPS) };
    }
    const tile = plot.glowCount > MANY ? 2 : 1;
    const w = (Math.ceil(surface.width / tile) >> 1) + 2;
    const h = (Math.ceil(surface.height / tile) >> 1) + 2;
    if (this.first.length !== h || this.through.length !== w * h * 3) {
      this.through = new Float32Array(w * h * 3);
      this.first = new Int32Array(h);
      this.last = new Int32Array(h);
    }
    this.through.fill(1);
    this.first.fill(w);
    this.last.fill(-1);
    for (let g = 0; g < plot.glowCount; g++) this.glow(plot.glows, g * GLOW_WORDS, 2 * tile, w, h);
    this.lay(surface, screen, tile, w);
  }

  /** Multiplies one glow in. Point (i, j) lies at (i, j) times `step` of the surface. */
  private glow(glows: Float32Array, at: number, step: number, w: number, h: number): void {
    const cx = glows[at]! / step;
    const cy = glows[at + 1]! / step;
    const rx = glows[at + 2]! / step;
    const ry = glows[at + 3]! / step;
    const strength = glows[at + 4]!;
    const { through } = this;
    const steps = this.table!.steps;
    const y1 = Math.min(h - 1, Math.floor(cy + ry));
    for (let j = Math.max(0, Math.ceil(cy - ry)); j <= y1; j++) {
      const dy = (j - cy) / ry;
      const half = Math.sqrt(Math.max(0, 1 - dy * dy)) * rx;
      const x0 = Math.max(0, Math.ceil(cx - half));
      const x1 = Math.min(w - 1, Math.floor(cx + half));
      if (x0 > x1) continue;
      if (x0 < this.first[j]!) this.first[j] = x0;
      if (x1 > this.last[j]!) this.last[j] = x1;
      for (let i = x0, p = (j * w + x0) * 3; i <= x1; i++, p += 3) {
        const dx = (i - cx) / rx;
        const s = ((dx * dx + dy * dy) * (STEPS - 1)) | 0;
        const t = (s < STEPS ? s : STEPS - 1) * 3;
        through[p]! *= 1 - steps[t]! * strength;
        through[p + 1]! *= 1 - steps[t + 1]! * strength;
        through[p + 2]! *= 1 - steps[t + 2]! * strength;
      }
    }
  }

  /** Lays it on tiles of the surface, between two points in proportion. */
  private lay(surface: Surface, screen: boolean, tile: number, w: number): void {
    const width = Math.ceil(surface.width / tile);
    const height = Math.ceil(surface.height / tile);
    const put = tile === 1 ? onPixel : onTile;
    const { through } = this;
    const row = new Float32Array(w * 3);
    for (let y = 0; y < height; y++) {
      // The middle of this row lies at (y + 0.5) / 2 points.
      const j = y >> 1;
      const down = y & 1 ? 0.75 : 0.25;
      const last = Math.max(this.last[j]!, this.last[j + 1]!);
      if (last < 0) continue;
      const a = Math.max(0, Math.min(this.first[j]!, this.first[j + 1]!) - 1);
      const b = Math.min(w - 1, last + 1);
      const upper = j * w * 3;
      const lower = upper + w * 3;
      for (let i = 3 * a; i < 3 * b + 3; i++) row[i] = through[upper + i]! + (through[lower + i]! - through[upper + i]!) * down;
      const x1 = Math.min(width, 2 * b);
      for (let x = 2 * a, i = 3 * a; x < x1; x += 2, i += 3) {
        const r0 = row[i]!;
        const g0 = row[i + 1]!;
        const b0 = row[i + 2]!;
        const dr = row[i + 3]! - r0;
        const dg = row[i + 4]! - g0;
        const db = row[i + 5]! - b0;
        // Hardly anything is held back here.
        if (r0 > LITTLE && g0 > LITTLE && b0 > LITTLE && r0 + dr > LITTLE && g0 + dg > LITTLE && b0 + db > LITTLE) continue;
        put(surface, x, y, r0 + dr * 0.25, g0 + dg * 0.25, b0 + db * 0.25, screen);
        if (x + 1 < width) put(surface, x + 1, y, r0 + dr * 0.75, g0 + dg * 0.75, b0 + db * 0.75, screen);
      }
    }
  }
}

function onPixel({ pixels, width }: Surface, x: number, y: number, r: number, g: number, b: number, screen: boolean): void {
  const p = y * width + x;
  pixels[p] = lit(pixels[p]!, r, g, b, screen);
}

/** Two by two pixels; where the ground is of one colour, as it mostly is, it is worked out once. */
function onTile({ pixels, width, height }: Surface, x: number, y: number, r: number, g: number, b: number, screen: boolean): void {
  const right = 2 * x + 1 < width;
  let p = 2 * y * width + 2 * x;
  const ground = pixels[p]!;
  const shown = lit(ground, r, g, b, screen);
  pixels[p] = shown;
  if (right) pixels[p + 1] = pixels[p + 1] === ground ? shown : lit(pixels[p + 1]!, r, g, b, screen);
  if (2 * y + 1 >= height) return;
  p += width;
  pixels[p] = pixels[p] === ground ? shown : lit(pixels[p]!, r, g, b, screen);
  if (right) pixels[p + 1] = pixels[p + 1] === ground ? shown : lit(pixels[p + 1]!, r, g, b, screen);
}

/** Above this what is let through changes no channel by half a step. */
const LITTLE = 1 - 0.5 / 255;

/** A pixel of the ground under heat that lets r, g and b through. */
function lit(d: number, r: number, g: number, b: number, screen: boolean): number {
  const dr = d & 255;
  const dg = (d >>> 8) & 255;
  const db = (d >>> 16) & 255;
  return screen
    ? 0xff000000 | ((255.5 - (255 - db) * b) << 16) | ((255.5 - (255 - dg) * g) << 8) | (255.5 - (255 - dr) * r)
    : 0xff000000 | ((db * b + 0.5) << 16) | ((dg * g + 0.5) << 8) | (dr * r + 0.5);
}
