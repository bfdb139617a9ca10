import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { decodeScene } from "../decode";
import { paper } from "../fixtures/paper";
import { paletteFrom } from "../palette";
import { Plot, plotFrame } from "../plot/plot";
import { prepare } from "../prepare";
import { Health } from "../scene";
import { fit } from "../viewport";
import { drawOverlay } from "./overlay";

const SIZE = { w: 1440, h: 900 };
const plain = decodeScene(new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures/large.bsc"))));

function words(health: Health): string[] {
  const scene = { ...plain, blocks: { ...plain.blocks, health: Uint8Array.of(health, ...plain.blocks.health.slice(1)) } };
  const frame = { drawn: prepare(scene), view: fit(scene.bounds, SIZE), palette: paletteFrom((token) => token), selected: -1, hovered: -1, keep: null, stale: false, settled: 1, fresh: new Set<number>() };
  const plot = new Plot();
  plotFrame(plot, frame, SIZE, 1);
  const { ink, written } = paper();
  drawOverlay(ink, frame, plot, SIZE, 1);
  return written.map(({ text }) => text);
}

it("the title of a namespace in trouble says so, also where no house of it is and nothing fires", () => {
  expect(words(Health.Critical)).toContainEqual(expect.stringMatching(/^critical, .*pods$/));
  expect(words(Health.Warning)).toContainEqual(expect.stringMatching(/^warning, .*pods$/));
  expect(words(Health.Well).join()).not.toMatch(/critical|warning|well/);
});
