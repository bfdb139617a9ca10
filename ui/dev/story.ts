// The incident of the pretend desk, told relative to now.
import type { EntryView } from "../src/wire/EntryView";
import type { IncidentView } from "../src/wire/IncidentView";

const START = Date.now();
const ago = (minutes: number): string => new Date(START - minutes * 60_000).toISOString();
export const people = ["Ngozi", "Tomas", "Mei", "Ravi", "Ines", "Lukas", "Amara", "Jonas", "Yuki"].map((name) => ({ id: name.toLowerCase(), name }));
const who = (name: string) => people.find((p) => p.name === name) ?? { id: name, name };
const role = (r: string, name: string) => ({ role: r, person: who(name), since: ago(20), accepted_on_offerers_device: false });
const task = (n: number, owner: string, text: string, left: number) => ({ row: `t${n}`, label: `T${n}`, text, owner: who(owner), check_in_at: ago(-left), state: "open", outcome: "", assigned_at: ago(10), ended_at: null });
const hypothesis = (n: number, by: string, text: string, state: string, evidence: [string, string][]) => ({ row: `h${n}`, label: `H${n}`, text, state, by, opened_at: ago(16 - n), state_at: ago(6), evidence: evidence.map(([side, words]) => ({ side, text: words, row: "" })), subjects: n === 1 ? ["prod/apps/Deployment/shop/redis-cart"] : [] });

export const incident: IncidentView = {
  id: "inc-1",
  number: "INC-0142",
  title: "Checkout failing in eu-west",
  severity: 1,
  status: "mitigating",
  status_since: ago(12),
  closed_as: null,
  zone: "UTC",
  clusters: ["prod"],
  commander: who("Ngozi"),
  commander_since: ago(24),
  command: [
    { commander: null, from: ago(26), to: ago(24) },
    { commander: who("Ngozi"), from: ago(24), to: null },
  ],
  offers: [{ row: "o1", role: "commander", from: who("Ngozi"), to: who("Tomas"), at: ago(1.2), reason: "I join the merchant bridge at 15:10.", brief_shown_at: null }],
  roles: [role("scribe", "Mei"), role("operations_lead", "Ravi"), role("communications_lead", "Ines"), role("customer_liaison", "Lukas"), role("responder", "Amara"), role("responder", "Yuki")],
  milestones: [
    { name: "impact_started", at: ago(33), precision: "minute", approx: true, row: "e2" },
    { name: "declared", at: ago(26), precision: "exact", approx: false, row: "e5" },
    { name: "commander_assumed", at: ago(24), precision: "exact", approx: false, row: "e6" },
  ],
  tasks: [task(1, "Jonas", "Compare memory defaults, 7.2.4 and 7.4.0", -1.6), task(2, "Ravi", "Prepare roll back of redis-cart", 0.7), task(3, "Amara", "Heap capture from the quarantined pod", 2.2), task(4, "Ines", "Draft the next update", 3.8), task(5, "Lukas", "Call the three largest merchants", 11.3)],
  hypotheses: [hypothesis(1, "Yuki", "New redis image outgrows its 256 Mi limit", "supported", [["for", "OOMKilled ×6"], ["for", "Memory 14:28 to 14:32"]]), hypothesis(2, "Amara", "Payment provider outage", "eliminated", [["against", "Direct probes 99.9 %"]]), hypothesis(3, "Yuki", "Node memory pressure on ip-10-4-2-17", "open", [])],
  decisions: [
    { row: "d1", label: "D1", text: "Raise to SEV 1, all regions' carts at risk", state: "made", proposed_by: "Ngozi", made_by: "Ngozi", objections: [], state_at: ago(20) },
    { row: "d4", label: "D4", text: "Roll back redis-cart to 7.2.4-alpine", state: "proposed", proposed_by: "Ravi", made_by: "", objections: [{ by: "Yuki", text: "Carts since 14:28 may be dropped" }], state_at: ago(2) },
  ],
  objectives: [
    { row: "ob1", text: "Checkout errors under 1 % by 15:20", met: false },
    { row: "ob2", text: "Lose no cart older than 14:28", met: true },
  ],
  actions: [{ row: "a1", text: "Alert on memory at 80 % of the limit", owner: "Ravi", due: ago(-20_000), type: "detect", end_state: "", state: "open" }],
  people,
  update_every_minutes: 15,
  last_update_at: ago(11),
  next_update_at: ago(-3.8),
  vacant_seconds: null,
  first_symptom_at: ago(33),
  declared_at: ago(26),
  resolved_at: null,
  rows: 16,
  frozen: null,
  drill: false,
  imported: false,
};

