import { describe, expect, it } from "vitest";
import { holdsFor, type BackEnd, type DrawingChoice, type InUse, type Measured } from "../lib/drawing.svelte";
import { ABSENT, Easel, LOST, type Kept, type Make } from "./easel";
import { NOTHING } from "./find";
import { boutique } from "./fixture";
import type { Painter } from "./painter";
import { frameOf, theme } from "./fixtures/gallery";
import { EMPTY } from "./scene";
import { Trial } from "./trial";

class Memory implements Kept {
  used: InUse | null = null;
  constructor(
    public choice: DrawingChoice = "auto",
    public measured: Measured | null = null,
  ) {}
  remember(measured: Measured): void {
    this.measured = measured;
  }
}

/** Back ends that draw nothing, and remember what was asked of them. */
function pretend(absent: BackEnd[] = []) {
  const painted: BackEnd[] = [];
  const open = new Set<BackEnd>();
  let lose = () => {};
  const make: Make = (name, onlost) => {
    if (absent.includes(name)) throw new Error("not here");
    open.add(name);
    if (name === "gl2") lose = onlost;
    const painter: Painter = {
      name,
      resize: () => {},
      paint: () => (painted.push(name), { houses: 0, streets: 0 }),
      pick: () => NOTHING,
      finish: () => {},
      close: () => open.delete(name),
    };
    return painter;
  };
  return { make, painted, open, lose: () => lose() };
}

const until = (moment: number) => {
  while (performance.now() < moment);
};

const frame = frameOf(boutique(), { x: 0, y: 0, scale: 1 }, theme("night"));
const started = (make: Make, kept: Kept, again = () => {}) => {
  const easel = new Easel(make, again, kept);
  easel.resize({ w: 800, h: 600 }, 1);
  return easel;
};
const frames = (easel: Easel, n: number, every = 16) => {
  for (let i = 0; i < n; i++) easel.paint(frame, 1000 + i * every);
};

describe("what draws the plan", () => {
  it("is measured on the real scene, a few frames of each, and remembered", () => {
    const { make, painted, open } = pretend();
    const kept = new Memory();
    let asked = 0;
    const easel = started(make, kept, () => asked++);
    frames(easel, 40);
    expect(new Set(painted)).toEqual(new Set(["raster", "gl2"]));
    expect(asked).toBeGreaterThan(10);
    expect(kept.measured).toMatchObject({ cells: frame.drawn.scene.cells.count, pixels: 480_000 });
    expect([...open]).toEqual([kept.measured!.name]);
    expect(kept.used).toEqual({ name: kept.measured!.name, trouble: "" });
  });

  it("asks for frames until the one that was found quicker has drawn", () => {
    const { make, open } = pretend();
    const slow = (painter: Painter): Painter => ({ ...painter, finish: () => void until(performance.now() + 2) });
    const kept = new Memory();
    let asked = true;
    const easel = started((name, onlost) => (name === "gl2" ? slow(make(name, onlost)) : make(name, onlost)), kept, () => (asked = true));
    for (let n = 0; asked && n < 200; n++) {
      asked = false;
      easel.paint(frame, 1000 + n * 16);
    }
    expect([...open]).toEqual(["raster"]);
  });

  it("is not measured before there is anything to draw", () => {
    const { make, painted } = pretend();
    const easel = started(make, new Memory());
    easel.paint(frameOf(EMPTY, { x: 0, y: 0, scale: 1 }, theme("night")), 1000);
    expect(painted).toEqual(["raster"]);
  });

  it("is not measured while more is on its way, and what was begun is begun anew after that", () => {
    const { make, painted } = pretend();
    const kept = new Memory();
    const easel = started(make, kept);
    frames(easel, 3);
    for (let i = 0; i < 40; i++) easel.paint({ ...frame, growing: true }, 2000 + i * 16);
    expect(kept.measured).toBeNull();
    expect(new Set(painted.splice(0))).toEqual(new Set(["raster"]));
    for (let i = 0; i < 40; i++) easel.paint(frame, 3000 + i * 16);
    expect(kept.measured).not.toBeNull();
    expect(new Set(painted)).toEqual(new Set(["raster", "gl2"]));
  });

  it("is what was measured before, while the scene is of that size", () => {
    const measured: Measured = { name: "gl2", raster: 30, gl2: 5, cells: 16, pixels: 480_000 };
    const { make, painted } = pretend();
    frames(started(make, new Memory("auto", measured)), 5);
    expect(new Set(painted)).toEqual(new Set(["gl2"]));
    expect(holdsFor(measured, 2_000, 480_000)).toBe(true);
    expect(holdsFor(measured, 2_001, 480_000)).toBe(false);
    expect(holdsFor(measured, 16, 960_001)).toBe(false);
  });

  it("is what the person chose, at once and without measuring", () => {
    const { make, painted } = pretend();
    const kept = new Memory("gl2");
    const easel = started(make, kept);
    frames(easel, 3);
    kept.choice = "raster";
    frames(easel, 3);
    expect(painted).toEqual(["gl2", "gl2", "gl2", "raster", "raster", "raster"]);
    expect(kept.measured).toBeNull();
  });

  it("is the CPU once the graphics context was lost, also against the choice, and says so", () => {
    const { make, painted, lose, open } = pretend();
    const kept = new Memory("gl2");
    let asked = 0;
    const easel = started(make, kept, () => asked++);
    frames(easel, 2);
    lose();
    expect(asked).toBe(1);
    frames(easel, 2);
    expect(painted).toEqual(["gl2", "gl2", "raster", "raster"]);
    expect([...open]).toEqual(["raster"]);
    expect(kept.used).toEqual({ name: "raster", trouble: LOST });
  });

  it("is the CPU where there is no WebGL2, chosen or measured", () => {
    const chosen = new Memory("gl2");
    frames(started(pretend(["gl2"]).make, chosen), 2);
    expect(chosen.used).toEqual({ name: "raster", trouble: ABSENT });
    const measured = new Memory();
    frames(started(pretend(["gl2"]).make, measured), 40);
    expect(measured.measured).toMatchObject({ name: "raster", gl2: null });
    expect(measured.used).toEqual({ name: "raster", trouble: "" });
  });
});

describe("a trial", () => {
  const run = (raster: [number, number], gl2: [number, number]) => {
    const trial = new Trial();
    while (trial.current) trial.count(...(trial.current === "raster" ? raster : gl2));
    return trial.result();
  };
  it("takes the quicker by what drawing costs, and the CPU where the difference is small", () => {
    expect(run([12, 16.7], [4, 16.7])).toEqual({ name: "gl2", raster: 12, gl2: 4 });
    expect(run([12, 16.7], [10, 16.7]).name).toBe("raster");
    expect(run([4, 16.7], [30, 33]).name).toBe("raster");
  });
  it("counts the whole interval where frames come late, whatever the back end says of itself", () => {
    expect(run([12, 16.7], [1, 70])).toEqual({ name: "raster", raster: 12, gl2: 70 });
  });
  it("does not count the first frames, nor those of a page that slept", () => {
    const trial = new Trial();
    trial.count(500, 16);
    trial.count(500, 16);
    trial.count(5, 9000);
    while (trial.current === "raster") trial.count(8, 16);
    expect(trial.result().raster).toBe(8);
  });
  it("ends even where the page sleeps through all of it", () => {
    const trial = new Trial();
    let n = 0;
    while (trial.current && n < 1000) {
      trial.count(5, 9000);
      n++;
    }
    expect(n).toBeLessThan(1000);
  });
});
