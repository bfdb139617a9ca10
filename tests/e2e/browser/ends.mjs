#!/usr/bin/env node
// How incidents end and begin again at the screen of the real program: resolved and another declared, closed as a duplicate
// or declined, reopened with a reason, and the program itself gone and back. `node ends.mjs`; BROADSTREET names the program.
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, goTo, knock, must, mustBeAccessible, mustBeAccessibleInBoth, openScreen, Tally } from "./screen.mjs";

const FIRST = "Carts cannot be written";
const SECOND = "Checkout is slow";
const tally = new Tally();
within(6);

const desk = freshDesk("laptop");
const { browser, page, problems } = await openScreen(addressFrom([await desk.start(["serve"], "Mei Tanaka")]));
const { bar, line, row, emptied, send, palette, declare } = hand(page);
// A step that failed leaves nothing in the way of the next.
const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page).catch(() => {});
const status = async (to) => {
  await palette("Set the status");
  await dialog(page).getByRole("radio", { name: to }).check();
  await send("Set");
};
/** Closes the shown incident through its dialog, by keys in the palette. */
const close = async (as, why, of) => {
  await palette("Close the incident");
  await dialog(page).getByRole("radio", { name: as }).check();
  const button = dialog(page).getByRole("button", { name: "Close it", exact: true });
  must(await button.isDisabled(), "it closes without a reason");
  await dialog(page).getByLabel("Why").fill(why);
  if (of) {
    must(await button.isDisabled(), "it is a duplicate of nothing");
    const option = dialog(page).getByLabel("Of").locator("option").filter({ hasText: of });
    await dialog(page).getByLabel("Of").selectOption(await option.getAttribute("value"));
  }
  await mustBeAccessibleInBoth(page);
  await send("Close it");
};
const reopen = async (why) => {
  await knock(page, "Reopen…");
  must(await dialog(page).getByRole("button", { name: "Reopen", exact: true }).isDisabled(), "it reopens without a reason");
  await says(dialog(page), "Mei Tanaka commands as before");
  await page.keyboard.type(why);
  await mustBeAccessibleInBoth(page);
  await send("Reopen");
};

try {
  await check("an incident is declared, and while it is open nothing but the palette offers another", async () => {
    await says(bar(), "bundled example");
    await palette("declare");
    await declare(FIRST);
    await goTo(page, "Command");
    must((await page.getByRole("button", { name: /^Declare/ }).count()) === 0, "a second is offered first");
  });

  await check("once it is resolved, the bar offers the next, once, and the desk shows it", async () => {
    await status(/^Resolved/);
    await bar().getByRole("button", { name: "Declare another…" }).waitFor();
    must((await page.getByRole("button", { name: /^Declare/ }).count()) === 1, "the next is offered twice");
    await bar().getByRole("button", { name: "Declare another…" }).click();
    await declare(SECOND);
    await says(page.locator("nav [aria-current]"), "Command");
    must(!(await bar().innerText()).includes(FIRST), "the first is still shown");
    await says(page.getByTestId("commander"), "Mei Tanaka");
  });

  await check("it is closed as a duplicate of the other, and reopened with a reason", async () => {
    await close(/^Duplicate/, "the same story", FIRST);
    await says(bar(), /duplicate|closed/i);
    await reopen("it is another story");
    await goTo(page, "Timeline");
    await row(/duplicate.*the same story|the same story/).first().waitFor();
    await row("it is another story").waitFor();
    await goTo(page, "Command");
    await says(page.getByTestId("commander"), "Mei Tanaka");
  });

  await check("it is closed as declined, and reopened again", async () => {
    await close(/^Declined/, "nobody was harmed");
    await bar().getByRole("button", { name: "Declare another…" }).waitFor();
    await reopen("somebody was");
    await goTo(page, "Timeline");
    await row("nobody was harmed").waitFor();
    await row("somebody was").first().waitFor();
  });

  await check("the archive shows both with how they stand, and leads back to the first", async () => {
    await goTo(page, "Archive");
    const first = page.getByRole("row").filter({ hasText: FIRST });
    await says(first, /resolved/i);
    await page.getByRole("row").filter({ hasText: SECOND }).waitFor();
    await first.getByRole("button", { name: new RegExp(FIRST) }).click();
    await says(bar(), FIRST);
    await goTo(page, "Archive");
    await page.getByRole("row").filter({ hasText: SECOND }).getByRole("button", { name: new RegExp(SECOND) }).click();
    await says(bar(), SECOND);
  });

  await check("the clock of an incident under way runs on, without a cluster too", async () => {
    const clock = bar().getByText(/\d\d:\d\d:\d\d/).first();
    const before = await clock.innerText();
    await page.waitForFunction((old) => !document.querySelector("header").innerText.includes(old), before);
  });

  const port = new URL(desk.address).port;
  await check("the desk goes away: the screen says since when, keeps what it shows, and loses nothing typed", async () => {
    await goTo(page, "Timeline");
    await row("somebody was").first().waitFor();
    await line().fill("written while nobody listens");
    await desk.stop();
    await page.getByText("The desk does not answer", { exact: true }).waitFor();
    await mustBeAccessible(page);
    await row("somebody was").first().waitFor();
    await line().press("Enter");
    await page.getByText(/^Not recorded/).waitFor();
    must((await line().inputValue()) === "written while nobody listens", "what was typed is gone");
  });

  await check("a desk started anew at the same place says that its address is another", async () => {
    await desk.start(["serve", "--port", port], "Mei Tanaka");
    await page.getByText(/open the address that/).waitFor();
    must((await line().inputValue()) === "written while nobody listens", "what was typed is gone");
  });

  await check("its new address in the same tab brings everything back, and the next line is recorded", async () => {
    await page.evaluate((link) => (window.location.href = link), desk.link);
    await page.waitForLoadState("load");
    await page.getByText("The desk does not answer", { exact: true }).waitFor({ state: "detached" });
    await goTo(page, "Archive");
    await page.getByRole("row").filter({ hasText: SECOND }).getByRole("button", { name: new RegExp(SECOND) }).click();
    await says(bar(), SECOND);
    await goTo(page, "Timeline");
    await line().fill("heard again");
    await line().press("Enter");
    await emptied();
    await row("heard again").waitFor();
    await row("somebody was").first().waitFor();
  });

  await check("nothing went wrong in the page but what was asked of a desk that was not there", async () => {
    const bad = problems.filter((it) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|401 \(Unauthorized\)/.test(it));
    must(bad.length === 0, bad.slice(0, 8).join("\n"));
  });
} finally {
  await browser.close();
  await desk.stop();
  desk.remove();
}
process.exit(tally.end());
