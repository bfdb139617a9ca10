/** Tables of a scene as they come over: all rows, or stretches of the table before with new rows between them. */
import { BadScene, type Container } from "./container";

/** One column of a table. */
export type Column = Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array | readonly string[];

/** What a column holds: numbers of a type, texts, or rows of another table. */
export type Holds = "f32" | "u32" | "u16" | "u8" | "text" | { readonly rows: string };

export interface Table {
  readonly count: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export const NO_ROWS: Table = { count: 0, columns: new Map() };

/** Where each row of the table before stands now, -1 for those that are gone; null where all stand where they stood. */
export type Moved = Int32Array | null;

/** Three numbers for each stretch: where it begins, how long it is, how many new rows follow it. */
interface Weave {
  readonly runs: Uint32Array;
  readonly rows: number;
  readonly fresh: number;
  /** Every row that is kept stands where it stood, and there are as many as before. */
  readonly inPlace: boolean;
}

function weaveOf(c: Container, table: string, before: number): Weave {
  const name = `${table}.kept`;
  const runs = c.u32(name, c.count(name));
  if (runs.length % 3 !== 0) throw new BadScene(`column \`${name}\` breaks off`);
  let rows = 0;
  let fresh = 0;
  let stand = true;
  for (let i = 0; i < runs.length; i += 3) {
    if (runs[i]! + runs[i + 1]! > before) throw new BadScene(`column \`${name}\` keeps rows of ${before} that are not there`);
    stand &&= runs[i + 1] === 0 || runs[i] === rows;
    rows += runs[i + 1]! + runs[i + 2]!;
    fresh += runs[i + 2]!;
  }
  return { runs, rows, fresh, inPlace: stand && rows === before };
}

/** Calls with each stretch: where it comes from, where it goes, and how long it is; `from` is -1 for new rows. */
function each({ runs }: Weave, kept: (from: number, to: number, many: number) => void, fresh: (from: number, to: number, many: number) => void): void {
  let to = 0;
  let next = 0;
  for (let i = 0; i < runs.length; i += 3) {
    const many = runs[i + 1]!;
    if (many > 0) kept(runs[i]!, to, many);
    to += many;
    const more = runs[i + 2]!;
    if (more > 0) fresh(next, to, more);
    to += more;
    next += more;
  }
}

type Numbers = Exclude<Column, readonly string[]>;

/** The column before with the new rows in their places; the very column where none of them differs, so that what was worked out of it holds on. */
function mended<T extends Numbers | string[]>(weave: Weave, old: T, fresh: T): T {
  let out: T | null = null;
  each(
    weave,
    () => undefined,
    (from, to, many) => {
      for (let k = 0; k < many; k++) {
        if (old[to + k] === fresh[from + k]) continue;
        out ??= old.slice() as T;
        out[to + k] = fresh[from + k]!;
      }
    },
  );
  return out ?? old;
}

/** So many stretches are put together in one call. */
const AT_ONCE = 8192;

function texts(weave: Weave, old: readonly string[], fresh: readonly string[]): readonly string[] {
  if (weave.inPlace) return mended(weave, old as string[], fresh as string[]);
  const stretches: (readonly string[])[] = [];
  const copy = (column: readonly string[]) => (from: number, _to: number, many: number) => void stretches.push(column.slice(from, from + many));
  each(weave, copy(old), copy(fresh));
  let out: string[] = [];
  for (let i = 0; i < stretches.length; i += AT_ONCE) out = out.concat(...stretches.slice(i, i + AT_ONCE));
  return out;
}

function numbers<T extends Numbers>(weave: Weave, old: T, fresh: T): T {
  if (weave.inPlace) return mended(weave, old, fresh);
  const out = new (fresh.constructor as new (n: number) => T)(weave.rows);
  const copy = (column: T) => (from: number, to: number, many: number) => out.set(column.subarray(from, from + many) as never, to);
  each(weave, copy(old), copy(fresh));
  return out;
}

/** The texts of a column, from the one table of all texts. */
function textColumn(c: Container, name: string, count: number): readonly string[] {
  if (!c.has(name)) return Array.from({ length: count }, () => "");
  const strings = c.header["strings"] as readonly string[] | undefined;
  const out: string[] = [];
  for (const i of c.u32(name, count)) {
    const text = strings?.[i];
    if (text === undefined) throw new BadScene(`column \`${name}\` points at string ${i} of ${strings?.length ?? 0}`);
    out.push(text);
  }
  return out;
}

function rowColumn(c: Container, name: string, count: number, of: number): Int32Array {
  const column = c.i32(name, count);
  for (const row of column) if (row < -1 || row >= of) throw new BadScene(`column \`${name}\` points at row ${row} of ${of}`);
  return column;
}

/** Stands for a row that is gone; only rows that are not kept may name it. */
const GONE = -2;

function renumbered(column: Int32Array, moved: Moved): Int32Array {
  if (!moved || column.every((row) => row < 0 || moved[row] === row)) return column;
  return column.map((row) => (row < 0 ? row : moved[row]! < 0 ? GONE : moved[row]!));
}

function sound(name: string, column: Int32Array): Int32Array {
  if (column.includes(GONE)) throw new BadScene(`column \`${name}\` names a row that is gone`);
  return column;
}

/** Where the rows before stand now: those kept, and those that are sent anew in their place. */
function movedBy(c: Container, table: string, weave: Weave, before: number): Moved {
  const moved = new Int32Array(before).fill(-1);
  const was = c.has(`${table}.was`) ? rowColumn(c, `${table}.was`, weave.fresh, before) : new Int32Array(weave.fresh).fill(-1);
  each(
    weave,
    (from, to, many) => {
      for (let k = 0; k < many; k++) moved[from + k] = to + k;
    },
    (from, to, many) => {
      for (let k = 0; k < many; k++) if (was[from + k]! >= 0) moved[was[from + k]!] = to + k;
    },
  );
  return moved.every((to, from) => to === from) ? null : moved;
}

/** Puts the tables of a scene together, each from the one before. */
export class Loom {
  readonly tables = new Map<string, Table>();
  private readonly moves = new Map<string, Moved>();
  private readonly rows: Record<string, number>;

