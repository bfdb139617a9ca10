/** The host of the app's own window. The only file that names Tauri. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Commands } from "../wire/commands";
import type { SceneRequest } from "../wire/SceneRequest";
import { Ears } from "./ears";
import { larger } from "./larger";
import { type Answer, type Channel, errorFrom, type Host, isNotice, type Notice, type Payload, pictureType } from "./host";

async function asked<T>(command: string, payload?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, payload);
  } catch (thrown) {
    throw errorFrom(thrown);
  }
}

export class WindowHost implements Host {
  readonly kind = "window";
  private readonly ears = new Ears();

  constructor() {
    larger((size) => void asked("plugin:webview|set_webview_zoom", { value: size }).catch(() => undefined));
    void listen<unknown>("notice", (event) => isNotice(event.payload) && this.ears.tell(event.payload)).then(
      () => this.ears.connection(true),
      () => this.ears.connection(false),
    );
  }

  call<K extends keyof Commands>(command: K, payload: Payload<K>): Promise<Answer<K>> {
    return asked("call", { command, payload });
  }

  subscribe(channel: Channel | "*", heard: (notice: Notice) => void): () => void {
    return this.ears.subscribe(channel, heard);
  }

  watch(heard: (connected: boolean) => void): () => void {
    return this.ears.watch(heard);
  }

  scene(request: Partial<SceneRequest>): Promise<ArrayBuffer> {
    return asked("scene", { request });
  }

  async put(bytes: Blob | Uint8Array): Promise<string> {
    const raw = bytes instanceof Uint8Array ? bytes : new Uint8Array(await bytes.arrayBuffer());
    return asked<string>("put", { bytes: raw });
  }

  async get(id: string): Promise<Blob> {
    const bytes = await asked<ArrayBuffer>("get", { id });
    return new Blob([bytes], { type: pictureType(new Uint8Array(bytes)) });
  }

  /** The program itself tells of alarms outside the window, also where the page is covered and sleeps. */
  notify(): void {}

  async pickSource(what: "file" | "folder"): Promise<string | null> {
    return asked("plugin:dialog|open", { options: { directory: what === "folder", multiple: false } });
  }

  dropped(heard: (paths: readonly string[]) => void): () => void {
    const heeded = listen<{ paths?: unknown }>("tauri://drag-drop", ({ payload }) => {
      const paths = Array.isArray(payload.paths) ? payload.paths.filter((path) => typeof path === "string") : [];
      if (paths.length > 0) heard(paths);
    });
    return () => void heeded.then((stop) => stop(), () => undefined);
  }

  async pickPath(name: string): Promise<string | null> {
    return asked("plugin:dialog|save", { options: { defaultPath: name } });
  }
}
