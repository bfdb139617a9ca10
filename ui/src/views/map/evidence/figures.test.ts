import { describe, expect, it } from "vitest";
import type { FigureView } from "../../../wire/FigureView";
import { ends, path, table, words } from "./figures";

const figure = (values: number[], more: Partial<FigureView> = {}): FigureView => ({ name: "CPU", unit: "cores", query: "up", times: values.map((_, i) => i * 30_000), values, step_seconds: 30, why: "", notes: [], ...more });

describe("a figure", () => {
  it("says its values in their unit", () => {
    expect([words(0.42, "cores"), words(2.5, "cores"), words(1_500_000, "bytes"), words(0.034, "share"), words(3, "count")]).toEqual(["420 m", "2.50 cores", "1.5 MB", "3.40 %", "3"]);
  });

  it("runs from the left to the right, the most at the top and zero at the bottom", () => {
    expect(path(figure([0, 2, 1]), 0, 60_000, 100, 20)).toBe("M0.0 19.0L50.0 1.0L100.0 10.0");
  });

  it("has a hole where instants are missing", () => {
    expect(path(figure([1, 1], { times: [0, 300_000] }), 0, 300_000, 100, 20)).toBe("M0.0 1.0M100.0 1.0");
  });

  it("without a point has no ends, and draws nothing", () => {
    expect(ends(figure([]))).toBeNull();
    expect(path(figure([]), 0, 1, 100, 20)).toBe("");
    expect(ends(figure([3, 1, 2]))).toEqual({ last: 2, least: 1, most: 3 });
  });

  it("is a table with its question above", () => {
    expect(table(figure([1, 2]))).toBe("# up\ntime,cores\n1970-01-01T00:00:00.000Z,1\n1970-01-01T00:00:30.000Z,2\n");
  });
});
