/** What the panel of an object pins as files: an Event with its times and count, and lists of relations as they stood. */
import { count } from "../../lib/time";
import { nameOf } from "./words";
import type { EventView } from "../../wire/EventView";
import type { ObjectView } from "../../wire/ObjectView";
import type { RelationView } from "../../wire/RelationView";

/** What is pinned: a line in words, where it comes from, and the file that goes with it. */
export interface PinnedFile {
  readonly text: string;
  readonly source: string;
  readonly file: string;
}

/** Spells an instant of the wire or of the moment shown. */
export type Spell = (at: number) => string;

/** How many names a line spells before it counts the rest. */
const NAMED = 3;

function fileOf(view: ObjectView, at: number, content: object): string {
  return `${JSON.stringify({ object: view.id, as_of: new Date(at).toISOString(), ...content }, null, 2)}\n`;
}

/** Which of the family of an object an Event is about, where it is not the object itself. */
function aboutOf(view: ObjectView, event: EventView): string {
  if (!event.regarding || event.regarding === view.id) return "";
  const { kind, name } = nameOf(event.regarding);
  return ` at ${kind} ${name}`;
}

/** Since when and until when an Event was seen, and how often. */
export function eventTimes(event: EventView, spell: Spell): string {
  const [first, last] = [event.first_at, event.last_at].map((it) => (it ? spell(Date.parse(it)) : ""));
  const often = event.count > 1 ? `${event.count} times ` : "";
  if (!last) return first ? `${often}since ${first}` : `${often}at a time not known`;
  return first && first !== last ? `${often}from ${first} to ${last}` : `${often}at ${last}`;
}

/** One Event listed at an object, about that or about one of its family. */
export function eventPin(view: ObjectView, event: EventView, at: number, spell: Spell): PinnedFile {
  return {
    text: `${event.reason}${aboutOf(view, event)}, ${eventTimes(event, spell)}: ${event.message}`,
    source: `kubernetes event ${event.uid}${event.component ? ` from ${event.component}` : ""}`,
    file: fileOf(view, at, { event }),
  };
}

/** Lists of the panel that are pinned whole. */
export type ListName = "related" | "calls" | "called_by";

const TIES: Record<ListName, string> = { related: "related to", calls: "called by", called_by: "calling" };

/** A list of relations as it was shown, of `total` there are. */
export function relationsPin(view: ObjectView, name: ListName, list: readonly RelationView[], total: number, at: number, spell: Spell): PinnedFile {
  // Two fields may name one object.
  const others = [...new Map(list.map((r) => [r.other, r.other_name])).values()];
  const isCut = total > list.length;
  const all = isCut ? total : others.length;
  const names = others.slice(0, NAMED).join(", ");
  const more = all > NAMED ? ` and ${all - NAMED} more` : "";
  const bad = list.filter((r) => r.state !== "ok").length;
  const observers = [...new Set(list.flatMap((r) => r.measured.map((m) => m.observer)))];
  return {
    text: `${isCut ? `${count(all, "relation")} of` : `${count(all, "object")} ${TIES[name]}`} ${view.kind} ${view.name} at ${spell(at)}${isCut ? `, the first ${list.length} listed` : ""}${bad ? `, ${bad} not in order` : ""}: ${names}${more}`,
    source: ["kubernetes objects", ...observers].join(", "),
    file: fileOf(view, at, { [name]: list, ...(isCut ? { total } : {}) }),
  };
}
