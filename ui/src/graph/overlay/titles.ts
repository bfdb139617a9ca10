/** The name of a block and, right of it, what is in it. */
import type { Drawn } from "../painter";
import { PILES_FLOOR } from "../plot/floors";
import { CaseState, HEALTH_WORDS, type Heat, Health, Severity, box, verdict } from "../scene";
import type { Pen } from "./pen";

/** What the titles say of each block. */
export interface BlockSums {
  readonly firing: Uint32Array;
  /** Pods whose state is known. */
  readonly known: Uint32Array;
  /** The worst verdict of all that is in it, drawn or not, and of its alerts. */
  readonly worst: Uint8Array;
}

const sums = new WeakMap<Heat, BlockSums>();

/** Adds up the houses, the alerts and the known pods of each block, once for each scene; while it travels they stay those of all of it. */
export function sumsOf({ scene, heat }: Drawn): BlockSums {
  const found = sums.get(heat);
  if (found) return found;
  const firing = new Uint32Array(scene.blocks.count);
  const known = new Uint32Array(scene.blocks.count);
  const worst = Uint8Array.from(scene.blocks.health);
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
  const made = { firing, known, worst };
  sums.set(heat, made);
  return made;
}

/** Width of a letter of the fixed-width face, in ems. */
export const ADVANCE = 0.6;

/** Whether a block of a size on screen has room for its name. */
export function hasTitle({ w, h }: { readonly w: number; readonly h: number }): boolean {
  return w >= 44 && h >= 20;
}

/** Writes the titles of the blocks in view, those that burn and the large ones first, at most `most`; answers how many. Small blocks get their name only. */
export function drawTitles(pen: Pen, rows: readonly number[], most: number): number {
  const { ink, palette } = pen;
  const { blocks } = pen.drawn.scene;
  const { firing, known, worst } = sumsOf(pen.drawn);
  const room = rows.filter((b) => hasTitle({ w: blocks.w[b]! * pen.s, h: blocks.h[b]! * pen.s }));
  if (room.length > most) room.sort((a, b) => firing[b]! - firing[a]! || blocks.w[b]! * blocks.h[b]! - blocks.w[a]! * blocks.h[a]! || a - b).length = most;
  ink.textBaseline = "alphabetic";
  for (const b of room) {
    const r = pen.rect(box(blocks, b));
    const big = r.w > 520 && r.h > 260;
    const head = Math.min(26 * pen.s, 30);
    const size = big ? Math.min(15, Math.max(11.5, 12.5 * pen.s)) : Math.min(14, Math.max(10, 11.5 * pen.s));
    const pad = Math.min(12, Math.max(6, 12 * pen.s));
    const base = r.y + Math.max(size + 3, head * 0.5 + size * 0.38 + 1);
    ink.font = pen.font(size, 600, true);
    const longest = Math.floor((r.w - 2 * pad) / (size * ADVANCE));
    const name = blocks.name[b]!;
    const shown = name.length > longest ? `${name.slice(0, Math.max(1, longest - 1))}…` : name;
    // From afar the cells reach up to the wall: a title stands on ground of its own.
    const ground = (x: number, letters: number, em: number) => {
      if (pen.s >= PILES_FLOOR) return;
      ink.fillStyle = palette.block;
      pen.faded(0.86, () => ink.fillRect(x - 2, base - em, letters * em * ADVANCE + 4, em + 3));
    };
    ground(r.x + pad, shown.length, size);
    ink.textAlign = "left";
    ink.fillStyle = big ? palette.ink : palette.label;
    ink.fillText(shown, r.x + pad, base);
    const left = r.w - 2 * pad - shown.length * size * ADVANCE - 12;
    const pods = blocks.pods[b]!;
    const fire = firing[b]!;
    const seen = known[b]!;
    const count = `${seen < pods ? `${seen.toLocaleString("en")}/` : ""}${pods.toLocaleString("en")} pods`;
    const small = Math.min(12.5, size * 0.92);
    // What fails and is no house shows here alone, also where nothing fires.
    const state = worst[b]! >= Health.Warning ? HEALTH_WORDS[worst[b]!]! : "";
    const lead = fire ? `${fire} firing` : state;
    const text = (lead ? [`${lead}, ${count}`, lead] : [count]).find((t) => t.length * small * ADVANCE <= left);
    if (!text) continue;
    ground(r.x + r.w - pad - text.length * small * ADVANCE, text.length, small);
    ink.font = pen.font(small, 400, true);
    ink.textAlign = "right";
    ink.fillStyle = lead ? (worst[b] === Health.Critical ? palette.critText : palette.warnText) : palette.ink3;
    ink.fillText(text, r.x + r.w - pad, base);
  }
  ink.textAlign = "left";
  return room.length;
}
