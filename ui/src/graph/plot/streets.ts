/** Which streets are in view, and their way over the screen: quiet ones first, the path of failure last. */
import { layStreet, type Lines } from "./lines";
import { Flag } from "../scene";
import type { Draft } from "./plot";

export interface SeenStreets {
  /** On a path of failure. */
  readonly hot: number[];
  /** At the selected or the hovered house. */
  readonly near: number[];
  /** The others, those that carry most first. */
  readonly quiet: number[];
}

/** Streets that touch the screen. */
export function streetsSeen(draft: Draft): SeenStreets {
  const { scene, hot } = draft.drawn;
  const { streets } = scene;
  const { selected, hovered } = draft.frame;
  const { boxes } = extents(scene.streets);
  const x0 = draft.frame.view.x - 10 / draft.s;
  const y0 = draft.frame.view.y - 10 / draft.s;
  const x1 = x0 + (draft.size.w + 20) / draft.s;
  const y1 = y0 + (draft.size.h + 20) / draft.s;
  const seen: SeenStreets = { hot: [], near: [], quiet: [] };
  let loaded = false;
  for (let i = 0; i < streets.count; i++) {
    if (boxes[4 * i]! > x1 || boxes[4 * i + 1]! > y1 || boxes[4 * i + 2]! < x0 || boxes[4 * i + 3]! < y0) continue;
    const from = streets.from[i]!;
    const to = streets.to[i]!;
    if (hot[i]) seen.hot.push(i);
    else if ((selected >= 0 && (from === selected || to === selected)) || (hovered >= 0 && (from === hovered || to === hovered))) seen.near.push(i);
    else {
      seen.quiet.push(i);
      loaded ||= streets.load[i]! > 1;
    }
  }
  if (loaded) seen.quiet.sort((a, b) => streets.load[b]! - streets.load[a]! || a - b);
  return seen;
}

type Columns = Draft["drawn"]["scene"]["streets"];
const known = new WeakMap<Float32Array, { boxes: Float32Array }>();

/** The box around each street, worked out once for each scene: x0, y0, x1, y1 in units of the plan. */
function extents(streets: Columns): { boxes: Float32Array } {
  let found = known.get(streets.px);
  if (found) return found;
  const boxes = new Float32Array(streets.count * 4);
  for (let i = 0; i < streets.count; i++) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let p = streets.pointFrom[i]!; p < streets.pointFrom[i]! + streets.pointCount[i]!; p++) {
      x0 = Math.min(x0, streets.px[p]!);
      y0 = Math.min(y0, streets.py[p]!);
      x1 = Math.max(x1, streets.px[p]!);
      y1 = Math.max(y1, streets.py[p]!);
    }
    boxes.set([x0, y0, x1, y1], 4 * i);
  }
  found = { boxes };
  known.set(streets.px, found);
  return found;
}

let points = new Float32Array(128);

/** Lays the streets of `rows` in one colour; `width`, `arrow` and `half` are CSS pixels at scale 1. */
export function plotStreets(draft: Draft, lines: Lines, rows: readonly number[], colour: number, width: number, arrow: number, half: number): void {
  const { streets } = draft.drawn.scene;
  const { ratio, s } = draft;
  const k = Math.max(0.55, Math.min(1.5, s)) * ratio;
  const fade = Math.min(1, draft.frame.settled * 2 - 1);
  for (const i of rows) {
    const count = streets.pointCount[i]!;
    const from = streets.pointFrom[i]!;
    if (points.length < 2 * count) points = new Float32Array(4 * count);
    for (let p = 0; p < count; p++) {
      points[2 * p] = draft.x(streets.px[from + p]!);
      points[2 * p + 1] = draft.y(streets.py[from + p]!);
    }
    const strength = Math.min(draft.strength(streets.from[i]!), draft.strength(streets.to[i]!)) * fade;
    // Declared is a line, only seen a dashed one, both a broad one.
    const declared = (streets.flags[i]! & Flag.Declared) !== 0;
    const seen = (streets.flags[i]! & Flag.Observed) !== 0;
    const broad = declared && seen ? 1.8 : 1;
    const dash = seen && !declared && s >= 0.3 ? Math.max(2, Math.round(5 * k)) : 0;
    layStreet(lines, points, count, colour, strength, (width / 2) * ratio * broad, 6 * draft.k, s < 0.3 ? 0 : arrow * k, half * k, dash);
  }
}
