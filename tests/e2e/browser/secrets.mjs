#!/usr/bin/env node
// A machine without a keyring, at the screen of the real program: the password a source needs is asked for when its cluster
// is opened, can be put off, and lies nowhere on disk; then the source is removed, and another is found in the cluster.
// `node secrets.mjs`; BROADSTREET names the program.
import { holding, until } from "../walk/desk.mjs";
import { PretendAlertmanager } from "./alertmanager.mjs";
import { PretendCluster } from "./cluster.mjs";
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, goTo, must, mustBeAccessible, mustBeAccessibleInBoth, openScreen, Tally } from "./screen.mjs";

const PASSWORD = "swordfish-of-the-walk";
const tally = new Tally();
within(5);

const manager = await new PretendAlertmanager(PASSWORD).start();
const { asked, answers } = manager;
const cluster = await new PretendCluster().start();
const desk = freshDesk("laptop", { BROADSTREET_NO_KEYRING: "1" });
const words = ["serve", "--kubeconfig", cluster.kubeconfig];
await desk.start(words, "Mei Tanaka");
await desk.call("save_source", manager.source(PASSWORD));
await until(30, "it is asked with its password", () => asked.well > 0);
await desk.stop();
asked.badly = 0;

const { browser, page, problems } = await openScreen(addressFrom([await desk.start(words, "Mei Tanaka")]));
const { send } = hand(page);
const check = (name, work) => tally.check(name, work);
const bar = page.getByRole("alert").filter({ hasText: "password is not at hand" });
const field = () => dialog(page).getByLabel("Alertmanager, main: password of reader");

try {
  await check("after a restart the cluster opens, and the password is asked for at once", async () => {
    await field().waitFor();
    await says(dialog(page), "kept in memory until Broadstreet ends");
    must(await field().evaluate((input) => input === document.activeElement), "one cannot type at once");
    must(await dialog(page).getByRole("button", { name: "Ask with it" }).isDisabled(), "it is sent without a password");
    must(asked.badly === 0, `the source was asked ${asked.badly} times without its password`);
    await mustBeAccessibleInBoth(page);
  });

  await check("it can be put off: nothing is asked twice, and a line says what is missing", async () => {
    await dialog(page).getByRole("button", { name: "Not now" }).click();
    await page.waitForFunction(() => !document.querySelector("dialog[open]"));
    await says(bar, "Nothing is asked of Alertmanager");
    await goTo(page, "Command");
    await goTo(page, "Map");
    await page.getByRole("group", { name: /^Plan of/ }).waitFor();
    must((await dialog(page).count()) === 0, "it is asked again while the same cluster is open");
    must(asked.badly === 0, "the source was asked without its password");
    await mustBeAccessible(page);
  });

  await check("the line leads back to the question; with the password the source answers and the line goes", async () => {
    await bar.getByRole("button", { name: "Enter it…" }).click();
    await field().fill(PASSWORD);
    await send("Ask with it");
    await bar.waitFor({ state: "detached" });
    await until(30, "the source is live", async () => (await desk.call("desk")).sources.find((one) => one.id === "alertmanager:main")?.state === "live");
    must(asked.badly === 0, "the source was asked without its password");
  });

  await check("what the source is can be changed, and it is removed after a question", async () => {
    await goTo(page, "Settings");
    const source = page.getByRole("region", { name: "Sources", exact: true }).getByRole("article").filter({ hasText: "Alertmanager" });
    await source.getByRole("button", { name: /^Change/ }).click();
    await says(dialog(page), "One is kept");
    await mustBeAccessibleInBoth(page);
    await closeDialog(page);
    await source.getByRole("button", { name: /^Remove/ }).click();
    await says(dialog(page), "its secret is forgotten");
    await mustBeAccessibleInBoth(page);
    await closeDialog(page);
    await source.waitFor();
    await source.getByRole("button", { name: /^Remove/ }).click();
    await send("Remove");
    await source.waitFor({ state: "detached" });
    must((await desk.call("settings")).sources.length === 0, "it is still there");
  });

  await check("an Alertmanager in the cluster is found, and asked through the API server for its tenant", async () => {
    cluster.behind = (service, path, headers) => (service === "alertmanager-main:web" && headers["x-scope-orgid"] === "blue" ? (answers[path] ?? []) : undefined);
    cluster.put("/api/v1/services", { metadata: { name: "alertmanager-main", namespace: "shop" }, spec: { clusterIP: "10.0.0.7", ports: [{ name: "web", port: 9093 }] } });
    const sources = page.getByRole("region", { name: "Sources", exact: true });
    await until(30, "the Service is seen", async () => (await desk.call("discover_sources")).length === 1);
    await sources.getByRole("button", { name: "Find in the cluster" }).click();
    await says(sources.getByRole("heading", { level: 3 }), /Found in shop\s*1/);
    await says(sources, "Service shop/alertmanager-main:web, through the cluster");
    await mustBeAccessible(page);
    await sources.getByRole("button", { name: /^Add\s*alertmanager-main/ }).click();
    must((await dialog(page).getByLabel("Service").inputValue()) === "alertmanager-main", "the form does not name it");
    must((await dialog(page).getByLabel("Proves who asks by").count()) === 0, "it offers what the API server does not pass on");
    await dialog(page).getByText("More", { exact: true }).click();
    await dialog(page).getByLabel("Tenant").fill("blue");
    await mustBeAccessibleInBoth(page);
    await send("Save and ask it");
    await sources.getByRole("article").filter({ hasText: "alertmanager-main" }).locator("i.live").waitFor();
    await sources.getByRole("button", { name: "Find in the cluster" }).click();
    await says(sources, "No Service of Alertmanager or Prometheus that is not set up already.");
  });

  await check("the password stands in no file and in no answer", async () => {
    must(!JSON.stringify(await desk.call("settings")).includes(PASSWORD), "the settings tell it");
    must(holding(desk.folder, PASSWORD).length === 0, `it lies in ${holding(desk.folder, PASSWORD).join(", ")}`);
    must(!desk.log.includes(PASSWORD), "the log holds it");
  });

  await check("nothing went wrong in the page", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
} finally {
  await closeDialog(page).catch(() => {});
  await browser.close();
  await desk.stop();
  if (tally.failed) console.log(desk.log.slice(-2000));
  desk.remove();
  cluster.stop();
  manager.stop();
}
process.exit(tally.end());
