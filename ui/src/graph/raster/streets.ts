/** Streets into the framebuffer. */
import { LINE_WORDS, Piece, type Lines } from "../plot/lines";
import type { Surface } from "./surface";

export function drawLines(surface: Surface, { f, u, count }: Lines): void {
  for (let n = 0; n < count; n++) {
    const at = n * LINE_WORDS;
    const colour = u[at + 6]!;
    const kind = u[at + 7]! & 255;
    const a = Math.round(((u[at + 7]! >>> 24) * 256) / 255);
    const x = f[at]!;
    const y = f[at + 1]!;
    if (kind === Piece.Run) run(surface, x, y, f[at + 2]!, f[at + 3]!, f[at + 4]!, colour, a);
    else if (kind === Piece.Turn) turn(surface, x, y, f[at + 2]!, f[at + 3]!, f[at + 4]!, f[at + 5]!, colour, a);
    else {
      const [ux, uy, length, half] = [f[at + 2]!, f[at + 3]!, f[at + 4]!, f[at + 5]!];
      surface.shape([x, y, x - ux * length - uy * half, y - uy * length + ux * half, x - ux * length + uy * half, y - uy * length - ux * half], colour, a);
    }
  }
}

function run(surface: Surface, x0: number, y0: number, x1: number, y1: number, half: number, colour: number, a: number): void {
  if (y0 === y1) surface.box(Math.min(x0, x1), y0 - half, Math.max(x0, x1), y0 + half, colour, a);
  else if (x0 === x1) surface.box(x0 - half, Math.min(y0, y1), x0 + half, Math.max(y0, y1), colour, a);
  else {
    const d = Math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2);
    const nx = ((y1 - y0) / d) * half;
    const ny = ((x0 - x1) / d) * half;
    surface.shape([x0 + nx, y0 + ny, x1 + nx, y1 + ny, x1 - nx, y1 - ny, x0 - nx, y0 - ny], colour, a);
  }
}

/** A quarter of a ring, from the middle into one quadrant. */
function turn(surface: Surface, cx: number, cy: number, radius: number, sx: number, sy: number, half: number, colour: number, a: number): void {
  const reach = Math.ceil(radius + half + 1);
  const x0 = Math.max(0, sx > 0 ? cx : cx - reach);
  const x1 = Math.min(surface.width, sx > 0 ? cx + reach : cx);
  const y0 = Math.max(0, sy > 0 ? cy : cy - reach);
  const y1 = Math.min(surface.height, sy > 0 ? cy + reach : cy);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const dx = x + 0.5 - cx;
      const dy = y + 0.5 - cy;
      const d = Math.abs(Math.sqrt(dx * dx + dy * dy) - radius) - half;
      if (d < 0.5) surface.blend(y * surface.width + x, colour, Math.round(Math.min(1, 0.5 - d, 2 * half) * a));
    }
  }
}
