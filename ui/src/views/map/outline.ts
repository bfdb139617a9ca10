/**
 * The map as a tree: the cluster, its blocks, their houses, and at each house its alerts, its streets and its pods. Of several
 * clusters each is a branch, also one of which nothing is known.
 *
 * A branch is worked out when it is opened, as columns of numbers: a cluster of 150,000 pods is 400 rows until somebody looks.
 */
import { describeBlock, describeCase, describeCell, describeDistrict, describeHouse, describePlan, describeWay } from "../../graph/describe";
import type { Drawn } from "../../graph/painter";
import { sumsOf } from "../../graph/overlay/titles";
import { districtOf, Health, placeOf, podId } from "../../graph/scene";
import { idAt, type Spot, spotOf, type Way, waysAt } from "../../graph/spots";

export type RowKind = "cluster" | "district" | "block" | "house" | "case" | "calls" | "called" | "cell";
const KINDS: readonly RowKind[] = ["cluster", "district", "block", "house", "case", "calls", "called", "cell"];

/** A row of the tree. `row` is the row of the scene's table, of a street that of the house at its other end. */
export interface Row {
  readonly index: number;
  readonly kind: RowKind;
  readonly row: number;
  /** The house it is about: itself, or the one it stands under; -1 for none. */
  readonly house: number;
  readonly level: number;
  readonly position: number;
  readonly size: number;
  /** Whether it is open; null where nothing is below it. */
  readonly open: boolean | null;
  /** Names it in every scene that holds it. */
  readonly key: string;
}

/** The key of all of it. */
export const ROOT = "cluster";
const names = new Intl.Collator("en", { numeric: true });

export class Outline {
  private kinds: number[] = [];
  private rows: number[] = [];
  private owners: number[] = [];
  private levels: number[] = [];
  private positions: number[] = [];
  private sizes: number[] = [];
  /** The blocks shown of each of several clusters. */
  private readonly within = new Map<number, number[]>();

  constructor(
    readonly drawn: Drawn,
    /** Houses that are meant; null for all. */
    private readonly keep: Uint8Array | null,
    private readonly opened: ReadonlySet<string>,
    private readonly title: string,
    /** All trouble is meant, also what stands at no house. */
    allTrouble = false,
  ) {
    const { districts, blocks, houses, cases } = drawn.scene;
    this.push("cluster", 0, -1, 1, 1, 1);
    if (!this.isOpen("cluster", 0, -1)) return;
    const inside = this.housesOfBlocks();
    const { worst } = sumsOf(drawn);
    const isMeant = (b: number) => !keep || inside[b]!.length > 0 || (allTrouble && worst[b]! >= Health.Warning);
    const shown = sorted(Array.from({ length: blocks.count }, (_, b) => b).filter(isMeant), blocks.name);
    const strays = keep && !allTrouble ? [] : Array.from({ length: cases.count }, (_, c) => c).filter((c) => cases.house[c]! < 0);
    const own = strays.filter((c) => cases.block[c]! < 0);
    const loose = sorted(Array.from({ length: houses.count }, (_, h) => h).filter((h) => houses.block[h]! < 0 && (!keep || keep[h])), houses.name);
    const block = (b: number, level: number, position: number, size: number): void => {
      this.push("block", b, -1, level, position, size);
      if (!this.isOpen("block", b, -1)) return;
      const alerts = strays.filter((c) => cases.block[c] === b);
      const within = sorted(inside[b]!, houses.name);
      let k = 0;
      for (const c of alerts) this.push("case", c, -1, level + 1, ++k, alerts.length + within.length);
      for (const h of within) this.house(h, level + 1, ++k, alerts.length + within.length);
    };
    const parts = districts ? sorted(Array.from({ length: districts.count }, (_, d) => d), districts.name) : [];
    for (const d of parts) this.within.set(d, shown.filter((b) => districtOf(drawn.scene, b) === d));
    // What is silent is trouble, and no filter of houses finds it.
    const meant = parts.filter((d) => !keep || this.within.get(d)!.length > 0 || (allTrouble && districts!.flags[d] !== 0));
    const top = districts ? [] : shown;
    const size = own.length + meant.length + top.length + loose.length;
    let at = 0;
    for (const c of own) this.push("case", c, -1, 2, ++at, size);
    for (const d of meant) {
      this.push("district", d, -1, 2, ++at, size);
      if (!this.isOpen("district", d, -1)) continue;
      this.within.get(d)!.forEach((b, k, all) => block(b, 3, k + 1, all.length));
    }
    for (const b of top) block(b, 2, ++at, size);
    for (const h of loose) this.house(h, 2, ++at, size);
  }

