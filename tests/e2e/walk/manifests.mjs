// Step 2 of the walk on files: the dependencies come from the objects, not from their names.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, PROGRAM, run } from "./desk.mjs";

const manifest = readFileSync(new URL("../../lab/manifests/online-boutique.yaml", import.meta.url), "utf8");

async function calls(text) {
  const folder = mkdtempSync(join(tmpdir(), "broadstreet-manifests-"));
  try {
    const path = join(folder, "all.yaml");
    writeFileSync(path, text);
    const { code, out, err } = await run(PROGRAM, ["topology", path, "--format", "json"]);
    must(code === 0, err);
    return JSON.parse(out).relations.filter((r) => r.type === "calls").map((r) => `${r.from.split("/").at(-1)}→${r.to.split("/").at(-1)}`).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function checkManifests(tally) {
  const names = [...new Set([...manifest.matchAll(/^ {2}name: ([a-z][a-z0-9-]+)$/gm)].map((m) => m[1]))];
  await tally.check("2: a copy with every name changed at run time gives the same 16 dependencies", async () => {
    const plain = await calls(manifest);
    must(plain.length === 16, `${plain.length}: ${plain.join(" ")}`);
    const other = Object.fromEntries(names.map((n) => [n, `x${Math.random().toString(36).slice(2, 9)}`]));
    const pattern = new RegExp(`(?<![\\w-])(${names.sort((a, b) => b.length - a.length).join("|")})(?![\\w-])`, "g");
    const renamed = await calls(manifest.replace(pattern, (n) => other[n]));
    const expected = plain.map((c) => c.split("→").map((n) => other[n] ?? n).join("→")).sort();
    must(JSON.stringify(renamed) === JSON.stringify(expected), { renamed, expected });
    return `${names.length} names`;
  });
  await tally.check("2: removing one environment variable removes one street", async () => {
    const without = manifest.replace(/ *- name: REDIS_ADDR\n *value: .*\n/, "");
    must(without !== manifest, "there is no REDIS_ADDR");
    const fewer = await calls(without);
    must(fewer.length === 15 && !fewer.includes("cartservice→redis-cart"), fewer);
  });
}
