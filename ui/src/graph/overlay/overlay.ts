/** Words and bars above the picture of either back end, on one 2D canvas: at most `MOST_LABELS` labels, the important first. */
import type { Drawn, Frame } from "../painter";
import { PILES_FLOOR } from "../plot/floors";
import { MOST_LABELS, type Plot } from "../plot/plot";
import { type Heat, Health, type Rect, box, hottest, verdict } from "../scene";
import type { Size } from "../viewport";
import { drawDistricts } from "./districts";
import { drawNames, drawPile, NAME_FLOOR } from "./houses";
import { type Place, placeLabels, Room, shorten, type Wish } from "./labels";
import { Pen } from "./pen";
import { drawPills } from "./pills";
import { ADVANCE, drawTitles, hasTitle } from "./titles";
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
  const pills = drawPills(pen, plot.streets, MOST_PILLS);
  let left = MOST_LABELS - pills.length;
  if (pen.s >= PILES_FLOOR) for (const h of cased) drawPile(pen, h);
  left -= drawTitles(pen, plot.blocks, MOST_TITLES);
  if (pen.s >= NAME_FLOOR) drawNames(pen, plot.houses, left);
  else drawLabels(pen, plot, left, pills);
}

/** The hottest houses that are numbered on the plan as in the list beside it. */
const RANKED = 10;
/** At so many of them stands how many alerts fire: what tells the hottest of all from the next. */
const COUNTED = 1;
/** Where more than so many houses want to be named seen from afar, only so many are: the map has to be seen as well. */
const AFAR = 44;
const UNRANKED: ReadonlyMap<number, number> = new Map();
const ranks = new WeakMap<Heat, ReadonlyMap<number, number>>();

/** The hottest houses by their place in the list, the first being 1; only where anything fires. */
function ranksOf({ scene, heat }: Drawn): ReadonlyMap<number, number> {
  let found = ranks.get(heat);
  if (!found) {
    const hot = hottest(scene, heat).slice(0, RANKED).filter((h) => heat.weight[h]! > 0);
    found = new Map(hot.map((h, i) => [h, i + 1]));
    ranks.set(heat, found);
  }
  return found;
}

/** How wide the number of a hottest house is, before its name. */
function badgeWidth(rank: number): number {
  return rank ? String(rank).length * lettersOf(rank) * ADVANCE + 8 : 0;
}

/** Letters of names seen from afar, in CSS pixels: the hottest of all is written largest. */
const LETTERS = 10;
function lettersOf(rank: number): number {
  return rank === 1 ? LETTERS + 3 : LETTERS;
}

/** From the upper wall of a house to its cells, in units of the plan. */
const ROOF = 20;

function housesWithCases({ drawn }: Frame): number[] {
  const rows: number[] = [];
  for (let h = 0; h < drawn.scene.houses.count; h++) if (drawn.heat.from[h] !== drawn.heat.from[h + 1]) rows.push(h);
  return rows;
}

/** Of a name that is shortened so many letters stand, or none: fewer tell no house from another. */
const FEWEST = 6;

/** Where a quiet house is named in as many letters as there is room for: whole, if need be past its wall on open ground, or within. */
function quietPlaces(name: string, r: Rect, advance: number, isOpen: (ground: Rect) => boolean): Place[] {
  const place = (letters: number, text?: string): Place => ({ x: r.x + 1, y: r.y + 1, w: letters * advance + 6, h: 12, text });
  const whole = place(name.length);
  const past = whole.x + whole.w - (r.x + r.w);
  if (past <= 0 || isOpen({ x: r.x + r.w + 1, y: r.y, w: past, h: 13 })) return [whole];
  const fitting = Math.floor((r.w - 6) / advance);
  return fitting < FEWEST ? [] : [place(fitting, shorten(name, fitting))];
}

