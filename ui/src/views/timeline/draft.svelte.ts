/** What is typed and not yet recorded: kept at the desk every half second, and sent with one token until it is taken. */
import { errorFrom, type HostError } from "../../host/host";
import type { DraftForm } from "../../wire/DraftForm";
import type { WriteEntry } from "../../wire/WriteEntry";
import type { AttachmentForm } from "../../wire/AttachmentForm";

/** How often what is typed is kept. */
export const KEEP_MS = 500;
const NAME = "entry";

export interface Keeper {
  keep: (draft: DraftForm) => Promise<unknown>;
  read: (incident: string) => Promise<DraftForm>;
  write: (entry: WriteEntry) => Promise<{ row: string }>;
}

export class Draft {
  text = $state("");
  /** The instant chosen where what was typed could mean two. */
  at: string | null = $state(null);
  attachments: AttachmentForm[] = $state.raw([]);
  busy = $state(false);
  trouble: HostError | null = $state.raw(null);
  /** Why what is typed is not kept. */
  unkept: HostError | null = $state.raw(null);

  private kept = "";
  private token: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeping: Promise<unknown> = Promise.resolve();

  constructor(
    readonly incident: string,
    private readonly keeper: Keeper,
  ) {}

  /** Takes up what was typed before; what is typed meanwhile wins. */
  async recall(): Promise<void> {
    try {
      const draft = await this.keeper.read(this.incident);
      if (this.text === "" && this.token === null) {
        this.text = draft.text;
        this.kept = draft.text;
      }
    } catch {
      // No draft is an empty draft.
    }
  }

  type(text: string): void {
    this.text = text;
    this.at = null;
    // Other words are another entry: a retry of the old one would swallow them.
    this.token = null;
    this.trouble = null;
    this.timer ??= setTimeout(() => void this.flush(), KEEP_MS);
  }

  attach(file: AttachmentForm): void {
    this.attachments = [...this.attachments, file];
    this.token = null;
  }

  detach(blob: string): void {
    this.attachments = this.attachments.filter((a) => a.blob !== blob);
    this.token = null;
  }

  /** Keeps what is typed now. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.text === this.kept) return;
    const text = this.text;
    this.keeping = this.keeping.then(() => this.keeper.keep({ incident: this.incident, name: NAME, text })).then(
      () => {
        this.kept = text;
        this.unkept = null;
      },
      (thrown: unknown) => {
        this.unkept = errorFrom(thrown);
        // Tried again as long as it is not kept.
        this.timer ??= setTimeout(() => void this.flush(), 4 * KEEP_MS);
      },
    );
    await this.keeping;
  }

  /** Records what was typed when Enter was pressed and answers its row, null where it was not. A retry after a lost answer carries the same token and makes no second row. */
  async send(typed = this.text): Promise<string | null> {
    const text = typed.trim();
    if (!text || this.busy) return null;
    const attachments = this.attachments;
    this.busy = true;
    this.trouble = null;
    this.token ??= crypto.randomUUID();
    try {
      const { row } = await this.keeper.write({ incident: this.incident, text, at: this.at, attachments: [...attachments], token: this.token });
      // What was typed or attached meanwhile is the next line.
      this.text = this.text.startsWith(typed) ? this.text.slice(typed.length) : this.text;
      this.at = null;
      this.attachments = this.attachments.filter((a) => !attachments.includes(a));
      this.token = null;
      void this.flush();
      return row;
    } catch (thrown) {
      this.trouble = errorFrom(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  close(): void {
    void this.flush();
  }
}
