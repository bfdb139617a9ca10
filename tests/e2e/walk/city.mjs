#!/usr/bin/env node
// A city of the reference size, from an API server of the tests that holds it: how soon it is drawn, what it costs, and how
// soon a change is seen while a thousand others come each second. Printed beside the targets.
// BROADSTREET=…/release/broadstreet CITY=…/release/examples/city node city.mjs [census|k8s-max] [SCENES]
// SCENES is a folder that gets the whole map as the engine packs it, `largest.bsc`, for the web view of the desktop.
import { readFileSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../browser/screen.mjs";
import { at, Figures, ms, watchKeys } from "./figure.mjs";
import { Desk, must, until } from "./desk.mjs";

/** Serves a city; `say` sends it a line, `end` ends it. */
export async function openCity(shape) {
  const child = spawn(process.env.CITY ?? "city", [shape], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  const [line] = await Promise.race([
    new Promise((yes) => createInterface({ input: child.stdout }).once("line", (text) => yes([text]))),
    ended.then((code) => { throw new Error(`the city ended with ${code}`); }),
  ]);
  return { ...JSON.parse(line), say: (text) => child.stdin.write(`${text}\n`), end: () => (child.stdin.end(), ended) };
}

/** A desk on it that asks its Alertmanager. */
export async function deskOn(city) {
  const desk = new Desk();
  await desk.start(["serve", "--kubeconfig", city.kubeconfig], "Mei Tanaka");
  await desk.call("save_source", { id: "alertmanager:city", kind: "alertmanager", address: city.alertmanager, poll_seconds: 5 });
  return desk;
}

/** In the page: how much of the plan is drawn, from the words that describe it. */
const drawn = () => {
  const words = document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") ?? "";
  const count = (what) => Number((new RegExp(`([\\d,.\\s]*\\d) ${what}`).exec(words)?.[1] ?? "0").replace(/\D/g, ""));
  return { blocks: count("blocks?"), pods: count("pods?") };
};

/** In the page: when a scene that holds a name was painted. */
function watchScenes() {
  window.painted = {};
  window.wanted = "";
  const ask = window.fetch;
  window.fetch = async (...what) => {
    const answer = await ask.apply(window, what);
    if (!String(what[0]?.url ?? what[0]).endsWith("/api/scene")) return answer;
    const read = answer.arrayBuffer.bind(answer);
    answer.arrayBuffer = async () => {
      const bytes = await read();
      const name = window.wanted;
      if (name && !window.painted[name] && new TextDecoder("latin1").decode(bytes).includes(name)) {
        // The plan draws it in the next frame.
        requestAnimationFrame(() => requestAnimationFrame(() => (window.painted[name] = performance.timeOrigin + performance.now())));
      }
      return bytes;
    };
    return answer;
  };
}

async function measure(shape, scenes) {
  const figures = new Figures();
  const city = await openCity(shape);
  const { browser, context } = await openBrowser();
  let desk;
  try {
    const page = await context.newPage();
    await page.addInitScript(watchScenes);
    await page.goto("data:text/html,warm");
    const began = performance.now();
    desk = new Desk();
    await desk.start(["serve", "--kubeconfig", city.kubeconfig], "Mei Tanaka");
    await page.goto(desk.link, { waitUntil: "commit" });
    const seconds = () => (performance.now() - began) / 1000;
    const when = async (test, patience, pods) => {
      await page.waitForFunction(test, pods, { polling: "raf", timeout: patience * 1000 });
      return seconds();
    };
    await page.evaluate(`window.drawn = ${drawn}`);
    const first = await when(() => window.drawn().blocks > 0, 60);
    figures.say(`${shape}: first blocks drawn, from the start of the program`, "≤ 3 s", first <= 3, `${first.toFixed(2)} s`);
    const whole = await when((pods) => window.drawn().pods >= pods, 240, city.pods);
    figures.say(`${shape}: complete map, from the start of the program`, "≤ 15 s", whole <= 15, `${whole.toFixed(1)} s`);
    await until(120, "the cluster is in sync", async () => (await desk.call("desk")).sources.some((s) => s.kind === "cluster" && s.state === "live"));
    await desk.call("save_source", { id: "alertmanager:city", kind: "alertmanager", address: city.alertmanager, poll_seconds: 5 });
    await until(60, "the alerts stand", async () => (await desk.call("cases")).cases.length > 0);
    // The recording of all that was read has been handed to the store by then.
    await new Promise((go) => setTimeout(go, 45_000));
    const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${desk.process.pid}/status`, "utf8"))[1]) / 1024;
    figures.say(`${shape}: resident memory of serve, steady, with the screen open`, "", null, `${memory.toFixed(0)} MB`);
    if (scenes) writeFileSync(`${scenes}/largest.bsc`, await desk.scene());

    await page.evaluate(watchKeys);
    for (let n = 1; n <= 20; n++) {
      await page.keyboard.press("t");
      await page.waitForFunction((n) => window.typed.length >= n, n);
      await new Promise((go) => setTimeout(go, 150));
    }
    const pressed = (await page.evaluate("window.typed")).slice(0, 20).sort((a, b) => a - b);
    figures.say(`${shape}: only trouble, from the key to the picture`, "p95 ≤ 100 ms", at(pressed, 0.95) <= 100, `p50 ${ms(at(pressed, 0.5))}, p95 ${ms(at(pressed, 0.95))} of ${pressed.length}`);

    const namespace = "kube-system";
    for (const churn of [0, 1000]) {
      city.say(`churn ${churn}`);
      await new Promise((go) => setTimeout(go, 3000));
      const took = [];
      for (let n = 0; n < 40; n++) {
        const name = `late-${churn}-${String(n).padStart(3, "0")}`;
        await page.evaluate((wanted) => (window.wanted = wanted), name);
        const wrote = Date.now();
        city.say(`deploy ${namespace} ${name}`);
        const seen = await page.waitForFunction((wanted) => window.painted[wanted], name, { polling: 20, timeout: 30_000 });
        took.push((await seen.jsonValue()) - wrote);
        await new Promise((go) => setTimeout(go, 100 + Math.random() * 200));
      }
      took.sort((a, b) => a - b);
      const target = churn ? "p95 ≤ 150 ms" : "";
      figures.say(`${shape}: watch event → pixel at ${churn} changes/s`, target, churn ? at(took, 0.95) <= 150 : null, `p50 ${ms(at(took, 0.5))}, p95 ${ms(at(took, 0.95))} of ${took.length}`);
    }
    city.say("churn 0");
  } finally {
    await browser.close();
    await desk?.stop();
    desk?.remove();
    must((await city.end()) === 0, "the city ended badly");
  }
  return figures.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await measure(process.argv[2] ?? "k8s-max", process.argv[3]));
