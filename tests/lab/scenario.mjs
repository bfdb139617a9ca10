#!/usr/bin/env node
// Records the incident that comes with Broadstreet: a scripted scenario on the real programs of the lab, run by the product
// itself, so that every row and every second of it is true. About 31 minutes; PACE=0.1 runs a tenth of that.
//
//   tests/lab/scenario.sh          brings the lab up with calmer alerts, runs this, puts the bundle in its place
//   node scenario.mjs OUT          on a lab that runs (LAB_JSON, BROADSTREET)
//
// redis-cart gets a new image and dies, cartservice and checkoutservice follow; two people are paged, one answers late;
// command is transferred; a wrong hypothesis is eliminated; it is rolled back and resolved.
import { Desk, fault, icinga, lab, must, name, run, until } from "../e2e/walk/desk.mjs";

const out = process.argv[2];
if (!out) throw new Error("say where to write: node scenario.mjs OUT");
const pace = Number(process.env.PACE ?? 1);
const it = lab();
const desk = new Desk({ BROADSTREET_DEVICE: "war room" });
const kubectl = (...words) => run(process.env.KUBECTL ?? "kubectl", ["--kubeconfig", it.kubeconfig, "-n", "boutique", ...words]);
const [mei, jonas, ana] = ["Mei Tanaka", "Jonas Weber", "Ana Ruiz"];
const began = Date.now();

/** Waits until `minutes` of the story have passed, and says what comes. */
async function at(minutes, what) {
  const wait = began + minutes * 60_000 * pace - Date.now();
  if (wait > 0) await new Promise((go) => setTimeout(go, wait));
  console.log(`${((Date.now() - began) / 60_000).toFixed(1).padStart(5)} min  ${what}`);
}

async function as(person, command, payload) {
  await desk.call("act_as", { name: person });
  return desk.call(command, payload);
}

async function acknowledge(person, comment) {
  const { attempts } = await desk.call("pages");
  const open = attempts.filter((a) => !a.acked_at && a.subject_id.startsWith("boutique"));
  for (const subject of new Set(open.map((a) => a.subject_id))) {
    const [host, service] = subject.split("!");
    const filter = `host.name=="${host}" && service.name=="${service}"`;
    await icinga(it, "POST", "/v1/actions/acknowledge-problem", { type: "Service", filter, author: person, comment, notify: true }).catch(() => undefined);
  }
}

