/** The host over HTTP on loopback: `broadstreet serve`. */
import type { SceneRequest } from "../wire/SceneRequest";
import { Ears } from "./ears";
import { type Answer, type Channel, errorFrom, errorFromAnswer, type Host, isNotice, type Notice, type Payload } from "./host";

const TOKEN = "broadstreet-token";

/** The token of this page: from the address once, then from the tab's own storage. It does not stay in the address. */
export function takeToken(location: Location, storage: Pick<Storage, "getItem" | "setItem">, history: Pick<History, "replaceState">): string {
  const hash = /^#token=([^&]+)(?:&(.*))?$/.exec(location.hash);
  const query = new URLSearchParams(location.search);
  const shown = hash?.[1] ?? query.get("token");
  if (!shown) return storage.getItem(TOKEN) ?? "";
  const token = decodeURIComponent(shown);
  storage.setItem(TOKEN, token);
  query.delete("token");
  const rest = query.size ? `?${query}` : "";
  history.replaceState(null, "", `${location.pathname}${rest}${hash ? (hash[2] ? `#${hash[2]}` : "") : location.hash}`);
  return token;
}

export class ServeHost implements Host {
  readonly kind = "page";
  private readonly ears = new Ears();
  private stream: EventSource | null = null;
  private wait = 500;

  constructor(
    private readonly base: string,
    private readonly token: string,
  ) {
    this.listen();
  }

  async call<K extends keyof import("../wire/commands").Commands>(command: K, payload: Payload<K>): Promise<Answer<K>> {
    const answer = await this.ask(`api/call/${command}`, { method: "POST", body: JSON.stringify(payload), headers: { "Content-Type": "application/json" } });
    try {
      return (await answer.json()) as Answer<K>;
    } catch {
      throw errorFromAnswer(answer.status, "");
    }
  }

  subscribe(channel: Channel | "*", heard: (notice: Notice) => void): () => void {
    return this.ears.subscribe(channel, heard);
  }

  watch(heard: (connected: boolean) => void): () => void {
    return this.ears.watch(heard);
  }

  async scene(request: Partial<SceneRequest>): Promise<ArrayBuffer> {
    const answer = await this.ask("api/scene", { method: "POST", body: JSON.stringify(request), headers: { "Content-Type": "application/json" } });
    return answer.arrayBuffer();
  }

  async put(bytes: Blob | Uint8Array): Promise<string> {
    const answer = await this.ask("api/put", { method: "POST", body: bytes as BodyInit, headers: { "Content-Type": "application/octet-stream" } });
    return ((await answer.json()) as { id: string }).id;
  }

  async get(id: string): Promise<Blob> {
    return (await this.ask(`api/get/${encodeURIComponent(id)}`, {})).blob();
  }

  notify(title: string, body: string): void {
    if (typeof Notification === "undefined" || Notification.permission === "denied") return;
    const show = () => new Notification(title, { body, tag: title });
    if (Notification.permission === "granted") show();
    else void Notification.requestPermission().then((answer) => answer === "granted" && show());
  }

  pickSource(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  dropped(): () => void {
    return () => undefined;
  }

  pickPath(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(new URL(path, this.base), { ...init, headers: { ...init.headers, Authorization: `Bearer ${this.token}` } });
    } catch (thrown) {
      throw errorFrom(thrown);
    }
    if (!answer.ok) throw errorFromAnswer(answer.status, await answer.text().catch(() => ""));
    return answer;
  }

  private listen(): void {
    if (typeof EventSource === "undefined") return;
    const stream = new EventSource(new URL(`api/notices?token=${encodeURIComponent(this.token)}`, this.base));
    this.stream = stream;
    stream.onopen = () => {
      this.wait = 500;
      this.ears.connection(true);
    };
    stream.onmessage = (event: MessageEvent<string>) => {
      try {
        const notice: unknown = JSON.parse(event.data);
        if (isNotice(notice)) this.ears.tell(notice);
      } catch {
        // One bad notice is left aside; the next names a newer revision.
      }
    };
    stream.onerror = () => {
      this.ears.connection(false);
      // The browser tries again by itself unless it was refused; then we do, ever more slowly.
      if (stream.readyState !== EventSource.CLOSED || this.stream !== stream) return;
      setTimeout(() => this.listen(), this.wait);
      this.wait = Math.min(this.wait * 2, 8000);
    };
  }
}
