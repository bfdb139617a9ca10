/**
 * The scene as the screen holds it: columns of numbers, one row a block, house, cell, street or case.
 *
 * Rows name one another by index; -1 means none. A scene is never changed in place: a new moment is a new scene.
 */

/** How an object is, from quiet to worst, so that `Math.max` rolls up. */
export const Health = { None: 0, Resting: 1, Well: 2, Starting: 3, Unknown: 4, Warning: 5, Critical: 6 } as const;
export type Health = (typeof Health)[keyof typeof Health];
/** The words of the wire, at the index of their number. */
export const HEALTH_WORDS = ["none", "resting", "well", "starting", "unknown", "warning", "critical"] as const;

/** How grave an alert says it is. */
export const Severity = { None: 0, Info: 1, Warning: 2, Critical: 3 } as const;
export const SEVERITY_WORDS = ["none", "info", "warning", "critical"] as const;

/** How an alert stands. */
export const CaseState = { Firing: 0, Pending: 1, Silenced: 2, Inhibited: 3, Resolved: 4 } as const;
export const STATE_WORDS = ["firing", "pending", "silenced", "inhibited", "resolved"] as const;

/** Whether anybody was told. */
export const Told = { Somebody: 0, Nobody: 1, Unknown: 2 } as const;

/** What the network policies are predicted to do on a street; none where a street was not judged. */
export const Verdict = { None: 0, Allowed: 1, Blocked: 2, Unprotected: 3, Unknown: 4 } as const;

/** Bits beside a state. `Observed` is told of streets, which are never hubs. */
export const Flag = { Contained: 1, Stale: 2, Forbidden: 4, Gone: 8, Hub: 16, Observed: 16, External: 32, Dangling: 64, Declared: 128 } as const;

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Rectangles as four columns. */
export interface Boxes {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly w: Float32Array;
  readonly h: Float32Array;
}

export interface Blocks extends Boxes {
  readonly id: readonly string[];
  readonly name: readonly string[];
  readonly health: Uint8Array;
  readonly flags: Uint8Array;
  readonly pods: Uint32Array;
  readonly firing: Uint32Array;
  /** The reason where the block itself is unknown or forbidden. */
  readonly why: readonly string[];
}

export interface Houses extends Boxes {
  readonly id: readonly string[];
  readonly name: readonly string[];
  readonly kind: readonly string[];
  readonly block: Int32Array;
  readonly health: Uint8Array;
  readonly flags: Uint8Array;
  readonly cellFrom: Uint32Array;
  readonly cellCount: Uint32Array;
  /** Badge text beside the name (a hub's count of callers), empty for none. */
  readonly badge: readonly string[];
}

export interface Cells {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly house: Int32Array;
  readonly health: Uint8Array;
  readonly flags: Uint8Array;
  readonly name: readonly string[];
  /** The node it runs on in the lens of namespaces; its house in the lens of nodes. */
  readonly place: readonly string[];
  /** Absent where each is in the namespace of its house. */
  readonly namespace?: readonly string[];
}

export interface Streets {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** How many dependencies share the street. */
  readonly load: Uint32Array;
  readonly health: Uint8Array;
  readonly flags: Uint8Array;
  /** What the network policies are predicted to do; absent where nobody asked. */
  readonly verdict?: Uint8Array;
  readonly pointFrom: Uint32Array;
  readonly pointCount: Uint32Array;
  readonly px: Float32Array;
  readonly py: Float32Array;
}

export interface Cases {
  readonly count: number;
  readonly alert: readonly string[];
  readonly name: readonly string[];
  readonly severity: Uint8Array;
  readonly state: Uint8Array;
  readonly told: Uint8Array;
  /** When it was resolved, in seconds since 1970; 0 where it was not within the last minute. */
  readonly ended: Uint32Array;
  /** The house it stands at, or -1. */
  readonly house: Int32Array;
  /** The block it stands at where it has no house, or -1 (the cluster as a whole). */
  readonly block: Int32Array;
}

/** The ground of each cluster, where there are several; what is wrong with one stands in `why`. */
export interface Districts extends Boxes {
  /** The cluster's id. */
  readonly id: readonly string[];
  readonly name: readonly string[];
  readonly why: readonly string[];
  readonly flags: Uint8Array;
}

/** The row of the cluster a block is of; -1 where there is one cluster only. */
export function districtOf({ blocks, districts }: Scene, block: number): number {
  return districts ? districts.id.indexOf(blocks.id[block]!.split("/")[0]!) : -1;
}

/** What a block is called, with its cluster where there are several: the same name may stand in each. */
export function placeOf(scene: Scene, block: number): string {
  const name = scene.blocks.name[block] ?? "";
  const at = districtOf(scene, block);
  return at < 0 ? name : `${name}, ${scene.districts!.name[at]}`;
}

/** What each cluster is called, by its id; empty where there is one only. */
export function clusterNames(scene: Scene): ReadonlyMap<string, string> {
  const { districts } = scene;
  return new Map(districts?.id.map((id, i) => [id, districts.name[i]!]) ?? []);
}

export interface Scene {
  /** Names a live scene: steps lead from it. Empty for any other. */
  readonly mark: string;
  readonly revision: number;
  /** When it was drawn, where that was for a recording and not for the moment that was asked for; absent for any other. */
  readonly drawn?: string;
  readonly lens: Lens;
  readonly bounds: Rect;
  /** Edge of a cell and distance between two, in units of the plan. */
  readonly cell: number;
  readonly pitch: number;
  /** Absent where there is one cluster only. */
  readonly districts?: Districts;
  readonly blocks: Blocks;
  readonly houses: Houses;
  readonly cells: Cells;
  readonly streets: Streets;
  readonly cases: Cases;
  /** Alerts without an address. */
  readonly tray: number;
}

