/** Where the window stands over the plan. Screen = (plan - origin) × scale, in CSS pixels. */
import type { Rect } from "./scene";

export interface View {
  /** Plan coordinates at the screen's left upper corner. */
  readonly x: number;
  readonly y: number;
  /** CSS pixels per unit of the plan. */
  readonly scale: number;
}

export interface Size {
  readonly w: number;
  readonly h: number;
}

/** Nothing is read below or above these; a plan too large for the least is shown smaller, so that all of it can be seen. */
export const MIN_SCALE = 0.02;
export const MAX_SCALE = 8;
/** Fitting never blows a small plan up beyond this. */
export const MAX_FIT = 1.6;

/** The four levels of detail, by scale. */
export const LEVELS = ["cluster", "namespace", "workload", "pod"] as const;
export type Level = (typeof LEVELS)[number];
const FLOORS: Record<Level, number> = { cluster: 0, namespace: 0.34, workload: 0.62, pod: 2.1 };
/** The scale a press on a level goes to. */
export const LEVEL_SCALE: Record<Level, number> = { cluster: 0.3, namespace: 0.5, workload: 1, pod: 4 };

export function levelOf(scale: number): Level {
  let found: Level = "cluster";
  for (const level of LEVELS) if (scale >= FLOORS[level]) found = level;
  return found;
}

export function clampScale(scale: number, least = MIN_SCALE): number {
  return Math.min(MAX_SCALE, Math.max(least, scale));
}

export function toScreen(view: View, x: number, y: number): [number, number] {
  return [(x - view.x) * view.scale, (y - view.y) * view.scale];
}

export function toPlan(view: View, x: number, y: number): [number, number] {
  return [x / view.scale + view.x, y / view.scale + view.y];
}

/** The part of the plan that is on screen. */
export function visible(view: View, size: Size): Rect {
  return { x: view.x, y: view.y, w: size.w / view.scale, h: size.h / view.scale };
}

/** Zooms by `factor` while the plan under the screen point stays where it is. */
export function zoomAt(view: View, px: number, py: number, factor: number, least = MIN_SCALE): View {
  const scale = clampScale(view.scale * factor, least);
  const [x, y] = toPlan(view, px, py);
  return { x: x - px / scale, y: y - py / scale, scale };
}

/** Moves the plan by screen pixels, as a hand would. */
export function pan(view: View, dx: number, dy: number): View {
  return { x: view.x - dx / view.scale, y: view.y - dy / view.scale, scale: view.scale };
}

/** Shows all of `bounds` with `margin` pixels around it, centred across and, where it is lower than the window, from the top. */
export function fit(bounds: Rect, size: Size, margin = 16, most = MAX_FIT): View {
  if (bounds.w <= 0 || bounds.h <= 0 || size.w <= 0 || size.h <= 0) return { x: 0, y: 0, scale: 1 };
  const room = { w: Math.max(1, size.w - 2 * margin), h: Math.max(1, size.h - 2 * margin) };
  const scale = Math.min(room.w / bounds.w, room.h / bounds.h, most, MAX_SCALE);
  return {
    x: bounds.x + bounds.w / 2 - size.w / scale / 2,
    y: bounds.y + bounds.h / 2 - size.h / scale / 2,
    scale,
  };
}

/** Keeps at least `keep` pixels of the plan on screen, so that nobody loses it. */
export function hold(view: View, bounds: Rect, size: Size, keep = 80): View {
  const k = keep / view.scale;
  const x = Math.min(bounds.x + bounds.w - k, Math.max(bounds.x - size.w / view.scale + k, view.x));
  const y = Math.min(bounds.y + bounds.h - k, Math.max(bounds.y - size.h / view.scale + k, view.y));
  return { x, y, scale: view.scale };
}

/** Moves as little as needed so that `target` is on screen with a margin; keeps the scale unless it is illegible. */
export function reveal(view: View, target: Rect, size: Size, margin = 56, legible = 0): View {
  let next = view;
  if (view.scale < legible) {
    next = { x: target.x + target.w / 2 - size.w / legible / 2, y: target.y + target.h / 2 - size.h / legible / 2, scale: legible };
  }
  const m = margin / next.scale;
  const seen = visible(next, size);
  let { x, y } = next;
  if (target.x - m < seen.x) x = target.x - m;
  else if (target.x + target.w + m > seen.x + seen.w) x = target.x + target.w + m - seen.w;
  if (target.y - m < seen.y) y = target.y - m;
  else if (target.y + target.h + m > seen.y + seen.h) y = target.y + target.h + m - seen.h;
  return { x, y, scale: next.scale };
}

/** A view between two, `t` from 0 to 1; the scale moves by ratio so that zooming feels even. */
export function between(a: View, b: View, size: Size, t: number): View {
  if (t >= 1) return b;
  const scale = a.scale * (b.scale / a.scale) ** t;
  const ca = { x: a.x + size.w / a.scale / 2, y: a.y + size.h / a.scale / 2 };
  const cb = { x: b.x + size.w / b.scale / 2, y: b.y + size.h / b.scale / 2 };
  // Travel in step with the zoom: otherwise a zoom out sweeps past the target.
  const k = Math.abs(b.scale - a.scale) < 1e-6 ? t : (1 / scale - 1 / a.scale) / (1 / b.scale - 1 / a.scale);
  const cx = ca.x + (cb.x - ca.x) * k;
  const cy = ca.y + (cb.y - ca.y) * k;
  return { x: cx - size.w / scale / 2, y: cy - size.h / scale / 2, scale };
}
