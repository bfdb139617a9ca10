/**
 * What one frame shows, as lists both back ends draw from: boxes, streets, glows, and how large a cell is.
 *
 * The lists are the picture's meaning; a back end only fills pixels. At most `MOST_GLYPHS` things are drawn one by one,
 * besides the mosaic: what does not fit is quiet, and counted. Whatever is in trouble stays in every view.
 */
import { wallOf, coloursOf, type Colours } from "../palette";
import type { Drawn, Frame, LeftOut } from "../painter";
import { Flag, Health, verdict, type Boxes } from "../scene";
import type { Size } from "../viewport";
import { glowsOf } from "./glows";
import { Lines } from "./lines";
import { PILES_FLOOR, SHAPED, STREETS_FLOOR, WALLS_FLOOR } from "./floors";
import { Rects, Style } from "./rects";
import { plotStreets, streetsSeen, type SeenStreets } from "./streets";

/** Most things drawn one by one in a view, labels among them, besides the mosaic of cells. */
export const MOST_GLYPHS = 2000;
/** Most labels of a view. */
export const MOST_LABELS = 200;
/** What is picked at a pixel: the kind in the top four bits, the row below. */
export const Pick = { House: 1 << 28, Cell: 2 << 28, Row: (1 << 28) - 1 } as const;

/** One frame's lists. They are used again by the next frame. */
export class Plot {
  readonly rects = new Rects();
  readonly lines = new Lines();
  /** Boxes before this one lie on the ground, under heat and streets. */
  ground = 0;
  /** Boxes from this one on lie over everything. */
  veil = 0;
  glows: Float32Array = new Float32Array();
  glowCount = 0;
  /** Rows of blocks, houses with walls and streets in view, for what is written on them. */
  blocks: number[] = [];
  houses: number[] = [];
  streets: number[] = [];
  /** Rows of houses that may be named: those with walls, and where none are drawn those in trouble. */
  named: readonly number[] = [];
  /** Device pixels of a cell's edge, and whether it is large enough for its shape. */
  edge = 1;
  shaped = false;
  /** Whether cells are drawn at all. */
  celled = true;
  glyphs = 0;
  left: LeftOut = { houses: 0, streets: 0 };
}

/** The hand that fills a plot: the transform and the colours of one frame. */
export class Draft {
  readonly drawn: Drawn;
  readonly colours: Colours;
  /** CSS pixels and device pixels per unit of the plan. */
  readonly s: number;
  readonly k: number;
  private readonly vx: number;
  private readonly vy: number;

  constructor(
    readonly frame: Frame,
    readonly size: Size,
    readonly ratio: number,
  ) {
    this.drawn = frame.drawn;
    this.colours = coloursOf(frame.palette);
    this.s = frame.view.scale;
    this.k = this.s * ratio;
    this.vx = frame.view.x;
    this.vy = frame.view.y;
  }

  x(x: number): number {
    return (x - this.vx) * this.k;
  }

  y(y: number): number {
    return (y - this.vy) * this.k;
  }

  /** Whether row `i` is on screen, with `margin` CSS pixels around it. */
  sees(boxes: Boxes, i: number, margin: number): boolean {
    const m = margin / this.s;
    const x = boxes.x[i]! - this.vx;
    const y = boxes.y[i]! - this.vy;
    return x < this.size.w / this.s + m && y < this.size.h / this.s + m && x + boxes.w[i]! > -m && y + boxes.h[i]! > -m;
  }

  /** How strongly a house is drawn while only some are asked for. */
  strength(house: number): number {
    const { keep } = this.frame;
    return !keep || house < 0 || keep[house] ? 1 : 0.22;
  }
}

