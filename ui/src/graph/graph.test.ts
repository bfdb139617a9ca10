import { describe, expect, it } from "vitest";
import { caseWords, describeHouse, describePlan, podWords } from "./describe";
import { Finder, Grid } from "./find";
import { boutique, town } from "./fixture";
import { Transition } from "./motion";
import { packed } from "./palette";
import { failing, troubled, waysOf } from "./paths";
import { prepare } from "./prepare";
import { box, CaseState, EMPTY, Flag, Health, heatOf, hottest, type Scene, Severity, Told, verdict } from "./scene";

describe("what burns", () => {
  it("counts critical twice and only what fires", () => {
    const scene = boutique();
    expect([...heatOf(scene).weight]).toEqual([2, 3, 1, 2, 1, 0]);
    const silenced: Scene = { ...scene, cases: { ...scene.cases, state: scene.cases.state.map((_, i) => (i === 1 ? CaseState.Silenced : 0)) } };
    expect(heatOf(silenced).weight[1]).toBe(1);
  });

  it("piles the gravest first", () => {
    const scene = boutique();
    const heat = heatOf(scene);
    const pile = [...heat.order.subarray(heat.from[1]!, heat.from[2]!)].map((c) => scene.cases.severity[c]);
    expect(pile).toEqual([Severity.Critical, Severity.Warning]);
  });

  it("never draws a failing house better than its own health", () => {
    const scene = town([{ name: "a", x: 0, y: 0, pods: "c", health: Health.Critical }]);
    expect(verdict(scene, heatOf(scene), 0)).toBe(Health.Critical);
  });

  it("finds the hottest first", () => {
    const scene = boutique();
    expect(hottest(scene, heatOf(scene))[0]).toBe(1);
  });

  it("marks the path that leads to a critical house and leaves the others quiet", () => {
    const scene = boutique();
    expect([...failing(scene, heatOf(scene), waysOf(scene))]).toEqual([1, 1, 1, 0, 0]);
  });

  it("survives a circle of failing houses", () => {
    const scene = town(
      [
        { name: "a", x: 0, y: 0, pods: "c", health: Health.Critical },
        { name: "b", x: 200, y: 0, pods: "c", health: Health.Critical },
      ],
      [
        [0, 1],
        [1, 0],
      ],
    );
    expect([...failing(scene, heatOf(scene), waysOf(scene))]).toEqual([1, 1]);
  });

  it("keeps trouble and its neighbours, and whatever is unknown", () => {
    const scene = town(
      [
        { name: "bad", x: 0, y: 0, pods: "c", health: Health.Critical },
        { name: "next", x: 200, y: 0, pods: "w" },
        { name: "far", x: 400, y: 0, pods: "w" },
        { name: "dark", x: 600, y: 0, pods: "u", health: Health.Unknown },
      ],
      [
        [0, 1],
        [1, 2],
      ],
    );
    expect([...troubled(scene, heatOf(scene), waysOf(scene))]).toEqual([1, 1, 0, 1]);
  });
});

describe("finding what lies under a point", () => {
  const scene = boutique();
  const finder = new Finder(scene);

  it("finds the house, its block and the cell", () => {
    expect(finder.at(185, 105)).toMatchObject({ house: 1, block: 0, cell: -1 });
    expect(finder.at(scene.cells.x[4]! + 4, scene.cells.y[4]! + 4)).toMatchObject({ house: 1, cell: 4 });
  });

  it("finds the block between houses and nothing outside", () => {
    expect(finder.at(150, 5)).toMatchObject({ house: -1, block: 0 });
    expect(finder.at(-50, -50).block).toBe(-1);
  });

  it("takes the nearer of two houses within reach", () => {
    expect(finder.at(122, 110, 70)).toMatchObject({ house: 0 });
  });

  it("agrees with asking every house, over a crowd", () => {
    const crowd = town(Array.from({ length: 400 }, (_, i) => ({ name: `h${i}`, x: (i % 20) * 110, y: Math.floor(i / 20) * 50, pods: "w" })));
    const grid = new Grid(crowd.houses, crowd.bounds);
    let seed = 7;
    for (let n = 0; n < 2000; n++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const x = seed % 2300;
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const y = seed % 1100;
      let brute = -1;
      for (let h = 0; h < crowd.houses.count; h++) {
        const r = box(crowd.houses, h);
        if (x >= r.x && x <= r.x + r.w && y >= r.y && y <= r.y + r.h) brute = h;
      }
      expect(grid.at(x, y)).toBe(brute);
    }
  });

  it("answers nothing on an empty scene", () => {
    expect(new Finder(EMPTY).at(10, 10)).toEqual({ block: -1, house: -1, cell: -1, case: -1 });
  });
});

describe("the plan in words", () => {
  const drawn = prepare(boutique());
  it("says state, alerts and pods of a house", () => {
    expect(describeHouse(drawn, 1)).toBe("checkout, Deployment in ns-0, critical. hot spot 1. 2 alerts firing. 3 pods: 1 failing, 2 well. calls 2, called by 1");
    expect(podWords(drawn, 3)).toBe("1 pod: 1 failing");
  });
  it("says when nobody was told", () => {
    const scene = boutique();
    const untold = prepare({ ...scene, cases: { ...scene.cases, told: scene.cases.told.map(() => Told.Nobody) } });
    expect(caseWords(untold, 3)).toBe("1 alert firing, nobody told of 1");
  });
  it("counts what is in trouble", () => {
    expect(describePlan(drawn)).toBe("1 block, 6 houses, 16 pods, 5 streets; 3 failing, 2 degraded");
  });
});

describe("colours", () => {
  it("are read in any form the tokens use", () => {
    expect(packed("#102030")).toBe(0xff302010);
    expect(packed("#abc")).toBe(0xffccbbaa);
    expect(packed("rgba(1,2,3,.5)")).toBe(0x80030201);
    expect(packed("transparent")).toBe(0);
    // As a style sheet is written once it was made small.
    expect(packed("#0000")).toBe(0);
    expect(packed("#ed783a29")).toBe(0x293a78ed);
    expect(packed("nonsense")).toBe(0xff808080);
  });
});

describe("a change of scene", () => {
  it("lets houses travel and names new cases", () => {
    const a = boutique();
    const b: Scene = {
      ...a,
      houses: { ...a.houses, x: a.houses.x.map((x) => x + 100) },
      cases: { ...a.cases, alert: a.cases.alert.map((id, i) => (i === 5 ? "new" : id)) },
    };
    const change = new Transition(a, b);
    expect([...change.fresh]).toEqual([5]);
    expect(change.moves).toBe(true);
    expect(change.progress(1000)).toBe(0);
    for (let now = 1016; now < 1240; now += 16) expect(change.progress(now)).toBeLessThan(1);
    expect(change.progress(1240)).toBe(1);
    expect(change.at(0.5).houses.x[0]).toBe(70);
    expect(change.at(1)).toBe(b);
  });
  it("does not move what did not move", () => {
    expect(new Transition(boutique(), boutique()).moves).toBe(false);
  });
  it("keeps flags apart from states", () => {
    expect(Flag.Contained & Flag.Stale).toBe(0);
  });
});
