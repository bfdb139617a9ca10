#!/usr/bin/env node
// Says whether the walks that came before held every dialog of the screen before axe, in both themes. They write down what
// they looked at where WALK_DIALOGS says. `node dialogs.mjs FILE`
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must, Tally, THEMES } from "./screen.mjs";

const tally = new Tally();
const source = new URL("../../../ui/src/", import.meta.url).pathname;
const seen = new Set(readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean));

/** `TaskEnd.svelte` is the dialog `task-end`. */
const kinds = readdirSync(join(source, "areas/dialogs/kinds")).map((file) => file.replace(/\.svelte$/, "").replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase());
/** Those a view draws by itself say their name where they stand. */
const others = readdirSync(source, { recursive: true })
  .filter((file) => file.endsWith(".svelte"))
  .flatMap((file) => [...readFileSync(join(source, file), "utf8").matchAll(/data-dialog="([a-z-]+)"/g)].map((found) => found[1]));

for (const theme of THEMES) {
  await tally.check(`every dialog was opened and held before axe in ${theme}`, () => {
    const missing = [...kinds, ...others].filter((kind) => !seen.has(`${kind} ${theme}`));
    must(kinds.length > 25 && others.length > 0, `only ${kinds.length + others.length} dialogs are known`);
    must(missing.length === 0, `not opened: ${missing.join(", ")}`);
  });
}
await tally.check("every dialog that was opened has a name", () => must(![...seen].some((one) => one.startsWith("undefined")), "one stands in no element that names it (data-dialog)"));
process.exit(tally.end());
