// The screen under test: opens it, moves between views, asks axe, and keeps a tally. Needs chromium on the path or in
// CHROMIUM; downloads nothing and talks to the given address only.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const VIEWS = ["Map", "Command", "Pages", "Timeline", "Postmortem", "Handoff", "Archive", "Settings"];
export const THEMES = ["night", "paper"];

/** How long anything is waited for. A machine with much else to do may ask for more. */
const PATIENCE = Number(process.env.WALK_PATIENCE ?? 15_000);

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function browserPath() {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = places.find((p) => p && existsSync(p));
  if (!found) throw new Error("no chromium: install the package `chromium`, or name one in CHROMIUM");
  return found;
}

/** Counts and prints: one line a check, one line at the end. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  async check(name, work) {
    try {
      await work();
      this.passed++;
      console.log(`ok   ${name}`);
      return true;
    } catch (error) {
      this.failed++;
      console.log(`not ok ${name}\n     ${String(error.message ?? error).split("\n").slice(0, 12).join("\n     ")}`);
      return false;
    }
  }
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

export function must(condition, message) {
  if (!condition) throw new Error(message);
}

/** The address with its token, from `ADDRESS` and `TOKEN`, or one link that holds both. */
export function addressFrom([address, token]) {
  if (!address) throw new Error("say where: node run.mjs http://127.0.0.1:PORT TOKEN, or the link `broadstreet serve` prints");
  const url = new URL(address);
  if (!["127.0.0.1", "localhost"].includes(url.hostname)) throw new Error("only a server on loopback is tested");
  if (token) url.searchParams.set("token", token);
  return url;
}

/** In the page: counts the answers that are awaited, each until it was read to its end. */
function countAwaited() {
  const ask = window.fetch;
  window.awaited = 0;
  window.fetch = (...what) => {
    window.awaited++;
    const done = () => setTimeout(() => window.awaited--);
    const answer = ask.apply(window, what);
    answer.then((got) => got.clone().arrayBuffer()).then(done, done);
    return answer;
  };
}

/** `WALK_LAG=800` delays each answer of the desk by up to so many milliseconds, each by another time: what a loaded machine does. */
async function lag(page) {
  const most = Number(process.env.WALK_LAG ?? 0);
  if (!most) return;
  let seed = 7;
  await page.route(/\/api\/(call|scene|put|get)/, async (route) => {
    seed = (seed * 16807) % 2147483647;
    await new Promise((done) => setTimeout(done, (seed / 2147483647) * most));
    await route.continue().catch(() => {});
  });
}

/** A browser as every walk uses it, with no page yet. */
export async function openBrowser({ width = 1440, height = 900, zone = "UTC", ratio = 1 } = {}) {
  const browser = await chromium.launch({ executablePath: browserPath(), args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"] });
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: ratio, locale: "en-GB", timezoneId: zone, reducedMotion: "reduce" });
  // An init script, not a tag: the page's own policy refuses foreign scripts, and should.
  await context.addInitScript(axeSource);
  await context.addInitScript(countAwaited);
  return { browser, context };
}

export async function openScreen(url, options) {
  const { browser, context } = await openBrowser(options);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await lag(page);
  const problems = [];
  page.on("pageerror", (e) => problems.push(`uncaught: ${e.message}`));
  // A command that is refused is an answer, and the screen says so: no kubeconfig on this machine, say.
  const refused = (m) => / 422 /.test(m.text()) && m.location().url.includes("/api/call/");
  page.on("console", (m) => m.type() === "error" && !refused(m) && problems.push(`console: ${m.text()}`));
  page.on("request", (r) => {
    const to = new URL(r.url());
    if (["http:", "https:", "ws:", "wss:"].includes(to.protocol) && to.host !== url.host) problems.push(`a request left for ${to.host}`);
  });
  await page.goto(url.href, { waitUntil: "load" });
  // The page is loaded before the screen stands in it, and until then no key is heard.
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  return { browser, page, problems };
}

/** Presses the view's place in the rail and waits until it says it is the one shown. */
export async function goTo(page, view) {
  const link = page.locator("nav").getByRole("link", { name: view }).or(page.locator("nav").getByRole("button", { name: view })).first();
  await link.click();
  await page.locator("nav [aria-current]").filter({ hasText: view }).first().waitFor();
  await settled(page);
}

export async function useTheme(page, theme) {
  await page.evaluate((t) => {
    document.documentElement.dataset.theme = t;
  }, theme);
  await settled(page);
}

const restless = new WeakSet();

/** On a cluster in trouble answers come all the time: such a page is never waited for to rest, each step waits for what it needs. */
export function neverRests(page) {
  restless.add(page);
}

/**
 * Waits until the screen rests: no answer of the desk awaited, nothing busy, nothing fading, fonts there, and eight frames
 * without a change to the page. A screen that never rests is a failure, and says why.
 */
