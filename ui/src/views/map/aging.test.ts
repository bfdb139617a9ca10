import { cleanup, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../../host/host";
import { desk } from "../../lib/desk.svelte";
import type { Desk } from "../../wire/Desk";
import type { SourceView } from "../../wire/SourceView";
import { agingOf, FRESH } from "./aging";
import MapView from "./MapView.svelte";

// There is no canvas here: what the plan is given is written down instead of drawn.
const plan = vi.hoisted(() => ({ props: null as null | { stale: boolean } }));
vi.mock("../../graph/Plan.svelte", () => ({
  default: (_: unknown, props: never) => {
    plan.props = props;
    return {};
  },
}));
vi.mock("./feed.svelte", async () => {
  const { boutique } = await import("../../graph/fixture");
  class MapFeed {
    scene = boutique();
    answered = true;
    object = null;
    cases = null;
    want = () => undefined;
    wantObject = () => undefined;
    clear = () => undefined;
    close = () => undefined;
  }
  return { MapFeed };
});
// A machine with much else to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });

const NOW = Date.parse("2026-05-14T15:05:20Z");
const cluster = (more: Partial<SourceView> = {}): SourceView => ({ id: "c", label: "prod", cluster: "c", kind: "cluster", state: "live", since: "2026-05-14T15:05:19Z", code: "", why: "", hint: "", version: "", kinds: [], skipped: 0, ...more });
const ago = (seconds: number) => new Date(NOW - 1000 * seconds).toISOString();
const clock = (at: string) => at.slice(11, 19);

describe("the age of the plan", () => {
  it("is said as soon as a cluster is late, and hatched from a minute of silence on", () => {
    expect(agingOf([cluster()], NOW, clock)).toBe(FRESH);
    expect(agingOf([cluster({ state: "stale", since: ago(9) })], NOW, clock)).toEqual({ words: "Late, last seen at 15:05:11. The plan as of then; streets and houses may have moved.", hatched: false });
    expect(agingOf([cluster({ state: "stale", since: ago(59) })], NOW, clock).hatched).toBe(false);
    expect(agingOf([cluster({ state: "stale", since: ago(60) })], NOW, clock)).toEqual({ words: "Last seen 60 s ago. The plan as of 15:04:20; streets and houses may have moved.", hatched: true });
  });
  it("names which of several clusters are late", () => {
    const two = [cluster(), cluster({ id: "d", cluster: "d", label: "edge", state: "stale", since: ago(9) }), cluster({ id: "e", cluster: "e", label: "far", state: "stale", since: ago(300) })];
    expect(agingOf(two.slice(0, 2), NOW, clock)).toEqual({ words: "edge, late, last seen at 15:05:11. Its part of the plan is as of then; streets and houses may have moved.", hatched: false });
    expect(agingOf(two, NOW, clock)).toEqual({ words: "edge, late, last seen at 15:05:11; far, last seen 5 m ago. Their parts of the plan are as of then; streets and houses may have moved.", hatched: new Set(["e"]) });
  });
  it("is not that of other sources, nor of a cluster that is read for the first time", () => {
    expect(agingOf([cluster(), cluster({ kind: "prometheus", state: "stale", since: ago(300) })], NOW, clock)).toBe(FRESH);
    expect(agingOf([cluster({ state: "catching_up", since: ago(300) }), cluster({ state: "never_answered", since: null })], NOW, clock)).toBe(FRESH);
  });
  it("is never that of a moment that is not known", () => {
    expect(agingOf([cluster({ state: "stale", since: null })], NOW, clock).words).toBe("Not known when it was last seen. The plan as of then; streets and houses may have moved.");
  });
});

describe("the map of a cluster that is late", () => {
  beforeEach(() => {
    desk.host = { kind: "dev", call: () => Promise.resolve({}), scene: () => Promise.reject(new Error("none")) } as unknown as Host;
    desk.clockChoice = "utc";
  });
  afterEach(cleanup);
  const at = async (source: SourceView) => {
    desk.view = { version: "0", mode: "live", title: "prod", incident: null, acting: null, people: [], sources: [source], recorded_from: null, recorded_to: null, opens_at: null, now: ago(0), alarms: [], demo: false, revision: 1 } satisfies Desk;
    desk.now = NOW;
    await tick();
  };

  it("says so and has an amber frame at once, and is hatched at a minute", async () => {
    await at(cluster());
    const { container } = render(MapView);
    const frame = () => container.querySelector(".ground.late");
    expect([screen.queryByText(/as of/), frame(), plan.props!.stale]).toEqual([null, null, false]);
    await at(cluster({ state: "stale", since: ago(9) }));
    screen.getByText("Late, last seen at 15:05:11. The plan as of then; streets and houses may have moved.");
    expect([frame() === null, plan.props!.stale]).toEqual([false, false]);
    await at(cluster({ state: "stale", since: ago(60) }));
    screen.getByText(/^Last seen 60 s ago/);
    expect([frame() === null, plan.props!.stale]).toEqual([false, true]);
    await at(cluster());
    expect([screen.queryByText(/as of/), frame(), plan.props!.stale]).toEqual([null, null, false]);
  });
});
