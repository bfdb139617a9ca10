// A pretend Alertmanager on loopback that wants the password of `reader`, tells no alert, and counts who came with it and without.
import { once } from "node:events";
import { createServer } from "node:http";

export class PretendAlertmanager {
  asked = { well: 0, badly: 0 };
  answers = { "/api/v2/status": { cluster: { status: "disabled" }, config: { original: "route: {receiver: all}\nreceivers: [{name: all}]\n" }, uptime: "2026-01-01T00:00:00Z", versionInfo: { version: "0.28.0" } }, "/api/v2/alerts": [], "/api/v2/silences": [] };

  constructor(password) {
    this.password = password;
  }

  async start() {
    this.server = createServer((request, answer) => {
      const known = request.headers.authorization === `Basic ${Buffer.from(`reader:${this.password}`).toString("base64")}`;
      this.asked[known ? "well" : "badly"]++;
      if (!known) return answer.writeHead(401, { "Content-Type": "text/plain" }).end("who are you");
      return answer.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(this.answers[new URL(request.url, "http://127.0.0.1").pathname] ?? []));
    }).listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.address = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  /** As a form of the settings. */
  source(secret) {
    return { id: "alertmanager:main", kind: "alertmanager", address: this.address, credentials: "basic", user: "reader", secret, poll_seconds: 1 };
  }

  stop() {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}
