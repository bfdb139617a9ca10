import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { crowd } from "./fixtures/crowd";
import { decodeScene } from "./decode";
import { describeBlock, describeCase, describeCell, describeWay } from "./describe";
import { boutique } from "./fixture";
import type { Direction } from "./paths";
import { prepare } from "./prepare";
import { Flag, podId, Told } from "./scene";
import { begin, beside, boxAt, follow, houseAt, idAt, into, outOf, type Spot, spotOf, troubleNext, turn, waysAt } from "./spots";

const DIRECTIONS: readonly Direction[] = ["left", "right", "up", "down"];
const written = decodeScene(readFileSync(join(import.meta.dirname, "fixtures/boutique.bsc")));
const many = crowd({ blocks: 12, houses: 160, cells: 1500, unhealthy: 60, cases: 20, streets: 200 });
const house = (row: number): Spot => ({ kind: "house", row });

describe("the arrows", () => {
  const scene = boutique();
  it("lead to the nearest house that way, and nowhere past the edge", () => {
    expect(beside(scene, house(1), "right")).toEqual(house(2));
    expect(beside(scene, house(2), "left")).toEqual(house(1));
    expect(beside(scene, house(2), "down")).toEqual(house(4));
    expect(beside(scene, house(1), "up")).toEqual(house(5));
    expect(beside(scene, house(3), "right")).toBeNull();
  });

  it("stay at the kind they began at", () => {
    for (const scene of [written, many]) {
      for (const kind of ["block", "house", "cell"] as const) {
        for (const direction of DIRECTIONS) {
          const to = beside(scene, { kind, row: 0 }, direction);
          if (to) expect(to.kind).toBe(kind);
        }
      }
    }
  });

  it("lead the way they say", () => {
    for (const kind of ["block", "house", "cell"] as const) {
      for (let row = 0; row < (kind === "block" ? many.blocks.count : kind === "house" ? many.houses.count : 300); row++) {
        const a = boxAt(many, { kind, row });
        for (const direction of DIRECTIONS) {
          const to = beside(many, { kind, row }, direction);
          if (!to) continue;
          const b = boxAt(many, to);
          const ahead = direction === "left" || direction === "right" ? b.x + b.w / 2 - a.x - a.w / 2 : b.y + b.h / 2 - a.y - a.h / 2;
          expect(direction === "left" || direction === "up" ? -ahead : ahead).toBeGreaterThan(0);
        }
      }
    }
  });

  it("reach every block, house and cell from the first", () => {
    for (const scene of [written, boutique(), many]) {
      for (const [kind, count] of [["block", scene.blocks.count], ["house", scene.houses.count], ["cell", scene.cells.count]] as const) {
        const seen = new Set([0]);
        const queue = [0];
        for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
          for (const direction of DIRECTIONS) {
            const to = beside(scene, { kind, row }, direction);
            if (to && !seen.has(to.row)) {
              seen.add(to.row);
              queue.push(to.row);
            }
          }
        }
        expect([kind, seen.size]).toEqual([kind, count]);
      }
    }
  });

  it("pass over what is not meant", () => {
    const keep = Uint8Array.from([1, 1, 0, 1, 0, 0]);
    expect(beside(scene, house(1), "right", keep)).toEqual(house(3));
    expect(beside(scene, house(1), "up", keep)).toBeNull();
  });
});

