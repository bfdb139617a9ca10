import { describe, expect, it } from "vitest";
import type { DocumentView } from "../../wire/DocumentView";
import { newest, Written, writtenOf } from "./written.svelte";

const doc = (saved_at: string, prosemirror = saved_at): DocumentView => ({ incident: "i", name: "postmortem", title: "T", subtitle: "", prosemirror, saved_at, status: "draft", facts: [] });

describe("the document shown", () => {
  it("is the newer of what was asked and what a save answered", () => {
    const written = new Written("i", "postmortem");
    written.answered = doc("2");
    expect(newest(doc("1"), written)?.saved_at).toBe("2");
    expect(newest(doc("3"), written)?.saved_at).toBe("3");
  });
  it("is nothing before the desk has said what it keeps", () => {
    const written = new Written("i", "postmortem");
    written.answered = doc("2");
    expect(newest(null, written)).toBeNull();
  });
  it("carries what is not saved yet, whatever was asked", () => {
    const written = new Written("i", "postmortem");
    written.saver.changed({ prosemirror: "typed", title: "Typed" });
    expect(newest(doc("9"), written)).toMatchObject({ prosemirror: "typed", title: "Typed" });
    written.answered = doc("2");
    expect(newest(null, written)?.prosemirror).toBe("typed");
  });
  it("is written by one saver per incident, however often the view is opened", () => {
    expect(writtenOf("a", "postmortem")).toBe(writtenOf("a", "postmortem"));
    expect(writtenOf("a", "postmortem")).not.toBe(writtenOf("b", "postmortem"));
  });
});
