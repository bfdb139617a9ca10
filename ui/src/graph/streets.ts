/** The streets: quiet ones first, those of the selected house one step brighter, the path of failure last. */
import type { Pen } from "./pen";
import { drawArrow, streetPath } from "./shapes";

type Point = [number, number];

export function drawStreets(pen: Pen): void {
  const { ink, palette, s } = pen;
  const { scene, hot } = pen.drawn;
  const { streets } = scene;
  const { selected, hovered, settled } = pen.frame;
  if (settled < 0.5) return;
  const quiet: number[] = [];
  const near: number[] = [];
  const failing: number[] = [];
  for (let i = 0; i < streets.count; i++) {
    const from = streets.from[i]!;
    const to = streets.to[i]!;
    if (hot[i]) failing.push(i);
    else if ((selected >= 0 && (from === selected || to === selected)) || (hovered >= 0 && (from === hovered || to === hovered))) near.push(i);
    else quiet.push(i);
  }
  const thin = Math.max(0.7, Math.min(1.8, 1.3 * s));
  pen.faded(Math.min(1, settled * 2 - 1), () => {
    draw(pen, quiet, palette.street, thin, 6, 3.4);
    draw(pen, near, palette.ink3, thin * 1.15, 6, 3.4);
    draw(pen, failing, palette.crit, Math.max(1.4, Math.min(3.4, 2.4 * s)), 8, 4.5);
    ink.globalAlpha *= 1;
    if (s >= 0.5) for (let i = 0; i < streets.count; i++) if (streets.load[i]! > 1) drawPill(pen, i);
  });
}

function pointsOf(pen: Pen, i: number): Point[] {
  const { streets } = pen.drawn.scene;
  const from = streets.pointFrom[i]!;
  return Array.from({ length: streets.pointCount[i]! }, (_, k): Point => [pen.x(streets.px[from + k]!), pen.y(streets.py[from + k]!)]);
}

function offScreen(pen: Pen, points: readonly Point[]): boolean {
  let x0 = Infinity;
  let y0 = Infinity;
  let x1 = -Infinity;
  let y1 = -Infinity;
  for (const [x, y] of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return x1 < -10 || y1 < -10 || x0 > pen.size.w + 10 || y0 > pen.size.h + 10;
}

function draw(pen: Pen, rows: readonly number[], colour: string, width: number, arrow: number, half: number): void {
  const { ink, s } = pen;
  const { streets } = pen.drawn.scene;
  ink.strokeStyle = colour;
  ink.fillStyle = colour;
  ink.lineWidth = width;
  ink.lineJoin = "round";
  const k = Math.max(0.55, Math.min(1.5, s));
  for (const i of rows) {
    const points = pointsOf(pen, i);
    if (points.length < 2 || offScreen(pen, points)) continue;
    const strength = Math.min(pen.strength(streets.from[i]!), pen.strength(streets.to[i]!));
    pen.faded(strength, () => {
      ink.beginPath();
      streetPath(ink, points, 6 * s);
      ink.stroke();
      if (s < 0.3) return;
      const end = points[points.length - 1]!;
      const before = points[points.length - 2]!;
      drawArrow(ink, before[0], before[1], end[0], end[1], arrow * k, half * k);
    });
  }
}

/** The count of dependencies that share a street, in a pill on its longest stretch. */
function drawPill(pen: Pen, i: number): void {
  const { ink, palette, s } = pen;
  const { scene, hot } = pen.drawn;
  const points = pointsOf(pen, i);
  if (points.length < 2 || offScreen(pen, points)) return;
  let best = 0;
  let longest = -1;
  for (let k = 0; k + 1 < points.length; k++) {
    const d = Math.hypot(points[k + 1]![0] - points[k]![0], points[k + 1]![1] - points[k]![1]);
    if (d > longest) {
      longest = d;
      best = k;
    }
  }
  if (longest < 22) return;
  const x = (points[best]![0] + points[best + 1]![0]) / 2;
  const y = (points[best]![1] + points[best + 1]![1]) / 2;
  const text = String(scene.streets.load[i]);
  const k = Math.max(0.8, Math.min(1.3, s));
  const w = (text.length * 6.2 + 9) * k;
  const h = 14 * k;
  ink.beginPath();
  ink.roundRect(x - w / 2, y - h / 2, w, h, h / 2);
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
}
