/** Bars, one a case. CSS pixels; `k` is the size against the design. */
import type { Palette } from "../palette";
import { barOf } from "../palette";
import { CaseState, Severity } from "../scene";

export type Ink = CanvasRenderingContext2D;

/** Edge of a bar at `k` = 1: the width of each severity, and the height of all. */
export const BAR = { critical: 22, warning: 13, info: 7, height: 7, step: 10 } as const;

export function barWidth(severity: number): number {
  return severity === Severity.Critical ? BAR.critical : severity === Severity.Warning ? BAR.warning : BAR.info;
}

/** Traces a bar: long with a notched tail, short, or square, `inset` from its edge. */
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

/** For how many seconds a resolved alert is seen. */
const FADES_FOR = 60;

/** How much is left at an instant, in milliseconds, of an alert that was resolved at `ended`, in seconds since 1970: 1 at first, and the whole minute more than nothing. */
export function leftOf(ended: number, at: number | undefined): number {
  if (!ended || at === undefined) return 1;
  return Math.min(1, Math.max(0.2, 1 - (at / 1000 - ended) / FADES_FOR));
}

/** Draws a bar: firing solid, pending dashed, silenced hollow, inhibited hollow with a line through it, resolved a low and faint trace of which this much is `left`. */
export function drawBar(ink: Ink, palette: Palette, severity: number, state: number, x: number, y: number, k: number, left = 1): void {
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
    if (state !== CaseState.Inhibited) return;
    ink.beginPath();
    ink.moveTo(x, y + (BAR.height / 2) * k);
    ink.lineTo(x + (barWidth(severity) - (severity === Severity.Critical ? 3.6 : 0)) * k, y + (BAR.height / 2) * k);
    ink.stroke();
  } else if (state === CaseState.Resolved) {
    ink.fillStyle = colour;
    const whole = ink.globalAlpha;
    ink.globalAlpha = whole * 0.7 * left;
    ink.fillRect(x, y + (BAR.height - 2) * k, barWidth(severity) * k, 2 * k);
    ink.globalAlpha = whole;
  } else {
    barPath(ink, severity, x, y, k, 0);
    ink.fillStyle = colour;
    ink.fill();
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
