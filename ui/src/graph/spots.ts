/** Where the keyboard stands on the plan, and the ways from there: to the nearest of the same kind, in, out, along a street. */
import type { Drawn } from "./painter";
import type { Direction } from "./paths";
import { box, cellOfPod, hottest, podId, type Rect, type Scene, verdict } from "./scene";

/** A block, a house or a cell of a scene, by its row. */
export interface Spot {
  readonly kind: "block" | "house" | "cell";
  readonly row: number;
}

interface Rows {
  readonly houses: ReadonlyMap<string, number>;
  readonly blocks: ReadonlyMap<string, number>;
}
const rows = new WeakMap<Scene, Rows>();

function rowsOf(scene: Scene): Rows {
  let found = rows.get(scene);
  if (!found) {
    const byId = (ids: readonly string[]) => new Map(ids.map((id, i) => [id, i]));
    found = { houses: byId(scene.houses.id), blocks: byId(scene.blocks.id) };
    rows.set(scene, found);
  }
  return found;
}

/** The id of what stands at a spot. */
export function idAt(scene: Scene, { kind, row }: Spot): string {
  if (kind === "cell") return row < scene.cells.count ? podId(scene, row) : "";
  return (kind === "block" ? scene.blocks.id : scene.houses.id)[row] ?? "";
}

/** The spot of an object: its house, block or cell, whichever it has, in this order. A pod of its own is a house and the cell in it. */
export function spotOf(scene: Scene, id: string, kind?: Spot["kind"]): Spot | null {
  const { houses, blocks } = rowsOf(scene);
  const house = kind === undefined || kind === "house" ? houses.get(id) : undefined;
  if (house !== undefined) return { kind: "house", row: house };
  const block = kind === undefined || kind === "block" ? blocks.get(id) : undefined;
  if (block !== undefined) return { kind: "block", row: block };
  const cell = kind === undefined || kind === "cell" ? cellOfPod(scene, id) : -1;
  return cell >= 0 ? { kind: "cell", row: cell } : null;
}

/** The house a spot is or is in; -1 for a block. */
export function houseAt(scene: Scene, spot: Spot | null): number {
  if (!spot || spot.kind === "block") return -1;
  return spot.kind === "house" ? spot.row : (scene.cells.house[spot.row] ?? -1);
}

/** The rectangle of a spot on the plan. */
export function boxAt(scene: Scene, { kind, row }: Spot): Rect {
  if (kind === "block") return box(scene.blocks, row);
  if (kind === "house") return box(scene.houses, row);
  return { x: scene.cells.x[row] ?? 0, y: scene.cells.y[row] ?? 0, w: scene.cell, h: scene.cell };
}

/** Whether a spot is among the houses that are meant; `keep` null means all. */
function kept(scene: Scene, keep: Uint8Array | null, kind: Spot["kind"], row: number, blocks: ReadonlySet<number>): boolean {
  if (!keep) return true;
  return kind === "block" ? blocks.has(row) : keep[kind === "house" ? row : scene.cells.house[row]!] === 1;
}

/** The nearest of the same kind in a direction, among what is meant; null where nothing lies that way. */
export function beside(scene: Scene, from: Spot, direction: Direction, keep: Uint8Array | null = null): Spot | null {
  const { kind } = from;
  const count = kind === "block" ? scene.blocks.count : kind === "house" ? scene.houses.count : scene.cells.count;
  const blocks = new Set<number>();
  if (keep && kind === "block") keep.forEach((k, h) => k && blocks.add(scene.houses.block[h]!));
  // Across, `p` is the place along the arrow and `q` the one aside; up and down they change places.
  const across = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  const columns = kind === "block" ? scene.blocks : kind === "house" ? scene.houses : scene.cells;
  const p = across ? columns.x : columns.y;
  const q = across ? columns.y : columns.x;
  const sized = kind === "block" ? scene.blocks : kind === "house" ? scene.houses : null;
  const pw = sized ? (across ? sized.w : sized.h) : null;
  const qw = sized ? (across ? sized.h : sized.w) : null;
  const edge = scene.cell;
  const [p0, q0, a0, b0] = [p[from.row]!, q[from.row]!, pw?.[from.row] ?? edge, qw?.[from.row] ?? edge];
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < count; i++) {
    if (i === from.row) continue;
    const a = pw ? pw[i]! : edge;
    const b = qw ? qw[i]! : edge;
    const ahead = sign * (p[i]! + a / 2 - p0 - a0 / 2);
    if (ahead <= 0.5) continue;
    const aside = Math.abs(q[i]! + b / 2 - q0 - b0 / 2);
    const apart = Math.max(0, q[i]! - q0 - b0, q0 - q[i]! - b);
    const gap = Math.max(0, sign > 0 ? p[i]! - p0 - a0 : p0 - p[i]! - a);
    // What is more aside than ahead lies another way, unless the two share a row.
    const score = gap + 2 * apart + 0.3 * aside + 0.1 * ahead + (apart > 0 && aside > 2.5 * ahead ? 1e6 : 0);
    if (score < least && kept(scene, keep, kind, i, blocks)) {
      least = score;
      best = i;
    }
  }
  return best < 0 ? null : { kind, row: best };
}

