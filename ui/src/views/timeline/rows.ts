/** What the list of the record works out. Pure. */
import { groupOf, KIND_GROUPS, type KindGroup } from "../../lib/words";
import type { EntryView } from "../../wire/EntryView";

/** Whose rows are shown. */
export type Whose = "all" | "machine" | "people";

/** A row with the words one may search it by, made once. */
export interface Indexed {
  readonly entry: EntryView;
  readonly group: KindGroup;
  readonly words: string;
}

export function indexed(entries: readonly EntryView[]): Indexed[] {
  return entries.map((entry) => ({
    entry,
    group: groupOf(entry.kind),
    words: `${entry.text} ${entry.detail} ${entry.label} ${entry.who} ${entry.source} ${entry.kind} ${entry.refs.map((r) => r.target).join(" ")} ${entry.annotations.map((a) => a.text).join(" ")}`.toLowerCase(),
  }));
}

/** How many rows each group has; groups without any are left out. */
export function counts(rows: readonly Indexed[]): { group: KindGroup; count: number }[] {
  const found = new Map<KindGroup, number>();
  for (const row of rows) found.set(row.group, (found.get(row.group) ?? 0) + 1);
  return KIND_GROUPS.filter((g) => found.has(g)).map((group) => ({ group, count: found.get(group) ?? 0 }));
}

/** The rows that match every word, of the groups chosen (all where none is). */
export function filtered(rows: readonly Indexed[], groups: ReadonlySet<KindGroup>, whose: Whose, words: string): EntryView[] {
  const terms = words.toLowerCase().split(/\s+/).filter(Boolean);
  const out: EntryView[] = [];
  for (const row of rows) {
    if (groups.size > 0 && !groups.has(row.group)) continue;
    if (whose !== "all" && row.entry.machine !== (whose === "machine")) continue;
    if (terms.every((t) => row.words.includes(t))) out.push(row.entry);
  }
  return out;
}

/** A line of the list: a row, or the day that begins. */
export type Line = { readonly day: string } | { readonly entry: EntryView; readonly index: number };

/** Puts a day before the first row of each; a record of one day needs none. */
export function lines(entries: readonly EntryView[], dayOf: (at: string) => string): Line[] {
  const out: Line[] = [];
  let last = "";
  let days = 0;
  entries.forEach((entry, index) => {
    const day = dayOf(entry.at);
    if (day && day !== last) {
      out.push({ day });
      last = day;
      days++;
    }
    out.push({ entry, index });
  });
  return days > 1 ? out : out.filter((l) => "entry" in l);
}

/** The last row that had happened at an instant; -1 before the first. */
export function rowAt(entries: readonly EntryView[], at: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(entries[middle]!.at) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The instant of the map that belongs to a row: none where its time is not known, none past the end. */
export function momentOf(entry: EntryView, from: string | null | undefined, end: number, live: boolean): string | null {
  const at = Date.parse(entry.at);
  if (!Number.isFinite(at) || entry.precision === "unknown") return null;
  if (from && at < Date.parse(from)) return from;
  if (at >= end) return live ? null : new Date(end).toISOString();
  return entry.at;
}

/** The word after `@` that ends at the caret, to be completed. */
export function nameAt(text: string, caret: number): { from: number; word: string } | null {
  const found = /(?:^|\s)@([^\s@]*)$/.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1]?.length ?? 0), word: found[1] ?? "" } : null;
}

/** A row's sentence in two parts: what is read first, and the rest; and who wrote it where the sentence does not say. */
export function spoken(entry: Pick<EntryView, "text" | "label" | "who" | "kind" | "machine">): { lead: string; rest: string; by: string } {
  const { text, label, who } = entry;
  const by = entry.machine || !who || text.includes(who) ? "" : who;
  for (const first of [label, entry.machine ? "" : who]) if (first && text.startsWith(`${first} `)) return { lead: first, rest: text.slice(first.length + 1), by };
  // A note is somebody's words: their name comes first, as in a conversation.
  if (by && (entry.kind === "note" || entry.kind === "observation")) return { lead: who, rest: text, by: "" };
  return { lead: label && !text.includes(label) ? label : "", rest: text, by };
}

/** The words of a row that a person may correct: a note is all words, other sentences end with them. */
export function ownWords(entry: Pick<EntryView, "text" | "kind">): string {
  if (entry.kind === "note" || entry.kind === "observation") return entry.text;
  const at = entry.text.indexOf(": ");
  return at < 0 ? "" : entry.text.slice(at + 2);
}

/** What kind of thing a reference leads to. What evidence is about is an object where its target is spelled like one, and a row else. */
export function leadsTo({ role, target }: { readonly role: string; readonly target: string }): "object" | "row" | "alert" | "page" | "attachment" {
  if (role === "attachment") return "attachment";
  if (role === "alert" || role === "page") return role;
  return role === "subject" || (role === "evidence" && target.split("/").length >= 5) ? "object" : "row";
}
