#!/usr/bin/env node
// Kills the program at random moments while it writes, and proves that nothing acknowledged is lost and every chain holds;
// and that each entry is on the disk before it is acknowledged, by the program's own system calls.
// BROADSTREET=…/broadstreet node crash.mjs [ROUNDS]
import { spawn } from "node:child_process";
import { Desk, must, Tally, until } from "./desk.mjs";

const rounds = Number(process.argv[2] ?? 25);
const tally = new Tally();
const desk = new Desk({ KUBECONFIG: "/nowhere" });
const acknowledged = new Set();
let incident;

async function write(stop) {
  for (let n = 0; !stop.now; n++) {
    const text = `entry ${Math.random().toString(36).slice(2)} ${n}`;
    try {
      const entry = await desk.call("write_entry", { incident, text, token: text });
      acknowledged.add(entry.row);
    } catch {
      return; // It was killed: this entry was not acknowledged.
    }
  }
}

try {
  await tally.check(`0 of the acknowledged rows are lost in ${rounds} kills at random moments, and verify passes each time`, async () => {
    for (let round = 0; round <= rounds; round++) {
      await desk.start(["serve"], "Mei Tanaka");
      if (!incident) incident = (await desk.call("declare", { title: "Writing load", severity: 4 })).id;
      const there = new Set((await desk.call("timeline", { incident })).entries.map((e) => e.row));
      const lost = [...acknowledged].filter((row) => !there.has(row));
      must(lost.length === 0, `round ${round}: ${lost.length} of ${acknowledged.size} acknowledged rows are gone`);
      const bundle = await desk.call("export_bundle", { incident });
      const verified = await desk.call("verify_bundle", { blob: bundle.blob });
      must(verified.rows >= acknowledged.size, verified);
      if (round === rounds) break;
      const stop = { now: false };
      const writers = [write(stop), write(stop), write(stop)];
      await new Promise((go) => setTimeout(go, 10 + Math.random() * 240));
      await desk.stop("SIGKILL");
      stop.now = true;
      await Promise.all(writers);
    }
    must(acknowledged.size > rounds, `only ${acknowledged.size} rows were acknowledged, too few to lose any`);
    return `${acknowledged.size} rows acknowledged`;
  });
  await tally.check("0 of 50 entries are acknowledged without a completed sync in the trace of system calls", async () => {
    const calls = "trace=fsync,fdatasync,sync_file_range,sendto,sendmsg,write,writev";
    const tracer = spawn("strace", ["-f", "-q", "-s", "16", "-e", calls, "-p", String(desk.process.pid)]);
    let trace = "";
    tracer.stderr.on("data", (text) => (trace += text));
    // What happened, in order: a sync that ended well, or the beginning of an answer to the person's browser.
    const steps = () => [...trace.matchAll(/(sync(?:_file_range)?\([^)]*\)|sync resumed>[^=]*) *= 0|"HTTP\/1\.1 200/g)].map((it) => (it[0].includes("HTTP") ? "answered" : "synced"));
    const answers = () => steps().filter((it) => it === "answered").length;
    /** How many steps there are once the trace says nothing more: what is written after an answer belongs to no other. */
    const quiet = async () => {
      let length;
      do {
        ({ length } = trace);
        await new Promise((go) => setTimeout(go, 100));
      } while (trace.length !== length);
      return steps().length;
    };
    const traced = (n) => desk.call("write_entry", { incident, text: `traced ${n}`, token: `traced ${n}` });
    try {
      await until(10, "strace attaches", async () => (await traced(Math.random())) && answers() > 0);
      let syncs = 0;
      for (let n = 0; n < 50; n++) {
        const before = await quiet();
        await traced(n);
        const answer = await until(5, `the answer to entry ${n} in the trace`, () => steps().slice(before).indexOf("answered") + 1);
        must(answer > 1, `entry ${n} is answered before a sync that ended well`);
        syncs += answer - 1;
      }
      return `${syncs} syncs before 50 answers`;
    } finally {
      // A signal that comes while it lets go of the program may be lost with it.
      const ended = new Promise((done) => tracer.once("exit", done));
      if (tracer.exitCode === null && tracer.signalCode === null && tracer.kill()) await ended;
    }
  });
} finally {
  await desk.stop();
  if (tally.failed) console.log(desk.log.slice(-3000));
  desk.remove();
}
process.exit(tally.end());
