import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import Pin from "../../areas/dialogs/kinds/Pin.svelte";
import type { Host } from "../../host/host";
import { desk } from "../../lib/desk.svelte";
import type { Desk } from "../../wire/Desk";
import type { EventView } from "../../wire/EventView";
import type { IncidentView } from "../../wire/IncidentView";
import type { ObjectView } from "../../wire/ObjectView";
import type { RelationView } from "../../wire/RelationView";
import ObjectPanel from "./ObjectPanel.svelte";
import { eventPin, eventTimes, relationsPin } from "./pins";

// A machine with much else to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });
afterEach(cleanup);

const AT = Date.parse("2026-05-14T14:32:08Z");
const clock = (at: number) => new Date(at).toISOString().slice(11, 19);
const event = (n: number, more: Partial<EventView> = {}): EventView => ({ uid: `uid-${n}`, regarding: "c/apps/Deployment/shop/cart", type: "Warning", reason: `BackOff${n}`, message: "Back-off restarting", count: 12, first_at: "2026-05-14T14:20:03Z", last_at: "2026-05-14T14:31:10Z", component: "kubelet", ...more });
const relation = (n: number, more: Partial<RelationView> = {}): RelationView => ({ other: `c//ConfigMap/shop/r${n}`, other_kind: "ConfigMap", other_name: `r${n}`, other_namespace: "shop", type: "uses", source: "spec", rule: 1, field: "spec", state: "ok", outgoing: true, health: "none", measured: [], verdict: "", controller: null, ...more });
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const object = (more: Partial<ObjectView> = {}): ObjectView => ({ id: "c/apps/Deployment/shop/cart", kind: "Deployment", group: "apps", namespace: "shop", name: "cart", exists: true, cluster: "", health: "well", reason: "", field: "", contained: false, ready: 1, desired: 1, house: null, pods: [], cases: [], changes: [], events: [], calls: [], called_by: [], related: [], lost_calls: [], unresolved: [], images: [], labels: [], created_at: null, unknowns: [], parts: null, app: null, events_total: more.events?.length ?? 0, related_total: more.related?.length ?? 0, ...more });

describe("an Event that is pinned", () => {
  it("keeps its times, its count and where it comes from, and goes as a file too", () => {
    const pinned = eventPin(object(), event(1), AT, clock);
    expect(pinned.text).toBe("BackOff1, 12 times from 14:20:03 to 14:31:10: Back-off restarting");
    expect(pinned.source).toBe("kubernetes event uid-1 from kubelet");
    expect(JSON.parse(pinned.file)).toEqual({ object: "c/apps/Deployment/shop/cart", as_of: "2026-05-14T14:32:08.000Z", event: event(1) });
  });
  it("says which of the family it is about, where that is another", () => {
    const pinned = eventPin(object(), event(1, { regarding: "c//Pod/shop/cart-1" }), AT, clock);
    expect(pinned.text).toBe("BackOff1 at Pod cart-1, 12 times from 14:20:03 to 14:31:10: Back-off restarting");
  });
  it.each([
    [{ count: 1 }, "from 14:20:03 to 14:31:10"],
    [{ count: 1, first_at: "2026-05-14T14:31:10Z" }, "at 14:31:10"],
    [{ first_at: null }, "12 times at 14:31:10"],
    [{ last_at: null }, "12 times since 14:20:03"],
    [{ count: 1, first_at: null, last_at: null }, "at a time not known"],
  ])("with %j says %s", (more, words) => expect(eventTimes(event(1, more), clock)).toBe(words));
});

describe("a list that is pinned", () => {
  it("says how many there were and when, what is broken, and who measured", () => {
    const measured = { observer: "Istio", source: "prometheus:traffic", unit: "requests", rate: 2, failed: 0.5, p95_ms: null, last_seen: "2026-05-14T14:32:00Z", stale: null };
    const list = [relation(0, { type: "calls", state: "broken", measured: [measured] }), relation(1), relation(2), relation(3)];
    const pinned = relationsPin(object(), "calls", list, 4, AT, clock);
    expect(pinned.text).toBe("4 objects called by Deployment cart at 14:32:08, 1 not in order: r0, r1, r2 and 1 more");
    expect(pinned.source).toBe("kubernetes objects, Istio");
    expect(JSON.parse(pinned.file)).toEqual({ object: "c/apps/Deployment/shop/cart", as_of: "2026-05-14T14:32:08.000Z", calls: list });
  });
  it("counts an object once, however many fields name it", () => {
    const twice = [relation(0, { field: "spec.a" }), relation(0, { field: "spec.b" }), relation(1)];
    expect(relationsPin(object(), "related", twice, 3, AT, clock).text).toBe("2 objects related to Deployment cart at 14:32:08: r0, r1");
  });
  it("does not pass for all of it where it was cut", () => {
    const pinned = relationsPin(object(), "related", many(200, relation), 312, AT, clock);
    expect(pinned.text).toContain("312 relations of Deployment cart at 14:32:08, the first 200 listed: r0, r1, r2 and 309 more");
    expect(JSON.parse(pinned.file)).toMatchObject({ total: 312 });
  });
});

