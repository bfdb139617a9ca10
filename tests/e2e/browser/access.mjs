#!/usr/bin/env node
// Access: the whole map by keyboard and as a tree, without motion, without colour, and every view enlarged to 200 %.
// `node access.mjs LINK` on a running `open` of the bundled incident; builds, serves and ends the plan alone itself.
import { planAlone } from "./plan.mjs";
import { addressFrom, axe, closeDialog, dialog, doors, goTo, knock, must, mustBeAccessible, mustBeAccessibleInBoth, openBrowser, openScreen, rowsOfTree, settled, Tally, THEMES, useTheme, VIEWS } from "./screen.mjs";
import { controls, cutOff } from "./zoomed.mjs";

const tally = new Tally();
const check = (name, work) => tally.check(name, work);
const url = addressFrom(process.argv.slice(2));
const watchdog = setTimeout(() => {
  console.log("FAIL the walk did not end within five minutes");
  process.exit(1);
}, 300_000);
watchdog.unref();

/** The row of the tree the keyboard stands at. */
const active = (page) => page.evaluate(() => document.getElementById(document.querySelector("[role=tree]")?.getAttribute("aria-activedescendant"))?.getAttribute("aria-label") ?? "");
const spoken = (page) => page.locator(".plan [aria-live=polite]").innerText();
const spot = (page) => page.locator(".plan .spot").getAttribute("aria-label");
/** Presses a key until the words of where one stands are others; the words then. */
async function press(page, key, of = spot) {
  await page.keyboard.press(key);
  return (await of(page)) ?? "";
}

