import { describe, expect, it } from "vitest";
import { crowd } from "../fixtures/crowd";
import { paper, type Written } from "../fixtures/paper";
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
const made = crowd({ blocks: 2, houses: 1000, cells: 6000, unhealthy: 500, cases: 120, streets: 1500 });
const scene: Scene = {
  ...made,
  houses: { ...made.houses, name: made.houses.name.map((name, h) => (h % 3 === 0 ? `${name}-${"recommendation-".repeat(1 + (h % 4))}service` : name)), badge: made.houses.badge.map((_, h) => (h % 50 === 0 ? String(100 + h) : "")) },
  streets: { ...made.streets, load: made.streets.load.map((_, i) => 1 + (i % 4)) },
};
const drawn = prepare(scene);

function write(view: View): Written[] {
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

describe("what is written in a block of five hundred workloads", () => {
  const all = fit(scene.bounds, SIZE);
  const near = (scale: number): View => ({ x: scene.bounds.w * 0.3, y: scene.bounds.h * 0.3, scale });
  const views: [string, View][] = [["all of it", all], ["from afar", near(0.2)], ["as workloads", near(0.4)], ["with counts on streets", near(0.6)], ["with names in houses", near(0.9)], ["near", near(2)], ["with names of pods", near(4)]];

  for (const [name, view] of views)
    it(`lies nowhere over other words, ${name}`, () => {
      const written = write(view);
      expect(written.length).toBeGreaterThan(view.scale < 0.1 ? 3 : 10);
      const pairs = written.flatMap((a, i) => written.slice(i + 1).filter((b) => over(a, b)).map((b) => `${a.text} over ${b.text} at ${Math.round(b.at.x)},${Math.round(b.at.y)}`));
      expect(pairs).toEqual([]);
    });

  it("is cut by no edge while all of the plan is in sight", () => {
    const cut = write(all).filter(({ at }) => at.x < 0 || at.y < 0 || at.x + at.w > SIZE.w || at.y + at.h > SIZE.h);
    expect(cut.map(({ text }) => text)).toEqual([]);
  });
});
