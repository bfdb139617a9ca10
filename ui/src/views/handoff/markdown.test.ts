import { describe, expect, it } from "vitest";
import type { HandoffView } from "../../wire/HandoffView";
import { fileName, markdownOf, plain } from "./markdown";

const clock = { day: () => "Thu 14 May 2026", clock: (at: number) => new Date(at).toISOString().slice(11, 16), when: (at: number | string | null) => new Date(at ?? 0).toISOString().slice(11, 16), zone: "UTC" };
const line = (text: string) => ({ text, trace_kind: "none", trace: "" });
const note: HandoffView = {
  row: null,
  at: "2026-05-14T16:00:00Z",
  from: "p1",
  to: "p2",
  hours: 8,
  sections: [
    { id: "firing", title: "Firing now", none: "", lines: [line("KubePodCrashLooping on `redis-cart` since 14:32")] },
    { id: "silences", title: "Silences ending next shift", none: "No silence ends.", lines: [] },
  ],
  written_at: null,
  accepted_at: null,
  accepted_by: "",
  free_text: "",
  since_last: [line("+ 12 alerts firing"), line("gone: INC-0139")],
  evidence: "Alertmanager, 4 s ago",
};
const people = [
  { id: "p1", name: "Jonas" },
  { id: "p2", name: "Priya" },
];

describe("the note as Markdown", () => {
  it("says every line, every none and the sender's own words", () => {
    expect(markdownOf(note, "Watch the *cart*.", people, clock)).toBe(`# Jonas hands over to Priya

Thu 14 May 2026, shift 16:00 to 00:00 UTC. A draft of 16:00.

## Firing now

- KubePodCrashLooping on \`redis-cart\` since 14:32

## Nothing to hand over

- **Silences ending next shift:** No silence ends.

## In Jonas’s words

Watch the *cart*.

## Since the last handoff

- + 12 alerts firing
- − INC-0139

Drawn from: Alertmanager, 4 s ago
`);
  });
  it("names both signatures once they are there", () => {
    const signed = { ...note, written_at: "2026-05-14T16:01:00Z", accepted_at: "2026-05-14T16:05:00Z", accepted_by: "p2" };
    expect(markdownOf(signed, "", people, clock)).toContain("Written 16:01, accepted by Priya 16:05.");
  });
  it("escapes what Markdown would take for marks, and no names of objects", () => {
    expect(plain("a_b *c* <d> `e_f` # g")).toBe("a\\_b \\*c\\* \\<d\\> `e_f` \\# g");
    expect(plain("two\nlines")).toBe("two lines");
  });
  it("is called by its moment", () => {
    expect(fileName(note)).toBe("handoff-2026-05-14-16-00.md");
  });
});
