#!/usr/bin/env node
// Walks the real desktop window on the bundled incident. `run.sh` gives it a screen; one line a check.
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Driver, until } from "./driver.mjs";

const VIEWS = ["Map", "Command", "Pages", "Timeline", "Postmortem", "Handoff", "Archive", "Settings"];
const [program, data] = process.argv.slice(2);
const run = promisify(execFile);
let failed = 0;

async function check(name, work) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n     ${String(error.message ?? error).split("\n").slice(0, 6).join("\n     ")}`);
  }
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}

const driver = await Driver.start(program, []);
const watchdog = setTimeout(() => {
  console.log("not ok the walk did not end within five minutes");
  driver.process.kill();
  process.exit(1);
}, 300_000);
watchdog.unref();

// What the program says to the desktop is on the session bus, whether or not anything there shows it.
const bus = spawn("dbus-monitor", ["--session", "interface='org.freedesktop.Notifications',member='Notify'"]);
let notified = "";
bus.stdout.on("data", (text) => (notified += text));

try {
  await check("the window opens on the bundled incident, for there is no kubeconfig", () =>
    until("the map has a plan", () => driver.run("return document.querySelector('[data-testid=map] canvas') !== null")),
  );

  await check("the map is drawn", async () => {
    await until("the plan has colours", async () => {
      const colours = await driver.run(`
        const canvas = [...document.querySelectorAll("canvas")].sort((a, b) => b.width * b.height - a.width * a.height)[0];
        if (!canvas || canvas.width < 400) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 28) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
        return seen.size;`);
      return colours > 12;
    });
  });

  await check("`H` selects the hottest house, and the panel says why", async () => {
    await driver.run("document.activeElement?.blur?.()");
    await driver.key("h");
    const reason = await driver.text("[data-testid='reason']");
    must(reason.length > 12, `it says: ${reason}`);
  });

  const cli = join(dirname(program), "broadstreet");
  const broadstreet = async (...words) => JSON.parse((await run(cli, ["--data", data, ...words, "--json", "--as", "Mei Tanaka"])).stdout);
  const commanded = existsSync(cli) ? await broadstreet("incident", "declare", "Nobody is there", "--severity", "3") : null;

  for (const view of VIEWS) {
    await check(`the view ${view} opens`, async () => {
      await driver.press("nav a, nav button", view);
      await until(`${view} is the one shown`, () =>
        driver.run("return [...document.querySelectorAll('nav [aria-current]')].some((e) => e.innerText.includes(arguments[0]) || e.getAttribute('aria-label')?.includes(arguments[0]))", view),
      );
      await until(`${view} shows something`, () => driver.run("return (document.querySelector('main')?.innerText ?? '').trim().length > 20"));
      const trouble = await driver.run("return [...document.querySelectorAll('[role=alert]')].map((e) => e.innerText).find((t) => /unexpected|unknown command|cannot read/i.test(t)) ?? ''");
      must(trouble === "", `it complains: ${trouble}`);
    });
  }

  await check("the page may not ask anybody but the window", async () => {
    // Somebody listens and would answer any page: only the window's own policy is in the way.
    let asked = 0;
    const open = createServer((_, answer) => {
      asked++;
      answer.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end("there");
    });
    await new Promise((done) => open.listen(0, "127.0.0.1", done));
    const address = `http://127.0.0.1:${open.address().port}/`;
    must((await (await fetch(address)).text()) === "there" && asked === 1, "nobody listens, so this would show nothing");
    const outcome = await driver.runAsync("const done = arguments[arguments.length - 1]; fetch(arguments[0]).then(() => done('asked'), (e) => done(String(e)))", address);
    open.close();
    must(outcome !== "asked" && asked === 1, `a request left: ${outcome}`);
    const inline = await driver.run("const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); return window.ran === true");
    must(inline === false, "an inline script ran");
  });

  await check("the command line finds the window, with a file only its owner reads", async () => {
    const path = join(data, "running.json");
    must(existsSync(path), "there is no running.json");
    must((statSync(path).mode & 0o777) === 0o600, "others may read running.json");
    must(commanded !== null, `there is no ${cli}`);
    const incidents = await broadstreet("incident", "list");
    must(incidents.some((it) => it.id === commanded.id), JSON.stringify(incidents));
  });

  await check("a minute without a commander is told to the desktop, once", async () => {
    const told = () => notified.split("member=Notify").filter((it) => it.includes("Nobody commands")).length;
    await until("the desktop is told", () => told() > 0, 90);
    // Long enough for a second teller to have spoken, too: the desk is looked at every five seconds.
    await new Promise((done) => setTimeout(done, 6_000));
    must(told() === 1, `told ${told()} times`);
    must(notified.includes(commanded.number), notified);
  });

  await check("the window itself says so in a line above everything, and leads to taking command", async () => {
    const line = (await driver.text(".alarms .alarm.crit")).replace(/\s+/g, " ");
    // Of the incident on the desk how long and since when; of another its number and for how many seconds.
    const own = /^Nobody commands for \d+ m( \d+ s)?, since \d\d:\d\d:\d\d Take command…$/;
    const other = new RegExp(`^Nobody commands nobody commands ${commanded.number}.* since (6\\d|[7-9]\\d|1\\d\\d) s Take command…$`);
    must(own.test(line) || other.test(line), `it says: ${line}`);
  });

  await check("the end of the session ends the program in order, and takes its door away", async () => {
    const path = join(data, "running.json");
    const { process: id } = JSON.parse(readFileSync(path, "utf8"));
    process.kill(id, "SIGTERM");
    await until("running.json goes", () => !existsSync(path));
    await until("the process ends", () => !existsSync(`/proc/${id}/stat`) || / Z /.test(readFileSync(`/proc/${id}/stat`, "utf8")));
  });
} finally {
  bus.kill();
  await driver.end();
}
process.exit(failed === 0 ? 0 : 1);
