/** What is looked for on the map: the filter and its answer, only trouble, an answer shown on the plan; remembered for each cluster. */
import type { Lens } from "../../graph/scene";
import type { FilterView } from "../../wire/FilterView";
import { type MapPort, type Trouble, troubleOf } from "./feed.svelte";
import { Latest } from "./latest";

/** Most steps around trouble. */
export const MOST_HOPS = 4;

/** Houses an answer is about, shown on the plan until it is closed. */
export interface Highlight {
  /** What they are, as the start of a sentence. */
  readonly title: string;
  readonly ids: readonly string[];
}

interface Wish {
  readonly query: string;
  readonly lens: Lens;
  readonly at: string | null;
}

/** What is remembered of a cluster. */
interface Kept {
  filter: string;
  hide: boolean;
  trouble: boolean;
  hops: number;
  policies: boolean;
}

const NOTHING: Kept = { filter: "", hide: false, trouble: false, hops: 1, policies: false };

/** A pause in the typing this long asks. */
const PAUSE_MS = 90;

/** An open filter is asked again this often at most while the map changes. */
const REST_MS = 1_000;

export class Finding {
  filter = $state("");
  /** Whether what is not meant is left out instead of drawn faintly. */
  hide = $state(false);
  trouble = $state(false);
  hops = $state(1);
  /** Whether streets show what the network policies are predicted to do. */
  policies = $state(false);
  highlight: Highlight | null = $state.raw(null);
  /** The newest answer, to whatever was asked then. */
  answer: FilterView | null = $state.raw(null);
  /** Why the filter could not be asked. */
  failed: Trouble | null = $state.raw(null);

  private readonly filters: Latest<Wish, FilterView>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wanted = "";
  private asked = 0;
  private key = "";

  constructor(port: MapPort) {
    this.filters = new Latest(
      (w) => port.call("filter", w),
      (answer, w) => {
        // An answer to what is no longer written is none.
        if (w.query !== this.filter.trim()) return;
        this.answer = answer;
        this.failed = null;
      },
      (error, w) => {
        if (w.query !== this.filter.trim()) return;
        this.answer = null;
        this.failed = troubleOf(error);
      },
    );
  }

  /** Asks again where something differs: at once for another moment or lens, after a pause for another text. */
  want(lens: Lens, at: string | null): void {
    const query = this.filter.trim();
    clearTimeout(this.timer);
    if (query === "") {
      this.wanted = "";
      this.answer = null;
      this.failed = null;
      return;
    }
    const wanted = JSON.stringify([query, lens, at]);
    const typed = this.wanted === "" || (JSON.parse(this.wanted) as string[])[0] !== query;
    const wait = typed ? PAUSE_MS : wanted === this.wanted ? Math.max(0, this.asked + REST_MS - Date.now()) : 0;
    const ask = () => {
      this.wanted = wanted;
      this.asked = Date.now();
      this.filters.want({ query, lens, at });
    };
    if (wait === 0) ask();
    else this.timer = setTimeout(ask, wait);
  }

  /** Takes what was remembered of a cluster; empty for none. */
  open(cluster: string): void {
    const key = cluster ? `broadstreet-map ${cluster}` : "";
    if (key === this.key) return;
    this.key = key;
    const kept = recall(key);
    this.filter = kept.filter;
    this.hide = kept.hide;
    this.trouble = kept.trouble;
    this.hops = kept.hops;
    this.policies = kept.policies;
    this.highlight = null;
    this.answer = null;
    this.failed = null;
  }

  /** Remembers what is looked for now. */
  keep(): void {
    const { filter, hide, trouble, hops, policies } = this;
    if (!this.key) return;
    try {
      localStorage.setItem(this.key, JSON.stringify({ filter, hide, trouble, hops, policies } satisfies Kept));
    } catch {
      // Storage may be refused: then it lasts as long as the page.
    }
  }

  step(by: number): void {
    this.hops = Math.min(MOST_HOPS, Math.max(1, this.hops + by));
  }

  close(): void {
    clearTimeout(this.timer);
    this.filters.close();
  }
}

function recall(key: string): Kept {
  if (!key) return NOTHING;
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Record<keyof Kept, unknown>>;
    const hops = Number(kept.hops);
    return {
      filter: typeof kept.filter === "string" ? kept.filter : "",
      hide: kept.hide === true,
      trouble: kept.trouble === true,
      hops: Number.isInteger(hops) && hops >= 1 && hops <= MOST_HOPS ? hops : 1,
      policies: kept.policies === true,
    };
  } catch {
    return NOTHING;
  }
}
