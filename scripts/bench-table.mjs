// Prints what was measured as a table, and ends with 1 where a target is missed. Usage: bench-table.mjs FOLDER TARGETS CORES ROWS [WORD]
// FOLDER is criterion's; ROWS holds lines `| figure | target | measured |` of what measures by itself. Such a target may name
// the value it is about, as in `p95 ≤ 150 ms`; a row may say itself that it is MISSED. Where no WORD chose some benchmarks,
// a target nothing was measured for is missed too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, targetsFile, cores, rowsFile, word] = process.argv.slice(2);

const TIMES = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };
const UNITS = { ...TIMES, MB: 1, GB: 1e3, times: 1, "%": 1 };

/** A size such as `2.5 ms`, with what it is measured in; nothing where a text is none. */
function size(text) {
  const match = /(-?[\d.,]+) ?(ns|µs|ms|s|MB|GB|times|%)(?![\p{L}])/u.exec(text);
  if (!match) return undefined;
  const [, number, unit] = match;
  const of = unit in TIMES ? "time" : unit === "GB" ? "MB" : unit;
  return { of, value: Number(number.replaceAll(",", "")) * UNITS[unit] };
}

/** What a target is about: the value the target names, else the first one that was measured. */
function judged(target, measured) {
  const name = /^(p\d+|worst|median|mean)\b/.exec(target)?.[1];
  const from = name ? measured.search(new RegExp(`\\b${name}\\b`)) : 0;
  return from < 0 ? undefined : size(measured.slice(from + (name?.length ?? 0)));
}

function write(ns) {
  const unit = Object.entries(TIMES).findLast(([, one]) => ns >= one) ?? ["ns", 1];
  return `${(ns / unit[1]).toPrecision(3)} ${unit[0]}`;
}

const targets = new Map();
for (const line of readFileSync(targetsFile, "utf8").split("\n")) {
  if (!line.trim() || line.startsWith("#")) continue;
  const [name, target] = line.split("|").map((part) => part.trim());
  if (size(target)?.of !== "time") throw new Error(`${targetsFile}: \`${target}\` is not a time such as \`2.5 ms\``);
  targets.set(name, target);
}

const rows = [];
function collect(at) {
  const entries = readdirSync(at, { withFileTypes: true });
  if (at.endsWith("new") && entries.some((entry) => entry.name === "benchmark.json")) {
    const { full_id } = JSON.parse(readFileSync(join(at, "benchmark.json"), "utf8"));
    const { mean } = JSON.parse(readFileSync(join(at, "estimates.json"), "utf8"));
    const target = targets.get(full_id);
    targets.delete(full_id);
    rows.push({ name: full_id, target: target ? `≤ ${target}` : "", measured: write(mean.point_estimate) });
    return;
  }
  for (const entry of entries) if (entry.isDirectory()) collect(join(at, entry.name));
}
collect(folder);
for (const line of rowsFile ? readFileSync(rowsFile, "utf8").split("\n") : []) {
  const [before, name, target, measured, after] = line.split("|").map((part) => part.trim());
  if (before === "" && after === "") rows.push({ name, target, measured });
}

let missed = 0;
const table = rows
  .sort((a, b) => a.name.localeCompare(b.name))
  .map(({ name, target, measured }) => {
    const said = measured.endsWith(" MISSED");
    const [most, is] = [size(target), judged(target, measured)];
    const late = most && is && most.of === is.of && is.value > most.value;
    missed += late || said ? 1 : 0;
    return [name, target, measured + (late && !said ? " MISSED" : ""), cores];
  });
for (const [name, target] of word ? [] : targets) {
  table.push([name, `≤ ${target}`, "not measured", cores]);
  missed++;
}

const head = ["figure", "target", "measured", "cores"];
const widths = head.map((word, column) => Math.max(word.length, ...table.map((row) => row[column].length)));
const line = (row) => row.map((text, column) => text.padEnd(widths[column])).join(" | ").trimEnd();
console.log([line(head), widths.map((width) => "-".repeat(width)).join("-|-"), ...table.map(line)].join("\n"));
process.exitCode = missed > 0 ? 1 : 0;