/** Fills `plot` with what `frame` shows on a surface of `size` CSS pixels. */
export function plotFrame(plot: Plot, frame: Frame, size: Size, ratio: number): void {
  const draft = new Draft(frame, size, ratio);
  const { scene, heat } = frame.drawn;
  const { houses, blocks } = scene;
  plot.rects.clear();
  plot.lines.clear();
  plot.edge = Math.max(1, Math.round(scene.cell * draft.k));
  plot.shaped = scene.cell * draft.s >= SHAPED;
  plot.celled = !frame.sketch;

  plot.blocks = [];
  for (let b = 0; b < blocks.count; b++) if (draft.sees(blocks, b, 0)) plot.blocks.push(b);
  const troubled: number[] = [];
  const quiet: number[] = [];
  for (let h = 0; h < houses.count; h++) {
    if (!draft.sees(houses, h, 60)) continue;
    if (verdict(scene, heat, h) >= Health.Warning) troubled.push(h);
    else quiet.push(h);
  }
  const far = draft.s < WALLS_FLOOR && !frame.sketch;
  const seen: SeenStreets = draft.s >= STREETS_FLOOR ? streetsSeen(draft) : { hot: [], near: [], quiet: [] };

  // Who gets one of the few: blocks, trouble, the path of failure, what is pointed at, and then the quiet ones.
  let room = MOST_GLYPHS - MOST_LABELS;
  const bare = plot.blocks.length > room / 2;
  if (!bare) room -= plot.blocks.length;
  const piled = draft.s >= PILES_FLOOR ? troubled.length : 0;
  const marked = Math.min(troubled.length, Math.max(0, room - piled));
  room -= marked + Math.min(piled, marked);
  const { hot } = seen;
  room -= hot.length;
  const near = seen.near.slice(0, Math.max(0, room));
  room -= near.length;
  const walled = !far && quiet.length <= room ? quiet : [];
  room -= walled.length;
  const streets = seen.quiet.slice(0, Math.max(0, room));
  room -= streets.length;
  plot.glyphs = MOST_GLYPHS - MOST_LABELS - room;
  plot.left = { houses: far ? 0 : quiet.length - walled.length, streets: seen.quiet.length - streets.length };

  plotBlocks(draft, plot, bare);
  plot.ground = plot.rects.count;
  plot.streets = [];
  if (frame.settled >= 0.5) {
    const thin = Math.max(0.7, Math.min(1.8, 1.3 * draft.s));
    plotStreets(draft, plot.lines, streets, draft.colours.street, thin, 6, 3.4);
    plotStreets(draft, plot.lines, near, draft.colours.ink3, thin * 1.15, 6, 3.4);
    plotStreets(draft, plot.lines, hot, draft.colours.crit, Math.max(1.4, Math.min(3.4, 2.4 * draft.s)), 8, 4.5);
    plot.streets = [...hot, ...near, ...streets];
  }
  // The gravest are drawn last, and have a mark of their own first where there are more than may have one.
  troubled.sort((a, b) => verdict(scene, heat, a) - verdict(scene, heat, b) || heat.weight[a]! - heat.weight[b]! || a - b);
  const poor = troubled.length - marked;
  plot.houses = far ? [] : [...walled, ...troubled.slice(poor)].sort((a, b) => a - b);
  if (frame.sketch) for (const h of [...quiet, ...troubled]) sketchHouse(draft, plot.rects, h);
  else {
    for (let i = 0; i < poor; i++) markHouse(draft, plot.rects, troubled[i]!);
    if (!far) for (const h of plot.houses) plotHouse(draft, plot.rects, h);
  }
  const beacons = far ? troubled.slice(poor) : [];
  // Where walls stand cells stand in them; a beacon goes around the cells and never over one.
  for (const h of beacons) plotBeacon(draft, plot.rects, h);
  plot.named = far ? beacons : plot.houses;
  plot.veil = plot.rects.count;
  if (frame.stale) {
    const { stale } = frame;
    const old = plot.blocks.filter((b) => stale === true || (stale && stale.has(blocks.id[b]!.split("/")[0]!)));
    for (const b of old) {
      const { unknown } = draft.colours;
      plot.rects.push(Math.round(draft.x(blocks.x[b]!)), Math.round(draft.y(blocks.y[b]!)), Math.round(draft.x(blocks.x[b]! + blocks.w[b]!)), Math.round(draft.y(blocks.y[b]! + blocks.h[b]!)), { fill: unknown, style: Style.Hatch, strength: 0.3 });
    }
  }
  glowsOf(draft, plot);
}

/** Blocks as ground; `bare` ones have no line. */
function plotBlocks(draft: Draft, plot: Plot, bare: boolean): void {
  const { blocks } = draft.drawn.scene;
  const { colours, ratio } = draft;
  for (const b of plot.blocks) {
    const x0 = Math.round(draft.x(blocks.x[b]!));
    const y0 = Math.round(draft.y(blocks.y[b]!));
    const x1 = Math.max(x0 + 1, Math.round(draft.x(blocks.x[b]! + blocks.w[b]!)));
    const y1 = Math.max(y0 + 1, Math.round(draft.y(blocks.y[b]! + blocks.h[b]!)));
    const radius = 3 * ratio;
    plot.rects.push(x0, y0, x1, y1, { fill: colours.block, line: bare ? 0 : colours.blockLine, width: ratio, radius, style: Style.Lit });
    if (blocks.flags[b]! & (Flag.Forbidden | Flag.Stale)) plot.rects.push(x0, y0, x1, y1, { fill: colours.unknown, radius, style: Style.Lit | Style.Hatch, strength: 0.35 });
    if (colours.engrave >>> 24 === 0 || x1 - x0 <= 40 * ratio || y1 - y0 <= 30 * ratio) continue;
    const inset = Math.round(3 * ratio);
    plot.rects.push(x0 + inset, y0 + inset, x1 - inset, y1 - inset, { fill: 0, line: colours.engrave, width: 0.7 * ratio, radius: 1.5 * ratio, style: Style.Lit });
  }
}

