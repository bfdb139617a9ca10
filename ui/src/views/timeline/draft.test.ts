import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DraftForm } from "../../wire/DraftForm";
import type { WriteEntry } from "../../wire/WriteEntry";
import { Draft, KEEP_MS } from "./draft.svelte";

function desk(before = "") {
  const kept: DraftForm[] = [];
  const written: WriteEntry[] = [];
  const fail = { keep: false, write: false };
  return {
    kept,
    written,
    fail,
    keeper: {
      keep: async (draft: DraftForm) => {
        if (fail.keep) throw new TypeError("gone");
        kept.push(draft);
      },
      read: async (incident: string): Promise<DraftForm> => ({ incident, name: "entry", text: before }),
      write: async (entry: WriteEntry) => {
        written.push(entry);
        if (fail.write) throw new TypeError("gone");
        return { row: `r${written.length}` };
      },
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a line that is being typed", () => {
  it("is kept within half a second, once for many keys", async () => {
    const d = desk();
    const draft = new Draft("inc", d.keeper);
    for (const text of ["c", "ca", "cart"]) draft.type(text);
    await vi.advanceTimersByTimeAsync(KEEP_MS);
    expect(d.kept).toEqual([{ incident: "inc", name: "entry", text: "cart" }]);
  });
  it("is kept even while one never stops typing", async () => {
    const d = desk();
    const draft = new Draft("inc", d.keeper);
    for (let i = 1; i <= 20; i++) {
      draft.type("x".repeat(i));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(d.kept.length).toBeGreaterThanOrEqual(3);
  });
  it("comes back after the app was closed, but never over what is typed", async () => {
    const d = desk("half a li");
    const first = new Draft("inc", d.keeper);
    await first.recall();
    expect(first.text).toBe("half a li");
    const second = new Draft("inc", d.keeper);
    second.type("new");
    await second.recall();
    expect(second.text).toBe("new");
  });
  it("is tried again when it could not be kept, and says so", async () => {
    const d = desk();
    d.fail.keep = true;
    const draft = new Draft("inc", d.keeper);
    draft.type("cart");
    await vi.advanceTimersByTimeAsync(KEEP_MS);
    expect(draft.unkept?.code).toBe("offline");
    d.fail.keep = false;
    await vi.advanceTimersByTimeAsync(4 * KEEP_MS);
    expect(d.kept.at(-1)?.text).toBe("cart");
    expect(draft.unkept).toBeNull();
  });
});

describe("sending", () => {
  it("empties the line and the draft", async () => {
    const d = desk();
    const draft = new Draft("inc", d.keeper);
    draft.type("cart flaps");
    await draft.flush();
    draft.attach({ blob: "b", name: "a.png", media_type: "image/png" });
    expect(await draft.send()).toBe("r1");
    expect(d.written[0]).toMatchObject({ text: "cart flaps", attachments: [{ blob: "b" }] });
    expect([draft.text, draft.attachments.length]).toEqual(["", 0]);
    expect(d.kept.at(-1)?.text).toBe("");
  });
  it("carries the same token when it is tried again, another for other words", async () => {
    const d = desk();
    d.fail.write = true;
    const draft = new Draft("inc", d.keeper);
    draft.type("cart flaps");
    expect(await draft.send()).toBeNull();
    expect(draft.text).toBe("cart flaps");
    await draft.send();
    draft.type("cart flaps again");
    await draft.send();
    const [a, b, c] = d.written.map((w) => w.token);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
  });
  it("leaves what was typed while it was recorded on the line, as the next one", async () => {
    const d = desk();
    const draft = new Draft("inc", d.keeper);
    draft.type("one");
    const sent = draft.send();
    draft.type("onetwo");
    await sent;
    expect(d.written[0]?.text).toBe("one");
    expect(draft.text).toBe("two");
  });
  it("does nothing with nothing, and never twice at once", async () => {
    const d = desk();
    const draft = new Draft("inc", d.keeper);
    expect(await draft.send()).toBeNull();
    draft.type("one");
    await Promise.all([draft.send(), draft.send()]);
    expect(d.written).toHaveLength(1);
  });
});
