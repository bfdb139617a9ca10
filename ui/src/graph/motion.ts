/** The soft way from one scene to the next: houses and cells travel, the rest fades. */
import { taken } from "./columns";
import { sumsOf } from "./overlay/titles";
import type { Drawn } from "./painter";
import { cellOrder, troubledCells } from "./plot/cells";
import { podId, type Scene } from "./scene";

/** Time of a change, as the token `--calm`. */
export const CALM = 240;
/** The most of it that one frame may skip, in milliseconds. */
const LONGEST_STEP = 64;
/**
 * Above this many cells of both scenes not all travel: into the other lens half as many do and stand for all, those in
 * trouble first; within a lens, where hardly anything moves, the new scene is simply there.
 */
const MOST_TRAVELLERS = 20_000;

/** A change under way. */
export class Transition {
  /** Rows of cases the scene before did not have. */
  readonly fresh: ReadonlySet<number>;
  /** What is drawn on the way: the new scene, of a large one with only the cells that travel. */
  private readonly moving: Scene | null;
  private readonly houses: Int32Array | null;
  private readonly cells: Int32Array | null;
  private elapsed = 0;
  private last: number | null = null;

  constructor(
    private readonly before: Scene,
    readonly after: Scene,
  ) {
    const known = new Set(before.cases.alert.map((a, i) => `${a}\n${before.cases.state[i]}`));
    const fresh = new Set<number>();
    if (before.houses.count > 0) after.cases.alert.forEach((a, i) => known.has(`${a}\n${after.cases.state[i]}`) || fresh.add(i));
    this.fresh = fresh;
    const small = before.cells.count + after.cells.count < MOST_TRAVELLERS;
    this.moving = small ? after : before.lens !== after.lens ? withCells(after, someCells(after, MOST_TRAVELLERS / 2)) : null;
    this.houses = this.moving && match(before.houses.id, after.houses.id);
    this.cells = this.moving && cellsBefore(before, this.moving);
  }

  /** How far it is in the frame at `now`, 0 to 1, eased. It begins with the first frame, and one that took long skips little of it. */
  progress(now: number): number {
    this.elapsed += Math.min(LONGEST_STEP, Math.max(0, now - (this.last ?? now)));
    this.last = now;
    const t = Math.min(1, this.elapsed / CALM);
    return 1 - (1 - t) ** 3;
  }

  /** Whether every cell of the scene is on the way. */
  get whole(): boolean {
    return this.moving === this.after;
  }

  /** Whether anything has to travel at all. */
  get moves(): boolean {
    const { before, moving } = this;
    return moving !== null && (moved(this.houses, before.houses, moving.houses) || moved(this.cells, before.cells, moving.cells));
  }

  /** The scene at progress `t`: positions between the two. */
  at(t: number): Scene {
    const { before, moving } = this;
    if (t >= 1 || !moving || !this.houses || !this.cells) return this.after;
    return {
      ...moving,
      houses: {
        ...moving.houses,
        x: mix(this.houses, before.houses.x, moving.houses.x, t),
        y: mix(this.houses, before.houses.y, moving.houses.y, t),
        w: mix(this.houses, before.houses.w, moving.houses.w, t),
        h: mix(this.houses, before.houses.h, moving.houses.h, t),
      },
      cells: { ...moving.cells, x: mix(this.cells, before.cells.x, moving.cells.x, t), y: mix(this.cells, before.cells.y, moving.cells.y, t) },
    };
  }
}

/** The new scene as it is drawn at progress `t`. What is written adds up all of it, also while only some of its cells travel. */
export function onTheWay(drawn: Drawn, change: Transition, t: number): Drawn {
  sumsOf(drawn);
  return { ...drawn, scene: change.at(t) };
}

/** At most so many cells: those in trouble, and of the quiet ones every so many-th. */
function someCells(scene: Scene, most: number): Uint32Array {
  const order = cellOrder(scene);
  const troubled = troubledCells(scene, order);
  const grave = Math.min(most, troubled);
  const quiet = Math.min(most - grave, order.length - troubled);
  const chosen = new Uint32Array(grave + quiet);
  for (let n = 0; n < grave; n++) chosen[n] = order[order.length - 1 - n]!;
  for (let n = 0; n < quiet; n++) chosen[grave + n] = order[Math.floor((n * (order.length - troubled)) / quiet)]!;
  return chosen.sort();
}

/** The scene with only these cells, given in the order of the scene. */
function withCells(scene: Scene, chosen: Uint32Array): Scene {
  const { houses } = scene;
  const cells = taken(scene.cells, chosen);
  const cellCount = new Uint32Array(houses.count);
  for (const house of cells.house) cellCount[house]!++;
  const cellFrom = new Uint32Array(houses.count);
  for (let h = 1; h < houses.count; h++) cellFrom[h] = cellFrom[h - 1]! + cellCount[h - 1]!;
  return { ...scene, cells, houses: { ...houses, cellFrom, cellCount } };
}

/** The row each cell of `after` had before; -1 for a pod that was not there. Only names that are wanted are spelled as ids. */
function cellsBefore(before: Scene, after: Scene): Int32Array {
  const wanted = new Map(Array.from({ length: after.cells.count }, (_, cell) => [podId(after, cell), cell]));
  const names = new Set(after.cells.name);
  const rows = new Int32Array(after.cells.count).fill(-1);
  for (let cell = 0; cell < before.cells.count; cell++) {
    const found = names.has(before.cells.name[cell]!) ? wanted.get(podId(before, cell)) : undefined;
    if (found !== undefined) rows[found] = cell;
  }
  return rows;
}

function match(before: readonly string[], after: readonly string[]): Int32Array {
  const rows = new Map(before.map((id, i) => [id, i]));
  return Int32Array.from(after, (id) => rows.get(id) ?? -1);
}

interface Places {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

function moved(rows: Int32Array | null, before: Places, after: Places): boolean {
  return rows !== null && rows.some((from, to) => from >= 0 && (before.x[from] !== after.x[to] || before.y[from] !== after.y[to]));
}

function mix(rows: Int32Array, before: Float32Array, after: Float32Array, t: number): Float32Array {
  return after.map((to, i) => {
    const row = rows[i]!;
    return row < 0 ? to : before[row]! + (to - before[row]!) * t;
  });
}
