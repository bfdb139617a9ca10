/** How old the plan is: said as soon as the desk or a cluster is late, and a cluster hatched once it was silent for a minute. */
import { age } from "../../lib/time";
import type { SourceView } from "../../wire/SourceView";

/** What is said of an old plan; `words` are empty while it is fresh. */
export interface Aging {
  readonly words: string;
  /** Whether it is all hatched, or of which clusters its parts are, by id. */
  readonly hatched: boolean | ReadonlySet<string>;
}

export const FRESH: Aging = { words: "", hatched: false };

/** Seconds of silence from which on what is drawn is not believed any more. */
const HATCHED_AFTER = 60;

/** The age of what the clusters told, at `now`; `clock` writes an instant. */
export function agingOf(sources: readonly SourceView[], now: number, clock: (at: string) => string): Aging {
  const clusters = sources.filter((s) => s.kind === "cluster");
  const silence = (s: SourceView) => (s.since ? (now - Date.parse(s.since)) / 1000 : 0);
  const isOld = (s: SourceView) => s.state !== "catching_up" && s.state !== "never_answered" && silence(s) >= HATCHED_AFTER;
  const late = clusters.filter((s) => s.state === "stale" || isOld(s));
  const first = late[0];
  if (!first) return FRESH;
  const old = late.filter(isOld);
  // Whoever is silent alone is all there is to see.
  const hatched = clusters.length > 1 && old.length ? new Set(old.map((s) => s.cluster)) : old.length > 0;
  // While it is only late the clock stands for the age: what is said does not change every second.
  const seen = (s: SourceView) => (!s.since ? "not known when it was last seen" : isOld(s) ? `last seen ${age(silence(s))} ago` : `late, last seen at ${clock(s.since)}`);
  if (clusters.length > 1) return { words: `${late.map((s) => `${s.label}, ${seen(s)}`).join("; ")}. ${late.length > 1 ? "Their parts of the plan are" : "Its part of the plan is"} as of then; streets and houses may have moved.`, hatched };
  const said = seen(first);
  return { words: `${said.charAt(0).toUpperCase()}${said.slice(1)}. The plan as of ${isOld(first) ? clock(first.since!) : "then"}; streets and houses may have moved.`, hatched };
}
