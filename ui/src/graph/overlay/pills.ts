/** How many dependencies share a street, in a pill on it. */
import type { Rect } from "../scene";
import type { Pen } from "./pen";

export type Point = [number, number];

/** Below this scale a street's count is not written. */
const PILLS_FLOOR = 0.5;

/** Writes the counts of streets that carry more than one dependency, at most `most`, none over another; answers where. */
export function drawPills(pen: Pen, rows: readonly number[], most: number): Rect[] {
  const { streets } = pen.drawn.scene;
  const taken: Rect[] = [];
  if (pen.s < PILLS_FLOOR || pen.frame.settled < 0.5) return taken;
  pen.faded(Math.min(1, pen.frame.settled * 2 - 1), () => {
    for (const i of rows) {
      if (taken.length >= most) break;
      const at = streets.load[i]! > 1 ? drawPill(pen, i, taken) : null;
      if (at) taken.push(at);
    }
  });
  return taken;
}

/** The corners of a street on screen. */
export function pointsOf(pen: Pen, i: number): Point[] {
  const { streets } = pen.drawn.scene;
  const from = streets.pointFrom[i]!;
  return Array.from({ length: streets.pointCount[i]! }, (_, k): Point => [pen.x(streets.px[from + k]!), pen.y(streets.py[from + k]!)]);
}

/** The count of dependencies that share a street, in a pill on its longest stretch; nothing where there is no room for it. */
function drawPill(pen: Pen, i: number, taken: readonly Rect[]): Rect | null {
  const { ink, palette, s } = pen;
  const { scene, hot } = pen.drawn;
  const points = pointsOf(pen, i);
  if (points.length < 2) return null;
  let best = 0;
  let longest = -1;
  for (let k = 0; k + 1 < points.length; k++) {
    const d = Math.hypot(points[k + 1]![0] - points[k]![0], points[k + 1]![1] - points[k]![1]);
    if (d > longest) {
      longest = d;
      best = k;
    }
  }
  if (longest < 22) return null;
  const x = (points[best]![0] + points[best + 1]![0]) / 2;
  const y = (points[best]![1] + points[best + 1]![1]) / 2;
  if (x < 0 || y < 0 || x > pen.size.w || y > pen.size.h) return null;
  const text = String(scene.streets.load[i]);
  const k = Math.max(0.8, Math.min(1.3, s));
  const w = (text.length * 6.2 + 9) * k;
  const h = 14 * k;
  const at = { x: x - w / 2, y: y - h / 2, w, h };
  if (taken.some((other) => at.x < other.x + other.w && other.x < at.x + at.w && at.y < other.y + other.h && other.y < at.y + at.h)) return null;
  ink.beginPath();
  ink.roundRect(at.x, at.y, w, h, h / 2);
  ink.fillStyle = palette.canvas;
  ink.fill();
  ink.strokeStyle = hot[i] ? palette.crit : palette.street;
  ink.lineWidth = 1;
  ink.stroke();
  ink.font = pen.font(10 * k, 500, true);
  ink.textAlign = "center";
  ink.fillStyle = hot[i] ? palette.critText : palette.ink2;
  ink.fillText(text, x, y + 3.6 * k);
  ink.textAlign = "left";
  return at;
}
