/** What is being written, by incident. It outlives the view: leaving it while a save is under way loses nothing. */
import { Autosave } from "../../lib/autosave.svelte";
import { desk } from "../../lib/desk.svelte";
import type { DocumentView } from "../../wire/DocumentView";

export interface Content {
  readonly prosemirror: string;
  readonly title: string;
}

export class Written {
  /** The document as the last save or draft answered it. */
  answered = $state.raw<DocumentView | null>(null);
  readonly saver: Autosave<Content>;

  constructor(incident: string, name: string) {
    this.saver = new Autosave(async (content) => {
      this.answered = await desk.call("save_document", { incident, name, ...content });
    });
  }
}

const all = new Map<string, Written>();

export function writtenOf(incident: string, name: string): Written {
  const key = `${incident} ${name}`;
  let found = all.get(key);
  if (!found) {
    found = new Written(incident, name);
    all.set(key, found);
  }
  return found;
}

/**
 * The newer of what was asked and what a save answered, with what is not saved yet on top. Before the desk has said what
 * it keeps, only what is not saved yet is shown: writing on an older text could undo another desk's.
 */
export function newest(asked: DocumentView | null, written: Written): DocumentView | null {
  const { answered, saver } = written;
  const unsaved = saver.unsaved;
  if (!asked && !unsaved) return null;
  const kept = answered && (!asked || (answered.saved_at ?? "") >= (asked.saved_at ?? "")) ? answered : asked;
  return kept && unsaved ? { ...kept, ...unsaved } : kept;
}
