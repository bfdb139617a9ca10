#!/usr/bin/env node
// That this program only reads, as the API server's own audit log says. By itself it looks the log over once more, after
// every session on the lab: LAB_JSON=…/lab.json node audit.mjs
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lab, must, Tally } from "./desk.mjs";

/** Every event of the log, also of the files it was turned over into (`audit-TIME.jsonl` beside it), oldest first. */
export function events(log) {
  const name = basename(log, ".jsonl");
  const files = readdirSync(dirname(log)).filter((file) => file.startsWith(`${name}-`) && file.endsWith(".jsonl")).sort();
  const read = (file) => readFileSync(join(dirname(log), file), "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return [...files, basename(log)].flatMap(read);
}

/** Every request of this program in the log; throws where one is more than reading, or where there is none. */
export function onlyRead(log) {
  const lines = events(log);
  const ours = lines.filter((line) => line.userAgent?.startsWith("broadstreet"));
  must(ours.length > 0, "the audit log does not know this program");
  const verbs = [...new Set(ours.map((line) => line.verb))];
  must(verbs.every((verb) => ["get", "list", "watch"].includes(verb)), verbs);
  // What nobody logs nobody sees: writes of leases are logged as well, those of the nodes prove it.
  must(lines.some((line) => line.objectRef?.resource === "leases"), "writes of leases are not logged");
  return `${ours.length} requests: ${verbs.join(", ")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tally = new Tally();
  await tally.check("nothing was written to the cluster by any session", async () => onlyRead(lab().audit));
  process.exit(tally.end());
}
