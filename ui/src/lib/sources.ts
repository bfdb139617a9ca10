/** What sources there are, and what each is called. Pure. */
import type { SourceForm } from "../wire/SourceForm";

export const KINDS = [
  { kind: "alertmanager", name: "Alertmanager", tells: "Which alerts fire, who is told, what is silenced" },
  { kind: "prometheus", name: "Prometheus", tells: "Which rules fire or are pending" },
  { kind: "icinga", name: "Icinga 2", tells: "Hosts and services in trouble" },
  { kind: "goalert", name: "GoAlert", tells: "Who was paged, who answered, who is on call" },
  { kind: "pagerduty", name: "PagerDuty", tells: "Who was paged, who answered, who is on call" },
] as const;
export type Kind = (typeof KINDS)[number]["kind"];

export function nameOfKind(kind: string): string {
  return KINDS.find((k) => k.kind === kind)?.name ?? kind;
}

/** The name within its kind: `main` of `alertmanager:main`. */
export function shortName(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}

/** Where it is asked, in one line. */
export function placeOf(form: Pick<SourceForm, "address" | "proxy_namespace" | "proxy_service" | "proxy_port">): string {
  if (form.proxy_service) return `Service ${form.proxy_namespace}/${form.proxy_service}${form.proxy_port ? `:${form.proxy_port}` : ""}, through the cluster`;
  return form.address || "no address";
}
