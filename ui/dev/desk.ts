// A pretend desk: one incident in memory, enough rules to try every dialog of it. It proves nothing about the real one.
import type { Desk } from "../src/wire/Desk";
import type { EntryView } from "../src/wire/EntryView";
import type { IncidentView } from "../src/wire/IncidentView";
import { entries, incident, people } from "./story";

export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

type Payload = { readonly [key: string]: unknown };
const mode = process.env["MODE"] ?? "live";
let acting = people[0] ?? null;
let theIncident: IncidentView | null = mode === "closed" || process.env["INCIDENT"] === "none" ? null : incident;
const rows: EntryView[] = theIncident ? entries(Number(process.env["ROWS"] ?? 0)) : [];
const drafts = new Map<string, string>();
const blobs = new Map<string, Buffer>();
const tokens = new Map<string, EntryView>();
let revision = 1;
let made = 0;
const name = (id: unknown) => people.find((p) => p.id === id) ?? { id: String(id), name: String(id) };
const now = () => new Date().toISOString();

function desk(): Desk {
  const source = (id: string, kind: Desk["sources"][number]["kind"], seconds: number, state = "live") => ({ id, label: id, cluster: "", kind, state, since: new Date(Date.now() - seconds * 1000).toISOString(), code: "", why: "", hint: "", version: "", kinds: [], skipped: 0 });
  return { version: "dev", mode, title: mode === "closed" ? "" : "prod-eu-west", incident: theIncident?.id ?? null, acting, people, sources: mode === "closed" ? [] : [source("prod-eu-west", "cluster", 1), source("Alertmanager", "alertmanager", 4), source("Prometheus", "prometheus", 22)], recorded_from: new Date(Date.now() - 7_200_000).toISOString(), recorded_to: now(), opens_at: null, now: now(), alarms: [], demo: false, revision: revision++ };
}

function row(kind: string, text: string, more: Partial<EntryView> = {}): EntryView {
  const entry: EntryView = { row: `new${++made}`, at: now(), precision: "exact", approx: false, recorded_at: now(), kind, machine: false, who: acting?.name ?? "", source: "person", text, detail: "", label: "", state: "", refs: [], earlier: [], annotations: [], witnesses: 1, clock_clamped: false, entered_on: "", ...more };
  rows.push(entry);
  rows.sort((a, b) => a.at.localeCompare(b.at));
  return entry;
}

/** Reads a line roughly as the real desk does. */
function read(text: string): { kind: string; at: string; approx: boolean; precision: string; text: string; ambiguous: string[]; problem: string } {
  let rest = text.trim();
  let at = now();
  let precision = "exact";
  let approx = false;
  let ambiguous: string[] = [];
  const ago = /^-(\d+)m\s+/.exec(rest);
  const clock = /^(~?)(\d\d):(\d\d|\?\?)\s+/.exec(rest);
  if (ago) {
    at = new Date(Date.now() - Number(ago[1]) * 60_000).toISOString();
    [approx, precision] = [true, "minute"];
  } else if (clock) {
    at = `${now().slice(0, 11)}${clock[2]}:${clock[3] === "??" ? "00" : clock[3]}:00Z`;
    [approx, precision] = [clock[1] === "~", clock[3] === "??" ? "hour" : "minute"];
    if (clock[2] === "02" && clock[3] === "30") ambiguous = [at, new Date(Date.parse(at) + 3_600_000).toISOString()];
  }
  rest = rest.slice((ago ?? clock)?.[0].length ?? 0);
  const kind = /^h:/.test(rest) ? "hypothesis" : /^d:/.test(rest) ? "decision" : /^t:/.test(rest) ? "task" : "note";
  const problem = kind === "task" && !/!\w/.test(rest) ? "A task needs an owner: write !name" : "";
  return { kind, at, approx, precision, text: rest.replace(/^[hdt]:\s*/, ""), ambiguous, problem };
}