export async function settled(page) {
  if (restless.has(page)) return void (await page.evaluate(() => document.fonts.ready.then(() => undefined)));
  await page.evaluate(
    (patience) =>
      new Promise((yes, no) => {
        const until = performance.now() + patience;
        let rest = 0;
        let last = "";
        const why = () => {
          if (window.awaited > 0) return "an answer is awaited";
          const busy = document.querySelector("[aria-busy='true']");
          if (busy) return `busy: ${busy.outerHTML.slice(0, 80)}`;
          if (document.fonts.status !== "loaded") return "a font is loading";
          const moving = document.getAnimations().find((a) => a.playState === "running" && Number.isFinite(a.effect?.getComputedTiming().endTime));
          return moving ? `moving: ${moving.effect?.target?.outerHTML.slice(0, 80)}` : "";
        };
        const look = () => {
          const restless = why();
          const now = `${document.body.innerText.replace(/\d+/g, "#").length}:${document.body.getElementsByTagName("*").length}`;
          rest = restless === "" && now === last ? rest + 1 : 0;
          last = now;
          if (rest >= 8) yes(undefined);
          else if (performance.now() > until) no(new Error(`the screen does not come to rest: ${restless || "it keeps changing"}`));
          else requestAnimationFrame(look);
        };
        look();
      }),
    PATIENCE,
  );
}

/** Every serious or critical finding of axe, as sentences. */
export async function axe(page) {
  return page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .map((v) => `${v.impact} ${v.id}: ${v.help}\n       ${v.nodes.slice(0, 4).map((n) => `${n.target.join(" ")} (${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""})`).join("\n       ")}`);
  });
}

/** Writes down which dialogs axe looks at and in which theme, for `dialogs.mjs`, which says whether any was left out. */
async function rememberDialogs(page) {
  if (!process.env.WALK_DIALOGS) return;
  const seen = await page.evaluate(() => [...document.querySelectorAll("dialog[open]")].map((one) => `${one.closest("[data-dialog]")?.dataset.dialog} ${document.documentElement.dataset.theme}\n`));
  appendFileSync(process.env.WALK_DIALOGS, seen.join(""));
}

export async function mustBeAccessible(page) {
  await settled(page);
  await rememberDialogs(page);
  let found = await axe(page);
  // What was being drawn while axe looked is looked at again.
  for (let again = 0; again < 3 && found.length > 0 && restless.has(page); again++) found = await axe(page);
  must(found.length === 0, `axe found ${found.length}:\n${found.join("\n")}`);
}

/** What is shown, in one theme after the other, and then as it was. */
export async function mustBeAccessibleInBoth(page) {
  const before = await page.evaluate(() => document.documentElement.dataset.theme);
  for (const theme of THEMES) {
    await useTheme(page, theme);
    await mustBeAccessible(page);
  }
  await useTheme(page, before);
}

export const dialog = (page) => page.locator("dialog[open], [role='dialog']:visible, [role='alertdialog']:visible").last();

/** Closes whatever is open on top. */
export async function closeDialog(page) {
  for (let i = 0; i < 4 && (await dialog(page).count()) > 0; i++) {
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog[open]"), undefined, { timeout: 2000 }).catch(() => {});
  }
  must((await dialog(page).count()) === 0, "a dialog does not close with Escape");
}

/** Labels of the buttons that open a dialog in what is shown: theirs end with an ellipsis. */
export async function doors(page) {
  return page.evaluate(() => {
    const seen = new Map();
    for (const b of document.querySelectorAll("button")) {
      const label = (b.getAttribute("aria-label") ?? b.innerText).trim();
      if (/(…|\.\.\.)$/.test(label) && !b.disabled && b.checkVisibility() && !seen.has(label)) seen.set(label, true);
    }
    return [...seen.keys()];
  });
}

export async function knock(page, label) {
  const button = page.locator("button:visible").filter({ hasText: label.replace(/(…|\.\.\.)$/, "") }).first();
  const named = page.getByRole("button", { name: label }).first();
  await button.or(named).first().waitFor();
  await ((await button.count()) ? button : named).click();
  await dialog(page).waitFor();
  await settled(page);
}

/** Selects the row of the record that holds the words: found as a person finds it, for only rows in sight are drawn. */
export async function selectRow(page, words) {
  const find = page.getByRole("searchbox", { name: "Find in the record" });
  await find.fill(words);
  await page.getByRole("option").filter({ hasText: words }).last().click();
  await page.getByRole("complementary", { name: "Selected row" }).getByRole("heading", { level: 2 }).filter({ hasText: words }).waitFor();
  await find.fill("");
  await settled(page);
}

/** The rows of the tree beside the plan with every cluster and block open, as they are read; a handful of houses, all in sight. `look` sees it open. */
export async function rowsOfTree(page, look = async () => {}) {
  await page.getByRole("button", { name: "Tree", exact: true }).click();
  const tree = page.getByRole("tree");
  await tree.focus();
  await page.keyboard.press("Home");
  const active = () =>
    tree.evaluate((tree) => {
      const row = document.getElementById(tree.getAttribute("aria-activedescendant"));
      return { id: row.id, isShut: /, (namespace|zone|cluster), /.test(row.getAttribute("aria-label")) && row.getAttribute("aria-expanded") === "false" };
    });
  for (let row = await active(), last = ""; row.id !== last; row = await active()) {
    last = row.id;
    if (row.isShut) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
  }
  await page.getByRole("treeitem", { level: 3 }).first().waitFor();
  const rows = await page.getByRole("treeitem").evaluateAll((all) => all.map((row) => row.getAttribute("aria-label")));
  await look();
  await page.getByRole("button", { name: "Tree", exact: true }).click();
  await tree.waitFor({ state: "detached" });
  return rows;
}

/** How many different colours the plan shows: an empty canvas has one. */
export async function coloursOfPlan(page) {
  return page.evaluate(() => {
    const canvas = [...document.querySelectorAll("canvas")].sort((a, b) => b.width * b.height - a.width * a.height)[0];
    if (!canvas) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4 * 7) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    return seen.size;
  });
}
