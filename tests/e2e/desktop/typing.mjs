#!/usr/bin/env node
// How soon a key is painted in the real desktop window, on the timeline of an incident of many rows.
// `WALK=typing.mjs DESK_DATA=FOLDER run.sh PROGRAM`: FOLDER holds the incident, as tests/e2e/walk/figures.mjs leaves it.
import { at, Figures, ms, watchKeys } from "../walk/figure.mjs";
import { Driver, until } from "./driver.mjs";

const TITLE = "Writing load";
const [program, , rows = "10000"] = process.argv.slice(2);
const figures = new Figures();
const driver = await Driver.start(program, []);
try {
  await driver.press("nav a, nav button", "Archive");
  await until("the incident is shown from the archive", () =>
    driver.run(
      `const line = [...document.querySelectorAll("main td button.link")].find((e) => e.innerText.includes(arguments[0]));
       line?.click();
       return line !== undefined`,
      TITLE,
    ),
  );
  await until("the bar names it", () => driver.run("return document.body.innerText.includes('INC-') && document.querySelector('header')?.innerText.includes(arguments[0])", TITLE));
  await driver.press("nav a, nav button", "Timeline");
  const field = "[aria-label='New line in the record'], textarea[placeholder], input[placeholder]";
  await until("the timeline takes a line", () =>
    driver.run("const f = document.querySelector(arguments[0]); f?.focus(); return f !== null && document.activeElement === f", field),
  );
  await driver.run(`(${watchKeys})()`);
  const key = (type) => ({ type, value: "x" });
  for (let n = 1; n <= 120; n++) {
    await driver.ask("POST", `${driver.session}/actions`, { actions: [{ type: "key", id: "keys", actions: [key("keyDown"), key("keyUp")] }] });
    await until("the key is painted", () => driver.run("return window.typed.length >= arguments[0]", n));
  }
  if ((await driver.run("return document.activeElement.value")) !== "x".repeat(120)) throw new Error("not every key was taken");
  const paints = await driver.run("return window.typed");
  paints.sort((a, b) => a - b);
  figures.say(`${Number(rows).toLocaleString("en")} rows on the timeline: key press to paint in the desktop window`, "as measured", null, `p50 ${ms(at(paints, 0.5))}, p99 ${ms(at(paints, 0.99))}`);
} finally {
  await driver.end();
}
process.exit(figures.end());