export type Lens = "namespaces" | "nodes";

const no = { count: 0, x: new Float32Array(), y: new Float32Array(), w: new Float32Array(), h: new Float32Array() };
const u8 = new Uint8Array();
const u32 = new Uint32Array();
const i32 = new Int32Array();
const f32 = new Float32Array();

/** A scene without a block: what is drawn before anything answered. */
export const EMPTY: Scene = {
  mark: "",
  revision: 0,
  lens: "namespaces",
  bounds: { x: 0, y: 0, w: 0, h: 0 },
  cell: 8,
  pitch: 10,
  blocks: { ...no, id: [], name: [], health: u8, flags: u8, pods: u32, firing: u32, why: [] },
  houses: { ...no, id: [], name: [], kind: [], block: i32, health: u8, flags: u8, cellFrom: u32, cellCount: u32, badge: [] },
  cells: { count: 0, x: f32, y: f32, house: i32, health: u8, flags: u8, name: [], place: [] },
  streets: { count: 0, from: i32, to: i32, load: u32, health: u8, flags: u8, pointFrom: u32, pointCount: u32, px: f32, py: f32 },
  cases: { count: 0, alert: [], name: [], severity: u8, state: u8, told: u8, ended: u32, house: i32, block: i32 },
  tray: 0,
};

/** The id of the pod of a cell: it is of the cluster of its house, `cluster/group/kind/namespace/name`. */
export function podId({ houses, cells }: Scene, cell: number): string {
  const [cluster = "", , , namespace = ""] = (houses.id[cells.house[cell]!] ?? "").split("/");
  return `${cluster}//Pod/${cells.namespace?.[cell] ?? namespace}/${cells.name[cell]}`;
}

/** The cell of a pod; -1 where the scene has none. */
export function cellOfPod(scene: Scene, id: string): number {
  const [, , kind, , name] = id.split("/");
  if (kind !== "Pod" || name === undefined) return -1;
  const { name: names } = scene.cells;
  for (let cell = names.indexOf(name); cell >= 0; cell = names.indexOf(name, cell + 1)) if (podId(scene, cell) === id) return cell;
  return -1;
}

/** Row `i` of `boxes` as one rectangle. */
export function box(boxes: Boxes, i: number): Rect {
  return { x: boxes.x[i] ?? 0, y: boxes.y[i] ?? 0, w: boxes.w[i] ?? 0, h: boxes.h[i] ?? 0 };
}

/** Whether two rectangles share a point. */
export function meet(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** What the alerts of one house add up to. */
export interface Heat {
  /** Critical counts 2, warning 1; only firing alerts. */
  readonly weight: Float32Array;
  /** Worst severity that fires. */
  readonly worst: Uint8Array;
  /** How many fire. */
  readonly firing: Uint32Array;
  /** Cases of each house, gravest first: `order[from[h] .. from[h + 1]]`. */
  readonly from: Uint32Array;
  readonly order: Uint32Array;
}

/** Adds the cases up per house and sorts each house's pile, gravest and firing first. */
export function heatOf(scene: Scene): Heat {
  const n = scene.houses.count;
  const { cases } = scene;
  const weight = new Float32Array(n);
  const worst = new Uint8Array(n);
  const firing = new Uint32Array(n);
  const from = new Uint32Array(n + 1);
  for (let c = 0; c < cases.count; c++) {
    const h = cases.house[c]!;
    if (h >= 0) from[h + 1]!++;
  }
  for (let h = 0; h < n; h++) from[h + 1]! += from[h]!;
  const next = from.slice();
  const order = new Uint32Array(from[n] ?? 0);
  const sorted = Array.from({ length: cases.count }, (_, i) => i).sort(
    (a, b) => cases.severity[b]! - cases.severity[a]! || cases.state[a]! - cases.state[b]! || a - b,
  );
  for (const c of sorted) {
    const h = cases.house[c]!;
    if (h < 0) continue;
    order[next[h]!++] = c;
    if (cases.state[c] !== CaseState.Firing) continue;
    const severity = cases.severity[c]!;
    if (severity < Severity.Warning) continue;
    weight[h]! += severity === Severity.Critical ? 2 : 1;
    worst[h] = Math.max(worst[h]!, severity);
    firing[h]!++;
  }
  return { weight, worst, firing, from, order };
}

/** How a house is drawn: its own health and what fires at it, whichever is worse. */
export function verdict(scene: Scene, heat: Heat, house: number): Health {
  const own = scene.houses.health[house] ?? Health.None;
  const severity = heat.worst[house] ?? 0;
  const alerts = severity === Severity.Critical ? Health.Critical : severity === Severity.Warning ? Health.Warning : Health.None;
  return Math.max(own, alerts) as Health;
}

/** Houses in trouble, the hottest first: by weight of what fires, then by health, then by row. */
export function hottest(scene: Scene, heat: Heat): number[] {
  const rows: number[] = [];
  for (let h = 0; h < scene.houses.count; h++) {
    if (heat.weight[h]! > 0 || scene.houses.health[h]! >= Health.Warning) rows.push(h);
  }
  const score = (h: number) => heat.weight[h]! * 10 + scene.houses.health[h]!;
  return rows.sort((a, b) => score(b) - score(a) || a - b);
}
