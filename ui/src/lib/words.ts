/** Words and signs for what the wire names. Pure. */
import type { EntryView } from "../wire/EntryView";
import type { IncidentView } from "../wire/IncidentView";
import type { SourceView } from "../wire/SourceView";
import { age } from "./time";

export const SEVERITIES: readonly { level: number; means: string }[] = [
  { level: 1, means: "Critical: customers cannot use a core function, data is at risk, or it spreads." },
  { level: 2, means: "Major: many customers are affected or a core function is badly degraded." },
  { level: 3, means: "Minor: few are affected, there is a way around." },
  { level: 4, means: "Small: no visible effect now, could become worse." },
  { level: 5, means: "Cosmetic or a question; no harm to anybody." },
];

export const STATUSES = ["investigating", "mitigating", "monitoring", "resolved", "learning"] as const;

export const STATUS_MEANS: Record<string, string> = {
  investigating: "Looking for what is wrong",
  mitigating: "Known enough to act",
  monitoring: "Acted; watching whether it holds",
  resolved: "The effect is over; the clock stops",
  learning: "The postmortem is being written",
};

export const ROLES: readonly { role: string; name: string }[] = [
  { role: "commander", name: "Commander" },
  { role: "deputy", name: "Deputy" },
  { role: "scribe", name: "Scribe" },
  { role: "operations_lead", name: "Operations lead" },
  { role: "communications_lead", name: "Communications lead" },
  { role: "customer_liaison", name: "Customer liaison" },
  { role: "responder", name: "Responder" },
  { role: "observer", name: "Observer" },
  { role: "facilitator", name: "Facilitator" },
];

/** `operations_lead` as `Operations lead`; an unknown role as it is written. */
export function roleName(role: string): string {
  return ROLES.find((r) => r.role === role)?.name ?? sentence(role);
}

