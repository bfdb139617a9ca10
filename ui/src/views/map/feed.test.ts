import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeScene } from "../../graph/decode";
import { drawnAt } from "../../graph/fixture";
import { MapFeed, type MapPort } from "./feed.svelte";

const read = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "../../graph/fixtures", name)));
const steps = read("steps.bsc");
const first = steps.slice(0, new DataView(steps.buffer, steps.byteOffset).getUint32(8, true));
const rest = steps.slice(first.byteLength);
const after = decodeScene(read("after.bsc"));
const now = { lens: "namespaces", at: null, incident: null, policies: false } as const;

let feed: MapFeed;
/** A feed whose scenes are these, in their order; says which marks were held. */
function fed(answers: Uint8Array[]): (string | null)[] {
  const held: (string | null)[] = [];
  const port = {
    scene: (request: { held: string | null }) => {
      held.push(request.held);
      return Promise.resolve(answers.shift() ?? new Uint8Array());
    },
    cases: () => Promise.resolve({ cases: [], tray: [], nobody_told: [], unresolved: [], unresolved_count: 0, placings: [], evidence: "" }),
  } as unknown as MapPort;
  feed = new MapFeed(port);
  return held;
}
afterEach(() => feed.close());

describe("the scenes of the map", () => {
  it("asks for the steps from the scene it holds", async () => {
    const held = fed([first, rest]);
    feed.want(now);
    await vi.waitFor(() => expect(feed.scene.mark).toBe("boutique.1"));
    feed.want(now);
    await vi.waitFor(() => expect(feed.scene.mark).toBe(after.mark));
    expect(held).toEqual([null, "boutique.1"]);
    expect(feed.scene).toEqual(after);
  });

  it("asks for all of a scene where steps lead nowhere, and takes nothing of them", async () => {
    const held = fed([first, rest.slice(0, rest.byteLength - 8), read("after.bsc")]);
    feed.want(now);
    await vi.waitFor(() => expect(feed.scene.mark).toBe("boutique.1"));
    feed.want(now);
    await vi.waitFor(() => expect(feed.scene.mark).toBe(after.mark));
    expect(held).toEqual([null, "boutique.1", null]);
    expect(feed.sceneTrouble).toBeNull();
  });

  it("asks for all of it where another lens or the past is wanted", async () => {
    const held = fed([first, first, first]);
    feed.want(now);
    await vi.waitFor(() => expect(held).toHaveLength(1));
    feed.want({ ...now, lens: "nodes" });
    await vi.waitFor(() => expect(held).toHaveLength(2));
    feed.want({ ...now, lens: "nodes", at: "2026-01-01T00:00:00Z" });
    await vi.waitFor(() => expect(held).toEqual([null, null, null]));
  });

  it("waits long between pictures while a cluster is read, and asks at once when it was", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "performance"] });
    try {
      let asked = 0;
      const scene = () => {
        asked++;
        return new Promise<Uint8Array>((done) => setTimeout(() => done(first), 50));
      };
      feed = new MapFeed({ scene, cases: () => new Promise(() => undefined) } as unknown as MapPort);
      feed.want(now, true);
      await vi.advanceTimersByTimeAsync(100);
      expect(feed.scene.mark).toBe("boutique.1");
      expect(feed.growing).toBe(true);
      feed.want(now, true);
      await vi.advanceTimersByTimeAsync(200);
      expect(asked).toBe(1);
      feed.want(now);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toBe(2);
      // What is drawn is a part still, though all was read.
      expect(feed.growing).toBe(true);
      await vi.advanceTimersByTimeAsync(100);
      expect(feed.growing).toBe(false);
      feed.want(now);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it("asks for the next picture while one is painted, unless they take long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "performance"] });
    try {
      let [asked, takes] = [0, 50];
      const scene = () => {
        asked++;
        return new Promise<Uint8Array>((done) => setTimeout(() => done(first), takes));
      };
      feed = new MapFeed({ scene, cases: () => new Promise(() => undefined) } as unknown as MapPort);
      const next = async (after: number) => {
        feed.want(now);
        await vi.advanceTimersByTimeAsync(after);
        return asked;
      };
      expect(await next(50)).toBe(1);
      expect(await next(0)).toBe(2);
      // The second takes long; what follows it waits as long again.
      await vi.advanceTimersByTimeAsync(100);
      takes = 600;
      expect(await next(700)).toBe(3);
      expect(await next(0)).toBe(4);
      await vi.advanceTimersByTimeAsync(700);
      expect(await next(400)).toBe(4);
      expect(await next(300)).toBe(5);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows what was drawn when the past was recorded, and then the moment itself", async () => {
    const then = { ...now, at: "2026-01-01T00:00:09Z" } as const;
    const drawn = drawnAt(first, "2026-01-01T00:00:05Z");
    let tell: (bytes: Uint8Array) => void = () => undefined;
    const asked: boolean[] = [];
    const port = {
      scene: (request: { drawn: boolean }) => {
        asked.push(request.drawn);
        return request.drawn ? Promise.resolve(drawn) : new Promise<Uint8Array>((done) => (tell = done));
      },
      cases: () => new Promise(() => undefined),
    } as unknown as MapPort;
    feed = new MapFeed(port);
    feed.want(then);
    await vi.waitFor(() => expect(asked).toEqual([true, false]));
    expect(feed.scene.drawn).toBe("2026-01-01T00:00:05Z");
    expect(feed.scene.houses.count).toBe(decodeScene(first).houses.count);

    // Another moment is shown meanwhile, and what comes late for the one before is not.
    feed.want({ ...then, at: "2026-01-01T00:00:20Z" });
    await vi.waitFor(() => expect(feed.shown?.at).toBe("2026-01-01T00:00:20Z"));
    const late = tell;
    late(read("after.bsc"));
    await vi.waitFor(() => expect(asked).toEqual([true, false, true, false]));
    expect(feed.scene.drawn).toBe("2026-01-01T00:00:05Z");
    tell(read("after.bsc"));
    await vi.waitFor(() => expect(feed.scene.drawn).toBeUndefined());
    expect(feed.scene.houses).toEqual(after.houses);
    expect(feed.sceneTrouble).toBeNull();
  });

  it("says what is wrong with a scene that is none", async () => {
    const held = fed([first.slice(0, 100)]);
    feed.want(now);
    await vi.waitFor(() => expect(feed.sceneTrouble?.code).toBe("bad_scene"));
    expect(held).toEqual([null]);
  });
});
