/** Scenes for tests: a small town written as words, and crowds of any size. Not part of the product. */
import { CaseState, Flag, Health, type Scene, Severity, Told } from "./scene";

export interface HouseWords {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** One letter a pod: w well, c critical, a warning, u unknown, p starting, r resting. */
  readonly pods: string;
  readonly block?: number;
  readonly health?: Health;
}

const LETTERS: Record<string, Health> = { w: Health.Well, c: Health.Critical, a: Health.Warning, u: Health.Unknown, p: Health.Starting, r: Health.Resting };

/** A scene of the houses given, with streets as pairs of rows and firing critical or warning alerts as pairs of row and severity. */
export function town(houses: readonly HouseWords[], streets: readonly (readonly [number, number])[] = [], cases: readonly (readonly [number, number])[] = []): Scene {
  const w = 100;
  const h = 40;
  const cx: number[] = [];
  const cy: number[] = [];
  const owner: number[] = [];
  const health: number[] = [];
  const from: number[] = [];
  houses.forEach((house, i) => {
    from.push(cx.length);
    [...house.pods].forEach((letter, k) => {
      cx.push(house.x + 7 + (k % 9) * 10);
      cy.push(house.y + 20 + Math.floor(k / 9) * 10);
      owner.push(i);
      health.push(LETTERS[letter] ?? Health.None);
    });
  });
  const right = Math.max(0, ...houses.map((o) => o.x + w)) + 12;
  const low = Math.max(0, ...houses.map((o) => o.y + h)) + 12;
  const blocks = 1 + Math.max(0, ...houses.map((o) => o.block ?? 0));
  const points = streets.flatMap(([a, b]) => [
    [houses[a]!.x + w, houses[a]!.y + 20],
    [houses[b]!.x, houses[b]!.y + 20],
  ]);
  return {
    mark: "",
    revision: 1,
    lens: "namespaces",
    bounds: { x: 0, y: 0, w: right, h: low },
    cell: 8,
    pitch: 10,
    tray: 0,
    blocks: {
      count: blocks,
      id: Array.from({ length: blocks }, (_, i) => `ns-${i}`),
      name: Array.from({ length: blocks }, (_, i) => `ns-${i}`),
      x: Float32Array.from({ length: blocks }, (_, i) => (i * right) / blocks),
      y: new Float32Array(blocks),
      w: new Float32Array(blocks).fill(right / blocks),
      h: new Float32Array(blocks).fill(low),
      health: new Uint8Array(blocks).fill(Health.Well),
      flags: new Uint8Array(blocks),
      pods: new Uint32Array(blocks),
      firing: new Uint32Array(blocks),
      why: Array.from({ length: blocks }, () => ""),
    },
    houses: {
      count: houses.length,
      id: houses.map((o) => `c/apps/Deployment/ns/${o.name}`),
      name: houses.map((o) => o.name),
      kind: houses.map(() => "Deployment"),
      x: Float32Array.from(houses, (o) => o.x),
      y: Float32Array.from(houses, (o) => o.y),
      w: new Float32Array(houses.length).fill(w),
      h: new Float32Array(houses.length).fill(h),
      block: Int32Array.from(houses, (o) => o.block ?? 0),
      health: Uint8Array.from(houses, (o) => o.health ?? Health.Well),
      flags: new Uint8Array(houses.length),
      cellFrom: Uint32Array.from(from),
      cellCount: Uint32Array.from(houses, (o) => o.pods.length),
      badge: houses.map(() => ""),
    },
    cells: {
      count: cx.length,
      x: Float32Array.from(cx),
      y: Float32Array.from(cy),
      house: Int32Array.from(owner),
      health: Uint8Array.from(health),
      flags: new Uint8Array(cx.length),
      name: cx.map((_, i) => `pod-${i}`),
      place: cx.map(() => "node-1"),
    },
    streets: {
      count: streets.length,
      from: Int32Array.from(streets, (s) => s[0]),
      to: Int32Array.from(streets, (s) => s[1]),
      load: new Uint32Array(streets.length).fill(1),
      health: new Uint8Array(streets.length),
      flags: new Uint8Array(streets.length),
      pointFrom: Uint32Array.from(streets, (_, i) => i * 2),
      pointCount: new Uint32Array(streets.length).fill(2),
      px: Float32Array.from(points, (p) => p[0]!),
      py: Float32Array.from(points, (p) => p[1]!),
    },
    cases: {
      count: cases.length,
      alert: cases.map((_, i) => `alert-${i}`),
      name: cases.map((_, i) => `Alert${i}`),
      severity: Uint8Array.from(cases, (c) => c[1]),
      state: new Uint8Array(cases.length).fill(CaseState.Firing),
      told: new Uint8Array(cases.length).fill(Told.Somebody),
      ended: new Uint32Array(cases.length),
      house: Int32Array.from(cases, (c) => c[0]),
      block: new Int32Array(cases.length).fill(-1),
    },
  };
}

