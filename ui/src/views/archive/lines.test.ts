import { describe, expect, it } from "vitest";
import type { IncidentLine } from "../../wire/IncidentLine";
import { dueList, fits, isOpenLine, lasted, standing } from "./lines";

const line = (over: Partial<IncidentLine>): IncidentLine => ({ id: "i", number: "INC-0142", title: "Checkout failing in eu-west", severity: 1, status: "mitigating", closed_as: null, opened_at: "2026-05-14T14:39:00Z", resolved_at: null, commander: "Ngozi", rows: 44, open_actions: 0, imported: false, drill: false, postmortem: false, ...over });
const NOW = Date.parse("2026-05-14T15:39:00Z");

describe("the archive", () => {
  it("finds an incident by every word, in number, title, severity and person", () => {
    expect(fits(line({}), "0142 checkout ngozi", "all")).toBe(true);
    expect(fits(line({}), "sev-1", "all")).toBe(true);
    expect(fits(line({}), "sev-2 checkout", "all")).toBe(false);
  });
  it("keeps open, ended, drills and imported ones apart", () => {
    expect(isOpenLine(line({}))).toBe(true);
    expect(isOpenLine(line({ closed_as: "declined" }))).toBe(false);
    expect(fits(line({ status: "resolved" }), "", "open")).toBe(false);
    expect(fits(line({ status: "resolved" }), "", "ended")).toBe(true);
    expect(fits(line({}), "", "drills")).toBe(false);
    expect(fits(line({ imported: true }), "", "imported")).toBe(true);
  });
  it("says how one ended", () => {
    expect(standing(line({}))).toBe("Mitigating");
    expect(standing(line({ closed_as: "duplicate" }))).toBe("Closed as a duplicate");
    expect(standing(line({ closed_as: "reviewed", status: "closed" }))).toBe("Closed, reviewed");
  });
  it("says how long it lasted, so far, or that it is not known", () => {
    expect(lasted(line({}), NOW)).toBe("1 h so far");
    expect(lasted(line({ resolved_at: "2026-05-14T14:44:00Z", status: "resolved" }), NOW)).toBe("5 m");
    expect(lasted(line({ status: "closed" }), NOW)).toBe("not known");
    expect(lasted(line({ opened_at: null }), NOW)).toBe("not known");
  });
});

it("lists action items by how long they are overdue, closed ones never", () => {
  const action = (row: string, due: string | null, state = "open") => ({ row, text: row, owner: "", due, type: "", end_state: "", state });
  const found = dueList([{ incident: "i", number: "INC-1", actions: [action("soon", "2026-05-20T00:00:00Z"), action("none", null), action("late", "2026-05-01T00:00:00Z"), action("done", "2026-04-01T00:00:00Z", "closed")] }], NOW);
  expect(found.map((d) => d.action.row)).toEqual(["late", "soon", "none"]);
  expect(found[0]!.late > 0 && found[1]!.late < 0).toBe(true);
});
