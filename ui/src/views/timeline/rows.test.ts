import { describe, expect, it } from "vitest";
import type { EntryView } from "../../wire/EntryView";
import { scrollFor, windowOf } from "../../lib/window";
import { counts, filtered, indexed, leadsTo, lines, momentOf, nameAt, ownWords, rowAt, spoken } from "./rows";

const entry = (n: number, more: Partial<EntryView> = {}): EntryView => ({
  row: `r${n}`,
  at: new Date(Date.UTC(2026, 4, 14, 14, 0, n)).toISOString(),
  precision: "exact",
  approx: false,
  recorded_at: "2026-05-14T14:00:00Z",
  kind: "note",
  machine: false,
  who: "Mei",
  source: "person",
  text: `line ${n}`,
  detail: "",
  label: "",
  state: "",
  refs: [],
  earlier: [],
  annotations: [],
  witnesses: 0,
  clock_clamped: false,
  entered_on: "",
  ...more,
});

describe("filtering the record", () => {
  const rows = indexed([entry(1, { kind: "alert.fired", machine: true, text: "KubeContainerOOMKilled firing" }), entry(2, { text: "cart pods flap" }), entry(3, { kind: "decision.made", text: "Roll back redis-cart" })]);
  it("counts the groups that have rows, in their order", () => expect(counts(rows)).toEqual([{ group: "alerts", count: 1 }, { group: "decisions", count: 1 }, { group: "notes", count: 1 }]));
  it("shows all where no group is chosen, and only the chosen else", () => {
    expect(filtered(rows, new Set(), "all", "")).toHaveLength(3);
    expect(filtered(rows, new Set(["decisions"]), "all", "").map((e) => e.row)).toEqual(["r3"]);
  });
  it("tells machines from people", () => {
    expect(filtered(rows, new Set(), "machine", "").map((e) => e.row)).toEqual(["r1"]);
    expect(filtered(rows, new Set(), "people", "")).toHaveLength(2);
  });
  it("wants every word, in any case", () => expect(filtered(rows, new Set(), "all", "CART roll").map((e) => e.row)).toEqual(["r3"]));
});

describe("days", () => {
  const day = (at: string) => at.slice(0, 10);
  it("are named where there are several", () => {
    const two = lines([entry(1), entry(2), entry(3, { at: "2026-05-15T00:00:01Z" })], day);
    expect(two.map((l) => ("day" in l ? l.day : l.index))).toEqual(["2026-05-14", 0, 1, "2026-05-15", 2]);
  });
  it("are not where there is one", () => expect(lines([entry(1), entry(2)], day)).toHaveLength(2));
});

describe("the window over the lines", () => {
  it("draws what is in sight and a few on either side", () => expect(windowOf(4000, 400, 40, 10_000)).toEqual({ from: 92, to: 119 }));
  it("begins at the first and ends at the last", () => {
    expect(windowOf(0, 400, 40, 10_000).from).toBe(0);
    expect(windowOf(399_600, 400, 40, 10_000).to).toBe(10_000);
  });
  it("still shows lines when the list became shorter than the scroll", () => {
    const seen = windowOf(9000, 400, 40, 20);
    expect(seen.to).toBe(20);
    expect(seen.from).toBeLessThan(20);
  });
  it("holds nothing of nothing", () => expect(windowOf(0, 400, 40, 0)).toEqual({ from: 0, to: 0 }));
  it("never draws more than the screen and its spare lines, at any scroll of 10 000 rows", () => {
    for (let y = 0; y < 400_000; y += 997) {
      const { from, to } = windowOf(y, 700, 40, 10_000);
      expect(to - from).toBeLessThanOrEqual(36);
      expect(from * 40).toBeLessThanOrEqual(Math.min(y, 399_300));
    }
  });
  it("scrolls only when the line is out of sight", () => {
    expect(scrollFor(5, 100, 400, 40)).toBeNull();
    expect(scrollFor(0, 100, 400, 40)).toBe(0);
    expect(scrollFor(20, 100, 400, 40)).toBe(480);
  });
});

describe("the instant of a row", () => {
  const end = Date.parse("2026-05-14T15:00:00Z");
  it("is its own while it lies within the recording", () => expect(momentOf(entry(5), "2026-05-14T13:00:00Z", end, true)).toBe(entry(5).at));
  it("is the start of the recording for what happened before", () => expect(momentOf(entry(5), "2026-05-14T14:30:00Z", end, true)).toBe("2026-05-14T14:30:00Z"));
  it("is now for what is no older, and the end of a recording", () => {
    const late = entry(1, { at: "2026-05-14T15:00:01Z" });
    expect(momentOf(late, null, end, true)).toBeNull();
    expect(momentOf(late, null, end, false)).toBe("2026-05-14T15:00:00.000Z");
  });
  it("is none where the time is unknown", () => expect(momentOf(entry(1, { precision: "unknown" }), null, end, true)).toBeNull());
});

it("the row of an instant is the last that had happened", () => {
  const all = [entry(1), entry(3), entry(5)];
  expect(rowAt(all, Date.parse(entry(4).at))).toBe(1);
  expect(rowAt(all, Date.parse(entry(0).at))).toBe(-1);
  expect(rowAt(all, Number.MAX_SAFE_INTEGER)).toBe(2);
});

describe("the sentence of a row", () => {
  const say = (text: string, more: Partial<EntryView> = {}) => spoken(entry(1, { text, ...more }));
  it("begins with the label or the name it holds already", () => {
    expect(say("H1 opened: memory", { kind: "hypothesis.opened", label: "H1" })).toEqual({ lead: "H1", rest: "opened: memory", by: "Mei" });
    expect(say("Mei took command", { kind: "role.assumed" })).toEqual({ lead: "Mei", rest: "took command", by: "" });
  });
  it("puts the name before a note, and beside any other", () => {
    expect(say("cart pods flap")).toEqual({ lead: "Mei", rest: "cart pods flap", by: "" });
    expect(say("Status is now mitigating", { kind: "incident.status" })).toEqual({ lead: "", rest: "Status is now mitigating", by: "Mei" });
  });
  it("names no person where a machine saw it", () => expect(say("CartDown fired", { machine: true, who: "alertmanager" })).toEqual({ lead: "", rest: "CartDown fired", by: "" }));
  it("is corrected in its own words only", () => {
    expect(ownWords({ kind: "note", text: "note: all of it" })).toBe("note: all of it");
    expect(ownWords({ kind: "hypothesis.opened", text: "H1 opened: memory: of redis" })).toBe("memory: of redis");
    expect(ownWords({ kind: "role.assumed", text: "Mei took command" })).toBe("");
  });
});

it("a name is completed where the caret stands behind @", () => {
  expect(nameAt("errors on @chec", 15)).toEqual({ from: 11, word: "chec" });
  expect(nameAt("@", 1)).toEqual({ from: 1, word: "" });
  expect(nameAt("mail a@b", 8)).toBeNull();
  expect(nameAt("@one two", 8)).toBeNull();
});

it("a reference leads where its role says", () => {
  const lead = (role: string, target = "x") => leadsTo({ role, target });
  expect(lead("subject")).toBe("object");
  expect(lead("hypothesis")).toBe("row");
  expect(lead("attachment")).toBe("attachment");
  expect(lead("alert")).toBe("alert");
  // Evidence pinned from the map is about an object, that of a hypothesis is a row.
  expect(lead("evidence", "prod/apps/Deployment/shop/redis-cart")).toBe("object");
  expect(lead("evidence", "prod//Node//n1")).toBe("object");
  expect(lead("evidence", "0196d2c1-9f3a")).toBe("row");
});
