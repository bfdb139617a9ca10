/** What lies under a point: a uniform grid over the houses, then the cells of the one house. */
import { type Boxes, type Rect, type Scene, box } from "./scene";

/** What a point of the plan belongs to. Rows of the scene; -1 for none. */
export interface Hit {
  readonly block: number;
  readonly house: number;
  readonly cell: number;
  readonly case: number;
}

export const NOTHING: Hit = { block: -1, house: -1, cell: -1, case: -1 };

/** A grid over rectangles: which rows touch a bucket, in two typed columns. */
export class Grid {
  private readonly columns: number;
  private readonly rows: number;
  private readonly start: Uint32Array;
  private readonly items: Uint32Array;
  private readonly size: number;

  constructor(
    private readonly boxes: Boxes,
    private readonly bounds: Rect,
  ) {
    const n = Math.max(1, boxes.count);
    this.size = Math.max(8, Math.sqrt((Math.max(1, bounds.w) * Math.max(1, bounds.h)) / n));
    this.columns = Math.max(1, Math.ceil(bounds.w / this.size) + 1);
    this.rows = Math.max(1, Math.ceil(bounds.h / this.size) + 1);
    const count = new Uint32Array(this.columns * this.rows + 1);
    for (let i = 0; i < boxes.count; i++) this.each(box(boxes, i), (b) => (count[b + 1]! += 1));
    for (let b = 1; b < count.length; b++) count[b]! += count[b - 1]!;
    this.start = count.slice();
    this.items = new Uint32Array(count[count.length - 1] ?? 0);
    for (let i = 0; i < boxes.count; i++) this.each(box(boxes, i), (b) => (this.items[count[b]!++] = i));
  }

  private each(r: Rect, visit: (bucket: number) => void): void {
    const clamp = (v: number, most: number) => Math.min(most, Math.max(0, Math.floor(v)));
    const c0 = clamp((r.x - this.bounds.x) / this.size, this.columns - 1);
    const c1 = clamp((r.x + r.w - this.bounds.x) / this.size, this.columns - 1);
    const r0 = clamp((r.y - this.bounds.y) / this.size, this.rows - 1);
    const r1 = clamp((r.y + r.h - this.bounds.y) / this.size, this.rows - 1);
    for (let y = r0; y <= r1; y++) for (let x = c0; x <= c1; x++) visit(y * this.columns + x);
  }

  /** The topmost row whose rectangle, grown by `slack`, holds the point; -1 for none. */
  at(x: number, y: number, slack = 0): number {
    let found = -1;
    let nearest = Infinity;
    this.each({ x: x - slack, y: y - slack, w: 2 * slack, h: 2 * slack }, (bucket) => {
      for (let k = this.start[bucket]!; k < this.start[bucket + 1]!; k++) {
        const i = this.items[k]!;
        const r = box(this.boxes, i);
        const dx = Math.max(r.x - x, 0, x - r.x - r.w);
        const dy = Math.max(r.y - y, 0, y - r.y - r.h);
        const d = Math.max(dx, dy);
        if (d <= slack && (d < nearest || (d === nearest && i > found))) {
          nearest = d;
          found = i;
        }
      }
    });
    return found;
  }

  /** Rows that touch `r`, each once, in order. */
  within(r: Rect): number[] {
    const seen = new Set<number>();
    this.each(r, (bucket) => {
      for (let k = this.start[bucket]!; k < this.start[bucket + 1]!; k++) {
        const i = this.items[k]!;
        const b = box(this.boxes, i);
        if (b.x <= r.x + r.w && r.x <= b.x + b.w && b.y <= r.y + r.h && r.y <= b.y + b.h) seen.add(i);
      }
    });
    return [...seen].sort((a, b) => a - b);
  }
}

/** Grids by a column they were made of: a scene that changed in its colours only stands on the ground of the one before. */
const grids = new WeakMap<Float32Array, { boxes: Boxes; bounds: Rect; grid: Grid }>();

function gridOf(boxes: Boxes, bounds: Rect): Grid {
  const kept = grids.get(boxes.x);
  const same = (a: Rect, b: Rect) => a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
  if (kept && kept.boxes.y === boxes.y && kept.boxes.w === boxes.w && kept.boxes.h === boxes.h && same(kept.bounds, bounds)) return kept.grid;
  const grid = new Grid(boxes, bounds);
  grids.set(boxes.x, { boxes, bounds, grid });
  return grid;
}

/** Both grids of a scene. */
export class Finder {
  readonly houses: Grid;
  readonly blocks: Grid;

  constructor(private readonly scene: Scene) {
    this.houses = gridOf(scene.houses, scene.bounds);
    this.blocks = gridOf(scene.blocks, scene.bounds);
  }

  /** What lies at a point of the plan; `slack` (plan units) makes small houses easier to meet. */
  at(x: number, y: number, slack = 0): Hit {
    const house = this.houses.at(x, y, slack);
    const block = house >= 0 ? this.scene.houses.block[house]! : this.blocks.at(x, y);
    if (house < 0 && block < 0) return NOTHING;
    return { block, house, cell: house >= 0 ? this.cellAt(house, x, y) : -1, case: -1 };
  }

  private cellAt(house: number, x: number, y: number): number {
    const { houses, cells, pitch } = this.scene;
    const from = houses.cellFrom[house]!;
    const to = from + houses.cellCount[house]!;
    for (let c = from; c < to; c++) {
      const dx = x - cells.x[c]!;
      const dy = y - cells.y[c]!;
      if (dx >= 0 && dy >= 0 && dx < pitch && dy < pitch) return c;
    }
    return -1;
  }
}

const finders = new WeakMap<Scene, Finder>();

/** The finder of a scene, made once. */
export function finderOf(scene: Scene): Finder {
  let found = finders.get(scene);
  if (!found) {
    found = new Finder(scene);
    finders.set(scene, found);
  }
  return found;
}
