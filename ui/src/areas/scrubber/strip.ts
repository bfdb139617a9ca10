/** The arithmetic of the time strip: instants to pixels and back, ticks, steps, and labels that do not overlap. */

/** A span of time on a strip `width` pixels wide with `pad` at both ends. Instants are milliseconds. */
export interface Strip {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly pad: number;
}

export function xOf(strip: Strip, at: number): number {
  const span = Math.max(1, strip.to - strip.from);
  return strip.pad + ((at - strip.from) / span) * (strip.width - 2 * strip.pad);
}

/** The instant at a pixel, held inside the span. */
export function atOf(strip: Strip, x: number): number {
  const room = Math.max(1, strip.width - 2 * strip.pad);
  return hold(strip, strip.from + ((x - strip.pad) / room) * (strip.to - strip.from));
}

export function hold(strip: Strip, at: number): number {
  return Math.min(strip.to, Math.max(strip.from, at));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY];

/** Round instants with at least `apart` pixels between them; `offset` (ms) makes them round in a time zone. */
export function ticks(strip: Strip, apart = 84, offset = 0): { step: number; at: number[] } {
  const perPixel = (strip.to - strip.from) / Math.max(1, strip.width - 2 * strip.pad);
  const step = STEPS.find((s) => s / Math.max(perPixel, 1e-9) >= apart) ?? 30 * DAY;
  const at: number[] = [];
  for (let t = Math.ceil((strip.from + offset) / step) * step - offset; t <= strip.to && at.length < 200; t += step) at.push(t);
  return { step, at };
}

/** How far a key moves the playhead, in milliseconds; null where the key means nothing here. */
export function stepOf(key: string, shift: boolean): number | null {
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return shift ? -MINUTE : -10 * SECOND;
    case "ArrowRight":
    case "ArrowUp":
      return shift ? MINUTE : 10 * SECOND;
    case ",":
      return -SECOND;
    case ".":
      return SECOND;
    case "PageDown":
      return -5 * MINUTE;
    case "PageUp":
      return 5 * MINUTE;
    default:
      return null;
  }
}

/** The nearest of `marks` strictly before or after `at`; null where there is none. */
export function neighbour(marks: readonly number[], at: number, forward: boolean): number | null {
  const there = marks.filter((m) => (forward ? m > at + 1 : m < at - 1));
  if (there.length === 0) return null;
  return forward ? Math.min(...there) : Math.max(...there);
}

/** Where playing has come to: `elapsed` real milliseconds at `speed`, never past the end. */
export function played(strip: Strip, at: number, elapsed: number, speed: number): { at: number; ended: boolean } {
  const next = at + Math.max(0, elapsed) * speed;
  return next >= strip.to ? { at: strip.to, ended: true } : { at: next, ended: false };
}

export interface Wish {
  readonly x: number;
  /** Width of the label in pixels. */
  readonly width: number;
  /** Higher first. */
  readonly priority: number;
}

export interface Room {
  /** Left edge of the label, or null where there is no room and only the mark is drawn. */
  readonly left: number | null;
  /** The label stands to the left of its mark. */
  readonly flipped: boolean;
}

/**
 * Gives labels in one row their room: the important first, right of their mark, else left of it, else none. Marks that
 * are `mark` pixels wide, from the wish on, are not written over. A wish below zero wants no label.
 */
export function rowOf(wishes: readonly Wish[], width: number, gap = 4, mark = 0): Room[] {
  const out: Room[] = wishes.map(() => ({ left: null, flipped: false }));
  const taken: [number, number][] = [];
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[b]!.priority - wishes[a]!.priority || wishes[a]!.x - wishes[b]!.x);
  for (const i of order) {
    const wish = wishes[i]!;
    if (wish.priority < 0) continue;
    const others = mark > 0 ? wishes.filter((w) => Math.abs(w.x - wish.x) > mark / 2) : [];
    for (const flipped of [false, true]) {
      const left = flipped ? wish.x - wish.width : wish.x;
      if (left < 0 || left + wish.width > width) continue;
      if (taken.some(([a, b]) => left < b + gap && a < left + wish.width + gap)) continue;
      if (others.some((w) => left < w.x + mark && w.x < left + wish.width)) continue;
      taken.push([left, left + wish.width]);
      out[i] = { left, flipped };
      break;
    }
  }
  return out;
}

/** A span in words: "50 min", "2 h 5 min", "3 d". */
export function spanWords(ms: number): string {
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 1) return `${Math.round(ms / SECOND)} s`;
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}
