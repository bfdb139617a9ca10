// Prints what criterion measured as a table. Usage: bench-table.mjs FOLDER TARGETS CORES
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, targetsFile, cores] = process.argv.slice(2);

const UNITS = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };

/** `2.5 ms` in nanoseconds. */
function nanoseconds(text) {
  const match = /^([\d.]+) (ns|µs|ms|s)$/.exec(text);
  if (!match) throw new Error(`${targetsFile}: \`${text}\` is not a time such as \`2.5 ms\``);
  return Number(match[1]) * UNITS[match[2]];
}

function write(ns) {
  const unit = Object.entries(UNITS).findLast(([, size]) => ns >= size) ?? ["ns", 1];
  return `${(ns / unit[1]).toPrecision(3)} ${unit[0]}`;
}

const targets = new Map();
for (const line of readFileSync(targetsFile, "utf8").split("\n")) {
  if (!line.trim() || line.startsWith("#")) continue;
  const [name, target] = line.split("|").map((part) => part.trim());
  targets.set(name, target);
}

const rows = [];
function collect(at) {
  const entries = readdirSync(at, { withFileTypes: true });
  if (at.endsWith("new") && entries.some((entry) => entry.name === "benchmark.json")) {
    const { full_id } = JSON.parse(readFileSync(join(at, "benchmark.json"), "utf8"));
    const { mean } = JSON.parse(readFileSync(join(at, "estimates.json"), "utf8"));
    rows.push({ name: full_id, ns: mean.point_estimate });
    return;
  }
  for (const entry of entries) if (entry.isDirectory()) collect(join(at, entry.name));
}
collect(folder);

let missed = 0;
const table = rows
  .sort((a, b) => a.name.localeCompare(b.name))
  .map(({ name, ns }) => {
    const target = targets.get(name) ?? "";
    targets.delete(name);
    const late = target && ns > nanoseconds(target);
    missed += late ? 1 : 0;
    return [name, target && `≤ ${target}`, write(ns) + (late ? " MISSED" : ""), cores];
  });
for (const [name, target] of targets) table.push([name, `≤ ${target}`, "not measured", cores]);

const head = ["figure", "target", "measured", "cores"];
const widths = head.map((word, column) => Math.max(word.length, ...table.map((row) => row[column].length)));
const line = (row) => row.map((text, column) => text.padEnd(widths[column])).join(" | ").trimEnd();
console.log([line(head), widths.map((width) => "-".repeat(width)).join("-|-"), ...table.map(line)].join("\n"));
process.exitCode = missed > 0 ? 1 : 0;
