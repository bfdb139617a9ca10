import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeScene } from "../decode";
import { crowd } from "../fixtures/crowd";
import { paper, type Written } from "../fixtures/paper";
import type { Drawn } from "../painter";
import { paletteFrom } from "../palette";
import { Plot, plotFrame } from "../plot/plot";
import { prepare } from "../prepare";
import type { Scene } from "../scene";
import { fit, type View } from "../viewport";
import { drawOverlay } from "./overlay";

const SIZE = { w: 1440, h: 900 };
/** Letters may come so near, in CSS pixels. */
const NEAR = 0.75;

/** Two blocks of five hundred workloads each, with names as long as Kubernetes lets them be, hubs, and streets that carry several calls. */
function made(): Scene {
  const town = crowd({ blocks: 2, houses: 1000, cells: 6000, unhealthy: 500, cases: 120, streets: 1500 });
  return {
    ...town,
    houses: { ...town.houses, name: town.houses.name.map((name, h) => (h % 3 === 0 ? `${name}-${"recommendation-".repeat(1 + (h % 4))}service` : name)), badge: town.houses.badge.map((_, h) => (h % 50 === 0 ? String(100 + h) : "")) },
    streets: { ...town.streets, load: town.streets.load.map((_, i) => 1 + (i % 4)) },
  };
}

/** Every scene the engine wrote for tests: its own layout, with its circles and its hubs. */
const FIXTURES = join(import.meta.dirname, "../fixtures");
const written = readdirSync(FIXTURES).filter((name) => name.endsWith(".bsc")).map((name): [string, Scene] => [name, decodeScene(new Uint8Array(readFileSync(join(FIXTURES, name))))]);
const towns: [string, Scene][] = [["a made block of five hundred workloads", made()], ...written];

function write(drawn: Drawn, view: View): Written[] {
  const frame = { drawn, view, palette: paletteFrom((token) => token), selected: -1, hovered: -1, keep: null, stale: false, settled: 1, fresh: new Set<number>() };
  const plot = new Plot();
  plotFrame(plot, frame, SIZE, 1);
  const { ink, written } = paper();
  drawOverlay(ink, frame, plot, SIZE, 1);
  return written;
}

function over({ at: a }: Written, { at: b }: Written): boolean {
  return Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x) > NEAR && Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y) > NEAR;
}

it("the scenes of the engine are among them, one of a block of five hundred workloads", () => expect(written.map(([name]) => name)).toEqual(expect.arrayContaining(["boutique.bsc", "large.bsc"])));

it("names quiet houses whole where there is open ground beside them", () => {
  const scene = written.find(([name]) => name === "boutique.bsc")![1];
  const drawn = prepare(scene);
  const words = write(drawn, { x: scene.bounds.x, y: scene.bounds.y, scale: 0.5 }).map(({ text }) => text);
  const whole = scene.houses.name.filter((name) => words.includes(name));
  expect(whole).toContain("frontend");
  expect(whole.length).toBeGreaterThan(scene.houses.count / 2);
});

describe.each(towns)("what is written on %s", (_, scene) => {
  const drawn = prepare(scene);
  const { bounds } = scene;
  const all = fit(bounds, SIZE);
  const few = scene.houses.count < 100;
  // A small plan is looked at in its middle, a large one where it is full.
  const corner = (from: number, length: number, window: number) => (few ? from + (length - window) / 2 : from + length * 0.3);
  const near = (scale: number): View => ({ x: corner(bounds.x, bounds.w, SIZE.w / scale), y: corner(bounds.y, bounds.h, SIZE.h / scale), scale });
  const views: [string, View][] = [["all of it", all], ["from afar", near(0.2)], ["as workloads", near(0.4)], ["with counts on streets", near(0.6)], ["with names in houses", near(0.9)], ["near", near(2)], ["with names of pods", near(4)]];

  for (const [name, view] of views)
    it(`lies nowhere over other words, ${name}`, () => {
      const words = write(drawn, view);
      // Only the made one has alerts to write everywhere.
      expect(words.length).toBeGreaterThan(scene.cases.count < 100 ? 0 : view.scale < 0.1 ? 3 : 10);
      const pairs = words.flatMap((a, i) => words.slice(i + 1).filter((b) => over(a, b)).map((b) => `${a.text} over ${b.text} at ${Math.round(b.at.x)},${Math.round(b.at.y)}`));
      expect(pairs).toEqual([]);
    });

  it("is cut by no edge while all of the plan is in sight", () => {
    const cut = write(drawn, all).filter(({ at }) => at.x < 0 || at.y < 0 || at.x + at.w > SIZE.w || at.y + at.h > SIZE.h);
    expect(cut.map(({ text }) => text)).toEqual([]);
  });
});
