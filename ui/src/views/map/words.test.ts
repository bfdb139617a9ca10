import { describe, expect, it } from "vitest";
import type { CaseView } from "../../wire/CaseView";
import { difference, nameOf, ordered, podLine, since, toldWords } from "./words";

const item = (over: Partial<CaseView>): CaseView => ({
  alert: "a", name: "A", severity: "warning", state: "firing", at: "c/apps/Deployment/ns/x", at_name: "x", at_kind: "Deployment", at_cluster: "c", rung: 2, label: 'deployment="x"', also: [],
  starts_at: null, ends_at: null, summary: "", description: "", runbook: "", source: "prometheus", receivers: [], groups: [], told: "unknown", told_why: "", muted_by: [], labels: [], ...over,
});

describe("wordings of the map", () => {
  it.each([
    ["2026-05-14T14:28:05Z", "2026-05-14T14:32:08Z", "4 m 03 s"],
    ["2026-05-14T14:28:05Z", "2026-05-14T14:28:45Z", "40 s"],
    ["2026-05-14T12:00:00Z", "2026-05-14T14:30:00Z", "2 h 30 m"],
    ["2026-05-14T12:00:00Z", "2026-05-14T12:20:30Z", "20 m"],
    ["2026-05-10T12:00:00Z", "2026-05-14T12:00:00Z", "4 d"],
  ])("from %s to %s is %s", (a, b, words) => expect(since(a, b)).toBe(words));
  it("says when a time is not known", () => expect(since(null, 0)).toBe("time not known"));

  it("counts pods worst first", () => {
    const pod = (health: string, contained = false) => ({ id: "", name: "", node: "", health, reason: "", field: "", restarts: 0, contained });
    expect(podLine(2, 5, [pod("well"), pod("critical"), pod("well"), pod("critical"), pod("well", true)])).toBe("2 of 5 ready, 2 failing, 1 contained");
  });

  it("puts firing before pending and critical before warning", () => {
    const list = [item({ name: "p", state: "pending", severity: "critical" }), item({ name: "w" }), item({ name: "c", severity: "critical" })];
    expect(ordered(list).map((c) => c.name)).toEqual(["c", "w", "p"]);
  });

  it("never guesses who was told", () => {
    expect(toldWords(item({}))).toBe("Whether anybody was told is not known");
    expect(toldWords(item({ told: "nobody", told_why: "not yet delivered" }))).toBe("Nobody has been told: not yet delivered");
    expect(toldWords(item({ told: "somebody", receivers: ["pager"] }))).toBe("Told pager");
    expect(toldWords(item({ told: "nobody", state: "resolved" }))).toBe("");
  });

  it.each([
    ["image: redis:7.2.4 -> redis:7.4.0", ["image: redis:7.2.4"], ["image: redis:7.4.0"]],
    ["- a: 1\n+ a: 2", ["a: 1"], ["a: 2"]],
    ["replicas: 1 → 2", ["replicas: 1"], ["replicas: 2"]],
    ["paused", [], []],
  ])("reads the difference %s", (detail, was, is) => expect(difference(detail)).toEqual({ was, is }));

  it("names an object by its id, also a cluster-wide one", () => {
    expect(nameOf("c/apps/Deployment/shop/cart")).toEqual({ kind: "Deployment", namespace: "shop", name: "cart" });
    expect(nameOf("c//Node//n1")).toEqual({ kind: "Node", namespace: "", name: "n1" });
  });
});
