/** The note for the next shift as the screen reads it. Pure. */
import type { HandoffSection } from "../../wire/HandoffSection";
import type { HandoffView } from "../../wire/HandoffView";
import type { PersonView } from "../../wire/PersonView";
import type { TracedLine } from "../../wire/TracedLine";

export interface Target {
  readonly view: "timeline" | "map" | "pages" | "settings";
  readonly focus: string | null;
  /** The instant at which it is there, where that is not now. */
  readonly at?: string;
  readonly words: string;
}

/** Where a line leads; null where it can be traced to nothing one can show. `placeOf` answers where an alert stands. */
export function targetOf(line: TracedLine, placeOf: (alert: string) => string | null): Target | null {
  switch (line.trace_kind) {
    case "row":
      return line.trace ? { view: "timeline", focus: line.trace, words: "Show the row on the timeline" } : null;
    case "object":
      return line.trace ? { view: "map", focus: line.trace, words: "Show the object on the map" } : null;
    case "past": {
      const [at, id] = line.trace.split(" ");
      return at && id ? { view: "map", focus: id, at, words: "Show the object on the map as it was before it was deleted" } : null;
    }
    case "source":
      return { view: "settings", focus: null, words: "Show the sources" };
    case "alert": {
      const at = placeOf(line.trace);
      return { view: "map", focus: at?.includes("/") ? at : null, words: at?.includes("/") ? "Show where the alert stands on the map" : "Show the map, where alerts without an address wait" };
    }
    case "page":
      return { view: "pages", focus: null, words: "Show the pages" };
    default:
      return null;
  }
}

export type Sign = "new" | "still" | "gone" | "";
export const SIGNS: Record<Sign, string> = { new: "+", still: "=", gone: "−", "": "" };

/** What changed since the last note: the sign in front, in figures or in words, taken apart from the line. */
export function difference(line: TracedLine): { sign: Sign; text: string } {
  const match = /^\s*(?:([+=−–-])\s+|(new|still|gone|ended|over|added|removed)(?:\s*[:,]\s+))/i.exec(line.text);
  if (!match) return { sign: "", text: line.text };
  const found = (match[1] ?? match[2] ?? "").toLowerCase();
  const sign: Sign = found === "+" || found === "new" || found === "added" ? "new" : found === "=" || found === "still" ? "still" : "gone";
  return { sign, text: line.text.slice(match[0].length) };
}

/** Sections that say something, and those that say none. */
export function parted(sections: readonly HandoffSection[]): { filled: HandoffSection[]; none: HandoffSection[] } {
  return { filled: sections.filter((s) => s.lines.length > 0), none: sections.filter((s) => s.lines.length === 0) };
}

/** The words of a none line: never an empty one. */
export function noneWords(section: HandoffSection): string {
  const words = section.none.trim();
  return words === "" ? "none" : words;
}

/** The span of the coming shift, in milliseconds. */
export function shift(note: Pick<HandoffView, "at" | "written_at" | "hours">): { from: number; to: number } {
  const from = Date.parse(note.written_at ?? note.at);
  return { from, to: from + note.hours * 3_600_000 };
}

/** Whether this person is the one the note is for. */
export function isFor(note: Pick<HandoffView, "to">, person: PersonView | null | undefined): boolean {
  if (!person) return false;
  return note.to === person.id || note.to.trim().toLowerCase() === person.name.trim().toLowerCase();
}

/** A name for what may be an id. */
export function nameOf(who: string, people: readonly PersonView[]): string {
  return people.find((p) => p.id === who)?.name ?? who;
}

/** Who takes over unless another is chosen: anybody but oneself. */
export function likelyReceiver(people: readonly PersonView[], acting: PersonView | null | undefined): string {
  return people.find((p) => p.id !== acting?.id)?.id ?? "";
}

/** The newest note that waits for its signature. */
export function waiting(notes: readonly HandoffView[]): HandoffView | null {
  const newest = notes[0];
  return newest?.written_at && !newest.accepted_at ? newest : null;
}
