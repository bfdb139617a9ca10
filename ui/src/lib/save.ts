/** Handing a file over: to a path where the host can ask for one, else as a download. */
import type { FileView } from "../wire/FileView";
import { desk } from "./desk.svelte";

/** Hands over what the desk keeps under `file.blob`. */
export async function download(file: FileView): Promise<void> {
  hand(file.name, new Blob([await desk.host.get(file.blob)], { type: file.media_type || "application/octet-stream" }));
}

/** Hands over what the page holds itself. */
export function hand(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the address after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
