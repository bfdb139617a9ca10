import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { crowd, LARGEST } from "../../graph/fixtures/crowd";
import { decodeScene } from "../../graph/decode";
import { boutique } from "../../graph/fixture";
import { prepare } from "../../graph/prepare";
import { podId, type Scene } from "../../graph/scene";
import { Outline, pathTo, ROOT, type Row } from "./outline";

const written = decodeScene(readFileSync(join(import.meta.dirname, "../../graph/fixtures/boutique.bsc")));
const everything = (scene: Scene) => new Set([ROOT, ...scene.blocks.id.map((id) => `block:${id}`), ...scene.houses.id.map((id) => `house:${id}`)]);
const all = (outline: Outline): Row[] => Array.from({ length: outline.count }, (_, i) => outline.at(i));
const rowsOf = (rows: readonly Row[], kind: Row["kind"]) => rows.filter((row) => row.kind === kind).map((row) => row.row).toSorted((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("the tree", () => {
  for (const [name, scene] of [["a scene as the engine writes it", written], ["a town", boutique()], ["a crowd", crowd({ blocks: 9, houses: 80, cells: 700, unhealthy: 30, cases: 25, streets: 90 })]] as const) {
    it(`holds every block, house, pod, alert and street of ${name}, each where it belongs`, () => {
      const outline = new Outline(prepare(scene), null, everything(scene), "prod");
      const rows = all(outline);
      expect(rowsOf(rows, "block")).toEqual(upTo(scene.blocks.count));
      expect(rowsOf(rows, "house")).toEqual(upTo(scene.houses.count));
      expect(rowsOf(rows, "cell")).toEqual(upTo(scene.cells.count));
      expect(rowsOf(rows, "case")).toEqual(upTo(scene.cases.count));
      const streets = upTo(scene.streets.count).map((s) => `${scene.streets.from[s]}>${scene.streets.to[s]}`).toSorted();
      expect(rows.filter((row) => row.kind === "calls").map((row) => `${row.house}>${row.row}`).toSorted()).toEqual(streets);
      expect(rows.filter((row) => row.kind === "called").map((row) => `${row.row}>${row.house}`).toSorted()).toEqual(streets);
      for (const row of rows) {
        const parent = outline.parentOf(row.index);
        if (row.kind === "cluster") expect(parent).toBe(-1);
        else if (row.kind === "cell") expect(rows[parent]!.row).toBe(scene.cells.house[row.row]);
        else if (row.kind === "house" && scene.houses.block[row.row]! >= 0) expect(rows[parent]!.row).toBe(scene.houses.block[row.row]);
        else expect(parent).toBeGreaterThanOrEqual(0);
      }
    });
  }

  it("numbers what stands beside each other, and says at which level", () => {
    const outline = new Outline(prepare(written), null, everything(written), "prod");
    const rows = all(outline);
    for (const row of rows) {
      const beside = rows.filter((other) => outline.parentOf(other.index) === outline.parentOf(row.index));
      expect(row.size).toBe(beside.length);
      expect(beside[row.position - 1]).toBe(row);
      expect(row.level).toBe(row.kind === "cluster" ? 1 : rows[outline.parentOf(row.index)]!.level + 1);
      expect(outline.indexOf(row.key)).toBe(row.index);
    }
  });

  it("says of each row all that is seen of it", () => {
    const drawn = prepare(written);
    const outline = new Outline(drawn, null, everything(written), "prod");
    const words = all(outline).map((row) => outline.words(row));
    expect(words[0]).toBe("prod, cluster. 2 blocks, 13 houses, 1 pod, 16 streets; 1 failing, 0 degraded. 1 without an address");
    const checkout = words.find((it) => it.startsWith("checkoutservice, "))!;
    expect(checkout).toMatch(/^checkoutservice, Deployment in default, critical\. hot spot 1\. 1 alert firing, nobody told of 1\. no pods\. calls 6, called by 1$/);
    expect(words.some((it) => /^alert \S+, critical, firing, nobody told$/.test(it))).toBe(true);
    expect(words.filter((it) => it.startsWith("called by frontend, "))).toHaveLength(drawn.ways.out[written.houses.name.indexOf("frontend")]!.length);
  });

  it("builds only what is open: the largest cluster is its blocks until one is opened", () => {
    const scene = crowd(LARGEST);
    const drawn = prepare(scene);
    const closed = new Outline(drawn, null, new Set([ROOT]), "prod");
    expect(closed.count).toBe(1 + scene.blocks.count);
    const one = new Outline(drawn, null, new Set([ROOT, "block:ns-7"]), "prod");
    expect(one.count).toBe(1 + scene.blocks.count + scene.houses.block.filter((b) => b === 7).length);
  });

  it("opens the branches beside a row, and no others", () => {
    const drawn = prepare(written);
    const outline = new Outline(drawn, null, new Set([ROOT]), "prod");
    expect(outline.siblingsOf(1).toSorted()).toEqual(written.blocks.id.map((id) => `block:${id}`).toSorted());
    expect(outline.siblingsOf(0)).toEqual([ROOT]);
    const block = `block:${written.blocks.id[0]}`;
    const inside = new Outline(drawn, null, new Set([ROOT, block]), "prod");
    const first = inside.indexOf(block) + 1;
    const houses = upTo(written.houses.count).filter((h) => written.houses.block[h] === 0).map((h) => `house:${written.houses.id[h]}`);
    for (const key of inside.siblingsOf(first)) expect(houses).toContain(key);
  });

  it("leads to an object through the branches that have to be open", () => {
    const drawn = prepare(written);
    for (const [id, kind] of [[written.blocks.id[1]!, "block"], [written.houses.id[3]!, "house"], [podId(written, 0), "cell"]] as const) {
      const path = pathTo(drawn, id, kind)!;
      expect(new Outline(drawn, null, new Set(path.open), "prod").indexOf(path.key)).toBeGreaterThan(0);
    }
    expect(pathTo(drawn, "elsewhere")).toBeNull();
  });

  it("holds only what is meant while something is looked for", () => {
    const keep = new Uint8Array(written.houses.count);
    keep[written.houses.name.indexOf("cartservice")] = 1;
    const rows = all(new Outline(prepare(written), keep, everything(written), "prod"));
    expect(rows.filter((row) => row.kind === "house").map((row) => written.houses.name[row.row])).toEqual(["cartservice"]);
    expect(rows.filter((row) => row.kind === "block")).toHaveLength(1);
  });

  describe("of several clusters", () => {
    const many = (opened: readonly string[], keep: Uint8Array | null = null, allTrouble = false) => {
      const id = written.blocks.id[0]!.split("/")[0]!;
      const districts = { count: 2, x: new Float32Array(2), y: new Float32Array(2), w: new Float32Array(2), h: new Float32Array(2), id: [id, "dead"], name: ["west", "east"], why: ["", "connection refused"], flags: Uint8Array.of(0, 1) };
      const drawn = prepare({ ...written, districts });
      return { id, drawn, outline: new Outline(drawn, keep, new Set([ROOT, ...opened]), "2 clusters", allTrouble) };
    };

    it("each is a branch, also one of which nothing is known, and says why", () => {
      const { id, outline } = many([]);
      const rows = all(outline);
      expect(rows.map((row) => [row.kind, row.level, row.open, row.position, row.size])).toEqual([["cluster", 1, true, 1, 1], ["district", 2, null, 1, 2], ["district", 2, false, 2, 2]]);
      expect(outline.words(rows[0]!)).toMatch(/^2 clusters\. 2 blocks/);
      expect(outline.words(rows[1]!)).toBe("east, cluster. connection refused. nothing of it is drawn");
      expect(outline.words(rows[2]!)).toMatch(/^west, cluster, critical\. 1 alert firing\. 2 blocks, 13 houses, \d+ pods?$/);
      expect(outline.siblingsOf(1)).toEqual([`district:${id}`]);
      expect(outline.typed("east", 0)).toBe(1);
    });

    it("leads through it to its blocks and houses", () => {
      const { drawn } = many([]);
      for (const kind of ["block", "house"] as const) {
        const path = pathTo(drawn, (kind === "block" ? written.blocks : written.houses).id[1]!, kind)!;
        const { outline } = many(path.open);
        const index = outline.indexOf(path.key);
        expect(outline.at(index).level).toBe(kind === "block" ? 3 : 4);
        expect(outline.nameOf(outline.at(index))).toContain((kind === "block" ? written.blocks : written.houses).name[1]);
      }
    });

    it("one that is silent is among all trouble, and among nothing else that is looked for", () => {
      const none = new Uint8Array(written.houses.count);
      const named = (allTrouble: boolean) => all(many([], none, allTrouble).outline).filter((row) => row.kind === "district").map((row) => row.row);
      expect(named(true)).toContain(1);
      expect(named(false)).toEqual([]);
    });
  });

  it("keeps what fails at no house while all trouble is meant", () => {
    const cases = { ...written.cases, house: written.cases.house.slice(), block: written.cases.block.slice() };
    cases.house.fill(-1);
    cases.block.fill(-1);
    const scene = { ...written, cases };
    const none = new Uint8Array(scene.houses.count);
    const kinds = (allTrouble: boolean) => all(new Outline(prepare(scene), none, everything(scene), "prod", allTrouble)).map((row) => row.kind);
    expect(cases.count).toBeGreaterThan(0);
    expect(kinds(true).filter((kind) => kind === "case")).toHaveLength(cases.count);
    expect(kinds(false)).toEqual(["cluster"]);
  });

  it("finds names by their beginning, from where one stands and around", () => {
    const outline = new Outline(prepare(written), null, everything(written), "prod");
    const name = (index: number) => outline.nameOf(outline.at(index));
    const first = outline.typed("cart", 0);
    expect(name(first)).toBe("cartservice");
    expect(name(outline.typed("c", first + 1))).toMatch(/^c/);
    expect(outline.typed("zebra", 0)).toBe(-1);
  });
});
