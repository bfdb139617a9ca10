/** Sources whose password or token is not at hand, and when a person is asked for them. Pure. */
import type { Desk } from "../wire/Desk";
import type { SourceView } from "../wire/SourceView";

/** Sources of an open cluster that are not asked because their secret is missing. */
export function missingSecrets(view: Pick<Desk, "mode" | "sources"> | null): readonly SourceView[] {
  return view?.mode === "live" ? view.sources.filter((source) => source.code === "no_secret") : [];
}

/** What is missing beyond what was put off; the same cluster asks once for each, another asks for all anew. */
export class Asking {
  private opened = "";
  private putOff = new Set<string>();

  /** The sources to ask for now; they count as asked from here on. */
  due(view: Pick<Desk, "mode" | "sources" | "title"> | null): readonly SourceView[] {
    const opened = view?.mode === "live" ? view.title : "";
    if (opened !== this.opened) {
      this.opened = opened;
      this.putOff = new Set();
    }
    const missing = missingSecrets(view);
    const due = missing.filter((source) => !this.putOff.has(source.id));
    // What was entered meanwhile is asked for again where it is missing again.
    this.putOff = new Set(missing.map((source) => source.id));
    return due;
  }
}
