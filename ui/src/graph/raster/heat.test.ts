import { expect, it } from "vitest";
import { GLOW_WORDS } from "../plot/glows";
import { Plot } from "../plot/plot";
import { theme } from "../fixtures/gallery";
import { Heat } from "./heat";
import { Surface } from "./surface";

const [width, height] = [301, 203];

/** Glows as they are seen from afar, those from `from` to `to` of always the same row of them. */
function glows(from: number, to: number): Plot {
  const plot = new Plot();
  const all = Array.from({ length: 40 }, (_, n) => [(n * 97) % width, (n * 61) % height, 40 + (n % 7) * 9, 26 + (n % 5) * 7, 0.1 + (n % 4) * 0.06]);
  plot.glows = Float32Array.from(all.slice(from, to).flat());
  plot.glowCount = plot.glows.length / GLOW_WORDS;
  return plot;
}

for (const name of ["night", "paper"] as const)
  it(`many glows by ${name} look as the same laid a few at a time, each pixel for itself`, () => {
    const palette = theme(name);
    const [at, apart] = [new Surface(width, height, 1), new Surface(width, height, 1)];
    // A ground of two colours, with an edge that no tile of pixels follows.
    for (const surface of [at, apart]) for (let p = 0; p < surface.pixels.length; p++) surface.pixels[p] = p % width < 151 ? 0xff203040 : 0xffd0c8b0;
    const bare = at.pixels.slice();
    new Heat().draw(at, glows(0, 40), palette);
    for (let n = 0; n < 40; n += 20) new Heat().draw(apart, glows(n, n + 20), palette);
    let [far, warm] = [0, 0];
    for (let p = 0; p < at.pixels.length; p++) {
      if (at.pixels[p] !== bare[p]) warm++;
      for (const shift of [0, 8, 16]) far = Math.max(far, Math.abs(((at.pixels[p]! >>> shift) & 255) - ((apart.pixels[p]! >>> shift) & 255)));
    }
    expect(warm).toBeGreaterThan(width * height * 0.9);
    expect(far).toBeLessThanOrEqual(4);
  });
