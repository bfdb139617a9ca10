// A pretend API server on loopback for walks that need a cluster but no lab: a shop of two houses (or those named), one of
// which can be made to crash. Lists, watches and discovery, as far as the program asks for them; nothing can be written.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const RESOURCES = {
  "/api/v1": { namespaces: "Namespace", nodes: "Node", pods: "Pod", services: "Service" },
  "/apis/apps/v1": { deployments: "Deployment", replicasets: "ReplicaSet" },
};

export class PretendCluster {
  version = 100;
  objects = new Map();
  /** What stands behind the service proxy: answers a path below a Service with an object, or with nothing. */
  behind = () => undefined;
  watches = new Set();

  constructor(context = "shop", houses = ["redis-cart", "cartservice"]) {
    this.context = context;
    this.born = new Date().toISOString().replace(/\.\d+Z/, "Z");
    for (const name of ["kube-system", "shop"]) this.put("/api/v1/namespaces", { metadata: { name }, status: { phase: "Active" } });
    this.put("/api/v1/nodes", { metadata: { name: "node-1" }, status: { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: this.born, lastTransitionTime: this.born }] } });
    for (const app of houses) this.house(app, false);
  }

  /** One Deployment of one pod; crashing, or well. */
  house(app, crashing) {
    const labels = { app };
    const metadata = (name, owner) => ({ name, namespace: "shop", labels: { ...labels, "app.kubernetes.io/part-of": this.context }, generation: 1, ...(owner ? { ownerReferences: [{ ...owner, controller: true }] } : {}) });
    const template = { metadata: { labels }, spec: { containers: [{ name: "server", image: `shop/${app}:1` }] } };
    const ready = crashing ? 0 : 1;
    const condition = (type, status) => ({ type, status, lastTransitionTime: this.born, lastUpdateTime: this.born, reason: crashing ? "MinimumReplicasUnavailable" : "MinimumReplicasAvailable" });
    this.put("/apis/apps/v1/deployments", { metadata: metadata(app), spec: { replicas: 1, selector: { matchLabels: labels }, template }, status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: ready, availableReplicas: ready, ...(crashing ? { unavailableReplicas: 1 } : {}), conditions: [condition("Available", crashing ? "False" : "True")] } });
    this.put("/apis/apps/v1/replicasets", { metadata: metadata(`${app}-1`, { apiVersion: "apps/v1", kind: "Deployment", name: app, uid: `deployments-${app}` }), spec: { replicas: 1, selector: { matchLabels: labels }, template }, status: { observedGeneration: 1, replicas: 1, readyReplicas: ready, availableReplicas: ready } });
    const state = crashing ? { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } } : { running: { startedAt: this.born } };
    const container = { name: "server", image: `shop/${app}:1`, ready: !crashing, restartCount: crashing ? 4 : 0, state, ...(crashing ? { lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt: this.born } } } : {}) };
    this.put("/api/v1/pods", { metadata: metadata(`${app}-1-a`, { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${app}-1`, uid: `replicasets-${app}-1` }), spec: { nodeName: "node-1", containers: template.spec.containers }, status: { phase: "Running", startTime: this.born, conditions: [{ type: "Ready", status: crashing ? "False" : "True", lastTransitionTime: this.born }], containerStatuses: [container] } });
  }

  put(path, object) {
    const [, root, plural] = /^(.*)\/([^/]+)$/.exec(path);
    const key = `${path}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    const known = this.objects.has(key);
    object.kind = RESOURCES[root][plural];
    object.apiVersion = root === "/api/v1" ? "v1" : "apps/v1";
    // A cluster is known by the UID of its kube-system: two pretended ones are not the same.
    const own = plural === "namespaces" && object.metadata.name === "kube-system" ? `-of-${this.context}` : "";
    Object.assign(object.metadata, { uid: `${plural}-${object.metadata.name}${own}`, creationTimestamp: this.born, resourceVersion: String(++this.version) });
    this.objects.set(key, { path, object });
    for (const watch of this.watches) if (watch.path === path) watch.answer.write(`${JSON.stringify({ type: known ? "MODIFIED" : "ADDED", object })}\n`);
  }

  /** Starts, and writes a kubeconfig with its context, the current one, and those of the clusters named. */
  async start(...others) {
    this.server = createServer((request, answer) => this.answer(new URL(request.url, "http://127.0.0.1"), request, answer));
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.folder = mkdtempSync(join(tmpdir(), "broadstreet-cluster-"));
    this.kubeconfig = join(this.folder, "config");
    const all = [this, ...others];
    const clusters = all.map((one) => ({ name: one.context, cluster: { server: `http://127.0.0.1:${one.server.address().port}` } }));
    const contexts = all.map((one) => ({ name: one.context, context: { cluster: one.context, user: "reader" } }));
    writeFileSync(this.kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": this.context, clusters, users: [{ name: "reader", user: {} }], contexts }));
    return this;
  }

  answer(url, request, answer) {
    const say = (code, body) => answer.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    const path = url.pathname;
    if (request.method !== "GET") return say(405, { kind: "Status", status: "Failure", code: 405, reason: "MethodNotAllowed", message: "nothing is written here" });
    if (path === "/version") return say(200, { major: "1", minor: "34", gitVersion: "v1.34.0" });
    if (path === "/livez") return answer.writeHead(200, { "Content-Type": "text/plain" }).end("ok");
    const [, service, below] = /^\/api\/v1\/namespaces\/shop\/services\/([^/]+)\/proxy(\/.*)$/.exec(path) ?? [];
    if (service) {
      const told = this.behind(service, below, request.headers);
      return told === undefined ? say(503, { kind: "Status", status: "Failure", code: 503, reason: "ServiceUnavailable", message: "no endpoints available for service" }) : say(200, told);
    }
    const one = this.objects.get(path.replace(/\/([^/]+)$/, "//$1"))?.object;
    if (one) return say(200, one);
    if (RESOURCES[path]) return say(200, { kind: "APIResourceList", groupVersion: path.replace(/^\/apis?\//, ""), resources: Object.entries(RESOURCES[path]).map(([name, kind]) => ({ name, kind, namespaced: !["namespaces", "nodes"].includes(name), verbs: ["get", "list", "watch"] })) });
    const [, root, plural] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
    const kind = RESOURCES[root]?.[plural];
    if (!kind) return say(404, { kind: "Status", status: "Failure", code: 404, reason: "NotFound", message: "the server could not find the requested resource" });
    if (url.searchParams.has("watch")) {
      answer.writeHead(200, { "Content-Type": "application/json" });
      answer.flushHeaders();
      const from = Number(url.searchParams.get("resourceVersion"));
      for (const it of this.objects.values()) if (it.path === path && Number(it.object.metadata.resourceVersion) > from) answer.write(`${JSON.stringify({ type: "MODIFIED", object: it.object })}\n`);
      const watch = { path, answer };
      this.watches.add(watch);
      request.on("close", () => this.watches.delete(watch));
      return undefined;
    }
    const items = [...this.objects.values()].filter((it) => it.path === path).map((it) => it.object);
    return say(200, { kind: `${kind}List`, apiVersion: root === "/api/v1" ? "v1" : "apps/v1", metadata: { resourceVersion: String(this.version) }, items });
  }

  stop() {
    for (const watch of this.watches) watch.answer.destroy();
    this.server?.closeAllConnections();
    this.server?.close();
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