type Line = [minutes: number, kind: string, text: string, more?: Partial<EntryView>];
const LINES: Line[] = [
  [37, "k8s.rollout", "redis-cart image 7.2.4-alpine to 7.4.0-alpine", { machine: true, source: "Kubernetes", refs: [{ role: "subject", target: "prod/apps/Deployment/shop/redis-cart", name: "" }] }],
  [33, "alert.fired", "CheckoutErrorRateHigh firing on checkoutservice", { machine: true, source: "Alertmanager", state: "critical" }],
  [32.4, "alert.fired", "KubeContainerOOMKilled firing on redis-cart", { machine: true, source: "Alertmanager", state: "critical" }],
  [33, "observation", "saw cart pods flap before any alert", { who: "Yuki", approx: true, precision: "minute", recorded_at: ago(18) }],
  [28, "page.acked", "Amara acknowledged, 3 m 12 s after the first page", { machine: true, source: "PagerDuty" }],
  [26, "incident.declared", "Amara declared SEV-2: Checkout failing in eu-west", { who: "Amara" }],
  [24, "role.assumed", "Ngozi took command", { who: "Ngozi" }],
  [20, "decision.made", "D1 decided: Raise to SEV 1, all regions' carts at risk", { who: "Ngozi", label: "D1" }],
  [18, "comms.external", "Update to customers: We are looking into failing checkouts", { who: "Ines", earlier: [{ text: "Update to customers: We look into it", at: ago(18), precision: "exact", approx: false, recorded_at: ago(17.9), by: "Ines" }] }],
  [15, "hypothesis.opened", "H2 opened: Payment provider outage", { who: "Amara", label: "H2", state: "eliminated" }],
  [14, "note", "had a merchant call about lost carts", { who: "Lukas", precision: "hour", recorded_at: ago(3) }],
  [12, "note", "quarantined checkoutservice-x7k2p, Ravi agreed", { who: "Amara", annotations: [{ who: "Ravi", at: ago(11), text: "It still runs, without traffic." }] }],
  [5, "hypothesis.opened", "H1 opened: New redis image outgrows its limit", { who: "Yuki", label: "H1", state: "supported" }],
  [2, "decision.proposed", "D4 proposed: Roll back redis-cart", { who: "Ravi", label: "D4", state: "proposed" }],
  [1.2, "role.offered", "Ngozi offered command to Tomas", { who: "Ngozi", state: "open" }],
];

/** The rows told, and as many machine rows as wanted before them. */
export function entries(more: number): EntryView[] {
  const filler: Line[] = Array.from({ length: more }, (_, i) => [38 + (more - i) / 60, "k8s.event", `BackOff: restarting failed container in pod ${i}`, { machine: true, source: "Kubernetes" }]);
  return [...filler, ...LINES].map(([minutes, kind, text, rest], i) => ({ row: `e${i}`, at: ago(minutes), precision: "exact", approx: false, recorded_at: ago(minutes - 0.1), kind, machine: false, who: "", source: "person", text, detail: "", label: "", state: "", refs: [], earlier: [], annotations: [], witnesses: 1, clock_clamped: false, entered_on: "", ...rest })).sort((a, b) => a.at.localeCompare(b.at));
}
