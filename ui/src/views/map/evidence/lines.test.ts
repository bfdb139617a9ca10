import { describe, expect, it } from "vitest";
import type { LogLineView } from "../../../wire/LogLineView";
import { found, instant, type Line, merge, written } from "./lines";

const line = (number: number, stream: number, at: string | null, text = `line ${number}`): LogLineView => ({ number, stream, at, text, cut: 0 });
const texts = (lines: readonly Line[]) => lines.map((it) => it.text);

describe("lines of several containers", () => {
  it("stand in the order of their times, however late they come", () => {
    let lines = merge([], [line(1, 0, "2026-03-04T14:32:05.000300Z"), line(2, 1, "2026-03-04T14:32:04Z")]);
    lines = merge(lines, [line(3, 1, "2026-03-04T14:32:05.000200Z"), line(4, 0, "2026-03-04T14:32:06Z")]);
    expect(texts(lines)).toEqual(["line 2", "line 3", "line 1", "line 4"]);
  });

  it("are the same in whatever portions they arrive", () => {
    const all = Array.from({ length: 200 }, (_, i) => line(i + 1, i % 3, new Date(1_772_634_000_000 + ((i * 7919) % 1000) * 10).toISOString()));
    const whole = merge([], all);
    for (const size of [1, 7, 64]) {
      let lines: Line[] = [];
      for (let i = 0; i < all.length; i += size) lines = merge(lines, all.slice(i, i + size));
      expect(texts(lines)).toEqual(texts(whole));
    }
  });

  it("without a time stay behind the line before them in their container", () => {
    const lines = merge([], [line(1, 0, "2026-03-04T14:32:05Z"), line(2, 1, "2026-03-04T14:32:09Z"), line(3, 0, null)]);
    expect(texts(lines)).toEqual(["line 1", "line 3", "line 2"]);
  });

  it("are bounded: the oldest make room", () => {
    const lines = merge([], Array.from({ length: 10 }, (_, i) => line(i + 1, 0, `2026-03-04T14:32:0${i}Z`)), 4);
    expect(texts(lines)).toEqual(["line 7", "line 8", "line 9", "line 10"]);
  });

  it("are found by all words, whatever the case", () => {
    const lines = merge([], [line(1, 0, null, "GET /cart 500"), line(2, 0, null, "GET /cart 200"), line(3, 0, null, "Cart failed: 500")]);
    expect(found(lines, "cart 500")).toEqual([0, 2]);
    expect(found(lines, "  ")).toEqual([]);
  });

  it("are written with the container where there are several", () => {
    const lines = merge([], [line(1, 0, "2026-03-04T14:32:05Z", "a"), line(2, 1, "2026-03-04T14:32:06Z", "b")]);
    expect(written(lines, ["p/x", "p/y"])).toBe("2026-03-04T14:32:05Z p/x a\n2026-03-04T14:32:06Z p/y b\n");
    expect(written(lines.slice(0, 1), ["p/x"])).toBe("2026-03-04T14:32:05Z a\n");
  });

  it("know a time below the millisecond", () => {
    expect(instant("2026-03-04T14:32:05.123456Z") - Date.parse("2026-03-04T14:32:05.123Z")).toBeCloseTo(0.456, 3);
  });
});
