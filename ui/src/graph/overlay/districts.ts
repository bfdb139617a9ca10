/** The ground of each cluster under its name, where there are several: one that is silent is drawn dashed, with the reason. */
import { box } from "../scene";
import type { Pen } from "./pen";
import { ADVANCE } from "./titles";

/** Units above the blocks of a district that are kept for its name. */
const HEAD = 64;

export function drawDistricts(pen: Pen): void {
  const { ink, palette } = pen;
  const { districts } = pen.drawn.scene;
  if (!districts) return;
  ink.textBaseline = "alphabetic";
  ink.textAlign = "left";
  for (let d = 0; d < districts.count; d++) {
    const r = pen.rect(box(districts, d));
    if (r.x > pen.size.w || r.y > pen.size.h || r.x + r.w < 0 || r.y + r.h < 0) continue;
    const silent = districts.flags[d] !== 0;
    ink.strokeStyle = silent ? palette.ink3 : palette.label;
    ink.lineWidth = 1;
    ink.setLineDash(silent ? [6, 4] : []);
    pen.faded(0.55, () => ink.strokeRect(r.x + 0.5, r.y + 0.5, r.w, r.h));
    ink.setLineDash([]);
    const size = Math.min(22, Math.max(11, HEAD * pen.s * 0.45));
    // It stays in view while any of its district is.
    const x = Math.min(Math.max(r.x, 0) + 8, r.x + r.w - 40);
    const y = Math.max(r.y, 0) + size + 4;
    if (y > r.y + r.h) continue;
    const most = Math.max(3, Math.floor((Math.min(r.x + r.w, pen.size.w) - x - 8) / (size * ADVANCE)));
    const write = (text: string, at: number, height: number, weight: number, colour: string) => {
      const room = Math.floor((most * size) / height);
      const shown = text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text;
      ink.font = pen.font(height, weight, true);
      ink.fillStyle = palette.halo;
      pen.faded(0.86, () => ink.fillRect(x - 3, at - height, shown.length * height * ADVANCE + 6, height + 4));
      ink.fillStyle = colour;
      ink.fillText(shown, x, at);
    };
    write(districts.name[d]!, y, size, 600, palette.ink);
    const why = districts.why[d]!;
    if (why && r.h > 2.6 * size + 12) write(why, y + size * 0.75 + 4, Math.max(10, size * 0.6), 400, silent ? palette.warnText : palette.ink3);
  }
}
