#!/usr/bin/env node
// A PNG of every view in both themes and two sizes, at the moment the bundled incident opens at (its worst).
// `node shots.mjs http://127.0.0.1:PORT TOKEN FOLDER`, or the printed link and FOLDER.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { addressFrom, goTo, openScreen, settled, THEMES, useTheme, VIEWS } from "./screen.mjs";

const words = process.argv.slice(2);
const folder = words.pop();
if (!folder || words.length === 0) throw new Error("say where from and where to: node shots.mjs ADDRESS TOKEN FOLDER");
const url = addressFrom(words);
mkdirSync(folder, { recursive: true });

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
];
let taken = 0;
for (const size of SIZES) {
  const { browser, page } = await openScreen(url, size);
  try {
    await page.getByTestId("map").waitFor();
    await settled(page);
    for (const view of VIEWS) {
      await goTo(page, view);
      if (view === "Map") {
        await page.keyboard.press("h");
        await page.getByTestId("reason").waitFor();
        await page.keyboard.press("0");
      }
      for (const theme of THEMES) {
        await useTheme(page, theme);
        const path = join(folder, `${view.toLowerCase()}.${theme}.${size.width}x${size.height}.png`);
        await page.screenshot({ path, animations: "disabled" });
        taken++;
        console.log(path);
      }
    }
  } finally {
    await browser.close();
  }
}
console.log(`${taken} pictures in ${folder}`);
