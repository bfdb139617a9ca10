/** Words and bars above the picture of either back end, on one 2D canvas: at most `MOST_LABELS` labels, the important first. */
import type { Frame } from "../painter";
import { MOST_LABELS, PILES_FLOOR, type Plot } from "../plot/plot";
import { Health, type Rect, box, verdict } from "../scene";
import type { Size } from "../viewport";
import { drawDistricts } from "./districts";
import { drawNames, drawPile, NAME_FLOOR } from "./houses";
import { placeLabels, shorten, type Wish } from "./labels";
import { Pen } from "./pen";
import { drawPills } from "./pills";
import { ADVANCE, drawTitles } from "./titles";
import { drawVerdicts } from "./verdicts";

/** Of all labels, how many titles of blocks and how many counts on streets there may be. */
const MOST_TITLES = 110;
const MOST_PILLS = 40;

/** Writes what belongs on the frame whose lists `plot` holds. The canvas keeps what it shows already. */
export function drawOverlay(ink: CanvasRenderingContext2D, frame: Frame, plot: Plot, size: Size, ratio: number): void {
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  ink.globalAlpha = 1;
  const pen = new Pen(ink, frame, size, ratio);
  const { heat } = frame.drawn;
  const cased = plot.houses.filter((h) => heat.from[h] !== heat.from[h + 1]);
  if (frame.sketch) {
    if (pen.s >= 0.16) for (const h of housesWithCases(frame)) drawPile(pen, h);
    return;
  }
  drawVerdicts(pen, plot.streets);
  drawDistricts(pen);
  let left = MOST_LABELS - drawPills(pen, plot.streets, MOST_PILLS);
  if (pen.s >= PILES_FLOOR) for (const h of cased) drawPile(pen, h);
  left -= drawTitles(pen, plot.blocks, MOST_TITLES);
  if (pen.s >= NAME_FLOOR) drawNames(pen, plot.houses, left);
  else drawLabels(pen, plot, left);
}

function housesWithCases({ drawn }: Frame): number[] {
  const rows: number[] = [];
  for (let h = 0; h < drawn.scene.houses.count; h++) if (drawn.heat.from[h] !== drawn.heat.from[h + 1]) rows.push(h);
  return rows;
}

/** Names of houses while they are too small to hold them: trouble first, then the large. */
function drawLabels(pen: Pen, plot: Plot, most: number): void {
  const { ink, palette } = pen;
  const { scene, heat } = pen.drawn;
  const size = 10;
  const advance = size * ADVANCE;
  const wishes: Wish[] = [];
  const taken: Rect[] = [];
  for (const b of plot.blocks) {
    const r = pen.rect(box(scene.blocks, b));
    if (r.w >= 44) taken.push({ x: r.x, y: r.y, w: r.w, h: 16 });
  }
  for (const h of plot.named) {
    const own = verdict(scene, heat, h);
    const trouble = own >= Health.Warning;
    if ((pen.s < 0.34 && !trouble) || pen.strength(h) < 1) continue;
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
  for (const placed of placeLabels(wishes, screen, most, taken)) {
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
