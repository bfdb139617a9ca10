import { describe, expect, it } from "vitest";
import { boutique } from "../fixture";
import type { Frame } from "../painter";
import { paletteFrom } from "../palette";
import { prepare } from "../prepare";
import { type Scene, Verdict } from "../scene";
import { Pen } from "./pen";
import { drawVerdicts } from "./verdicts";

/** A surface that writes down what is drawn on it. */
function paper() {
  const lines: { colour: unknown; dashes: number[]; alpha: number }[] = [];
  const discs: unknown[] = [];
  let moves = 0;
  let dashes: number[] = [];
  const crosses: unknown[] = [];
  const ink = {
    globalAlpha: 1,
    strokeStyle: "" as unknown,
    fillStyle: "" as unknown,
    beginPath: () => (moves = 0),
    moveTo: () => moves++,
    lineTo: () => undefined,
    arc: () => undefined,
    fill: () => discs.push(ink.fillStyle),
    setLineDash: (wanted: number[]) => (dashes = wanted),
    stroke: () => (moves === 2 ? crosses.push(ink.strokeStyle) : lines.push({ colour: ink.strokeStyle, dashes, alpha: ink.globalAlpha })),
  };
  return { ink: ink as unknown as CanvasRenderingContext2D, lines, discs, crosses };
}

const palette = paletteFrom((token) => token);
const frame = (scene: Scene, rest: Partial<Frame> = {}): Frame => ({ drawn: prepare(scene), view: { x: 0, y: 0, scale: 1 }, palette, selected: -1, hovered: -1, keep: null, stale: false, settled: 1, fresh: new Set(), ...rest });
const judged = (...verdict: number[]): Scene => ({ ...boutique(), streets: { ...boutique().streets, verdict: Uint8Array.from(verdict) } });
const rows = [0, 1, 2, 3, 4];
const size = { w: 800, h: 300 };

describe("what the policies do on a street", () => {
  it("is told by line and mark, not by colour alone", () => {
    const { ink, lines, discs, crosses } = paper();
    const scene = judged(Verdict.Allowed, Verdict.Blocked, Verdict.Unprotected, Verdict.Unknown, Verdict.Allowed);
    expect(drawVerdicts(new Pen(ink, frame(scene), size, 1), rows)).toBe(5);
    const looks = lines.filter((l) => l.colour !== palette.block).map((l) => `${String(l.colour)} ${l.dashes.join("-")}`);
    expect(looks).toEqual([`${palette.unknownText} 1.5-4`, `${palette.warn} 7-4`, `${palette.wellText} `, `${palette.wellText} `, `${palette.crit} `]);
    expect([discs, crosses]).toEqual([[palette.wellText, palette.wellText], [palette.crit]]);
  });
  it("is drawn for the streets in view only, and where nobody asked for none", () => {
    const { ink, lines } = paper();
    expect(drawVerdicts(new Pen(ink, frame(judged(1, 1, 1, 1, 1)), size, 1), [2])).toBe(1);
    expect(drawVerdicts(new Pen(ink, frame(boutique()), size, 1), rows)).toBe(0);
    expect(lines.length).toBe(1);
  });
  it("is as faint as its faintest end", () => {
    const { ink, lines } = paper();
    drawVerdicts(new Pen(ink, frame(judged(1, 1, 1, 1, 1), { keep: Uint8Array.of(1, 1, 0, 0, 0, 0) }), size, 1), rows);
    expect(lines.map((l) => l.alpha)).toEqual([1, 0.22, 0.22, 0.22, 0.22]);
  });
});