/** One level in: the hottest house of a block, the worst pod of a house. */
export function into({ scene, heat }: Drawn, spot: Spot, keep: Uint8Array | null = null): Spot | null {
  if (spot.kind === "block") {
    let best = -1;
    let most = -1;
    for (let h = 0; h < scene.houses.count; h++) {
      if (scene.houses.block[h] !== spot.row || (keep && !keep[h])) continue;
      const score = verdict(scene, heat, h) + heat.weight[h]! * 10;
      if (score > most) [best, most] = [h, score];
    }
    return best < 0 ? null : { kind: "house", row: best };
  }
  if (spot.kind === "cell") return null;
  const from = scene.houses.cellFrom[spot.row]!;
  let best = -1;
  for (let c = from; c < from + scene.houses.cellCount[spot.row]!; c++) if (best < 0 || scene.cells.health[c]! > scene.cells.health[best]!) best = c;
  return best < 0 ? null : { kind: "cell", row: best };
}

/** One level out: the house of a cell, the block of a house; null above a block. */
export function outOf(scene: Scene, spot: Spot): Spot | null {
  if (spot.kind === "cell") return { kind: "house", row: scene.cells.house[spot.row]! };
  const block = spot.kind === "house" ? scene.houses.block[spot.row]! : -1;
  return block < 0 ? null : { kind: "block", row: block };
}

/** Where the keyboard begins: the hottest house, else the first one. */
export function begin({ scene, heat }: Drawn): Spot | null {
  const row = hottest(scene, heat)[0] ?? (scene.houses.count > 0 ? 0 : -1);
  return row < 0 ? null : { kind: "house", row };
}

/** A street as seen from one of its ends. */
export interface Way {
  readonly street: number;
  readonly house: number;
  /** The other end. */
  readonly other: number;
  /** Whether the house calls along it, or is called. */
  readonly calls: boolean;
}

/** The streets of a house: what it calls, then who calls it, each the worst first. */
export function waysAt(drawn: Drawn, house: number): Way[] {
  if (house < 0) return [];
  const { scene, heat, ways } = drawn;
  const side = (streets: readonly number[] | undefined, calls: boolean): Way[] =>
    (streets ?? [])
      .map((street) => ({ street, house, calls, other: (calls ? scene.streets.to : scene.streets.from)[street]! }))
      .filter((way) => way.other >= 0 && way.other !== house)
      .sort((a, b) => drawn.hot[b.street]! - drawn.hot[a.street]! || verdict(scene, heat, b.other) - verdict(scene, heat, a.other) || a.street - b.street);
  return [...side(ways.out[house], true), ...side(ways.into[house], false)];
}

/** The way an arrow follows: right along what the house calls, left along who calls it; `street` is the one chosen before, -1 for none. */
export function follow(drawn: Drawn, house: number, street: number, direction: "left" | "right"): Way | null {
  const side = waysAt(drawn, house).filter((way) => way.calls === (direction === "right"));
  return side.find((way) => way.street === street) ?? side[0] ?? null;
}

/** The next street of a house, or the one before; the first where none was chosen. */
export function turn(drawn: Drawn, house: number, street: number, by: 1 | -1): { way: Way; at: number; of: number } | null {
  const all = waysAt(drawn, house);
  if (all.length === 0) return null;
  const before = all.findIndex((way) => way.street === street);
  const at = before < 0 ? (by > 0 ? 0 : all.length - 1) : (before + by + all.length) % all.length;
  return { way: all[at]!, at, of: all.length };
}

/** The next house in trouble after a house, or the one before, hottest first. */
export function troubleNext({ scene, heat }: Drawn, house: number, by: 1 | -1, keep: Uint8Array | null = null): Spot | null {
  const hot = hottest(scene, heat).filter((h) => !keep || keep[h]);
  if (hot.length === 0) return null;
  const before = hot.indexOf(house);
  return { kind: "house", row: hot[before < 0 ? (by > 0 ? 0 : hot.length - 1) : (before + by + hot.length) % hot.length]! };
}