/** `impact_started` as `Impact started`. */
export function sentence(word: string): string {
  const text = word.replaceAll("_", " ").replaceAll(".", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const MILESTONES = ["impact_started", "detected", "first_paged", "first_acknowledged", "declared", "commander_assumed", "mitigated", "impact_ended", "resolved"] as const;

/** Statuses in which an incident is open. */
export function isOpen(incident: Pick<IncidentView, "status" | "closed_as">): boolean {
  return incident.closed_as === null && !["resolved", "learning", "closed"].includes(incident.status);
}

/** Whether it has ended for good. */
export function isClosed(incident: Pick<IncidentView, "status" | "closed_as">): boolean {
  return incident.closed_as !== null || incident.status === "closed";
}

/** Whether a new incident is offered first: none is shown, or the one shown is over or was recorded elsewhere. */
export function isFree(incident: Pick<IncidentView, "status" | "closed_as" | "imported"> | null): boolean {
  return !incident || incident.imported || !isOpen(incident);
}

/** Whether anything may still be written: what was recorded elsewhere is read only, what is closed is first reopened. */
export function isWritable(incident: Pick<IncidentView, "status" | "closed_as" | "imported">): boolean {
  return !incident.imported && !isClosed(incident);
}

export function initial(name: string): string {
  return (Array.from(name.trim())[0] ?? "?").toUpperCase();
}

/** A workload's own name out of an object's id (`cluster/group/kind/namespace/name`), and its kind. */
export function nameOfObject(id: string): { kind: string; name: string; namespace: string } {
  const parts = id.split("/");
  return { kind: parts[2] ?? "", namespace: parts[3] ?? "", name: parts.slice(4).join("/") || id };
}

/** The groups of rows one filters by. */
export const KIND_GROUPS = ["alerts", "changes", "pages", "command", "hypotheses", "decisions", "tasks", "comms", "evidence", "notes"] as const;
export type KindGroup = (typeof KIND_GROUPS)[number];

export function groupOf(kind: string): KindGroup {
  const head = kind.split(".")[0];
  switch (head) {
    case "alert":
      return "alerts";
    case "k8s":
    case "change":
    case "topology":
      return "changes";
    case "page":
      return "pages";
    case "incident":
    case "role":
    case "command":
    case "brief":
    case "team":
    case "milestone":
    case "objective":
    case "handoff":
      return "command";
    case "hypothesis":
      return "hypotheses";
    case "decision":
      return "decisions";
    case "task":
    case "action":
    case "followup":
      return "tasks";
    case "comms":
      return "comms";
    case "cluster":
    case "evidence":
      return "evidence";
    default:
      return "notes";
  }
}

/** The icon of a row. */
export function iconOf(kind: string): string {
  const group = groupOf(kind);
  if (kind.startsWith("alert.resolved")) return "check";
  if (kind.startsWith("topology") || kind.startsWith("cluster")) return "map";
  if (kind.startsWith("k8s.event") || kind.startsWith("k8s.node")) return "machine";
  if (kind.startsWith("page.acked")) return "check";
  if (kind.startsWith("milestone") || kind.startsWith("incident")) return "flag";
  const icons: Record<KindGroup, string> = { alerts: "alert", changes: "change", pages: "page", command: "command", hypotheses: "hypo", decisions: "decision", tasks: "task", comms: "comms", evidence: "clip", notes: "chat" };
  return icons[group];
}

/** True where an entry says a time it is not sure of. */
export function isUnsure(entry: Pick<EntryView, "approx" | "precision">): boolean {
  return entry.approx || (entry.precision !== "exact" && entry.precision !== "minute");
}

export interface Freshness {
  readonly mark: "live" | "lag" | "lost";
  readonly text: string;
}

/** A source in one mark and one word: amber by ten seconds without proof of life, hatched at sixty. */
export function freshnessOf(source: Pick<SourceView, "state" | "since"> & { readonly code?: string; readonly kind?: string; readonly skipped?: number }, now: number): Freshness {
  if (source.code === "no_secret") return { mark: "lost", text: "no password" };
  // Files are of one moment: they are neither late nor lost.
  if (source.kind === "files") return source.skipped ? { mark: "lag", text: `${source.skipped} skipped` } : { mark: "live", text: "read" };
  const seconds = source.since ? Math.max(0, (now - Date.parse(source.since)) / 1000) : null;
  const old = seconds === null || !Number.isFinite(seconds) ? "" : ` ${age(seconds)}`;
  switch (source.state) {
    case "live":
      if (seconds !== null && seconds >= 60) return { mark: "lost", text: `lost${old}` };
      if (seconds !== null && seconds >= 10) return { mark: "lag", text: `late${old}` };
      return { mark: "live", text: `live${old}` };
    case "catching_up":
      return { mark: "lag", text: "reading" };
    case "stale":
      return { mark: seconds !== null && seconds < 60 ? "lag" : "lost", text: `${seconds !== null && seconds < 60 ? "late" : "lost"}${old}` };
    case "forbidden":
      return { mark: "lost", text: "not allowed" };
    case "absent":
      return { mark: "lost", text: "not there" };
    case "never_answered":
      return { mark: "lost", text: "no answer" };
    case "off":
      return { mark: "lost", text: "off" };
    default:
      return { mark: "lost", text: source.state.replaceAll("_", " ") };
  }
}

/** The worst freshness first, so that few places show what matters. */
export function bySourceTrouble(now: number) {
  const rank = { lost: 0, lag: 1, live: 2 };
  return (a: SourceView, b: SourceView): number => rank[freshnessOf(a, now).mark] - rank[freshnessOf(b, now).mark];
}

/** `Resolved, impact lasted` and the like: what the incident's clock counts. */
export function incidentClock(incident: IncidentView, now: number): { label: string; seconds: number } | null {
  const from = incident.first_symptom_at ?? incident.declared_at;
  if (!from) return null;
  const status = sentence(incident.closed_as && incident.closed_as !== "reviewed" ? `closed as ${incident.closed_as}` : incident.status);
  const ended = incident.milestones.find((m) => m.name === "impact_ended")?.at ?? incident.resolved_at;
  if (!isOpen(incident) && ended) return { label: `${status}, impact lasted`, seconds: (Date.parse(ended) - Date.parse(from)) / 1000 };
  if (!incident.first_symptom_at && incident.status === "declared") return { label: "Since declared", seconds: (now - Date.parse(from)) / 1000 };
  return { label: `${status}, since ${incident.first_symptom_at ? "first symptom" : "declared"}`, seconds: (now - Date.parse(from)) / 1000 };
}
