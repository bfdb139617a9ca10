import { describe, expect, it } from "vitest";
import { atOf, hold, neighbour, played, rowOf, spanWords, stepOf, ticks, xOf, type Strip } from "./strip";

const T0 = Date.UTC(2026, 4, 14, 14, 18);
const strip: Strip = { from: T0, to: T0 + 50 * 60_000, width: 1028, pad: 14 };

describe("the time strip", () => {
  it("puts the ends at its padding and comes back to the same instant", () => {
    expect(xOf(strip, strip.from)).toBe(14);
    expect(xOf(strip, strip.to)).toBe(1014);
    for (const t of [T0, T0 + 1, T0 + 123_456, strip.to]) expect(Math.abs(atOf(strip, xOf(strip, t)) - t)).toBeLessThan(1);
  });

  it("holds an instant inside the span", () => {
    expect(atOf(strip, -500)).toBe(strip.from);
    expect(atOf(strip, 5000)).toBe(strip.to);
    expect(hold(strip, strip.from - 1)).toBe(strip.from);
  });

  it("survives a span of nothing", () => {
    const empty = { ...strip, to: strip.from };
    expect(Number.isFinite(xOf(empty, strip.from))).toBe(true);
    expect(atOf(empty, 300)).toBe(strip.from);
    expect(ticks(empty).at.length).toBeLessThanOrEqual(1);
  });

  it("ticks on round minutes, far enough apart", () => {
    const { step, at } = ticks(strip);
    expect(step).toBe(5 * 60_000);
    expect(at.map((t) => new Date(t).toISOString().slice(11, 16))).toEqual(["14:20", "14:25", "14:30", "14:35", "14:40", "14:45", "14:50", "14:55", "15:00", "15:05"]);
  });

  it("ticks on round hours of a zone that is half an hour off", () => {
    const day = { ...strip, to: strip.from + 86_400_000 };
    const { at } = ticks(day, 84, 5.5 * 3_600_000);
    expect(at.every((t) => (t + 5.5 * 3_600_000) % 3_600_000 === 0)).toBe(true);
  });

  it.each([
    ["ArrowLeft", false, -10_000],
    ["ArrowRight", true, 60_000],
    [".", false, 1000],
    ["PageUp", false, 300_000],
    ["x", false, null],
  ])("%s with shift %s moves by %s", (key, shift, ms) => expect(stepOf(key, shift)).toBe(ms));

  it("jumps to the next and the previous mark", () => {
    const marks = [T0 + 1000, T0 + 5000, T0 + 9000];
    expect(neighbour(marks, T0 + 5000, true)).toBe(T0 + 9000);
    expect(neighbour(marks, T0 + 5000, false)).toBe(T0 + 1000);
    expect(neighbour(marks, T0 + 9000, true)).toBeNull();
  });

  it("plays at its speed and stops at the end", () => {
    expect(played(strip, T0, 1000, 60)).toEqual({ at: T0 + 60_000, ended: false });
    expect(played(strip, strip.to - 10, 1000, 1)).toEqual({ at: strip.to, ended: true });
    expect(played(strip, T0, -50, 10).at).toBe(T0);
  });

  it("gives no two labels the same room, the important first", () => {
    const rooms = rowOf(
      [
        { x: 100, width: 60, priority: 0 },
        { x: 120, width: 60, priority: 5 },
        { x: 990, width: 60, priority: 1 },
        { x: 20, width: 60, priority: 0 },
      ],
      1000,
    );
    expect(rooms[1]).toEqual({ left: 120, flipped: false });
    expect(rooms[3]).toEqual({ left: 20, flipped: false });
    expect(rooms[2]).toEqual({ left: 930, flipped: true });
    expect(rooms[0]!.left).toBeNull();
  });

  it("writes over no other mark, and leaves out who wants no label", () => {
    const rooms = rowOf([{ x: 100, width: 60, priority: 1 }, { x: 130, width: 60, priority: 0 }, { x: 400, width: 60, priority: -1 }], 1000, 4, 10);
    expect(rooms[0]).toEqual({ left: 40, flipped: true });
    expect(rooms[1]).toEqual({ left: 130, flipped: false });
    expect(rooms[2]!.left).toBeNull();
  });

  it.each([
    [20_000, "20 s"],
    [50 * 60_000, "50 min"],
    [125 * 60_000, "2 h 5 min"],
    [72 * 3_600_000, "3 d"],
  ])("says %s ms as %s", (ms, words) => expect(spanWords(ms)).toBe(words));
});
