import { describe, expect, it } from "vitest";
import type { EntryView } from "../../wire/EntryView";
import type { IncidentView } from "../../wire/IncidentView";
import type { RoleView } from "../../wire/RoleView";
import type { TaskView } from "../../wire/TaskView";
import { byVerdict, chain, conflicts, openTasks, partIn, since, spanOfControl, stretches, updateClock, vacantSeconds, vacantSince } from "./command";

const NOW = Date.parse("2026-05-14T15:00:00Z");
const person = (name: string) => ({ id: name.toLowerCase(), name });
const role = (r: string, name: string): RoleView => ({ role: r, person: person(name), since: "2026-05-14T14:40:00Z", accepted_on_offerers_device: false });
const task = (row: string, at: string, state = "open"): TaskView => ({ row, label: "T1", text: row, owner: person("Jonas"), check_in_at: at, state, outcome: "", assigned_at: at, ended_at: null });

describe("who commanded when", () => {
  const command = [
    { commander: null, from: "2026-05-14T14:30:00Z", to: "2026-05-14T14:40:00Z" },
    { commander: person("Ngozi"), from: "2026-05-14T14:40:00Z", to: null },
  ];
  it("is drawn in shares of the whole, to now where it goes on", () => {
    const spans = stretches(command, NOW);
    expect(spans.map((s) => [s.name, s.running])).toEqual([[null, false], ["Ngozi", true]]);
    expect(spans[0]!.size).toBeCloseTo(1 / 3);
    expect(spans[1]!.start + spans[1]!.size).toBeCloseTo(1);
  });
  it("counts the time nobody did", () => expect(vacantSeconds(stretches(command, NOW))).toBe(600));
  it("has no stretch where nothing was recorded", () => expect(stretches([], NOW)).toEqual([]));
  it("never has a stretch of less than nothing", () => {
    expect(stretches([{ commander: null, from: "2026-05-14T15:10:00Z", to: null }], NOW)[0]!.size).toBe(0);
  });
});

describe("a vacant command", () => {
  const open = { status: "mitigating", closed_as: null, commander: null, command: [{ commander: null, from: "2026-05-14T14:50:00Z", to: null }], declared_at: "2026-05-14T14:39:00Z" } as unknown as IncidentView;
  it("begins with the open gap", () => expect(vacantSince(open)).toBe(Date.parse("2026-05-14T14:50:00Z")));
  it("begins with the declaration where there was no commander yet", () => expect(vacantSince({ ...open, command: [] })).toBe(Date.parse("2026-05-14T14:39:00Z")));
  it("is none when somebody commands, or when it is over", () => {
    expect(vacantSince({ ...open, commander: person("Ngozi") })).toBeNull();
    expect(vacantSince({ ...open, status: "resolved" })).toBeNull();
  });
});

describe("the chain of command", () => {
  const roles = [role("responder", "Yuki"), role("customer_liaison", "Lukas"), role("scribe", "Mei"), role("operations_lead", "Ravi"), role("deputy", "Tomas"), role("observer", "Otto")];
  it("puts staff beside, leads below, and everybody somewhere", () => {
    const c = chain(roles);
    expect(c.staff.map((r) => r.person.name)).toEqual(["Tomas", "Mei"]);
    expect(c.leads.map((r) => r.person.name)).toEqual(["Ravi", "Lukas"]);
    expect(c.responders.map((r) => r.person.name)).toEqual(["Yuki"]);
    expect(c.observers.map((r) => r.person.name)).toEqual(["Otto"]);
  });
  it("counts a person once, and observers never", () => expect(spanOfControl([...roles, role("responder", "Ravi")])).toEqual({ count: 5, state: "good" }));
  it("warns above five and alarms above seven", () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => role("responder", `P${i}`));
    expect(spanOfControl(many(6)).state).toBe("wide");
    expect(spanOfControl(many(8)).state).toBe("broken");
  });
  it("names what a commander should not do as well", () => {
    expect(conflicts({ commander: person("Ravi"), roles })).toEqual(["operations_lead"]);
    expect(conflicts({ commander: null, roles })).toEqual([]);
  });
});

describe("tasks", () => {
  it("show what is late first and leave out what ended", () => {
    const due = openTasks([task("b", "2026-05-14T15:02:00Z"), task("a", "2026-05-14T14:58:25Z"), task("c", "2026-05-14T14:00:00Z", "done")], NOW);
    expect(due.map((d) => [d.task.row, d.text, d.pressure])).toEqual([
      ["a", "1:35 late", "late"],
      ["b", "02:00", "soon"],
    ]);
  });
});

describe("the clock of updates", () => {
  it("says how much of the interval is used", () => {
    const clock = updateClock({ next_update_at: "2026-05-14T15:05:00Z", last_update_at: null, update_every_minutes: 20 }, NOW);
    expect(clock).toMatchObject({ text: "05:00", pressure: "plenty" });
    expect(clock!.used).toBeCloseTo(0.75);
  });
  it("is full when overdue and absent when none is due", () => {
    expect(updateClock({ next_update_at: "2026-05-14T14:59:00Z", last_update_at: null, update_every_minutes: 20 }, NOW)).toMatchObject({ pressure: "late", used: 1 });
    expect(updateClock({ next_update_at: null, last_update_at: null, update_every_minutes: 20 }, NOW)).toBeNull();
  });
});

it("an offer is answered by one, withdrawn by the other", () => {
  const offer = { row: "r", role: "commander", from: person("Ngozi"), to: person("Tomas"), at: "", reason: "", brief_shown_at: null };
  expect(partIn(offer, "tomas")).toBe("to");
  expect(partIn(offer, "ngozi")).toBe("from");
  expect(partIn(offer, null)).toBe("other");
});

it("what was recorded since is shown by when it was recorded, the newest first, without what is only kept", () => {
  const row = (name: string, recorded_at: string, kind = "note") => ({ row: name, recorded_at, kind, at: "2026-05-14T10:00:00Z" }) as EntryView;
  const rows = [row("a", "2026-05-14T14:00:00Z"), row("b", "2026-05-14T14:10:00Z"), row("c", "2026-05-14T14:20:00Z"), row("d", "2026-05-14T14:30:00Z", "topology.snapshot")];
  expect(since(rows, "2026-05-14T14:05:00Z").map((e) => e.row)).toEqual(["c", "b"]);
  expect(since(rows, null)).toHaveLength(3);
});

it("hypotheses stand in the order of what they are worth", () => {
  const h = (state: string, opened_at: string) => ({ state, opened_at });
  expect(byVerdict([h("eliminated", "1"), h("open", "2"), h("supported", "3")]).map((x) => x.state)).toEqual(["supported", "open", "eliminated"]);
});
