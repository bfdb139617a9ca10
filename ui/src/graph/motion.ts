/** The soft way from one scene to the next: houses and cells travel, the rest fades. */
import { podId, type Scene } from "./scene";

/** Time of a change, as the token `--calm`. */
export const CALM = 240;
/** Above this many rows nothing travels: the new scene is simply there. */
const MOST_TRAVELLERS = 20_000;

/** A change under way. */
export class Transition {
  /** Rows of cases the scene before did not have. */
  readonly fresh: ReadonlySet<number>;
  private readonly houses: Int32Array | null;
  private readonly cells: Int32Array | null;

  constructor(
    private readonly before: Scene,
    readonly after: Scene,
    readonly startedAt: number,
  ) {
    const known = new Set(before.cases.alert.map((a, i) => `${a}\n${before.cases.state[i]}`));
    const fresh = new Set<number>();
    if (before.houses.count > 0) after.cases.alert.forEach((a, i) => known.has(`${a}\n${after.cases.state[i]}`) || fresh.add(i));
    this.fresh = fresh;
    const small = before.cells.count + after.cells.count < MOST_TRAVELLERS;
    this.houses = small ? match(before.houses.id, after.houses.id) : null;
    this.cells = small ? match(podIds(before), podIds(after)) : null;
  }

  /** How far it is at `now`, 0 to 1, eased. */
  progress(now: number): number {
    const t = Math.min(1, Math.max(0, (now - this.startedAt) / CALM));
    return 1 - (1 - t) ** 3;
  }

  /** Whether anything has to travel at all. */
  get moves(): boolean {
    return moved(this.houses, this.before.houses, this.after.houses) || moved(this.cells, this.before.cells, this.after.cells);
  }

  /** The scene at progress `t`: positions between the two. */
  at(t: number): Scene {
    if (t >= 1 || !this.houses || !this.cells) return this.after;
    const { before, after } = this;
    return {
      ...after,
      houses: {
        ...after.houses,
        x: mix(this.houses, before.houses.x, after.houses.x, t),
        y: mix(this.houses, before.houses.y, after.houses.y, t),
        w: mix(this.houses, before.houses.w, after.houses.w, t),
        h: mix(this.houses, before.houses.h, after.houses.h, t),
      },
      cells: { ...after.cells, x: mix(this.cells, before.cells.x, after.cells.x, t), y: mix(this.cells, before.cells.y, after.cells.y, t) },
    };
  }
}

function podIds(scene: Scene): string[] {
  return Array.from({ length: scene.cells.count }, (_, cell) => podId(scene, cell));
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
