// Finding things on the bundled incident: the filter, only trouble, questions about an object, what the policies do.
import { must, settled } from "./screen.mjs";

const words = (page) => page.getByRole("group", { name: /^Plan of/ }).getAttribute("aria-label");
const housesDrawn = async (page) => Number(/(\d+) houses?,/.exec((await words(page)) ?? "")?.[1]);

/** One check for each way of finding something, each seen by `look`; leaves the map as it was. */
export async function walkFinding(tally, page, look) {
  const box = page.getByRole("combobox", { name: "Filter houses" });
  const state = page.getByRole("status").filter({ hasText: /of \d+ houses/ });

  await tally.check("the filter completes what is written by key, finds houses, and hides the others where asked", async () => {
    const all = await housesDrawn(page);
    await page.locator("body").click({ position: { x: 4, y: 4 } });
    await page.keyboard.press("/");
    await page.keyboard.type("kind:dep");
    await page.getByRole("option", { name: "Deployment" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type(" stat");
    await page.getByRole("option", { name: /^status>=/ }).waitFor();
    await look();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.type("warning");
    must((await box.inputValue()) === "kind:Deployment status>=warning", `the box says ${await box.inputValue()}`);
    await state.waitFor();
    const [, found, of] = /(\d+) of (\d+) houses/.exec(await state.innerText()) ?? [];
    must(Number(found) > 0 && Number(found) < Number(of) && Number(of) === all, `it says ${await state.innerText()}`);
    await page.getByRole("button", { name: "Hide the others" }).click();
    await settled(page);
    must((await housesDrawn(page)) === Number(found), "the others are still drawn");
    await look();
    await page.getByRole("button", { name: "Hide the others" }).click();
  });

  await tally.check("a filter that cannot be read names the place, and nothing is filtered", async () => {
    await box.fill("kind:Pod stat:well");
    const alert = page.getByRole("alert").filter({ hasText: "no field `stat`" });
    await alert.waitFor();
    must((await alert.locator("mark").innerText()) === "stat", "the place is not marked");
    must((await state.count()) === 0, "something is filtered");
    await look();
    await box.fill("");
  });

  await tally.check("only trouble says its hops, and takes more of them by key", async () => {
    await page.locator("body").click({ position: { x: 4, y: 4 } });
    await page.keyboard.press("t");
    await state.filter({ hasText: "Only trouble + 1 hop:" }).waitFor();
    const kept = async () => Number(/(\d+) of/.exec(await state.innerText())?.[1]);
    const near = await kept();
    await page.getByRole("switch", { name: /Only trouble/ }).focus();
    await page.keyboard.press("3");
    await state.filter({ hasText: "Only trouble + 3 hops:" }).waitFor();
    must((await kept()) >= near, "more hops keep fewer houses");
    await page.keyboard.press("1");
    await page.getByRole("button", { name: "Every house" }).click();
    must((await state.count()) === 0, "it cannot be left");
  });

  await tally.check("a house says what breaks with it, what it needs, the way to another and who shares with it", async () => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type("redis-cart deployment");
    await page.getByRole("option").filter({ hasText: "Deployment in boutique" }).first().click();
    await page.getByRole("heading", { level: 2, name: "redis-cart", exact: true }).waitFor();
    const ask = (name) => page.getByRole("button", { name, exact: true }).click();
    const answer = (name) => page.getByRole("region", { name, exact: true });
    await ask("What breaks if this fails");
    const breaks = answer("What breaks if this fails").getByRole("listitem");
    await breaks.filter({ hasText: "cartservice" }).filter({ hasText: "1 step" }).waitFor();
    await breaks.filter({ hasText: /frontend.*2 steps/ }).first().waitFor();
    await page.getByRole("button", { name: /^Show on the plan/ }).click();
    await state.filter({ hasText: "What breaks if redis-cart fails" }).waitFor();
    await look();
    await page.getByRole("button", { name: "Every house" }).click();
    await ask("What it needs");
    await page.getByText("It calls nothing that is known.").waitFor();
    await ask("Path to another");
    await page.getByRole("searchbox").fill("frontend deployment");
    await page.getByRole("list", { name: "Possible ends" }).getByRole("button", { name: "frontend", exact: true }).first().click();
    const way = await page.getByRole("list", { name: "The path" }).innerText();
    must(/redis-cart[\s\S]*← calls[\s\S]*cartservice[\s\S]*← calls[\s\S]*frontend/.test(way), `the way is ${way}`);
    await ask("Shares with");
    await answer("Shares with").getByText(/^account default/).waitFor();
    await look();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Where it hurts" }).waitFor();
  });

  await tally.check("the policies are drawn on the streets, counted, and said to be a prediction", async () => {
    await page.getByRole("button", { name: "Policies", exact: true }).click();
    const group = page.getByRole("group", { name: "Network policies" });
    await group.getByRole("listitem").first().waitFor();
    await settled(page);
    const counts = (await group.getByRole("listitem").allInnerTexts()).map((text) => parseInt(text, 10));
    const [, streets] = /(\d+) streets?/.exec((await words(page)) ?? "") ?? [];
    must(counts.length === 4 && counts.reduce((a, b) => a + b, 0) === Number(streets), `${counts} are not ${streets} streets`);
    must(/A prediction/.test(await group.innerText()), "it is not said to be a prediction");
    await look();
    await page.getByRole("button", { name: "Policies", exact: true }).click();
    must((await group.count()) === 0, "it cannot be left");
  });
}