const commands: Record<string, (p: Payload) => unknown> = {
  desk,
  settings: () => ({ sources: [], theme: "system", clock: "utc", zone: "UTC", recording_hours: 24, recording_gigabytes: 2, update_minutes: [15, 30, 30, 60, 60], has_keyring: true, device: "dev", public_key: "", storage: { path: "", bytes: 0, rolling_bytes: 0, incident_bytes: 0, blob_bytes: 0 } }),
  save_settings: () => commands["settings"]!({}),
  contexts: () => [{ name: "prod-eu-west", server: "https://127.0.0.1:6443", user: "mei", namespace: "", current: true }, { name: "staging", server: "https://127.0.0.1:7443", user: "mei", namespace: "shop", current: false }],
  act_as: (p) => {
    if (p["id"]) acting = name(p["id"]);
    else people.push((acting = { id: `p${people.length}`, name: String(p["name"]) }));
    return desk();
  },
  cases: () => ({ cases: [], tray: [], nobody_told: [], unresolved: [], unresolved_count: 0, placings: [], evidence: "No alert firing. Alertmanager answered 4 s ago." }),
  history: () => ({ from: new Date(Date.now() - 3_600_000).toISOString(), to: now(), now: now(), live: true, bins: [], gaps: [], marks: [] }),
  incident: () => theIncident,
  incidents: () => [],
  timeline: (p) => ({ incident: p["incident"], entries: rows }),
  find: (p) => ["checkoutservice", "redis-cart", "cartservice", "frontend"].filter((n) => n.includes(String(p["query"]).toLowerCase())).map((n) => ({ kind: "object", id: `prod/apps/Deployment/shop/${n}`, title: n, subtitle: "Deployment in shop", health: "critical" })),
  filter: (p) => ({ query: p["query"], houses: [], objects: 0, elsewhere: 0, kinds: [], mistakes: [] }),
  complete_filter: (p) => ({ from: p["cursor"], to: p["cursor"], offers: [] }),
  filter_fields: () => [{ name: "status", also: ["health"], signs: [">=", ":"], about: "The state, from worst.", example: "status>=warning" }],
  preview_entry: (p) => {
    const seen = read(String(p["text"]));
    return { ...seen, subjects: [], sentence: `Will be recorded as happened ${seen.approx ? "~" : ""}${seen.at.slice(11, 16)}, ${seen.kind}, by ${acting?.name ?? "nobody"}.` };
  },
  write_entry: (p) => {
    const known = tokens.get(String(p["token"]));
    if (known) return known;
    const seen = read(String(p["text"]));
    const files = (p["attachments"] as unknown as { blob: string; name: string }[]) ?? [];
    const entry = row(seen.kind === "hypothesis" ? "hypothesis.opened" : seen.kind, seen.text, { at: seen.at, precision: seen.precision, approx: seen.approx, refs: files.map((f) => ({ role: "attachment", target: f.blob, name: f.name })) });
    tokens.set(String(p["token"]), entry);
    return entry;
  },
  correct_entry: (p) => {
    const entry = rows.find((e) => e.row === p["row"]);
    if (!entry || entry.machine) throw new Refused("sealed", "a machine saw this row", "Add a note instead.");
    entry.earlier.push({ text: entry.text, at: entry.at, precision: entry.precision, approx: entry.approx, recorded_at: entry.recorded_at, by: entry.who });
    entry.text = String(p["text"]);
    return entry;
  },
  annotate_entry: (p) => {
    const entry = rows.find((e) => e.row === p["row"]);
    entry?.annotations.push({ who: acting?.name ?? "", at: now(), text: String(p["text"]) });
    return entry;
  },
  save_draft: (p) => (drafts.set(String(p["name"]), String(p["text"])), {}),
  draft: (p) => ({ incident: p["incident"], name: p["name"], text: drafts.get(String(p["name"])) ?? "" }),
  brief: (p) => {
    const mine = theIncident?.offers.find((o) => o.to.id === acting?.id);
    if (mine) mine.brief_shown_at = now();
    return { incident: p["id"], at: now(), offer: mine?.row ?? null, sections: [{ title: "Situation", lines: [{ text: "Checkout fails for 38 % of customers", trace_kind: "row", trace: "e3" }] }, { title: "Objectives", lines: [] }] };
  },
  declare: (p) => {
    theIncident = { ...incident, title: String(p["title"]), severity: Number(p["severity"]) };
    return theIncident;
  },
};

