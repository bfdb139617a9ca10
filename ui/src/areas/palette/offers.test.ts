import { beforeEach, describe, expect, it } from "vitest";
import { desk } from "../../lib/desk.svelte";
import { isFree } from "../../lib/words";
import type { Desk } from "../../wire/Desk";
import type { IncidentView } from "../../wire/IncidentView";
import { offers } from "./offers";

const NOW = "2026-05-14T15:05:20Z";
const acting = { id: "p1", name: "Priya" };
const place = (mode: string): Desk => ({ version: "0.1.0", mode, title: "prod-eu-west", incident: null, acting, people: [acting], sources: [], recorded_from: null, recorded_to: null, opens_at: null, now: NOW, alarms: [], demo: false, revision: 1 });
const incident = (over: Partial<IncidentView>): IncidentView => ({ id: "i1", number: "INC-0001", status: "mitigating", closed_as: null, imported: false, commander: acting, offers: [], tasks: [], hypotheses: [], ...over }) as unknown as IncidentView;
const titles = (): string[] => offers().map((offer) => offer.title);

beforeEach(() => {
  desk.view = place("live");
  desk.incident = null;
});

describe("declaring", () => {
  it("is always in the palette: while an incident is open, when it is over, on a recording, and with nothing open", () => {
    for (const shown of [null, incident({}), incident({ status: "resolved" }), incident({ closed_as: "reviewed" }), incident({ imported: true })]) {
      for (const mode of ["live", "recorded", "closed"]) {
        desk.view = place(mode);
        desk.incident = shown;
        expect(titles().filter((title) => title === "Declare…")).toHaveLength(1);
      }
    }
  });
  it("is offered first where none is shown, or the one shown is over or was recorded elsewhere", () => {
    expect([null, incident({ status: "resolved" }), incident({ closed_as: "duplicate" }), incident({ imported: true })].map(isFree)).toEqual([true, true, true, true]);
    expect(isFree(incident({}))).toBe(false);
  });
});

describe("what an incident allows", () => {
  it("is written while it is open, and reopened when it is closed", () => {
    desk.incident = incident({});
    expect(titles()).toEqual(expect.arrayContaining(["Assign a task…", "Close the incident…", "Offer command…"]));
    desk.incident = incident({ closed_as: "declined" });
    expect(titles()).toContain("Reopen the incident…");
    expect(titles()).not.toContain("Assign a task…");
  });
  it("is only reading where it was recorded elsewhere", () => {
    desk.incident = incident({ imported: true });
    expect(titles()).not.toContain("Write a line in the record");
    expect(titles()).not.toContain("Set the status…");
    expect(titles()).toContain("Export a bundle…");
  });
});
