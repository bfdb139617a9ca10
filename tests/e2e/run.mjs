#!/usr/bin/env node
// `make run` as a newcomer has it without a display and without a kubeconfig, but for the build: the script itself, an empty
// home, and the program that is built already. BROADSTREET=…/broadstreet node run.mjs
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, PROGRAM, Tally, until } from "./walk/desk.mjs";

const tally = new Tally();
const home = mkdtempSync(join(tmpdir(), "broadstreet-home-"));
const env = { ...process.env, HOME: home, BROADSTREET_PROGRAM: PROGRAM, CARGO_TARGET_DIR: join(home, "target") };
const unset = ["DISPLAY", "WAYLAND_DISPLAY", "KUBECONFIG", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];
for (const name of [...unset, "BROADSTREET_DATA", "BROADSTREET_DATABASE", "BROADSTREET_AS", "BROADSTREET_CACHE"]) delete env[name];
const script = spawn(new URL("../../scripts/run.sh", import.meta.url).pathname, { env });
const ended = new Promise((done) => script.once("exit", (code, signal) => done(code ?? signal)));
let said = "";
for (const stream of [script.stdout, script.stderr]) stream.on("data", (text) => (said += text));

try {
  let link;
  await tally.check("without a display and a kubeconfig, run.sh says so and serves on loopback", async () => {
    link = await until(120, "the address", () => {
      must(script.exitCode === null, `it ended: ${said}`);
      return /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(said)?.[0];
    });
    must(said.includes("No display (DISPLAY and WAYLAND_DISPLAY are empty)"), said);
    must(readdirSync(join(home, ".local/share")).includes("broadstreet"), "the record lies in the home of whoever ran it");
  });
  await tally.check("the address shows the bundled incident", async () => {
    const url = new URL(link);
    const page = await (await fetch(url.origin)).text();
    must(page.includes("Broadstreet") && page.includes("<script"), page.slice(0, 400));
    const ask = async (token, command, payload) => {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      return fetch(`${url.origin}/api/call/${command}`, { method: "POST", headers, body: JSON.stringify(payload) });
    };
    must(!(await ask("guessed", "desk", null)).ok, "whoever has no token gets nothing");
    const desk = await (await ask(url.hash.slice("#token=".length), "desk", null)).json();
    must(desk.demo === true && desk.mode === "recorded" && desk.title && desk.incident, desk);
    return desk.title;
  });
  await tally.check("it ends when it is asked to", async () => {
    script.kill("SIGTERM");
    const late = new Promise((done) => setTimeout(done, 15_000, "late"));
    must((await Promise.race([ended, late])) === 0, `it did not end well: ${said}`);
  });
} finally {
  if (script.exitCode === null) script.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
}
process.exit(tally.end());
