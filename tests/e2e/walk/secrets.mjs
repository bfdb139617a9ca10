// Invariant 13: values that must never be kept are planted in the cluster, and looked for wherever they could lie: in the
// record, the bundle, what was exported and the log, unpacked where it is packed.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesIn, must, PROGRAM, run, until } from "./desk.mjs";

const word = () => randomBytes(9).toString("hex");

/** Values of a Secret, of a ConfigMap, of the environment, of an annotation, of an argument. */
export const never = Object.fromEntries(["secret", "config", "env", "annotation", "argument"].map((what) => [what, `never-${what}-${word()}`]));
/** The value of a label, which is kept: who looks where packed things lie must find it. */
const kept = `kept-${word()}`;

export async function plant(tally, desk, kubectl) {
  await tally.check("a cluster seeded with values that must never be kept", async () => {
    await kubectl("create", "secret", "generic", "seeded", `--from-literal=password=${never.secret}`);
    await kubectl("create", "configmap", "seeded", `--from-literal=greeting=${never.config}`);
    await kubectl("label", "deployment", "emailservice", `example.test/mark=${kept}`);
    await kubectl("annotate", "deployment", "emailservice", `example.test/note=${never.annotation}`);
    await kubectl("set", "env", "deployment/emailservice", `PASSWORD=${never.env}`);
    await kubectl("patch", "deployment", "emailservice", "--type=json", "-p", JSON.stringify([{ op: "add", path: "/spec/template/spec/containers/0/args", value: [`--password=${never.argument}`] }]));
    await kubectl("rollout", "status", "deployment/emailservice", "--timeout=60s");
    await until(60, "the product has seen them, and the pods of before are gone", async () => {
      const found = await desk.call("find", { query: "seeded", limit: 10 });
      const pods = (await desk.call("find", { query: "emailservice Pod", limit: 20 })).filter((f) => f.id.includes("/Pod/"));
      const there = (await kubectl("get", "pods", "-l", "app=emailservice", "-o", "name")).trim().split("\n");
      const one = there.length === 1 && pods.length === 1 && pods[0].id.endsWith(there[0].replace("pod", ""));
      return one && found.filter((f) => f.kind === "object").length >= 2;
    });
  });
}

/** The parts of a bundle as they lie in it: name, content, and where that begins and ends. */
export function partsOf(bundle) {
  const parts = [];
  for (let at = 0; bundle.readUInt32LE(at) === 0x04034b50; at = parts.at(-1).to) {
    const from = at + 30 + bundle.readUInt16LE(at + 26);
    const to = from + bundle.readUInt32LE(at + 18);
    parts.push({ name: bundle.toString("utf8", at + 30, from), from, to, bytes: bundle.subarray(from, to) });
  }
  return parts;
}

const MAGIC = Buffer.from("28b52ffd", "hex");
const isPacked = (bytes) => bytes.subarray(0, MAGIC.length).equals(MAGIC);

/** What zstd packed, unpacked and put together. */
async function unpacked(pieces) {
  const frames = pieces.filter(isPacked);
  if (frames.length === 0) return Buffer.alloc(0);
  const folder = mkdtempSync(join(tmpdir(), "broadstreet-frames-"));
  try {
    const file = join(folder, "all.zst");
    writeFileSync(file, Buffer.concat(frames));
    const { code, out, err } = await run("zstd", ["-dcq", file], { encoding: "buffer", maxBuffer: Infinity });
    must(code === 0, `zstd: ${err}`);
    return out;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What stands in a database: its text, and every value that is bytes. */
async function read(database) {
  const { code, out, err } = await run("sqlite3", ["-readonly", database, ".dump"], { maxBuffer: Infinity });
  must(code === 0, `sqlite3: ${err}`);
  return { text: out, blobs: [...out.matchAll(/X'([0-9a-f]+)'/gi)].map((found) => Buffer.from(found[1], "hex")) };
}

/** Looks through every place once the desk has ended: its folder, what was exported, its log, and what else `others` names. */
export async function checkSecrets(tally, it, { folder, papers, bundle, log, others }) {
  await tally.check("no value of a Secret, ConfigMap, environment, argument or annotation is kept, exported or logged", async () => {
    const asked = (...words) => run(PROGRAM, ["topology", ...words, "--format", "json"], { env: { BROADSTREET_DATA: folder, BROADSTREET_LOG: "debug" } });
    const [ofCluster, ofBundle] = [await asked("--kubeconfig", it.kubeconfig), await asked(bundle)];
    for (const one of [ofCluster, ofBundle]) must(one.code === 0 && one.out.includes("emailservice"), `topology: ${one.code}`);
    const { out: paper } = await run("pdftotext", ["-raw", join(papers, "postmortem.pdf"), "-"]);
    must(paper.includes("redis-cart"), "the PDF was not read");
    const places = { ...others, log, paper, "the cluster's topology": ofCluster.out, "the bundle's topology": ofBundle.out, "the log of topology": ofCluster.err };
    must(log.includes('"level":"DEBUG"') && ofCluster.err.includes("DEBUG"), "the log is no log of everything");
    const databases = [];
    for (const file of [...filesIn(folder), ...filesIn(papers)]) {
      const bytes = readFileSync(file);
      places[file] = bytes;
      if (bytes.toString("latin1", 0, 15) === "SQLite format 3") databases.push(await read(file));
    }
    must(databases.length > 0, "no database was looked through");
    const blobs = databases.flatMap((database) => database.blobs);
    databases.forEach((database, n) => (places[`database ${n + 1}`] = database.text));
    places["files in the record"] = Buffer.concat(blobs);
    const packed = { "the recordings in the record": await unpacked(blobs), "the recordings in the bundle": await unpacked(partsOf(readFileSync(bundle)).map((part) => part.bytes)) };
    for (const [place, bytes] of Object.entries(packed)) {
      must(bytes.length > 0 && bytes.includes(kept), `${place} (${bytes.length} bytes unpacked) do not hold the label that is kept`);
    }
    for (const [place, bytes] of Object.entries({ ...places, ...packed })) {
      for (const [what, value] of Object.entries(never)) {
        // Also without what one has in common with another, and as a Secret spells it.
        const spelled = [value.split("-").at(-1), Buffer.from(value).toString("base64")];
        must(!spelled.some((it) => bytes.includes(it)), `the ${what} value stands in ${place}`);
      }
    }
    const sizes = Object.entries(packed).map(([place, bytes]) => `${bytes.length} bytes of ${place}`).join(" and ");
    return `${Object.keys(places).length} places, ${sizes} unpacked, ${log.length} bytes of log`;
  });
}
