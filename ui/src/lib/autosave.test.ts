import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Autosave, REST_MS } from "./autosave.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is typed", () => {
  it("is saved once, half a second after the last key", async () => {
    const kept: string[] = [];
    const saver = new Autosave<string>(async (text) => void kept.push(text));
    saver.changed("a");
    await vi.advanceTimersByTimeAsync(REST_MS - 1);
    saver.changed("ab");
    await vi.advanceTimersByTimeAsync(REST_MS - 1);
    expect(kept).toEqual([]);
    expect(saver.state).toBe("typing");
    await vi.advanceTimersByTimeAsync(1);
    expect(kept).toEqual(["ab"]);
    expect(saver.state).toBe("saved");
    expect(saver.dirty).toBe(false);
  });

  it("while a save is under way is saved after it, never beside it", async () => {
    const kept: string[] = [];
    let beside = 0;
    let most = 0;
    const saver = new Autosave<string>(async (text) => {
      most = Math.max(most, ++beside);
      await new Promise((done) => setTimeout(done, 2000));
      kept.push(text);
      beside--;
    });
    saver.changed("a");
    await vi.advanceTimersByTimeAsync(REST_MS);
    saver.changed("ab");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kept).toEqual(["a", "ab"]);
    expect(most).toBe(1);
  });

  it("that could not be saved is kept and tried again, the newest content", async () => {
    const kept: string[] = [];
    let fails = true;
    const saver = new Autosave<string>(async (text) => {
      if (fails) throw { code: "storage", message: "disk full", hint: "" };
      kept.push(text);
    });
    saver.changed("a");
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(saver.state).toBe("failed");
    expect(saver.trouble?.code).toBe("storage");
    expect(saver.dirty).toBe(true);
    fails = false;
    saver.changed("ab");
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(kept).toEqual(["ab"]);
    expect(saver.trouble).toBeNull();
  });

  it("can be asked for until it is known to be kept, while it is sent and after it failed", async () => {
    let fails = true;
    const saver = new Autosave<string>(async () => {
      await new Promise((done) => setTimeout(done, 100));
      if (fails) throw new Error("gone");
    });
    saver.changed("a");
    expect(saver.unsaved).toBe("a");
    await vi.advanceTimersByTimeAsync(REST_MS + 50);
    expect(saver.unsaved).toBe("a");
    await vi.advanceTimersByTimeAsync(100);
    expect(saver.unsaved).toBe("a");
    fails = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saver.unsaved).toBeNull();
  });

  it("is saved at once when the person leaves", async () => {
    const kept: string[] = [];
    const saver = new Autosave<string>(async (text) => void kept.push(text));
    saver.changed("a");
    await saver.flush();
    expect(kept).toEqual(["a"]);
    await saver.flush();
    expect(kept).toEqual(["a"]);
  });
});
