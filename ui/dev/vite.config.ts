// `npm run dev`: the screen with a pretend desk instead of a real one, for work on the looks. Loopback only.
// ROWS=10000 fills the record; INCIDENT=none shows a desk without an incident, MODE=closed an empty one.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { answer, Refused } from "./desk";

function desk(): Plugin {
  return {
    name: "pretend-desk",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
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
      });
    },
  };
}

export default defineConfig({ root: new URL("..", import.meta.url).pathname, plugins: [svelte(), desk()], server: { host: "127.0.0.1" } });
