import { Editor } from "@tiptap/core";
import { describe, expect, it } from "vitest";
import { outline, readDocument, unwritten } from "./outline";
import { blobOf, emptyTable, extensions, settle } from "./schema";

const h = (level: number, text: string) => ({ type: "heading", attrs: { level }, content: text ? [{ type: "text", text }] : [] });
const p = (text: string) => ({ type: "paragraph", content: text ? [{ type: "text", text }] : [] });

describe("the outline", () => {
  it("names headings with their level, and none without words", () => {
    expect(outline({ type: "doc", content: [h(2, "Summary"), p("x"), h(3, " "), h(3, "Impact")] })).toEqual([
      { level: 2, text: "Summary", index: 0 },
      { level: 3, text: "Impact", index: 3 },
    ]);
  });
  it("says under which headings nothing is written", () => {
    expect(unwritten({ type: "doc", content: [h(2, "Summary"), p("x"), h(2, "Impact"), p(" "), h(2, "Causes"), h(3, "Trigger"), p("y"), h(2, "Luck")] })).toEqual(["Impact", "Luck"]);
  });
});

describe("what is kept", () => {
  it("is nothing, a document, or a named problem; never a throw", () => {
    expect(readDocument("")).toEqual({ json: null, problem: "" });
    expect(readDocument('{"type":"doc","content":[]}').json).not.toBeNull();
    expect(readDocument("{").problem).not.toBe("");
    expect(readDocument('"x"').problem).not.toBe("");
  });
});

describe("pictures", () => {
  it("come from the record only", () => {
    expect(blobOf("blob:3f9ac1")).toBe("3f9ac1");
    expect(blobOf("https://example.com/x.png")).toBeNull();
    expect(blobOf("blob:http://127.0.0.1/x")).toBeNull();
    expect(blobOf(null)).toBeNull();
  });
  it("are fetched by their id and by nothing else", async () => {
    const asked: string[] = [];
    const doc = { type: "doc", content: [{ type: "image", attrs: { src: "blob:abc", alt: "The plan" } }, { type: "image", attrs: { src: "https://example.com/x.png", alt: "Elsewhere" } }] };
    const editor = new Editor({ element: document.createElement("div"), extensions: extensions((id) => (asked.push(id), Promise.reject(new Error("gone")))), content: doc, injectCSS: false });
    await Promise.resolve();
    expect(asked).toEqual(["abc"]);
    expect(editor.view.dom.textContent).toContain("Elsewhere (not kept in the record)");
    expect(editor.view.dom.querySelector("img[src^='http']")).toBeNull();
    editor.destroy();
  });
});

describe("the editor", () => {
  const make = (content: object) => new Editor({ element: document.createElement("div"), extensions: extensions(() => Promise.reject(new Error("none"))), content, injectCSS: false });
  it("gives back what it was given: text, marks, lists, quotes, code, tables, pictures, rules", () => {
    const marked = { type: "paragraph", content: [{ type: "text", text: "a ", marks: [{ type: "bold" }] }, { type: "text", text: "b", marks: [{ type: "code" }] }, { type: "hardBreak" }, { type: "text", text: "c", marks: [{ type: "strike" }, { type: "italic" }] }] };
    const doc = { type: "doc", content: [h(1, "One"), marked, { type: "bulletList", content: [{ type: "listItem", content: [p("x"), { type: "orderedList", attrs: { start: 1 }, content: [{ type: "listItem", content: [p("y")] }] }] }] }, { type: "blockquote", content: [p("said")] }, { type: "codeBlock", attrs: { language: "yaml" }, content: [{ type: "text", text: "a: b" }] }, emptyTable(2, 3), { type: "image", attrs: { src: "blob:x", alt: "plan" } }, { type: "horizontalRule" }] };
    const editor = make(doc);
    const back = editor.getJSON();
    expect(back.content?.map((b) => b.type)).toEqual(doc.content.map((b) => b.type));
    expect(JSON.stringify(back)).toContain('"language":"yaml"');
    expect(JSON.stringify(back.content?.[1])).toContain('"strike"');
    const again = make(back);
    expect(again.getJSON()).toEqual(back);
    editor.destroy();
    again.destroy();
  });
  it("holds every pair of marks in whatever order the desk writes them, and an empty document", () => {
    const editor = make({ type: "doc", content: [p("x")] });
    const all = ["bold", "italic", "strike", "code", "link"].map((type) => (type === "link" ? { type, attrs: { href: "https://x" } } : { type }));
    const texts = all.flatMap((a, i) => all.slice(i + 1).map((b) => ({ type: "text", text: "t", marks: [a, b] })));
    const doc = { type: "doc", content: [{ type: "paragraph", content: [...texts, { type: "hardBreak", marks: all }, { type: "text", text: "all", marks: all }] }] };
    const made = editor.schema.nodeFromJSON(settle(doc, editor.schema));
    expect(() => made.check()).not.toThrow();
    editor.commands.setContent(settle(doc, editor.schema));
    expect(new Set(editor.getJSON().content?.[0]?.content?.at(-1)?.marks?.map((m) => m.type))).toEqual(new Set(["bold", "italic", "strike", "code", "link"]));
    expect(() => editor.schema.nodeFromJSON(settle({ type: "doc" }, editor.schema)).check()).not.toThrow();
    editor.destroy();
  });
  it("knows a table well enough to add a row at its end", () => {
    const editor = make({ type: "doc", content: [emptyTable(1, 2)] });
    editor.commands.setTextSelection(editor.state.doc.content.size - 4);
    editor.commands.keyboardShortcut("Tab");
    const rows = editor.getJSON().content?.[0]?.content ?? [];
    expect(rows).toHaveLength(3);
    expect(rows.every((r) => (r as { content?: unknown[] }).content?.length === 2)).toBe(true);
    editor.destroy();
  });
  it("takes no underline and no heading of a fifth level, which could not be written down", () => {
    const editor = make({ type: "doc", content: [p("x")] });
    expect(editor.schema.marks["underline"]).toBeUndefined();
    expect(Object.keys(editor.schema.marks).toSorted()).toEqual(["bold", "code", "italic", "link", "strike"]);
    editor.destroy();
  });
});
