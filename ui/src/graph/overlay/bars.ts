/** Bars, one a case. CSS pixels; `k` is the size against the design. */
import type { Palette } from "../palette";
import { barOf } from "../palette";
import { CaseState, Severity } from "../scene";

export type Ink = CanvasRenderingContext2D;

/** Edge of a bar at `k` = 1: width of a critical and of another one, and the height of both. */
export const BAR = { critical: 22, other: 13, height: 7, step: 10 } as const;

export function barWidth(severity: number): number {
  return severity === Severity.Critical ? BAR.critical : BAR.other;
}

/** Traces a bar: long with a notched tail, or short and square, `inset` from its edge. */
export function barPath(ink: Ink, severity: number, x: number, y: number, k: number, inset: number): void {
  const w = barWidth(severity) * k;
  const h = BAR.height * k;
  ink.beginPath();
  if (severity === Severity.Critical) {
    ink.moveTo(x + inset, y + inset);
    ink.lineTo(x + w - inset * 1.6, y + inset);
    ink.lineTo(x + w - 3.6 * k, y + h / 2);
    ink.lineTo(x + w - inset * 1.6, y + h - inset);
    ink.lineTo(x + inset, y + h - inset);
    ink.closePath();
  } else {
    ink.rect(x + inset, y + inset, w - 2 * inset, h - 2 * inset);
  }
}

/** Draws a bar: firing solid, pending dashed, silenced and inhibited hollow, resolved a fading trace. */
export function drawBar(ink: Ink, palette: Palette, severity: number, state: number, x: number, y: number, k: number): void {
  const colour = barOf(palette, severity);
  if (state === CaseState.Pending) {
    barPath(ink, severity, x, y, k, 0.6);
    ink.strokeStyle = colour;
    ink.lineWidth = 1.3;
    ink.setLineDash([2.6, 1.9]);
    ink.stroke();
    ink.setLineDash([]);
  } else if (state === CaseState.Silenced || state === CaseState.Inhibited) {
    barPath(ink, severity, x, y, k, 0.6);
    ink.strokeStyle = palette.ink3;
    ink.lineWidth = 1.2;
    ink.stroke();
  } else {
    barPath(ink, severity, x, y, k, 0);
    ink.fillStyle = colour;
    ink.globalAlpha *= state === CaseState.Resolved ? 0.3 : 1;
    ink.fill();
    if (state === CaseState.Resolved) ink.globalAlpha /= 0.3;
  }
}

/** The mark of an alert nobody has been told about: a ring with a stroke through it, in ink. */
export function drawUntold(ink: Ink, palette: Palette, cx: number, cy: number, k: number): void {
  const r = 3.4 * k;
  ink.beginPath();
  ink.arc(cx, cy, r, 0, Math.PI * 2);
  ink.moveTo(cx - r * 0.7, cy + r * 0.7);
  ink.lineTo(cx + r * 0.7, cy - r * 0.7);
  ink.strokeStyle = palette.ink;
  ink.lineWidth = 1.2;
  ink.stroke();
}