  private house(h: number, level: number, position: number, size: number): void {
    this.push("house", h, h, level, position, size);
    if (!this.isOpen("house", h, h)) return;
    const { scene, heat } = this.drawn;
    const from = scene.houses.cellFrom[h]!;
    const alerts = heat.order.subarray(heat.from[h]!, heat.from[h + 1]!);
    const ways = waysAt(this.drawn, h);
    const cells = sorted(Array.from({ length: scene.houses.cellCount[h]! }, (_, i) => from + i), scene.cells.name);
    const all = alerts.length + ways.length + cells.length;
    let at = 0;
    for (const c of alerts) this.push("case", c, h, level + 1, ++at, all);
    for (const way of ways) this.push(way.calls ? "calls" : "called", way.other, h, level + 1, ++at, all);
    for (const c of cells) this.push("cell", c, h, level + 1, ++at, all);
  }

  private housesOfBlocks(): number[][] {
    const { blocks, houses } = this.drawn.scene;
    const inside: number[][] = Array.from({ length: blocks.count }, () => []);
    for (let h = 0; h < houses.count; h++) if (!this.keep || this.keep[h]) inside[houses.block[h]!]?.push(h);
    return inside;
  }

  private push(kind: RowKind, row: number, owner: number, level: number, position: number, size: number): void {
    this.kinds.push(KINDS.indexOf(kind));
    this.rows.push(row);
    this.owners.push(owner);
    this.levels.push(level);
    this.positions.push(position);
    this.sizes.push(size);
  }

  get count(): number {
    return this.kinds.length;
  }

  at(index: number): Row {
    const kind = KINDS[this.kinds[index]!]!;
    const row = this.rows[index]!;
    const house = this.owners[index]!;
    return { index, kind, row, house, level: this.levels[index]!, position: this.positions[index]!, size: this.sizes[index]!, open: this.hasMore(kind, row) ? this.isOpen(kind, row, house) : null, key: this.keyOf(kind, row, house) };
  }

  private hasMore(kind: RowKind, row: number): boolean {
    const { scene, heat, ways } = this.drawn;
    if (kind === "district") return this.within.get(row)!.length > 0;
    if (kind === "house") return scene.houses.cellCount[row]! + (ways.out[row]?.length ?? 0) + (ways.into[row]?.length ?? 0) + heat.from[row + 1]! - heat.from[row]! > 0;
    return kind === "cluster" || kind === "block";
  }

  private isOpen(kind: RowKind, row: number, house: number): boolean {
    return this.opened.has(this.keyOf(kind, row, house));
  }

  private keyOf(kind: RowKind, row: number, house: number): string {
    const { districts, blocks, houses, cases } = this.drawn.scene;
    if (kind === "cluster") return ROOT;
    if (kind === "district") return `district:${districts!.id[row]}`;
    if (kind === "block") return `block:${blocks.id[row]}`;
    if (kind === "house") return `house:${houses.id[row]}`;
    if (kind === "cell") return `cell:${podId(this.drawn.scene, row)}`;
    if (kind === "case") return `case:${cases.alert[row]}`;
    return `${kind}:${houses.id[house]}>${houses.id[row]}`;
  }

  /** Where a key stands; -1 where its branch is closed or it is gone. */
  indexOf(key: string): number {
    const kind = KINDS.indexOf(key.slice(0, Math.max(0, key.indexOf(":"))) as RowKind);
    if (key === ROOT) return 0;
    for (let i = 0; i < this.kinds.length; i++) if (this.kinds[i] === kind && this.keyOf(KINDS[kind]!, this.rows[i]!, this.owners[i]!) === key) return i;
    return -1;
  }

  /** The row one stands under; -1 above the root. */
  parentOf(index: number): number {
    const level = this.levels[index]!;
    for (let i = index - 1; i >= 0; i--) if (this.levels[i]! < level) return i;
    return -1;
  }

