#!/usr/bin/env node
// Runs an incident from Declare to a bundle on a running `serve` with a cluster open, all through the screen. Writes into
// that desk's record, so give it one of its own. `node live.mjs http://127.0.0.1:PORT TOKEN`, or the printed link.
import { addressFrom, closeDialog, dialog, goTo, knock, must, mustBeAccessible, openScreen, selectRow, settled, Tally } from "./screen.mjs";

const tally = new Tally();
const { browser, page, problems } = await openScreen(addressFrom(process.argv.slice(2)));
const watchdog = setTimeout(() => {
  console.log("FAIL the walk did not end within ten minutes");
  process.exit(1);
}, 600_000);
watchdog.unref();

// A step that failed leaves nothing in the way of the next.
const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page).catch(() => {});
const send = async (name) => {
  await dialog(page).getByRole("button", { name, exact: true }).click();
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await settled(page);
};
const commander = () => page.getByTestId("commander").innerText();
const line = page.getByLabel("New line in the record");
const row = (words) => page.getByRole("option").filter({ hasText: words });
const panel = page.getByRole("complementary", { name: "Selected row" });

try {
  await check("an incident is declared, and whoever acts commands it", async () => {
    await goTo(page, "Command");
    await knock(page, "Declare…");
    await page.keyboard.type("Checkout failing");
    await dialog(page).getByRole("radio", { name: /^SEV 2/ }).check();
    await mustBeAccessible(page);
    await send("Declare");
    await page.getByTestId("commander").waitFor();
  });

  await check("command moves only when the other has read the brief and accepts", async () => {
    const before = await commander();
    await knock(page, "Offer command…");
    await dialog(page).getByLabel("To").selectOption({ label: "Somebody else" });
    await dialog(page).getByLabel("Their name").fill("Tomas Rey");
    await dialog(page).getByLabel("Why now").fill("lunch");
    await send("Offer");
    await page.getByText("awaiting Tomas Rey").waitFor();
    must((await commander()) === before, "command moved with the offer");
    await page.getByRole("button", { name: /^Brief and answer/ }).click();
    await dialog(page).getByRole("button", { name: "Tomas Rey sits here now" }).click();
    await dialog(page).getByRole("heading", { name: "Situation" }).waitFor();
    await mustBeAccessible(page);
    await send("Accept command");
    must(/Tomas Rey/.test(await commander()), "command did not move");
  });

  await check("a task has one owner and a time to check in", async () => {
    await knock(page, "Assign…");
    await page.keyboard.type("Look at redis");
    await dialog(page).getByLabel("Owner").selectOption({ index: 1 });
    await send("Assign");
    const tasks = page.getByRole("list", { name: "Open tasks" });
    await tasks.getByText("Look at redis").waitFor();
    const shown = await tasks.innerText();
    must(/\d:\d\d/.test(shown), `no time is shown: ${shown}`);
  });

  await check("a hypothesis is opened and judged with evidence", async () => {
    await knock(page, "Open a hypothesis…");
    await page.keyboard.type("memory limit");
    await send("Open");
    await knock(page, "Judge H1…");
    await dialog(page).getByLabel("What speaks for it").fill("OOMKilled");
    await send("Record");
    must(/supported[\s\S]*OOMKilled/.test(await page.locator(".hyp").first().innerText()), "the evidence is not shown");
  });

  await check("a decision is proposed, objected to, and made", async () => {
    await knock(page, "Decide…");
    await page.keyboard.type("roll back");
    await send("Propose");
    await knock(page, "Object to D1…");
    await page.keyboard.type("carts are lost");
    await send("Object");
    await page.getByText("carts are lost").first().waitFor();
    await page.getByRole("button", { name: /^Make it/ }).click();
    await page.getByRole("button", { name: /^Make it/ }).waitFor({ state: "detached" });
  });

  await check("an objective, an update, a milestone, an action item, a status and a severity are recorded", async () => {
    await knock(page, "Set an objective…");
    await page.keyboard.type("no errors");
    await send("Set");
    await page.getByRole("button", { name: /^Met/ }).click();
    await page.locator(".obj").getByText("met", { exact: true }).waitFor();
    await knock(page, "Send update…");
    await page.keyboard.type("we look");
    await send("Record as sent");
    await knock(page, "Set a milestone…");
    await dialog(page).getByLabel("Milestone").selectOption("impact_started");
    await dialog(page).getByLabel("When").fill("-20m");
    await dialog(page).getByText(/^Understood as/).waitFor();
    await send("Set");
    await knock(page, "New action item…");
    await page.keyboard.type("alert on memory");
    await send("Save");
    await knock(page, "Status…");
    await dialog(page).getByRole("radio", { name: /^Mitigating/ }).check();
    await send("Set");
    await knock(page, "Severity…");
    await dialog(page).getByRole("radio", { name: /^SEV 1/ }).check();
    await dialog(page).getByLabel("Why").fill("it spreads");
    await send("Set");
    must(/SEV 1/.test(await page.getByRole("banner").innerText()), "the severity is not shown");
    await mustBeAccessible(page);
  });

  await check("lines are understood as they are typed, and recorded at the time they say", async () => {
    await goTo(page, "Timeline");
    for (const [typed, says] of [["-4m checkout 5xx up to 40 %", /\d\d:\d\d UTC: observation/], ["-9m pods flap", /\d\d:\d\d UTC/], ["h: node pressure", /hypothesis/], ["d: page the database team", /decision/], ["plain note", /note/]]) {
      await line.fill(typed);
      await page.waitForFunction((s) => new RegExp(s).test(document.querySelector(".says")?.textContent ?? ""), says.source);
      await line.press("Enter");
      await page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']").value === "");
    }
    await row("H2 opened: node pressure").waitFor();
    await page.getByRole("radio", { name: "People" }).check();
    await row("plain note").waitFor();
    const order = await page.getByRole("option").allInnerTexts();
    const at = (words) => order.findIndex((o) => o.includes(words));
    // The list draws what is near: older rows may not be there, those that are stand in order.
    const places = ["pods flap", "checkout 5xx", "plain note"].map(at).filter((place) => place >= 0);
    must(at("plain note") >= 0 && places.every((place, i) => i === 0 || places[i - 1] < place), `the rows are not in the order in which they happened: ${places}`);
    await page.getByRole("button", { name: "Show all" }).click();
  });

  await check("a person's row is corrected and annotated, a machine's only annotated", async () => {
    await selectRow(page, "plain note");
    await panel.getByRole("button", { name: "Correct…" }).click();
    await dialog(page).getByLabel("Wording").fill("plainer note");
    await send("Correct");
    await panel.getByRole("heading", { name: /Earlier wordings/ }).waitFor();
    await selectRow(page, "H1 opened");
    await panel.getByRole("button", { name: "Correct…" }).click();
    must((await dialog(page).getByLabel("Wording").inputValue()) === "memory limit", "more than the own words can be corrected");
    await closeDialog(page);
    await selectRow(page, "Evidence frozen");
    must((await panel.getByRole("button", { name: "Correct…" }).count()) === 0, "a machine's row can be corrected");
    await panel.getByRole("button", { name: "Add a note…" }).click();
    await dialog(page).getByLabel("Note").fill("seen");
    await send("Add");
    await panel.getByRole("heading", { name: /^Notes/ }).waitFor();
    await mustBeAccessible(page);
  });

  await check("beside a row stands the plan as it was", async () => {
    await selectRow(page, "Status is now mitigating");
    await panel.getByText(/\d+ houses?, \d+ pods?/).waitFor();
  });

  await check("the palette finds an object, and leads to it on the map", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).fill("redis");
    await page.getByRole("group", { name: "Objects" }).getByRole("option").first().click();
    await page.getByRole("complementary", { name: "Selected object" }).getByRole("heading", { level: 2 }).waitFor();
  });

  await check("it is resolved, closed as reviewed and reopened, and the gap in command is loud", async () => {
    await goTo(page, "Command");
    await knock(page, "Status…");
    await dialog(page).getByRole("radio", { name: /^Resolved/ }).check();
    await send("Set");
    await knock(page, "Close the incident…");
    await send("Close it");
    await knock(page, "Reopen…");
    await page.keyboard.type("it came back");
    await send("Reopen");
    await knock(page, "Lay command down…");
    await page.keyboard.type("tired");
    await send("Lay it down");
    must(/Nobody commands/.test(await page.getByTestId("vacant").innerText()), "the gap is not said");
    await page.getByTestId("vacant").getByRole("button", { name: "Take command…" }).click();
    await send("Take command");
    await page.getByTestId("commander").waitFor();
  });

  await check("the incident leaves as one bundle", async () => {
    await knock(page, "Export…");
    const download = page.waitForEvent("download");
    await dialog(page).getByRole("button", { name: "Export", exact: true }).click();
    await download;
    await dialog(page).getByRole("status").waitFor();
    await closeDialog(page);
  });

  await check("nothing went wrong in the page", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
} finally {
  await browser.close();
}
process.exit(tally.end());
