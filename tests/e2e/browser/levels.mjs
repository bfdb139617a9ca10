#!/usr/bin/env node
// The map at every level of detail in both themes: the shop of the bundled incident, the OpenTelemetry demo from its
// manifests, and the two cities of the reference sizes. CITY=…/examples/city BROADSTREET=… node levels.mjs FOLDER [SOURCE…]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deskOn, openCity } from "../walk/city.mjs";
import { Desk, until } from "../walk/desk.mjs";
import { cutOff } from "./zoomed.mjs";
import { addressFrom, neverRests, openScreen, THEMES, useTheme } from "./screen.mjs";

const LEVELS = ["Cluster", "Namespace", "Workload", "Pod"];
const [folder, ...only] = process.argv.slice(2);
if (!folder) throw new Error("say where to: node levels.mjs FOLDER");
mkdirSync(folder, { recursive: true });
const demo = new URL("../../../src-tauri/crates/core/tests/golden/otel-demo.json", import.meta.url).pathname;

async function opened(...words) {
  const desk = new Desk({ KUBECONFIG: "/nowhere" });
  await desk.start(["open", ...words], "Mei Tanaka");
  return { desk };
}

async function served(shape) {
  const city = await openCity(shape);
  const desk = await deskOn(city);
  await until(300, "the city is read, with its alerts", async () => (await desk.call("desk")).sources.every((s) => s.state === "live") && (await desk.call("cases")).cases.length > 0);
  return { desk, city };
}

const SOURCES = {
  "online-boutique": () => opened(),
  "otel-demo": () => opened(demo),
  census: () => served("census"),
  "k8s-max": () => served("k8s-max"),
};

const faults = [];
for (const [source, open] of Object.entries(SOURCES)) {
  if (only.length > 0 && !only.includes(source)) continue;
  const { desk, city } = await open();
  const { browser, page } = await openScreen(addressFrom([desk.link]));
  try {
    neverRests(page);
    page.setDefaultTimeout(60_000);
    await page.waitForFunction(() => /[1-9]\d* houses?/.test(document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") ?? ""));
    for (const level of LEVELS) {
      // All of it is shown as whoever comes to it sees it; the closer levels look around the hottest house.
      if (level === LEVELS[1]) {
        await page.keyboard.press("h");
        await page.waitForTimeout(1500);
      }
      await page.getByRole("button", { name: level, exact: true }).or(page.getByRole("radio", { name: level, exact: true })).first().click();
      for (const theme of THEMES) {
        await useTheme(page, theme);
        await page.waitForTimeout(1200);
        const path = join(folder, `${source}.${level.toLowerCase()}.${theme}.png`);
        await page.screenshot({ path });
        console.log(path);
        for (const fault of await cutOff(page)) faults.push(`${path}: ${fault}`);
      }
    }
  } finally {
    await browser.close();
    await desk.stop();
    desk.remove();
    await city?.end();
  }
}
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
