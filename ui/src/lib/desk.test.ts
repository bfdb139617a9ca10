import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../host/host";
import type { Desk } from "../wire/Desk";
import type { IncidentView } from "../wire/IncidentView";
import { desk } from "./desk.svelte";

const mei = { id: "p1", name: "Mei" };
const tomas = { id: "p2", name: "Tomas" };
const sat = (acting: typeof mei) => ({ version: "0.1.0", mode: "live", title: "prod", incident: "i1", acting, people: [mei, tomas], sources: [], recorded_from: null, recorded_to: null, opens_at: null, now: new Date().toISOString(), alarms: [], demo: false, revision: 1 }) satisfies Desk;
const commanded = (commander: typeof mei) => ({ id: "i1", commander }) as unknown as IncidentView;

/** Answers wait until they are let go. */
let open: { command: string; answer: (value: unknown) => void }[];
const next = async (command: string): Promise<(value: unknown) => void> => {
  await vi.waitFor(() => expect(open.some((o) => o.command === command)).toBe(true));
  const at = open.findIndex((o) => o.command === command);
  return open.splice(at, 1)[0]!.answer;
};

beforeEach(() => {
  open = [];
  desk.host = { call: (command: string) => new Promise((answer) => open.push({ command, answer })) } as unknown as Host;
  desk.view = sat(mei);
  desk.incident = commanded(mei);
});
afterEach(() => {
  desk.view = null;
  desk.incident = null;
});

describe("a live desk", () => {
  it("stays at the instant looked at when its oldest hour is forgotten", async () => {
    const sit = async (from: string) => {
      const sitting = desk.sit("act_as", { id: "p1", name: null });
      (await next("act_as"))({ ...sat(mei), recorded_from: from });
      await sitting;
    };
    await sit("2026-05-13T15:00:00Z");
    desk.moment = "2026-05-14T14:00:00Z";
    await sit("2026-05-13T16:00:00Z");
    expect(desk.moment).toBe("2026-05-14T14:00:00Z");
    desk.moment = null;
  });
});

describe("a slow desk", () => {
  it("does not put back who acted when it was asked, over who was named meanwhile", async () => {
    const refreshed = desk.refresh();
    const older = await next("desk");
    const named = desk.sit("act_as", { id: "p2", name: null });
    (await next("act_as"))(sat(tomas));
    await named;
    older(sat(mei));
    await Promise.resolve();
    expect(desk.view?.acting?.name).toBe("Tomas");
    (await next("desk"))(sat(tomas));
    await refreshed;
    expect(desk.view?.acting?.name).toBe("Tomas");
  });

  it("does not put back an incident as it was before a command, and reads it once more", async () => {
    const refreshed = desk.refreshIncident();
    const older = await next("incident");
    const acted = desk.act("accept_offer", { incident: "i1", offer: "o1" });
    (await next("accept_offer"))(commanded(tomas));
    await acted;
    older(commanded(mei));
    (await next("incident"))(commanded(tomas));
    await refreshed;
    expect(desk.incident?.commander?.name).toBe("Tomas");
  });
});
