/** A question a view keeps asking: again when its payload or a channel it hears changes, the newest answer only. */
import { untrack } from "svelte";
import { type Answer, type Channel, errorFrom, type HostError, type Payload } from "../host/host";
import type { Commands } from "../wire/commands";
import { desk } from "./desk.svelte";

/** Never asked more often than this, however many notices come, unless the view says otherwise. */
const REST_MS = 200;

/** The newest answers of questions that keep them, so that a view shows at once what it showed last. */
const remembered = new Map<string, { value: unknown; at: number }>();
const MOST = 16;

export class Ask<K extends keyof Commands> {
  value: Answer<K> | null = $state.raw(null);
  trouble: HostError | null = $state.raw(null);
  /** True until the first answer to the present payload. */
  loading = $state(true);
  /** When the value was read, by this page's clock. */
  readAt = $state(0);

  /** The least time between two answers to the same payload: longer where an answer is large. */
  restMs = REST_MS;

  private wanted: Payload<K> | null = null;
  private key = "";
  private busy = false;
  private dirty = false;
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly command: K,
    private readonly keeps = false,
  ) {}

  want(payload: Payload<K> | null): void {
    const key = JSON.stringify(payload);
    const fresh = key !== this.key;
    this.key = key;
    this.wanted = payload;
    if (payload === null) {
      this.value = null;
      this.trouble = null;
      this.loading = false;
      return;
    }
    const before = fresh && this.keeps ? remembered.get(`${this.command} ${key}`) : undefined;
    if (before) {
      this.value = before.value as Answer<K>;
      this.readAt = before.at;
    }
    if (fresh) this.loading = before === undefined && (this.value === null || this.loading);
    this.schedule(fresh);
  }

  again(): void {
    if (this.wanted !== null) this.schedule(true);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private remember(key: string, value: Answer<K>): void {
    const name = `${this.command} ${key}`;
    remembered.delete(name);
    remembered.set(name, { value, at: this.readAt });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MOST) break;
      remembered.delete(oldest);
    }
  }

  private schedule(now: boolean): void {
    if (this.busy) {
      this.dirty = true;
      return;
    }
    clearTimeout(this.timer);
    const wait = now ? 0 : Math.max(0, this.last + this.restMs - Date.now());
    if (wait === 0) void this.run();
    else this.timer = setTimeout(() => void this.run(), wait);
  }

  private async run(): Promise<void> {
    const payload = this.wanted;
    const key = this.key;
    if (payload === null || this.closed) return;
    this.busy = true;
    this.last = Date.now();
    try {
      const value = await desk.call(this.command, payload);
      if (key === this.key && !this.closed) {
        this.value = value;
        this.readAt = Date.now();
        if (this.keeps) this.remember(key, value);
        this.trouble = null;
        this.loading = false;
      }
    } catch (thrown) {
      if (key === this.key && !this.closed) {
        this.trouble = errorFrom(thrown);
        this.loading = false;
      }
    } finally {
      this.busy = false;
      if (this.dirty || key !== this.key) {
        this.dirty = false;
        this.schedule(key !== this.key);
      }
    }
  }
}

/**
 * Asks within a component: `payload` null means there is nothing to ask. With `keeps` the last answer is shown until the
 * next comes, also after the view was left; never for what is edited, where an old answer could be written back.
 */
export function ask<K extends keyof Commands>(command: K, payload: () => Payload<K> | null, channels: readonly Channel[], keeps = false): Ask<K> {
  const question = new Ask(command, keeps);
  $effect(() => {
    for (const channel of channels) void desk.revisions[channel];
    const wanted = payload();
    untrack(() => question.want(wanted));
  });
  $effect(() => () => question.close());
  return question;
}
