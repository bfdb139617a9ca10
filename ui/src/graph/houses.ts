/** Houses: walls, name, windows, and the pile of bars beside the door. */
import { shorten } from "./labels";
import { wallOf } from "./palette";
import type { Pen } from "./pen";
import { CaseState, Flag, Health, Severity, Told, box, verdict } from "./scene";
import { BAR, barWidth, drawBar, drawUntold, drawWindow } from "./shapes";

/** How many bars a pile shows before it says how many more there are. */
export const PILE = 6;

/** The smallest size at which a house's name is written inside its walls. */
export const NAME_FLOOR = 0.72;

export function drawHouses(pen: Pen, rows: readonly number[]): void {
  const detailed = pen.drawn.scene.cell * pen.s >= 4.5;
  for (const h of rows) {
    pen.faded(pen.strength(h), () => {
      drawWalls(pen, h);
      if (pen.s >= NAME_FLOOR) drawName(pen, h);
      if (detailed) drawWindows(pen, h);
    });
  }
}

/** Houses of a picture too small for names and windows: quiet marks, those in trouble in their colour. */
export function drawSketch(pen: Pen, rows: readonly number[]): void {
  const { ink, palette } = pen;
  const { scene, heat } = pen.drawn;
  for (const h of rows) {
    const r = pen.rect(box(scene.houses, h));
    const own = verdict(scene, heat, h);
    const known = own !== Health.Unknown;
    ink.fillStyle = own >= Health.Warning ? wallOf(palette, own) : known ? palette.houseLine : pen.hatch;
    ink.fillRect(r.x, r.y, Math.max(3, r.w), Math.max(3, r.h));
    if (!known) {
      ink.strokeStyle = palette.unknown;
      ink.lineWidth = 1;
      ink.strokeRect(r.x + 0.5, r.y + 0.5, r.w - 1, r.h - 1);
    }
    if (h !== pen.frame.selected) continue;
    ink.strokeStyle = palette.accent;
    ink.lineWidth = 2;
    ink.strokeRect(r.x - 3, r.y - 3, r.w + 6, r.h + 6);
  }
}

function drawWalls(pen: Pen, h: number): void {
  const { ink, palette, s } = pen;
  const { scene, heat } = pen.drawn;
  const r = pen.rect(box(scene.houses, h));
  const own = verdict(scene, heat, h);
  const flags = scene.houses.flags[h]!;
  const trouble = own >= Health.Warning;
  const edge = trouble ? 1.5 : 1;
  ink.fillStyle = palette.house;
  ink.lineWidth = edge;
  if (flags & Flag.Contained) {
    const cut = Math.min(10 * s, r.h / 2);
    ink.beginPath();
    ink.moveTo(r.x + 1, r.y + 1);
    ink.lineTo(r.x + r.w - cut, r.y + 1);
    ink.lineTo(r.x + r.w - 1, r.y + cut);
    ink.lineTo(r.x + r.w - 1, r.y + r.h - 1);
    ink.lineTo(r.x + 1, r.y + r.h - 1);
    ink.closePath();
    ink.fill();
    ink.lineWidth = 2;
    ink.strokeStyle = palette.contained;
    ink.stroke();
  } else {
    ink.beginPath();
    ink.roundRect(r.x + 0.5, r.y + 0.5, Math.max(1, r.w - 1), Math.max(1, r.h - 1), 2);
    ink.fill();
    ink.strokeStyle = flags & Flag.Dangling ? palette.critText : wallOf(palette, own);
    if (flags & (Flag.External | Flag.Dangling)) ink.setLineDash([4, 3]);
    ink.stroke();
    ink.setLineDash([]);
  }
  if (own === Health.Unknown || flags & (Flag.Forbidden | Flag.Stale)) {
    const top = Math.min(r.h - 4, 17.5 * s);
    ink.fillStyle = pen.hatch;
    ink.fillRect(r.x + 0.5, r.y + top, r.w - 1, r.h - top - 0.5);
    ink.strokeStyle = palette.unknown;
    ink.lineWidth = 1;
    ink.strokeRect(r.x + 0.5, r.y + top, r.w - 1, r.h - top - 0.5);
  }
  if (own === Health.Critical) {
    ink.fillStyle = palette.crit;
    ink.fillRect(r.x, r.y, Math.max(2, 4 * Math.min(s, 1.5)), r.h);
  }
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

function drawWindows(pen: Pen, h: number): void {
  const { ink, palette, s } = pen;
  const { scene } = pen.drawn;
  const { houses, cells } = scene;
  if (houses.health[h] === Health.Unknown) return; // its wall is hatched, which says it for all of them
  const c = pen.snap(scene.cell * s);
  const named = s >= 3.2;
  for (let i = houses.cellFrom[h]!; i < houses.cellFrom[h]! + houses.cellCount[h]!; i++) {
    const x = pen.snap(pen.x(cells.x[i]!));
    const y = pen.snap(pen.y(cells.y[i]!));
    if (x > pen.size.w || y > pen.size.h || x + c < 0 || y + c < 0) continue;
    drawWindow(ink, palette, pen.hatch, cells.health[i]!, cells.flags[i]!, x, y, c);
    if (!named || c < 26) continue;
    // Near enough to name each pod by what tells it from its siblings.
    const name = cells.name[i]!;
    const tail = name.startsWith(`${houses.name[h]!}-`) ? name.slice(name.lastIndexOf("-") + 1) : name;
    const size = Math.min(10.5, c / 3.6);
    ink.font = pen.font(size, 500, true);
    ink.textAlign = "center";
    ink.fillStyle = cells.health[i] === Health.Critical ? palette.critInk : palette.ink;
    ink.fillText(shorten(tail, Math.max(2, Math.floor(c / (size * 0.6)))), x + c / 2, y + c - 3);
    ink.textAlign = "left";
  }
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
        drawBar(ink, palette, severity, state, x, y + lift, k);
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

/** Where the far levels show a house: one mark, its size fit to be seen, for each house in trouble. */
export function drawBeacon(pen: Pen, h: number): void {
  const { ink, palette } = pen;
  const { scene, heat } = pen.drawn;
  const r = pen.rect(box(scene.houses, h));
  const critical = verdict(scene, heat, h) === Health.Critical;
  const w = Math.max(r.w, 5);
  const tall = Math.max(r.h, 4);
  ink.strokeStyle = critical ? palette.crit : palette.warn;
  ink.lineWidth = 1.5;
  ink.strokeRect(r.x - 0.5, r.y - 0.5, w + 1, tall + 1);
  if (critical && heat.worst[h] === Severity.Critical) {
    ink.fillStyle = palette.crit;
    ink.fillRect(r.x - 2, r.y - 1, 2.5, tall + 2);
  }
}
