import { describe, expect, it } from "vitest";
import type { HandoffView } from "../../wire/HandoffView";
import { difference, isFor, likelyReceiver, noneWords, parted, shift, targetOf, waiting } from "./note";
import { parts } from "../../parts/Words.svelte";

const line = (text: string, trace_kind = "none", trace = "") => ({ text, trace_kind, trace });
const note = (over: Partial<HandoffView>): HandoffView => ({ row: null, at: "2026-05-14T15:00:00Z", from: "Jonas", to: "Priya", hours: 8, sections: [], written_at: null, accepted_at: null, accepted_by: "", free_text: "", since_last: [], evidence: "", ...over });
const people = [{ id: "p1", name: "Jonas" }, { id: "p2", name: "Priya" }];

describe("a line", () => {
  const at = (alert: string) => (alert === "a1" ? "eu/apps/Deployment/shop/cart" : null);
  it("leads to its row, its object, or where its alert stands", () => {
    expect(targetOf(line("x", "row", "r1"), at)).toMatchObject({ view: "timeline", focus: "r1" });
    expect(targetOf(line("x", "object", "o1"), at)).toMatchObject({ view: "map", focus: "o1" });
    expect(targetOf(line("x", "alert", "a1"), at)).toMatchObject({ view: "map", focus: "eu/apps/Deployment/shop/cart" });
    expect(targetOf(line("x", "alert", "a2"), at)).toMatchObject({ view: "map", focus: null });
    expect(targetOf(line("x", "past", "2026-05-14T14:00:00.000001Z eu//ConfigMap/shop/prices"), at)).toMatchObject({ view: "map", focus: "eu//ConfigMap/shop/prices", at: "2026-05-14T14:00:00.000001Z" });
    expect(targetOf(line("x", "source", "cluster:eu /Pod"), at)).toMatchObject({ view: "settings" });
    expect(targetOf(line("x", "page", "p"), at)).toMatchObject({ view: "pages" });
  });
  it("leads nowhere where there is nothing to show", () => {
    expect(targetOf(line("x"), at)).toBeNull();
    expect(targetOf(line("x", "silence", "s"), at)).toBeNull();
    expect(targetOf(line("x", "row", ""), at)).toBeNull();
  });
});

describe("the difference to the last note", () => {
  it("reads its sign in figures and in words, and leaves other lines alone", () => {
    expect(difference(line("+ 12 alerts firing"))).toEqual({ sign: "new", text: "12 alerts firing" });
    expect(difference(line("− Silence on X"))).toEqual({ sign: "gone", text: "Silence on X" });
    expect(difference(line("= KubeJobFailed"))).toEqual({ sign: "still", text: "KubeJobFailed" });
    expect(difference(line("Gone: INC-0139"))).toEqual({ sign: "gone", text: "INC-0139" });
    expect(difference(line("Newcastle is down"))).toEqual({ sign: "", text: "Newcastle is down" });
    expect(difference(line("-5 degrees"))).toEqual({ sign: "", text: "-5 degrees" });
  });
});

describe("a section without lines", () => {
  it("says none, in its own words where it has some", () => {
    const { filled, none } = parted([{ id: "a", title: "A", none: "", lines: [line("x")] }, { id: "b", title: "B", none: " ", lines: [] }]);
    expect(filled.map((s) => s.id)).toEqual(["a"]);
    expect(noneWords(none[0]!)).toBe("none");
    expect(noneWords({ id: "c", title: "C", none: "No silence ends.", lines: [] })).toBe("No silence ends.");
  });
});

describe("the receipt", () => {
  it("is for the person named, by id or by name", () => {
    expect(isFor(note({}), people[1])).toBe(true);
    expect(isFor(note({ to: "p2" }), people[1])).toBe(true);
    expect(isFor(note({}), people[0])).toBe(false);
    expect(isFor(note({}), null)).toBe(false);
  });
  it("waits only for the newest note, once written and not accepted", () => {
    expect(waiting([note({ written_at: "x" }), note({ written_at: "y" })])?.written_at).toBe("x");
    expect(waiting([note({ written_at: "x", accepted_at: "z" }), note({ written_at: "y" })])).toBeNull();
    expect(waiting([])).toBeNull();
  });
  it("is first offered to somebody else", () => {
    expect(likelyReceiver(people, people[0])).toBe("p2");
    expect(likelyReceiver([people[0]!], people[0])).toBe("");
    expect(likelyReceiver([], null)).toBe("");
  });
});

it("spans the shift from when the note is given", () => {
  expect(shift(note({ hours: 8 }))).toEqual({ from: Date.parse("2026-05-14T15:00:00Z"), to: Date.parse("2026-05-14T23:00:00Z") });
});

it("sets times and names between backticks apart, and leaves a lone backtick alone", () => {
  expect(parts("No `team` label since 14:32:40")).toEqual([{ text: "No ", is: "text" }, { text: "team", is: "name" }, { text: " label since ", is: "text" }, { text: "14:32:40", is: "time" }]);
  expect(parts("a `b")).toEqual([{ text: "a `b", is: "text" }]);
});
