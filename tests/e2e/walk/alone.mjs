#!/usr/bin/env node
// What is there of an incident with the cluster, Prometheus and the network gone: `gone.mjs` runs this where nothing but
// loopback is. node alone.mjs EXPECTED.json
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { Desk, must, Tally } from "./desk.mjs";
import { mustBeFrozen, mustBeShown } from "./events.mjs";

const expected = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { step, incident } = expected;
const tally = new Tally();

if (expected.apart) {
  await tally.check(`${step}: the cluster, Prometheus, Alertmanager, the pager and the network are gone`, async () => {
    const addresses = Object.values(networkInterfaces()).flat();
    must(addresses.length > 0 && addresses.every((one) => one.internal), addresses);
    for (const address of expected.gone) {
      const why = await fetch(address).then(() => "it answers", (error) => error.cause?.code ?? String(error));
      must(["ECONNREFUSED", "ENETUNREACH"].includes(why), `${address}: ${why}`);
    }
    return `${expected.gone.length} addresses`;
  });
}

/** The Events listed before Declare: frozen, the very same ones, and shown at that moment. */
async function everyEvent(desk) {
  const frozen = await mustBeFrozen(desk, incident, expected.events);
  must(JSON.stringify(frozen) === JSON.stringify(expected.frozen), `${frozen.length} Events are frozen, not the ${expected.frozen.length} of before`);
  await mustBeShown(desk, expected.events, expected.at);
  return `${expected.events.length} listed before, ${frozen.length} frozen`;
}

async function sameFolder() {
  const desk = new Desk({ KUBECONFIG: "/nowhere" });
  desk.remove();
  desk.env.BROADSTREET_DATA = desk.folder = expected.folder;
  try {
    await tally.check(`${step}: reopened without the cluster, every Event listed before Declare is there`, async () => {
      await desk.start(["serve"], "Mei Tanaka");
      const opened = await desk.call("choose_incident", { id: incident });
      must(opened.mode === "recorded" && opened.incident === incident, opened);
      return everyEvent(desk);
    });
  } finally {
    await desk.stop();
  }
}

async function freshInstallation() {
  const home = mkdtempSync(join(tmpdir(), "broadstreet-home-"));
  const fresh = new Desk({ KUBECONFIG: "/nowhere", HOME: home });
  try {
    await tally.check(`${step}: verify passes there`, async () => {
      const { rows, parts } = await fresh.cli(["verify", expected.bundle]);
      must(rows === expected.rows && parts > 0, { rows, parts });
    });
    await tally.check(`${step}: the bundle opens in a fresh installation and shows the same incident`, async () => {
      await fresh.start(["open", expected.bundle], "Somebody Else");
      const after = await fresh.call("incident", { id: incident });
      must(after.title === expected.title && after.rows === expected.rows && after.status === expected.status, after);
      const { entries } = await fresh.call("timeline", { incident });
      must(entries.length > 20 && entries.every((e) => expected.entries[e.row]?.text === e.text && expected.entries[e.row]?.at === e.at), "the timeline differs");
      must(entries.some((e) => e.earlier.length === 1), "an earlier wording is missing in the bundle");
      must((await fresh.call("document", { incident, name: "postmortem" })).prosemirror.length > 100, "no postmortem");
      return `${entries.length} entries`;
    });
    await tally.check(`${step}: every Event listed before Declare is in the bundle`, () => everyEvent(fresh));
  } finally {
    await fresh.stop();
    fresh.remove();
    rmSync(home, { recursive: true, force: true });
  }
}

await (expected.bundle ? freshInstallation() : sameFolder());
process.exit(tally.end());
