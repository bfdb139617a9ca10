// Runs `alone.mjs` with nothing but the loopback of a network of its own: neither the cluster nor Prometheus nor a pager
// is there any more, also where they run on this machine.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, PROGRAM, run } from "./desk.mjs";

const script = new URL("alone.mjs", import.meta.url).pathname;

/** What begins a program in a network of its own; nothing where this machine forbids it. */
async function apart() {
  for (const flags of ["-rn", "-n"]) {
    const words = ["unshare", flags, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
    if ((await run(words[0], [...words.slice(1), "true"])).code === 0) return words;
  }
  return null;
}

/** Where no network of its own may be had: that the program asked nobody, as its own system calls say. */
function mustHaveAskedNobody(folder) {
  const lines = readdirSync(folder).filter((file) => file.startsWith("calls.")).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
  must(lines.some((line) => line.includes("bind(") && line.includes("AF_INET")), "the trace does not even show where the program listens");
  const asked = lines.filter((line) => line.includes("connect(") && !line.includes("AF_UNIX"));
  must(asked.length === 0, `it asked over the network: ${asked.slice(0, 5).join(" | ")}`);
}

/** Has `alone.mjs` see that what is `expected` is there; its lines are shown, its end is counted. */
export async function withoutNetwork(tally, expected) {
  const folder = mkdtempSync(join(tmpdir(), "broadstreet-alone-"));
  try {
    const path = join(folder, "expected.json");
    const before = await apart();
    let program = PROGRAM;
    if (!before) {
      program = join(folder, "traced");
      writeFileSync(program, `#!/bin/sh\nexec strace -D -f -qq -e trace=connect,bind -o "${folder}/calls.$$" "${PROGRAM}" "$@"\n`, { mode: 0o755 });
    }
    writeFileSync(path, JSON.stringify({ ...expected, apart: before !== null }));
    const [word, ...words] = [...(before ?? []), process.execPath, script, path];
    const { code, out, err } = await run(word, words, { env: { BROADSTREET: program }, timeout: 300_000 });
    const said = out.match(/^(not )?ok /gm) ?? [];
    console.log((out + err).trimEnd());
    tally.passed += said.filter((it) => it === "ok ").length;
    tally.failed += Math.max(said.filter((it) => it !== "ok ").length, code === 0 && said.length > 0 ? 0 : 1);
    if (!before) await tally.check(`${expected.step}: it asked nobody, by its own system calls`, () => mustHaveAskedNobody(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
