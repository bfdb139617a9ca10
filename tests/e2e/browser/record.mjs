#!/usr/bin/env node
// Writes a whole incident through the screen of the real program, on a desk of its own that has never seen a cluster:
// quick entry, handoff, postmortem, export, and the bundle on another desk. `node record.mjs`; BROADSTREET names the program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run as program } from "../walk/desk.mjs";
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, goTo, must, openScreen, Tally } from "./screen.mjs";

const ZONE = "Europe/Berlin";
const TITLE = "Carts cannot be written";
const WORDS = "Typed by hand, word for word.";

const tally = new Tally();
within(8);

const folder = mkdtempSync(join(tmpdir(), "broadstreet-record-"));
const desks = [freshDesk("laptop"), freshDesk("other laptop")];
const [desk, elsewhere] = desks;
const { browser, page, problems } = await openScreen(addressFrom([await desk.start(["serve"], "Mei Tanaka")]), { zone: ZONE });
await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);

// A step that failed leaves nothing in the way of the next.
const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page).catch(() => {});
const { bar, line, row, panel, whenOf, emptied, send, palette, write, declare } = hand(page);
const clock = (at, zone = "UTC") => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(at);
const ago = (minutes) => Date.now() - minutes * 60_000;

/** The last night on which Berlin's clocks went back. */
function lastAutumn() {
  for (let year = new Date().getUTCFullYear(); ; year--) {
    const day = new Date(Date.UTC(year, 9, 31));
    day.setUTCDate(31 - day.getUTCDay());
    if (day.getTime() + 3 * 86_400_000 < Date.now()) return day.toISOString().slice(0, 10);
  }
}

