#!/usr/bin/env node
// Walks the screen of a running `serve` on the bundled incident: every view, every dialog, both themes, by pointer and
// by key. `node run.mjs http://127.0.0.1:PORT TOKEN`. Ends with one line of counts; exits 1 if anything failed.
import { walkFinding } from "./find.mjs";
import { hand, says } from "./hand.mjs";
import { addressFrom, closeDialog, coloursOfPlan, dialog, doors, goTo, knock, must, openScreen, rowsOfTree, settled, Tally, THEMES, useTheme, VIEWS } from "./screen.mjs";
import { WorstMoment } from "./worst.mjs";

const tally = new Tally();
const url = addressFrom(process.argv.slice(2));
const { browser, page, problems } = await openScreen(url);
const watchdog = setTimeout(() => {
  console.log("FAIL the walk did not end within ten minutes");
  process.exit(1);
}, 600_000);
watchdog.unref();

const { send } = hand(page);
const map = page.getByTestId("map");
const slider = page.getByRole("slider", { name: "Moment shown" });
const moment = page.getByTestId("moment");
const worst = new WorstMoment(page, url);

try {
  await tally.check("the bundled incident opens on the map, and the plan is drawn", async () => {
    await map.waitFor();
    await settled(page);
    await page.waitForFunction(() => {
      const c = [...document.querySelectorAll("canvas")].sort((a, b) => b.width * b.height - a.width * a.height)[0];
      return c && c.width > 400;
    });
    const colours = await coloursOfPlan(page);
    must(colours > 12, `the plan shows ${colours} colours`);
  });

  await tally.check("it opens at the worst moment, in which most fires of all that was recorded", () => worst.note());

  await tally.check("the plan says in words what it shows", async () => {
    const words = await page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label");
    const [, blocks, houses, pods] = /(\d+) blocks?, (\d+) houses?, (\d+) pods?/.exec(words ?? "") ?? [];
    must(Number(blocks) > 0 && Number(houses) >= 12 && Number(pods) > 0, `it says: ${words}`);
    must(!/none in trouble/.test(words), "nothing is in trouble at the worst moment");
  });

  await tally.check("the shop's 12 houses and 16 streets, and the one address that names no Service, are on the screen", async () => {
    const block = (await rowsOfTree(page)).find((row) => row.startsWith("boutique, "));
    must(/\b12 houses, \d+ pods\b/.test(block), `the block says: ${block}`);
    const words = await page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label");
    must(/\b16 streets;/.test(words ?? ""), `the plan says: ${words}`);
    const button = page.getByRole("button", { name: "1 without Service" });
    must((await button.getAttribute("title")) === "1 address that names no Service", "the button does not say what it counts");
    await button.click();
    const addresses = page.getByRole("list", { name: "Addresses that name no Service" }).getByRole("button");
    await addresses.filter({ hasText: "shoppingassistantservice:80" }).waitFor();
    must((await addresses.count()) === 1, "more than one is listed");
    const said = await addresses.innerText();
    must(/from Deployment frontend in boutique[\s\S]*SHOPPING_ASSISTANT/.test(said), `it says: ${said}`);
    await worst.look();
    await addresses.click();
    await page.getByRole("heading", { level: 2, name: "frontend", exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where it hurts" }).waitFor();
  });

  let hot = "";
  await tally.check("`H` selects the hottest house, and the panel says why and by which field", async () => {
    await page.keyboard.press("h");
    const reason = page.getByTestId("reason");
    await reason.waitFor();
    const text = (await reason.innerText()).trim();
    must(text.length > 12 && !/^Nothing says/.test(text), `the reason is: ${text}`);
    must((await reason.locator(".mono").count()) > 0, "no field is named");
    hot = await page.getByRole("complementary", { name: "Selected object" }).getByRole("heading", { level: 2 }).innerText();
    must(hot.length > 0, "the house has no name");
  });

  await tally.check("the arrows walk to another house, and Enter selects it", async () => {
    const spot = page.locator(".spot");
    await spot.focus();
    const before = await spot.getAttribute("aria-label");
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
      await page.keyboard.press(key);
      if ((await spot.getAttribute("aria-label")) !== before) break;
    }
    const label = (await spot.getAttribute("aria-label")) ?? "";
    must(label !== before, "no arrow leads anywhere");
    await page.keyboard.press("Enter");
    const name = label.split(",")[0];
    await page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where it hurts" }).waitFor();
  });

  await tally.check("the list of trouble selects the same house", async () => {
    await page.getByRole("complementary").getByRole("button").filter({ hasText: hot }).first().click();
    await page.getByRole("heading", { level: 2, name: hot, exact: true }).waitFor();
  });

  await tally.check("the tree shows the houses as text", async () => {
    const rows = await rowsOfTree(page, worst.look);
    must(rows.some((row) => row.startsWith(`${hot}, `)), `${hot} is not in the tree`);
  });

  await tally.check("the other lens draws nodes, and the first comes back", async () => {
    await page.getByRole("button", { name: "Zones & nodes" }).click();
    await settled(page);
    must((await coloursOfPlan(page)) > 8, "the lens of nodes is empty");
    await worst.look();
    await page.getByRole("button", { name: "Namespaces", exact: true }).click();
    await settled(page);
  });

  await tally.check("only trouble can be asked for by key, and the level by button", async () => {
    await page.locator("body").click({ position: { x: 4, y: 4 } });
    await page.keyboard.press("t");
    must((await page.getByRole("switch", { name: /Only trouble/ }).getAttribute("aria-checked")) === "true", "T does nothing");
    await page.keyboard.press("t");
    for (const level of ["Pod", "Cluster"]) {
      await page.getByRole("button", { name: level, exact: true }).click();
      await settled(page);
      must((await coloursOfPlan(page)) > 3, `nothing is drawn at the level ${level}`);
    }
  });

  await walkFinding(tally, page, worst.look);

  await tally.check("the scrubber moves by key to the start, and the map follows", async () => {
    await slider.focus();
    await worst.mustStand();
    const words = () => page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label");
    const then = await words();
    await page.keyboard.press("Home");
    await page.waitForFunction((w) => document.querySelector("[data-testid='moment']")?.textContent !== w, worst.words);
    await page.waitForFunction((w) => document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") !== w, then);
    await settled(page);
    must((await words()) !== then, "the plan is the same at the start");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("End");
  });

  await tally.check("the scrubber moves by pointer, in one gesture of sixty steps, and ends where the hand ended", async () => {
    const box = await slider.boundingBox();
    const y = box.y + 50;
    await page.mouse.move(box.x + 40, y);
    await page.mouse.down();
    for (let i = 1; i <= 60; i++) await page.mouse.move(box.x + 40 + (i * (box.width - 80)) / 90, y);
    await page.mouse.up();
    await settled(page);
    const at = Number(await slider.getAttribute("aria-valuenow"));
    const from = Number(await slider.getAttribute("aria-valuemin"));
    const to = Number(await slider.getAttribute("aria-valuemax"));
    const share = (at - from) / (to - from);
    must(share > 0.55 && share < 0.8, `the playhead stands at ${share.toFixed(2)}`);
  });

  await tally.check("it plays, pauses, and goes back to the worst moment", async () => {
    await page.keyboard.press("Home");
    await page.getByRole("button", { name: "Play at 60 times" }).click();
    await page.getByRole("button", { name: "Play", exact: true }).click();
    const before = await moment.innerText();
    await page.waitForFunction((w) => document.querySelector("[data-testid='moment']")?.textContent !== w, before);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await worst.back();
  });

  await tally.check("the pages of the recorded incident name who was on call when evidence was frozen, and when that was", async () => {
    await goTo(page, "Pages");
    const said = await page.getByRole("group", { name: "On call" }).innerText();
    must(/when evidence was frozen[\s\S]*\d\d:\d\d:\d\d[\s\S]*boutique[\s\S]*mei[\s\S]*jonas/.test(said), `it says: ${said}`);
    await goTo(page, "Map");
    await worst.mustStand();
  });

  await tally.check("Ctrl K opens the palette, and it is accessible", async () => {
    await page.keyboard.press("Control+k");
    await dialog(page).waitFor();
    try {
      await worst.look();
    } finally {
      await closeDialog(page);
    }
  });

  /** A source to change and to remove: it needs no cluster, and is asked nothing while a recording is open. */
  const sources = page.getByRole("region", { name: "Sources", exact: true });
  const sourceSetUp = () =>
    tally.check("a source is set up while the recorded incident is open", async () => {
      if ((await sources.getByRole("article").count()) === 0) {
        await sources.getByRole("button", { name: "Add a source…" }).click();
        await dialog(page).getByLabel("Address").fill("http://127.0.0.1:9");
        await send("Save and ask it");
      }
      await says(sources.getByRole("article"), "not asked: a recording is open");
    });

  for (const theme of THEMES) {
    for (const [i, view] of VIEWS.entries()) {
      const there = await tally.check(`${view} opens in ${theme} and axe finds nothing serious`, async () => {
        await worst.goTo(view);
        await useTheme(page, theme);
        await worst.look();
      });
      if (!there) continue;
      if (view === "Map") await page.keyboard.press("h");
      if (view === "Settings") await sourceSetUp();
      for (const door of await doors(page)) {
        await tally.check(`${view} in ${theme}: the dialog behind “${door}” opens, is accessible and closes`, async () => {
          try {
            await knock(page, door);
            await useTheme(page, theme);
            await worst.look();
          } finally {
            await closeDialog(page);
          }
        });
      }
      if (view === "Command") {
        await tally.check(`in ${theme}: the dialog behind the status opens, is accessible and closes`, async () => {
          await page.getByRole("button", { name: /^Resolved, impact lasted/ }).click();
          try {
            await says(dialog(page), "Read only");
            await useTheme(page, theme);
            await worst.look();
          } finally {
            await closeDialog(page);
          }
        });
      }
      if (theme === "night") {
        await tally.check(`key ${i + 1} leads to ${view}`, async () => {
          await goTo(page, view === "Map" ? "Command" : "Map");
          await page.locator("body").click({ position: { x: 4, y: 4 } });
          await page.keyboard.press(String(i + 1));
          await page.locator("nav [aria-current]").filter({ hasText: view }).first().waitFor();
        });
      }
    }
  }

  await tally.check("the source is removed again", async () => {
    await worst.goTo("Settings");
    await sources.getByRole("button", { name: /^Remove/ }).click();
    await send("Remove");
    await sources.getByRole("article").waitFor({ state: "detached" });
  });

  await tally.check("every dialog that a recorded incident can open was held before axe at its worst moment in both themes", async () => {
    await worst.goTo("Map");
    worst.mustHaveOpenedAll();
  });

  await tally.check("nothing went wrong in the page, and nothing left for another host", async () => {
    must(problems.length === 0, problems.slice(0, 8).join("\n"));
  });
} finally {
  await browser.close();
}
process.exit(tally.end());
