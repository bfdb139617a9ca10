import { describe, expect, it } from "vitest";
import type { Frame } from "./painter";
import { drawDistricts } from "./overlay/districts";
import { Pen } from "./overlay/pen";
import { clusterNames, type Districts, EMPTY, placeOf, type Scene } from "./scene";

const districts: Districts = {
  count: 2,
  x: Float32Array.from([0, 700]),
  y: Float32Array.from([0, 0]),
  w: Float32Array.from([600, 480]),
  h: Float32Array.from([400, 400]),
  id: ["uid-1", "cluster:us"],
  name: ["eu", "us"],
  why: ["", "the cluster never answered: no route"],
  flags: Uint8Array.from([0, 2]),
};
const scene: Scene = { ...EMPTY, districts };

/** What a pen writes and traces, with the dashes in force. */
function drawn(of: Scene, x = 0) {
  const texts: { text: string; x: number }[] = [];
  const frames: { x: number; dashed: boolean }[] = [];
  let dashes: number[] = [];
  const ink = {
    globalAlpha: 1,
    setLineDash: (d: number[]) => void (dashes = d),
    strokeRect: (left: number) => frames.push({ x: left, dashed: dashes.length > 0 }),
    fillRect: () => undefined,
    fillText: (text: string, left: number) => texts.push({ text, x: left }),
  };
  const frame = { view: { x, y: 0, scale: 1 }, palette: {}, drawn: { scene: of } } as unknown as Frame;
  drawDistricts(new Pen(ink as unknown as CanvasRenderingContext2D, frame, { w: 1200, h: 800 }, 1));
  return { texts, frames };
}

describe("what a block is called", () => {
  const blocks = { ...EMPTY.blocks, count: 2, id: ["uid-1//Namespace//shop", "uid-2//Namespace//shop"], name: ["shop", "shop"] };

  it("tells its cluster where there are several", () => {
    const both: Districts = { ...districts, id: ["uid-1", "uid-2"] };
    expect([0, 1].map((b) => placeOf({ ...EMPTY, blocks, districts: both }, b))).toEqual(["shop, eu", "shop, us"]);
    expect(placeOf({ ...EMPTY, blocks }, 1)).toBe("shop");
  });
});

describe("the districts of several clusters", () => {
  it("are named, and one that is silent is dashed and says why", () => {
    const { texts, frames } = drawn(scene);
    expect(texts.map((t) => t.text)).toEqual(["eu", "us", "the cluster never answered: no route"]);
    expect(frames.map((f) => f.dashed)).toEqual([false, true]);
  });

  it("keep their name in view while any of them is", () => {
    const { texts } = drawn(scene, 300);
    expect(texts[0]).toMatchObject({ text: "eu" });
    expect(texts[0]!.x).toBeGreaterThanOrEqual(0);
    expect(drawn(scene, 650).texts.map((t) => t.text)).not.toContain("eu");
  });

  it("are not drawn where there is one cluster only", () => {
    expect(drawn(EMPTY)).toEqual({ texts: [], frames: [] });
    expect(clusterNames(EMPTY).size).toBe(0);
    expect([...clusterNames(scene)]).toEqual([["uid-1", "eu"], ["cluster:us", "us"]]);
  });
});