  /** The keys of the branches beside a row, itself included, that can be opened. */
  siblingsOf(index: number): string[] {
    const level = this.levels[index]!;
    const keys: string[] = [];
    for (let i = Math.max(0, this.parentOf(index)); i < this.count; i++) {
      if (this.levels[i]! < level && i > index) break;
      if (this.levels[i] === level && this.hasMore(KINDS[this.kinds[i]!]!, this.rows[i]!)) keys.push(this.keyOf(KINDS[this.kinds[i]!]!, this.rows[i]!, this.owners[i]!));
    }
    return keys;
  }

  /** What is read first of a row, and what typing looks for. */
  nameOf({ kind, row }: Pick<Row, "kind" | "row">): string {
    const { districts, houses, cells, cases } = this.drawn.scene;
    if (kind === "cluster") return this.title;
    if (kind === "district") return districts!.name[row]!;
    if (kind === "block") return placeOf(this.drawn.scene, row);
    return (kind === "cell" ? cells.name : kind === "case" ? cases.name : houses.name)[row]!;
  }

  /** The next row whose name begins with what was typed, from `index` on and around; -1 for none. */
  typed(text: string, index: number): number {
    const wanted = text.toLowerCase();
    for (let k = 0; k < this.count; k++) {
      const i = (index + k) % this.count;
      const kind = KINDS[this.kinds[i]!]!;
      // A street begins with what it says, not with a name.
      if (kind === "calls" || kind === "called") continue;
      if (this.nameOf({ kind, row: this.rows[i]! }).toLowerCase().startsWith(wanted)) return i;
    }
    return -1;
  }

  /** A row in one sentence, with all a sighted person sees of it. */
  words(row: Row): string {
    const { drawn } = this;
    if (row.kind === "district") return describeDistrict(drawn, row.row);
    if (row.kind === "cluster") return [drawn.scene.districts ? this.title : `${this.title}, cluster`, describePlan(drawn), drawn.scene.tray ? `${drawn.scene.tray} without an address` : ""].filter(Boolean).join(". ");
    if (row.kind === "block") return describeBlock(drawn, row.row);
    if (row.kind === "house") return describeHouse(drawn, row.row);
    if (row.kind === "cell") return describeCell(drawn, row.row);
    if (row.kind === "case") return describeCase(drawn, row.row);
    return describeWay(drawn, this.wayOf(row)!);
  }

  /** The street of a row that is one. */
  wayOf({ kind, row, house }: Row): Way | undefined {
    return kind === "calls" || kind === "called" ? waysAt(this.drawn, house).find((way) => way.other === row && way.calls === (kind === "calls")) : undefined;
  }

  /** The place on the plan a row is about; null for a cluster and for alerts of all of it. */
  spotOf({ kind, row, house }: Row): Spot | null {
    if (kind === "block" || kind === "house" || kind === "cell") return { kind, row };
    if (kind === "calls" || kind === "called") return { kind: "house", row: house };
    const block = kind === "case" ? this.drawn.scene.cases.block[row]! : -1;
    return house >= 0 ? { kind: "house", row: house } : block >= 0 ? { kind: "block", row: block } : null;
  }
}

function sorted(rows: number[], by: readonly string[]): number[] {
  return rows.sort((a, b) => names.compare(by[a]!, by[b]!) || a - b);
}

/** The key of a place on the plan. */
export function keyOfSpot({ scene }: Drawn, spot: Spot): string {
  return `${spot.kind}:${idAt(scene, spot)}`;
}

/** The branches that have to be open for an object to be seen, and its key; null where the scene has no such object. */
export function pathTo(drawn: Drawn, id: string, kind?: Spot["kind"]): { open: string[]; key: string } | null {
  const spot = spotOf(drawn.scene, id, kind);
  if (!spot) return null;
  const { houses, cells } = drawn.scene;
  const open = [ROOT];
  const house = spot.kind === "cell" ? cells.house[spot.row]! : spot.kind === "house" ? spot.row : -1;
  const block = spot.kind === "block" ? spot.row : (houses.block[house] ?? -1);
  const district = block < 0 ? -1 : districtOf(drawn.scene, block);
  if (district >= 0) open.push(`district:${drawn.scene.districts!.id[district]}`);
  if (house >= 0 && block >= 0) open.push(keyOfSpot(drawn, { kind: "block", row: block }));
  if (spot.kind === "cell") open.push(keyOfSpot(drawn, { kind: "house", row: house }));
  return { open, key: keyOfSpot(drawn, spot) };
}
