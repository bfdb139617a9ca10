import { describe, expect, it } from "vitest";
import { LINE_WORDS, Lines, Piece, layStreet } from "./lines";

/** Runs and arrows of a street along the points, with or without dashes. */
function laid(points: number[], dash: number): { runs: number[][]; arrows: number } {
  const lines = new Lines();
  layStreet(lines, Float32Array.from(points), points.length / 2, 1, 1, 0.5, 6, 5, 3, dash);
  const runs: number[][] = [];
  let arrows = 0;
  for (let n = 0; n < lines.count; n++) {
    const at = n * LINE_WORDS;
    const kind = lines.u[at + 7]! & 255;
    if (kind === Piece.Run) runs.push([...lines.f.subarray(at, at + 4)]);
    if (kind === Piece.Arrow) arrows++;
  }
  return { runs, arrows };
}

describe("streets that were only seen", () => {
  it("are broken into dashes that never overlap, with their arrow whole", () => {
    const whole = laid([0, 10, 60, 10], 0);
    const dashed = laid([0, 10, 60, 10], 5);
    expect(whole.runs.length).toBe(1);
    expect(dashed.arrows).toBe(1);
    expect(dashed.runs.length).toBeGreaterThan(4);
    dashed.runs.forEach(([x0, , x1], i) => {
      expect(x1! - x0!).toBeLessThanOrEqual(5);
      if (i > 0) expect(x0! - dashed.runs[i - 1]![2]!).toBe(4);
    });
    const [from, to] = [whole.runs[0]![0], whole.runs[0]![2]];
    expect(dashed.runs[0]![0]).toBe(from);
    expect(dashed.runs.at(-1)![2]).toBeLessThanOrEqual(to!);
  });

  it("turn like others", () => expect(laid([0, 10, 30, 10, 30, 50], 5).runs.length).toBeGreaterThan(laid([0, 10, 30, 10, 30, 50], 0).runs.length));
});
