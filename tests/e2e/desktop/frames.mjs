#!/usr/bin/env node
// How smoothly the plan moves in the web view of the desktop, with a whole city in sight.
// `frames.mjs PROGRAM [SCENES]`: PROGRAM is a browser of WebKit's own that takes `--automation` (MiniBrowser); it shows the
// plan alone (ui/dev/plan.html): the same component, the same web view, no desk around it. SCENES is a folder that holds
// `largest.bsc` as the engine writes it; without one the city is drawn from a seed.
// Run under a screen: `xvfb-run -s "-screen 0 1600x1000x24" node frames.mjs …`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planAlone } from "../browser/plan.mjs";
import { at, Figures, ms } from "../walk/figure.mjs";
import { Driver, until } from "./driver.mjs";

const FRAMES = 360;
const LEAST_CELLS = 100_000;
const [program, scenes, shot] = process.argv.slice(2);
const figures = new Figures();
const real = scenes && existsSync(join(scenes, "largest.bsc"));
const plan = await planAlone(real ? { SCENES: scenes } : {});
const driver = await Driver.start(program, ["--automation"]);

/** Milliseconds of processor time that WebKit's page processes below the driver have had. */
function pageTime() {
  const all = new Map();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, "latin1");
      const rest = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      all.set(Number(id), { name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), parent: Number(rest[1]), ticks: Number(rest[11]) + Number(rest[12]) });
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (id) => id === driver.process.pid || (all.has(id) && all.get(id).parent !== id && below(all.get(id).parent));
  return [...all].filter(([id, it]) => it.name.startsWith("WebKitWebProc") && below(id)).reduce((sum, [, it]) => sum + it.ticks * 10, 0);
}

