/**
 * The envelope of a scene: `BSC2`, the length of a JSON header as u32, the length of all as u32, four bytes of nothing, the
 * header, then columns of little-endian numbers, each on a boundary of eight bytes. Several may follow one another.
 */

export type ColumnType = "f32" | "f64" | "u32" | "i32" | "u16" | "u8";

interface ColumnEntry {
  readonly name: string;
  readonly type: ColumnType;
  readonly offset: number;
  readonly count: number;
}

const SIZES: Record<ColumnType, number> = { f32: 4, f64: 8, u32: 4, i32: 4, u16: 2, u8: 1 };

/** What arrived is not a scene; the message says where it stops making sense. */
export class BadScene extends Error {
  readonly code = "bad_scene";
  readonly hint = "The window and the engine differ in version: start the app again.";
}

/** What stands before a header. */
const PRELUDE = 16;

/** Every envelope in `bytes`, in their order. */
export function containers(bytes: ArrayBuffer | Uint8Array): Container[] {
  let rest = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const found: Container[] = [];
  do {
    if (rest.byteLength < PRELUDE) throw new BadScene(`a scene of ${rest.byteLength} bytes is cut off`);
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(8, true);
    if (length < PRELUDE || length > rest.byteLength || length % 8 !== 0) throw new BadScene(`a scene of ${rest.byteLength} bytes says it has ${length}`);
    found.push(new Container(rest.subarray(0, length)));
    rest = rest.subarray(length);
  } while (rest.byteLength > 0);
  return found;
}

export class Container {
  readonly header: Record<string, unknown>;
  private readonly columns = new Map<string, ColumnEntry>();
  private readonly buffer: ArrayBuffer;
  private readonly start: number;

  constructor(bytes: ArrayBuffer | Uint8Array) {
    // Columns are viewed in place, so the first byte must lie on a boundary of eight.
    const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
    this.buffer = view.byteOffset % 8 === 0 && view.buffer instanceof ArrayBuffer ? view.buffer : (view.slice().buffer as ArrayBuffer);
    this.start = this.buffer === view.buffer ? view.byteOffset : 0;
    const length = view.byteLength;
    if (length < PRELUDE) throw new BadScene(`a scene of ${length} bytes is cut off`);
    const data = new DataView(this.buffer, this.start, length);
    const magic = String.fromCharCode(data.getUint8(0), data.getUint8(1), data.getUint8(2), data.getUint8(3));
    if (magic !== "BSC2") throw new BadScene(`a scene begins with BSC2, this one with ${JSON.stringify(magic)}`);
    const header = data.getUint32(4, true);
    if (PRELUDE + header > length) throw new BadScene(`the header of ${header} bytes is cut off`);
    try {
      this.header = JSON.parse(new TextDecoder().decode(new Uint8Array(this.buffer, this.start + PRELUDE, header))) as Record<string, unknown>;
    } catch (error) {
      throw new BadScene(`the header of a scene is not JSON: ${String(error)}`);
    }
    for (const entry of (this.header["columns"] ?? []) as ColumnEntry[]) {
      const size = SIZES[entry.type];
      if (!size) throw new BadScene(`column \`${entry.name}\` has the unknown type \`${entry.type}\``);
      if (!Number.isInteger(entry.offset) || !Number.isInteger(entry.count) || entry.offset % size !== 0) throw new BadScene(`column \`${entry.name}\` does not lie on its boundary`);
      if (entry.offset < 0 || entry.count < 0 || entry.offset + entry.count * size > length) throw new BadScene(`column \`${entry.name}\` reaches beyond the end`);
      this.columns.set(entry.name, entry);
    }
  }

  /** Whether a column came along. */
  has(name: string): boolean {
    return this.columns.has(name);
  }

  /** How many rows a column has; 0 where it is absent. */
  count(name: string): number {
    return this.columns.get(name)?.count ?? 0;
  }

  f32(name: string, count: number): Float32Array {
    return this.read(name, count, (e, at) => (e.type === "f32" ? new Float32Array(this.buffer, at, e.count) : Float32Array.from(this.plain(e, at))), (n) => new Float32Array(n));
  }

  u32(name: string, count: number): Uint32Array {
    return this.read(name, count, (e, at) => (e.type === "u32" ? new Uint32Array(this.buffer, at, e.count) : Uint32Array.from(this.plain(e, at))), (n) => new Uint32Array(n));
  }

  i32(name: string, count: number): Int32Array {
    return this.read(name, count, (e, at) => (e.type === "i32" || e.type === "u32" ? new Int32Array(this.buffer, at, e.count) : Int32Array.from(this.plain(e, at))), (n) => new Int32Array(n));
  }

  u16(name: string, count: number): Uint16Array {
    return this.read(name, count, (e, at) => (e.type === "u16" ? new Uint16Array(this.buffer, at, e.count) : Uint16Array.from(this.plain(e, at))), (n) => new Uint16Array(n));
  }

  u8(name: string, count: number): Uint8Array {
    return this.read(name, count, (e, at) => (e.type === "u8" ? new Uint8Array(this.buffer, at, e.count) : Uint8Array.from(this.plain(e, at))), (n) => new Uint8Array(n));
  }

  private read<T extends { length: number }>(name: string, count: number, make: (e: ColumnEntry, at: number) => T, zeros: (n: number) => T): T {
    const entry = this.columns.get(name);
    // A column an older engine does not know reads as zeros: the picture loses a detail, not the map.
    if (!entry) return zeros(count);
    if (entry.count !== count) throw new BadScene(`column \`${name}\` has ${entry.count} rows instead of ${count}`);
    return make(entry, this.start + entry.offset);
  }

  private plain(e: ColumnEntry, at: number): number[] {
    const data = new DataView(this.buffer);
    const get: Record<ColumnType, (o: number) => number> = {
      f32: (o) => data.getFloat32(o, true),
      f64: (o) => data.getFloat64(o, true),
      u32: (o) => data.getUint32(o, true),
      i32: (o) => data.getInt32(o, true),
      u16: (o) => data.getUint16(o, true),
      u8: (o) => data.getUint8(o),
    };
    return Array.from({ length: e.count }, (_, i) => get[e.type](at + i * SIZES[e.type]));
  }
}
