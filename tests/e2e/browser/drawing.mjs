#!/usr/bin/env node
// Both back ends of the plan in Chromium: they draw the same picture, one is chosen by what it costs, and the CPU takes
// over where the graphics context is lost. `node drawing.mjs`; builds, serves and ends the plan alone itself.
import { must, openBrowser, Tally } from "./screen.mjs";
import { planAlone } from "./plan.mjs";

const tally = new Tally();
const watchdog = setTimeout(() => {
  console.log("FAIL the walk did not end within five minutes");
  process.exit(1);
}, 300_000);
watchdog.unref();

const plan = await planAlone();
const { browser, context } = await openBrowser();

/** Opens the plan with what the page keeps about drawing. */
async function open(query, kept) {
  const page = await context.newPage();
  await page.setViewportSize({ width: 900, height: 600 });
  await page.addInitScript((text) => (text ? localStorage.setItem("broadstreet-drawing", text) : localStorage.removeItem("broadstreet-drawing")), kept ? JSON.stringify(kept) : "");
  await page.goto(`${plan.address}?${query}`);
  await page.locator(".plan canvas").first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  return page;
}

/** What is on the screen, as pixels, once two looks agree. */
async function pixels(page) {
  let before = "";
  for (let n = 0; n < 50; n++) {
    const png = (await page.screenshot()).toString("base64");
    if (png === before) break;
    before = png;
    await page.waitForTimeout(120);
  }
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const ink = canvas.getContext("2d");
    ink.drawImage(image, 0, 0);
    return [...ink.getImageData(0, 0, image.width, image.height).data];
  }, before);
}

/** The share of pixels that differ by more than `step` in any channel. */
function difference(a, b, step) {
  must(a.length === b.length, "the pictures are not of one size");
  let count = 0;
  for (let i = 0; i < a.length; i += 4) if (Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2])) > step) count++;
  return count / (a.length / 4);
}

const backEnds = (page) => page.evaluate(() => ({ canvases: document.querySelectorAll(".plan > canvas").length, kept: JSON.parse(localStorage.getItem("broadstreet-drawing") ?? "null") }));

try {
  for (const [what, query] of [["the shop by paper", "scene=scenes/boutique.bsc&theme=paper"], ["every state by night", "states"], ["4,000 pods by night", "cells=4000"]]) {
    await tally.check(`both back ends draw the same picture of ${what}`, async () => {
      const pictures = [];
      for (const choice of ["raster", "gl2"]) {
        const page = await open(query, { choice });
        const { canvases } = await backEnds(page);
        must(canvases === (choice === "gl2" ? 2 : 1), `${choice} draws on ${canvases} canvases`);
        pictures.push(await pixels(page));
        await page.close();
      }
      const [raster, gl2] = pictures;
      must(new Set(raster.filter((_, i) => i % 28 === 0)).size > 12, "there is no picture");
      const far = difference(raster, gl2, 40);
      const near = difference(raster, gl2, 8);
      must(far < 0.002 && near < 0.02, `${(100 * near).toFixed(2)} % of the pixels differ a little, ${(100 * far).toFixed(2)} % much`);
    });
  }

  await tally.check("one is chosen by a few measured frames of each, and remembered", async () => {
    const page = await open("cells=4000", null);
    await page.waitForFunction(() => JSON.parse(localStorage.getItem("broadstreet-drawing") ?? "{}").measured, undefined, { timeout: 60_000 });
    const { kept } = await backEnds(page);
    const { name, raster, gl2, cells } = kept.measured;
    must(cells === 4000 && raster > 0 && gl2 > 0, JSON.stringify(kept));
    must(name === (gl2 < 0.8 * raster ? "gl2" : "raster"), JSON.stringify(kept));
    await page.waitForFunction((count) => document.querySelectorAll(".plan > canvas").length === count, name === "gl2" ? 2 : 1, { timeout: 10_000 });
    await page.close();
  });

  await tally.check("where the graphics context is lost the CPU draws the same plan", async () => {
    const page = await open("cells=4000", { choice: "gl2" });
    const before = await pixels(page);
    await page.evaluate(() => document.querySelectorAll(".plan > canvas")[1].getContext("webgl2").getExtension("WEBGL_lose_context").loseContext());
    await page.waitForFunction(() => document.querySelectorAll(".plan > canvas").length === 1);
    const after = await pixels(page);
    const far = difference(before, after, 40);
    must(far < 0.002, `${(100 * far).toFixed(2)} % of the pixels differ`);
    await page.close();
  });
} finally {
  await browser.close();
  plan.stop();
}
process.exit(tally.end());
