import { describe, expect, it } from "vitest";
import { crowd, LARGEST } from "../fixtures/crowd";
import { finderOf } from "../find";
import { boutique, states, town } from "../fixture";
import { cellOf, coloursOf } from "../palette";
import { MOST_GLYPHS, MOST_LABELS, Pick, Plot, plotFrame } from "../plot/plot";
import { CaseState, Health, type Scene } from "../scene";
import { fit, LEVEL_SCALE, LEVELS, toPlan, zoomAt, type View } from "../viewport";
import { differing, frameOf, picture, theme } from "../fixtures/gallery";
import { pickOf } from "./painter";

const night = theme("night");
const paper = theme("paper");

/** The shop with its streets laid at right angles, as the engine lays them. */
function shop(): Scene {
  const base = boutique();
  const px: number[] = [];
  const py: number[] = [];
  const { houses, streets } = base;
  for (let s = 0; s < streets.count; s++) {
    const [a, b] = [streets.from[s]!, streets.to[s]!];
    const middle = houses.x[b]! - 22;
    const [y0, y1] = [houses.y[a]! + 30, houses.y[b]! + 30];
    px.push(houses.x[a]! + houses.w[a]!, middle, middle, houses.x[b]!);
    py.push(y0, y0, y1, y1);
  }
  const n = streets.count;
  return { ...base, streets: { ...streets, pointFrom: Uint32Array.from({ length: n }, (_, i) => 4 * i), pointCount: new Uint32Array(n).fill(4), px: Float32Array.from(px), py: Float32Array.from(py) } };
}

describe("golden pictures", () => {
  const size = { w: 460, h: 240 };
  const near: View = { x: 0, y: 0, scale: 1 };
  const cases: [string, Scene, View, Parameters<typeof picture>[1], number, Parameters<typeof frameOf>[3]?][] = [
    ["states", states(), near, size, 1],
    ["states-near", states(), { x: 150, y: 30, scale: 3 }, { w: 640, h: 420 }, 1],
    ["states-twice", states(), { x: 150, y: 30, scale: 1 }, { w: 320, h: 200 }, 2],
    ["shop", shop(), { x: 0, y: 0, scale: 1 }, { w: 640, h: 260 }, 1],
    ["shop-far", shop(), { x: -40, y: -40, scale: 0.25 }, { w: 240, h: 120 }, 1],
    ["shop-trouble", shop(), { x: 0, y: 0, scale: 1 }, { w: 640, h: 260 }, 1, { keep: Uint8Array.from([1, 1, 1, 1, 1, 0]), selected: 4 }],
    ["shop-stale", shop(), { x: 0, y: 0, scale: 0.6 }, { w: 400, h: 160 }, 1, { stale: true }],
    ["shop-sketch", shop(), { x: 0, y: 0, scale: 0.5 }, { w: 330, h: 130 }, 1, { sketch: true, selected: 3 }],
  ];
  for (const [name, scene, view, room, ratio, rest] of cases) {
    for (const [look, palette] of [["night", night], ["paper", paper]] as const) {
      it(`${name} by ${look} is pixel for pixel what it was`, () => {
        expect(differing(`${name}.${look}`, picture(frameOf(scene, view, palette, rest), room, ratio).surface)).toBe(0);
      });
    }
  }
});

describe("a city of 150,000 pods", () => {
  const scene = crowd(LARGEST);
  const size = { w: 1280, h: 800 };
  const all = fit(scene.bounds, size);
  const whole = picture(frameOf(scene, all, night), size);
  const colours = coloursOf(night);

  it("has every pod on screen at the level of the cluster", () => {
    expect(scene.cells.count).toBe(150_000);
    const { surface } = whole;
    let missing = 0;
    for (let c = 0; c < scene.cells.count; c++) {
      const x = Math.round((scene.cells.x[c]! - all.x) * all.scale);
      const y = Math.round((scene.cells.y[c]! - all.y) * all.scale);
      if (!(surface.ids[y * size.w + x]! & Pick.Cell)) missing++;
    }
    expect(missing).toBe(0);
  });

  it("gives a pixel that pods share to the worst of them", () => {
    const { surface } = whole;
    const worst = new Uint8Array(size.w * size.h);
    const at = (c: number) => Math.round((scene.cells.y[c]! - all.y) * all.scale) * size.w + Math.round((scene.cells.x[c]! - all.x) * all.scale);
    for (let c = 0; c < scene.cells.count; c++) worst[at(c)] = Math.max(worst[at(c)]!, scene.cells.health[c]!);
    for (let c = 0; c < scene.cells.count; c++) {
      const p = at(c);
      if (surface.pixels[p] !== cellOf(colours, worst[p] as Health)) throw new Error(`pod ${c} at ${p} shows another state than the worst`);
    }
    const red = surface.pixels.reduce((n, p) => n + (p === colours.crit ? 1 : 0), 0);
    expect(red).toBeGreaterThan(300);
  });

  it("draws at most 2,000 things one by one besides the mosaic, at every level and everywhere", () => {
    const views = LEVELS.flatMap((level) => {
      const view = level === "cluster" ? all : zoomAt(all, 640, 400, LEVEL_SCALE[level] / all.scale);
      return [-2, -1, 0, 1, 2].map((step) => ({ ...view, x: view.x + (step * size.w) / view.scale / 2 }));
    });
    for (const scale of [0.15, 0.2, 0.22, 0.25, 0.3, 0.35, 0.45]) views.push(zoomAt(all, 640, 400, scale / all.scale));
    const plot = new Plot();
    const frame = frameOf(scene, all, night);
    for (const view of views) {
      plotFrame(plot, { ...frame, view }, size, 1);
      expect(plot.glyphs).toBeLessThanOrEqual(MOST_GLYPHS - MOST_LABELS);
    }
  });

  it("leaves out only what is quiet, and counts it", () => {
    const view = zoomAt(all, 640, 400, 0.24 / all.scale);
    const frame = frameOf(scene, view, night);
    const plot = new Plot();
    plotFrame(plot, frame, size, 1);
    expect(plot.left.houses + plot.left.streets).toBeGreaterThan(0);
    const drawn = new Set(plot.houses);
    for (let h = 0; h < scene.houses.count; h++) {
      const x = (scene.houses.x[h]! - view.x) * view.scale;
      const y = (scene.houses.y[h]! - view.y) * view.scale;
      if (scene.houses.health[h]! >= Health.Warning && x > 0 && y > 0 && x < size.w && y < size.h) expect(drawn.has(h)).toBe(true);
    }
  });
});

