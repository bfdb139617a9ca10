/** The paging ledger as rows and as one axis of time. Pure: zone and width are given. */
import { clock, shortDay } from "../../lib/time";
import type { AttemptView } from "../../wire/AttemptView";
import type { PageGroup } from "../../wire/PageGroup";

export type Show = "all" | "unanswered" | "late" | "failed";
/** The moments of an attempt, in the order they happen. */
export const STEPS = ["queued", "sent", "delivered", "acked"] as const;
export type Step = (typeof STEPS)[number];

export interface Group {
  readonly key: string;
  readonly group: PageGroup;
  readonly attempts: readonly AttemptView[];
}

const CHANNELS: Record<string, { name: string; icon: string }> = {
  push: { name: "App push", icon: "push" },
  sms: { name: "SMS", icon: "chat" },
  voice: { name: "Voice call", icon: "phone" },
  phone: { name: "Voice call", icon: "phone" },
  email: { name: "Email", icon: "mail" },
  webhook: { name: "Webhook", icon: "export" },
  command: { name: "Command", icon: "keys" },
};

export function channelOf(channel: string): { name: string; icon: string } {
  return CHANNELS[channel] ?? { name: channel ? channel.charAt(0).toUpperCase() + channel.slice(1) : "not known", icon: "page" };
}

export const PAGERS: Record<string, string> = { icinga: "Icinga 2", goalert: "GoAlert", pagerduty: "PagerDuty" };

export function isFailed(attempt: AttemptView): boolean {
  return attempt.delivery.startsWith("failed");
}

export function isLate(attempt: AttemptView): boolean {
  return (attempt.late_seconds ?? 0) > 0;
}

/** Pages that tell of an end ask for no answer. */
function asksNothing(attempt: AttemptView): boolean {
  return attempt.reason === "recovery" || attempt.reason === "acknowledgement";
}

/** It went out, and nobody answered it. A failed one could not be answered. */
export function isUnanswered(attempt: AttemptView): boolean {
  if (attempt.outcome) return attempt.outcome.startsWith("No answer");
  if (asksNothing(attempt)) return false;
  return attempt.acked_at === null && !isFailed(attempt) && attempt.delivery !== "bundled";
}

/** Whether the pager never tells this, so that its absence means nothing. */
export function neverTold(attempt: AttemptView, field: string): boolean {
  return attempt.never_told.some((told) => told === field || told === `${field}_at` || told === `${field}_by`);
}

export function momentOf(attempt: AttemptView, step: Step): number | null {
  const at = { queued: attempt.queued_at, sent: attempt.sent_at, delivered: attempt.delivered_at, acked: attempt.acked_at }[step];
  const t = at ? Date.parse(at) : Number.NaN;
  return Number.isFinite(t) ? t : null;
}

/** Where its lane begins: when it was queued, or, where that is not known, when it was sent. */
export function beginOf(attempt: AttemptView): { step: "queued" | "sent"; at: number } | null {
  for (const step of ["queued", "sent"] as const) {
    const at = momentOf(attempt, step);
    if (at !== null) return { step, at };
  }
  return null;
}

/** What stands where a moment is missing: never an empty cell. */
export function absent(attempt: AttemptView, step: Step): string {
  if (neverTold(attempt, step)) return "not known";
  if (step === "acked") return isFailed(attempt) ? "could not" : asksNothing(attempt) ? "not asked for" : "no answer";
  if (step === "delivered" && isFailed(attempt)) return "failed";
  if (step !== "queued" && (attempt.delivery === "pending" || attempt.delivery === "sending")) return "not yet";
  return "not told";
}

/** When the attempt is first heard of; the end of the list where it never is. */
export function startOf(attempt: AttemptView): number {
  for (const step of STEPS) {
    const at = momentOf(attempt, step);
    if (at !== null) return at;
  }
  return Number.MAX_SAFE_INTEGER;
}

export function matches(attempt: AttemptView, group: PageGroup, query: string, show: Show): boolean {
  if (show === "failed" && !isFailed(attempt)) return false;
  if (show === "late" && !isLate(attempt)) return false;
  if (show === "unanswered" && !isUnanswered(attempt)) return false;
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [attempt.who, attempt.subject, attempt.policy, attempt.channel, channelOf(attempt.channel).name, attempt.outcome, attempt.acked_by, group.subject, group.source, group.policy].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Attempts under their subjects: subjects by their first page, attempts as they went out. */
export function grouped(attempts: readonly AttemptView[], groups: readonly PageGroup[], query = "", show: Show = "all"): Group[] {
  const found = new Map<string, { group: PageGroup; attempts: AttemptView[] }>();
  for (const attempt of attempts) {
    const key = `${attempt.source} ${attempt.subject_id}`;
    let place = found.get(key);
    if (!place) {
      const group = groups.find((g) => g.subject_id === attempt.subject_id && (g.source === attempt.source || g.source === ""))
        ?? { subject_id: attempt.subject_id, subject: attempt.subject, source: attempt.source, policy: attempt.policy, severity: "" };
      place = { group, attempts: [] };
      found.set(key, place);
    }
    if (matches(attempt, place.group, query, show)) place.attempts.push(attempt);
  }
  return [...found]
    .filter(([, place]) => place.attempts.length > 0)
    .map(([key, { group, attempts: own }]) => ({ key, group, attempts: own.toSorted((a, b) => startOf(a) - startOf(b)) }))
    .toSorted((a, b) => startOf(a.attempts[0]!) - startOf(b.attempts[0]!));
}

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly { at: number; x: number; text: string }[];
  x(at: number): number;
}

