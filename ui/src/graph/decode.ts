/**
 * Reads the bytes of a scene into its columns.
 *
 * What comes is all of a scene, or the steps that lead to it from one that is held, one after the other. The header names its
 * `mark` and that of the scene it leads from (`base`), `revision`, `drawn` where it is from a recording, `lens`, `bounds` (x, y, w, h), `cell`, `pitch`, `tray`, the
 * `rows` of each table and `strings`, one table of text that columns of names point into. Columns are called `table.column`.
 * Houses lie as seen from the corner of their block, cells from that of their house.
 */
import { BadScene, Container, containers } from "./container";
import { EMPTY, type Boxes, type Lens, type Scene } from "./scene";
import { type Holds, Loom, type Table } from "./weave";

const BOX = { x: "f32", y: "f32", w: "f32", h: "f32" } as const satisfies Record<string, Holds>;
const DISTRICTS = { ...BOX, id: "text", name: "text", why: "text", flags: "u8" } as const;
const BLOCKS = { ...BOX, id: "text", name: "text", why: "text", health: "u8", flags: "u8", pods: "u32", firing: "u32", houses: "u32" } as const;
const HOUSES = { ...BOX, id: "text", name: "text", kind: "text", badge: "text", health: "u8", flags: "u8", cells: "u32" } as const;
const CELLS = { x: "u16", y: "u16", health: "u8", flags: "u8", name: "text", place: "text", namespace: "text" } as const;
const STREETS = { from: { rows: "houses" }, to: { rows: "houses" }, load: "u32", health: "u8", flags: "u8", verdict: "u8", points: "u32" } as const;
const CASES = { alert: "text", name: "text", severity: "u8", state: "u8", told: "u8", ended: "u32", house: { rows: "houses" }, block: { rows: "blocks" } } as const;

/** The tables each scene was put together from: steps lead from them. */
const tables = new WeakMap<Scene, ReadonlyMap<string, Table>>();

/** The scene in `bytes`, which may lead there from the one `held`; throws `BadScene` where they do not. */
export function decodeScene(bytes: ArrayBuffer | Uint8Array, held: Scene | null = null): Scene {
  let scene = held;
  for (const container of containers(bytes)) scene = next(container, scene);
  if (!scene) throw new BadScene("a scene of no bytes is cut off");
  return scene;
}

/** What was worked out of columns before, where they are the same ones still. */
class Again {
  constructor(
    private readonly from: Scene | null,
    private readonly before: ReadonlyMap<string, Table>,
    private readonly now: ReadonlyMap<string, Table>,
  ) {}

  /** `old` of the scene before where each of these columns, called `table.column`, is that of before; else what `make` makes. */
  of<T>(old: (scene: Scene) => T, columns: readonly string[], make: () => T): T {
    const isSame = (name: string) => {
      const [table = "", column = ""] = name.split(".");
      return this.before.get(table)?.columns.get(column) === this.now.get(table)?.columns.get(column);
    };
    return this.from && columns.every(isSame) ? old(this.from) : make();
  }
}

/** A column of a table by its name; as it is held, so that its type is what was asked for. */
function of<T>(table: Table, column: string): T {
  return table.columns.get(column) as T;
}

function boxes(table: Table): Boxes {
  return { count: table.count, x: of(table, "x"), y: of(table, "y"), w: of(table, "w"), h: of(table, "h") };
}

/** Where each stretch begins, of rows that belong to as many as `counts` says; all of them are `total`. */
function starts(counts: Uint32Array, total: number, what: string): Uint32Array {
  const from = new Uint32Array(counts.length);
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    from[i] = at;
    at += counts[i]!;
  }
  if (at !== total) throw new BadScene(`${what} are ${total} and are said to be ${at}`);
  return from;
}

/** The row each belongs to. */
function owners(from: Uint32Array, counts: Uint32Array, total: number): Int32Array {
  const owner = new Int32Array(total);
  for (let i = 0; i < from.length; i++) owner.fill(i, from[i]!, from[i]! + counts[i]!);
  return owner;
}

/** Places that are told from those of what they belong to, as places on the plan. */
function placed(own: Float32Array | Uint16Array, owner: Int32Array, corners: Float32Array): Float32Array {
  const out = new Float32Array(own.length);
  for (let i = 0; i < own.length; i++) out[i] = own[i]! + corners[owner[i]!]!;
  return out;
}