try {
  await desk.start(["serve", "--kubeconfig", it.kubeconfig], jonas);
  await until(60, "the cluster is read", async () => (await desk.call("desk")).sources.some((s) => s.state === "live"));
  for (const source of [
    { id: "alertmanager:lab", kind: "alertmanager", address: it.alertmanager },
    { id: "prometheus:lab", kind: "prometheus", address: it.prometheus },
    { id: "icinga:lab", kind: "icinga", address: it.icinga, credentials: "basic", user: "lab", secret: "lab", ca_file: it.ca },
  ]) await desk.call("save_source", source);
  await until(60, "every source answers", async () => (await desk.call("desk")).sources.filter((s) => s.state === "live").length === 4);
  const { objects } = JSON.parse((await run(process.env.BROADSTREET, ["topology", "--format", "json", "--kubeconfig", it.kubeconfig])).out);
  const house = (of) => objects.find((o) => o.kind === "Deployment" && o.namespace === "boutique" && o.name === of).id;

  await at(2, "frontend is scaled from one to three, which harms nobody");
  await kubectl("scale", "deploy/frontend", "--replicas=3");
  await at(4.5, "redis-cart gets a new image, and its pod dies");
  await fault("crash-loop", "redis-cart");
  await at(5.3, "cartservice follows");
  await fault("pods-not-ready", "cartservice");
  await at(6, "checkoutservice follows");
  await fault("pods-not-ready", "checkoutservice");
  await until(240, "somebody is paged", async () => (await desk.call("pages")).attempts.length > 0);
  await at(9, "nobody answered, the second person is paged");
  await until(300, "the second step", async () => (await desk.call("pages")).attempts.some((a) => a.step === 2));
  await at(10.3, "Jonas answers");
  await acknowledge("jonas", "looking");
  await at(11, "Jonas declares and commands");
  const incident = await as(jonas, "declare", {
    title: "Carts cannot be read or written", severity: 2, subjects: [house("cartservice"), house("redis-cart")], commander: jonas, zone: "UTC",
  });
  const id = incident.id;
  const write = (person, text, token) => as(person, "write_entry", { incident: id, text, token });
  await at(11.4, "what is known");
  await as(jonas, "set_status", { incident: id, status: "investigating", reason: "carts fail, cause not known" });
  await as(jonas, "set_milestone", { incident: id, name: "impact_started", when: "-6m", reason: "first failed requests in the shop's log" });
  await write(jonas, "-2m support has eleven reports of empty carts", "s1");
  await as(jonas, "set_objective", { incident: id, text: "Customers can read and fill their carts again" });
  await at(12, "tasks with owners");
  await as(jonas, "assign_task", { incident: id, text: "Find out what changed in the last thirty minutes", owner: ana, in_minutes: 5 });
  await write(ana, "@cartservice answers every request with an error, @frontend and @checkoutservice pass it on", "s2");
  await at(12.6, "a first hypothesis");
  await as(jonas, "open_hypothesis", { incident: id, text: "Scaling frontend to three overloads cartservice", subjects: [house("frontend"), house("cartservice")] });
  await at(13, "Mei answers late, and joins");
  await acknowledge("mei", "was without reception, joining");
  await write(mei, "joined; the phone had no reception for six minutes", "s3");
  await as(jonas, "offer_role", { incident: id, role: "commander", to: mei, reason: "Jonas is needed at the cart" });
  await at(14, "Mei reads the brief and takes command");
  await as(mei, "brief", { id });
  await as(mei, "accept_offer", { incident: id, offer: "" });
  await as(jonas, "assume_role", { incident: id, role: "operations_lead" });
  await as(ana, "assume_role", { incident: id, role: "scribe" });
  await at(15, "a second hypothesis, and evidence");
  await as(ana, "open_hypothesis", { incident: id, text: "The new image of redis-cart does not start", subjects: [house("redis-cart")] });
  const panel = await desk.call("object", { id: house("redis-cart") });
  await as(ana, "pin_evidence", { incident: id, text: `redis-cart: ${panel.reason}`, source: panel.field, target: house("redis-cart") });
  await at(15.6, "the severity is raised");
  await as(mei, "set_severity", { incident: id, severity: 1, reason: "nobody can check out" });
  await as(mei, "send_update", { incident: id, text: "Carts and checkout fail for all customers since about six minutes before this message. We work on it.", audience: "external", every_minutes: 15 });
  await at(16.4, "the wrong hypothesis is eliminated");
  await as(jonas, "judge_hypothesis", { incident: id, hypothesis: "H1", state: "eliminated", evidence: "frontend was scaled two and a half minutes before the first failure, and cartservice's restarts begin with redis-cart's" });
  await as(ana, "end_task", { incident: id, task: "T1", state: "done", outcome: "Condition: redis-cart got a new image at the minute carts began to fail. Actions: none yet. Needs: a decision to roll back." });
  await at(17.2, "decided");
  await as(ana, "judge_hypothesis", { incident: id, hypothesis: "H2", state: "supported", evidence: "its container ends as soon as it starts; the image before ran for weeks" });
  await as(mei, "decide", { incident: id, text: "Roll redis-cart back to the image before", made: true });
  await as(mei, "assign_task", { incident: id, text: "Roll redis-cart back and watch cartservice", owner: jonas, in_minutes: 5 });
  await at(18, "rolled back");
  await fault("roll-back", "redis-cart");
  await as(mei, "set_status", { incident: id, status: "mitigating", reason: "redis-cart is rolled back" });
  await at(19, "cartservice comes back");
  await fault("pods-ready", "cartservice");
  await at(19.7, "checkoutservice comes back");
  await fault("pods-ready", "checkoutservice");
  await at(21, "watching");
  await as(jonas, "end_task", { incident: id, task: "T2", state: "done", outcome: "Condition: redis-cart, cartservice and checkoutservice are ready. Actions: rolled back. Needs: nothing." });
  await as(mei, "set_status", { incident: id, status: "monitoring", reason: "every pod is ready again" });
  await as(mei, "set_milestone", { incident: id, name: "mitigated", when: "-1m", reason: "first successful checkout" });
  await at(22.5, "told again");
  await as(mei, "send_update", { incident: id, text: "Carts and checkout work again. We keep watching.", audience: "external" });
  await write(ana, "~-3m support: new orders arrive", "s4");
  await at(26.5, "resolved");
  const objective = (await desk.call("incident", { id })).objectives[0].row;
  await as(mei, "set_objective", { incident: id, met: objective });
  await as(mei, "set_milestone", { incident: id, name: "impact_ended", when: "-5m", reason: "error rate of checkout back to usual" });
  await as(mei, "set_status", { incident: id, status: "resolved", reason: "no alert fires, orders arrive" });
  await at(28, "what is to be done, and the postmortem");
  const due = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
  await as(mei, "save_action", { incident: id, text: "Start every new redis image in staging before it is rolled out", owner: ana, due: due(15), type: "prevent", end_state: "a rollout without a staging run is refused by the pipeline" });
  await as(mei, "save_action", { incident: id, text: "Page the second step after one minute for SEV-1 alerts", owner: jonas, due: due(30), type: "detect", end_state: "a test page reaches the second step within 70 seconds" });
  await desk.call("draft_postmortem", { id });
  await at(31, "exported");
  await desk.call("export_bundle", { incident: id, path: out });
  const verified = await desk.cli(["verify", out]);
  must(verified.rows > 50, verified);
  console.log(`${out}: ${verified.rows} rows, ${verified.parts} parts, ${name(house("redis-cart"))} was the hot house`);
} finally {
  await desk.stop();
  if (desk.log) console.log(desk.log.slice(-3000));
  desk.remove();
}