const SECOND = 1000;
const STRIDES = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800].map((s) => s * SECOND);
const PAD = 20;
/** Room after the last moment for its time in figures. */
const TAIL = 76;

/** One axis for all attempts; null where no moment is known. */
export function axisOf(attempts: readonly AttemptView[], width: number, zone: string): Axis | null {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const attempt of attempts)
    for (const step of STEPS) {
      const at = momentOf(attempt, step);
      if (at === null) continue;
      from = Math.min(from, at);
      to = Math.max(to, at);
    }
  if (!Number.isFinite(from)) return null;
  const inside = Math.max(60, width - 2 * PAD - TAIL);
  const wanted = Math.max(to - from, 60 * SECOND) / Math.max(1, Math.floor(inside / 62));
  const stride = STRIDES.find((s) => s >= wanted) ?? Math.ceil(wanted / STRIDES.at(-1)!) * STRIDES.at(-1)!;
  const start = Math.floor(from / stride) * stride;
  const end = Math.max(Math.ceil(to / stride) * stride, start + stride);
  const x = (at: number): number => PAD + ((at - start) / (end - start)) * inside;
  const ticks = [];
  for (let at = start; at <= end; at += stride) ticks.push({ at, x: x(at), text: stride >= 86_400 * SECOND ? shortDay(at, zone) : clock(at, zone, stride < 60 * SECOND) });
  return { from: start, to: end, ticks, x };
}

/** The attempt this one was escalated to: the next of its group that names a person it was handed to. */
export function escalations(attempts: readonly AttemptView[]): { from: number; to: number; text: string }[] {
  const found: { from: number; to: number; text: string }[] = [];
  const reached = new Set<number>();
  for (const [i, attempt] of attempts.entries()) {
    for (const name of attempt.escalated_to) {
      const to = attempts.findIndex((other, j) => j > i && other.who === name && !reached.has(j) && startOf(other) >= startOf(attempt));
      if (to < 0) continue;
      reached.add(to);
      found.push({ from: i, to, text: name === attempt.who ? `escalated to ${channelOf(attempts[to]!.channel).name.toLowerCase()}` : `escalated to ${name}` });
    }
  }
  return found;
}

/** The attempt that was answered first: a pager tells the answer on every page to the person, the last to reach them counts. */
export function firstAnswered(attempts: readonly AttemptView[], at: string | null): AttemptView | null {
  if (at === null) return null;
  const answered = attempts.filter((a) => a.acked_at === at && !isFailed(a));
  return answered.filter((a) => startOf(a) <= Date.parse(at)).at(-1) ?? answered[0] ?? null;
}

/** `Step 2`, or what is known of it. */
export function stepWords(attempt: AttemptView): string {
  const why: Record<string, string> = { trigger: "notify at once", escalate: "after no answer", manual: "by hand", responder_request: "asked for", ack_timeout: "acknowledgement ran out", recovery: "tells it is well", acknowledgement: "tells it is acknowledged" };
  const step = attempt.step !== null ? `Step ${attempt.step}` : neverTold(attempt, "step") ? "Step not known" : "";
  const reason = attempt.reason ? (why[attempt.reason] ?? attempt.reason.replaceAll("_", " ")) : "";
  const text = [step, reason].filter(Boolean).join(", ");
  return text ? text.charAt(0).toUpperCase() + text.slice(1) : "not known";
}

/** A span in one unit pair for large figures: `3`, `m`, `12`, `s`. */
export function figures(seconds: number): { value: string; unit: string }[] {
  const s = Math.max(0, Math.round(seconds));
  const parts = s >= 3600 ? [[Math.floor(s / 3600), "h"], [Math.floor(s / 60) % 60, "m"]] : s >= 60 ? [[Math.floor(s / 60), "m"], [s % 60, "s"]] : [[s, "s"]];
  return parts.map(([value, unit]) => ({ value: String(value), unit: String(unit) }));
}