describe("picking", () => {
  it("answers what the pixel shows, and agrees with the plan", () => {
    const scene = shop();
    const view: View = { x: 0, y: 0, scale: 2 };
    const frame = frameOf(scene, view, night);
    const { surface } = picture(frame, { w: 1240, h: 480 });
    const wrong: string[] = [];
    for (let y = 0; y < 480; y += 3) {
      for (let x = 0; x < 1240; x += 3) {
        const hit = pickOf(frame, surface.ids[y * 1240 + x]!, x + 0.5, y + 0.5, 0);
        const there = finderOf(scene).at(...toPlan(view, x + 0.5, y + 0.5));
        if (hit.house !== there.house || hit.cell !== there.cell || hit.block !== there.block) wrong.push(`${x}, ${y}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("finds a pod of one pixel by that pixel", () => {
    const scene = town([{ name: "lone", x: 100, y: 100, pods: "c", health: Health.Critical }]);
    const view: View = { x: 0, y: 0, scale: 0.05 };
    const frame = frameOf(scene, view, night);
    const { surface } = picture(frame, { w: 40, h: 40 });
    const x = Math.round(scene.cells.x[0]! * 0.05);
    const y = Math.round(scene.cells.y[0]! * 0.05);
    expect(pickOf(frame, surface.ids[y * 40 + x]!, x + 0.5, y + 0.5, 0)).toMatchObject({ house: 0, cell: 0 });
  });

  it("reaches a house near the pointer, and nothing far from all", () => {
    const scene = shop();
    const frame = frameOf(scene, { x: 0, y: 0, scale: 1 }, night);
    expect(pickOf(frame, 0, 17, 110, 5).house).toBe(0);
    expect(pickOf(frame, 0, 150, 20, 5).house).toBe(-1);
  });
});

describe("a failing pod in a crowd", () => {
  it("keeps its pixel, grows over free ground, and never over another pod", () => {
    const scene = town([{ name: "a", x: 0, y: 0, pods: "wwcww", health: Health.Critical }]);
    const view: View = { x: 0, y: 0, scale: 0.1 };
    const { surface } = picture(frameOf(scene, view, night), { w: 30, h: 10 });
    const row = [1, 2, 3, 4, 5].map((x) => surface.pixels[2 * 30 + x]);
    const { well, crit } = coloursOf(night);
    expect(row).toEqual([well, well, crit, well, well]);
    expect(surface.pixels[3 * 30 + 3]).toBe(crit);
  });

  it("is drawn whatever its alerts are", () => {
    const scene = town([{ name: "a", x: 0, y: 0, pods: "c" }]);
    const silenced: Scene = { ...scene, cases: { ...scene.cases, state: scene.cases.state.map(() => CaseState.Silenced) } };
    const { surface } = picture(frameOf(silenced, { x: 0, y: 0, scale: 0.1 }, paper), { w: 20, h: 10 });
    expect(surface.pixels).toContain(coloursOf(paper).crit);
  });
});

it("hatches of several clusters only the one that is silent", () => {
  const made = crowd({ blocks: 3, houses: 12, cells: 24, unhealthy: 0, cases: 0, streets: 0 });
  const scene = { ...made, blocks: { ...made.blocks, id: made.blocks.id.map((_: string, b: number) => `${b === 0 ? "far" : "near"}//Namespace//b${b}`) } };
  const size = { w: 1000, h: 700 };
  const veils = (stale: boolean | ReadonlySet<string>) => {
    const plot = new Plot();
    plotFrame(plot, { ...frameOf(scene, fit(scene.bounds, size), theme("night")), stale }, size, 1);
    return plot.rects.count - plot.veil;
  };
  expect(scene.blocks.count).toBe(3);
  expect([false, true, new Set(["far"]), new Set(["near"])].map(veils)).toEqual([0, 3, 1, 2]);
});
