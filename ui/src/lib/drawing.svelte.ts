/**
 * Which back end draws the plan: the person's choice, what was measured, and what is in use now.
 *
 * It belongs to this machine and its web view, so it is kept in the page and not by the desk.
 */
export const BACK_ENDS = ["raster", "gl2"] as const;
export type BackEnd = (typeof BACK_ENDS)[number];
export type DrawingChoice = "auto" | BackEnd;

/** Frame times measured once, in milliseconds. */
export interface Measured {
  readonly name: BackEnd;
  readonly raster: number;
  /** Null where the web view has no WebGL2. */
  readonly gl2: number | null;
  /** What was drawn: cells of the scene and pixels of the surface. */
  readonly cells: number;
  readonly pixels: number;
}

export interface InUse {
  readonly name: BackEnd;
  /** Why it is not what was chosen; empty where it is. */
  readonly trouble: string;
}

const KEY = "broadstreet-drawing";

class Drawing {
  choice: DrawingChoice = $state("auto");
  measured: Measured | null = $state.raw(null);
  used: InUse | null = $state.raw(null);

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as { choice?: unknown; measured?: unknown };
      if (kept.choice === "raster" || kept.choice === "gl2") this.choice = kept.choice;
      if (isMeasured(kept.measured)) this.measured = kept.measured;
    } catch {
      // Storage may be refused, or hold something else: it is measured anew.
    }
  }

  choose(choice: DrawingChoice): void {
    this.choice = choice;
    this.keep();
  }

  /** Keeps what was measured. */
  remember(measured: Measured): void {
    this.measured = measured;
    this.keep();
  }

  private keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ choice: this.choice, measured: this.measured }));
    } catch {
      // As above.
    }
  }
}

function isMeasured(value: unknown): value is Measured {
  if (typeof value !== "object" || value === null) return false;
  const m = value as Partial<Measured>;
  return (m.name === "raster" || m.name === "gl2") && [m.raster, m.cells, m.pixels].every((n) => typeof n === "number" && Number.isFinite(n)) && (m.gl2 === null || typeof m.gl2 === "number");
}

/** Whether a measurement says anything about a scene and a surface of that size. */
export function holdsFor(measured: Measured, cells: number, pixels: number): boolean {
  return cells <= 4 * Math.max(500, measured.cells) && pixels <= 2 * measured.pixels;
}

export const drawing = new Drawing();

const NAMES: Record<BackEnd, string> = { raster: "the CPU", gl2: "WebGL2" };

/** What draws, why, and what was measured, in words. */
export function drawingWords({ choice, measured, used }: Pick<Drawing, "choice" | "measured" | "used">): string {
  const times = measured ? `Measured: ${measured.raster.toFixed(1)} ms a frame on the CPU, ${measured.gl2 === null ? "no WebGL2 here" : `${measured.gl2.toFixed(1)} ms with WebGL2`}.` : "Measured as soon as the map is drawn.";
  if (used?.trouble) return `${used.trouble} The map is drawn by ${NAMES[used.name]}${choice === "gl2" ? " until the window is opened again" : ""}.`;
  return choice === "auto" ? `${used ? `Now ${NAMES[used.name]}. ` : ""}${times}` : times;
}
