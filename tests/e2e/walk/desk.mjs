// A desk under test: the built program on a data folder of its own, asked through its command line and over loopback.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PROGRAM = process.env.BROADSTREET ?? "broadstreet";

/** Counts and prints: one line a check. */
export class Tally {
  passed = 0;
  failed = 0;
  async check(name, work) {
    const began = Date.now();
    try {
      const said = await work();
      this.passed++;
      console.log(`ok ${name}${said ? ` (${said})` : ""} [${((Date.now() - began) / 1000).toFixed(1)} s]`);
      return true;
    } catch (error) {
      this.failed++;
      console.log(`not ok ${name}\n     ${String(error.stack ?? error).split("\n").slice(0, 14).join("\n     ")}`);
      return false;
    }
  }
  end() {
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

export function must(condition, message) {
  if (!condition) throw new Error(typeof message === "string" ? message : JSON.stringify(message));
}

/** Every file below a folder. */
export function filesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return files.map((file) => join(file.parentPath ?? file.path, file.name));
}

/** The files below a folder that hold the words or bytes as they are. One that went meanwhile holds nothing. */
export const holding = (folder, what) => filesIn(folder).filter((path) => existsSync(path) && readFileSync(path).includes(what));

/** Waits for what `look` answers truthily, asking four times a second, at most `seconds`. */
export async function until(seconds, what, look) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s (last: ${last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 600)})`);
    await new Promise((go) => setTimeout(go, 250));
  }
}

/** Runs a program to its end: `{code, out, err}`. */
export function run(program, words, options = {}) {
  return new Promise((done) => {
    execFile(program, words, { maxBuffer: 256 << 20, timeout: 180_000, ...options, env: { ...process.env, ...options.env } }, (error, out, err) => {
      done({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, out, err });
    });
  });
}

export class Desk {
  constructor(env = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "broadstreet-walk-"));
    this.env = { BROADSTREET_DATA: this.folder, BROADSTREET_DEVICE: "walk desk", ...env };
    this.log = "";
    /** What is logged while it serves; its commands say errors only, as that is what their answers are read from. */
    this.level = "error";
  }

  /** Starts `serve` (or other words) and waits for its link. */
  async start(words, person) {
    this.process = spawn(PROGRAM, [...words, "--json", "--log", this.level], { env: { ...process.env, ...this.env, ...(person ? { BROADSTREET_AS: person } : {}) } });
    this.process.stderr.on("data", (text) => (this.log += text));
    let out = "";
    this.process.stdout.on("data", (text) => (out += text));
    const link = await until(60, "serve says its link", () => {
      if (this.process.exitCode !== null) throw new Error(`it ended with ${this.process.exitCode}: ${this.log}`);
      return /"link":\s*"([^"]+)"/.exec(out)?.[1];
    });
    this.link = link;
    const url = new URL(link);
    this.address = url.origin;
    this.token = /token=([^&]+)/.exec(url.hash || url.search)?.[1];
    return link;
  }

  async stop(signal = "SIGTERM") {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill(signal);
    await ended;
    this.process = null;
  }

  remove() {
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }

  /** One command of the table over loopback; an error carries code, message and hint. */
  async call(command, payload = {}) {
    const answer = await fetch(`${this.address}/api/call/${command}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify(payload),
    });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(`${command}: ${body.code}: ${body.message}`), body);
    return body;
  }

  async get(id) {
    const answer = await fetch(`${this.address}/api/get/${id}`, { headers: { Authorization: `Bearer ${this.token}` } });
    must(answer.ok, `get ${id}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** A scene as the engine packs it. */
  async scene(request = {}) {
    const answer = await fetch(`${this.address}/api/scene`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ lens: "namespaces", ...request }),
    });
    must(answer.ok, `the scene: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  async put(bytes) {
    const answer = await fetch(`${this.address}/api/put`, { method: "POST", headers: { Authorization: `Bearer ${this.token}` }, body: bytes });
    return (await answer.json()).id;
  }

  /** The command line with `--json`; answers what it printed, or throws its error. */
  async cli(words, person) {
    const { code, out, err } = await run(PROGRAM, [...words, "--json", ...(person ? ["--as", person] : [])], { env: this.env });
    if (code !== 0) {
      const said = /\{[\s\S]*\}/.exec(err || out)?.[0];
      const error = said ? (JSON.parse(said).error ?? JSON.parse(said)) : {};
      throw Object.assign(new Error(`${words.join(" ")}: exit ${code}: ${err || out}`), { exit: code, out, ...error });
    }
    return out.trim() ? JSON.parse(out) : null;
  }
}

export function lab() {
  const path = process.env.LAB_JSON;
  if (!path || !existsSync(path)) throw new Error("LAB_JSON names no lab: run `make lab-up` first");
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Runs a script of the lab. */
export async function fault(...words) {
  const script = new URL("../../lab/fault.sh", import.meta.url).pathname;
  const { code, err, out } = await run("bash", [script, ...words]);
  must(code === 0, `fault ${words.join(" ")}: ${err || out}`);
  return out;
}

/** Icinga's own API. */
export async function icinga(it, method, path, body) {
  const { code, out, err } = await run("curl", [
    "-fsS", "--cacert", it.ca, "-u", "lab:lab", "-H", "Accept: application/json", "-X", method, "-k",
    ...(body ? ["-d", JSON.stringify(body)] : []), it.icinga + path,
  ]);
  must(code === 0, `icinga ${path}: ${err}`);
  return JSON.parse(out);
}

/** Ends the lab's pager, and waits until it is gone. */
export async function stopPager(it) {
  const pid = readFileSync(join(it.state, "pid", "icinga2"), "utf8").trim();
  await run("kill", [pid]);
  await until(20, "the pager has ended", async () => (await run("kill", ["-0", pid])).code !== 0);
}

/** Starts it again: one that is still letting go of its files refuses to start beside itself, so until it stands. */
export async function startPager() {
  let back;
  for (let tries = 0; tries < 4 && back?.code !== 0; tries++) back = await run("bash", [new URL("../../lab/pager.sh", import.meta.url).pathname]);
  must(back.code === 0, back.err);
}

export const name = (id) => id.split("/").slice(4).join("/");
