import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeScene } from "../../graph/decode";
import { drawnAt, withHub } from "../../graph/fixture";
import type { EvidencePort } from "./evidence/Evidence.svelte";
import type { MapPort } from "./feed.svelte";
import MapRoom from "./MapRoom.svelte";
import type { PicturePort } from "./picture";

// A machine with much else to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });

// There is no canvas here: what the plan is given is written down instead of drawn.
const plan = vi.hoisted(() => ({ props: null as null | { at: number; growing: boolean; scene: { houses: { name: string[] } }; keep: Uint8Array | null; app: unknown; onselect: (id: string | null) => void } }));
vi.mock("../../graph/Plan.svelte", () => ({
  default: (_: unknown, props: never) => {
    plan.props = props;
    return { show: () => undefined, zoom: () => undefined, fitAll: () => undefined, toLevel: () => undefined, standAt: () => undefined };
  },
}));

vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
Element.prototype.scrollIntoView ??= () => undefined;

const bytes = readFileSync(join(import.meta.dirname, "../../graph/fixtures/boutique.bsc"));
const id = (name: string) => `/apps/Deployment/default/${name}`;
const object = (name: string) => ({ id: id(name), kind: "Deployment", group: "apps", namespace: "default", name, exists: true, health: "well", reason: "", field: "", contained: false, ready: 1, desired: 1, house: null, pods: [], cases: [], changes: [], events: [], events_total: 0, related_total: 0, calls: [], called_by: [], related: [], lost_calls: [], unresolved: [], images: [], labels: [], created_at: null, unknowns: [], parts: null, app: name === "cartservice" ? { name: "cart", namespace: "default", field: "metadata.labels[app.kubernetes.io/part-of]", houses: [id("cartservice"), id("redis-cart")], count: 2 } : null });
let scenes: Record<string, unknown>[];
let filters: Record<string, unknown>[];
const port = {
  scene: (request: Record<string, unknown>) => {
    scenes.push(request);
    return Promise.resolve(bytes);
  },
  cases: () => Promise.resolve({ cases: [], tray: [], nobody_told: [], unresolved: [], unresolved_count: 0, placings: [], evidence: "" }),
  object: (wanted: string) => Promise.resolve(object(wanted.split("/").at(-1)!)),
  call: (command: string, payload: Record<string, unknown>) => {
    if (command === "complete_filter") return Promise.resolve({ from: 0, to: 0, offers: [] });
    if (command === "filter") {
      filters.push(payload);
      const mistakes = payload["query"] === "stat:x" ? [{ from: 0, to: 4, message: "there is no field `stat`", hint: "write status" }] : [];
      return Promise.resolve({ query: payload["query"], houses: mistakes.length ? [] : [id("cartservice"), id("redis-cart")], objects: 2, elsewhere: 0, kinds: [{ kind: "Deployment", count: 2 }], mistakes });
    }
    if (command === "blast_radius") return Promise.resolve({ id: payload["id"], hops: 3, reached: [{ id: id("cartservice"), kind: "Deployment", namespace: "default", name: "cartservice", health: "well", hops: 1, by: id("redis-cart"), by_name: "redis-cart" }] });
    return Promise.resolve({ from: payload["from"], to: payload["to"], found: true, steps: [] });
  },
} as unknown as MapPort;

const pictures: PicturePort = { draw: () => Promise.reject(new Error("not asked for")), pickPath: async () => undefined, download: async () => undefined, hand: () => undefined };
const show = (more: Record<string, unknown> = {}) =>
  render(MapRoom, { port, pictures, mode: "live", title: "prod", incident: null, moment: null, now: 0, revision: 1, clock: () => "", onopendemo: () => undefined, onopencontext: () => undefined, ...more });
const kept = () => plan.props!.scene.houses.name.filter((_, h) => !plan.props!.keep || plan.props!.keep[h]).toSorted();
const type = (text: string) => fireEvent.input(screen.getByRole("combobox", { name: "Filter houses" }), { target: { value: text } });

beforeEach(() => {
  [scenes, filters] = [[], []];
  localStorage.clear();
});
afterEach(cleanup);

