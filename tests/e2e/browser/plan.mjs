// The plan alone (`ui/dev/plan.html`), built and served for a test or a measurement; nothing of the desk is around it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ui = new URL("../../../ui/", import.meta.url).pathname;
const vite = (words, env, stdio) => [process.execPath, ["node_modules/vite/bin/vite.js", ...words, "--config", "dev/plan.config.ts"], { cwd: ui, env: { ...process.env, ...env, NO_COLOR: "1" }, stdio }];

/** Builds it, serves it on a free port, and says where; `stop` ends it and removes what was built. */
export async function planAlone(env = {}) {
  const out = mkdtempSync(join(tmpdir(), "plan-"));
  const all = { ...env, PLAN_OUT: out };
  const [program, words, options] = vite(["build", "--logLevel", "warn"], all, "inherit");
  const built = spawnSync(program, words, options);
  if (built.status !== 0) {
    rmSync(out, { recursive: true });
    throw new Error("the plan alone cannot be built");
  }
  const child = spawn(...vite(["preview", "--port", "0"], all, ["ignore", "pipe", "pipe"]));
  const stop = () => {
    child.kill();
    rmSync(out, { recursive: true, force: true });
  };
  try {
    const address = await new Promise((yes, no) => {
      let said = "";
      const hear = (part) => {
        said += part;
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
        if (found) yes(found);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", () => no(new Error(`the plan alone is not served: ${said}`)));
    });
    return { address: `${address}plan.html`, stop };
  } catch (error) {
    stop();
    throw error;
  }
}
