/** Windows: one small picture for each state at the size of the moment, drawn as often as there are pods. */
import { coloursOf, type Colours, type Palette } from "../palette";
import { Health } from "../scene";
import { hatchCover, hatchStep, hatchWidth, shapeDistance, type Surface } from "./surface";

/** One picture: a colour and how much of it, 0 to 256, for each pixel. */
interface Stamp {
  readonly colours: Uint32Array;
  readonly parts: Uint16Array;
}

export class Windows {
  private palette: Palette | null = null;
  private edge = 0;
  private ratio = 1;
  private stamps: Stamp[] = [];

  /** Makes the pictures for an edge of so many device pixels, unless they are there. */
  fit(palette: Palette, edge: number, ratio: number): void {
    if (this.palette === palette && this.edge === edge && this.ratio === ratio) return;
    [this.palette, this.edge, this.ratio] = [palette, edge, ratio];
    const colours = coloursOf(palette);
    this.stamps = Array.from({ length: 14 }, (_, i) => stampOf(colours, i % 7, i >= 7, edge, ratio));
  }

  /** Draws a window with its left upper corner at whole pixels; `a` from 0 to 256. */
  draw(surface: Surface, health: number, contained: boolean, x0: number, y0: number, a: number): void {
    const stamp = this.stamps[Math.min(6, health) + (contained ? 7 : 0)]!;
    const { edge } = this;
    const left = Math.max(0, -x0);
    const right = Math.min(edge, surface.width - x0);
    const low = Math.min(edge, surface.height - y0);
    for (let y = Math.max(0, -y0); y < low; y++) {
      const row = (y0 + y) * surface.width + x0;
      for (let x = left; x < right; x++) {
        const part = stamp.parts[y * edge + x]!;
        if (part > 0) surface.blend(row + x, stamp.colours[y * edge + x]!, a === 256 ? part : (part * a) >> 8);
      }
    }
  }
}

/** Collects layers into one picture: a colour over another is mixed by how much of each there is. */
class Sheet {
  readonly colours: Uint32Array;
  readonly parts: Float32Array;

  constructor(readonly edge: number) {
    this.colours = new Uint32Array(edge * edge);
    this.parts = new Float32Array(edge * edge);
  }

  /** Lays a colour where `cover` says how much of the pixel with its middle at x, y it takes. */
  lay(colour: number, cover: (x: number, y: number) => number): void {
    const strength = (colour >>> 24) / 255;
    for (let y = 0; y < this.edge; y++) {
      for (let x = 0; x < this.edge; x++) {
        const part = Math.min(1, Math.max(0, cover(x + 0.5, y + 0.5))) * strength;
        if (part <= 0) continue;
        const i = y * this.edge + x;
        const under = this.parts[i]! * (1 - part);
        const all = under + part;
        const blend = (shift: number) => Math.round((((this.colours[i]! >>> shift) & 255) * under + ((colour >>> shift) & 255) * part) / all) << shift;
        this.colours[i] = 0xff000000 | blend(16) | blend(8) | blend(0);
        this.parts[i] = all;
      }
    }
  }

  done(): Stamp {
    return { colours: this.colours, parts: Uint16Array.from(this.parts, (p) => Math.round(p * 256)) };
  }
}

/** How much of a pixel lies inside, by the signed distance of its middle from the edge. */
const inside = (distance: number) => Math.min(1, Math.max(0, 0.5 - distance));

/** The window of a state, `c` device pixels wide. The same shapes stand in the shader of the other back end. */
export function stampOf(colours: Colours, health: number, contained: boolean, c: number, ratio: number): Stamp {
  const sheet = new Sheet(c);
  const k = c / 8;
  const square = (x: number, y: number) => Math.max(Math.abs(x - c / 2), Math.abs(y - c / 2)) - c / 2;
  const frame = (width: number) => (x: number, y: number) => inside(square(x, y)) - inside(square(x, y) + width);
  const half = 0.65 * k;
  const cross = (x: number, y: number) => {
    const across = (x + y - c) * Math.SQRT1_2;
    const down = (x - y) * Math.SQRT1_2;
    const reach = 2 * k * Math.SQRT2;
    return Math.max(inside(Math.max(Math.abs(down) - half, Math.abs(across) - reach)), inside(Math.max(Math.abs(across) - half, Math.abs(down) - reach)));
  };
  const corners = [0, c, 0, 0.15 * c, 0.85 * c, c];
  const lower = (x: number, y: number) => inside(shapeDistance(corners, x, y));
  const hatch = (x: number, y: number) => hatchCover(x - 0.5, y - 0.5, hatchStep(ratio), hatchWidth(ratio));
  if (contained) {
    const wall = (x: number, y: number) => Math.max(square(x, y), (x - c - y + 3 * k) * Math.SQRT1_2);
    const room = (x: number, y: number) => inside(wall(x, y));
    // What it holds says its state as elsewhere; what does not run is hollow, what starts has a dot.
    sheet.lay(health === Health.Well ? colours.well : health === Health.Critical ? colours.crit : colours.containedWash, room);
    if (health === Health.Critical) sheet.lay(colours.critInk, cross);
    else if (health === Health.Warning) sheet.lay(colours.warn, lower);
    else if (health === Health.Starting) sheet.lay(colours.wellText, (x, y) => inside(Math.max(Math.abs(x - c / 2), Math.abs(y - c / 2)) - k));
    else if (health === Health.Unknown || health === Health.None) sheet.lay(colours.unknown, (x, y) => Math.min(room(x, y), hatch(x, y)));
    sheet.lay(colours.contained, (x, y) => inside(wall(x, y)) - inside(wall(x, y) + 1.6 * ratio));
    return sheet.done();
  }
  switch (health) {
    case Health.Critical: {
      sheet.lay(colours.crit, () => 1);
      sheet.lay(colours.critInk, cross);
      break;
    }
    case Health.Warning: {
      sheet.lay(colours.warn, frame(1.2 * ratio));
      sheet.lay(colours.warn, lower);
      break;
    }
    case Health.Starting: {
      const whole = frame(1.2 * ratio);
      const period = 3.4 * k;
      sheet.lay(colours.wellText, (x, y) => {
        const along = Math.abs(x - c / 2) > Math.abs(y - c / 2) ? y : x;
        return along % period < 2 * k ? whole(x, y) : 0;
      });
      break;
    }
    case Health.Resting:
      sheet.lay(colours.rest, frame(ratio));
      break;
    case Health.Well:
      sheet.lay(colours.well, () => 1);
      break;
    default:
      sheet.lay(colours.unknown, hatch);
      sheet.lay(colours.unknown, frame(ratio));
  }
  return sheet.done();
}
