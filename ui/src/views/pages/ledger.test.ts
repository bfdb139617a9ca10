import { describe, expect, it } from "vitest";
import type { AttemptView } from "../../wire/AttemptView";
import type { PageGroup } from "../../wire/PageGroup";
import { absent, axisOf, beginOf, escalations, figures, firstAnswered, grouped, isUnanswered, neverTold, stepWords } from "./ledger";

const T = (clock: string): string => `2026-05-14T14:${clock}Z`;
const attempt = (over: Partial<AttemptView>): AttemptView => ({
  source: "pagerduty", source_id: "1", subject_id: "A", subject: "CheckoutErrorRateHigh", who: "Jonas", who_kind: "person", policy: "checkout-primary", step: 1, reason: "trigger", channel: "push", address: "",
  queued_at: T("33:14"), sent_at: null, delivered_at: null, delivery: "sent", error: "", acked_at: null, acked_by: "", ack_via: "", escalated_to: [], never_told: [], late_seconds: null, outcome: "", outcome_detail: "", ...over,
});
const groups: PageGroup[] = [{ subject_id: "A", subject: "CheckoutErrorRateHigh", source: "pagerduty", policy: "checkout-primary", severity: "critical" }];

describe("attempts under their subjects", () => {
  it("stands subjects by their first page and attempts as they went out", () => {
    const rows = grouped([attempt({ source_id: "2", queued_at: T("35:44") }), attempt({ source_id: "1" }), attempt({ subject_id: "B", source: "goalert", subject: "Commander", queued_at: T("30:00") })], groups);
    expect(rows.map((r) => r.group.subject)).toEqual(["Commander", "CheckoutErrorRateHigh"]);
    expect(rows[1]!.attempts.map((a) => a.source_id)).toEqual(["1", "2"]);
  });
  it("keeps equal ids of two pagers apart", () => {
    expect(grouped([attempt({}), attempt({ source: "goalert" })], groups)).toHaveLength(2);
  });
  it("finds by every word, in any field, and leaves empty subjects out", () => {
    const all = [attempt({}), attempt({ who: "Amara", channel: "sms", source_id: "2" })];
    expect(grouped(all, groups, "amara SMS")[0]!.attempts).toHaveLength(1);
    expect(grouped(all, groups, "amara voice")).toHaveLength(0);
  });
  it("does not call a failed page unanswered", () => {
    expect(isUnanswered(attempt({ delivery: "failed_permanently" }))).toBe(false);
    expect(isUnanswered(attempt({ delivery: "delivered" }))).toBe(true);
    expect(isUnanswered(attempt({ acked_at: T("36:26") }))).toBe(false);
    expect(isUnanswered(attempt({ reason: "recovery" }))).toBe(false);
    expect(isUnanswered(attempt({ outcome: "Answered by somebody else" }))).toBe(false);
    expect(isUnanswered(attempt({ outcome: "No answer" }))).toBe(true);
  });
});

describe("what a pager does not tell", () => {
  it("is not known, by the field's name with or without its ending", () => {
    expect(neverTold(attempt({ never_told: ["delivered_at"] }), "delivered")).toBe(true);
    expect(absent(attempt({ never_told: ["delivered"] }), "delivered")).toBe("not known");
  });
  it("is something else than a failure, a wait or a missing answer", () => {
    expect(absent(attempt({ delivery: "failed_permanently" }), "delivered")).toBe("failed");
    expect(absent(attempt({ delivery: "pending" }), "sent")).toBe("not yet");
    expect(absent(attempt({ delivery: "delivered" }), "acked")).toBe("no answer");
  });
  it("names the step only where it is told", () => {
    expect(stepWords(attempt({}))).toBe("Step 1, notify at once");
    expect(stepWords(attempt({ step: null, reason: "", never_told: ["step"] }))).toBe("Step not known");
    expect(stepWords(attempt({ step: null, reason: "" }))).toBe("not known");
  });
});

it("begins a lane when the page was queued, and says sent where that is not known", () => {
  expect(beginOf(attempt({ sent_at: T("33:20") }))).toEqual({ step: "queued", at: Date.parse(T("33:14")) });
  expect(beginOf(attempt({ queued_at: null, sent_at: T("33:20"), never_told: ["queued"] }))).toEqual({ step: "sent", at: Date.parse(T("33:20")) });
  expect(beginOf(attempt({ queued_at: null, acked_at: T("36:00") }))).toBeNull();
});

describe("one axis of time", () => {
  it("begins before the first moment, ends after the last, and keeps order", () => {
    const axis = axisOf([attempt({}), attempt({ acked_at: T("42:02") })], 700, "UTC")!;
    expect(axis.from).toBeLessThanOrEqual(Date.parse(T("33:14")));
    expect(axis.to).toBeGreaterThanOrEqual(Date.parse(T("42:02")));
    expect(axis.ticks[0]!.text).toBe("14:33");
    expect(axis.ticks.length).toBeLessThan(14);
    const xs = axis.ticks.map((t) => t.x);
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
    expect(xs.at(-1)!).toBeLessThanOrEqual(700);
  });
  it("is none where no moment is known, and stays finite for one moment and for a year", () => {
    expect(axisOf([attempt({ queued_at: null })], 700, "UTC")).toBeNull();
    expect(axisOf([attempt({})], 700, "UTC")!.ticks.length).toBeGreaterThan(1);
    expect(axisOf([attempt({}), attempt({ queued_at: "2027-05-14T00:00:00Z" })], 700, "UTC")!.ticks.length).toBeLessThan(30);
  });
});

it("leads an escalation to the next attempt of the person named, once", () => {
  const rows = [attempt({ escalated_to: ["Amara"] }), attempt({ who: "Amara", queued_at: T("35:44") }), attempt({ who: "Amara", queued_at: T("36:16"), channel: "voice" })];
  expect(escalations(rows)).toEqual([{ from: 0, to: 1, text: "escalated to Amara" }]);
});

it("marks one page as the one answered first, though the pager tells the answer on each", () => {
  const at = T("36:26");
  const rows = [attempt({ source_id: "1", acked_at: at, delivery: "failed_permanently" }), attempt({ source_id: "2", acked_at: at, queued_at: T("33:22") }), attempt({ source_id: "3", acked_at: at, queued_at: T("34:00") }), attempt({ source_id: "4", acked_at: T("40:00") })];
  expect(firstAnswered(rows, at)?.source_id).toBe("3");
  expect(firstAnswered(rows, null)).toBeNull();
});

it("writes a span as two figures at most", () => {
  expect(figures(192)).toEqual([{ value: "3", unit: "m" }, { value: "12", unit: "s" }]);
  expect(figures(9)).toEqual([{ value: "9", unit: "s" }]);
});