function next(c: Container, held: Scene | null): Scene {
  const h = c.header as { mark?: string; base?: string | null; revision?: number; drawn?: string; lens?: string; bounds?: [number, number, number, number]; cell?: number; pitch?: number; tray?: number };
  const base = h.base ?? null;
  if (base !== null && base !== held?.mark) throw new BadScene(`the step leads from the scene ${base}, not from ${held?.mark ?? "nothing"}`);
  const from = base === null ? null : held;
  const before = (from && tables.get(from)) ?? new Map<string, Table>();
  if (from && before.size === 0) throw new BadScene("the step leads from a scene that was not read");
  const loom = new Loom(c, before);
  const districts = loom.table("districts", DISTRICTS);
  const blocks = loom.table("blocks", BLOCKS, { named: true });
  const houses = loom.table("houses", HOUSES, { named: true });
  const cells = loom.table("cells", CELLS, { optional: ["namespace"] });
  const streets = loom.table("streets", STREETS, { optional: ["verdict"] });
  const points = loom.points(streets);
  const cases = loom.table("cases", CASES);
  const isSame = (...names: string[]) => from !== null && names.every((name) => loom.tables.get(name) === before.get(name));
  const [x = 0, y = 0, w = 0, height = 0] = h.bounds ?? [];

  const again = new Again(from, before, loom.tables);
  const standing = isSame("blocks", "houses") ? from!.houses : housesOf(blocks, houses, cells.count, again);
  const scene: Scene = {
    mark: h.mark ?? "",
    revision: h.revision ?? 0,
    ...(h.drawn ? { drawn: h.drawn } : {}),
    lens: (h.lens === "nodes" ? "nodes" : "namespaces") satisfies Lens,
    bounds: { x, y, w, h: height },
    cell: h.cell ?? 8,
    pitch: h.pitch ?? 10,
    tray: h.tray ?? 0,
    ...(districts.count ? { districts: { ...boxes(districts), id: of(districts, "id"), name: of(districts, "name"), why: of(districts, "why"), flags: of(districts, "flags") } } : {}),
    blocks: isSame("blocks")
      ? from!.blocks
      : { ...boxes(blocks), id: of(blocks, "id"), name: of(blocks, "name"), why: of(blocks, "why"), health: of(blocks, "health"), flags: of(blocks, "flags"), pods: of(blocks, "pods"), firing: of(blocks, "firing") },
    houses: standing,
    cells: isSame("blocks", "houses", "cells") ? from!.cells : cellsOf(cells, standing, again),
    streets: isSame("streets", "points") ? from!.streets : streetsOf(streets, points),
    cases: isSame("cases")
      ? from!.cases
      : { count: cases.count, alert: of(cases, "alert"), name: of(cases, "name"), severity: of(cases, "severity"), state: of(cases, "state"), told: of(cases, "told"), ended: of(cases, "ended"), house: of(cases, "house"), block: of(cases, "block") },
  };
  tables.set(scene, loom.tables);
  return scene;
}

function housesOf(blocks: Table, houses: Table, cells: number, again: Again): Scene["houses"] {
  const counts = of<Uint32Array>(blocks, "houses");
  const from = starts(counts, houses.count, "houses");
  const block = again.of((scene) => scene.houses.block, ["blocks.houses"], () => owners(from, counts, houses.count));
  const cellCount = of<Uint32Array>(houses, "cells");
  const cellFrom = starts(cellCount, cells, "cells");
  return {
    ...boxes(houses),
    x: again.of((scene) => scene.houses.x, ["blocks.houses", "blocks.x", "houses.x"], () => placed(of(houses, "x"), block, of(blocks, "x"))),
    y: again.of((scene) => scene.houses.y, ["blocks.houses", "blocks.y", "houses.y"], () => placed(of(houses, "y"), block, of(blocks, "y"))),
    id: of(houses, "id"),
    name: of(houses, "name"),
    kind: of(houses, "kind"),
    badge: of(houses, "badge"),
    block,
    health: of(houses, "health"),
    flags: of(houses, "flags"),
    cellFrom: again.of((scene) => scene.houses.cellFrom, ["houses.cells"], () => cellFrom),
    cellCount,
  };
}

function cellsOf(cells: Table, houses: Scene["houses"], again: Again): Scene["cells"] {
  const house = again.of((scene) => scene.cells.house, ["houses.cells"], () => owners(houses.cellFrom, houses.cellCount, cells.count));
  const namespace = cells.columns.get("namespace") as readonly string[] | undefined;
  const standing = ["blocks.houses", "houses.cells"];
  return {
    count: cells.count,
    x: again.of((scene) => scene.cells.x, [...standing, "blocks.x", "houses.x", "cells.x"], () => placed(of(cells, "x"), house, houses.x)),
    y: again.of((scene) => scene.cells.y, [...standing, "blocks.y", "houses.y", "cells.y"], () => placed(of(cells, "y"), house, houses.y)),
    house,
    health: of(cells, "health"),
    flags: of(cells, "flags"),
    name: of(cells, "name"),
    place: of(cells, "place"),
    ...(namespace ? { namespace } : {}),
  };
}

function streetsOf(streets: Table, points: Table): Scene["streets"] {
  const verdict = streets.columns.get("verdict") as Uint8Array | undefined;
  const pointCount = of<Uint32Array>(streets, "points");
  return {
    count: streets.count,
    from: of(streets, "from"),
    to: of(streets, "to"),
    load: of(streets, "load"),
    health: of(streets, "health"),
    flags: of(streets, "flags"),
    ...(verdict ? { verdict } : {}),
    pointFrom: starts(pointCount, points.count, "points"),
    pointCount,
    px: of<Float32Array | undefined>(points, "x") ?? EMPTY.streets.px,
    py: of<Float32Array | undefined>(points, "y") ?? EMPTY.streets.py,
  };
}
