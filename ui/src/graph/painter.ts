/** What a back end of the plan has to do. One exists (Canvas 2D with a framebuffer for the mosaic); WebGL2 may follow. */
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
  /** Old picture: everything is hatched over. */
  readonly stale: boolean;
  /** Progress of the change from the scene before, 1 when settled: streets and heat fade in, new bars drop. */
  readonly settled: number;
  /** A small still picture: houses as filled marks, nothing written. */
  readonly sketch?: boolean;
  /** Rows of cases that are new in this scene. */
  readonly fresh: ReadonlySet<number>;
}

export interface Painter {
  /** Fits the surface to a window of `size` CSS pixels with `ratio` device pixels each. */
  resize(size: Size, ratio: number): void;
  /** Draws one frame. */
  paint(frame: Frame): void;
  /** Lets go of every surface. */
  close(): void;
}
