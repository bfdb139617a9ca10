#!/usr/bin/env node
// Says whether the walks that came before held every dialog of the screen before axe, in both themes. They write down what
// they looked at where WALK_DIALOGS says. `node dialogs.mjs FILE`
import { readFileSync } from "node:fs";
import { everyDialog } from "./kinds.mjs";
import { must, Tally, THEMES } from "./screen.mjs";

const tally = new Tally();
const seen = new Set(readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean));

for (const theme of THEMES) {
  await tally.check(`every dialog was opened and held before axe in ${theme}`, () => {
    const missing = everyDialog().filter((kind) => !seen.has(`${kind} ${theme}`));
    must(missing.length === 0, `not opened: ${missing.join(", ")}`);
  });
}
await tally.check("every dialog that was opened has a name", () => must(![...seen].some((one) => one.startsWith("undefined")), "one stands in no element that names it (data-dialog)"));
process.exit(tally.end());
