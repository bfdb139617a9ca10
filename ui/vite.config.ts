import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { licences } from "./licences.ts";

// The window and `serve` both load ui/dist from wherever it lies, so every address is relative. Nothing is inlined as a
// data: address and there is no inline script: the page's policy allows neither.
export default defineConfig({
  plugins: [svelte(), licences()],
  base: "./",
  build: { outDir: "dist", target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  test: { environment: "jsdom", include: ["src/**/*.test.ts"] },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
});
