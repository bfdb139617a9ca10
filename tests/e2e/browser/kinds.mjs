// Every dialog of the screen by name, as its source names them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "./screen.mjs";

const source = new URL("../../../ui/src/", import.meta.url).pathname;

/** `TaskEnd.svelte` is the dialog `task-end`; those a view draws by itself say their name where they stand. */
export function everyDialog() {
  const kinds = readdirSync(join(source, "areas/dialogs/kinds")).map((file) => file.replace(/\.svelte$/, "").replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase());
  const others = readdirSync(source, { recursive: true })
    .filter((file) => file.endsWith(".svelte"))
    .flatMap((file) => [...readFileSync(join(source, file), "utf8").matchAll(/data-dialog="([a-z-]+)"/g)].map((found) => found[1]));
  must(kinds.length > 25 && others.length > 0, `only ${kinds.length + others.length} dialogs are known`);
  return [...kinds, ...others];
}
