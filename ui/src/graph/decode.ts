/**
 * Reads the bytes of a scene into its columns.
 *
 * The header names `revision`, `lens`, `bounds` (x, y, w, h), `cell`, `pitch`, `tray`, the `rows` of each table and
 * `strings`, one table of text that columns of names point into. Columns are called `table.column`.
 */
import { BadScene, Container } from "./container";
import type { Lens, Scene } from "./scene";

/** Whether an answer says that nothing changed since the revision already held. */
export function isUnchanged(bytes: ArrayBuffer | Uint8Array): boolean {
  return bytes.byteLength === 0;
}

/** The scene in `bytes`; throws `BadScene` where they are not one. */
export function decodeScene(bytes: ArrayBuffer | Uint8Array): Scene {
  const c = new Container(bytes);
  const h = c.header as {
    revision?: number;
    lens?: string;
    bounds?: [number, number, number, number];
    cell?: number;
    pitch?: number;
    tray?: number;
    rows?: Record<string, number>;
    strings?: string[];
  };
  const strings = h.strings ?? [];
  const rows = (table: string) => h.rows?.[table] ?? 0;
  const text = (column: string, n: number): string[] => {
    const at = c.u32(column, n);
    if (!c.has(column)) return Array.from({ length: n }, () => "");
    return Array.from(at, (i) => {
      const s = strings[i];
      if (s === undefined) throw new BadScene(`column \`${column}\` points at string ${i} of ${strings.length}`);
      return s;
    });
  };
  const row = (column: string, n: number, of: number): Int32Array => {
    const at = c.i32(column, n);
    for (const i of at) if (i < -1 || i >= of) throw new BadScene(`column \`${column}\` points at row ${i} of ${of}`);
    return at;
  };
  const spans = (from: Uint32Array, count: Uint32Array, of: number, what: string): void => {
    for (let i = 0; i < from.length; i++) if (from[i]! + count[i]! > of) throw new BadScene(`${what} ${i} reaches beyond the end`);
  };
  const boxes = (table: string, n: number) => ({ count: n, x: c.f32(`${table}.x`, n), y: c.f32(`${table}.y`, n), w: c.f32(`${table}.w`, n), h: c.f32(`${table}.h`, n) });

  const districts = rows("districts");
  const blocks = rows("blocks");
  const houses = rows("houses");
  const cells = rows("cells");
  const streets = rows("streets");
  const points = rows("points");
  const cases = rows("cases");
  const [x = 0, y = 0, w = 0, height = 0] = h.bounds ?? [];

  const scene: Scene = {
    revision: h.revision ?? 0,
    lens: (h.lens === "nodes" ? "nodes" : "namespaces") satisfies Lens,
    bounds: { x, y, w, h: height },
    cell: h.cell ?? 8,
    pitch: h.pitch ?? 10,
    tray: h.tray ?? 0,
    ...(districts
      ? { districts: { ...boxes("districts", districts), id: text("districts.id", districts), name: text("districts.name", districts), why: text("districts.why", districts), flags: c.u8("districts.flags", districts) } }
      : {}),
    blocks: {
      ...boxes("blocks", blocks),
      id: text("blocks.id", blocks),
      name: text("blocks.name", blocks),
      why: text("blocks.why", blocks),
      health: c.u8("blocks.health", blocks),
      flags: c.u8("blocks.flags", blocks),
      pods: c.u32("blocks.pods", blocks),
      firing: c.u32("blocks.firing", blocks),
    },
    houses: {
      ...boxes("houses", houses),
      id: text("houses.id", houses),
      name: text("houses.name", houses),
      kind: text("houses.kind", houses),
      badge: text("houses.badge", houses),
      block: row("houses.block", houses, blocks),
      health: c.u8("houses.health", houses),
      flags: c.u8("houses.flags", houses),
      cellFrom: c.u32("houses.cell_from", houses),
      cellCount: c.u32("houses.cell_count", houses),
    },
    cells: {
      count: cells,
      x: c.f32("cells.x", cells),
      y: c.f32("cells.y", cells),
      house: row("cells.house", cells, houses),
      health: c.u8("cells.health", cells),
      flags: c.u8("cells.flags", cells),
      id: text("cells.id", cells),
      name: text("cells.name", cells),
      place: text("cells.place", cells),
    },
    streets: {
      count: streets,
      from: row("streets.from", streets, houses),
      to: row("streets.to", streets, houses),
      load: c.u32("streets.load", streets),
      health: c.u8("streets.health", streets),
      flags: c.u8("streets.flags", streets),
      ...(c.has("streets.verdict") ? { verdict: c.u8("streets.verdict", streets) } : {}),
      pointFrom: c.u32("streets.point_from", streets),
      pointCount: c.u32("streets.point_count", streets),
      px: c.f32("points.x", points),
      py: c.f32("points.y", points),
    },
    cases: {
      count: cases,
      alert: text("cases.alert", cases),
      name: text("cases.name", cases),
      severity: c.u8("cases.severity", cases),
      state: c.u8("cases.state", cases),
      told: c.u8("cases.told", cases),
      house: row("cases.house", cases, houses),
      block: row("cases.block", cases, blocks),
    },
  };
  spans(scene.houses.cellFrom, scene.houses.cellCount, cells, "the cells of house");
  spans(scene.streets.pointFrom, scene.streets.pointCount, points, "street");
  return scene;
}