  constructor(
    private readonly c: Container,
    private readonly before: ReadonlyMap<string, Table>,
  ) {
    this.rows = (c.header["rows"] ?? {}) as Record<string, number>;
  }

  /** A table by name; `optional` columns are left out where nobody sent them, `named` says that others name its rows. */
  table(name: string, holds: Readonly<Record<string, Holds>>, { optional = [], named = false }: { optional?: readonly string[]; named?: boolean } = {}): Table {
    const { c } = this;
    const old = this.before.get(name) ?? NO_ROWS;
    const isSame = !c.has(`${name}.kept`);
    const weave: Weave = isSame ? { runs: Uint32Array.of(0, old.count, 0), rows: old.count, fresh: 0, inPlace: true } : weaveOf(c, name, old.count);
    if (weave.rows !== (this.rows[name] ?? 0)) throw new BadScene(`table \`${name}\` has ${weave.rows} rows instead of ${this.rows[name] ?? 0}`);
    this.moves.set(name, named && !isSame ? movedBy(c, name, weave, old.count) : null);
    const columns = new Map<string, Column>();
    let differs = !isSame;
    for (const [column, hold] of Object.entries(holds)) {
      const full = `${name}.${column}`;
      if (optional.includes(column) && !c.has(full) && !old.columns.has(column)) continue;
      const made = this.column(full, hold, weave, old.columns.get(column), isSame);
      differs ||= made !== old.columns.get(column);
      columns.set(column, made);
    }
    const table = differs || old.count === 0 ? { count: weave.rows, columns } : old;
    this.tables.set(name, table);
    return table;
  }

  private column(name: string, hold: Holds, weave: Weave, old: Column | undefined, isSame: boolean): Column {
    const { c } = this;
    if (hold === "text") {
      if (isSame) return old ?? [];
      const fresh = textColumn(c, name, weave.fresh);
      return weave.fresh === weave.rows ? fresh : texts(weave, (old ?? []) as readonly string[], fresh);
    }
    if (typeof hold === "object") {
      const of = this.tables.get(hold.rows)?.count ?? 0;
      const placed = renumbered((old ?? new Int32Array()) as Int32Array, this.moves.get(hold.rows) ?? null);
      if (isSame) return sound(name, placed);
      const fresh = rowColumn(c, name, weave.fresh, of);
      return weave.fresh === weave.rows ? fresh : sound(name, numbers(weave, placed, fresh));
    }
    const fresh: Numbers = hold === "f32" ? c.f32(name, weave.fresh) : hold === "u32" ? c.u32(name, weave.fresh) : hold === "u16" ? c.u16(name, weave.fresh) : c.u8(name, weave.fresh);
    if (isSame) return old ?? fresh;
    return weave.fresh === weave.rows ? fresh : numbers(weave, (old ?? new (fresh.constructor as Uint8ArrayConstructor)(this.before.get(name.split(".")[0]!)?.count ?? 0)) as typeof fresh, fresh);
  }

  /** The points of streets, which each have as many as their column says. */
  points(streets: Table): Table {
    const { c } = this;
    const [old, oldPoints] = [this.before.get("streets") ?? NO_ROWS, this.before.get("points") ?? NO_ROWS];
    if (!c.has("streets.kept")) {
      this.tables.set("points", oldPoints);
      return oldPoints;
    }
    const ends = (counts: Uint32Array) => {
      const at = new Uint32Array(counts.length + 1);
      for (let i = 0; i < counts.length; i++) at[i + 1] = at[i]! + counts[i]!;
      return at;
    };
    const weave = weaveOf(c, "streets", old.count);
    const from = ends((old.columns.get("points") ?? new Uint32Array()) as Uint32Array);
    const to = ends(streets.columns.get("points") as Uint32Array);
    const fresh = ends(c.u32("streets.points", weave.fresh));
    const count = to[streets.count]!;
    const columns = new Map<string, Column>();
    for (const axis of ["x", "y"]) {
      const was = (oldPoints.columns.get(axis) ?? new Float32Array()) as Float32Array;
      const news = c.f32(`points.${axis}`, fresh[weave.fresh]!);
      const out = new Float32Array(count);
      each(
        weave,
        (a, b, many) => out.set(was.subarray(from[a]!, from[a + many]!), to[b]!),
        (a, b, many) => out.set(news.subarray(fresh[a]!, fresh[a + many]!), to[b]!),
      );
      columns.set(axis, out);
    }
    const points = { count, columns };
    this.tables.set("points", points);
    return points;
  }
}
