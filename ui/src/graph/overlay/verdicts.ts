/** What the network policies are predicted to do on each street: by colour, by the kind of line and by a mark on it. */
import type { Palette } from "../palette";
import { Verdict } from "../scene";
import type { Pen } from "./pen";
import { type Point, pointsOf } from "./pills";

interface Look {
  readonly colour: (palette: Palette) => string;
  /** Dashes and gaps in CSS pixels; none for a whole line. */
  readonly dashes: readonly number[];
}

const LOOKS: Record<number, Look> = {
  [Verdict.Allowed]: { colour: (p) => p.wellText, dashes: [] },
  [Verdict.Blocked]: { colour: (p) => p.crit, dashes: [] },
  [Verdict.Unprotected]: { colour: (p) => p.warn, dashes: [7, 4] },
  [Verdict.Unknown]: { colour: (p) => p.unknownText, dashes: [1.5, 4] },
};

/** What is blocked is drawn last, over what shares its way. */
const ORDER = [Verdict.Unknown, Verdict.Unprotected, Verdict.Allowed, Verdict.Blocked] as const;

/** Draws the verdicts of the streets in view; answers how many. Nothing where nobody asked for them. */
export function drawVerdicts(pen: Pen, rows: readonly number[]): number {
  const { ink, palette } = pen;
  const { streets } = pen.drawn.scene;
  if (!streets.verdict || pen.frame.settled < 0.5) return 0;
  let drawn = 0;
  const width = Math.max(1, Math.min(2.2, 1.8 * pen.s));
  ink.lineJoin = "round";
  for (const verdict of ORDER) {
    const look = LOOKS[verdict]!;
    for (const i of rows) {
      if (streets.verdict[i] !== verdict) continue;
      const points = pointsOf(pen, i);
      if (points.length < 2) continue;
      drawn++;
      pen.faded(Math.min(pen.strength(streets.from[i]!), pen.strength(streets.to[i]!)), () => {
        // The plain street below would fill the gaps.
        if (look.dashes.length) stroke(pen, points, palette.block, width + 2, []);
        stroke(pen, points, look.colour(palette), width, look.dashes);
        if (verdict === Verdict.Allowed || verdict === Verdict.Blocked) mark(pen, points, verdict, look.colour(palette));
      });
    }
  }
  return drawn;
}

function stroke(pen: Pen, points: readonly Point[], colour: string, width: number, dashes: readonly number[]): void {
  const { ink } = pen;
  ink.beginPath();
  points.forEach(([x, y], k) => (k === 0 ? ink.moveTo(x, y) : ink.lineTo(x, y)));
  ink.strokeStyle = colour;
  ink.lineWidth = width;
  ink.setLineDash([...dashes]);
  ink.stroke();
  ink.setLineDash([]);
}

/** A disc where it is allowed, a cross where it is blocked, before the last corner: there streets have parted. */
function mark(pen: Pen, points: readonly Point[], verdict: number, colour: string): void {
  const { ink } = pen;
  const [x1, y1] = points[points.length - 1]!;
  const [x0, y0] = points[points.length - 2]!;
  const length = Math.hypot(x1 - x0, y1 - y0);
  const r = Math.max(2, Math.min(4, 3.6 * pen.s));
  if (length < 3 * r) return;
  // Behind the arrow.
  const back = Math.min(length / 2, 4 * r + 6);
  const x = x1 - ((x1 - x0) / length) * back;
  const y = y1 - ((y1 - y0) / length) * back;
  ink.beginPath();
  if (verdict === Verdict.Allowed) {
    ink.arc(x, y, r * 0.8, 0, 2 * Math.PI);
    ink.fillStyle = colour;
    ink.fill();
    return;
  }
  ink.moveTo(x - r, y - r);
  ink.lineTo(x + r, y + r);
  ink.moveTo(x + r, y - r);
  ink.lineTo(x - r, y + r);
  ink.strokeStyle = colour;
  ink.lineWidth = Math.max(1.4, 2 * pen.s);
  ink.stroke();
}
