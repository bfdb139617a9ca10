#!/usr/bin/env node
// The lab's cluster with its Alertmanager, Prometheus and Icinga 2 on the screen: sources set up by hand in Settings, why a
// house is red and which alert stands there, what nobody was told, the pager's ledger, and what holds without any of them.
// LAB_JSON=…/lab.json BROADSTREET=…/broadstreet node live-cases.mjs
import { fault, icinga, lab, startPager, stopPager, until } from "../walk/desk.mjs";
import { freshDesk, hand, says, within } from "./hand.mjs";
import { addressFrom, closeDialog, dialog, goTo, knock, must, mustBeAccessible, mustBeAccessibleInBoth, neverRests, openScreen, Tally } from "./screen.mjs";

const HOUSE = "redis-cart";
const it = lab();
const tally = new Tally();
within(12);

const desk = freshDesk("laptop");
const { browser, page, problems } = await openScreen(addressFrom([await desk.start(["serve", "--kubeconfig", it.readonly], "Mei Tanaka")]));
neverRests(page);
const { send } = hand(page);
// A step that failed leaves nothing in the way of the next.
const check = async (name, work) => (await tally.check(name, work)) || closeDialog(page).catch(() => {});

const sources = page.getByRole("region", { name: "Sources", exact: true });
const source = (kind) => sources.getByRole("article").filter({ hasText: kind });
const panel = page.getByRole("complementary", { name: "Selected object" });
const trouble = page.getByRole("complementary", { name: "Where it hurts" });
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
const flat = (words) => words.replace(/\s+/g, " ").trim();
/** What the desk says of the house; the screen must say the same. */
const house = async () => {
  const found = (await desk.call("find", { query: HOUSE, limit: 20 })).find((one) => one.id.endsWith(`/Deployment/boutique/${HOUSE}`));
  return found && desk.call("object", { id: found.id });
};

/** Adds a source by hand, and waits until the list says that it answers. */
async function add(kind, address, fill = async () => {}) {
  await knock(page, "Add a source…");
  await dialog(page).getByLabel("What it is").selectOption({ label: kind });
  await dialog(page).getByLabel("Address").fill(address);
  await dialog(page).getByText("More", { exact: true }).click();
  await dialog(page).getByLabel("Asked every (seconds)").fill("1");
  await fill(dialog(page));
  await send("Save and ask it");
  await source(kind).locator("i.live").waitFor();
}

/** Takes a source away, as a person does. */
async function remove(kind) {
  await source(kind).getByRole("button", { name: /^Remove/ }).click();
  await dialog(page).waitFor();
  await mustBeAccessible(page);
  await send("Remove");
  await source(kind).waitFor({ state: "detached" });
}

/** Selects the house in the list of what is hottest. */
async function selectHouse() {
  await goTo(page, "Map");
  if (await panel.count()) await panel.getByRole("button", { name: "Close the panel" }).click();
  await trouble.getByRole("button").filter({ hasText: HOUSE }).first().click();
  await panel.getByRole("heading", { level: 2, name: HOUSE, exact: true }).waitFor();
}

/** The reason and the field are those the desk says at the same time, and the house is in trouble. */
const tellsWhy = () =>
  until(60, "the panel says why, as the desk does", async () => {
    const view = await house();
    const reason = page.getByTestId("reason");
    const why = flat(await reason.locator(".why").innerText({ timeout: 2000 }));
    const field = flat(await reason.locator(".field-name").innerText({ timeout: 2000 }));
    const tag = flat(await panel.locator(".tag").first().innerText({ timeout: 2000 }));
    must(["critical", "warning"].includes(view.health), `it is ${view.health}`);
    must(/^(Critical|Degraded)$/.test(tag), `the tag says ${tag}`);
    must(why === flat(capital(view.reason)) && why.length > 10, `the screen says “${why}”, the desk “${view.reason}”`);
    must(field === flat(view.field) && field.length > 5, `the screen names ${field}, the desk ${view.field}`);
    return `${why} [${field}]`;
  });

