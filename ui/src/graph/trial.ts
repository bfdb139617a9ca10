/** A few frames of each back end on the real scene, and which of the two is quicker. No name a driver gives itself is asked. */
import { BACK_ENDS, type BackEnd } from "../lib/drawing.svelte";

/** Frames of each that are not counted, for a driver compiles and uploads on the first, and frames that are. */
const WARM = 2;
const COUNTED = 7;
/** Below this interval the screen's own rhythm is measured, not the back end. */
const RHYTHM_MS = 20;
/** A longer interval says that the page slept. */
const SLEPT_MS = 400;
/** WebGL2 has to be quicker by so much: on the CPU picking is exact to the pixel and no context is lost. */
const WORTH = 0.8;

export class Trial {
  private readonly costs: Record<BackEnd, number[]> = { raster: [], gl2: [] };
  private at = 0;
  private seen = 0;

  /** Whose frames are being measured; null when it is over. */
  get current(): BackEnd | null {
    return BACK_ENDS[this.at] ?? null;
  }

  /**
   * Counts a frame of the current one: how long drawing took until it was done, and the time since the frame before.
   *
   * A frame costs what drawing took; where frames come slower than the screen's rhythm, it costs the whole interval.
   */
  count(took: number, interval: number): void {
    const { current } = this;
    if (!current) return;
    this.seen++;
    if (this.seen > WARM && interval <= SLEPT_MS) this.costs[current].push(Math.max(took, interval > RHYTHM_MS ? interval : 0));
    if (this.costs[current].length < COUNTED && this.seen < 4 * COUNTED) return;
    this.at++;
    this.seen = 0;
  }

  /** The current one cannot draw at all. */
  refuse(): void {
    const { current } = this;
    if (current) this.costs[current] = [];
    this.at++;
    this.seen = 0;
  }

  /** The medians in milliseconds, and the quicker one; a back end without a frame has none. */
  result(): { name: BackEnd; raster: number; gl2: number | null } {
    const raster = median(this.costs.raster) ?? 0;
    const gl2 = median(this.costs.gl2);
    return { name: gl2 !== null && gl2 < WORTH * raster ? "gl2" : "raster", raster, gl2 };
  }
}

function median(costs: readonly number[]): number | null {
  return [...costs].sort((a, b) => a - b)[Math.floor(costs.length / 2)] ?? null;
}
