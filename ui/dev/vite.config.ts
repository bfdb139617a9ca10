// `npm run dev`: the screen with a pretend desk instead of a real one, for work on the looks. `vite preview` with this file
// serves the built screen with the same desk, for the tests: nothing is compiled or reloaded while they run. Loopback only.
// ROWS=10000 fills the record; INCIDENT=none shows a desk without an incident, MODE=closed an empty one.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Connect, defineConfig, type Plugin } from "vite";
import { answer, Refused } from "./desk";

const answers: Connect.NextHandleFunction = (request, response, next) => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (!path.startsWith("/api/")) return next();
  if (path === "/api/notices") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write(": here\n\n");
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    try {
      const [status, type, body] = answer(path.slice(5), Buffer.concat(parts));
      response.writeHead(status, { "Content-Type": type });
      response.end(body);
    } catch (thrown) {
      const refused = thrown instanceof Refused ? thrown : new Refused("broken", String(thrown), "");
      response.writeHead(400, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ code: refused.code, message: refused.message, hint: refused.hint }));
    }
  });
};

const desk: Plugin = {
  name: "pretend-desk",
  configureServer: (server) => void server.middlewares.use(answers),
  configurePreviewServer: (server) => void server.middlewares.use(answers),
};

export default defineConfig({ root: new URL("..", import.meta.url).pathname, plugins: [svelte(), desk], server: { host: "127.0.0.1" }, preview: { host: "127.0.0.1" } });
