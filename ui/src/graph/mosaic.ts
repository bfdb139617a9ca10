/** Every pod as at least one pixel: cells written straight into a framebuffer, for the far levels of detail. */
import { type Palette, cellOf, packed } from "./palette";
import { type Health, type Scene, Flag } from "./scene";
import type { View } from "./viewport";

/**
 * Writes every cell into `pixels` (one `0xAABBGGRR` a device pixel, row by row, `width` × `height`).
 *
 * The unhealthy are written last and never smaller than two pixels, so that no crowd covers them.
 */
export function mosaic(scene: Scene, view: View, palette: Palette, ratio: number, width: number, height: number, pixels: Uint32Array): void {
  const { cells } = scene;
  const k = view.scale * ratio;
  const edge = Math.max(1, Math.round(scene.cell * k));
  const colours = Uint32Array.from([0, 1, 2, 3, 4, 5, 6].map((h) => packed(cellOf(palette, h as Health))));
  const contained = packed(palette.contained);
  const pass = (low: number, high: number, size: number) => {
    for (let i = 0; i < cells.count; i++) {
      const health = cells.health[i]!;
      if (health < low || health > high) continue;
      const x = Math.round((cells.x[i]! - view.x) * k);
      const y = Math.round((cells.y[i]! - view.y) * k);
      const x0 = x < 0 ? 0 : x;
      const y0 = y < 0 ? 0 : y;
      const x1 = x + size > width ? width : x + size;
      const y1 = y + size > height ? height : y + size;
      if (x0 >= x1 || y0 >= y1) continue;
      const colour = cells.flags[i]! & Flag.Contained ? contained : colours[health]!;
      for (let r = y0; r < y1; r++) pixels.fill(colour, r * width + x0, r * width + x1);
    }
  };
  pass(0, 4, edge);
  pass(5, 5, Math.max(2, edge));
  pass(6, 6, Math.max(2, edge));
}