describe("the panel of an object", () => {
  const show = (view: ObjectView) => {
    const onkeep = vi.fn();
    const made = render(ObjectPanel, { view, at: AT, clock, onselect: () => undefined, onpin: () => undefined, onkeep });
    const part = (title: string) => within(screen.getByRole("heading", { level: 3, name: new RegExp(`^${title}`) }).parentElement!);
    return { onkeep, part, ...made };
  };

  it("pins an Event and each list with a file", async () => {
    const { onkeep, part } = show(object({ events: [event(1)], related: [relation(1)], calls: [relation(2, { type: "calls" })], called_by: [relation(3, { type: "calls", outgoing: false })] }));
    await fireEvent.click(part("Events").getByRole("button", { name: /^Pin to timeline\s*BackOff1$/ }));
    expect(onkeep).toHaveBeenLastCalledWith(expect.stringMatching(/^BackOff1, 12 times from /), "kubernetes event uid-1 from kubelet", expect.stringContaining('"uid": "uid-1"'));
    for (const [title, words] of [["Related", "1 object related to"], ["Calls", "1 object called by"], ["Callers affected", "1 object calling"]] as const) {
      await fireEvent.click(part(title).getByRole("button", { name: new RegExp(`^Pin this list…\\s*${title}$`) }));
      expect(onkeep).toHaveBeenLastCalledWith(expect.stringContaining(`${words} Deployment cart at 14:32:08`), "kubernetes objects", expect.stringContaining('"as_of"'));
    }
  });

  it("tells a second owner from the controller", () => {
    const owns = { type: "owns", outgoing: false };
    const owned = relation(3, { type: "owns", outgoing: true, controller: false });
    const { part } = show(object({ related: [relation(1, { ...owns, controller: true }), relation(2, { ...owns, controller: false }), owned] }));
    const tag = part("Related").getByText("not its controller");
    expect(tag.closest("li")!.textContent).toContain("r2");
  });

  it("offers no pin where no incident is open", () => {
    render(ObjectPanel, { view: object({ events: [event(1)], related: [relation(1)] }), at: AT, clock, onselect: () => undefined });
    expect(screen.queryByRole("button", { name: /Pin/ })).toBeNull();
  });

  it("shows all Events that were sent, and of how many they are the newest", async () => {
    const { part, rerender } = show(object({ events: many(20, event) }));
    expect(part("Events").queryByText("BackOff19", { selector: "b" })).toBeNull();
    await fireEvent.click(part("Events").getByRole("button", { name: "8 older" }));
    part("Events").getByText("BackOff19", { selector: "b" });
    expect(part("Events").queryByText(/These are the newest/)).toBeNull();
    await rerender({ view: object({ events: many(60, event), events_total: 75 }) });
    part("Events").getByText(/These are the newest 60 of 75/);
    expect(screen.getByRole("heading", { level: 3, name: "Events 75" })).toBeTruthy();
  });

  it("says of how many related objects the first are listed", async () => {
    const { part } = show(object({ related: many(200, relation), related_total: 312 }));
    await fireEvent.click(part("Related").getByRole("button", { name: "192 more" }));
    part("Related").getByText(/These are the first 200 of 312/);
    expect(screen.getByRole("heading", { level: 3, name: "Related 312" })).toBeTruthy();
  });
});

describe("pinning", () => {
  it("keeps the file first, and pins it to the object itself", async () => {
    HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
      this.open = true;
    };
    HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
      this.open = false;
    };
    const put = vi.fn(() => Promise.resolve("hash"));
    const asked: unknown[] = [];
    desk.host = { kind: "dev", put, call: (command: string, payload: unknown) => (asked.push([command, payload]), Promise.resolve({})) } as unknown as Host;
    desk.view = { incident: "i1", acting: { id: "p", name: "Ada" }, people: [] } as unknown as Desk;
    desk.incident = { id: "i1", imported: false } as unknown as IncidentView;
    const { text, source, file } = eventPin(object(), event(1), AT, clock);
    const onclose = vi.fn();
    render(Pin, { wanted: { text, source, file, target: object().id }, onclose });
    await fireEvent.click(screen.getByRole("button", { name: "Pin" }));
    await waitFor(() => expect(onclose).toHaveBeenCalled());
    expect(put).toHaveBeenCalledWith(new TextEncoder().encode(file));
    expect(asked.at(-1)).toEqual(["pin_evidence", { incident: "i1", text, source, target: "c/apps/Deployment/shop/cart", blob: "hash" }]);
  });
});
