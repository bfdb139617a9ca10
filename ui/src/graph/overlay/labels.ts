/** Puts names where there is room: the important first, none over another. */
import type { Rect } from "../scene";

export interface Wish {
  /** What it names; comes back with the place. */
  readonly row: number;
  readonly text: string;
  /** Higher is placed first. */
  readonly priority: number;
  /** Places to try, best first, in screen pixels. */
  readonly places: readonly Place[];
}

export interface Place extends Rect {
  /** What is written there, where it is not the whole text. */
  readonly text?: string;
}

export interface Placed {
  readonly row: number;
  readonly text: string;
  readonly rect: Rect;
}

/**
 * Places at most `most` labels greedily by priority; a label none of whose places is free or on screen is left out.
 *
 * `taken` are rectangles no label may cover. Equal priorities keep their order, so the same scene gives the same names.
 */
export function placeLabels(wishes: readonly Wish[], screen: Rect, most: number, taken: readonly Rect[] = []): Placed[] {
  const room = new Room(screen);
  for (const r of taken) room.take(r);
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[b]!.priority - wishes[a]!.priority || a - b);
  const out: Placed[] = [];
  for (const i of order) {
    if (out.length >= most) break;
    const wish = wishes[i]!;
    const rect = wish.places.find((r) => room.holds(r) && room.free(r));
    if (!rect) continue;
    room.take(rect);
    out.push({ row: wish.row, text: rect.text ?? wish.text, rect });
  }
  return out;
}

/** Edge of a bucket in screen pixels. */
const BUCKET = 48;

/** Rectangles by bucket, so that a question looks at neighbours only. */
export class Room {
  private readonly buckets = new Map<number, Rect[]>();

  constructor(private readonly screen: Rect) {}

  holds(r: Rect): boolean {
    const s = this.screen;
    return r.x >= s.x && r.y >= s.y && r.x + r.w <= s.x + s.w && r.y + r.h <= s.y + s.h;
  }

  free(r: Rect): boolean {
    for (const key of this.keys(r)) {
      for (const o of this.buckets.get(key) ?? []) {
        if (r.x < o.x + o.w && o.x < r.x + r.w && r.y < o.y + o.h && o.y < r.y + r.h) return false;
      }
    }
    return true;
  }

  take(r: Rect): void {
    for (const key of this.keys(r)) {
      const list = this.buckets.get(key);
      if (list) list.push(r);
      else this.buckets.set(key, [r]);
    }
  }

  private *keys(r: Rect): Generator<number> {
    const s = this.screen;
    const c = (v: number, low: number, high: number) => Math.floor((Math.min(high, Math.max(low, v)) - low) / BUCKET);
    for (let y = c(r.y, s.y, s.y + s.h); y <= c(r.y + r.h, s.y, s.y + s.h); y++) {
      for (let x = c(r.x, s.x, s.x + s.w); x <= c(r.x + r.w, s.x, s.x + s.w); x++) yield y * 4096 + x;
    }
  }
}

/** Shortens a name to at most `most` characters in the middle, where names of one family differ least. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  if (most <= 1) return "…";
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}
