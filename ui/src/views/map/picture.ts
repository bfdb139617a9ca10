/** The map handed over: as a picture to the clipboard, as a drawing to a file. */
import type { FileView } from "../../wire/FileView";
import type { Trouble } from "./feed.svelte";

/** What handing over needs of the host and the browser. */
export interface PicturePort {
  /** Draws the map of a moment as SVG, to a path or as a file to fetch. */
  draw(lens: string, at: string | null, path: string | null): Promise<FileView>;
  /** Asks where to save; null when the person declined, undefined where files are handed over as downloads. */
  pickPath(name: string): Promise<string | null | undefined>;
  /** Hands over a file the desk keeps. */
  download(file: FileView): Promise<void>;
  /** Hands over what the page holds itself. */
  hand(name: string, content: Blob): void;
}

/** What came of it, to be said. */
export interface Outcome {
  readonly words: string;
  /** Set where it failed. */
  readonly trouble: Trouble | null;
  /** The picture, where it could not be copied but can be saved. */
  readonly rest: Blob | null;
}

/** A name for a file of that moment: no character a file system refuses. */
export function fileName(lens: string, at: number, ending: string): string {
  const stamp = new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
  return `map-${lens}-${stamp}.${ending}`;
}

/** Copies a picture. The clipboard is asked at once, while the key press still counts, and waits for the picture itself. */
export async function copyPicture(make: () => Promise<Blob>, clipboard: Pick<Clipboard, "write"> | undefined): Promise<Outcome> {
  const picture = make();
  try {
    if (!clipboard || typeof ClipboardItem === "undefined") throw new Error("this web view has no clipboard for pictures");
    await clipboard.write([new ClipboardItem({ "image/png": picture })]);
    return { words: "The map is on the clipboard as a picture.", trouble: null, rest: null };
  } catch (why) {
    const rest = await picture.catch(() => null);
    const message = why instanceof Error && why.message ? why.message : String(why);
    return { words: "The map was not copied.", trouble: { code: "not_copied", message, hint: rest ? "Save the picture as a file instead." : "Try again; the list shows the same." }, rest };
  }
}

/** Saves the map of a moment as SVG where the person says; null when they declined. */
export async function saveDrawing(port: PicturePort, lens: string, at: string | null, now: number): Promise<Outcome | null> {
  try {
    const path = await port.pickPath(fileName(lens, at ? Date.parse(at) : now, "svg"));
    if (path === null) return null;
    const file = await port.draw(lens, at, path ?? null);
    if (path === undefined) await port.download(file);
    return { words: `The map is saved as ${path ?? file.name}.`, trouble: null, rest: null };
  } catch (why) {
    const { code, message, hint } = (why ?? {}) as Partial<Trouble>;
    return { words: "The map was not saved.", trouble: { code: code ?? "not_saved", message: message ?? String(why), hint: hint ?? "" }, rest: null };
  }
}
