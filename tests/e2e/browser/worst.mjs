// The worst moment of the bundled incident: noted where the screen opens, asked for before axe looks, and which dialogs were
// open there.
import { everyDialog } from "./kinds.mjs";
import { goTo, must, mustBeAccessible, settled, THEMES } from "./screen.mjs";

const READ_ONLY = "the record of an incident that was made elsewhere is read only";
/** The dialogs no recorded incident opens, and why. Every other one must be opened at its worst moment. */
const NOT_THERE = {
  accept: READ_ONLY,
  action: READ_ONLY,
  annotate: READ_ONLY,
  close: READ_ONLY,
  correct: READ_ONLY,
  decide: READ_ONLY,
  hypothesis: READ_ONLY,
  judge: READ_ONLY,
  milestone: READ_ONLY,
  object: READ_ONLY,
  objective: READ_ONLY,
  offer: READ_ONLY,
  pin: READ_ONLY,
  release: READ_ONLY,
  reopen: READ_ONLY,
  role: READ_ONLY,
  task: READ_ONLY,
  "task-end": READ_ONLY,
  update: READ_ONLY,
  "place-alert": "alerts are placed by hand on a live cluster only",
  secrets: "no source is asked while a recording is open",
};

/** The bar of time stands under these views; what the others show is at the moment it showed last. */
const TIMED = ["Map", "Command"];

export class WorstMoment {
  opened = new Set();

  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.bar = page.getByTestId("moment");
  }

  /** Notes the moment the screen opened at, and holds it against what the desk says of the whole recording. */
  async note() {
    this.words = await this.bar.innerText();
    const ask = async (command, payload) => {
      const token = new URLSearchParams(this.url.hash.slice(1)).get("token") ?? this.url.searchParams.get("token");
      const answer = await fetch(`${this.url.origin}/api/call/${command}`, { method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" }, body: JSON.stringify(payload) });
      must(answer.ok, `${command}: ${answer.status}`);
      return answer.json();
    };
    const desk = await ask("desk", null);
    must(desk.demo && desk.opens_at.includes(`T${this.words}`), `the screen opened at ${this.words}, the worst moment is ${desk.opens_at}`);
    const { bins } = await ask("history", { from: null, to: null, bins: 120, incident: desk.incident });
    const weight = (bin) => 4 * bin.critical + 2 * bin.warning;
    const here = bins.findLast((bin) => Date.parse(bin.at) <= Date.parse(desk.opens_at));
    const worse = bins.filter((bin) => weight(bin) > weight(here));
    must(weight(here) > 0 && worse.length === 0, `more fires at ${worse.map((bin) => bin.at).join(", ")}`);
  }

  /** That the bar of time stands at it. */
  async mustStand() {
    const now = await this.bar.innerText();
    must(now === this.words, `the screen is at ${now}, not at the worst moment, ${this.words}`);
  }

  /** Moves there from elsewhere. */
  async back() {
    await this.page.getByRole("button", { name: "Worst", exact: true }).click();
    await this.page.waitForFunction((words) => document.querySelector("[data-testid='moment']")?.textContent === words, this.words);
    await settled(this.page);
  }

  /** Goes to a view, which stands at the moment where the map does. */
  async goTo(view) {
    await goTo(this.page, "Map");
    await this.mustStand();
    await goTo(this.page, view);
    if (TIMED.includes(view)) await this.mustStand();
  }

  /** Axe, at the worst moment. Views without the bar are left for the map afterwards, which still stands there: `goTo`. */
  look = async () => {
    await settled(this.page);
    const view = await this.page.locator("nav [aria-current]").innerText();
    if (TIMED.some((one) => view.startsWith(one))) await this.mustStand();
    await mustBeAccessible(this.page);
    const seen = await this.page.evaluate(() => [...document.querySelectorAll("dialog[open]")].map((one) => `${one.closest("[data-dialog]")?.dataset.dialog} ${document.documentElement.dataset.theme}`));
    for (const one of seen) this.opened.add(one);
  };

  /** That every dialog was opened there, or cannot be. */
  mustHaveOpenedAll() {
    const every = everyDialog();
    const gone = Object.keys(NOT_THERE).filter((kind) => !every.includes(kind));
    must(gone.length === 0, `there is no dialog ${gone.join(", ")}`);
    const possible = [...this.opened].map((one) => one.split(" ")[0]).filter((kind) => kind in NOT_THERE);
    must(possible.length === 0, `these can be opened after all: ${possible.join(", ")}`);
    const missing = THEMES.flatMap((theme) => every.filter((kind) => !(kind in NOT_THERE)).map((kind) => `${kind} ${theme}`)).filter((one) => !this.opened.has(one));
    must(missing.length === 0, `not opened at the worst moment: ${missing.join(", ")}`);
  }
}
