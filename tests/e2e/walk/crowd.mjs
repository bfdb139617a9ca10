#!/usr/bin/env node
// Ten thousand Pending pods of a real kube-apiserver (no scheduler serves them, so they cost no kubelet): how soon they are
// listed and drawn, and how soon what happens among them is. Printed beside the targets.
// LAB_JSON=…/lab.json BROADSTREET=…/release/broadstreet node crowd.mjs [PICTURE.png]
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { openBrowser, settled } from "../browser/screen.mjs";
import { at, Figures, ms } from "./figure.mjs";
import { Desk, lab, must, run, until } from "./desk.mjs";

const PODS = Number(process.env.PODS ?? 10_000);
const APPS = 300;
const WRITERS = 16;
const NAMESPACE = "crowd";
const [picture] = process.argv.slice(2);
const it = lab();
const figures = new Figures();
const seconds = (began) => (performance.now() - began) / 1000;

const server = /server: "?(https:[^"\s]+)/.exec(readFileSync(it.kubeconfig, "utf8"))[1];
const pki = (name) => readFileSync(join(it.state, "pki", name));
const agent = new Agent({ keepAlive: true, maxSockets: WRITERS, ca: pki("ca.crt"), cert: pki("admin.crt"), key: pki("admin.key") });

/** Asks the API server as its administrator; answers its code. */
function ask(method, path, body) {
  return new Promise((done, refuse) => {
    const asked = request(server + path, { method, agent, headers: { "Content-Type": "application/json" } }, (answer) => {
      let said = "";
      answer.on("data", (text) => (said += text));
      answer.on("end", () => (answer.statusCode < 300 || answer.statusCode === 404 ? done(answer.statusCode) : refuse(new Error(`${method} ${path}: ${answer.statusCode} ${said.slice(0, 300)}`))));
    });
    asked.on("error", refuse);
    asked.end(body ? JSON.stringify(body) : undefined);
  });
}

const pod = (name, app) => ({
  apiVersion: "v1", kind: "Pod", metadata: { name, namespace: NAMESPACE, labels: { app } },
  spec: { schedulerName: "nobody", containers: [{ name: "server", image: `example.test/${app}:v1`, env: [{ name: "CART_SERVICE_ADDR", value: "cartservice.boutique:7070" }] }] },
});
const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;

const desk = new Desk();
let browser;
try {
  await ask("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  await until(30, "the namespace may hold pods", async () => (await ask("GET", `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`)) === 200);
  let began = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    for (let n = next++; n < PODS; n = next++) await ask("POST", pods, pod(`p-${n}`, `app-${n % APPS}`));
  }));
  figures.say("10,000 Pending pods created", "", null, `${seconds(began).toFixed(1)} s`);

  began = performance.now();
  await desk.start(["serve", "--kubeconfig", it.readonly], "Mei Tanaka");
  const count = async (query) => (await desk.call("filter", { query, lens: "namespaces", at: null })).objects;
  await until(180, "every pod is known", async () => {
    const known = await count(`kind:Pod ns:${NAMESPACE}`);
    return known === PODS || Promise.reject(new Error(`${known} are`));
  });
  figures.say("10,000 Pending pods, from start to all known", "", null, `${seconds(began).toFixed(1)} s`);
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${desk.process.pid}/status`, "utf8"))[1]) / 1024;
  figures.say("resident memory of serve with them", "", null, `${memory.toFixed(0)} MB`);

  const opened = await openBrowser();
  ({ browser } = opened);
  const page = await opened.context.newPage();
  began = performance.now();
  await page.goto(desk.link, { waitUntil: "commit" });
  await page.waitForFunction(() => /[1-9]\d* houses?/.test(document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") ?? ""), undefined, { polling: "raf", timeout: 60_000 });
  figures.say("10,000 Pending pods, from the page's address to drawn", "", null, `${seconds(began).toFixed(1)} s`);
  await settled(page);
  if (picture) await page.screenshot({ path: picture });

  const known = [];
  for (let n = 0; n < 40; n++) {
    const name = `late-${n}`;
    const wrote = performance.now();
    await ask("POST", pods, pod(name, `app-${n}`));
    while ((await count(`name:${name} kind:Pod ns:${NAMESPACE}`)) === 0) must(seconds(wrote) < 20, `${name} is not known`);
    known.push(performance.now() - wrote);
  }
  known.sort((a, b) => a - b);
  figures.say("one more pod among them, from before the write until a question finds it", "", null, `p50 ${ms(at(known, 0.5))}, p95 ${ms(at(known, 0.95))} of ${known.length}`);

  began = performance.now();
  // The API server gives up after a minute, whatever is left.
  await until(300, "the API server deleted them", () => ask("DELETE", `${pods}?gracePeriodSeconds=0`));
  await until(120, "no pod is left", async () => (await count(`kind:Pod ns:${NAMESPACE}`)) === 0);
  const { out } = await run(it.kubectl, ["--kubeconfig", it.kubeconfig, "-n", NAMESPACE, "get", "pods", "-o", "name"]);
  must(out.trim() === "", "the cluster still holds pods");
  figures.say("all of them deleted at once, until none is known", "", null, `${seconds(began).toFixed(1)} s`);
} finally {
  await browser?.close();
  await desk.stop();
  desk.remove();
  await ask("DELETE", `/api/v1/namespaces/${NAMESPACE}`).catch(() => {});
  agent.destroy();
}
process.exit(figures.end());
