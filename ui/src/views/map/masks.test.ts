import { describe, expect, it } from "vitest";
import { boutique, town } from "../../graph/fixture";
import { Flag, Health, heatOf, Severity } from "../../graph/scene";
import { both, countOf, hubsInTrouble, maskOf, troubleLeftOut, troubleWithin, withOnly } from "./masks";

const row = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `h${i}`, x: 200 * i, y: 0, pods: i === 0 ? "cw" : "w", health: i === 0 ? Health.Critical : Health.Well }));

describe("only trouble", () => {
  const chain = town(row(6), [
    [0, 1],
    [2, 1],
    [2, 3],
    [4, 3],
  ]);
  it("keeps as many steps around as asked, whichever way the streets run", () => {
    const kept = (hops: number) => [...troubleWithin(chain, heatOf(chain), hops)].join("");
    expect(["100000", "110000", "111000", "111100", "111110"]).toEqual([0, 1, 2, 3, 4].map(kept));
  });
  it("keeps what is unknown and what has any alert, but not their neighbours", () => {
    const scene = town(
      [
        { name: "dark", x: 0, y: 0, pods: "u", health: Health.Unknown },
        { name: "told", x: 200, y: 0, pods: "w" },
        { name: "by", x: 400, y: 0, pods: "w" },
      ],
      [
        [0, 2],
        [1, 2],
      ],
      [[1, Severity.Info]],
    );
    expect([...troubleWithin(scene, heatOf(scene), 4)]).toEqual([1, 1, 0]);
  });
  it("counts the hubs in trouble, whose callers no street leads to", () => {
    const [hub, none] = [Flag.Hub, 0];
    const scene = { ...chain, houses: { ...chain.houses, flags: Uint8Array.of(hub, none, hub, none, none, none), health: Uint8Array.from(chain.houses.health, (health, h) => (h === 2 || h === 3 ? Health.Warning : health)) } };
    const heat = heatOf(scene);
    expect(hubsInTrouble(scene, heat, troubleWithin(scene, heat, 1))).toBe(2);
    expect(hubsInTrouble(scene, heat, Uint8Array.of(1, 1, 0, 1, 1, 1))).toBe(1);
    const well = { ...chain, houses: { ...chain.houses, flags: Uint8Array.of(none, hub, none, none, none, none) } };
    expect(hubsInTrouble(well, heatOf(well), troubleWithin(well, heatOf(well), 1))).toBe(0);
  });
  it("goes around a circle once", () => {
    const circle = town(row(3), [
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
    expect(countOf(troubleWithin(circle, heatOf(circle), 4))).toBe(3);
  });
});

describe("masks", () => {
  it("are made of ids, and strangers are passed over", () => {
    const scene = boutique();
    expect([...maskOf(scene, [scene.houses.id[2]!, "c/apps/Deployment/other/x"])]).toEqual([0, 0, 1, 0, 0, 0]);
    expect([...both(Uint8Array.of(1, 1, 0), Uint8Array.of(0, 1, 1))]).toEqual([0, 1, 0]);
  });
  it("say how much trouble they leave out", () => {
    const scene = boutique();
    expect(troubleLeftOut(scene, heatOf(scene), maskOf(scene, [scene.houses.id[1]!]))).toBe(4);
    expect(troubleLeftOut(scene, heatOf(scene), new Uint8Array(6).fill(1))).toBe(0);
  });
});

describe("a scene with only some houses", () => {
  const scene = boutique();
  const mask = maskOf(scene, [1, 3, 4].map((h) => scene.houses.id[h]!));
  const part = withOnly(scene, mask);
  it("has those, where they stood, with their own cells, streets and cases", () => {
    expect(part.houses.name).toEqual(["checkout", "redis-cart", "payment"]);
    expect([...part.houses.x]).toEqual([180, 500, 340]);
    for (let h = 0; h < part.houses.count; h++) {
      const before = [1, 3, 4][h]!;
      const names = (s: typeof scene, at: number) => s.cells.name.slice(s.houses.cellFrom[at]!, s.houses.cellFrom[at]! + s.houses.cellCount[at]!);
      expect(names(part, h)).toEqual(names(scene, before));
      for (let c = part.houses.cellFrom[h]!; c < part.houses.cellFrom[h]! + part.houses.cellCount[h]!; c++) expect(part.cells.house[c]).toBe(h);
    }
    // Of the five streets only checkout to payment has both its ends.
    expect([part.streets.count, part.streets.from[0], part.streets.to[0], part.streets.pointFrom[0]]).toEqual([1, 0, 2, 6]);
    expect(part.cases.name).toEqual(["Alert1", "Alert2", "Alert4", "Alert5"]);
    expect([...part.cases.house]).toEqual([0, 0, 1, 2]);
    expect(part.bounds).toEqual(scene.bounds);
    expect(part.blocks).toBe(scene.blocks);
  });
  it("is the same scene where all are meant, and has no house where none is", () => {
    expect(withOnly(scene, new Uint8Array(6).fill(1))).toEqual(scene);
    const none = withOnly(scene, new Uint8Array(6));
    expect([none.houses.count, none.cells.count, none.streets.count, none.cases.count]).toEqual([0, 0, 0, 0]);
  });
});

describe("a cluster of 150,000 pods", () => {
  const houses = Array.from({ length: 9_600 }, (_, i) => ({ name: `h${i}`, x: (i % 100) * 120, y: Math.floor(i / 100) * 60, pods: i % 5 === 0 ? "wwwwwwwwwwwwwwwc" : "wwwwwwwwwwwwwwww", health: i % 50 === 0 ? Health.Critical : Health.Well }));
  const scene = town(houses, Array.from({ length: 20_000 }, (_, s) => [(s * 7_919) % 9_600, (s * 104_729) % 9_600] as const));
  it("is narrowed to trouble and four steps around, and hidden to that", () => {
    const mask = troubleWithin(scene, heatOf(scene), 4);
    const part = withOnly(scene, mask);
    expect(part.houses.count).toBe(countOf(mask));
    expect(part.cells.count).toBe(16 * part.houses.count);
  });
});
