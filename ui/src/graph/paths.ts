/** Questions about the streets of one scene. */
import { Health, type Heat, type Scene, verdict } from "./scene";

/** Streets in a list per house. */
export interface Ways {
  /** Streets that leave the house. */
  readonly out: readonly number[][];
  /** Streets that arrive. */
  readonly into: readonly number[][];
}

/** Scenes that differ only in how things are share their streets. */
const ways = new WeakMap<Scene["streets"], Ways>();

export function waysOf(scene: Scene): Ways {
  const known = ways.get(scene.streets);
  if (known?.out.length === scene.houses.count) return known;
  const out: number[][] = Array.from({ length: scene.houses.count }, () => []);
  const into: number[][] = Array.from({ length: scene.houses.count }, () => []);
  for (let s = 0; s < scene.streets.count; s++) {
    out[scene.streets.from[s]!]?.push(s);
    into[scene.streets.to[s]!]?.push(s);
  }
  const found = { out, into };
  ways.set(scene.streets, found);
  return found;
}

/**
 * Marks the path of failure: streets between two houses in trouble that lead, along troubled houses, to a critical one.
 *
 * It says where trouble lies in a row along the dependencies, not what caused it.
 */
export function failing(scene: Scene, heat: Heat, ways: Ways): Uint8Array {
  const marked = new Uint8Array(scene.streets.count);
  const bad = (h: number) => h >= 0 && verdict(scene, heat, h) >= Health.Warning;
  const queue: number[] = [];
  const leads = new Uint8Array(scene.houses.count);
  for (let h = 0; h < scene.houses.count; h++) {
    if (verdict(scene, heat, h) === Health.Critical) {
      leads[h] = 1;
      queue.push(h);
    }
  }
  for (let h = queue.pop(); h !== undefined; h = queue.pop()) {
    for (const s of ways.into[h] ?? []) {
      const from = scene.streets.from[s]!;
      if (!bad(from)) continue;
      marked[s] = 1;
      if (!leads[from]) {
        leads[from] = 1;
        queue.push(from);
      }
    }
  }
  return marked;
}

/** Houses in trouble and those one street away: what "only trouble" keeps at full strength. */
export function troubled(scene: Scene, heat: Heat, ways: Ways): Uint8Array {
  const keep = new Uint8Array(scene.houses.count);
  for (let h = 0; h < scene.houses.count; h++) {
    const own = verdict(scene, heat, h);
    if (own < Health.Unknown && heat.from[h] === heat.from[h + 1]) continue;
    keep[h] = 1;
    if (own < Health.Warning) continue;
    for (const s of ways.out[h] ?? []) if (scene.streets.to[s]! >= 0) keep[scene.streets.to[s]!] = 1;
    for (const s of ways.into[h] ?? []) if (scene.streets.from[s]! >= 0) keep[scene.streets.from[s]!] = 1;
  }
  return keep;
}

export type Direction = "left" | "right" | "up" | "down";