/** Keeps every case that stood, however shortly, under “Nobody has been told”: a pending one soon fires. */
async function rememberUntold() {
  await page.evaluate(() => {
    window.untold = new Set();
    const look = () => {
      for (const section of document.querySelectorAll("aside .sec")) {
        if (!section.querySelector("h3")?.textContent.startsWith("Nobody has been told")) continue;
        for (const one of section.querySelectorAll("li")) window.untold.add(one.innerText.replace(/\s+/g, " ").trim());
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  });
}

const CHANNELS = { command: "Command", email: "Email", sms: "SMS" };
const time = (at) => at.slice(11, 19);
/** What a row of the ledger must show, in the words of the desk's own answer. */
function expected(attempt) {
  const never = (field) => attempt.never_told.some((told) => told === field || told === `${field}_at`);
  const cell = (field) => (attempt[`${field}_at`] ? time(attempt[`${field}_at`]) : never(field) ? "not known" : "");
  return { who: attempt.who || "not known", channel: never("channel") ? "not known" : (CHANNELS[attempt.channel] ?? attempt.channel), step: attempt.step === null ? "" : `Step ${attempt.step}`, queued: cell("queued"), sent: cell("sent"), delivered: cell("delivered"), acked: cell("acked"), by: attempt.acked_by };
}
/** One row of the ledger as it is read: its cells' words. */
async function shownRows() {
  const rows = await page.getByRole("table", { name: "Attempts" }).locator(".pg").evaluateAll((all) => all.map((row) => [...row.querySelectorAll("[role=cell]")].map((cell) => cell.innerText.replace(/\s+/g, " ").trim())));
  return rows.map(([who, channel, step, queued, sent, delivered, acked, , outcome]) => ({ who, channel, step, queued, sent, delivered, acked, outcome }));
}
/** The same moment: to the second shown, with its day before it where that is another. */
const same = (shown, wanted) => (wanted === "" ? !/\d\d:\d\d:\d\d/.test(shown) && shown !== "" : shown === wanted || shown.endsWith(` ${wanted}`));
const fits = (row, want) =>
  row.who.endsWith(want.who) && row.channel === want.channel && row.step.startsWith(want.step) && row.outcome !== "" &&
  same(row.queued, want.queued) && same(row.sent, want.sent) && same(row.delivered, want.delivered) &&
  (want.by ? row.acked.includes(want.by) && row.acked.includes(want.acked) : same(row.acked, want.acked));

try {
  await check("the cluster's sources are added by hand in Settings, and each says that it answers", async () => {
    await goTo(page, "Settings");
    await add("Alertmanager", it.alertmanager);
    await add("Prometheus", it.prometheus);
    await add("Icinga 2", it.icinga, async (form) => {
      await form.getByLabel("User").fill("lab");
      await form.getByLabel("Password").fill("lab");
      await form.getByLabel("Own CA (path)").fill(it.ca);
    });
    must(!(await sources.innerText()).includes("lab:lab"), "the list tells a secret");
    await mustBeAccessible(page);
  });

  await check("a house whose image was made bad turns red on the map, and an alert stands there by a label that is named", async () => {
    await goTo(page, "Map");
    await trouble.waitFor();
    await rememberUntold();
    await fault("crash-loop", HOUSE);
    await fault("image-pull", "adservice");
    await until(120, "the desk has a case at the house", async () => (await house())?.cases.some((c) => c.state === "firing"));
    await trouble.getByRole("button").filter({ hasText: HOUSE }).filter({ hasText: /alert|critical|warning/i }).first().waitFor();
  });

  await check("what Prometheus knows and nobody was told of, or only a receiver that tells nobody, is said so", async () => {
    const all = await until(120, "a pending one, and one whose receiver tells nobody", async () => {
      const seen = await page.evaluate(() => [...window.untold]);
      const told = seen.filter((words) => words.includes("Nobody has been told"));
      return told.some((words) => /pending, at /.test(words)) && told.some((words) => !/pending, at /.test(words) && /receiver/.test(words)) && told;
    });
    must(all.every((words) => /placed by \S/.test(words)), `one does not say what placed it: ${all.find((words) => !/placed by \S/.test(words))}`);
    await page.getByRole("button", { name: /untold$/ }).click();
    await says(trouble.getByRole("heading", { level: 3 }), /Nobody has been told\s*[1-9]/);
    await mustBeAccessible(page);
  });

  await check("the house says why it is red, which field says so, and the label that placed each alert", async () => {
    await selectHouse();
    await tellsWhy();
    await until(60, "the cases are those of the desk", async () => {
      const firing = (await house()).cases.filter((c) => c.state === "firing");
      must(firing.length > 0, "no alert fires");
      const rows = (await panel.locator("li.case").allInnerTexts()).map(flat);
      const missing = firing.filter((c) => !rows.some((row) => row.includes(c.name) && row.includes(`placed by ${c.label}`) && row.includes(time(c.starts_at))));
      must(missing.length === 0, `${JSON.stringify(missing[0])} is not among ${rows.join(" | ")}`);
      must(firing.every((c) => c.label !== ""), "an alert was placed by nothing");
      return true;
    });
    await mustBeAccessible(page);
  });

  await check("logs, the whole object and its metrics are one key away from the selected house", async () => {
    await page.locator("h2", { hasText: HOUSE }).click();
    await page.keyboard.press("o");
    const logs = page.getByRole("region", { name: `Logs of Deployment ${HOUSE}` });
    await logs.getByText("no answer from redis-cart:6379").first().waitFor();
    await logs.getByRole("searchbox").fill("cart 500");
    await says(logs.getByRole("status"), /1 of \d+/);
    await mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await logs.locator("header .mono").first().click();
    await page.keyboard.press("y");
    const yaml = page.getByRole("region", { name: `YAML of Deployment ${HOUSE}` });
    await yaml.getByText("kind: Deployment").waitFor();
    must(!/value: (?!\(covered\)|"\(covered\)"|'\(covered\)')\S/.test((await yaml.innerText()).split("env:")[1] ?? ""), "a value of the environment is shown");
    await mustBeAccessible(page);
    await page.keyboard.press("m");
    const metrics = page.getByRole("region", { name: `Metrics of Deployment ${HOUSE}` });
    await metrics.getByRole("img", { name: /^Restarts of redis-cart: last [1-9]/ }).waitFor();
    await metrics.getByText(/Nobody measures it/).first().waitFor();
    await mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await metrics.waitFor({ state: "detached" });
  });

  await check("the ledger shows who was paged at the first step, and whom the second step woke", async () => {
    await until(120, "the pager went on to its second step", async () => (await desk.call("pages")).attempts.some((a) => a.step === 2));
    await goTo(page, "Pages");
    await page.getByRole("radio", { name: "Times", exact: true }).check();
    for (const [who, step] of [["alice", /^Step 1/], ["bob", /^Step 2/]]) {
      await page.locator(".pg").filter({ has: page.getByRole("cell", { name: step }) }).filter({ hasText: who }).first().waitFor();
    }
    await mustBeAccessible(page);
  });

  await check("every row of it is what the desk says, and an acknowledgement appears with who and when", async () => {
    const subject = await until(120, "a page of the second step nobody answered", async () => {
      const { attempts } = await desk.call("pages");
      const services = (await icinga(it, "GET", "/v1/objects/services")).results.map((one) => one.attrs);
      const open = new Set(services.filter((s) => s.state === 2 && s.acknowledgement === 0).map((s) => `${s.host_name}!${s.name}`));
      const told = attempts.find((a) => a.step === 2 && open.has(a.subject_id));
      if (!told) return false;
      const [host, service] = told.subject_id.split("!");
      const done = await icinga(it, "POST", "/v1/actions/acknowledge-problem", { type: "Service", filter: `host.name=="${host}" && service.name=="${service}"`, author: "bob", comment: "looking", notify: true });
      return done.results.some((r) => r.code === 200) && told.subject_id;
    });
    // Pages go out meanwhile: both are read until no page came between.
    await until(60, "the rows are the desk's", async () => {
      const { attempts } = await desk.call("pages");
      const acked = attempts.filter((a) => a.subject_id === subject && a.acked_at);
      must(acked.length > 0 && acked.every((a) => a.acked_by === "bob"), "the desk does not know who acknowledged");
      const left = await shownRows();
      must(left.length === attempts.length, `${left.length} rows for ${attempts.length} attempts`);
      for (const attempt of attempts) {
        const want = expected(attempt);
        const at = left.findIndex((row) => fits(row, want));
        must(at >= 0, `no row shows ${JSON.stringify(want)} among ${JSON.stringify(left.filter((row) => row.who.endsWith(want.who)).slice(0, 6))}`);
        left.splice(at, 1);
      }
      return true;
    });
    const { attempts } = await desk.call("pages");
    must(attempts.some((a) => a.never_told.length > 0), "this pager tells everything");
    must((await shownRows()).some((row) => [row.queued, row.delivered].includes("not known")), "nothing is said to be not known");
  });

  await check("the same stands on one axis, and how many firing alerts told nobody above it", async () => {
    await page.getByRole("radio", { name: "One axis" }).check();
    await says(page.locator(".pg .sr-only"), /acknowledged [^,]*\d\d:\d\d:\d\d by bob/);
    await until(30, "the box counts what the desk counts", async () => {
      const { nobody_told: untold } = await desk.call("pages");
      const box = flat(await page.getByRole("region", { name: "Nobody has been told" }).innerText());
      must(untold.length ? box.includes(`about ${untold.length} firing alert`) : /Nobody has been told: none/.test(box), `${untold.length} untold, the box says: ${box.slice(0, 120)}`);
      return true;
    });
    await mustBeAccessible(page);
  });

  await check("a stopped pager leaves the ledger old, not empty, and says so", async () => {
    const { attempts } = await desk.call("pages");
    try {
      await stopPager(it);
      const { label } = await until(60, "the pager is stale", async () => (await desk.call("pages")).pagers.find((one) => one.state === "stale"));
      const mark = page.getByRole("region", { name: "Paging ledger" }).locator("header .row").filter({ hasText: label });
      await says(mark, /late|lost/);
      must((await page.locator(".pg").count()) >= attempts.length, "rows are gone");
      await mustBeAccessible(page);
    } finally {
      await startPager();
    }
    await until(60, "the pager is back", async () => (await desk.call("pages")).pagers[0].state === "live");
    await says(page.getByRole("region", { name: "Paging ledger" }).locator("header .row"), /live/);
  });

  await check("an alert no label places is placed by hand, and the place is taken back", async () => {
    const told = [{ labels: { alertname: "NobodyKnowsWhere", team: "cart" }, annotations: { summary: "It does not say" } }];
    const sent = await fetch(`${it.alertmanager}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told) });
    must(sent.ok, `Alertmanager answered ${sent.status}`);
    await goTo(page, "Map");
    if (await panel.count()) await panel.getByRole("button", { name: "Close the panel" }).click();
    const stray = trouble.getByRole("button", { name: /^Place it.*NobodyKnowsWhere/ });
    await stray.click();
    await dialog(page).getByLabel("The object it is about").fill(HOUSE);
    await dialog(page).getByRole("radio", { name: /Deployment in boutique/ }).check();
    await mustBeAccessibleInBoth(page);
    await send("Place it there");
    const rules = trouble.getByRole("list", { name: "Placed by hand" });
    await rules.getByRole("button", { name: HOUSE, exact: true }).waitFor();
    await until(30, "it stands at the house", async () => (await house())?.cases.some((c) => c.name === "NobodyKnowsWhere" && /^placed by hand by Mei Tanaka/.test(c.label)));
    await mustBeAccessible(page);
    await rules.getByRole("button", { name: /^Take back/ }).click();
    await stray.waitFor();
  });

  await check("with every source of alerts off, the house is as red, and says why", async () => {
    await goTo(page, "Settings");
    await remove("Alertmanager");
    await remove("Prometheus");
    await selectHouse();
    // What resolved is drawn a minute longer.
    await until(90, "no alert stands there", async () => /None\./.test(await panel.locator(".sec").filter({ has: page.getByRole("heading", { name: /^Alerts here/ }) }).innerText()));
    await tellsWhy();
    await panel.getByRole("button", { name: "Close the panel" }).click();
    await says(trouble.getByRole("button").filter({ hasText: HOUSE }), /Critical|Degraded/);
    await mustBeAccessible(page);
  });

  await check("nothing went wrong in the page", async () => must(problems.length === 0, problems.slice(0, 8).join("\n")));
} finally {
  await browser.close();
  await desk.stop();
  if (tally.failed) console.log(desk.log.slice(-3000));
  desk.remove();
  for (const house of [HOUSE, "adservice"]) await fault("roll-back", house).catch(() => {});
}
process.exit(tally.end());
