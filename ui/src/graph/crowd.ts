/** A whole city for tests and measurements, as large as one cluster may be; the same seed gives the same city. Not part of the product. */
import { CaseState, Health, type Scene, Severity, Told } from "./scene";

/** How much of everything. */
export interface CrowdSize {
  readonly blocks: number;
  readonly houses: number;
  readonly cells: number;
  /** Cells that are not well. */
  readonly unhealthy: number;
  readonly cases: number;
  readonly streets: number;
}

/** As large as one cluster may be: 150,000 pods in 400 namespaces, 2,000 of them unhealthy, 500 alerts. */
export const LARGEST: CrowdSize = { blocks: 400, houses: 10_000, cells: 150_000, unhealthy: 2_000, cases: 500, streets: 12_000 };

const CELL = 8;
const PITCH = 10;

/** Draws a city: houses in rows within blocks, blocks on shelves, streets to the next rows. */
export function crowd(size: CrowdSize, seed = 1854): Scene {
  let state = seed >>> 0;
  const below = (n: number) => {
    // Marsaglia's xorshift of 32 bits.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
  // A few houses hold many pods, most hold a handful.
  const shares = Array.from({ length: size.houses }, () => (below(20) === 0 ? 40 + below(160) : 1 + below(12)));
  const sum = shares.reduce((a, b) => a + b, 0);
  const pods = shares.map((s) => Math.max(1, Math.floor((s * size.cells) / sum)));
  for (let rest = size.cells - pods.reduce((a, b) => a + b, 0), h = 0; rest > 0; rest--, h = (h + 7) % size.houses) pods[h]!++;

  const n = size.houses;
  const f = () => new Float32Array(n);
  const houses = { x: f(), y: f(), w: f(), h: f(), block: new Int32Array(n), cellFrom: new Uint32Array(n), cellCount: Uint32Array.from(pods) };
  const cells = { x: new Float32Array(size.cells), y: new Float32Array(size.cells), house: new Int32Array(size.cells) };
  const blocks = { x: new Float32Array(size.blocks), y: new Float32Array(size.blocks), w: new Float32Array(size.blocks), h: new Float32Array(size.blocks), pods: new Uint32Array(size.blocks) };
  const most = Math.sqrt((size.cells * 420) / 0.8) * 1.7;
  let [left, top, shelf, next, cell] = [0, 0, 0, 0, 0];
  for (let b = 0; b < size.blocks; b++) {
    const until = Math.round(((b + 1) * n) / size.blocks);
    const area = pods.slice(next, until).reduce((a, p) => a + Math.max(90 * 46, p * 130), 0);
    const width = Math.max(220, Math.sqrt(area * 1.6));
    if (left + width > most) [left, top, shelf] = [0, top + shelf + 20, 0];
    let [x, y, row, right] = [12, 32, 0, 0];
    for (; next < until; next++) {
      const across = Math.max(6, Math.ceil(Math.sqrt(pods[next]! * 2.5)));
      const w = across * PITCH + PITCH;
      const h = 26 + Math.ceil(pods[next]! / across) * PITCH;
      if (x + w > width && x > 12) [x, y, row] = [12, y + row + 14, 0];
      houses.x[next] = left + x;
      houses.y[next] = top + y;
      houses.w[next] = w;
      houses.h[next] = h;
      houses.block[next] = b;
      houses.cellFrom[next] = cell;
      for (let p = 0; p < pods[next]!; p++, cell++) {
        cells.x[cell] = left + x + 7 + (p % across) * PITCH;
        cells.y[cell] = top + y + 20 + Math.floor(p / across) * PITCH;
        cells.house[cell] = next;
      }
      blocks.pods[b]! += pods[next]!;
      x += w + 34;
      right = Math.max(right, x);
      row = Math.max(row, h);
    }
    blocks.x[b] = left;
    blocks.y[b] = top;
    blocks.w[b] = Math.ceil(right - 22);
    blocks.h[b] = y + row + 12;
    left += blocks.w[b]! + 20;
    shelf = Math.max(shelf, blocks.h[b]!);
  }
  const bounds = { x: 0, y: 0, w: Math.max(...blocks.x.map((x, b) => x + blocks.w[b]!)), h: top + shelf };

  const health = new Uint8Array(size.cells).fill(Health.Well);
  const houseHealth = new Uint8Array(n).fill(Health.Well);
  const sick = [Health.Critical, Health.Warning, Health.Starting, Health.Unknown, Health.Resting];
  for (let i = 0; i < size.unhealthy; i++) {
    const c = below(size.cells);
    health[c] = sick[below(sick.length)]!;
    const h = cells.house[c]!;
    if (health[c]! >= Health.Warning) houseHealth[h] = Math.max(houseHealth[h]!, health[c]!);
  }
  const from: number[] = [];
  const to: number[] = [];
  const points: number[] = [];
  for (let i = 0; i < size.streets; i++) {
    const a = below(n);
    const b = Math.min(n - 1, a + 1 + below(6));
    if (houses.block[a] !== houses.block[b] || a === b) continue;
    const x0 = houses.x[a]! + houses.w[a]!;
    const y0 = houses.y[a]! + houses.h[a]! - 10;
    const x1 = houses.x[b]!;
    const y1 = houses.y[b]! + houses.h[b]! - 10;
    const gutter = houses.y[b]! - 7;
    from.push(a);
    to.push(b);
    points.push(x0, y0, x0 + 10, y0, x0 + 10, gutter, x1 - 12, gutter, x1 - 12, y1, x1, y1);
  }
  const streets = from.length;
  const none = new Float32Array();
  return {
    mark: "",
    revision: 1,
    lens: "namespaces",
    bounds,
    cell: CELL,
    pitch: PITCH,
    tray: 0,
    blocks: { count: size.blocks, ...blocks, id: blocks.x.length ? names(size.blocks, "ns") : [], name: names(size.blocks, "ns"), why: names(size.blocks, ""), health: new Uint8Array(size.blocks).fill(Health.Well), flags: new Uint8Array(size.blocks), firing: new Uint32Array(size.blocks) },
    houses: { count: n, ...houses, id: names(n, "house"), name: names(n, "house"), kind: names(n, "").map(() => "Deployment"), health: houseHealth, flags: new Uint8Array(n), badge: names(n, "").map(() => "") },
    cells: { count: size.cells, ...cells, health, flags: new Uint8Array(size.cells), name: names(size.cells, "pod"), place: names(size.cells, "node") },
    streets: {
      count: streets,
      from: Int32Array.from(from),
      to: Int32Array.from(to),
      load: new Uint32Array(streets).fill(1),
      health: new Uint8Array(streets),
      flags: new Uint8Array(streets),
      pointFrom: Uint32Array.from({ length: streets }, (_, i) => 6 * i),
      pointCount: new Uint32Array(streets).fill(6),
      px: streets ? Float32Array.from({ length: 6 * streets }, (_, i) => points[2 * i]!) : none,
      py: streets ? Float32Array.from({ length: 6 * streets }, (_, i) => points[2 * i + 1]!) : none,
    },
    cases: {
      count: size.cases,
      alert: names(size.cases, "alert"),
      name: names(size.cases, "Alert"),
      severity: Uint8Array.from({ length: size.cases }, () => (below(3) === 0 ? Severity.Critical : Severity.Warning)),
      state: new Uint8Array(size.cases).fill(CaseState.Firing),
      told: new Uint8Array(size.cases).fill(Told.Somebody),
      house: Int32Array.from({ length: size.cases }, () => below(n)),
      block: new Int32Array(size.cases).fill(-1),
    },
  };
}

function names(count: number, stem: string): string[] {
  return Array.from({ length: count }, (_, i) => (stem ? `${stem}-${i}` : ""));
}
