// A small WebDriver client for WebKitWebDriver: what the walk needs, with waiting built in.
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

async function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export async function until(what, look, seconds = 30) {
  const end = performance.now() + seconds * 1000;
  let last = "";
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = `: ${error.message}`;
    }
    if (performance.now() > end) throw new Error(`${what} did not happen within ${seconds} s${last}`);
    await new Promise((done) => setTimeout(done, 150));
  }
}

export class Driver {
  static async start(program, args) {
    const port = await freePort();
    const process_ = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, TAURI_WEBVIEW_AUTOMATION: "true", TAURI_AUTOMATION: "true" },
    });
    const driver = new Driver(`http://127.0.0.1:${port}`, process_);
    try {
      await until("WebKitWebDriver answers", async () => (await fetch(`${driver.base}/status`)).ok);
      const options = { binary: program, args };
      const { sessionId } = await driver.ask("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
      driver.session = `/session/${sessionId}`;
      return driver;
    } catch (error) {
      process_.kill();
      throw error;
    }
  }

  constructor(base, process_) {
    this.base = base;
    this.process = process_;
    this.session = "";
  }

  async ask(method, path, body) {
    const answer = await fetch(this.base + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value?.error ?? answer.status}: ${value?.message ?? ""}`);
    return value;
  }

  /** Runs a function body in the page. */
  run(script, ...args) {
    return this.ask("POST", `${this.session}/execute/sync`, { script, args });
  }

  /** Runs a function body that calls its last argument when it is done. */
  runAsync(script, ...args) {
    return this.ask("POST", `${this.session}/execute/async`, { script, args });
  }

  async find(css) {
    return (await this.ask("POST", `${this.session}/element`, { using: "css selector", value: css }))[ELEMENT];
  }

  text(css) {
    return until(`${css} shows text`, () => this.run("return document.querySelector(arguments[0])?.innerText.trim()", css));
  }

  async press(css, label) {
    const found = await until(`a ${css} “${label}” is there`, () =>
      this.run(
        `const all = [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility?.() ?? true);
         return all.find((e) => (e.getAttribute("aria-label") ?? e.innerText).trim().startsWith(arguments[1])) ?? null`,
        css,
        label,
      ),
    );
    await this.ask("POST", `${this.session}/element/${found[ELEMENT]}/click`, {});
  }

  /** Types one key the way a keyboard does. */
  async key(value) {
    await this.ask("POST", `${this.session}/actions`, {
      actions: [{ type: "key", id: "keyboard", actions: [{ type: "keyDown", value }, { type: "keyUp", value }] }],
    });
  }

  async end() {
    // Where the app has ended already there is no session left to delete.
    await this.ask("DELETE", this.session).catch(() => {});
    this.process.kill();
  }
}
