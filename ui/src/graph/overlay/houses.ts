/** What is written in houses, and the pile of bars beside the door. */
import { Health, Told, CaseState, box, verdict } from "../scene";
import { BAR, barWidth, drawBar, drawUntold, leftOf } from "./bars";
import { shorten } from "./labels";
import type { Pen } from "./pen";

/** How many bars a pile shows before it says how many more there are. */
export const PILE = 6;

/** The smallest size at which a house's name is written inside its walls. */
export const NAME_FLOOR = 0.72;

/** Pods are named from this scale and this edge of a cell in CSS pixels on. */
const PODS_FLOOR = 3.2;
const PODS_EDGE = 26;

/** Whether pods have names of their own at a scale. */
export function hasPodNames(scale: number, cell: number): boolean {
  return scale >= PODS_FLOOR && cell * scale >= PODS_EDGE;
}

/** CSS pixels beside a lone pod from which on its name and its node are written there. */
const BESIDE = 48;

/** Writes the names of houses, those in trouble and those with most pods first, at most `most`; answers how many labels are left. */
export function drawNames(pen: Pen, rows: readonly number[], most: number): number {
  const { scene, heat } = pen.drawn;
  let named = rows;
  if (rows.length > most) {
    const weight = (h: number) => verdict(scene, heat, h) * 1000 + Math.min(999, scene.houses.cellCount[h]!);
    named = [...rows].sort((a, b) => weight(b) - weight(a) || a - b).slice(0, most);
  }
  let left = most;
  for (const h of named) {
    pen.faded(pen.strength(h), () => drawName(pen, h));
    left--;
  }
  if (!hasPodNames(pen.s, scene.cell)) return left;
  for (const h of named) {
    if (left <= 0) break;
    pen.faded(pen.strength(h), () => (left -= drawPodNames(pen, h, left)));
  }
  return left;
}

function drawName(pen: Pen, h: number): void {
  const { ink, palette, s } = pen;
  const { scene, heat } = pen.drawn;
  const { houses } = scene;
  const r = pen.rect(box(houses, h));
  const trouble = verdict(scene, heat, h) >= Health.Warning;
  const size = Math.max(8.6, Math.min(15, 10.5 * s));
  const pad = Math.min(10, 7 * s);
  ink.font = pen.font(size, trouble ? 600 : 400, true);
  const advance = size * 0.6;
  const badge = houses.badge[h]!;
  const room = r.w - 2 * pad + 2 - (badge ? badge.length * advance + 6 : 0);
  ink.fillStyle = trouble ? palette.ink : palette.label;
  ink.textBaseline = "alphabetic";
  const base = r.y + Math.max(size + 1, 14 * Math.min(s, 1.5));
  ink.fillText(shorten(houses.name[h]!, Math.max(1, Math.floor(room / advance + 0.35))), r.x + pad, base);
  if (!badge) return;
  ink.textAlign = "right";
  ink.fillStyle = palette.ink3;
  ink.fillText(badge, r.x + r.w - pad, base);
  ink.textAlign = "left";
}

/**
 * Names each pod by what tells it from its siblings, a lone one beside its cell and with its node, where there is room for
 * both; answers how many it named.
 */
function drawPodNames(pen: Pen, h: number, most: number): number {
  const { ink, palette, s } = pen;
  const { houses, cells } = pen.drawn.scene;
  if (houses.health[h] === Health.Unknown) return 0; // its wall is hatched, which says it for all of them
  const c = pen.snap(pen.drawn.scene.cell * s);
  const wall = pen.rect(box(houses, h));
  const alone = houses.cellCount[h] === 1;
  let written = 0;
  for (let i = houses.cellFrom[h]!; i < houses.cellFrom[h]! + houses.cellCount[h]! && written < most; i++) {
    const x = pen.snap(pen.x(cells.x[i]!));
    const y = pen.snap(pen.y(cells.y[i]!));
    if (x > pen.size.w || y > pen.size.h || x + c < 0 || y + c < 0) continue;
    const name = cells.name[i]!;
    const tail = name.startsWith(`${houses.name[h]!}-`) ? name.slice(name.lastIndexOf("-") + 1) : name;
    const beside = x + c + 8;
    const room = wall.x + wall.w - 8 - beside;
    if (alone && room >= BESIDE) {
      const size = Math.min(12, c / 3.2);
      const fitting = Math.floor(room / (size * 0.6));
      ink.textAlign = "left";
      ink.font = pen.font(size, 500, true);
      ink.fillStyle = palette.ink;
      ink.fillText(shorten(tail, fitting), beside, y + c / 2 - 2);
      ink.fillStyle = palette.ink3;
      ink.fillText(shorten(cells.place[i]!, fitting), beside, y + c / 2 + size);
    } else {
      const size = Math.min(10.5, c / 3.6);
      ink.textAlign = "center";
      ink.font = pen.font(size, 500, true);
      // Above the next row, on a strip of the wall, so that most of the cell's shape can be read and runs through no letter.
      const below = y + pen.snap(pen.drawn.scene.pitch * s) - 1;
      ink.fillStyle = palette.house;
      ink.fillRect(x, below - size - 2, c, size + 2);
      ink.fillStyle = palette.ink;
      ink.fillText(shorten(tail, Math.max(2, Math.floor(c / (size * 0.6)))), x + c / 2, below - 3);
    }
    written++;
  }
  ink.textAlign = "left";
  return written;
}

/** The pile of bars of one house, from the street upwards. */
export function drawPile(pen: Pen, h: number): void {
  const { ink, palette, s } = pen;
  const { scene, heat } = pen.drawn;
  const from = heat.from[h]!;
  const count = heat.from[h + 1]! - from;
  if (count === 0) return;
  const k = Math.max(0.62, Math.min(1.5, s));
  const r = box(scene.houses, h);
  const x = pen.x(r.x + r.w) + 5 * k;
  const door = pen.y(r.y + r.h) - 10 * s;
  const shown = count > PILE ? PILE - 1 : count;
  const { fresh, settled } = pen.frame;
  pen.faded(pen.strength(h), () => {
    for (let i = 0; i < shown; i++) {
      const row = heat.order[from + i]!;
      const y = door - 13 * k - i * BAR.step * k;
      const arriving = fresh.has(row) && settled < 1;
      const lift = arriving ? -6 * (1 - settled) : 0;
      pen.faded(arriving ? settled : 1, () => {
        const severity = scene.cases.severity[row]!;
        const state = scene.cases.state[row]!;
        drawBar(ink, palette, severity, state, x, y + lift, k, leftOf(scene.cases.ended[row]!, pen.frame.at));
        if (scene.cases.told[row] === Told.Nobody && (state === CaseState.Firing || state === CaseState.Pending)) {
          drawUntold(ink, palette, x + barWidth(severity) * k + 6 * k, y + lift + (BAR.height / 2) * k, k);
        }
      });
    }
    if (shown < count) {
      const size = Math.max(9, 10 * k);
      ink.font = pen.font(size, 600, true);
      ink.fillStyle = palette.ink2;
      ink.fillText(`+${count - shown}`, x, door - 13 * k - shown * BAR.step * k + BAR.height * k);
    }
  });
}
