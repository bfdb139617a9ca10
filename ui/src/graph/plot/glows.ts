/** Heat on the ground: one ellipse a house with firing alerts; strength and size follow their weight. */
import { Severity } from "../scene";
import { PILES_FLOOR } from "./floors";
import type { Draft, Plot } from "./plot";

/** Words of one glow: middle x, y, radius across, radius down, strength 0 to 1. */
export const GLOW_WORDS = 5;
/** From the middle of a glow to its edge, where the four heat tokens stand. */
export const GLOW_STOPS = [0, 0.32, 0.66, 1] as const;

/** Fills the plot's glows; critical alerts count 2, warnings 1. */
export function glowsOf(draft: Draft, plot: Plot): void {
  const { scene, heat } = draft.drawn;
  const { houses } = scene;
  const { ratio, k } = draft;
  const w = draft.size.w * ratio;
  const h = draft.size.h * ratio;
  // Seen from far away hundreds of glows would run into one: there each is as strong as it is beside the hottest.
  const far = draft.s < PILES_FLOOR;
  let most = 4;
  if (far) for (let row = 0; row < houses.count; row++) most = Math.max(most, heat.weight[row]!);
  let n = 0;
  for (let row = 0; row < houses.count; row++) {
    const weight = heat.weight[row]!;
    if (weight <= 0) continue;
    // Far away the glow keeps a size one can see from across a room, and near by it stays a glow around its house.
    const size = Math.min(1.5, Math.max(draft.s, 0.42)) * ratio;
    const grown = Math.min(weight, far ? 8 : 4);
    const rx = Math.max((62 + 26 * grown) * size, 0.8 * houses.w[row]! * k);
    const ry = Math.max((40 + 19 * grown) * size, 0.9 * houses.h[row]! * k);
    const yard = heat.worst[row] === Severity.Critical ? 30 : 20;
    const cx = draft.x(houses.x[row]!) + ((houses.w[row]! + yard) / 2) * k;
    const cy = draft.y(houses.y[row]!) + (houses.h[row]! / 2) * k;
    if (cx + rx < 0 || cy + ry < 0 || cx - rx > w || cy - ry > h) continue;
    if ((n + 1) * GLOW_WORDS > plot.glows.length) {
      const more = new Float32Array(Math.max(64 * GLOW_WORDS, plot.glows.length * 2));
      more.set(plot.glows);
      plot.glows = more;
    }
    const strength = Math.min(0.9, far ? 0.14 + 0.76 * Math.sqrt(weight / most) : 0.34 + weight * 0.15) * (0.35 + 0.65 * draft.frame.settled) * draft.strength(row);
    plot.glows.set([cx, cy, rx, ry, strength], n * GLOW_WORDS);
    n++;
  }
  plot.glowCount = n;
}

/**
 * What a glow lets through at a distance from its middle, per channel, as `steps` triples over the squared distance 0 to 1.
 *
 * Laying glow on glow multiplies what they let through, whichever comes first: with `screen` the dark of the ground
 * (1 - ground) is what passes, with `multiply` the ground itself. So all heat is one layer that is laid on once.
 */
export function glowTable(heats: readonly number[], screen: boolean, steps: number): Float32Array {
  const table = new Float32Array(steps * 3);
  for (let i = 0; i < steps; i++) {
    const t = Math.sqrt(i / (steps - 1));
    let stop = 1;
    while (stop < GLOW_STOPS.length - 1 && t > GLOW_STOPS[stop]!) stop++;
    const u = (t - GLOW_STOPS[stop - 1]!) / (GLOW_STOPS[stop]! - GLOW_STOPS[stop - 1]!);
    const a = heats[stop - 1]!;
    const b = heats[stop]!;
    const mix = (shift: number) => (((a >>> shift) & 255) * (1 - u) + ((b >>> shift) & 255) * u) / 255;
    const alpha = mix(24);
    for (let c = 0; c < 3; c++) table[3 * i + c] = alpha * (screen ? mix(8 * c) : 1 - mix(8 * c));
  }
  return table;
}
