import { describe, expect, it } from "vitest";
import { crowd } from "../fixtures/crowd";
import { paper } from "../fixtures/paper";
import type { Frame } from "../painter";
import { paletteFrom } from "../palette";
import { GLOW_WORDS } from "../plot/glows";
import { Plot, plotFrame } from "../plot/plot";
import { prepare } from "../prepare";
import { box, hottest } from "../scene";
import { fit } from "../viewport";
import { drawOverlay } from "./overlay";

describe("a crowd seen from afar", () => {
  const scene = crowd({ blocks: 60, houses: 1500, cells: 9000, unhealthy: 300, cases: 200, streets: 400 });
  const drawn = prepare(scene);
  const size = { w: 1000, h: 600 };
  const view = fit(scene.bounds, size);
  const frame: Frame = { drawn, view, palette: paletteFrom((token) => token), selected: -1, hovered: -1, keep: null, stale: false, settled: 1, fresh: new Set() };
  const plot = new Plot();
  plotFrame(plot, frame, size, 1);

  it("has the numbers of the list beside it at the names of the hottest", () => {
    const { ink, written } = paper();
    drawOverlay(ink, frame, plot, size, 1);
    const words = written.map(({ text }) => text);
    for (const [at, h] of hottest(scene, drawn.heat).slice(0, 10).entries()) {
      const named = words.findIndex((word, i) => word === scene.houses.name[h] && words[i - 1] === String(at + 1));
      expect(named, `${at + 1} ${scene.houses.name[h]}`).toBeGreaterThan(0);
    }
  });

  it("glows most where it is hottest", () => {
    const glows = Array.from({ length: plot.glowCount }, (_, n) => [...plot.glows.subarray(n * GLOW_WORDS, (n + 1) * GLOW_WORDS)]);
    const [x, y] = glows.reduce((a, b) => (b[4]! > a[4]! ? b : a)) as [number, number];
    const strongest = Array.from({ length: scene.houses.count }, (_, h) => h).find((h) => {
      const r = box(scene.houses, h);
      return x >= (r.x - view.x) * view.scale && x <= (r.x + r.w + 30 - view.x) * view.scale && Math.abs(y - (r.y + r.h / 2 - view.y) * view.scale) < 0.5;
    });
    expect(drawn.heat.weight[strongest!]).toBe(Math.max(...drawn.heat.weight));
  });
});