/** In the page: pans and zooms as a hand does, one step a frame, and keeps when each frame began and what it showed. */
function drive(frames, done) {
  const canvas = document.querySelector(".plan canvas");
  const { scene } = window;
  const spot = document.querySelector(".spot");
  const box = canvas.getBoundingClientRect();
  const event = (type, Kind, x, y, more) => canvas.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, clientX: box.left + x, clientY: box.top + y, button: 0, buttons: 1, pointerId: 1, ...more }));
  // What is in sight, read off the ring around a house whose place is known.
  const view = () => {
    const [, x, y, w] = /translate\(([-\d.]+)px, ?([-\d.]+)px\).*width: ?([\d.]+)px/.exec(spot.style.cssText) ?? [];
    const grow = 5;
    const h = window.focused;
    const scale = (Number(w) - 2 * grow) / scene.houses.w[h];
    return { scale, x: scene.houses.x[h] - (Number(x) + grow) / scale, y: scene.houses.y[h] - (Number(y) + grow) / scale };
  };
  const seen = ({ scale, x, y }) => {
    let count = 0;
    const right = x + box.width / scale;
    const low = y + box.height / scale;
    for (let i = 0; i < scene.cells.count; i++) if (scene.cells.x[i] >= x && scene.cells.x[i] < right && scene.cells.y[i] >= y && scene.cells.y[i] < low) count++;
    return count;
  };
  const began = [];
  const places = [];
  const views = [];
  let n = 0;
  canvas.setPointerCapture = () => {};
  event("pointerdown", PointerEvent, 640, 400);
  const step = (now) => {
    began.push(now);
    places.push(spot.style.cssText);
    if (n % 40 === 20) views.push(view());
    if (n === frames) {
      event("pointerup", PointerEvent, 640, 400);
      return done({ began, same: places.filter((p, i) => i > 1 && p === places[i - 1]).length, cells: Math.min(...views.map(seen)) });
    }
    n++;
    // A third of the frames pan, a third zoom at the pointer, a third do both; never far from all of it.
    const angle = n / 9;
    const third = Math.floor((3 * n) / frames);
    if (third !== 1) event("pointermove", PointerEvent, 640 + 60 * Math.sin(angle) + (n % 2), 400 + 40 * Math.cos(angle), {});
    if (third >= 1) event("wheel", WheelEvent, 500 + 3 * (n % 60), 300 + 2 * (n % 70), { deltaY: Math.floor(n / 10) % 2 ? -4 : 4 });
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

/** In the page: what a picture shows. */
async function look(png, done) {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const ink = canvas.getContext("2d");
  ink.drawImage(image, 0, 0);
  const { data } = ink.getImageData(0, 0, canvas.width, canvas.height);
  const token = (name) => {
    ink.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
    ink.fillRect(0, 0, 1, 1);
    return [...ink.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
  };
  const [well, crit, warn] = ["--well", "--crit", "--warn"].map(token);
  const counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const key = `${data[i]},${data[i + 1]},${data[i + 2]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  done({ colours: counts.size, well: counts.get(well) ?? 0, trouble: (counts.get(crit) ?? 0) + (counts.get(warn) ?? 0) });
}

/** In the page: how long the question takes what lies under the pointer, at many places. */
function pick(times, done) {
  const canvas = document.querySelector(".plan canvas");
  const box = canvas.getBoundingClientRect();
  const took = [];
  // A clock of whole milliseconds: twenty at a time.
  let from = performance.now();
  for (let i = 0; i < 20 * times; i++) {
    const x = (i * 7919) % Math.floor(box.width);
    const y = (i * 104729) % Math.floor(box.height);
    canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.left + x, clientY: box.top + y, buttons: 0 }));
    if (i % 20 < 19) continue;
    took.push((performance.now() - from) / 20);
    from = performance.now();
  }
  done(took);
}

try {
  const run = (work, ...args) => driver.runAsync(`(${work})(...arguments);`, ...args);
  await driver.ask("POST", `${driver.session}/timeouts`, { script: 120_000, pageLoad: 120_000 });
  await driver.ask("POST", `${driver.session}/url`, { url: `${plan.address}${real ? "?scene=scenes/largest.bsc" : ""}` });
  // The page itself is 1280 by 800, whatever the browser puts around it.
  const inner = () => driver.run("return [innerWidth, innerHeight]");
  await driver.ask("POST", `${driver.session}/window/rect`, { width: 1300, height: 900 });
  for (let n = 0; n < 4; n++) {
    const [w, h] = await inner();
    if (w === 1280 && h === 800) break;
    const outer = await driver.ask("GET", `${driver.session}/window/rect`);
    await driver.ask("POST", `${driver.session}/window/rect`, { width: outer.width + 1280 - w, height: outer.height + 800 - h });
    await new Promise((go) => setTimeout(go, 400));
  }
  const [w, h] = await inner();
  await until("the back ends were measured", () => driver.run("return JSON.parse(localStorage.getItem('broadstreet-drawing') ?? '{}').measured != null"), 120);
  const { measured } = await driver.run("return JSON.parse(localStorage.getItem('broadstreet-drawing'))");
  figures.say("back end chosen", "the quicker", measured.name === (measured.gl2 !== null && measured.gl2 < 0.8 * measured.raster ? "gl2" : "raster"), `${measured.name}: raster ${ms(measured.raster)}, gl2 ${measured.gl2 === null ? "none" : ms(measured.gl2)} a frame at ${w}×${h}`);

  await driver.run("document.querySelector('.spot').focus()");
  await until("a house has the focus", () => driver.run("return document.querySelector('.spot').style.cssText.includes('width')"));
  await driver.run(`const s = window.scene; const label = document.querySelector(".spot").getAttribute("aria-label"); window.focused = s.houses.name.findIndex((n) => label.startsWith(n + ","));`);
  // In two halves, with a look at what stands there in between.
  const spent = pageTime();
  const first = await run(drive, FRAMES / 2);
  const each = (pageTime() - spent) / (FRAMES / 2);
  const png = await driver.ask("GET", `${driver.session}/screenshot`);
  if (shot) writeFileSync(shot, Buffer.from(png, "base64"));
  const looks = await run(look, png);
  const second = await run(drive, FRAMES / 2);
  const intervals = [first, second].flatMap(({ began }) => began.slice(1).map((t, i) => t - began[i])).sort((a, b) => a - b);
  const same = first.same + second.same;
  const cells = Math.min(first.cells, second.cells);
  figures.say("image from the middle of the run", "pods, trouble and heat are drawn", looks.colours > 200 && looks.well > 10_000 && looks.trouble > 300, `${looks.colours} colours, ${looks.well.toLocaleString("en")} pixels of pods that are well, ${looks.trouble.toLocaleString("en")} of trouble`);
  const median = at(intervals, 0.5);
  const p95 = at(intervals, 0.95);
  figures.say(`pan and zoom, ${intervals.length} frames, ${w}×${h}, at least ${cells.toLocaleString("en")} pods in sight`, "≥ 30 fps, p95 ≤ 40 ms", median <= 1000 / 30 && p95 <= 40 && cells >= LEAST_CELLS && same === 0, `median ${ms(median)} (${(1000 / median).toFixed(0)} fps), p95 ${ms(p95)}, worst ${ms(intervals.at(-1))}, ${same} frames like the one before`);

  figures.say("processor time of a frame in the page's process, whatever else the machine did", "as measured", null, `mean ${ms(each)}`);

  const picks = (await run(pick, 100)).sort((a, b) => a - b);
  figures.say("pick under the pointer", "p99 ≤ 1 ms", at(picks, 0.99) <= 1, `p50 ${at(picks, 0.5).toFixed(3)} ms, p99 ${at(picks, 0.99).toFixed(3)} ms`);

  if (real) {
    const shown = [];
    for (let n = 0; n < 9; n++) shown.push(await run((done) => window.show().then(done)));
    shown.sort((a, b) => a - b);
    figures.say("scene snapshot to screen, from its bytes to the picture", "worst ≤ 100 ms", shown.at(-1) <= 100, `p50 ${ms(at(shown, 0.5))}, worst ${ms(shown.at(-1))}`);
  }
} finally {
  await driver.end();
  plan.stop();
}
process.exit(figures.end());
