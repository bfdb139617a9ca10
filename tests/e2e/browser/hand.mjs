// What a person does at the screen, in words: runs something from the palette, sends a dialog, writes a line. Shared by the
// walks that start the real program themselves.
import { Desk } from "../walk/desk.mjs";
import { dialog, settled } from "./screen.mjs";

/** A desk in a folder of its own, on a machine where nobody ever set up a cluster. */
export function freshDesk(device, env = {}) {
  const desk = new Desk({ KUBECONFIG: undefined, BROADSTREET_DATABASE: undefined, BROADSTREET_AS: undefined, BROADSTREET_DEVICE: device, ...env });
  desk.env.HOME = desk.folder;
  return desk;
}

/** Ends the walk where it hangs. */
export function within(minutes) {
  setTimeout(() => {
    console.log(`not ok the walk ends within ${minutes} minutes`);
    process.exit(1);
  }, minutes * 60_000).unref();
}

/** Waits for a part of the page to say something. */
export const says = (locator, words) => locator.filter({ hasText: words }).first().waitFor();

/** A hand at one page. */
export function hand(page) {
  const bar = () => page.getByRole("banner");
  const line = () => page.getByLabel("New line in the record");
  const row = (words) => page.getByRole("option").filter({ hasText: words });
  const panel = () => page.getByRole("complementary", { name: "Selected row" });
  const whenOf = async (words) => (await row(words).locator(".when").innerText()).trim();
  const emptied = () => page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']")?.value === "");

  /** Presses the button that sends the dialog, and waits until it is gone. */
  const send = async (name) => {
    await dialog(page).getByRole("button", { name, exact: true }).click();
    await page.waitForFunction(() => !document.querySelector("dialog[open]"));
    await settled(page);
  };

  /** Ctrl K, words, Enter. */
  const palette = async (words) => {
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: "Search or run" });
    await field.fill(words);
    await page.locator("dialog [role=option][aria-selected=true]").filter({ hasText: new RegExp(words, "i") }).waitFor();
    await page.keyboard.press("Enter");
    await field.waitFor({ state: "detached" });
  };

  /** Types a line, waits until it is understood as it should be, and records it with Enter. */
  const write = async (words, understood) => {
    await line().fill(words);
    await says(page.locator(".says"), understood);
    await line().press("Enter");
    await emptied();
  };

  /** Fills and sends the dialog of declaring, which is open. */
  const declare = async (title, zone) => {
    await dialog(page).getByLabel("What is wrong, in one line").fill(title);
    await dialog(page).getByRole("radio", { name: /^SEV 2/ }).check();
    if (zone) await dialog(page).getByLabel("Times are read and written in").selectOption(zone);
    await send("Declare");
    await says(bar(), title);
  };

  return { bar, line, row, panel, whenOf, emptied, send, palette, write, declare };
}
