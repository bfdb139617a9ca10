import { describe, expect, it } from "vitest";
import { boutique } from "./fixture";
import { crowd, LARGEST } from "./fixtures/crowd";
import { paper } from "./fixtures/paper";
import { asWorkloads, byNode } from "./fixtures/lenses";
import { onTheWay, Transition } from "./motion";
import { drawOverlay } from "./overlay/overlay";
import { paletteFrom } from "./palette";
import { Plot, plotFrame } from "./plot/plot";
import { prepare } from "./prepare";
import { Health, podId, type Scene } from "./scene";
import { fit } from "./viewport";

/** Where each pod is, by its id. */
const places = (scene: Scene) => new Map(Array.from({ length: scene.cells.count }, (_, c) => [podId(scene, c), [scene.cells.x[c]!, scene.cells.y[c]!] as const]));

/** Holds that every pod of `way` is at `t` of the straight way between its two places. */
function mustBeBetween(way: Scene, before: Scene, after: Scene, t: number): void {
  const [from, to] = [places(before), places(after)];
  for (const [id, [x, y]] of places(way)) {
    const [a, b] = [from.get(id)!, to.get(id)!];
    expect(Math.hypot(x - (a[0] + (b[0] - a[0]) * t), y - (a[1] + (b[1] - a[1]) * t)), id).toBeLessThan(0.01);
  }
}

describe("from one lens to the other", () => {
  it("every pod of a small town travels from its workload to its node and back", () => {
    const workloads = asWorkloads(boutique());
    const nodes = byNode(workloads, 3);
    for (const [before, after] of [[workloads, nodes], [nodes, workloads]] as const) {
      const change = new Transition(before, after);
      expect(change.moves).toBe(true);
      expect(change.at(0.5).cells.count).toBe(16);
      for (const t of [0, 0.5]) mustBeBetween(change.at(t), before, after, t);
      expect(change.at(1)).toBe(after);
    }
  });

  const workloads = asWorkloads(crowd(LARGEST));
  const nodes = byNode(workloads, 5_000);
  const both = [["into nodes", workloads, nodes], ["into namespaces", nodes, workloads]] as const;

  it.each(both)("of the largest cluster some pods travel %s and stand for all, whatever is in trouble among them", (_, before, after) => {
    const change = new Transition(before, after);
    expect(change.moves).toBe(true);
    const way = change.at(0.5);
    expect(way.cells.count).toBe(10_000);
    mustBeBetween(way, before, after, 0.5);
    const troubled = (scene: Scene) => scene.cells.health.reduce((n, health) => n + Number(health >= Health.Warning), 0);
    expect(troubled(way)).toBe(troubled(after));
    // They come from all over the city.
    const used = new Set(Array.from(way.cells.house, (h) => Math.floor((16 * h) / way.houses.count)));
    expect(used.size).toBe(16);
    expect(change.at(1)).toBe(after);
  });

  it.each(both)("a frame on the way %s looks at those pods only", (_, before, after) => {
    const change = new Transition(before, after);
    const [one, other] = [change.at(0.2), change.at(0.8)];
    for (const column of Object.values(one.cells)) if (typeof column === "object") expect(column.length).toBe(10_000);
    // What does not move is not made again.
    expect([one.cells.health, one.cells.house, one.houses.cellFrom]).toEqual([other.cells.health, other.cells.house, other.houses.cellFrom]);
    expect(one.cells.health).toBe(other.cells.health);
    for (let h = 0; h < one.houses.count; h++) {
      const from = one.houses.cellFrom[h]!;
      for (let c = from; c < from + one.houses.cellCount[h]!; c++) if (one.cells.house[c] !== h) expect.fail(`cell ${c} is not of house ${h}`);
    }
  });

  it("what is written counts all pods on the way too", () => {
    const change = new Transition(workloads, nodes);
    const frame = { drawn: onTheWay(prepare(nodes), change, 0.5), view: fit(nodes.bounds, { w: 1200, h: 800 }), palette: paletteFrom((token) => token), selected: -1, hovered: -1, keep: null, stale: false, settled: 0.5, fresh: new Set<number>() };
    const plot = new Plot();
    plotFrame(plot, frame, { w: 1200, h: 800 }, 1);
    const { ink, written } = paper();
    drawOverlay(ink, frame, plot, { w: 1200, h: 800 }, 1);
    const known = nodes.cells.health.reduce((n, health) => n + Number(health !== Health.Unknown), 0);
    expect(written.map(({ text }) => text)).toContain(`${known.toLocaleString("en")}/150,000 pods`);
  });

  it("within a lens the largest is simply there", () => {
    const moved: Scene = { ...nodes, cells: { ...nodes.cells, x: nodes.cells.x.map((x) => x + 5) } };
    const change = new Transition(nodes, moved);
    expect([change.moves, change.at(0.5) === moved]).toEqual([false, true]);
  });

  it("pods that were not there before stand where they will", () => {
    const few = byNode(asWorkloads(boutique()), 3);
    const before = asWorkloads(boutique());
    const after: Scene = { ...few, cells: { ...few.cells, name: few.cells.name.map((name, i) => (i === 0 ? "new" : name)) } };
    const way = new Transition(before, after).at(0.5);
    expect([way.cells.x[0], way.cells.y[0]]).toEqual([after.cells.x[0], after.cells.y[0]]);
    expect(way.cells.x[1]).not.toBe(after.cells.x[1]);
  });

  it("begins with its first frame, and is seen on the way however long a frame takes", () => {
    const change = new Transition(asWorkloads(boutique()), byNode(asWorkloads(boutique()), 3));
    const seen = [0, 400, 800, 1200, 1600].map((at) => change.progress(9_000 + at));
    expect(seen[0]).toBe(0);
    expect(seen.map((t) => t === 1)).toEqual([false, false, false, false, true]);
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);
  });
});