/** The path of the sample incident: frontend, checkout, cart, redis, and a quiet neighbour. */
export function boutique(): Scene {
  return town(
    [
      { name: "frontend", x: 20, y: 100, pods: "wwa" },
      { name: "checkout", x: 180, y: 100, pods: "wcw" },
      { name: "cart", x: 340, y: 100, pods: "waaw" },
      { name: "redis-cart", x: 500, y: 100, pods: "c" },
      { name: "payment", x: 340, y: 180, pods: "waw" },
      { name: "ad", x: 180, y: 20, pods: "ww" },
    ],
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [1, 4],
      [0, 5],
    ],
    [
      [0, Severity.Critical],
      [1, Severity.Critical],
      [1, Severity.Warning],
      [2, Severity.Warning],
      [3, Severity.Critical],
      [4, Severity.Warning],
    ],
  );
}

/** One house for each thing a house or a window can say. */
export function states(): Scene {
  const base = town(
    [
      { name: "well", x: 20, y: 40, pods: "wwwwwwwwwwww" },
      { name: "warning", x: 170, y: 40, pods: "waaw", health: Health.Warning },
      { name: "critical", x: 320, y: 40, pods: "wcca", health: Health.Critical },
      { name: "unknown", x: 20, y: 110, pods: "uuu", health: Health.Unknown },
      { name: "mixed", x: 170, y: 110, pods: "uprwcan" },
      { name: "contained", x: 320, y: 110, pods: "wcup" },
      { name: "dangling", x: 20, y: 180, pods: "" },
      { name: "external", x: 170, y: 180, pods: "" },
      { name: "forbidden", x: 320, y: 180, pods: "ww" },
    ],
    [
      [0, 1],
      [1, 2],
      [3, 4],
    ],
    [
      [1, Severity.Warning],
      [2, Severity.Critical],
      [2, Severity.Critical],
    ],
  );
  const flags = base.houses.flags.slice();
  flags[5] = Flag.Contained;
  flags[6] = Flag.Dangling;
  flags[7] = Flag.External;
  flags[8] = Flag.Forbidden;
  const cells = base.cells.flags.map((_, i) => (base.cells.house[i] === 5 ? Flag.Contained : 0));
  return { ...base, houses: { ...base.houses, flags }, cells: { ...base.cells, flags: cells } };
}

/** The same scene with a house that is drawn as a hub. */
export function withHub(bytes: Uint8Array, row: number): Uint8Array {
  const out = new Uint8Array(bytes);
  const length = new DataView(out.buffer).getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(out.subarray(16, 16 + length))) as { columns: { name: string; offset: number }[] };
  out[header.columns.find(({ name }) => name === "houses.flags")!.offset + row]! |= Flag.Hub;
  return out;
}

/** The same scene as one drawn for a recording. */
export function drawnAt(bytes: Uint8Array, at: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, 16 + length))) as { columns: { offset: number }[] };
  const columns = 16 + length;
  const spelled = (moved: number) => new TextEncoder().encode(JSON.stringify({ ...header, drawn: at, columns: header.columns.map((column) => ({ ...column, offset: column.offset + moved })) }));
  // Room for longer offsets, in eights.
  const room = Math.ceil((spelled(0).byteLength + 64 - length) / 8) * 8;
  const text = spelled(room);
  const out = new Uint8Array(bytes.byteLength + room).fill(32, 16, columns + room);
  out.set(bytes.subarray(0, 16));
  out.set(text, 16);
  out.set(bytes.subarray(columns), columns + room);
  const written = new DataView(out.buffer);
  written.setUint32(4, length + room, true);
  written.setUint32(8, view.getUint32(8, true) + room, true);
  return out;
}