/** Names of houses while they are too small to hold them: trouble first, then the large; none over a pill. */
function drawLabels(pen: Pen, plot: Plot, most: number, pills: readonly Rect[]): void {
  const { ink, palette } = pen;
  const { scene, heat } = pen.drawn;
  // Between the wall and the cells, which a name of any size would else run into.
  const roof = ROOF * pen.s;
  const inner = Math.max(8.6, Math.min(LETTERS, roof - 2));
  const advance = inner * ADVANCE;
  const wishes: Wish[] = [];
  const taken: Rect[] = [...pills];
  for (const b of plot.blocks) {
    const r = pen.rect(box(scene.blocks, b));
    if (hasTitle(r)) taken.push({ x: r.x, y: r.y, w: r.w, h: 16 });
  }
  const ranks = pen.s < PILES_FLOOR ? ranksOf(pen.drawn) : UNRANKED;
  const screen = { x: 0, y: 0, w: pen.size.w, h: pen.size.h };
  const built = new Room(screen);
  if (pen.s >= 0.34) for (const h of plot.houses) built.take(pen.rect(box(scene.houses, h)));
  const cased = (h: number) => heat.from[h] !== heat.from[h + 1];
  const countOf = (h: number) => ((ranks.get(h) ?? Infinity) <= COUNTED ? ` ${heat.firing[h]!.toLocaleString("en")} firing` : "");
  for (const h of plot.named) {
    const own = verdict(scene, heat, h);
    const trouble = own >= Health.Warning;
    if ((pen.s < 0.34 && !trouble) || pen.strength(h) < 1) continue;
    const r = pen.rect(box(scene.houses, h));
    const text = scene.houses.name[h]!;
    const rank = ranks.get(h) ?? 0;
    const size = lettersOf(rank);
    const w = (text.length + countOf(h).length) * size * ADVANCE + 6 + badgeWidth(rank);
    const tall = size + 3;
    // Beside the edge of the screen a name is moved in, as long as it stands at its house.
    const cx = Math.max(Math.min(r.x, 2), Math.min(r.x + r.w / 2 - w / 2, Math.max(r.x + r.w, pen.size.w - 2) - w));
    const [above, below, right, left] = [{ x: cx, y: r.y - tall - 1, w, h: tall }, { x: cx, y: r.y + r.h + 1, w, h: tall }, { x: r.x + r.w + 2, y: r.y, w, h: tall }, { x: r.x - w - 4, y: r.y, w, h: tall }];
    // One of the hottest is named in any case, if need be a few lines away.
    const farther = rank ? [left, ...[0, 1, 2, 3, 4, 5].flatMap((lines) => [cx, r.x, r.x + r.w - w].flatMap((x) => [{ ...above, x, y: above.y - (tall + 1) * lines }, { ...below, x, y: below.y + (tall + 1) * lines }]))] : [];
    wishes.push({
      row: h,
      text,
      priority: (rank ? 100_000 - 1000 * rank : 0) + own * 1000 + heat.weight[h]! * 100 + Math.min(90, scene.houses.cellCount[h]!),
      // Beside the door of a house with alerts stands their pile.
      places: trouble ? [above, below, right, ...farther] : quietPlaces(text, r, advance, (ground) => !cased(h) && built.free(ground)),
    });
  }
  const room = ranks.size > 0 && wishes.length > AFAR ? Math.min(most, AFAR) : most;
  for (const placed of placeLabels(wishes, screen, room, taken)) {
    const trouble = verdict(scene, heat, placed.row) >= Health.Warning;
    const house = pen.rect(box(scene.houses, placed.row));
    const wall = house.x + house.w + 1;
    // What stands on streets has ground of its own.
    const ground = trouble ? placed.rect : { ...placed.rect, x: wall, w: placed.rect.x + placed.rect.w - wall };
    if (ground.w > 0) {
      ink.fillStyle = trouble ? palette.halo : palette.block;
      pen.faded(0.86, () => ink.fillRect(ground.x, ground.y, ground.w, ground.h));
    }
    const rank = ranks.get(placed.row) ?? 0;
    const size = lettersOf(rank);
    const base = placed.rect.y + (trouble ? size : Math.max(7, Math.min(LETTERS, roof - 2.5)));
    ink.font = pen.font(trouble ? size : inner, trouble ? 600 : 400, true);
    if (rank) {
      ink.fillStyle = palette.ink;
      ink.fillRect(placed.rect.x, placed.rect.y, badgeWidth(rank), placed.rect.h);
      ink.fillStyle = palette.canvas;
      ink.fillText(String(rank), placed.rect.x + 4, base);
    }
    const x = placed.rect.x + 3 + badgeWidth(rank);
    ink.fillStyle = trouble ? palette.ink : palette.label;
    ink.fillText(placed.text, x, base);
    const count = countOf(placed.row);
    if (!count) continue;
    ink.fillStyle = verdict(scene, heat, placed.row) === Health.Critical ? palette.critText : palette.warnText;
    ink.fillText(count.trim(), x + (placed.text.length + 1) * size * ADVANCE, base);
  }
}
