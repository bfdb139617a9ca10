/** The archive as rows: found by words, kept apart by state. Pure. */
import { span } from "../../lib/time";
import { sentence } from "../../lib/words";
import type { ActionView } from "../../wire/ActionView";
import type { IncidentLine } from "../../wire/IncidentLine";

export type Kind = "all" | "open" | "ended" | "drills" | "imported";

export function isOpenLine(line: Pick<IncidentLine, "status" | "closed_as">): boolean {
  return line.closed_as === null && !["resolved", "learning", "closed"].includes(line.status);
}

export function fits(line: IncidentLine, query: string, kind: Kind): boolean {
  if (kind === "open" && !isOpenLine(line)) return false;
  if (kind === "ended" && isOpenLine(line)) return false;
  if (kind === "drills" && !line.drill) return false;
  if (kind === "imported" && !line.imported) return false;
  const text = [line.number, line.title, line.commander ?? "", line.status, line.closed_as ?? "", line.severity === null ? "" : `sev ${line.severity} sev-${line.severity}`].join(" ").toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}

/** `Closed as a duplicate`, `Resolved`, `Mitigating`. */
export function standing(line: Pick<IncidentLine, "status" | "closed_as">): string {
  if (line.closed_as === null) return sentence(line.status);
  if (line.closed_as === "reviewed") return "Closed, reviewed";
  return `Closed as ${line.closed_as === "duplicate" ? "a duplicate" : line.closed_as}`;
}

/** How long it lasted; so far, where it still does; not known, where an end of it is not. */
export function lasted(line: IncidentLine, now: number): string {
  const from = line.opened_at ? Date.parse(line.opened_at) : Number.NaN;
  if (!Number.isFinite(from)) return "not known";
  const to = line.resolved_at ? Date.parse(line.resolved_at) : Number.NaN;
  if (Number.isFinite(to)) return span((to - from) / 1000);
  return isOpenLine(line) ? `${span((now - from) / 1000)} so far` : "not known";
}

export interface Due {
  readonly incident: string;
  readonly number: string;
  readonly action: ActionView;
  /** Milliseconds past its day; below zero while there is time. */
  readonly late: number;
}

/** Action items not closed, those longest overdue first, those without a day last. */
export function dueList(found: readonly { incident: string; number: string; actions: readonly ActionView[] }[], now: number): Due[] {
  return found
    .flatMap(({ incident, number, actions }) =>
      actions.filter((action) => action.state !== "closed").map((action) => {
        const due = action.due ? Date.parse(action.due) : Number.NaN;
        return { incident, number, action, late: Number.isFinite(due) ? now - due : Number.NEGATIVE_INFINITY };
      }),
    )
    .toSorted((a, b) => b.late - a.late);
}
