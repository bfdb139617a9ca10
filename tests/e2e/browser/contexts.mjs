#!/usr/bin/env node
// A kubeconfig of two contexts, at the screen of the real program: the other cluster is picked on the start page, the first
// again in the dialog, and then both stand side by side. `node contexts.mjs`; BROADSTREET names the program.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PretendCluster } from "./cluster.mjs";
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, must, mustBeAccessible, mustBeAccessibleInBoth, openScreen, rowsOfTree, settled, Tally } from "./screen.mjs";

const tally = new Tally();
within(5);
const stage = await new PretendCluster("stage", ["adservice", "checkout", "payment"]).start();
const shop = await new PretendCluster().start(stage);
const desk = freshDesk("laptop", { KUBECONFIG: shop.kubeconfig });
const { browser, page, problems } = await openScreen(addressFrom([await desk.start(["serve"], "Mei Tanaka")]));
const { bar, palette } = hand(page);
const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page).catch(() => {});
const planSays = (words) => page.waitForFunction((w) => new RegExp(w).test(document.querySelector("[aria-label^='Plan of']")?.getAttribute("aria-label") ?? ""), words.source);
/** The houses as the tree of the map names them. */
async function houses() {
  const rows = await rowsOfTree(page);
  return rows.filter((row) => / in \S+, /.test(row) && !/, namespace, /.test(row)).map((row) => row.split(",")[0]).toSorted().join(" ");
}

try {
  await check("the start page lists both contexts, and says which is the current one", async () => {
    await page.getByRole("heading", { name: "Nothing is open" }).waitFor();
    const offered = page.getByTestId("map").getByRole("listitem");
    await offered.nth(1).waitFor();
    const said = (await offered.allInnerTexts()).map((it) => it.replace(/\s+/g, " "));
    must(said.length === 2 && /^shop .*current$/.test(said[0]) && /^stage (?!.*current)/.test(said[1]), said.join("; "));
    await mustBeAccessible(page);
  });

  await check("the second is picked there: its title and its plan are shown", async () => {
    await page.getByTestId("map").getByRole("button").filter({ hasText: "stage" }).click();
    await planSays(/^Plan of stage: .*\b3 houses/);
    await says(bar(), "stage");
    must((await houses()) === "adservice checkout payment", `the houses are ${await houses()}`);
  });

  await check("the dialog opens the first again: its title and its plan are shown, and nothing of the other", async () => {
    await palette("open a cluster");
    await dialog(page).getByRole("radio", { name: /^shop/ }).check();
    await settled(page);
    await mustBeAccessibleInBoth(page);
    await dialog(page).getByRole("button", { name: "Open", exact: true }).click();
    await planSays(/^Plan of shop: .*\b2 houses/);
    await says(bar(), "shop");
    must(!/stage/.test(await bar().innerText()), "the other context is still named");
    must((await houses()) === "cartservice redis-cart", `the houses are ${await houses()}`);
  });

  await check("a house is selected: the app it is part of is named, and outlined on the plan", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).fill("cartservice");
    await page.getByRole("group", { name: "Objects" }).getByRole("option").first().click();
    const panel = page.getByRole("complementary", { name: "Selected object" });
    await panel.getByText(/Part of the app shop with/).getByRole("button", { name: "redis-cart" }).waitFor();
    const outlined = page.locator(".plan .outline");
    await outlined.first().waitFor();
    must((await outlined.first().innerText()) === "shop", "the outline is not named");
    await mustBeAccessible(page);
    await panel.getByRole("button", { name: "Close the panel" }).click();
    await outlined.first().waitFor({ state: "detached" });
  });

  await check("the other is opened beside it: both stand on the plan, each under its name", async () => {
    await palette("open a cluster");
    await dialog(page).getByRole("radio", { name: /^stage/ }).check();
    await dialog(page).getByRole("checkbox", { name: /^Beside shop/ }).check();
    await settled(page);
    await mustBeAccessibleInBoth(page);
    await dialog(page).getByRole("button", { name: "Open", exact: true }).click();
    await planSays(/^Plan of shop, stage: .*\b5 houses/);
    must((await houses()) === "adservice cartservice checkout payment redis-cart", `the houses are ${await houses()}`);
  });

  await check("what is found says in which cluster it is", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).fill("payment");
    await page.getByRole("option").filter({ hasText: /payment/ }).filter({ hasText: /stage/ }).first().waitFor();
    await page.keyboard.press("Escape");
  });

  await check("one is left in the list of sources: the other stays as it is", async () => {
    await bar().getByRole("button", { name: /shop/ }).first().click();
    await page.getByRole("button", { name: "Leave stage" }).click();
    await planSays(/^Plan of shop: .*\b2 houses/);
    await page.keyboard.press("Escape");
    must((await houses()) === "cartservice redis-cart", `the houses are ${await houses()}`);
  });

  await check("both are ticked on the start page, and open side by side", async () => {
    await palette("close what is open");
    await page.getByRole("heading", { name: "Nothing is open" }).waitFor();
    for (const name of ["shop", "stage"]) await page.getByRole("checkbox", { name: new RegExp(`^${name},`) }).check();
    await mustBeAccessible(page);
    await page.getByRole("button", { name: "Open 2 side by side" }).click();
    await planSays(/^Plan of shop, stage: .*\b5 houses/);
  });

  await check("a list of objects is opened by its path, and never handed over through the page, where it would be kept", async () => {
    await palette("open a recorded incident");
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "gathered-1", namespace: "elsewhere", uid: "u-1" }, spec: { containers: [{ name: "c", image: "nginx" }] } };
    const list = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "List", items: [pod] }));
    await dialog(page).getByLabel("Bundle file").setInputFiles({ name: "gathered.json", mimeType: "application/json", buffer: list });
    await dialog(page).getByRole("button", { name: "Open", exact: true }).click();
    const said = await dialog(page).getByRole("alert").innerText();
    must(/gathered\.json is no bundle[\s\S]*by their path/.test(said), `it says: ${said}`);
    await mustBeAccessibleInBoth(page);
    await closeDialog(page);
    const file = join(desk.folder, "gathered.json");
    writeFileSync(file, list);
    await palette("open a recorded incident");
    await dialog(page).getByRole("textbox", { name: /path of a bundle, a must-gather/ }).fill(file);
    await dialog(page).getByRole("button", { name: "Open", exact: true }).click();
    await planSays(/^Plan of gathered\.json: 1 block, 1 house, 1 pod/);
    must((await houses()) === "gathered-1", `the houses are ${await houses()}`);
  });

  await check("nothing went wrong in the page", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
} finally {
  await browser.close();
  await desk.stop();
  if (tally.failed) console.log(desk.log.slice(-2000));
  desk.remove();
  for (const one of [shop, stage]) one.stop();
}
process.exit(tally.end());
