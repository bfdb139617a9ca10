/** The ground: blocks, and heat lying on them under streets and houses. */
import type { Pen } from "./pen";
import { Flag, Health, Severity, box } from "./scene";

/** Fills and lines every block; an unknown or forbidden one is hatched. */
export function drawBlocks(pen: Pen): void {
  const { ink, palette } = pen;
  const { blocks } = pen.drawn.scene;
  for (let b = 0; b < blocks.count; b++) {
    const plan = box(blocks, b);
    if (!pen.sees(plan)) continue;
    const r = pen.rect(plan);
    ink.beginPath();
    ink.roundRect(r.x + 0.5, r.y + 0.5, Math.max(1, r.w - 1), Math.max(1, r.h - 1), 3);
    ink.fillStyle = palette.block;
    ink.fill();
    if (blocks.flags[b]! & (Flag.Forbidden | Flag.Stale)) {
      ink.fillStyle = pen.hatch;
      pen.faded(0.35, () => ink.fill());
    }
    ink.strokeStyle = palette.blockLine;
    ink.lineWidth = 1;
    ink.stroke();
    if (r.w > 40 && r.h > 30) {
      ink.beginPath();
      ink.roundRect(r.x + 3.25, r.y + 3.25, r.w - 6.5, r.h - 6.5, 1.5);
      ink.strokeStyle = palette.engrave;
      ink.lineWidth = 0.7;
      ink.stroke();
    }
  }
}

/** One ellipse a house with firing alerts; strength and size follow their weight. */
export function drawHeat(pen: Pen): void {
  const { ink, palette, s } = pen;
  const { scene, heat } = pen.drawn;
  ink.save();
  ink.globalCompositeOperation = (palette.heatBlend === "normal" ? "source-over" : palette.heatBlend) as GlobalCompositeOperation;
  for (let h = 0; h < scene.houses.count; h++) {
    const weight = heat.weight[h]!;
    if (weight <= 0) continue;
    const r = box(scene.houses, h);
    // Far away the glow keeps a size one can see from across a room.
    const k = Math.max(s, 0.42);
    const rx = (62 + 26 * Math.min(weight, 4)) * k;
    const ry = (40 + 19 * Math.min(weight, 4)) * k;
    const yard = heat.worst[h] === Severity.Critical ? 30 : 20;
    const cx = pen.x(r.x + (r.w + yard) / 2);
    const cy = pen.y(r.y + r.h / 2);
    if (cx + rx < 0 || cy + ry < 0 || cx - rx > pen.size.w || cy - ry > pen.size.h) continue;
    ink.save();
    ink.translate(cx, cy);
    ink.scale(1, ry / rx);
    const glow = ink.createRadialGradient(0, 0, 0, 0, 0, rx);
    glow.addColorStop(0, palette.heat3);
    glow.addColorStop(0.32, palette.heat2);
    glow.addColorStop(0.66, palette.heat1);
    glow.addColorStop(1, palette.heat0);
    ink.globalAlpha = Math.min(0.9, 0.34 + weight * 0.15) * (0.35 + 0.65 * pen.frame.settled) * pen.strength(h);
    ink.fillStyle = glow;
    ink.fillRect(-rx, -rx, 2 * rx, 2 * rx);
    ink.restore();
  }
  ink.restore();
}

/** What the titles say of each block. */
export interface BlockSums {
  readonly firing: Uint32Array;
  /** Pods whose state is known. */
  readonly known: Uint32Array;
  /** The worst verdict among its houses and its own alerts. */
  readonly worst: Uint8Array;
}

/** The name of a block and, right of it, what is in it. Small blocks get their name only. */
export function drawTitles(pen: Pen, { firing, known, worst }: BlockSums): void {
  const { ink, palette } = pen;
  const { blocks } = pen.drawn.scene;
  ink.textBaseline = "alphabetic";
  for (let b = 0; b < blocks.count; b++) {
    const plan = box(blocks, b);
    if (!pen.sees(plan)) continue;
    const r = pen.rect(plan);
    if (r.w < 44 || r.h < 20) continue;
    const big = r.w > 520 && r.h > 260;
    const room = Math.min(26 * pen.s, 30);
    const size = big ? Math.min(15, Math.max(11.5, 12.5 * pen.s)) : Math.min(14, Math.max(10, 11.5 * pen.s));
    const pad = Math.min(12, Math.max(6, 12 * pen.s));
    const base = r.y + Math.max(size + 3, room * 0.5 + size * 0.38 + 1);
    ink.font = pen.font(size, 600, true);
    const advance = ink.measureText("m").width;
    const most = Math.floor((r.w - 2 * pad) / advance);
    const name = blocks.name[b]!;
    ink.textAlign = "left";
    ink.fillStyle = big ? palette.ink : palette.label;
    const shown = name.length > most ? `${name.slice(0, Math.max(1, most - 1))}…` : name;
    ink.fillText(shown, r.x + pad, base);
    const left = r.w - 2 * pad - shown.length * advance - 12;
    const pods = blocks.pods[b]!;
    const fire = firing[b]!;
    const seen = known[b]!;
    const count = `${seen < pods ? `${seen}/` : ""}${pods} pods`;
    ink.font = pen.font(Math.min(12.5, size * 0.92), 400, true);
    const options = fire ? [`${fire} firing, ${count}`, `${fire} firing`] : [count];
    const text = options.find((t) => ink.measureText(t).width <= left);
    if (!text) continue;
    ink.textAlign = "right";
    ink.fillStyle = fire ? (worst[b] === Health.Critical ? palette.critText : palette.warnText) : palette.ink3;
    ink.fillText(text, r.x + r.w - pad, base);
  }
  ink.textAlign = "left";
}
