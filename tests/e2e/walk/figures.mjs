#!/usr/bin/env node
// The figures of the whole product, measured on a release build and printed beside their targets.
// BROADSTREET=…/release/broadstreet [KEEP_DESK=FOLDER] node figures.mjs
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { readFileSync, renameSync } from "node:fs";
import { Desk, must, PROGRAM } from "./desk.mjs";
import { at, Figures, ms, watchKeys } from "./figure.mjs";

const rows = Number(process.env.ROWS ?? 10_000);
const figures = new Figures();
const since = (t) => Number(process.hrtime.bigint() - t) / 1e6;

async function measured(times, work) {
  const found = [];
  for (let i = 0; i < times; i++) {
    const began = process.hrtime.bigint();
    await work(i);
    found.push(since(began));
  }
  return found.sort((a, b) => a - b);
}

const { openBrowser, settled } = await import("../browser/screen.mjs");
const warm = await openBrowser();
await (await warm.context.newPage()).goto("data:text/html,warm");

// ------------------------------------------------------------------------------------------- the bundled incident
const demo = new Desk({ KUBECONFIG: "/nowhere" });
try {
  const { context } = warm;
  const began = process.hrtime.bigint();
  await demo.start(["open"], "Mei Tanaka");
  const listening = since(began);
  const page = await context.newPage();
  await page.goto(demo.link, { waitUntil: "commit" });
  await page.waitForFunction(() => {
    const plan = document.querySelector("[aria-label^='Plan of']");
    return plan && /[1-9]\d* houses?/.test(plan.getAttribute("aria-label") ?? "");
  }, undefined, { polling: "raf" });
  const start = since(began) / 1000;
  figures.say("start to interactive on the bundled incident", "≤ 1.5 s", start <= 1.5, `${start.toFixed(2)} s (${listening.toFixed(0)} ms until it listens)`);
  await settled(page);

  const desk = await demo.call("desk");
  const [from, to] = [Date.parse(desk.recorded_from), Date.parse(desk.recorded_to)];
  const scene = async () => {
    const moment = new Date(from + Math.random() * (to - from)).toISOString();
    must((await demo.scene({ at: moment })).byteLength > 100, "no scene");
  };
  const seeks = await measured(200, scene);
  figures.say("seek to any moment of the bundled incident", "≤ 50 ms", seeks.at(-1) <= 50, `p50 ${ms(at(seeks, 0.5))}, p99 ${ms(at(seeks, 0.99))}, worst ${ms(seeks.at(-1))}`);
  const status = readFileSync(`/proc/${demo.process.pid}/status`, "utf8");
  const memory = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  figures.say("resident memory of serve on it", "≤ 120 MB", memory <= 120, `${memory.toFixed(0)} MB`);
  await page.close();
} finally {
  await demo.stop();
  demo.remove();
}

// ------------------------------------------------------------------------------------------------------ the ledger
const desk = new Desk({ KUBECONFIG: "/nowhere" });
try {
  await desk.start(["serve"], "Mei Tanaka");
  await desk.call("close_desk");
  const incident = (await desk.call("declare", { title: "Writing load", severity: 4 })).id;
  const write = (n) => desk.call("write_entry", { incident, text: `entry ${n}`, token: `t${n}` });
  const appends = await measured(500, write);
  figures.say("an entry over loopback: read, checked, sealed, synced, folded, answered", "no target of its own", null, `p50 ${ms(at(appends, 0.5))}, p99 ${ms(at(appends, 0.99))}`);

  for (let n = 500; n < rows - 100; n += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => write(n + k)));
  const late = await measured(100, (n) => write(rows + n));
  figures.say(`the same where there are ${rows.toLocaleString("en")} rows already`, "no target of its own", null, `p50 ${ms(at(late, 0.5))}, p99 ${ms(at(late, 0.99))}`);
  const page = await warm.context.newPage();
  await page.goto(desk.link, { waitUntil: "load" });
  // No key is heard before the screen stands.
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  await page.keyboard.press("4");
  const entry = page.getByLabel("New line in the record");
  await entry.waitFor();
  await entry.focus();
  await page.evaluate(watchKeys);
  for (let n = 1; n <= 120; n++) {
    await page.keyboard.press("x");
    await page.waitForFunction((n) => window.typed.length >= n, n);
  }
  must((await entry.inputValue()) === "x".repeat(120), "not every key was taken");
  const paints = await page.evaluate("window.typed");
  paints.sort((a, b) => a - b);
  figures.say(`${rows.toLocaleString("en")} rows on the timeline: key press to paint in Chromium`, "p99 ≤ 50 ms", at(paints, 0.99) <= 50, `p50 ${ms(at(paints, 0.5))}, p99 ${ms(at(paints, 0.99))}`);
} finally {
  await desk.stop();
  // The desktop window is measured on the same incident.
  if (process.env.KEEP_DESK) renameSync(desk.folder, process.env.KEEP_DESK);
  desk.remove();
  await warm.browser.close();
}
process.exitCode = figures.end();
console.log(`measured on ${cpus().length} cores of ${cpus()[0].model.trim()}, ${execFileSync(PROGRAM, ["--version"]).toString().trim()}`);
