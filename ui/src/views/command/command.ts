/** What the command view works out from the incident. Pure: the clock is given. */
import { left, type Pressure } from "../../lib/time";
import { isOpen } from "../../lib/words";
import type { CommandSpanView } from "../../wire/CommandSpanView";
import type { EntryView } from "../../wire/EntryView";
import type { IncidentView } from "../../wire/IncidentView";
import type { MilestoneView } from "../../wire/MilestoneView";
import type { OfferView } from "../../wire/OfferView";
import type { RoleView } from "../../wire/RoleView";
import type { TaskView } from "../../wire/TaskView";

/** A stretch of command drawn on the strip; `name` null where nobody commanded. */
export interface Stretch {
  readonly name: string | null;
  readonly from: number;
  readonly to: number;
  /** Shares of the whole strip. */
  readonly start: number;
  readonly size: number;
  readonly running: boolean;
}

/** Who commanded when, from the first span to the end of the last, or to now. */
export function stretches(command: readonly CommandSpanView[], now: number): Stretch[] {
  const spans = command
    .map((s) => ({ name: s.commander?.name ?? null, from: Date.parse(s.from), to: s.to ? Date.parse(s.to) : now, running: s.to === null }))
    .filter((s) => Number.isFinite(s.from) && Number.isFinite(s.to))
    .map((s) => ({ ...s, to: Math.max(s.from, s.to) }));
  const begin = Math.min(...spans.map((s) => s.from));
  const end = Math.max(...spans.map((s) => s.to));
  const whole = end - begin || 1;
  return spans.map((s) => ({ ...s, start: (s.from - begin) / whole, size: (s.to - s.from) / whole }));
}

/** Seconds nobody commanded. */
export const vacantSeconds = (spans: readonly Stretch[]): number => spans.reduce((sum, s) => sum + (s.name === null ? (s.to - s.from) / 1000 : 0), 0);

/** Since when nobody commands an open incident; null where somebody does. */
export function vacantSince(incident: IncidentView): number | null {
  if (!isOpen(incident) || incident.commander) return null;
  const gap = incident.command.findLast((s) => s.to === null && s.commander === null);
  const from = gap?.from ?? incident.command.at(-1)?.to ?? incident.declared_at;
  return from ? Date.parse(from) : null;
}

/** The chain of command in rows: staff beside the commander, leads below, the others last. */
export interface Chain {
  readonly staff: readonly RoleView[];
  readonly leads: readonly RoleView[];
  readonly responders: readonly RoleView[];
  readonly observers: readonly RoleView[];
}

const STAFF = ["deputy", "scribe"];
const LEADS = ["operations_lead", "communications_lead", "customer_liaison", "facilitator"];

export function chain(roles: readonly RoleView[]): Chain {
  const of = (names: readonly string[]) => roles.filter((r) => names.includes(r.role)).sort((a, b) => names.indexOf(a.role) - names.indexOf(b.role));
  const placed = new Set([...STAFF, ...LEADS, "commander", "observer"]);
  return { staff: of(STAFF), leads: of(LEADS), responders: roles.filter((r) => !placed.has(r.role)), observers: of(["observer"]) };
}

/** How many report to the commander: five is a good span, above seven it breaks. */
export function spanOfControl(roles: readonly RoleView[]): { count: number; state: "good" | "wide" | "broken" } {
  const count = new Set(roles.filter((r) => r.role !== "commander" && r.role !== "observer").map((r) => r.person.id)).size;
  return { count, state: count > 7 ? "broken" : count > 5 ? "wide" : "good" };
}

/** A commander who also repairs or writes: whom to relieve of what. */
export function conflicts(incident: Pick<IncidentView, "commander" | "roles">): string[] {
  const commander = incident.commander;
  if (!commander) return [];
  return incident.roles.filter((r) => r.person.id === commander.id && ["scribe", "responder", "operations_lead"].includes(r.role)).map((r) => r.role);
}

export interface Due {
  readonly task: TaskView;
  readonly text: string;
  readonly pressure: Pressure;
}

/** Open tasks, the most pressing first. */
export function openTasks(tasks: readonly TaskView[], now: number): Due[] {
  return tasks
    .filter((t) => t.state === "open")
    .map((task) => ({ task, ...left(Date.parse(task.check_in_at), now) }))
    .sort((a, b) => a.seconds - b.seconds);
}

/** The update clock: what is left, and how much of the interval is used up. */
export function updateClock(incident: Pick<IncidentView, "next_update_at" | "last_update_at" | "update_every_minutes">, now: number): { text: string; pressure: Pressure; used: number } | null {
  if (!incident.next_update_at) return null;
  const until = Date.parse(incident.next_update_at);
  const whole = incident.update_every_minutes ? incident.update_every_minutes * 60_000 : incident.last_update_at ? until - Date.parse(incident.last_update_at) : 0;
  const { text, pressure } = left(until, now);
  return { text, pressure, used: whole > 0 ? Math.min(1, Math.max(0, 1 - (until - now) / whole)) : 1 };
}

/** The milestones that have a time, in order of time. */
export const inOrder = (milestones: readonly MilestoneView[]): MilestoneView[] => [...milestones].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

/** What the acting person may do with an offer. */
export function partIn(offer: OfferView, acting: string | null | undefined): "to" | "from" | "other" {
  return acting === offer.to.id ? "to" : acting === offer.from.id ? "from" : "other";
}

/** Kinds that are kept for the record's sake and tell a commander nothing. */
const QUIET = ["topology.snapshot", "page.queued", "page.sent", "brief.shown"];

/** The rows recorded after an instant, the newest first; all where there is none. */
export function since(entries: readonly EntryView[], looked: string | null): EntryView[] {
  const from = looked ? Date.parse(looked) : Number.NEGATIVE_INFINITY;
  return entries.filter((e) => !QUIET.includes(e.kind) && Date.parse(e.recorded_at) > from).sort((a, b) => Date.parse(b.recorded_at) - Date.parse(a.recorded_at));
}

/** Supported first, then open, then eliminated; the oldest first within. */
export function byVerdict<T extends { state: string; opened_at: string }>(hypotheses: readonly T[]): T[] {
  const rank: Record<string, number> = { supported: 0, open: 1, eliminated: 2 };
  return [...hypotheses].sort((a, b) => (rank[a.state] ?? 1) - (rank[b.state] ?? 1) || a.opened_at.localeCompare(b.opened_at));
}