/** Changes of the incident, each by its smallest effect. */
const changes: Record<string, (i: IncidentView, p: Payload) => void> = {
  set_severity: (i, p) => void (i.severity = Number(p["severity"])),
  set_status: (i, p) => void (i.status = String(p["status"])),
  close_incident: (i, p) => void ([i.status, i.closed_as] = ["closed", String(p["as"])]),
  reopen_incident: (i) => void ([i.status, i.closed_as] = ["investigating", null]),
  assume_role: (i, p) => command(i, String(p["role"]), acting?.id ?? null),
  offer_role: (i, p) => void i.offers.push({ row: `made-o${++made}`, role: String(p["role"]), from: acting!, to: name(p["to"]), at: now(), reason: String(p["reason"]), brief_shown_at: null }),
  accept_offer: (i, p) => {
    const offer = i.offers.find((o) => o.row === p["offer"]);
    if (!offer?.brief_shown_at) throw new Refused("brief_not_shown", "the brief was not shown yet", "Read the brief first.");
    command(i, offer.role, offer.to.id);
    i.offers = i.offers.filter((o) => o !== offer);
  },
  decline_offer: (i, p) => void (i.offers = i.offers.filter((o) => o.row !== p["offer"])),
  withdraw_offer: (i, p) => void (i.offers = i.offers.filter((o) => o.row !== p["offer"])),
  release_role: (i, p) => command(i, String(p["role"]), null),
  assign_task: (i, p) => void i.tasks.push({ row: `made-t${++made}`, label: "", text: String(p["text"]), owner: name(p["owner"]), check_in_at: new Date(Date.now() + Number(p["in_minutes"]) * 60_000).toISOString(), state: "open", outcome: "", assigned_at: now(), ended_at: null }),
  end_task: (i, p) => {
    const task = i.tasks.find((t) => t.row === p["task"]);
    if (!task) return;
    if (p["in_minutes"]) task.check_in_at = new Date(Date.now() + Number(p["in_minutes"]) * 60_000).toISOString();
    else [task.state, task.outcome, task.ended_at] = [String(p["state"]), String(p["outcome"]), now()];
  },
  open_hypothesis: (i, p) => void i.hypotheses.push({ row: `made-h${++made}`, label: `H${i.hypotheses.length + 1}`, text: String(p["text"]), state: "open", by: acting?.name ?? "", opened_at: now(), state_at: now(), evidence: [], subjects: [] }),
  judge_hypothesis: (i, p) => {
    const h = i.hypotheses.find((x) => x.row === p["hypothesis"]);
    if (h) [h.state, h.evidence] = [String(p["state"]), [...h.evidence, { side: p["state"] === "eliminated" ? "against" : "for", text: String(p["evidence"]), row: "" }]];
  },
  decide: (i, p) => void i.decisions.push({ row: `made-d${++made}`, label: `D${i.decisions.length + 1}`, text: String(p["text"]), state: p["made"] ? "made" : "proposed", proposed_by: acting?.name ?? "", made_by: p["made"] ? (acting?.name ?? "") : "", objections: [], state_at: now() }),
  answer_decision: (i, p) => {
    const d = i.decisions.find((x) => x.row === p["decision"]);
    if (d && p["make"]) [d.state, d.made_by] = ["made", acting?.name ?? ""];
    else d?.objections.push({ by: acting?.name ?? "", text: String(p["objection"]) });
  },
  set_objective: (i, p) => {
    const o = i.objectives.find((x) => x.row === p["met"]);
    if (o) o.met = true;
    else i.objectives.push({ row: `made-ob${++made}`, text: String(p["text"]), met: false });
  },
  send_update: (i, p) => void ([i.last_update_at, i.next_update_at] = [now(), new Date(Date.now() + Number(p["every_minutes"] ?? i.update_every_minutes) * 60_000).toISOString()]),
  set_milestone: (i, p) => void i.milestones.push({ name: String(p["name"]), at: read(`${p["when"]} x`).at, precision: "minute", approx: false, row: "e1" }),
  save_action: (i, p) => void i.actions.push({ row: `made-a${++made}`, text: String(p["text"]), owner: String(p["owner"]), due: p["due"] as string | null, type: String(p["type"]), end_state: String(p["end_state"]), state: "open" }),
};

function command(i: IncidentView, role: string, id: string | null): void {
  if (role !== "commander") {
    i.roles = i.roles.filter((r) => r.role !== role);
    if (id) i.roles.push({ role, person: name(id), since: now(), accepted_on_offerers_device: false });
    return;
  }
  const last = i.command.at(-1);
  if (last) last.to = now();
  i.commander = id ? name(id) : null;
  i.commander_since = now();
  i.command.push({ commander: i.commander, from: now(), to: null });
}

/** One answer over HTTP: status, media type, body. */
export function answer(path: string, body: Buffer): [number, string, Buffer | string] {
  const json = (value: unknown): [number, string, string] => [200, "application/json", JSON.stringify(value)];
  if (path === "put") {
    const id = `b${++made}`;
    blobs.set(id, body);
    return json({ id });
  }
  if (path.startsWith("get/")) return [200, "application/octet-stream", blobs.get(path.slice(4)) ?? Buffer.alloc(0)];
  const called = path.replace(/^call\//, "");
  const payload = (body.length ? JSON.parse(body.toString()) : {}) as Payload;
  const change = changes[called];
  if (change && theIncident) {
    theIncident = structuredClone(theIncident);
    change(theIncident, payload);
    return json(theIncident);
  }
  const known = commands[called];
  if (!known) throw new Refused("not_here", `the pretend desk does not know ${called}`, "Run `broadstreet serve` for the real one.");
  return json(known(payload));
}