// ------------------------------------------------------------------------------------------- the plan alone, at any size
const plan = await planAlone();
const { browser, context } = await openBrowser();
try {
  /** Opens the plan alone as a person with a wish about motion does. */
  async function alone(query, motion = "reduce") {
    const page = await context.newPage();
    await page.setViewportSize({ width: 1200, height: 760 });
    await page.emulateMedia({ reducedMotion: motion });
    await page.goto(`${plan.address}?${query}`);
    await page.locator(".plan canvas").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    return page;
  }

  await check("the tree of 150,000 pods holds a few rows in the page, opens all, and goes to both ends", async () => {
    const page = await alone("tree&cells=150000");
    await page.getByRole("tree").focus();
    const rows = () => page.getByRole("treeitem").count();
    for (const key of ["ArrowDown", "*", "End", "*", "End"]) {
      await page.keyboard.press(key);
      must((await rows()) > 5 && (await rows()) < 80, `${await rows()} rows are in the page after ${key}`);
    }
    must(/^pod-149999, pod \d+ of \d+ of house-9999, /.test(await active(page)), `the last row says: ${await active(page)}`);
    const last = await page.evaluate(() => {
      const tree = document.querySelector("[role=tree]").getBoundingClientRect();
      const row = document.getElementById(document.querySelector("[role=tree]").getAttribute("aria-activedescendant")).getBoundingClientRect();
      return row.bottom <= tree.bottom + 1 && row.top >= tree.top - 1;
    });
    must(last, "the last row is not in sight");
    await page.keyboard.press("Home");
    must(/^everything, cluster\. 400 blocks, 10000 houses, 150000 pods/.test(await active(page)), `the first row says: ${await active(page)}`);
    for (const letter of "house-77") await page.keyboard.press(letter);
    must(/^house-77, /.test(await active(page)), `typing leads to: ${await active(page)}`);
    const found = await axe(page);
    must(found.length === 0, found.join("\n"));
    await page.close();
  });

  /** In the page: how many different places the focus has in the frames after a key, until it rests. */
  const travel = (page, key) =>
    page.evaluate(
      (key) =>
        new Promise((done) => {
          const spot = document.querySelector(".plan .spot");
          const places = new Set();
          let still = 0;
          let before = spot.style.cssText;
          const look = () => {
            const now = spot.style.cssText;
            still = now === before ? still + 1 : 0;
            before = now;
            places.add(now);
            if (still > 12) done(places.size);
            else requestAnimationFrame(look);
          };
          spot.focus();
          before = spot.style.cssText;
          spot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          requestAnimationFrame(look);
        }),
      key,
    );

  await check("with reduced motion zoom and pan are there at once; without it they travel", async () => {
    const calm = await alone("scene=scenes/boutique.bsc", "reduce");
    for (const key of ["+", "a", "0"]) must((await travel(calm, key)) <= 1, `the view travels after ${key}`);
    await calm.close();
    const lively = await alone("scene=scenes/boutique.bsc", "no-preference");
    must((await travel(lively, "+")) > 3, "the view does not travel at all: nothing was tested");
    await lively.emulateMedia({ reducedMotion: "reduce" });
    must((await travel(lively, "-")) <= 1, "a wish for less motion is not followed while the screen is open");
    await lively.close();
  });

  for (const choice of ["raster", "gl2"]) {
    await check(`with one ink every state still has a shape of its own, drawn by ${choice}`, async () => {
      const page = await alone("states");
      await page.evaluate((choice) => localStorage.setItem("broadstreet-drawing", JSON.stringify({ choice })), choice);
      await page.reload();
      await page.locator(".plan canvas").nth(choice === "gl2" ? 1 : 0).waitFor();
      await page.addStyleTag({ content: `:root { ${["crit", "warn", "unknown", "well", "well-text", "rest", "contained", "plan-house-line", "crit-text"].map((name) => `--${name}: #e0e0e0 !important`).join(";")}; --crit-ink: #181e27 !important; --contained-wash: transparent !important; ${[0, 1, 2, 3].map((n) => `--heat-${n}: rgba(0,0,0,0) !important`).join(";")} }` });
      await page.evaluate(() => document.documentElement.classList.toggle("one-ink"));
      let before = "";
      for (let n = 0; n < 40; n++) {
        const png = (await page.screenshot()).toString("base64");
        if (png === before) break;
        before = png;
        await page.waitForTimeout(80);
      }
      const alike = await page.evaluate(async (png) => {
        const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
        const sheet = new OffscreenCanvas(image.width, image.height);
        const ink = sheet.getContext("2d");
        ink.drawImage(image, 0, 0);
        const { scene } = window;
        // The view is the fitted one: as large as fits, at most 1.6 times, in the middle.
        const { x, y, w, h } = scene.bounds;
        const scale = Math.min((innerWidth - 32) / w, (innerHeight - 32) / h, 1.6);
        const at = (px, py) => [(px - x - w / 2) * scale + innerWidth / 2, (py - y - h / 2) * scale + innerHeight / 2];
        const crop = (px, py, pw, ph) => {
          const [left, top] = at(px, py).map(Math.round);
          return [...ink.getImageData(left, top, Math.round(pw * scale), Math.round(ph * scale)).data].filter((_, i) => i % 4 === 0);
        };
        const seen = new Map();
        const WORDS = ["none", "resting", "well", "starting", "unknown", "warning", "critical"];
        for (let c = 0; c < scene.cells.count; c++) {
          const house = scene.houses.name[scene.cells.house[c]];
          // A pod always has a rule: what has none is drawn as what is not known.
          if ((house !== "mixed" && house !== "contained") || scene.cells.health[c] === 0) continue;
          const name = house === "contained" ? "contained" : WORDS[scene.cells.health[c]];
          if (!seen.has(name)) seen.set(name, crop(scene.cells.x[c], scene.cells.y[c], scene.cell, scene.cell));
        }
        for (const name of ["well", "warning", "critical", "unknown", "contained", "dangling", "external"]) {
          const row = scene.houses.name.indexOf(name);
          // The left wall and the corner at the right: there are no names and no pods.
          seen.set(`house ${name}`, [...crop(scene.houses.x[row] - 1, scene.houses.y[row] + 18, 7, 22), ...crop(scene.houses.x[row] + scene.houses.w[row] - 12, scene.houses.y[row] - 1, 13, 12), ...crop(scene.houses.x[row] + 8, scene.houses.y[row] + 30, 40, 8)]);
        }
        const names = [...seen.keys()];
        const found = [];
        names.forEach((a, i) => {
          for (const b of names.slice(i + 1)) {
            const [one, two] = [seen.get(a), seen.get(b)];
            if (one.length !== two.length) continue;
            if (one.filter((v, k) => Math.abs(v - two[k]) > 60).length < 8) found.push(`${a} and ${b}`);
          }
        });
        return { found, seen: names.length };
      }, before);
      must(alike.seen === 14, `only ${alike.seen} states are drawn`);
      must(alike.found.length === 0, `these look the same: ${alike.found.join("; ")}`);
      await page.close();
    });
  }
} finally {
  await browser.close();
  plan.stop();
}

// ------------------------------------------------------------------------------------------- the screen, by keyboard
const wide = await openScreen(url);
const { page } = wide;
const had = new Map();
try {
  await page.getByTestId("map").waitFor();
  await settled(page);

  await check("arrows walk from house to house, Enter opens and goes in to the pods, Backspace comes out again, all in words", async () => {
    await page.locator("body").click({ position: { x: 4, y: 4 } });
    await page.keyboard.press("h");
    await page.getByTestId("reason").waitFor();
    const hot = await spot(page);
    must(/^[\w-]+, \w+ in \S+, critical\. hot spot 1\. .*firing.*\d+ pods?: /.test(hot), `the hottest house says: ${hot}`);
    let other = hot;
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) if (other === hot) other = await press(page, key);
    must(other !== hot && (await spoken(page)).startsWith(other), `nothing is said of ${other}`);
    await page.keyboard.press("k");
    await page.keyboard.press("h");
    await page.keyboard.press("Enter");
    const pod = await spot(page);
    must(/, pod 1 of \d+ of |, pod \d+ of \d+ of /.test(pod), `Enter leads in to: ${pod}`);
    await page.waitForFunction((words) => document.querySelector(".plan [aria-live=polite]").textContent.length > words.length, pod);
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Selected object" }).getByRole("heading", { level: 2, name: pod.split(",")[0], exact: true }).waitFor();
    const back = await press(page, "Backspace");
    must(back === hot, `Backspace leads out to: ${back}`);
    const block = await press(page, "Backspace");
    must(/, namespace, critical\. .*\d+ alerts? firing\. \d+ houses?, \d+ pods?$/.test(block), `and then to: ${block}`);
    must((await press(page, "Enter")) === block, "Enter does not select the namespace first");
    await page.getByRole("complementary", { name: "Selected object" }).getByRole("heading", { level: 2, name: block.split(",")[0], exact: true }).waitFor();
    must((await press(page, "Enter")) === hot, "Enter does not lead in to the hottest house");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where it hurts" }).waitFor();
  });

  await check("the controls of time keep apart on every day of the year, however long its name", async () => {
    const near = await page.evaluate(async () => {
      const named = document.querySelector("footer.time .zone").previousSibling;
      const day = named.textContent;
      const found = [];
      for (let letters = 4; letters <= 16; letters++) {
        named.textContent = `${"0".repeat(letters)}, `;
        const { violations } = await window.axe.run("footer.time", { runOnly: ["target-size"] });
        if (violations.length > 0) found.push(`${letters}: ${violations[0].nodes[0].html}`);
      }
      named.textContent = day;
      return found;
    });
    must(near.length === 0, near.join("\n"));
  });

  await check("Shift and the arrows choose a street, follow it to its other end, and come back", async () => {
    const here = await spot(page);
    await page.keyboard.press("Shift+ArrowDown");
    const street = await spoken(page);
    must(/^street 1 of \d+: (calls|called by) \S+, \w+, /.test(street), `it says: ${street}`);
    await page.locator(".plan svg.way polyline").waitFor({ state: "attached" });
    const calls = /: calls/.test(street);
    const end = await press(page, calls ? "Shift+ArrowRight" : "Shift+ArrowLeft");
    must(end.startsWith(`${/(?:calls|called by) ([^\s,]+)/.exec(street)[1]},`), `it leads to: ${end}`);
    const back = await press(page, calls ? "Shift+ArrowLeft" : "Shift+ArrowRight");
    must(back === here, `it does not lead back: ${back}`);
  });

  await check("the plan is one stop of Tab, and J and K walk the trouble", async () => {
    const first = await spot(page);
    const next = await press(page, "j");
    must(next !== first && /hot spot 2\./.test(next), `J leads to: ${next}`);
    must(/hot spot 1\./.test(await press(page, "k")), "K does not lead back");
    await page.keyboard.press("Tab");
    must(!(await page.evaluate(() => document.activeElement.classList.contains("spot"))), "Tab does not leave the plan");
  });

  await check("the tree is opened by key, in step with the plan both ways, and holds what the plan holds", async () => {
    await page.locator(".plan .spot").focus();
    await page.keyboard.press("g");
    const tree = page.getByRole("tree");
    await tree.waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "tree");
    const hot = await spot(page);
    must((await active(page)) === hot, `the tree stands at ${await active(page)}, the plan at ${hot}`);
    await page.keyboard.press("ArrowDown");
    if ((await spot(page)) === hot) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Home");
    const root = await active(page);
    const [, blocks, houses, pods, streets] = /(\d+) blocks?, (\d+) houses?, (\d+) pods?, (\d+) streets?/.exec(root) ?? [];
    const words = await page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label");
    must(words.includes(/\d+ blocks?, .*$/.exec(root)[0].split(". ")[0]), `the tree says ${root}, the plan ${words}`);
    // Opens everything and reads it as it scrolls by.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("*");
    const all = new Map();
    for (let opened = true; opened; ) {
      opened = false;
      await page.keyboard.press("Home");
      for (let last = ""; ; ) {
        const seen = await page.evaluate(() => [...document.querySelectorAll("[role=treeitem]")].map((row) => [row.id, row.getAttribute("aria-label"), row.getAttribute("aria-level"), row.getAttribute("aria-expanded")]));
        const closed = seen.find(([, , level, open]) => level === "3" && open === "false");
        if (closed) {
          // One house opens all beside it.
          await page.locator(`[id="${closed[0]}"]`).scrollIntoViewIfNeeded();
          await page.locator(`[id="${closed[0]}"] .fold`).click();
          await page.keyboard.press("*");
          opened = true;
        }
        for (const [id, label] of seen) all.set(id, label);
        await page.keyboard.press("PageDown");
        // The rows come into sight with the next picture.
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        const at = await tree.getAttribute("aria-activedescendant");
        if (at === last) break;
        last = at;
      }
      if (opened) all.clear();
    }
    const labels = [...all.values()];
    const count = (pattern) => labels.filter((label) => pattern.test(label)).length;
    must(count(/, namespace, /) === Number(blocks), `${count(/, namespace, /)} of ${blocks} blocks`);
    must(count(/, pod \d+ of \d+ of /) === Number(pods), `${count(/, pod \d+ of \d+ of /)} of ${pods} pods`);
    must(count(/^calls /) === Number(streets) && count(/^called by /) === Number(streets), `${count(/^calls /)} and ${count(/^called by /)} of ${streets} streets`);
    const rest = labels.length - 1 - Number(blocks) - Number(pods) - 2 * Number(streets) - count(/^alert /);
    must(rest === Number(houses), `${rest} of ${houses} houses`);
    must(count(/^alert /) > 0, "no alert is in the tree");
    await mustBeAccessibleInBoth(page);
    for (const letter of "redis-cart") await page.keyboard.press(letter);
    must(/^redis-cart, /.test(await active(page)), `typing leads to: ${await active(page)}`);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "redis-cart", exact: true }).waitFor();
    must(/^redis-cart, /.test(await spot(page)), "the plan does not stand there");
    await page.keyboard.press("Escape");
    must(await page.evaluate(() => document.activeElement.classList.contains("spot")), "Escape does not lead back to the plan");
    const walked = await press(page, "j");
    must((await active(page)) === walked, "the tree does not follow the plan");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Tree", exact: true }).click();
    must((await tree.count()) === 0, "the tree cannot be closed");
  });

  await check("while an object is selected the letters of a name lead through the tree, and open none of its evidence", async () => {
    await page.locator("body").click({ position: { x: 4, y: 4 } });
    await page.keyboard.press("h");
    await page.getByRole("group", { name: /^Evidence of / }).waitFor();
    await page.keyboard.press("g");
    const tree = page.getByRole("tree");
    await tree.waitFor();
    const isThere = () => document.activeElement?.getAttribute("role") === "tree";
    await page.waitForFunction(isThere);
    // All blocks are opened, so that the name is among the rows.
    for (const key of ["Home", "ArrowDown", "*", "Home"]) await page.keyboard.press(key);
    for (const letter of "redis-cart") {
      await page.keyboard.press(letter);
      must(await page.evaluate(isThere), `the keyboard left the tree at ${letter}`);
    }
    must(/^redis-cart, /.test(await active(page)), `typing leads to: ${await active(page)}`);
    must((await page.getByRole("region", { name: /^(Logs|YAML|Metrics) of / }).count()) === 0, "a letter opened the evidence");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where it hurts" }).waitFor();
    await page.getByRole("button", { name: "Tree", exact: true }).click();
    await tree.waitFor({ state: "detached" });
  });

  await check("the tree of zones and nodes holds the same pods", async () => {
    const pods = async () => /(\d+) pods?,/.exec(await page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label"))[1];
    const there = await pods();
    await page.getByRole("button", { name: "Zones & nodes" }).click();
    await settled(page);
    const rows = await rowsOfTree(page, () => mustBeAccessible(page));
    must(rows[0].includes(`${await pods()} pods`) && (await pods()) === there, `the tree says: ${rows[0]}`);
    must(rows.some((row) => /, Node/.test(row)), `no node is among: ${rows.join("; ")}`);
    await page.getByRole("button", { name: "Namespaces", exact: true }).click();
    await settled(page);
  });

  await check("the keys are in the help, and all the shapes in the legend", async () => {
    await page.keyboard.press("?");
    await dialog(page).getByRole("heading", { name: "On the plan" }).waitFor();
    const help = await dialog(page).innerText();
    for (const words of ["Along a street", "one level in", "Backspace", "The map as a tree", "Back to the plan"]) must(help.includes(words), `the help does not say: ${words}`);
    await closeDialog(page);
    await page.getByRole("button", { name: "Legend", exact: true }).click();
    const legend = page.getByRole("region", { name: "Legend" });
    for (const word of ["failing", "degraded", "starting", "inhibited", "resolved", "nobody told", "seen only"]) must((await legend.innerText()).includes(word), `the legend lacks ${word}`);
    await mustBeAccessibleInBoth(page);
    await page.keyboard.press("Escape");
    must((await legend.count()) === 0, "the legend does not close");
  });

  for (const view of VIEWS) {
    await goTo(page, view);
    if (view === "Map") await page.keyboard.press("h");
    await settled(page);
    had.set(view, await controls(page));
  }
  await check("nothing went wrong in the page", async () => must(wide.problems.length === 0, wide.problems.slice(0, 8).join("\n")));
} finally {
  await wide.browser.close();
}

