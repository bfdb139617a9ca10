/** The note as Markdown, to be sent where the next person reads it. Pure. */
import { parts } from "../../parts/Words.svelte";
import type { HandoffView } from "../../wire/HandoffView";
import type { PersonView } from "../../wire/PersonView";
import { difference, nameOf, noneWords, parted, shift, SIGNS } from "./note";

/** How instants are written. */
export interface Clock {
  readonly day: (at: number) => string;
  readonly clock: (at: number, seconds: boolean) => string;
  readonly when: (at: number | string | null) => string;
  readonly zone: string;
}

/** Text that stays what it is: what Markdown would read as marks is escaped, names between backticks stay code. */
export function plain(text: string): string {
  const escaped = (it: string) => it.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&");
  return parts(text.replace(/\s+/g, " ").trim())
    .map((part) => (part.is === "name" ? `\`${part.text}\`` : part.is === "time" ? part.text : escaped(part.text)))
    .join("");
}

/** The file's name: who hands over to whom, and the day. */
export function fileName(note: Pick<HandoffView, "at" | "written_at">): string {
  return `handoff-${(note.written_at ?? note.at).slice(0, 16).replace(/[:T]/g, "-")}.md`;
}

export function markdownOf(note: HandoffView, words: string, people: readonly PersonView[], clock: Clock): string {
  const from = nameOf(note.from, people) || "Nobody";
  const to = nameOf(note.to, people) || "nobody yet";
  const span = shift(note);
  const { filled, none } = parted(note.sections);
  const standing = note.accepted_at ? `Written ${clock.when(note.written_at)}, accepted by ${plain(nameOf(note.accepted_by, people) || to)} ${clock.when(note.accepted_at)}.` : note.written_at ? `Written ${clock.when(note.written_at)}, not accepted yet.` : `A draft of ${clock.when(note.at)}.`;
  const list = (title: string, lines: readonly string[]) => [`## ${title}`, lines.map((line) => `- ${line}`).join("\n")];
  return `${[
    `# ${plain(from)} hands over to ${plain(to)}`,
    `${clock.day(span.from)}, shift ${clock.clock(span.from, false)} to ${clock.when(span.to)} ${clock.zone}. ${standing}`,
    ...filled.flatMap((section) => list(plain(section.title), section.lines.map((line) => plain(line.text)))),
    ...(none.length ? list("Nothing to hand over", none.map((section) => `**${plain(section.title)}:** ${plain(noneWords(section))}`)) : []),
    `## In ${plain(from)}’s words`,
    words.trim() === "" ? "None were written." : words.trim(),
    ...(note.since_last.length ? list("Since the last handoff", note.since_last.map(difference).map((change) => `${change.sign === "" ? "" : `${SIGNS[change.sign]} `}${plain(change.text)}`)) : []),
    ...(note.evidence ? [`Drawn from: ${plain(note.evidence)}`] : []),
  ].join("\n\n")}\n`;
}
