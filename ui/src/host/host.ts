/** What the screen asks of whatever it runs in: the window of the app, or a page of `serve`. */
import type { Commands } from "../wire/commands";
import type { SceneRequest } from "../wire/SceneRequest";

export const CHANNELS = ["desk", "map", "alerts", "ledger", "pages", "history", "logs"] as const;
export type Channel = (typeof CHANNELS)[number];

/** Something changed: which part, its newest revision, and what it is about. */
export interface Notice {
  /** `resync`: notices were lost, read everything again. */
  readonly channel: Channel | "resync";
  readonly revision: number;
  readonly ids: readonly string[];
}

export type Payload<K extends keyof Commands> = Commands[K]["payload"];
export type Answer<K extends keyof Commands> = Commands[K]["answer"];

export interface Host {
  readonly kind: "window" | "page" | "dev";
  /** Runs a command. Rejects with a `HostError`, never with anything else. */
  call<K extends keyof Commands>(command: K, payload: Payload<K>): Promise<Answer<K>>;
  /** Hears notices of one channel, or of all (`*`), until the answer is called. */
  subscribe(channel: Channel | "*", heard: (notice: Notice) => void): () => void;
  /** Hears whether notices arrive; called once at the start. After a gap everything must be read again. */
  watch(heard: (connected: boolean) => void): () => void;
  scene(request: Partial<SceneRequest>): Promise<ArrayBuffer>;
  /** Hands in a file and answers its id. */
  put(bytes: Blob | Uint8Array): Promise<string>;
  get(id: string): Promise<Blob>;
  notify(title: string, body: string): void;
  /** Asks for a file or a folder of this machine; null when the person declined, undefined where a page cannot know its path. */
  pickSource(what: "file" | "folder"): Promise<string | null | undefined>;
  /** Hears the paths of what is dropped on the window, until the answer is called; a page is dropped files, not paths. */
  dropped(heard: (paths: readonly string[]) => void): () => void;
  /** Asks where to save; null when the person declined, undefined where files are handed over as downloads. */
  pickPath(name: string): Promise<string | null | undefined>;
}

/** What went wrong, as the edge says it. The screen branches on `code`, never on words. */
export class HostError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
    this.name = "HostError";
  }
}

/** The host did not answer at all. */
export const OFFLINE = "offline";

/** Any thrown thing as an error with a code: the wire's own shape is kept, everything else is named. */
export function errorFrom(thrown: unknown): HostError {
  if (thrown instanceof HostError) return thrown;
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    const { code, message, hint } = thrown as { code: unknown; message: unknown; hint?: unknown };
    if (typeof code === "string") return new HostError(code, String(message), typeof hint === "string" ? hint : "");
  }
  if (thrown instanceof TypeError || (thrown instanceof DOMException && thrown.name !== "AbortError")) {
    return new HostError(OFFLINE, "the desk does not answer", "What is shown is the last that was read. It is asked again by itself.");
  }
  return new HostError("unknown", thrown instanceof Error ? thrown.message : String(thrown), "Try again; if it stays, start the app again.");
}

/** The error an HTTP answer carries; an answer that is not ours is named by its status. */
export function errorFromAnswer(status: number, body: string): HostError {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "code" in value) return errorFrom(value);
  } catch {
    // Not JSON: a proxy or another server answered.
  }
  if (status === 401 || status === 403) return new HostError("no_token", "this page has no valid token", "Open the address that `broadstreet serve` printed.");
  return new HostError("bad_answer", `the desk answered ${status}`, "Something between this page and the desk changed the answer.");
}

/** True for a notice of a channel we know; anything else is left aside. */
export function isNotice(value: unknown): value is Notice {
  if (typeof value !== "object" || value === null) return false;
  const { channel, revision } = value as Partial<Notice>;
  return typeof revision === "number" && (channel === "resync" || (CHANNELS as readonly string[]).includes(channel as string));
}

/** The media type of a picture by its first bytes, for hosts that hand over bytes alone; a drawing without one is not shown. */
export function pictureType(bytes: Uint8Array): string {
  const starts = (...head: number[]) => head.every((b, i) => bytes[i] === b);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  if (starts(0x52, 0x49, 0x46, 0x46)) return "image/webp";
  const text = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  return text.startsWith("<svg") || (text.startsWith("<?xml") && text.includes("<svg")) ? "image/svg+xml" : "";
}
