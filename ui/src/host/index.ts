/** Picks the host: the app's window where there is one, else the page's own server. */
import type { Host } from "./host";

export * from "./host";

export async function connect(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) {
    const { WindowHost } = await import("./tauri");
    return new WindowHost();
  }
  const { ServeHost, takeToken } = await import("./serve");
  // A new address pasted into this tab changes only what stands behind `#`, which loads nothing by itself.
  window.addEventListener("hashchange", () => window.location.hash.startsWith("#token=") && window.location.reload());
  return new ServeHost(document.baseURI, takeToken(window.location, window.sessionStorage, window.history));
}
