#!/usr/bin/env node
// The map in time, at the screen of the real program: on the bundled incident, and on a pretend cluster that is recorded
// while a house of it crashes, the program is stopped, and started again. `node seek.mjs`; BROADSTREET names the program.
import { PretendCluster } from "./cluster.mjs";
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, goTo, must, mustBeAccessible, mustBeAccessibleInBoth, openScreen, settled, Tally } from "./screen.mjs";

const tally = new Tally();
within(6);
const seconds = (many) => new Promise((go) => setTimeout(go, many * 1000));

async function at(desk, words, work) {
  const { browser, page, problems } = await openScreen(addressFrom([await desk.start(words, "Mei Tanaka")]));
  // A step that failed leaves nothing in the way of the next.
  const check = async (name, step) => (await tally.check(name, step)) || closeDialog(page).catch(() => {});
  try {
    await work({ page, check, problems, ...hand(page) });
  } finally {
    await browser.close();
    await desk.stop();
  }
}
const slider = (page) => page.getByRole("slider", { name: "Moment shown" });
const moment = (page) => page.getByTestId("moment");
const plan = (page) => page.getByRole("group", { name: /^Plan of/ });
const planSays = (page, pattern) => page.waitForFunction((p) => new RegExp(p).test(document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") ?? ""), pattern.source);
const list = (page) => page.getByRole("listbox", { name: /^Record/ });
const chosen = (page) => page.locator("[role=option][aria-selected=true] .when");
/** Where the playhead stands, in milliseconds. */
const stands = async (page) => Number(await slider(page).getAttribute("aria-valuenow"));

const bundled = freshDesk("laptop");
await at(bundled, ["open"], async ({ page, check, panel, problems }) => {
  /** Selects a row by key, and answers its time. */
  const select = async (...keys) => {
    await goTo(page, "Timeline");
    await page.getByRole("option").first().waitFor();
    await list(page).focus();
    for (const key of keys) await page.keyboard.press(key);
    await panel().getByRole("heading", { level: 2 }).waitFor();
    return (await chosen(page).innerText()).trim().replace("~", "");
  };
  const seen = [];
  for (const [which, keys] of [["the first row", ["Home"]], ["one of the worst minutes", ["Home", ..."jjjj", "PageDown", "PageDown", "PageDown", "PageDown"]], ["the last row", ["End"]]]) {
    await check(`selecting ${which} moves the scrubber and the map to the instant it happened`, async () => {
      const time = await select(...keys);
      await goTo(page, "Map");
      await settled(page);
      const shown = await moment(page).innerText();
      const stood = await stands(page);
      must(new Date(stood).toISOString().slice(11, 19) === shown, `the playhead stands at ${new Date(stood).toISOString()}, the map at ${shown}`);
      // What happened before the recording began is shown as it began.
      const began = new Date(Number(await slider(page).getAttribute("aria-valuemin"))).toISOString().slice(11, 19);
      must(shown.startsWith(time < began ? began : time), `the row is of ${time}, the map of ${shown}`);
      seen.push([stood, await plan(page).getAttribute("aria-label")]);
    });
  }

  await check("the three instants follow each other, and the plan is not the same at each", async () => {
    must(seen.length === 3 && seen[0][0] < seen[1][0] && seen[1][0] < seen[2][0], `they are ${seen.map((it) => it[0])}`);
    must(new Set(seen.map((it) => it[1])).size > 1, `the plan always says ${seen[0][1]}`);
  });

  await check("beside a row, `M` and a button lead to the map as it stood", async () => {
    const time = await select("Home", ..."jjjjjjjjjjjj");
    await panel().getByRole("button", { name: /^Map at/ }).click();
    await page.locator("nav [aria-current]").filter({ hasText: "Map" }).waitFor();
    await says(moment(page), time);
    await select("Home");
    await page.keyboard.press("m");
    await page.locator("nav [aria-current]").filter({ hasText: "Map" }).waitFor();
    await page.waitForFunction((before) => Number(document.querySelector("[role=slider]")?.getAttribute("aria-valuenow")) === before, seen[0][0]);
  });

  await check("nothing went wrong in the page", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
});
bundled.remove();

const cluster = await new PretendCluster().start();
const desk = freshDesk("laptop");
const words = ["serve", "--kubeconfig", cluster.kubeconfig];
let gapsBefore = 0;
try {
  await at(desk, words, async ({ page, check, bar, line, row, panel, emptied, send, problems }) => {
    await check("a cluster is drawn live, and a house that crashes turns red by itself", async () => {
      await planSays(page, /2 houses.*none in trouble/);
      await seconds(2);
      cluster.house("redis-cart", true);
      await planSays(page, /2 houses(?!.*none in trouble)/);
    });

    await check("an incident is declared from the house, and is about it", async () => {
      await page.locator("body").click({ position: { x: 4, y: 4 } });
      await page.keyboard.press("h");
      await says(page.getByTestId("reason"), "CrashLoopBackOff");
      await page.getByRole("button", { name: "Declare from here…" }).click();
      must(/redis-cart/.test(await dialog(page).getByLabel("What is wrong, in one line").inputValue()), "the title does not name the house");
      await says(dialog(page), "redis-cart");
      await dialog(page).getByRole("radio", { name: /^SEV 2/ }).check();
      await send("Declare");
      await says(bar(), "redis-cart");
    });

    await check("`@` completes the name of an object, and its row leads to it on the map", async () => {
      await goTo(page, "Timeline");
      await line().focus();
      await page.keyboard.type("carts drop @red");
      await page.getByRole("listbox", { name: "Objects" }).getByRole("option").filter({ hasText: "Deployment" }).first().waitFor();
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']")?.value.includes("@redis-cart"));
      await says(page.locator(".says"), /on redis-cart/);
      await page.keyboard.press("Enter");
      await emptied();
      await row("carts drop").click();
      await panel().getByRole("button", { name: /^redis-cart Deployment/ }).click();
      await page.getByRole("complementary", { name: "Selected object" }).getByRole("heading", { level: 2, name: "redis-cart" }).waitFor();
    });

    await check("what the house says is pinned to the timeline with where it comes from", async () => {
      await page.getByRole("complementary", { name: "Selected object" }).getByRole("button", { name: "Pin to timeline", exact: true }).click();
      await says(dialog(page), "/Deployment/shop/redis-cart");
      must(/redis-cart/.test(await dialog(page).getByLabel("What it shows").inputValue()), "it does not say what is pinned");
      must((await dialog(page).getByLabel("Source").inputValue()) !== "", "it does not say where it comes from");
      await mustBeAccessibleInBoth(page);
      await dialog(page).getByLabel("What it shows").fill("the cart is down, as the map said");
      await send("Pin");
      await goTo(page, "Timeline");
      await row("the cart is down, as the map said").click();
      await panel().getByRole("heading", { level: 2 }).filter({ hasText: "the cart is down" }).waitFor();
    });

    await check("from a row that was before the crash the map shows the house well, and `L` leads back to now", async () => {
      await goTo(page, "Timeline");
      await line().fill("-20m somebody deployed");
      await says(page.locator(".says"), "UTC");
      await line().press("Enter");
      await emptied();
      await row("somebody deployed").click();
      await goTo(page, "Map");
      await planSays(page, /none in trouble/);
      const stood = await stands(page);
      await page.locator("body").click({ position: { x: 4, y: 4 } });
      await page.keyboard.press("l");
      await planSays(page, /2 houses(?!.*none in trouble)/);
      await page.waitForFunction((before) => Number(document.querySelector("[role=slider]")?.getAttribute("aria-valuenow")) > before, stood);
    });

    gapsBefore = await page.locator("rect[fill='url(#bs-gap)']").count();
    await check("nothing went wrong in the page of the live cluster", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
  });

  // What happens now is seen by nobody.
  cluster.house("redis-cart", false);
  await seconds(9);

  await at(desk, words, async ({ page, check, palette }) => {
    const hatched = page.locator("rect[fill='url(#bs-gap)']");
    await check("the time in which the program did not run is shown as a gap", async () => {
      await planSays(page, /none in trouble/);
      await page.waitForFunction((before) => document.querySelectorAll("rect[fill='url(#bs-gap)']").length > before, gapsBefore);
      await mustBeAccessible(page);
    });

    await check("at an instant in the gap it says that nothing was recorded, and before it the house is red again", async () => {
      const box = await hatched.last().boundingBox();
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await page.waitForFunction(() => /nothing was recorded/.test(document.querySelector("[role=slider]")?.getAttribute("aria-valuetext")));
      await page.mouse.click(box.x - 3, box.y + box.height / 2);
      await page.waitForFunction(() => !/nothing was recorded/.test(document.querySelector("[role=slider]")?.getAttribute("aria-valuetext")));
      await planSays(page, /2 houses(?!.*none in trouble)/);
    });

    await check("the palette leads back to now", async () => {
      await palette("Back to now");
      await planSays(page, /none in trouble/);
    });
  });
} finally {
  await desk.stop();
  desk.remove();
  cluster.stop();
}
process.exit(tally.end());
