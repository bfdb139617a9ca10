/** Where the houses of an app stand, as outlines around those that stand together. */
import { box, type Rect, type Scene } from "./scene";

/** Units of the plan between a house and the outline around it. */
const AIR = 5;

function around(a: Rect, b: Rect): Rect {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}

const meet = (a: Rect, b: Rect) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The outlines of houses, block by block, the largest first; one that would enclose a house of another app is several. */
export function outlines({ houses }: Pick<Scene, "houses">, rows: readonly number[]): Rect[] {
  const own = new Set(rows);
  const found: Rect[] = [];
  for (const block of new Set(rows.map((h) => houses.block[h]!))) {
    const others: Rect[] = [];
    // The houses of a block follow one another.
    for (let h = houses.block.indexOf(block); h < houses.count && houses.block[h] === block; h++) if (!own.has(h)) others.push(box(houses, h));
    const open: Rect[] = [];
    const inside = rows.filter((h) => houses.block[h] === block).map((h) => box(houses, h));
    for (const house of inside.sort((a, b) => a.x - b.x || a.y - b.y)) {
      const joins = (it: Rect) => {
        const joined = around(it, house);
        return !others.some((other) => meet(joined, other)) && !open.some((other) => other !== it && meet(joined, other));
      };
      const at = open.findIndex(joins);
      if (at < 0) open.push(house);
      else open[at] = around(open[at]!, house);
    }
    found.push(...open.map(({ x, y, w, h }) => ({ x: x - AIR, y: y - AIR, w: w + 2 * AIR, h: h + 2 * AIR })));
  }
  return found.sort((a, b) => b.w * b.h - a.w * a.h);
}
