import { beforeEach, describe, expect, it, vi } from "vitest";
import { drawingWords, type Measured } from "./drawing.svelte";

const measured: Measured = { name: "raster", raster: 12.34, gl2: 25, cells: 100, pixels: 1000 };
const kept = async () => {
  vi.resetModules();
  return (await import("./drawing.svelte")).drawing;
};

beforeEach(() => localStorage.clear());

describe("how the map is drawn", () => {
  it("is kept in the page: the choice and what was measured", async () => {
    const first = await kept();
    expect([first.choice, first.measured]).toEqual(["auto", null]);
    first.choose("gl2");
    first.remember(measured);
    const second = await kept();
    expect([second.choice, second.measured]).toEqual(["gl2", measured]);
  });
  it("begins anew where something else is kept", async () => {
    for (const text of ["no json", "[]", '{"choice":"fast","measured":{"name":"raster"}}']) {
      localStorage.setItem("broadstreet-drawing", text);
      const drawing = await kept();
      expect([drawing.choice, drawing.measured]).toEqual(["auto", null]);
    }
  });
  it("is said in words", () => {
    expect(drawingWords({ choice: "auto", measured: null, used: null })).toBe("Measured as soon as the map is drawn.");
    expect(drawingWords({ choice: "auto", measured, used: { name: "raster", trouble: "" } })).toBe("Now the CPU. Measured: 12.3 ms a frame on the CPU, 25.0 ms with WebGL2.");
    expect(drawingWords({ choice: "gl2", measured, used: { name: "raster", trouble: "It is gone." } })).toBe("It is gone. The map is drawn by the CPU until the window is opened again.");
  });
});
