import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, { license?: string; dev?: boolean; version?: string }> };
const shipped = Object.entries(lock.packages).filter(([path, it]) => path !== "" && !it.dev);
// One list for the whole product: what cargo-deny lets into the program may be in its screen too.
const list = /\[licenses\][^[]*allow = \[([^\]]*)\]/.exec(readFileSync("../deny.toml", "utf8"))?.[1] ?? "";
const allowed = new Set([...list.matchAll(/"([^"]+)"/g)].map((it) => it[1]));

/** Whether an SPDX expression without brackets can be met. */
const met = (licence: string): boolean => licence.split(/ OR /).some((all) => all.split(/ AND /).every((one) => allowed.has(one.trim())));

describe("the licences of what ships with the screen", () => {
  it("are all among those the product allows", () => {
    expect(allowed.size).toBeGreaterThan(5);
    expect(shipped.length).toBeGreaterThan(20);
    expect(shipped.filter(([, it]) => !met(it.license ?? "none said")).map(([path, it]) => `${path}: ${it.license ?? "none said"}`)).toEqual([]);
  });
  it("would not let a licence in that is not on the list", () => {
    expect([met("MIT"), met("Apache-2.0 OR MIT"), met("MIT AND GPL-3.0-only"), met("GPL-3.0-only OR MIT"), met("none said")]).toEqual([true, true, false, true, false]);
  });
});
