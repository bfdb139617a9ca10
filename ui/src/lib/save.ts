/** Handing a file over: to a path where the host can ask for one, else as a download. */
import type { FileView } from "../wire/FileView";
import { desk } from "./desk.svelte";

/** Hands over what the desk keeps under `file.blob`. */
export async function download(file: FileView): Promise<void> {
  const bytes = await desk.host.get(file.blob);
  const address = URL.createObjectURL(new Blob([bytes], { type: file.media_type || "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  // The browser reads the address after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