describe("in and out", () => {
  it("goes into a block at its hottest house, into a house at its worst pod, and back", () => {
    const drawn = prepare(boutique());
    const hot = into(drawn, { kind: "block", row: 0 })!;
    expect(drawn.scene.houses.name[hot.row]).toBe("checkout");
    const pod = into(drawn, hot)!;
    expect(pod.kind).toBe("cell");
    expect(drawn.scene.cells.health[pod.row]).toBe(6);
    expect(houseAt(drawn.scene, pod)).toBe(hot.row);
    expect(into(drawn, pod)).toBeNull();
    expect(outOf(drawn.scene, pod)).toEqual(hot);
    expect(outOf(drawn.scene, hot)).toEqual({ kind: "block", row: 0 });
    expect(outOf(drawn.scene, { kind: "block", row: 0 })).toBeNull();
  });

  it("begins at the hottest house, and finds everything by its id again", () => {
    expect(begin(prepare(boutique()))).toEqual(house(1));
    for (const kind of ["block", "house", "cell"] as const) {
      const spot = { kind, row: kind === "cell" ? 0 : 1 };
      expect(spotOf(written, idAt(written, spot), kind)).toEqual(spot);
    }
    expect(spotOf(written, "no such thing")).toBeNull();
  });

  it("takes a pod of its own for its house, unless its cell is asked for", () => {
    const lonely = podId(written, 0);
    expect(written.houses.id).toContain(lonely);
    expect(spotOf(written, lonely)?.kind).toBe("house");
    expect(spotOf(written, lonely, "cell")).toEqual({ kind: "cell", row: 0 });
  });
});

describe("the streets", () => {
  const drawn = prepare(boutique());
  const name = (row: number | undefined) => (row === undefined ? undefined : drawn.scene.houses.name[row]);
  it("lead right to what is called, the failing way first, and left to who calls", () => {
    expect(name(follow(drawn, 1, -1, "right")?.other)).toBe("cart");
    expect(name(follow(drawn, 1, -1, "left")?.other)).toBe("frontend");
    expect(follow(drawn, 3, -1, "right")).toBeNull();
  });

  it("are chosen one after the other, around, and the chosen one is followed", () => {
    const seen: string[] = [];
    let street = -1;
    for (let n = 0; n < 4; n++) {
      const next = turn(drawn, 1, street, 1)!;
      street = next.way.street;
      seen.push(`${next.at + 1}/${next.of} ${name(next.way.other)}`);
    }
    expect(seen).toEqual(["1/3 cart", "2/3 payment", "3/3 frontend", "1/3 cart"]);
    const payment = waysAt(drawn, 1).find((way) => name(way.other) === "payment")!;
    expect(name(follow(drawn, 1, payment.street, "right")?.other)).toBe("payment");
    // Of the other kind there is none chosen: the first is taken.
    expect(name(follow(drawn, 1, payment.street, "left")?.other)).toBe("frontend");
    expect(turn(drawn, 1, -1, -1)?.at).toBe(2);
  });

  it("of every house lead to its other end and back", () => {
    const whole = prepare(written);
    let count = 0;
    for (let h = 0; h < written.houses.count; h++) {
      for (const way of waysAt(whole, h)) {
        count++;
        expect(waysAt(whole, way.other).some((back) => back.street === way.street && back.other === h && back.calls !== way.calls)).toBe(true);
      }
    }
    expect(count).toBe(2 * written.streets.count);
  });
});

it("the next in trouble goes around, hottest first", () => {
  const drawn = prepare(boutique());
  const first = troubleNext(drawn, -1, 1)!;
  expect(first).toEqual(begin(drawn));
  let spot = first;
  const seen = new Set<number>();
  do {
    seen.add(spot.row);
    spot = troubleNext(drawn, spot.row, 1)!;
  } while (spot.row !== first.row);
  expect(seen.size).toBe(5);
  expect(troubleNext(drawn, first.row, -1)).toEqual(house([...seen].at(-1)!));
});

it("a block, a pod, a street and an alert say what is seen of them", () => {
  const scene = boutique();
  const drawn = prepare({ ...scene, cells: { ...scene.cells, flags: scene.cells.flags.map((_, i) => (i === 0 ? Flag.Contained : 0)) }, cases: { ...scene.cases, told: scene.cases.told.map(() => Told.Nobody) } });
  expect(describeBlock(drawn, 0)).toBe("ns-0, namespace, critical. 6 alerts firing. 6 houses, 0 pods");
  expect(describeCell(drawn, 0)).toBe("pod-0, pod 1 of 3 of frontend, well, contained, on node-1");
  expect(describeWay(drawn, waysAt(drawn, 1)[0]!)).toBe("calls cart, warning, declared, on the path of failure");
  expect(describeCase(drawn, 0)).toBe("alert Alert0, critical, firing, nobody told");
});