describe("the map", () => {
  it("says when the plan was drawn while the moment itself is read", async () => {
    let tell: (answer: Uint8Array) => void = () => undefined;
    const past = {
      ...port,
      scene: (request: Record<string, unknown>) => (request["drawn"] ? Promise.resolve(drawnAt(bytes, "2026-01-01T10:00:05Z")) : new Promise<Uint8Array>((done) => (tell = done))),
    } as unknown as MapPort;
    const clock = (at: number) => new Date(at).toISOString().slice(11, 19);
    show({ port: past, mode: "recorded", moment: "2026-01-01T10:00:09Z", clock });
    await screen.findByText("The plan as it was drawn at 10:00:05. Reading 10:00:09…");
    tell(bytes);
    await waitFor(() => expect(screen.queryByText(/as it was drawn/)).toBeNull());
    expect(plan.props!.scene.houses.name.length).toBeGreaterThan(0);
  });

  it("draws what the filter finds, says how many, and hides the rest where that is asked", async () => {
    show();
    await waitFor(() => expect(kept().length).toBe(13));
    await type("cart");
    await waitFor(() => expect(kept()).toEqual(["cartservice", "redis-cart"]));
    expect(filters.at(-1)).toEqual({ query: "cart", lens: "namespaces", at: null });
    screen.getByText("2 houses");
    expect(plan.props!.scene.houses.name.length).toBe(13);
    const state = screen.getByText(/The filter:/).closest("[role=status]")!;
    expect(state.textContent).toBe("The filter: 2 of 13 houses, 1 in trouble is faint");
    await fireEvent.click(screen.getByRole("button", { name: "Hide the others" }));
    expect(plan.props!.scene.houses.name.length).toBe(2);
    expect(state.textContent).toContain("1 in trouble is hidden");
    await fireEvent.click(screen.getByRole("button", { name: "Every house" }));
    await waitFor(() => expect(kept().length).toBe(13));
  });

  it("draws everything while the filter cannot be read, and says where it is wrong", async () => {
    show();
    await type("stat:x");
    await screen.findByText(/there is no field `stat`/);
    expect(kept().length).toBe(13);
  });

  it("keeps only trouble and its neighbours by T, with its state beside the plan", async () => {
    show();
    await waitFor(() => expect(kept().length).toBe(13));
    await fireEvent.keyDown(window.document.body, { key: "t" });
    const few = kept();
    expect(few).toContain("checkoutservice");
    expect(few.length).toBeLessThan(13);
    screen.getByText(/Only trouble \+ 1 hop:/);
    expect(screen.getByRole("switch", { name: /Only trouble/ }).getAttribute("aria-checked")).toBe("true");
    await fireEvent.click(screen.getByRole("button", { name: "One hop more" }));
    screen.getByText(/Only trouble \+ 2 hops:/);
    await fireEvent.keyDown(window.document.body, { key: "T" });
    expect(kept().length).toBe(13);
  });

  it("says so where the callers of a failing hub are not among the neighbours", async () => {
    const { houses } = decodeScene(bytes);
    const hub = withHub(bytes, houses.name.indexOf("checkoutservice"));
    show({ port: { ...port, scene: () => Promise.resolve(hub) } });
    await waitFor(() => expect(kept().length).toBe(13));
    await fireEvent.keyDown(window.document.body, { key: "t" });
    expect(screen.getByText(/Only trouble \+ 1 hop:/).textContent).toContain("callers of 1 hub are among them only where they are in trouble themselves");
  });

  it("comes back to a cluster as it was left, and to another with nothing looked for", async () => {
    const { unmount } = show();
    await type("cart");
    await waitFor(() => expect(kept().length).toBe(2));
    unmount();
    const other = show({ title: "staging" });
    await waitFor(() => expect(plan.props!.scene.houses.name.length).toBe(13));
    expect(screen.getByRole<HTMLInputElement>("combobox", { name: "Filter houses" }).value).toBe("");
    other.unmount();
    show();
    await waitFor(() => expect(kept()).toEqual(["cartservice", "redis-cart"]));
  });

  it("asks for the verdicts of the policies only while they are shown", async () => {
    show();
    await waitFor(() => expect(scenes.length).toBe(1));
    expect(scenes[0]!["policies"]).toBe(false);
    await fireEvent.click(screen.getByRole("button", { name: "Policies" }));
    await waitFor(() => expect(scenes.at(-1)).toMatchObject({ policies: true, held: null }));
    screen.getByRole("group", { name: "Network policies" });
  });

  it("shows an answer on the plan until Escape, and takes the next house as the end of a way", async () => {
    show({ wanted: id("redis-cart") });
    await fireEvent.click(await screen.findByRole("button", { name: "What breaks if this fails" }));
    await fireEvent.click(await screen.findByRole("button", { name: /Show on the plan/ }));
    await waitFor(() => expect(kept()).toEqual(["cartservice", "redis-cart"]));
    screen.getByText(/What breaks if redis-cart fails:/);
    await fireEvent.keyDown(window.document.body, { key: "Escape" });
    expect(kept().length).toBe(13);
    screen.getByRole("heading", { level: 2, name: "redis-cart" });
    await fireEvent.click(screen.getByRole("button", { name: "Path to another" }));
    plan.props!.onselect(id("frontend"));
    await screen.findByText("Both are of the same house.");
    screen.getByRole("heading", { level: 2, name: "redis-cart" });
    plan.props!.onselect(id("frontend"));
    await screen.findByRole("heading", { level: 2, name: "frontend" });
  });

  it("tells the plan which instant is shown, and that more is on its way until all of it was asked for", async () => {
    const { rerender } = show({ now: 5_000, filling: true });
    await waitFor(() => expect(kept().length).toBe(13));
    expect([plan.props!.at, plan.props!.growing]).toEqual([5_000, true]);
    await rerender({ now: 6_000, filling: false, revision: 2 });
    await waitFor(() => expect(plan.props!.growing).toBe(false));
    expect(plan.props!.at).toBe(6_000);
    await rerender({ moment: "2026-01-01T00:00:00Z" });
    expect(plan.props!.at).toBe(Date.parse("2026-01-01T00:00:00Z"));
  });

  it("lists the alerts that stand at no house, with where they stand, and not those that do", async () => {
    const { cases } = decodeScene(bytes);
    const one = (alert: string, name: string, at: string, at_name: string, at_kind: string) => ({ alert, name, severity: "critical", state: "firing", at, at_name, at_kind, at_cluster: "", rung: 2, label: "node", also: [], starts_at: null, ends_at: null, summary: "", description: "", runbook: "", source: "", receivers: [], groups: [], told: "unknown", told_why: "", muted_by: [], labels: [] });
    const list = [
      one(cases.alert[0]!, "AtAHouse", id("checkoutservice"), "checkoutservice", "Deployment"),
      one("n", "NodeDown", "//Node//worker-3", "worker-3", "Node"),
      one("v", "VolumeFull", "//PersistentVolumeClaim/default/data", "data", "PersistentVolumeClaim"),
      one("w", "Watchdog", "heartbeat", "", ""),
    ];
    expect(cases.house[0]).toBeGreaterThanOrEqual(0);
    show({ port: { ...port, cases: () => Promise.resolve({ cases: list, tray: [], nobody_told: [], unresolved: [], unresolved_count: 0, placings: [], evidence: "" }) } });
    const part = (await screen.findByRole("heading", { name: "At no house of this plan 2" })).parentElement!;
    expect([...part.querySelectorAll("li b")].map((name) => name.textContent)).toEqual(["NodeDown", "VolumeFull"]);
    expect(part.textContent).toContain("in default");
    await fireEvent.click(screen.getByRole("button", { name: "worker-3" }));
    await waitFor(() => screen.getByRole("heading", { level: 2, name: "worker-3" }));
  });

  it("pins an Event to the object it is listed at, with a file", async () => {
    const event = { uid: "u1", type: "Warning", reason: "BackOff", message: "restarting", count: 2, first_at: null, last_at: "2026-01-01T10:00:00Z", component: "kubelet" };
    const onkeep = vi.fn();
    show({ port: { ...port, object: () => Promise.resolve({ ...object("cartservice"), events: [event] }) }, wanted: id("cartservice"), onkeep });
    await fireEvent.click(await screen.findByRole("button", { name: /^Pin to timeline\s*BackOff$/ }));
    expect(onkeep).toHaveBeenCalledWith(expect.stringContaining("BackOff, 2 times"), "kubernetes event u1 from kubelet", expect.stringContaining('"uid": "u1"'), id("cartservice"));
  });

  it("names the app of the selected house, and has its houses outlined", async () => {
    show();
    await waitFor(() => expect(kept().length).toBe(13));
    plan.props!.onselect(id("cartservice"));
    await screen.findByText(/Part of the app/);
    expect(plan.props!.app).toMatchObject({ name: "cart", houses: [id("cartservice"), id("redis-cart")] });
    plan.props!.onselect(id("frontend"));
    await screen.findByRole("heading", { level: 2, name: "frontend" });
    expect(screen.queryByText(/Part of the app/)).toBeNull();
    expect(plan.props!.app).toBeNull();
  });

  it("takes the letters of a name in the tree for that name, also while an object is selected and its evidence is a key away", async () => {
    const manifest = vi.fn(() => Promise.resolve({ yaml: "", at: "2026-01-01T10:00:00Z", covered: 0 }));
    const evidence = { manifest, metrics: () => Promise.reject(new Error("not asked for")), logs: {} } as unknown as EvidencePort;
    show({ evidence, wanted: id("checkoutservice") });
    await screen.findByRole("heading", { level: 2, name: "checkoutservice" });
    await fireEvent.keyDown(window.document.body, { key: "g" });
    const tree = await screen.findByRole("tree");
    await waitFor(() => expect(window.document.activeElement).toBe(tree));
    const active = () => window.document.getElementById(tree.getAttribute("aria-activedescendant")!)!.getAttribute("aria-label");
    // Every letter goes where the focus is, as the one before left it.
    for (const key of "emailservice") await fireEvent.keyDown(window.document.activeElement!, { key });
    expect([window.document.activeElement === tree, active()]).toEqual([true, expect.stringMatching(/^emailservice, /)]);
    expect(manifest).not.toHaveBeenCalled();
    await fireEvent.keyDown(window.document.body, { key: "y" });
    await waitFor(() => expect(manifest).toHaveBeenCalledOnce());
  });
});
