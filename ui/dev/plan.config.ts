// Builds the plan alone (`plan.html`) into the folder PLAN_OUT names, and with `vite preview` serves it, for looks and
// measurements in any browser. A folder SCENES of scenes as the engine writes them is served beside it. Loopback only.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { existsSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { defineConfig, type Plugin } from "vite";

const here = new URL(".", import.meta.url).pathname;

const scenes: Plugin = {
  name: "scenes",
  configurePreviewServer: (server) =>
    void server.middlewares.use((request, response, next) => {
      const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
      const file = join(process.env["SCENES"] ?? join(here, "../src/graph/fixtures"), path.replace(/^\/scenes\//, ""));
      if (!path.startsWith("/scenes/") || !existsSync(file)) return next();
      response.end(readFileSync(file));
    }),
};

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [svelte(), scenes],
  build: { outDir: process.env["PLAN_OUT"] ?? join(here, "../dist-plan"), emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false, rollupOptions: { input: join(here, "plan.html") } },
  preview: { host: "127.0.0.1" },
});
