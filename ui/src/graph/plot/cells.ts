/** The order cells are drawn in: the worse later, so that it keeps a pixel several share. */
import { Health, type Scene } from "../scene";

const orders = new WeakMap<Uint8Array, Uint32Array>();

/** Rows of cells by state, quiet first and each state in its own order; worked out once for each scene. */
export function cellOrder(scene: Scene): Uint32Array {
  const { health, count } = scene.cells;
  let order = orders.get(health);
  if (order && order.length === count) return order;
  const start = new Uint32Array(9);
  for (let i = 0; i < count; i++) start[Math.min(7, health[i]!) + 1]!++;
  for (let s = 0; s < 8; s++) start[s + 1]! += start[s]!;
  order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[start[Math.min(7, health[i]!)]!++] = i;
  orders.set(health, order);
  return order;
}

/** How many cells at the end of the order are in trouble. */
export function troubledCells(scene: Scene, order: Uint32Array): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (scene.cells.health[order[mid]!]! >= Health.Warning) high = mid;
    else low = mid + 1;
  }
  return order.length - low;
}
