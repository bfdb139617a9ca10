/** Cells for WebGL2: all of them once for each scene, or, near, those in view. Eight bytes and a state each. */
import type { Frame } from "../painter";
import { cellOrder, troubledCells } from "../plot/cells";
import { Flag, Health, type Scene } from "../scene";
import { CELL_BITS } from "./shaders";

/** Bytes of one cell: x, y as floats, then its state in a word. */
export const CELL_BYTES = 12;

export class CellColumns {
  private words = new ArrayBuffer(0);
  private f = new Float32Array(0);
  private u = new Uint32Array(0);
  count = 0;

  get data(): Uint8Array {
    return new Uint8Array(this.words, 0, this.count * CELL_BYTES);
  }

  /** Every cell, the worse later. Those in trouble come first too, larger, so that they show where the ground beside them is free. */
  all(scene: Scene, keep: Uint8Array | null): void {
    const order = cellOrder(scene);
    const troubled = troubledCells(scene, order);
    this.reserve(order.length + troubled);
    for (let n = order.length - troubled; n < order.length; n++) this.push(scene, order[n]!, keep, CELL_BITS.grown);
    for (let n = 0; n < order.length; n++) this.push(scene, order[n]!, keep, 0);
  }

  /** The cells whose windows are in view; a wall that is hatched says it for all of its windows. */
  near({ drawn, view, keep }: Frame, width: number, height: number): void {
    const { scene } = drawn;
    const { cells, houses, pitch } = scene;
    const order = cellOrder(scene);
    const right = view.x + width / view.scale;
    const low = view.y + height / view.scale;
    this.reserve(order.length);
    for (let n = 0; n < order.length; n++) {
      const i = order[n]!;
      const x = cells.x[i]!;
      const y = cells.y[i]!;
      if (x < view.x - pitch || y < view.y - pitch || x > right || y > low) continue;
      if (houses.health[cells.house[i]!] === Health.Unknown) continue;
      this.push(scene, i, keep, 0);
    }
  }

  private reserve(count: number): void {
    this.count = 0;
    if (this.words.byteLength >= count * CELL_BYTES) return;
    this.words = new ArrayBuffer(count * CELL_BYTES);
    this.f = new Float32Array(this.words);
    this.u = new Uint32Array(this.words);
  }

  private push({ cells }: Scene, i: number, keep: Uint8Array | null, bits: number): void {
    const at = this.count * 3;
    this.f[at] = cells.x[i]!;
    this.f[at + 1] = cells.y[i]!;
    this.u[at + 2] = Math.min(6, cells.health[i]!) | bits | (cells.flags[i]! & Flag.Contained ? CELL_BITS.contained : 0) | (keep && !keep[cells.house[i]!] ? CELL_BITS.faint : 0);
    this.count++;
  }
}
