import { describe, expect, it } from "vitest";
import { BadScene, Container } from "./container";

/** Packs columns as the engine does: magic, length, header, columns on boundaries of four bytes. */
function pack(columns: { name: string; type: string; bytes: Uint8Array; count: number }[], extra: Record<string, unknown> = {}): Uint8Array {
  // Offsets depend on the header's length, which depends on the offsets' digits: settle it by padding.
  const room = 600;
  let offset = 16 + room;
  const entries = columns.map((c) => {
    const entry = { name: c.name, type: c.type, offset, count: c.count };
    offset += Math.ceil(c.bytes.byteLength / 4) * 4;
    return entry;
  });
  const header = JSON.stringify({ ...extra, columns: entries }).padEnd(room, " ");
  const out = new Uint8Array(offset);
  out.set(new TextEncoder().encode("BSC2"));
  new DataView(out.buffer).setUint32(4, room, true);
  new DataView(out.buffer).setUint32(8, offset, true);
  out.set(new TextEncoder().encode(header), 16);
  columns.forEach((c, i) => out.set(c.bytes, entries[i]!.offset));
  return out;
}
const floats = Float32Array.from([1.5, -2, 3]);
const good = () =>
  pack(
    [
      { name: "x", type: "f32", bytes: new Uint8Array(floats.buffer), count: 3 },
      { name: "h", type: "u8", bytes: Uint8Array.from([1, 2, 3]), count: 3 },
      { name: "r", type: "i32", bytes: new Uint8Array(Int32Array.from([-1, 7, 9]).buffer), count: 3 },
    ],
    { revision: 12 },
  );

describe("the envelope of a scene", () => {
  it("reads its columns", () => {
    const c = new Container(good());
    expect(c.header["revision"]).toBe(12);
    expect([...c.f32("x", 3)]).toEqual([1.5, -2, 3]);
    expect([...c.u8("h", 3)]).toEqual([1, 2, 3]);
    expect([...c.i32("r", 3)]).toEqual([-1, 7, 9]);
    expect([...c.u32("h", 3)]).toEqual([1, 2, 3]);
    expect([...c.f32("h", 3)]).toEqual([1, 2, 3]);
  });

  it("reads them where the bytes lie askew in a larger buffer", () => {
    const bytes = good();
    const askew = new Uint8Array(bytes.byteLength + 3);
    askew.set(bytes, 3);
    expect([...new Container(askew.subarray(3)).f32("x", 3)]).toEqual([1.5, -2, 3]);
  });

  it("reads a column it does not have as zeros", () => {
    expect([...new Container(good()).u8("later", 2)]).toEqual([0, 0]);
  });

  it.each([
    ["nothing", new Uint8Array(3)],
    ["another magic", Uint8Array.from([0x42, 0x53, 0x43, 0x31, ...new Uint8Array(12)])],
    ["a header cut off", good().subarray(0, 100)],
    ["a column cut off", good().subarray(0, good().byteLength - 4)],
    ["a type unknown", pack([{ name: "x", type: "q9", bytes: new Uint8Array(4), count: 1 }])],
  ])("refuses %s", (_, bytes) => expect(() => new Container(bytes)).toThrow(BadScene));

  it("refuses a column of another length than its table", () => {
    expect(() => new Container(good()).u8("h", 4)).toThrow(/3 rows instead of 4/);
  });

  it("never throws anything but BadScene on any damage", () => {
    const bytes = good();
    for (let i = 0; i < bytes.byteLength; i++) {
      const hurt = bytes.slice();
      hurt[i]! ^= 0x55;
      try {
        const c = new Container(hurt);
        for (const name of ["x", "h", "r"]) if (c.has(name)) c.f32(name, c.count(name));
      } catch (error) {
        expect(error).toBeInstanceOf(BadScene);
      }
    }
  });
});
