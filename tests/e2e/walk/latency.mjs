#!/usr/bin/env node
// How soon the screen shows what the lab knows: an object that changed, and an alert; and how long a postmortem of an
// incident in that cluster is drafted. Printed beside the targets.
// LAB_JSON=…/lab.json BROADSTREET=…/release/broadstreet node latency.mjs
import { spawn } from "node:child_process";
import { openBrowser, settled } from "../browser/screen.mjs";
import { at, Figures, ms } from "./figure.mjs";
import { Desk, lab, must, until } from "./desk.mjs";

/** Seconds between two questions to a source of alerts, as it is set where nobody sets it. */
const POLL = 5;
/** How many cases a pile on the map shows one by one (`PILE` of ui/src/graph/houses.ts), and a few more. */
const PILE = 6;
const FIRST = 10;
const ROWS = 1000;
const it = lab();
const desk = new Desk();
const figures = new Figures();

/** The API server behind `kubectl proxy`, so that a write is one request and its moment is known. */
async function apiServer() {
  const proxy = spawn(it.kubectl, ["--kubeconfig", it.kubeconfig, "proxy", "--port=0"]);
  let said = "";
  proxy.stdout.on("data", (text) => (said += text));
  const address = await until(20, "kubectl proxy listens", () => /127\.0\.0\.1:\d+/.exec(said)?.[0]);
  return { proxy, address: `http://${address}` };
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  must(answer.ok, `${address}: ${answer.status} ${await answer.text()}`);
}

const deployment = (name) => ({
  apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "boutique" },
  spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } } },
});

/** In the page: when each text was first painted, on the canvas or as part of the page. */
function watchPaint() {
  window.painted = {};
  const mark = (text) => {
    if (window.painted[text]) return;
    window.painted[text] = -1;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => (window.painted[text] = performance.timeOrigin + performance.now());
    requestAnimationFrame(() => channel.port2.postMessage(0));
  };
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    // The name of a house, and the number over a pile of cases that is too high to be drawn case by case.
    if (/^(p|\+)\d+$/.test(text)) mark(text);
    return draw.call(this, text, ...rest);
  };
}

const { proxy, address } = await apiServer();
let browser;
try {
  await desk.start(["serve", "--kubeconfig", it.readonly], "Mei Tanaka");
  await desk.call("save_source", { id: "alertmanager:lab", kind: "alertmanager", address: it.alertmanager, poll_seconds: POLL });
  await until(60, "the cluster and Alertmanager answer", async () => {
    const { sources } = await desk.call("desk");
    return sources.length === 2 && sources.every((s) => s.state === "live");
  });
  const opened = await openBrowser();
  browser = opened.browser;
  const page = await opened.context.newPage();
  await page.addInitScript(watchPaint);
  await page.goto(desk.link, { waitUntil: "load" });
  await page.locator("[data-testid=map] canvas").first().waitFor();
  await settled(page);
  const painted = async (text, seconds) =>
    until(seconds, `${text} is painted`, () => page.evaluate((t) => (window.painted[t] > 0 ? window.painted[t] : 0), text));

  const events = [];
  for (let n = 10; n < 50; n++) {
    const began = Date.now();
    await post(`${address}/apis/apps/v1/namespaces/boutique/deployments`, deployment(`p${n}`));
    events.push((await painted(`p${n}`, 20)) - began);
  }
  events.sort((a, b) => a - b);
  figures.say("watch event → pixel, from before the write to the API server", "p95 ≤ 150 ms", at(events, 0.95) <= 150, `p50 ${ms(at(events, 0.5))}, p95 ${ms(at(events, 0.95))} of ${events.length}`);

  const alert = (n) => ({ labels: { alertname: `Latency${n}`, namespace: "boutique", deployment: "cartservice", severity: "warning" } });
  // More than a pile shows, so that each further one changes the number over it.
  await post(`${it.alertmanager}/api/v2/alerts`, Array.from({ length: FIRST }, (_, n) => alert(n)));
  const number = (n) => `+${n + 1 - (PILE - 1)}`;
  await painted(number(FIRST - 1), 30);
  const alerts = [];
  for (let n = FIRST; n < FIRST + 12; n++) {
    // Not in step with the questions.
    await new Promise((go) => setTimeout(go, Math.random() * 1500));
    const began = Date.now();
    await post(`${it.alertmanager}/api/v2/alerts`, [alert(n)]);
    alerts.push((await painted(number(n), 30)) - began);
  }
  alerts.sort((a, b) => a - b);
  figures.say("alert known to Alertmanager → case drawn", `≤ ${POLL * 1000 + 300} ms`, alerts.at(-1) <= POLL * 1000 + 300, `p50 ${ms(at(alerts, 0.5))}, worst ${ms(alerts.at(-1))} of ${alerts.length}`);

  // The whole of it: the record read, the worst moment sought, its picture drawn, the facts gathered, the document kept.
  const incident = (await desk.call("declare", { title: "A thousand rows", severity: 4 })).id;
  for (let n = 0; n < ROWS; n += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => desk.call("write_entry", { incident, text: `entry ${n + k}`, token: `t${n + k}` })));
  const drafts = [];
  for (let n = 0; n < 12; n++) {
    const began = performance.now();
    await desk.call("draft_postmortem", { id: incident });
    drafts.push(performance.now() - began);
  }
  drafts.sort((a, b) => a - b);
  const { entries } = await desk.call("timeline", { incident });
  figures.say(`a postmortem drafted from ${entries.length.toLocaleString("en")} rows, asked for and answered`, "≤ 200 ms", drafts.at(-1) <= 200 && entries.length >= ROWS, `p50 ${ms(at(drafts, 0.5))}, worst ${ms(drafts.at(-1))} of ${drafts.length}`);
} finally {
  await browser?.close();
  proxy.kill();
  await desk.stop();
  desk.remove();
}
process.exit(figures.end());
