/** Which houses are meant: masks over the rows of one scene, and the scene with only those. Columns of numbers throughout. */
import { placesOf, taken } from "../../graph/columns";
import { Flag, type Heat, Health, type Scene, verdict } from "../../graph/scene";

/** One byte a house: 1 where it is meant. */
export type Mask = Uint8Array;

const rows = new WeakMap<Scene, Map<string, number>>();

/** Row by id, worked out once for each scene. */
export function rowsOf(scene: Scene): Map<string, number> {
  let found = rows.get(scene);
  if (!found) {
    found = new Map(scene.houses.id.map((id, h) => [id, h]));
    rows.set(scene, found);
  }
  return found;
}

/** The houses of these ids; ids that are not on the plan are passed over. */
export function maskOf(scene: Scene, ids: Iterable<string>): Mask {
  const mask = new Uint8Array(scene.houses.count);
  const known = rowsOf(scene);
  for (const id of ids) {
    const row = known.get(id);
    if (row !== undefined) mask[row] = 1;
  }
  return mask;
}

export function both(a: Mask, b: Mask): Mask {
  const mask = new Uint8Array(a.length);
  for (let h = 0; h < mask.length; h++) mask[h] = a[h]! & b[h]!;
  return mask;
}

export function countOf(mask: Mask): number {
  let count = 0;
  for (let h = 0; h < mask.length; h++) count += mask[h]!;
  return count;
}

/** How many houses in trouble a mask leaves out. */
export function troubleLeftOut(scene: Scene, heat: Heat, mask: Mask): number {
  let count = 0;
  for (let h = 0; h < mask.length; h++) if (!mask[h] && verdict(scene, heat, h) >= Health.Warning) count++;
  return count;
}

/** How many hubs in trouble are among the houses of a mask: their callers are counted on a badge, and no street leads there. */
export function hubsInTrouble(scene: Scene, heat: Heat, mask: Mask): number {
  let count = 0;
  for (let h = 0; h < mask.length; h++) if (mask[h] && scene.houses.flags[h]! & Flag.Hub && verdict(scene, heat, h) >= Health.Warning) count++;
  return count;
}

/** Neighbours in one list: those of house `h` are `other[from[h] .. from[h + 1]]`. */
interface Neighbours {
  readonly from: Uint32Array;
  readonly other: Uint32Array;
}

const neighbours = new WeakMap<Scene, Neighbours>();

function neighboursOf(scene: Scene): Neighbours {
  const known = neighbours.get(scene);
  if (known) return known;
  const { streets, houses } = scene;
  const from = new Uint32Array(houses.count + 1);
  for (let s = 0; s < streets.count; s++) {
    if (streets.from[s]! < 0 || streets.to[s]! < 0) continue;
    from[streets.from[s]! + 1]!++;
    from[streets.to[s]! + 1]!++;
  }
  for (let h = 0; h < houses.count; h++) from[h + 1]! += from[h]!;
  const next = from.slice();
  const other = new Uint32Array(from[houses.count] ?? 0);
  for (let s = 0; s < streets.count; s++) {
    const a = streets.from[s]!;
    const b = streets.to[s]!;
    if (a < 0 || b < 0) continue;
    other[next[a]!++] = b;
    other[next[b]!++] = a;
  }
  const found = { from, other };
  neighbours.set(scene, found);
  return found;
}

/**
 * Houses in trouble, unknown or with an alert, and those at most `hops` streets away from one in trouble.
 *
 * 0 hops keeps no neighbour. A hub's streets are not drawn and so lead nowhere; `hubsInTrouble` says of how many that is so.
 */
export function troubleWithin(scene: Scene, heat: Heat, hops: number): Mask {
  const n = scene.houses.count;
  const mask = new Uint8Array(n);
  const queue = new Uint32Array(n);
  let end = 0;
  for (let h = 0; h < n; h++) {
    const own = verdict(scene, heat, h);
    if (own >= Health.Warning) {
      mask[h] = 1;
      queue[end++] = h;
    }
  }
  const { from, other } = neighboursOf(scene);
  let start = 0;
  for (let hop = 0; hop < hops && start < end; hop++) {
    const level = end;
    for (; start < level; start++) {
      const h = queue[start]!;
      for (let k = from[h]!; k < from[h + 1]!; k++) {
        const o = other[k]!;
        if (mask[o]) continue;
        mask[o] = 1;
        queue[end++] = o;
      }
    }
  }
  // What is unknown, or has an alert that is not trouble, is kept without its neighbours.
  for (let h = 0; h < n; h++) if (verdict(scene, heat, h) >= Health.Unknown || heat.from[h] !== heat.from[h + 1]) mask[h] = 1;
  return mask;
}

function renumbered(column: Int32Array, places: Int32Array): Int32Array {
  return column.map((row) => (row < 0 ? row : places[row]!));
}

/**
 * The scene with only the houses of a mask, their cells, the streets between them and the cases at them. Everything
 * stands where it stood, and blocks stay, also without a house.
 */
export function withOnly(scene: Scene, mask: Mask): Scene {
  const { houses, cells, streets, cases } = scene;
  const kept = placesOf(houses.count, (h) => mask[h] === 1);
  const place = new Int32Array(houses.count).fill(-1);
  for (let k = 0; k < kept.length; k++) place[kept[k]!] = k;
  const keptCells = placesOf(cells.count, (c) => mask[cells.house[c]!] === 1);
  const keptStreets = placesOf(streets.count, (s) => mask[streets.from[s]!] === 1 && mask[streets.to[s]!] === 1);
  const keptCases = placesOf(cases.count, (c) => cases.house[c]! < 0 || mask[cases.house[c]!] === 1);
  const newHouses = taken(houses, kept);
  const newCells = taken(cells, keptCells);
  // Points are named by spans and stay where they are, all of them.
  const newStreets = { ...taken({ ...streets, px: undefined, py: undefined }, keptStreets), px: streets.px, py: streets.py };
  const newCases = taken(cases, keptCases);
  const cellFrom = new Uint32Array(kept.length);
  for (let k = 1; k < kept.length; k++) cellFrom[k] = cellFrom[k - 1]! + newHouses.cellCount[k - 1]!;
  return {
    ...scene,
    houses: { ...newHouses, cellFrom },
    cells: { ...newCells, house: renumbered(newCells.house, place) },
    streets: { ...newStreets, from: renumbered(newStreets.from, place), to: renumbered(newStreets.to, place) },
    cases: { ...newCases, house: renumbered(newCases.house, place) },
  };
}
