/** Where the houses of an app stand, as outlines around those that stand together. */
import { box, type Rect, type Scene } from "./scene";

/** Units of the plan between a house and the outline around it. */
const AIR = 5;

function around(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}

const meet = (a: Rect, b: Rect) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The outlines of houses, block by block; one that would enclose a house of another app is several. */
export function outlines(scene: Scene, rows: readonly number[]): Rect[] {
  const { houses } = scene;
  const own = new Set(rows);
  const found: Rect[] = [];
  const blocks = [...new Set(rows.map((h) => houses.block[h]!))];
  for (const block of blocks) {
    const others: Rect[] = [];
    // The houses of a block follow one another.
    const first = houses.block.indexOf(block);
    for (let h = first; h < houses.count && houses.block[h] === block; h++) if (!own.has(h)) others.push(box(houses, h));
    const open: Rect[] = [];
    const inside = rows.filter((h) => houses.block[h] === block).map((h) => box(houses, h));
    for (const one of inside.sort((a, b) => a.x - b.x || a.y - b.y)) {
      const with_ = open.findIndex((it) => !others.some((other) => meet(around(it, one), other)) && !open.some((else_) => else_ !== it && meet(around(it, one), else_)));
      if (with_ < 0) open.push(one);
      else open[with_] = around(open[with_]!, one);
    }
    found.push(...open.map(({ x, y, w, h }) => ({ x: x - AIR, y: y - AIR, w: w + 2 * AIR, h: h + 2 * AIR })));
  }
  return found;
}
