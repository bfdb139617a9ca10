import { afterEach, describe, expect, it, vi } from "vitest";
import type { FileView } from "../../wire/FileView";
import { copyPicture, fileName, saveDrawing, type PicturePort } from "./picture";

const blob = new Blob(["png"], { type: "image/png" });
const file: FileView = { blob: "b1", name: "map-namespaces-x.svg", media_type: "image/svg+xml", bytes: 10 };

function port(picked: string | null | undefined, draw: PicturePort["draw"] = async () => file) {
  const asked: unknown[] = [];
  const downloads: FileView[] = [];
  const made: PicturePort = {
    draw: (lens, at, path) => (asked.push([lens, at, path]), draw(lens, at, path)),
    pickPath: async (name) => (asked.push(name), picked),
    download: async (f) => void downloads.push(f),
    hand: () => {},
  };
  return { made, asked, downloads };
}

afterEach(() => vi.unstubAllGlobals());

describe("copying the map", () => {
  it("puts a picture on the clipboard, and asks for it before the picture is made", async () => {
    vi.stubGlobal("ClipboardItem", class { constructor(readonly items: Record<string, Promise<Blob>>) {} });
    const written: unknown[] = [];
    const order: string[] = [];
    let done: (b: Blob) => void = () => {};
    const outcome = copyPicture(() => new Promise((yes) => (done = yes)), { write: async (items) => void (order.push("asked"), written.push(...items)) });
    order.push("made");
    done(blob);
    expect((await outcome).words).toBe("The map is on the clipboard as a picture.");
    expect(order).toEqual(["asked", "made"]);
    expect(await (written[0] as { items: Record<string, Promise<Blob>> }).items["image/png"]).toBe(blob);
  });
  it("says why it did not, and offers the picture as a file", async () => {
    const { trouble, rest } = await copyPicture(async () => blob, undefined);
    expect(trouble?.message).toBe("this web view has no clipboard for pictures");
    expect(rest).toBe(blob);
  });
  it("offers nothing where there is no picture either", async () => {
    const { trouble, rest } = await copyPicture(async () => Promise.reject(new Error("no memory")), undefined);
    expect([trouble?.code, rest]).toEqual(["not_copied", null]);
  });
});

describe("saving the map", () => {
  it("writes where the person says, of the moment that is shown", async () => {
    const { made, asked, downloads } = port("/home/me/map.svg");
    const outcome = await saveDrawing(made, "nodes", "2026-05-14T15:05:20Z", 0);
    expect(asked).toEqual(["map-nodes-20260514T150520Z.svg", ["nodes", "2026-05-14T15:05:20Z", "/home/me/map.svg"]]);
    expect(outcome?.words).toBe("The map is saved as /home/me/map.svg.");
    expect(downloads).toEqual([]);
  });
  it("downloads where there is nobody to ask, live too", async () => {
    const { made, asked, downloads } = port(undefined);
    await saveDrawing(made, "namespaces", null, Date.parse("2026-05-14T15:05:20.123Z"));
    expect(asked[0]).toBe("map-namespaces-20260514T150520Z.svg");
    expect(downloads).toEqual([file]);
  });
  it("does nothing when the person declines", async () => {
    const { made, asked } = port(null);
    expect(await saveDrawing(made, "namespaces", null, 0)).toBeNull();
    expect(asked).toHaveLength(1);
  });
  it("says what the desk says where it fails", async () => {
    const { made } = port(undefined, async () => Promise.reject({ code: "not_written", message: "the disk is full", hint: "make room" }));
    expect((await saveDrawing(made, "namespaces", null, 0))?.trouble).toEqual({ code: "not_written", message: "the disk is full", hint: "make room" });
  });
  it("names a file so that every system takes it", () => {
    expect(fileName("nodes", Date.parse("2026-11-26T07:31:07Z"), "png")).toMatch(/^[a-z0-9TZ.-]+$/);
  });
});