/** Saves what a click downloads, under its own name. */
async function taken(click) {
  const coming = page.waitForEvent("download");
  await click();
  const file = await coming;
  const path = join(folder, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

try {
  await check("the palette declares, also while a recording is shown, and the desk shows the new incident", async () => {
    await page.getByTestId("map").waitFor();
    await says(bar(), "bundled example");
    await palette("declare");
    await declare(TITLE, ZONE);
    await says(page.getByTestId("commander"), "Mei Tanaka");
    must(!/bundled example/.test(await bar().innerText()), "the recording is still shown");
    const running = await bar().getByText(/\d\d:\d\d:\d\d/).first().innerText();
    await page.waitForFunction((before) => !document.querySelector("header").innerText.includes(before), running);
  });

  await check("the palette offers another incident while one is open", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search or run" }).fill("declare");
    await page.locator("dialog [role=option]").filter({ hasText: "Declare…" }).waitFor();
    await closeDialog(page);
  });

  await check("a line says when: -4m, a time of day in the incident's zone, about, and an hour whose minute is not known", async () => {
    await goTo(page, "Timeline");
    const early = ago(4);
    await write("-4m carts time out", /\d\d:\d\d UTC: (note|observation)/);
    must([clock(early), clock(ago(4))].includes(await whenOf("carts time out")), `four minutes ago is ${await whenOf("carts time out")}`);
    const ten = ago(10);
    await write(`${clock(ten, ZONE)} orders fall`, `${clock(ten)} UTC`);
    must((await whenOf("orders fall")) === clock(ten), `${clock(ten, ZONE)} in Berlin is ${await whenOf("orders fall")}`);
    await write(`~${clock(ago(20), ZONE)} first complaint`, "~");
    must(/^~\d\d:\d\d$/.test(await whenOf("first complaint")), `about is ${await whenOf("first complaint")}`);
    const hour = ago(0);
    await write(`${clock(hour, ZONE).slice(0, 2)}:?? somebody restarted redis`, /:\?\?/);
    must([clock(hour), clock(ago(0))].map((it) => `${it.slice(0, 2)}:??`).includes(await whenOf("somebody restarted redis")), `the hour is ${await whenOf("somebody restarted redis")}`);
  });

  await check("a time that cannot be meant, and a name nobody has, are said and not recorded", async () => {
    await line().fill("25:99 nonsense");
    await page.locator(".says .crit").waitFor();
    await line().press("Enter");
    must((await line().inputValue()) !== "", "it was recorded");
    await line().fill("");
  });

  await check("an hour that occurs twice is asked about, and the chosen one is recorded", async () => {
    const night = lastAutumn();
    await line().fill(`${night} 02:30 the clocks went back`);
    const ask = page.getByRole("group", { name: "Which of the two" });
    await ask.waitFor();
    await line().press("Enter");
    must((await line().inputValue()) !== "", "it was recorded without an answer");
    await ask.getByRole("button", { name: "The first: 00:30 UTC" }).click();
    await says(page.locator(".says"), "00:30 UTC");
    await page.keyboard.press("Enter");
    await emptied();
    await row("the clocks went back").click();
    must((await whenOf("the clocks went back")) === "00:30", `it is recorded at ${await whenOf("the clocks went back")}`);
    await says(panel(), String(new Date(night).getUTCFullYear()));
  });

  await check("a picture pasted from the clipboard is attached to the line and shown beside its row", async () => {
    await line().focus();
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(10, 10);
      canvas.getContext("2d").fillRect(2, 2, 6, 6);
      await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob({ type: "image/png" }) })]);
    });
    await page.keyboard.press("Control+v");
    await page.getByRole("list", { name: "To be attached" }).getByRole("listitem").first().waitFor();
    await page.keyboard.type("the graph of memory");
    await page.keyboard.press("Enter");
    await emptied();
    await row("the graph of memory").click();
    const picture = panel().locator("img");
    await picture.waitFor();
    must(await picture.evaluate((img) => img.decode().then(() => img.naturalWidth === 10)), "the picture is not the one pasted");
  });

  await check("a megabyte pasted into the line is attached whole", async () => {
    await line().focus();
    await page.evaluate(() => navigator.clipboard.writeText("x".repeat(1 << 20)));
    await page.keyboard.press("Control+v");
    await page.getByRole("list", { name: "To be attached" }).getByText("pasted.txt").waitFor();
    must((await line().inputValue()) === "", "some of it stands in the line");
    await page.keyboard.type("the whole log");
    await page.keyboard.press("Enter");
    await emptied();
    await row("the whole log").click();
    await says(panel(), "pasted.txt");
  });

  await check("a line that was begun is there after the page is loaded again", async () => {
    await line().focus();
    const kept = page.waitForResponse((r) => r.url().endsWith("save_draft") && (r.request().postData() ?? "").includes("half a thought"));
    await page.keyboard.type("half a thought");
    await kept;
    await page.reload();
    await goTo(page, "Timeline");
    await page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']")?.value === "half a thought");
    await line().focus();
    await page.keyboard.press("End");
    await page.keyboard.type(", now whole");
    await page.keyboard.press("Enter");
    await row("half a thought, now whole").waitFor();
  });

  await check("a corrected row keeps what it said before", async () => {
    await row("orders fall").click();
    await panel().getByRole("button", { name: "Correct…" }).click();
    await dialog(page).getByLabel("Wording").fill("orders fall by half");
    await send("Correct");
    await panel().getByRole("heading", { name: "orders fall by half" }).waitFor();
    await panel().getByRole("heading", { name: /Earlier wordings/ }).waitFor();
    must((await panel().locator(".old").allInnerTexts()).some((old) => /^orders fall\s/.test(old) && old.includes("Mei Tanaka")), "the first wording is gone");
    await says(row("orders fall by half"), "corrected");
  });

  await check("the clock switches between UTC and this machine's zone, and every time with it", async () => {
    const before = await whenOf("orders fall by half");
    const kept = page.waitForResponse((r) => r.url().endsWith("save_settings"));
    await palette("Clock: this machine");
    await page.waitForFunction((old) => ![...document.querySelectorAll("[role=option] .when")].some((w) => w.textContent.trim() === old && w.closest("[role=option]").innerText.includes("orders fall by half")), before);
    const local = await whenOf("orders fall by half");
    must(local.slice(3) === before.slice(3) && local !== before, `${before} UTC is ${local} in Berlin`);
    await says(bar(), ZONE);
    await kept;
    await page.reload();
    await goTo(page, "Timeline");
    await row("orders fall by half").waitFor();
    must((await whenOf("orders fall by half")) === local, "the choice is forgotten");
    await palette("Clock: UTC");
    await page.waitForFunction(() => document.querySelector("header").innerText.includes("times in UTC"));
    must((await whenOf("orders fall by half")) === before, "it does not switch back");
  });

  await check("a handoff is written for a person, who accepts it", async () => {
    await goTo(page, "Handoff");
    await page.getByLabel("Handed over to").selectOption({ label: "Somebody else" });
    await page.getByLabel("Their name").fill("Tomas Rey");
    await page.getByLabel("In your own words").fill("Watch the carts until noon.");
    await page.getByRole("button", { name: "Write the note" }).click();
    const receipt = page.getByRole("region", { name: "Receipt" });
    await says(receipt, "waits for Tomas Rey");
    must((await receipt.getByRole("button", { name: /^Accept/ }).count()) === 0, "whoever wrote it can accept it");
    await receipt.getByRole("button", { name: "Switch person…" }).click();
    await dialog(page).getByLabel("Person").selectOption({ label: "Tomas Rey" });
    await send("Act as them");
    await receipt.getByRole("button", { name: "Accept as Tomas Rey" }).click();
    await says(receipt, "Tomas Rey is on duty since");
    await page.reload();
    await goTo(page, "Handoff");
    await page.getByLabel("Note", { exact: true }).selectOption({ index: 1 });
    await says(page.getByRole("region", { name: "Receipt" }), "accepted");
    await says(page.getByRole("region", { name: "The note" }), "Watch the carts until noon.");
    await palette("Mei Tanaka");
    await says(bar(), "Mei Tanaka");
  });

  await check("resolved, the postmortem is drafted from the record, and what is typed into it is saved by itself", async () => {
    await palette("Set the status");
    await dialog(page).getByRole("radio", { name: /^Resolved/ }).check();
    await send("Set");
    await goTo(page, "Postmortem");
    await page.getByRole("button", { name: "Draft from the record" }).click();
    const text = page.getByRole("textbox", { name: "Text of the postmortem" });
    await says(text, "orders fall by half");
    await text.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Enter");
    const kept = page.waitForResponse((r) => r.url().endsWith("save_document") && (r.request().postData() ?? "").includes(WORDS));
    await page.keyboard.type(WORDS);
    await page.getByText("Not saved yet").waitFor();
    await kept;
    await says(page.locator("main .tools [role=status]"), /saved \d\d:\d\d/);
    await page.reload();
    await goTo(page, "Postmortem");
    await says(page.getByRole("textbox", { name: "Text of the postmortem" }), WORDS);
  });

  await check("it is taken as Markdown and PDF, with every word", async () => {
    const bar = page.getByRole("group", { name: "Export" });
    const markdown = readFileSync(await taken(() => bar.getByRole("button", { name: "Markdown" }).click()), "utf8");
    must(markdown.includes(WORDS) && markdown.includes("orders fall by half"), "the Markdown lacks words");
    const pdf = await taken(() => bar.getByRole("button", { name: "PDF" }).click());
    const { out } = await program("pdftotext", [pdf, "-"]);
    must(out.replace(/\s+/g, " ").includes(WORDS), "the PDF lacks words");
  });

  await check("it is taken as HTML that opens without asking any network", async () => {
    const path = await taken(() => page.getByRole("group", { name: "Export" }).getByRole("button", { name: "HTML" }).click());
    const reader = await browser.newPage();
    const asked = [];
    reader.on("request", (r) => r.url().startsWith("data:") || asked.push(r.url()));
    await reader.goto(`file://${path}`, { waitUntil: "networkidle" });
    await reader.getByText(WORDS).waitFor();
    must(asked.length === 1 && asked[0].startsWith("file:"), `it asked for ${asked.join(", ")}`);
    await reader.close();
  });

  let bundle;
  await check("the incident leaves as one bundle", async () => {
    await palette("Export a bundle");
    await dialog(page).waitFor();
    bundle = await taken(() => dialog(page).getByRole("button", { name: "Export", exact: true }).click());
    await dialog(page).getByText(/^Exported/).waitFor();
    await closeDialog(page);
  });
  await check("nothing went wrong in the page, and nothing left for another host", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));

  // From here on the first desk is gone.
  await desk.stop();
  const other = await openScreen(addressFrom([await elsewhere.start(["serve"], "Hana Sato")]), { zone: ZONE });
  const there = other.page;
  const her = hand(there);
  try {
    await tally.check("a fresh installation opens the bundle and shows the same incident, read only", async () => {
      await her.palette("Open a recorded incident");
      await dialog(there).getByLabel("Bundle file").setInputFiles(bundle);
      await her.send("Open");
      await says(her.bar(), TITLE);
      must(!/bundled example/.test(await her.bar().innerText()), "it is taken for the bundled example");
      await goTo(there, "Timeline");
      for (const words of ["carts time out", "first complaint", "somebody restarted redis", "half a thought, now whole"]) await her.row(words).waitFor();
      must((await her.line().count()) === 0 && /Read only/.test(await there.locator("main").innerText()), "it can be written");
      await her.row("orders fall by half").click();
      await her.panel().getByRole("heading", { name: /Earlier wordings/ }).waitFor();
      await her.row("the graph of memory").click();
      await her.panel().locator("img").waitFor();
      await goTo(there, "Postmortem");
      await there.locator("main").getByText(WORDS).waitFor();
    });

    await tally.check("the bundle verifies there, and after one byte is changed it does not", async () => {
      await her.palette("Verify a bundle");
      await dialog(there).getByLabel("Bundle file").setInputFiles(bundle);
      await dialog(there).getByRole("button", { name: "Verify", exact: true }).click();
      await says(dialog(there).getByRole("status"), /It holds.*parts? and \d+ rows/);
      const bytes = readFileSync(bundle);
      bytes[Math.floor(bytes.length / 2)] ^= 1;
      const broken = join(folder, "broken.broadstreet");
      writeFileSync(broken, bytes);
      await dialog(there).getByLabel("Bundle file").setInputFiles(broken);
      await dialog(there).getByRole("button", { name: "Verify", exact: true }).click();
      await dialog(there).getByRole("alert").waitFor();
      must((await dialog(there).getByRole("status").count()) === 0, "it still says that it holds");
      await closeDialog(there);
    });

    await tally.check("nothing went wrong in the page of the other desk", async () => must(other.problems.length === 0, other.problems.slice(0, 8).join("\n")));
  } finally {
    await other.browser.close();
  }
} finally {
  await browser.close();
  for (const each of desks) {
    await each.stop();
    each.remove();
  }
  rmSync(folder, { recursive: true, force: true });
}
process.exit(tally.end());
