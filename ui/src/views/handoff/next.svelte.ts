/** The note that is being prepared: kept while one looks at other views. */
import { type Chosen, nobody } from "../../areas/dialogs/parts/people.svelte";
import { Autosave } from "../../lib/autosave.svelte";
import { desk } from "../../lib/desk.svelte";

export const HOURS = ["4", "8", "12", "24"] as const;

/** Who takes over and for how long, as chosen. */
export const next: { who: Chosen; hours: (typeof HOURS)[number] } = $state({ who: nobody(), hours: "8" });

const LOCAL = "broadstreet-handoff-words";

/** The sender's own words, kept by the desk under the incident; without an incident in the page. */
export class OwnWords {
  text = $state("");
  readonly saver: Autosave<string>;
  private recalled = false;

  constructor(private readonly incident: string | null) {
    this.saver = new Autosave((text) => this.keep(text));
  }

  type(text: string): void {
    this.text = text;
    this.recalled = true;
    this.saver.changed(text);
  }

  /** Reads once what was kept before; what was typed since stays. */
  async recall(): Promise<void> {
    if (this.recalled) return;
    try {
      const kept = this.incident ? (await desk.call("draft", { incident: this.incident, name: "handoff" })).text : localStorage.getItem(LOCAL);
      if (!this.recalled) this.text = kept ?? "";
      this.recalled = true;
    } catch {
      // It is asked again at the next visit.
    }
  }

  private async keep(text: string): Promise<void> {
    if (this.incident) await desk.call("save_draft", { incident: this.incident, name: "handoff", text });
    else localStorage.setItem(LOCAL, text);
  }
}

const all = new Map<string | null, OwnWords>();

export function wordsOf(incident: string | null): OwnWords {
  let found = all.get(incident);
  if (!found) {
    found = new OwnWords(incident);
    all.set(incident, found);
  }
  return found;
}