// ------------------------------------------------------------------------------------------- every view at 200 %
const near = await openScreen(url, { width: 720, height: 450, ratio: 2 });
try {
  await near.page.getByTestId("map").waitFor();
  await settled(near.page);
  for (const view of VIEWS) {
    await check(`${view} at 200 %: nothing is cut off, nothing scrolls sideways, every control is there, and axe finds nothing serious`, async () => {
      await goTo(near.page, view);
      if (view === "Map") await near.page.keyboard.press("h");
      for (const theme of THEMES) {
        await useTheme(near.page, theme);
        const cut = await cutOff(near.page);
        must(cut.length === 0, `cut off in ${theme}:\n${cut.slice(0, 12).join("\n")}`);
        await mustBeAccessible(near.page);
      }
      const has = await controls(near.page);
      for (const door of await doors(near.page)) {
        await knock(near.page, door);
        const shut = await cutOff(near.page);
        must(shut.length === 0, `cut off behind “${door}”:\n${shut.slice(0, 8).join("\n")}`);
        await closeDialog(near.page);
      }
      const lost = had.get(view).filter((name) => !has.includes(name));
      must(had.get(view).length > 5 && lost.length === 0, `not there any more: ${lost.join("; ")}`);
    });
  }
  await check("the tree at 200 % stands over the plan, and the dialogs fit", async () => {
    await goTo(near.page, "Map");
    await near.page.locator("body").click({ position: { x: 4, y: 4 } });
    await near.page.keyboard.press("g");
    await near.page.getByRole("tree").waitFor();
    await near.page.keyboard.press("ArrowDown");
    await mustBeAccessible(near.page);
    must((await cutOff(near.page)).length === 0, (await cutOff(near.page)).slice(0, 8).join("\n"));
    await near.page.getByRole("button", { name: "Tree", exact: true }).click();
    for (const [key, name] of [["?", "Keys"], ["Control+k", null]]) {
      await near.page.keyboard.press(key);
      await dialog(near.page).waitFor();
      if (name) await dialog(near.page).getByRole("heading", { name, exact: true }).waitFor();
      await mustBeAccessible(near.page);
      const cut = await cutOff(near.page);
      must(cut.length === 0, `cut off in ${name ?? "the palette"}:\n${cut.slice(0, 8).join("\n")}`);
      await closeDialog(near.page);
    }
  });
  await check("nothing went wrong in the enlarged page", async () => must(near.problems.length === 0, near.problems.slice(0, 8).join("\n")));
} finally {
  await near.browser.close();
}
process.exit(tally.end());
