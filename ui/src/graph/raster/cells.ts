/** Cells into the framebuffer: plain squares far away, windows with the shape of their state near. */
import { cellOrder, troubledCells } from "../plot/cells";
import { Pick, type Plot } from "../plot/plot";
import { cellOf, coloursOf } from "../palette";
import type { Frame } from "../painter";
import { Flag, Health, type Scene } from "../scene";
import { mix, type Surface } from "./surface";
import { Windows } from "./windows";

/**
 * Writes every cell in view, the worse later, so that it keeps a pixel that several share.
 *
 * A cell is at least one pixel. One in trouble is two where the ground beside it is free: it grows over no other cell.
 */
export function drawCells(surface: Surface, plot: Plot, frame: Frame, windows: Windows): void {
  const { scene } = frame.drawn;
  const { cells, houses } = scene;
  const { width, height, pixels, ids, ratio } = surface;
  const { view, keep } = frame;
  const { edge, shaped } = plot;
  const k = view.scale * ratio;
  const order = cellOrder(scene);
  const colours = coloursOf(frame.palette);
  const flat = Uint32Array.from([0, 1, 2, 3, 4, 5, 6], (h) => cellOf(colours, h as Health));
  const contained = colours.contained;
  const x = cells.x;
  const y = cells.y;
  const right = view.x + width / k;
  const low = view.y + height / k;
  const left = view.x - scene.pitch;
  const top = view.y - scene.pitch;
  const from = order.length - troubledCells(scene, order);
  const grown = Math.max(2, edge);
  if (grown > edge) {
    for (let n = from; n < order.length; n++) {
      const i = order[n]!;
      if (x[i]! < left || y[i]! < top || x[i]! > right || y[i]! > low) continue;
      const x0 = Math.round((x[i]! - view.x) * k);
      const y0 = Math.round((y[i]! - view.y) * k);
      const colour = cells.flags[i]! & Flag.Contained ? contained : flat[cells.health[i]!]!;
      surface.fill(x0, y0, x0 + grown, y0 + grown, colour, keep && !keep[cells.house[i]!] ? 56 : 256);
      surface.claim(x0, y0, x0 + grown, y0 + grown, Pick.Cell | i);
    }
  }
  if (shaped) windows.fit(frame.palette, edge, ratio);
  for (let n = 0; n < order.length; n++) {
    const i = order[n]!;
    const cx = x[i]!;
    const cy = y[i]!;
    if (cx < left || cy < top || cx > right || cy > low) continue;
    const x0 = Math.round((cx - view.x) * k);
    const y0 = Math.round((cy - view.y) * k);
    const health = cells.health[i]!;
    const kept = !keep || keep[cells.house[i]!] === 1;
    if (shaped) {
      // A wall that is hatched says it for all of its windows.
      if (houses.health[cells.house[i]!] === Health.Unknown) continue;
      windows.draw(surface, health, (cells.flags[i]! & Flag.Contained) !== 0, x0, y0, kept ? 256 : 56);
      surface.claim(x0, y0, x0 + edge, y0 + edge, Pick.Cell | i);
      continue;
    }
    const xs = x0 < 0 ? 0 : x0;
    const ys = y0 < 0 ? 0 : y0;
    const xe = x0 + edge > width ? width : x0 + edge;
    const ye = y0 + edge > height ? height : y0 + edge;
    if (xs >= xe || ys >= ye) continue;
    const colour = cells.flags[i]! & Flag.Contained ? contained : flat[health]!;
    const id = Pick.Cell | i;
    if (edge === 1) {
      const p = ys * width + xs;
      pixels[p] = kept ? colour : mix(pixels[p]!, colour, 56);
      ids[p] = id;
      continue;
    }
    for (let yy = ys; yy < ye; yy++) {
      for (let p = yy * width + xs, end = yy * width + xe; p < end; p++) {
        pixels[p] = kept ? colour : mix(pixels[p]!, colour, 56);
        ids[p] = id;
      }
    }
  }
}

/** The house of what was picked, or -1. */
export function houseOfPick(scene: Scene, id: number): number {
  if (id & Pick.Cell) return scene.cells.house[id & Pick.Row] ?? -1;
  return id & Pick.House ? id & Pick.Row : -1;
}
