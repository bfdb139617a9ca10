/** The small shapes everything is made of: windows, bars, streets. Screen pixels; `k` is the size against the design. */
import type { Palette } from "./palette";
import { barOf } from "./palette";
import { CaseState, Flag, Health, Severity } from "./scene";

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

/** Draws one window with the shape of its state. `c` is its edge in pixels. */
export function drawWindow(ink: Ink, palette: Palette, hatch: CanvasPattern | string, health: number, flags: number, x: number, y: number, c: number): void {
  const k = c / 8;
  if (flags & Flag.Contained) {
    const cut = 3 * k;
    ink.beginPath();
    ink.moveTo(x + 0.8, y + 0.8);
    ink.lineTo(x + c - cut, y + 0.8);
    ink.lineTo(x + c - 0.8, y + cut);
    ink.lineTo(x + c - 0.8, y + c - 0.8);
    ink.lineTo(x + 0.8, y + c - 0.8);
    ink.closePath();
    ink.fillStyle = health === Health.Well ? palette.well : health >= Health.Warning ? (health === Health.Critical ? palette.crit : palette.warn) : palette.containedWash;
    ink.fill();
    ink.strokeStyle = palette.contained;
    ink.lineWidth = 1.6;
    ink.stroke();
    return;
  }
  switch (health) {
    case Health.Critical:
      ink.fillStyle = palette.crit;
      ink.fillRect(x, y, c, c);
      ink.beginPath();
      ink.moveTo(x + 2 * k, y + 2 * k);
      ink.lineTo(x + 6 * k, y + 6 * k);
      ink.moveTo(x + 6 * k, y + 2 * k);
      ink.lineTo(x + 2 * k, y + 6 * k);
      ink.strokeStyle = palette.critInk;
      ink.lineWidth = 1.3 * k;
      ink.stroke();
      return;
    case Health.Warning:
      ink.strokeStyle = palette.warn;
      ink.lineWidth = 1.2;
      ink.strokeRect(x + 0.6, y + 0.6, c - 1.2, c - 1.2);
      ink.beginPath();
      ink.moveTo(x, y + c);
      ink.lineTo(x, y + c * 0.15);
      ink.lineTo(x + c * 0.85, y + c);
      ink.closePath();
      ink.fillStyle = palette.warn;
      ink.fill();
      return;
    case Health.Starting:
      ink.strokeStyle = palette.wellText;
      ink.lineWidth = 1.2;
      ink.setLineDash([2 * k, 1.4 * k]);
      ink.strokeRect(x + 0.6, y + 0.6, c - 1.2, c - 1.2);
      ink.setLineDash([]);
      return;
    case Health.Resting:
      ink.strokeStyle = palette.rest;
      ink.lineWidth = 1;
      ink.strokeRect(x + 0.5, y + 0.5, c - 1, c - 1);
      return;
    case Health.Well:
      ink.fillStyle = palette.well;
      ink.fillRect(x, y, c, c);
      return;
    default:
      ink.fillStyle = hatch;
      ink.fillRect(x, y, c, c);
      ink.strokeStyle = palette.unknown;
      ink.lineWidth = 1;
      ink.strokeRect(x + 0.5, y + 0.5, c - 1, c - 1);
  }
}

/** Traces an orthogonal street with rounded corners; points are pairs in pixels. Points that coincide are one. */
export function streetPath(ink: Ink, points: readonly (readonly [number, number])[], radius: number): void {
  const p = points.filter((q, i) => i === 0 || Math.abs(q[0] - points[i - 1]![0]) > 0.1 || Math.abs(q[1] - points[i - 1]![1]) > 0.1);
  const first = p[0];
  const last = p[p.length - 1];
  if (!first || !last || p.length < 2) return;
  ink.moveTo(first[0], first[1]);
  for (let i = 1; i < p.length - 1; i++) {
    const a = p[i - 1]!;
    const b = p[i]!;
    const c = p[i + 1]!;
    const la = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const lc = Math.hypot(c[0] - b[0], c[1] - b[1]);
    const q = Math.min(radius, la / 2, lc / 2);
    ink.lineTo(b[0] + ((a[0] - b[0]) / la) * q, b[1] + ((a[1] - b[1]) / la) * q);
    ink.quadraticCurveTo(b[0], b[1], b[0] + ((c[0] - b[0]) / lc) * q, b[1] + ((c[1] - b[1]) / lc) * q);
  }
  ink.lineTo(last[0], last[1]);
}

/** Fills an arrow whose tip stands at the point, looking the way from `ax`, `ay`. */
export function drawArrow(ink: Ink, ax: number, ay: number, x: number, y: number, length: number, half: number): void {
  const d = Math.hypot(x - ax, y - ay) || 1;
  const ux = (x - ax) / d;
  const uy = (y - ay) / d;
  ink.beginPath();
  ink.moveTo(x, y);
  ink.lineTo(x - ux * length - uy * half, y - uy * length + ux * half);
  ink.lineTo(x - ux * length + uy * half, y - uy * length - ux * half);
  ink.closePath();
  ink.fill();
}

/** The hatch of the unknown, in device pixels so that it stays sharp. */
export function makeHatch(colour: string, ratio: number): HTMLCanvasElement {
  const n = Math.max(4, Math.round(4.5 * ratio));
  const tile = document.createElement("canvas");
  tile.width = n;
  tile.height = n;
  const ink = tile.getContext("2d");
  if (!ink) return tile;
  ink.strokeStyle = colour;
  ink.lineWidth = 1.5 * ratio * 0.8;
  ink.beginPath();
  for (const o of [-n, 0, n]) {
    ink.moveTo(o - 1, n + 1);
    ink.lineTo(o + n + 1, -1);
  }
  ink.stroke();
  return tile;
}
