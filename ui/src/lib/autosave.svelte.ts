/** Keeps what is typed: half a second after the last key, one save at a time, the newest content always last. */
import { errorFrom, type HostError } from "../host/host";

/** Rest after the last key. */
export const REST_MS = 500;
/** Rest after a save that failed; typing tries at once. */
const AGAIN_MS = 5000;

export class Autosave<T> {
  state: "saved" | "typing" | "saving" | "failed" = $state("saved");
  trouble: HostError | null = $state.raw(null);

  private pending: { content: T } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private sending: { content: T } | null = null;

  constructor(private readonly save: (content: T) => Promise<void>) {}

  /** True while something typed is not yet kept. */
  get dirty(): boolean {
    return this.pending !== null || this.running !== null;
  }

  /** The newest content that is not known to be kept. */
  get unsaved(): T | null {
    return (this.pending ?? this.sending)?.content ?? null;
  }

  changed(content: T): void {
    this.pending = { content };
    if (this.state !== "saving") this.state = "typing";
    this.schedule(REST_MS);
  }

  /** Saves now what is not yet saved. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    while (this.pending || this.running) {
      if (this.running) await this.running;
      else {
        await (this.running = this.run());
        if (this.trouble) return;
      }
    }
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.running && this.pending) this.running = this.run();
    }, wait);
  }

  private async run(): Promise<void> {
    const content = this.pending;
    if (!content) return;
    this.pending = null;
    this.sending = content;
    this.state = "saving";
    try {
      await this.save(content.content);
      this.trouble = null;
      this.state = this.pending ? "typing" : "saved";
    } catch (thrown) {
      this.trouble = errorFrom(thrown);
      this.state = "failed";
      // What could not be kept stays to be kept, unless something newer was typed.
      this.pending ??= content;
    } finally {
      this.running = null;
      this.sending = null;
      if (this.pending) this.schedule(this.trouble ? AGAIN_MS : REST_MS);
    }
  }
}
