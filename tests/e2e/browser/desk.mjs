#!/usr/bin/env node
// Works a whole incident on the built screen (`npm run build` in ui/) with the pretend desk of `npm run dev`: command
// changes hands, tasks, hypotheses, decisions, the record and the palette, by key and by pointer, in both themes.
// `node desk.mjs`; starts and ends the desk itself.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { closeDialog, dialog, doors, goTo, knock, must, mustBeAccessible, mustBeAccessibleInBoth, openScreen, selectRow, settled, Tally, THEMES, useTheme } from "./screen.mjs";

const ui = new URL("../../../ui/", import.meta.url).pathname;

/** Starts a pretend desk on a free port and says where. */
function startDesk(env) {
  if (!existsSync(`${ui}dist/index.html`)) throw new Error("the screen is not built: npm run build in ui/");
  const child = spawn(process.execPath, ["node_modules/vite/bin/vite.js", "preview", "--config", "dev/vite.config.ts", "--port", "0"], { cwd: ui, env: { ...process.env, ...env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((yes, no) => {
    let said = "";
    const hear = (part) => {
      said += part;
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
      if (address) yes({ url: new URL(address), stop: () => child.kill() });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", () => no(new Error(`the pretend desk did not start: ${said}`)));
  });
}

const tally = new Tally();
const check = (name, work) => tally.check(name, work);
const watchdog = setTimeout(() => {
  console.log("FAIL the walk did not end within ten minutes");
  process.exit(1);
}, 600_000);
watchdog.unref();

async function on(env, work) {
  const desk = await startDesk(env);
  try {
    const { browser, page, problems } = await openScreen(desk.url);
    await work(page, problems).finally(() => browser.close());
  } finally {
    desk.stop();
  }
}
const send = async (page, name) => {
  await dialog(page).getByRole("button", { name, exact: true }).click();
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  await settled(page);
};
const run = async (page, words) => {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search or run" }).waitFor();
  await page.keyboard.type(words);
  await settled(page);
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Search or run" }).waitFor({ state: "detached" });
  await dialog(page).waitFor();
};

await on({}, async (page, problems) => {
  await goTo(page, "Command");
  // A step that failed leaves nothing in the way of the next.
  const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page);

  await check("an offer is answered by the person it was made to, after the brief was shown to them", async () => {
    await page.getByRole("button", { name: /^Brief and answer/ }).click();
    await dialog(page).waitFor();
    must(await dialog(page).getByRole("button", { name: "Accept command" }).isDisabled(), "anybody can accept");
    await dialog(page).getByRole("button", { name: "Tomas sits here now" }).click();
    await dialog(page).getByRole("heading", { name: "Situation" }).waitFor();
    await mustBeAccessibleInBoth(page);
    await send(page, "Accept command");
    must(/Tomas/.test(await page.getByTestId("commander").innerText()), "command did not move");
  });

  await check("command laid down is a loud gap, and can be taken", async () => {
    await page.getByRole("button", { name: "Lay command down…" }).click();
    await dialog(page).getByLabel("Why").fill("tired");
    await send(page, "Lay it down");
    must(/Nobody commands/.test(await page.getByTestId("vacant").innerText()), "the gap is not said");
    await mustBeAccessible(page);
    await page.getByTestId("vacant").getByRole("button", { name: "Take command…" }).click();
    await send(page, "Take command");
    must(/Tomas/.test(await page.getByTestId("commander").innerText()), "nobody commands");
  });

  await check("a task is given from the palette to somebody new, by key, and whoever acts stays", async () => {
    await run(page, "assign task");
    await page.keyboard.type("Look at the disks");
    await dialog(page).getByLabel("Owner").selectOption({ label: "Somebody else" });
    await dialog(page).getByLabel("Their name").fill("Hana");
    await send(page, "Assign");
    must(/Hana\s*Look at the disks/.test(await page.getByRole("list", { name: "Open tasks" }).innerText()), "the task is not there");
    must(/Tomas/.test(await page.getByRole("button", { name: /^Acting/ }).innerText()), "somebody else acts");
  });

  await check("a task checks in and ends with its outcome", async () => {
    await page.getByRole("button", { name: /^Look at the disks/ }).click();
    await dialog(page).getByRole("radio", { name: /^Done/ }).check();
    must(await dialog(page).getByRole("button", { name: "End the task" }).isDisabled(), "it ends without an outcome");
    await dialog(page).getByLabel("Condition, actions, needs").fill("They are fine");
    await send(page, "End the task");
    must(!/Look at the disks/.test(await page.getByRole("list", { name: "Open tasks" }).innerText()), "it is still open");
  });

  await check("a hypothesis is opened and eliminated with evidence", async () => {
    await knock(page, "Open a hypothesis…");
    await page.keyboard.type("The moon is full");
    await send(page, "Open");
    await page.getByRole("button", { name: /^Judge H4/ }).click();
    await dialog(page).getByRole("radio", { name: /^Eliminated/ }).check();
    await dialog(page).getByLabel("What speaks against it").fill("It is new");
    await send(page, "Record");
    must(/against\s+It is new/.test(await page.locator(".hyp", { hasText: "The moon is full" }).innerText()), "the evidence is not shown");
  });

  await check("a decision is objected to, and made", async () => {
    await page.getByRole("button", { name: /^Object to D/ }).first().click();
    await dialog(page).waitFor();
    await mustBeAccessibleInBoth(page);
    await closeDialog(page);
    await page.getByRole("button", { name: /^Make it/ }).click();
    await page.getByRole("button", { name: /^Make it/ }).waitFor({ state: "detached" });
  });

  await check("an update starts the clock again", async () => {
    await knock(page, "Send update…");
    await page.keyboard.type("We roll back");
    await send(page, "Record as sent");
    must(/1[45]:\d\d/.test(await page.locator("main .big").innerText()), "the clock did not start again");
  });

  await check("a refusal is said in the dialog, and nothing typed is lost", async () => {
    await page.route("**/api/call/set_objective", (route) => route.fulfill({ status: 400, contentType: "application/json", body: JSON.stringify({ code: "imported", message: "the record is read only", hint: "Open your own." }) }));
    await knock(page, "Set an objective…");
    await page.keyboard.type("All is well");
    await dialog(page).getByRole("button", { name: "Set", exact: true }).click();
    await dialog(page).getByRole("alert").waitFor();
    must(/read only.*Open your own/s.test(await dialog(page).getByRole("alert").innerText()), "it does not say what to do");
    must((await dialog(page).getByLabel("What must be true").inputValue()) === "All is well", "the text is gone");
    await page.unroute("**/api/call/set_objective");
    await closeDialog(page);
  });

  for (const theme of THEMES) {
    for (const view of ["Command", "Timeline"]) {
      await goTo(page, view);
      if (view === "Timeline") {
        await page.getByRole("option").last().click();
        await page.getByRole("complementary", { name: "Selected row" }).getByRole("heading", { level: 2 }).waitFor();
      }
      await useTheme(page, theme);
      await check(`${view} in ${theme} has no serious finding`, () => mustBeAccessible(page));
      for (const door of await doors(page)) {
        await check(`${view} in ${theme}: “${door.replace(/\s+/g, " ")}” opens, is accessible and closes`, async () => {
          try {
            await knock(page, door);
            await useTheme(page, theme);
            await mustBeAccessible(page);
          } finally {
            await closeDialog(page);
          }
        });
      }
    }
  }
  await check("nothing went wrong in the page", async () => {
    const bad = problems.filter((p) => !p.includes("400 (Bad Request)"));
    must(bad.length === 0, bad.join("\n"));
  });
});

await on({ ROWS: "10000" }, async (page) => {
  const line = page.getByLabel("New line in the record");
  await goTo(page, "Timeline");
  await page.getByRole("option").first().waitFor();

  await check("ten thousand rows draw only those in sight, and j and k walk them", async () => {
    must((await page.getByRole("option").count()) < 60, "too many rows are drawn");
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    const before = await page.locator("[role=option][aria-selected=true]").getAttribute("data-row");
    await page.keyboard.press("j");
    must((await page.locator("[role=option][aria-selected=true]").getAttribute("data-row")) !== before, "j does nothing");
    await page.getByRole("listbox", { name: /^Record/ }).focus();
    await page.keyboard.press("Home");
    must((await page.locator("[role=option][aria-selected=true]").getAttribute("aria-posinset")) === "1", "Home does not lead to the first");
    await mustBeAccessible(page);
  });

  await check("keys are painted among ten thousand rows (how fast is measured by `make bench`)", async () => {
    const slow = await page.evaluate(async () => {
      const input = document.querySelector("[aria-label='New line in the record']");
      const times = [];
      for (let i = 0; i < 60; i++) {
        const began = performance.now();
        input.value += "x";
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        times.push(performance.now() - began);
      }
      input.value = "";
      input.dispatchEvent(new Event("input", { bubbles: true }));
      // The middle one: a machine that also compiles has its hiccups.
      return times.sort((a, b) => a - b)[30];
    });
    must(slow < 2000, `it took ${slow.toFixed(1)} ms`);
  });

  await check("`N` writes, @ completes a name, and what is typed survives a restart", async () => {
    await page.getByRole("listbox", { name: /^Record/ }).focus();
    await page.keyboard.press("n");
    await page.keyboard.type("-4m carts drop @red");
    await page.getByRole("listbox", { name: "Objects" }).getByRole("option").first().waitFor();
    await page.keyboard.press("Enter");
    const kept = page.waitForResponse((r) => r.url().endsWith("save_draft") && (r.request().postData() ?? "").includes("again"));
    await page.keyboard.type("again");
    await kept;
    await page.reload();
    await goTo(page, "Timeline");
    await page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']")?.value.endsWith("again"));
    await line.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("option").filter({ hasText: "carts drop @redis-cart again" }).waitFor();
    must((await line.inputValue()) === "", "the line is not empty");
  });

  await check("an hour that occurs twice is asked about before it is recorded", async () => {
    await line.fill("02:30 the clocks changed");
    await page.getByRole("group", { name: "Which of the two" }).waitFor();
    await page.keyboard.press("Enter");
    must((await line.inputValue()) !== "", "it was recorded without an answer");
    await page.getByRole("group", { name: "Which of the two" }).getByRole("button").first().click();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("[aria-label='New line in the record']")?.value === "");
  });

  await check("a lost answer is tried again without a second row", async () => {
    let lost = false;
    await page.route("**/api/call/write_entry", async (route) => {
      if (lost) return route.continue();
      lost = true;
      await route.fetch();
      await route.abort();
    });
    await line.fill("written once");
    await page.keyboard.press("Enter");
    await page.getByText(/^Not recorded/).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("option").filter({ hasText: "written once" }).first().waitFor();
    must((await page.getByRole("option").filter({ hasText: "written once" }).count()) === 1, "it was written twice");
  });

  await check("a pasted picture is attached, and shown beside its row", async () => {
    await line.evaluate((input) => {
      const bytes = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], "graph.png", { type: "image/png" }));
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    });
    await page.getByRole("list", { name: "To be attached" }).getByText("graph.png").waitFor();
    await line.fill("the graph of memory");
    await page.keyboard.press("Enter");
    await page.getByRole("option").filter({ hasText: "the graph of memory" }).waitFor();
    await selectRow(page, "the graph of memory");
    await page.getByRole("complementary", { name: "Selected row" }).getByRole("img", { name: "graph.png" }).waitFor();
  });

  await check("a selected row moves the instant the map shows", async () => {
    await page.getByRole("listbox", { name: /^Record/ }).focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press("k");
    const row = page.locator("[role=option][aria-selected=true] .when");
    const time = (await row.innerText()).replace("~", "");
    await goTo(page, "Command");
    const shown = await page.getByTestId("moment").innerText();
    must(shown.startsWith(time.slice(0, 5)), `the row is of ${time}, the map of ${shown}`);
    await goTo(page, "Timeline");
  });

  await check("a machine's row cannot be corrected, a person's can, and the old wording stays", async () => {
    const panel = page.getByRole("complementary", { name: "Selected row" });
    await selectRow(page, "written once");
    await panel.getByRole("button", { name: "Correct…" }).click();
    await dialog(page).getByLabel("Wording").fill("written once and better");
    await send(page, "Correct");
    await panel.getByRole("heading", { name: /Earlier wordings/ }).waitFor();
    await page.getByRole("button", { name: /^Alerts/ }).click();
    await page.getByRole("option").first().click();
    must((await panel.getByRole("button", { name: "Correct…" }).count()) === 0, "a machine's row can be corrected");
    await page.getByRole("button", { name: "Show all" }).click();
  });
});

for (const [env, says] of [[{ INCIDENT: "none" }, "No incident is open"], [{ MODE: "closed" }, "Nothing is open"]]) {
  await on(env, async (page) => {
    for (const view of ["Command", "Timeline"]) {
      await check(`${view} says “${says}” and what to do, and is accessible`, async () => {
        await goTo(page, view);
        await page.locator("main").getByText(says).first().waitFor();
        must((await page.locator("main").getByRole("button").count()) > 0, "there is nothing to do");
        for (const theme of THEMES) {
          await useTheme(page, theme);
          await mustBeAccessible(page);
        }
        for (const door of await doors(page)) {
          await knock(page, door);
          await mustBeAccessible(page);
          await closeDialog(page);
        }
      });
    }
  });
}
process.exit(tally.end());
