import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeScene } from "./decode";
import { prepare } from "./prepare";
import { box, Flag, meet, Told } from "./scene";

// Written by the engine; its own test holds the file equal to what it writes now.
const scene = decodeScene(readFileSync(join(import.meta.dirname, "fixtures/boutique.bsc")));

describe("a scene as the engine writes it", () => {
  it("has every block, house, cell, street and case", () => {
    expect([scene.blocks.count, scene.houses.count, scene.cells.count, scene.streets.count, scene.cases.count]).toEqual([2, 13, 1, 16, 1]);
    expect([scene.revision, scene.lens, scene.tray, scene.cell, scene.pitch]).toEqual([3, "namespaces", 1, 8, 10]);
  });

  it("names its rows", () => {
    expect(scene.houses.name).toContain("checkoutservice");
    expect(scene.houses.id).toContain("/apps/Deployment/default/redis-cart");
    expect([scene.cells.name[0], scene.cells.place[0]]).toEqual(["lonely", "node-1"]);
  });

  it("puts the case at its house", () => {
    const drawn = prepare(scene);
    expect(scene.houses.name[scene.cases.house[0]!]).toBe("checkoutservice");
    expect(drawn.heat.weight[scene.cases.house[0]!]).toBe(2);
    expect(scene.cases.told[0]).toBe(Told.Nobody);
    expect(scene.blocks.firing[scene.houses.block[scene.cases.house[0]!]!]).toBe(1);
  });

  it("keeps houses apart and streets between their doors", () => {
    for (let a = 0; a < scene.houses.count; a++) {
      for (let b = a + 1; b < scene.houses.count; b++) expect(meet(box(scene.houses, a), box(scene.houses, b))).toBe(false);
    }
    for (let s = 0; s < scene.streets.count; s++) {
      const first = scene.streets.pointFrom[s]!;
      const last = first + scene.streets.pointCount[s]! - 1;
      const from = box(scene.houses, scene.streets.from[s]!);
      const to = box(scene.houses, scene.streets.to[s]!);
      expect(scene.streets.px[first]).toBe(from.x + from.w);
      expect(scene.streets.px[last]).toBe(to.x);
      expect(scene.streets.flags[s]! & Flag.Declared).toBe(Flag.Declared);
    }
  });
});
