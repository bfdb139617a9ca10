/** Lays the licence of everything that goes into the screen beside it: of each font its own, of all code in one file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** The folder of the package a module belongs to. */
function folderOf(module: string): string | null {
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replaceAll("\\", "/").replace(/^\0/, ""))?.[1] ?? null;
}

function textIn(folder: string): string | null {
  const names = readdirSync(folder).filter((file) => /^(licen[cs]e|copying)([._-].*)?$/i.test(file));
  return names.length ? names.map((name) => readFileSync(join(folder, name), "utf8").trim()).join("\n\n") : null;
}

export function licences(): Plugin {
  const seen = new Set<string>();
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      for (const module of this.getModuleIds()) {
        const folder = folderOf(module);
        if (folder && existsSync(join(folder, "package.json"))) seen.add(folder);
      }
      const parts: string[] = [];
      for (const folder of [...seen].sort()) {
        const it = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string; version?: string; license?: string; author?: string | { name?: string } };
        const by = typeof it.author === "string" ? it.author : it.author?.name;
        parts.push(`${it.name} ${it.version}\n${it.license ?? ""}${by ? `, ${by}` : ""}\n\n${textIn(folder) ?? "The package carries no text of its licence."}`);
      }
      this.emitFile({ type: "asset", fileName: "assets/licences.txt", source: `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n` });
      for (const font of ["sans", "mono"]) {
        const text = textIn(`node_modules/@fontsource/ibm-plex-${font}`);
        if (!text) this.error(`the licence of IBM Plex ${font} is not in its package`);
        this.emitFile({ type: "asset", fileName: `assets/ibm-plex-${font}-OFL.txt`, source: `${text}\n` });
      }
    },
  };
}
