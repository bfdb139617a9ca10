import { describe, expect, it } from "vitest";
import { outlines } from "./apps";
import { crowd } from "./fixtures/crowd";
import { box } from "./scene";

const scene = crowd({ blocks: 3, houses: 60, cells: 400, unhealthy: 5, cases: 0, streets: 40 });
const rows = Array.from({ length: scene.houses.count }, (_, h) => h);
const holds = (r: { x: number; y: number; w: number; h: number }, h: number) => {
  const house = box(scene.houses, h);
  return house.x >= r.x && house.y >= r.y && house.x + house.w <= r.x + r.w && house.y + house.h <= r.y + r.h;
};
const touches = (r: { x: number; y: number; w: number; h: number }, h: number) => {
  const house = box(scene.houses, h);
  // The air around an outline may lie over a neighbour's wall; what it encloses may not.
  return house.x < r.x + r.w - 5 && r.x + 5 < house.x + house.w && house.y < r.y + r.h - 5 && r.y + 5 < house.y + house.h;
};

describe("the outlines of an app", () => {
  it("enclose each of its houses and none of another", () => {
    for (let every = 1; every < 8; every++) {
      const own = rows.filter((h) => h % every === 0);
      const found = outlines(scene, own);
      for (const h of rows) {
        if (own.includes(h)) expect(found.filter((r) => holds(r, h))).toHaveLength(1);
        else expect(found.filter((r) => touches(r, h))).toEqual([]);
      }
    }
  });

  it("are one in a block that is all its own", () => {
    expect(outlines(scene, rows)).toHaveLength(new Set(scene.houses.block).size);
  });
});