/** Walls, as the state of the house wants them. */
function plotHouse(draft: Draft, rects: Rects, h: number): void {
  const { colours, ratio, s } = draft;
  const { scene, heat } = draft.drawn;
  const { houses } = scene;
  const x0 = Math.round(draft.x(houses.x[h]!));
  const y0 = Math.round(draft.y(houses.y[h]!));
  const x1 = Math.max(x0 + 1, Math.round(draft.x(houses.x[h]! + houses.w[h]!)));
  const y1 = Math.max(y0 + 1, Math.round(draft.y(houses.y[h]! + houses.h[h]!)));
  const own = verdict(scene, heat, h);
  const flags = houses.flags[h]!;
  const strength = draft.strength(h);
  const id = Pick.House | h;
  if (flags & Flag.Contained) {
    const cut = Math.min(10 * draft.k, (y1 - y0) / 2);
    rects.push(x0, y0, x1, y1, { fill: colours.house, line: colours.contained, width: 2 * ratio, cut, strength, id });
  } else {
    const line = flags & Flag.Dangling ? colours.critText : wallOf(colours, own);
    // What is elsewhere has long dashes, what is not there short ones.
    const dash = flags & Flag.Dangling ? 2.5 * ratio : flags & Flag.External ? 7 * ratio : 0;
    rects.push(x0, y0, x1, y1, { fill: colours.house, line, width: (own >= Health.Warning ? 1.5 : 1) * ratio, radius: 2 * ratio, dash, strength, id });
  }
  if (own === Health.Unknown || flags & (Flag.Forbidden | Flag.Stale)) {
    const top = y0 + Math.round(Math.min((y1 - y0) / ratio - 4, 17.5 * s) * ratio);
    rects.push(x0, Math.max(y0, top), x1, y1, { fill: colours.unknown, line: colours.unknown, width: ratio, style: Style.Hatch, strength, id });
  }
  // The wall at the left is solid where it fails, and its lower half where it is degraded, as in a window.
  const wall = x0 + Math.round(Math.max(2, 4 * Math.min(s, 1.5)) * ratio);
  if (own === Health.Critical) rects.push(x0, y0, wall, y1, { fill: colours.crit, strength, id });
  else if (own === Health.Warning) rects.push(x0, Math.round((y0 + y1) / 2), wall, y1, { fill: colours.warn, strength, id });
}

/** Where walls are too small to be drawn: an outline for each house in trouble, large enough to be seen. */
function plotBeacon(draft: Draft, rects: Rects, h: number): void {
  const { colours, ratio } = draft;
  const { scene, heat } = draft.drawn;
  const { houses } = scene;
  const critical = verdict(scene, heat, h) === Health.Critical;
  const x0 = Math.round(draft.x(houses.x[h]!));
  const y0 = Math.round(draft.y(houses.y[h]!));
  const x1 = Math.max(x0 + Math.round(5 * ratio), Math.round(draft.x(houses.x[h]! + houses.w[h]!)));
  const y1 = Math.max(y0 + Math.round(4 * ratio), Math.round(draft.y(houses.y[h]! + houses.h[h]!)));
  const out = Math.round(ratio);
  const strength = draft.strength(h);
  rects.push(x0 - out, y0 - out, x1 + out, y1 + out, { fill: 0, line: critical ? colours.crit : colours.warn, width: 1.5 * ratio, strength });
  if (critical) rects.push(x0 - 2 * out, y0 - out, x0 - 2 * out + Math.round(2.5 * ratio), y1 + out, { fill: colours.crit, strength });
}

/** One more house in trouble than may have a glyph: a grain of the mosaic, in its colour. */
function markHouse(draft: Draft, rects: Rects, h: number): void {
  const { houses } = draft.drawn.scene;
  const grain = Math.round(2 * draft.ratio);
  const x0 = Math.round(draft.x(houses.x[h]!));
  const y0 = Math.round(draft.y(houses.y[h]!));
  rects.push(x0, y0, x0 + grain, y0 + grain, { fill: wallOf(draft.colours, verdict(draft.drawn.scene, draft.drawn.heat, h)), strength: draft.strength(h) });
}

/** A house of a picture too small for names and windows: a quiet mark, in trouble in its colour. */
function sketchHouse(draft: Draft, rects: Rects, h: number): void {
  const { colours, ratio } = draft;
  const { scene, heat } = draft.drawn;
  const { houses } = scene;
  const own = verdict(scene, heat, h);
  const known = own !== Health.Unknown;
  const x0 = Math.round(draft.x(houses.x[h]!));
  const y0 = Math.round(draft.y(houses.y[h]!));
  const x1 = Math.max(x0 + Math.round(3 * ratio), Math.round(draft.x(houses.x[h]! + houses.w[h]!)));
  const y1 = Math.max(y0 + Math.round(3 * ratio), Math.round(draft.y(houses.y[h]! + houses.h[h]!)));
  const id = Pick.House | h;
  if (own >= Health.Warning) rects.push(x0, y0, x1, y1, { fill: wallOf(colours, own), id });
  else if (known) rects.push(x0, y0, x1, y1, { fill: colours.houseLine, id });
  else rects.push(x0, y0, x1, y1, { fill: colours.unknown, line: colours.unknown, width: ratio, style: Style.Hatch, id });
  if (h !== draft.frame.selected) return;
  const out = Math.round(4 * ratio);
  rects.push(x0 - out, y0 - out, x1 + out, y1 + out, { fill: 0, line: colours.accent, width: 2 * ratio });
}
