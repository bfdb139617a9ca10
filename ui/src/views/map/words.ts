/** Small wordings of the map: health, time since, what a reason names. */
import type { CaseView } from "../../wire/CaseView";
import type { ObjectView } from "../../wire/ObjectView";
import type { PodView } from "../../wire/PodView";

/** What a health is called on screen. */
export const HEALTH_NAMES: Record<string, string> = {
  critical: "Critical",
  warning: "Degraded",
  unknown: "Unknown",
  starting: "Starting",
  well: "Well, seen",
  resting: "Finished",
  none: "No health rule",
};

/** The colour class of a health. */
export function tone(health: string): "crit" | "warn" | "well" | "" {
  return health === "critical" ? "crit" : health === "warning" ? "warn" : health === "well" ? "well" : "";
}

/** The worse of an object's own health and of what fires at it; of a place the worst of what is in it. */
export function overall(view: ObjectView): string {
  const firing = view.cases.filter((c) => c.state === "firing");
  const own = view.parts && view.parts.worst !== "none" ? view.parts.worst : view.health;
  if (own === "critical" || view.parts?.critical || firing.some((c) => c.severity === "critical")) return "critical";
  if (own === "warning" || view.parts?.warning || firing.some((c) => c.severity === "warning")) return "warning";
  return own;
}

/** The id of the whole cluster an object is in. */
export function clusterOf(id: string): string {
  const cluster = id.split("/")[0] ?? "";
  return `${cluster}//Cluster//${cluster}`;
}

/** How long from `from` to `to`, in the two largest units. */
export function since(from: string | null, to: string | number): string {
  if (!from) return "time not known";
  const seconds = Math.max(0, Math.round(((typeof to === "number" ? to : Date.parse(to)) - Date.parse(from)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 && minutes < 10 ? `${minutes} m ${String(seconds % 60).padStart(2, "0")} s` : `${minutes} m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} m` : `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** Counts of pods by state, as the line beside the windows: "2 of 5 ready, 2 failing, 1 contained". */
export function podLine(ready: number, desired: number, pods: readonly PodView[]): string {
  const count = (health: string) => pods.filter((p) => p.health === health).length;
  const parts = [`${ready} of ${desired} ready`];
  for (const [health, word] of [
    ["critical", "failing"],
    ["warning", "degraded"],
    ["unknown", "unknown"],
    ["starting", "starting"],
    ["resting", "finished"],
  ] as const) {
    if (count(health)) parts.push(`${count(health)} ${word}`);
  }
  const contained = pods.filter((p) => p.contained).length;
  if (contained) parts.push(`${contained} contained`);
  return parts.join(", ");
}

/** Cases gravest first, firing before the rest, oldest first. */
export function ordered(cases: readonly CaseView[]): CaseView[] {
  const severity = ["critical", "warning", "info", "none"];
  const state = ["firing", "pending", "silenced", "inhibited", "resolved"];
  const rank = (list: string[], v: string) => (list.indexOf(v) < 0 ? list.length : list.indexOf(v));
  return [...cases].sort(
    (a, b) => rank(state, a.state) - rank(state, b.state) || rank(severity, a.severity) - rank(severity, b.severity) || (a.starts_at ?? "").localeCompare(b.starts_at ?? "") || a.name.localeCompare(b.name),
  );
}

/** What was told about a case, in words, never guessed. */
export function toldWords(c: CaseView): string {
  if (c.state === "resolved") return "";
  if (c.told === "nobody") return c.told_why ? `Nobody has been told: ${c.told_why}` : "Nobody has been told";
  if (c.told === "somebody") return c.receivers.length ? `Told ${c.receivers.join(", ")}` : "Somebody was told; the receiver is not known";
  return c.told_why || "Whether anybody was told is not known";
}

/** The two lines of a change: what it was and what it is, where `detail` holds both ("a -> b", "a → b" or a line each). */
export function difference(detail: string): { was: string[]; is: string[] } {
  const lines = detail.split("\n").map((l) => l.trim()).filter(Boolean);
  const was: string[] = [];
  const is: string[] = [];
  for (const line of lines) {
    const sides = /^(.*?)\s*(?:->|→)\s*(.*)$/.exec(line);
    if (line.startsWith("- ")) was.push(line.slice(2));
    else if (line.startsWith("+ ")) is.push(line.slice(2));
    else if (sides) {
      const key = /^([\w .[\]/-]+:\s+)/.exec(sides[1]!)?.[1] ?? "";
      was.push(sides[1]!);
      is.push(key + sides[2]!);
    }
  }
  return { was, is };
}

/** The part of an object's id a person reads: kind and name. */
export function nameOf(id: string): { kind: string; namespace: string; name: string } {
  const [, , kind = "", namespace = "", ...rest] = id.split("/");
  return { kind, namespace, name: rest.join("/") || id };
}

const SHARED: Record<string, string> = { node: "node", zone: "zone", claim: "claim", volume: "volume", config_map: "ConfigMap", secret: "Secret", image: "image", service_account: "account" };

/** What is shared, in words: "node n1", "ConfigMap flags". */
export function shareWords(thing: { readonly by: string; readonly name: string }): string {
  return `${SHARED[thing.by] ?? thing.by} ${thing.name}`;
}

const VERDICTS: Record<string, string> = { allowed: "policies allow it", blocked: "blocked by policy", unprotected: "no policy governs it", unknown: "policies not known" };

/** What the network policies are predicted to do on a call, in words; empty where nobody said. */
export function verdictWords(verdict: string): string {
  return VERDICTS[verdict] ?? "";
}
