/** What a back end of the plan has to do. Two exist: `raster` fills a framebuffer on the CPU, `gl2` draws with WebGL2. */
import type { BackEnd } from "../lib/drawing.svelte";
import type { Hit } from "./find";
import type { Palette } from "./palette";
import type { Ways } from "./paths";
import type { Heat, Scene } from "./scene";
import type { Size, View } from "./viewport";

/** A scene with what is derived from it once: paint many frames from one. */
export interface Drawn {
  readonly scene: Scene;
  readonly heat: Heat;
  readonly ways: Ways;
  /** Streets on a path of failure. */
  readonly hot: Uint8Array;
  /** Houses in trouble and their neighbours. */
  readonly trouble: Uint8Array;
}

/** One picture. */
export interface Frame {
  readonly drawn: Drawn;
  readonly view: View;
  readonly palette: Palette;
  /** Row of the selected and of the hovered house, -1 for none. */
  readonly selected: number;
  readonly hovered: number;
  /** Houses at full strength; null for all. */
  readonly keep: Uint8Array | null;
  /** Old picture: everything is hatched over, or the blocks of some clusters. */
  readonly stale: boolean | ReadonlySet<string>;
  /** Progress of the change from the scene before, 1 when settled: streets and heat fade in, new bars drop. */
  readonly settled: number;
  /** A small still picture: houses as filled marks, nothing written. */
  readonly sketch?: boolean;
  /** Rows of cases that are new in this scene. */
  readonly fresh: ReadonlySet<number>;
  /** More of it is on its way: it is not what the back ends are measured on. */
  readonly growing?: boolean;
  /** The instant shown, in milliseconds: resolved alerts fade with it. */
  readonly at?: number;
}

/** What a frame left out because a view holds at most so many glyphs; nothing unhealthy is ever among it. */
export interface LeftOut {
  readonly houses: number;
  readonly streets: number;
}

export interface Painter {
  readonly name: BackEnd;
  /** Fits the surface to a window of `size` CSS pixels with `ratio` device pixels each. */
  resize(size: Size, ratio: number): void;
  /** Draws one frame and says what it left out. */
  paint(frame: Frame): LeftOut;
  /** What the last frame shows at a point of the surface in CSS pixels; `slack` pixels around count for a house. */
  pick(x: number, y: number, slack: number): Hit;
  /** Waits until the last frame is really drawn: a back end may hand work over and return. */
  finish(): void;
  /** Lets go of every surface. */
  close(): void;
}
