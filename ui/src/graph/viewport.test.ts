import { describe, expect, it } from "vitest";
import { placeLabels, shorten, type Wish } from "./overlay/labels";
import { between, fit, hold, levelOf, MAX_SCALE, MIN_SCALE, pan, reveal, toPlan, toScreen, visible, zoomAt, type View } from "./viewport";

const size = { w: 1000, h: 600 };
const plan = { x: 0, y: 0, w: 2000, h: 1000 };
const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-6);

describe("the viewport", () => {
  const view: View = { x: 120, y: -40, scale: 0.7 };

  it("goes to the screen and back", () => {
    const [x, y] = toPlan(view, ...toScreen(view, 333, 444));
    close(x, 333);
    close(y, 444);
  });

  it("keeps the plan under the pointer while zooming, also at the limits", () => {
    for (const factor of [0.001, 0.3, 1, 1.7, 1000]) {
      const before = toPlan(view, 250, 130);
      const next = zoomAt(view, 250, 130, factor);
      const after = toPlan(next, 250, 130);
      close(before[0], after[0]);
      close(before[1], after[1]);
      expect(next.scale).toBeGreaterThanOrEqual(MIN_SCALE);
      expect(next.scale).toBeLessThanOrEqual(MAX_SCALE);
    }
  });

  it("keeps the anchor still in every picture of a zoom", () => {
    const end = zoomAt(view, 250, 130, 3);
    const at = toPlan(view, 250, 130);
    for (const t of [0, 0.2, 0.5, 0.9, 1]) {
      const [x, y] = toPlan(between(view, end, size, t), 250, 130);
      close(x, at[0]);
      close(y, at[1]);
    }
  });

  it("pans by what the hand moved", () => {
    const [x, y] = toScreen(pan(view, 30, -20), ...toPlan(view, 100, 100));
    close(x, 130);
    close(y, 80);
  });

  it("fits everything with its margin, centred, and not larger than life", () => {
    const v = fit(plan, size, 20);
    const seen = visible(v, size);
    expect(seen.x).toBeLessThanOrEqual(0);
    expect(seen.x + seen.w).toBeGreaterThanOrEqual(2000);
    close(seen.x + seen.w / 2, 1000);
    expect(fit({ x: 0, y: 0, w: 10, h: 10 }, size).scale).toBe(1.6);
    expect(fit({ x: 0, y: 0, w: 0, h: 0 }, size)).toEqual({ x: 0, y: 0, scale: 1 });
  });

  it("shows all of a plan of any size, and comes back to it", () => {
    const huge = { x: -40, y: 10, w: 400_000, h: 30_000 };
    const all = fit(huge, size);
    const seen = visible(all, size);
    expect(seen.x).toBeLessThanOrEqual(huge.x);
    expect(seen.x + seen.w).toBeGreaterThanOrEqual(huge.x + huge.w);
    expect(all.scale).toBeLessThan(MIN_SCALE);
    close(zoomAt(zoomAt(all, 10, 10, 4, all.scale), 10, 10, 1 / 9, all.scale).scale, all.scale);
  });

  it("never loses the plan", () => {
    const seen = visible(hold({ x: 1e6, y: -1e6, scale: 1 }, plan, size), size);
    expect(seen.x).toBeLessThan(2000);
    expect(seen.y + seen.h).toBeGreaterThan(0);
  });

  it("moves only as far as needed to show something", () => {
    const v: View = { x: 0, y: 0, scale: 1 };
    expect(reveal(v, { x: 400, y: 300, w: 50, h: 50 }, size)).toEqual(v);
    expect(reveal(v, { x: 1200, y: 300, w: 50, h: 50 }, size, 50)).toEqual({ x: 300, y: 0, scale: 1 });
    expect(reveal({ x: 0, y: 0, scale: 0.1 }, { x: 400, y: 300, w: 50, h: 50 }, size, 50, 1).scale).toBe(1);
  });

  it.each([
    [0.1, "cluster"],
    [0.4, "namespace"],
    [1, "workload"],
    [3, "pod"],
  ])("shows at %s the level %s", (scale, level) => expect(levelOf(scale)).toBe(level));
});

describe("labels", () => {
  const screen = { x: 0, y: 0, w: 300, h: 100 };
  const wish = (row: number, priority: number, ...xs: number[]): Wish => ({ row, text: `n${row}`, priority, places: xs.map((x) => ({ x, y: 10, w: 50, h: 12 })) });

  it("places the important first and the others where room is left", () => {
    const placed = placeLabels([wish(0, 1, 10, 70), wish(1, 5, 20), wish(2, 3, 30)], screen, 10);
    expect(placed.map((p) => [p.row, p.rect.x])).toEqual([
      [1, 20],
      [0, 70],
    ]);
  });

  it("covers nothing that is taken and nothing off screen", () => {
    expect(placeLabels([wish(0, 1, 10)], screen, 10, [{ x: 0, y: 0, w: 40, h: 40 }])).toEqual([]);
    expect(placeLabels([wish(0, 1, 280), wish(1, 1, -5)], screen, 10)).toEqual([]);
  });

  it("lays no two over one another, in a crowd, and stops at the limit", () => {
    let seed = 3;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const wishes = Array.from({ length: 500 }, (_, row): Wish => ({ row, text: "x", priority: random(), places: [{ x: random() * 900, y: random() * 500, w: 30 + random() * 60, h: 12 }] }));
    const placed = placeLabels(wishes, { x: 0, y: 0, w: 1000, h: 600 }, 60);
    expect(placed.length).toBe(60);
    for (const a of placed)
      for (const b of placed)
        if (a !== b) expect(a.rect.x < b.rect.x + b.rect.w && b.rect.x < a.rect.x + a.rect.w && a.rect.y < b.rect.y + b.rect.h && b.rect.y < a.rect.y + a.rect.h).toBe(false);
  });

  it("shortens a name in its middle", () => {
    expect(shorten("recommendationservice", 12)).toBe("recomm…rvice");
    expect(shorten("cart", 12)).toBe("cart");
    expect(shorten("cart", 1)).toBe("…");
  });
});
