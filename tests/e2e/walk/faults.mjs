#!/usr/bin/env node
// What befalls a real kube-apiserver, and that afterwards the desk shows what the cluster holds: a restart, a past that
// etcd compacted while the desk slept, a RoleBinding that is removed and given back, a kind that is defined.
// LAB_STATE=… LAB_JSON=…/lab.json BROADSTREET=…/broadstreet node faults.mjs
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { events } from "./audit.mjs";
import { Desk, lab, must, run, Tally, until } from "./desk.mjs";

const it = lab();
const tally = new Tally();
const watchdog = setTimeout(() => {
  console.log("not ok the walk did not end within ten minutes");
  process.exit(1);
}, 600_000);
watchdog.unref();
const here = new URL("../../lab/", import.meta.url).pathname;
/** Seconds within which the world is the cluster again. */
const HEALED = 30;
const NAMESPACE = "boutique";

async function kubectl(...words) {
  const { code, out, err } = await run(it.kubectl, ["--kubeconfig", it.kubeconfig, ...words]);
  must(code === 0, `kubectl ${words.join(" ")}: ${err}`);
  return out;
}

const pid = (name) => Number(readFileSync(join(it.state, "pid", name), "utf8"));
const port = (name) => new RegExp(`^${name}_PORT=(\\d+)`, "m").exec(readFileSync(join(it.state, "ports.env"), "utf8"))[1];

async function isGone(process) {
  return (await run("kill", ["-0", String(process)])).code !== 0;
}

/** Killed: one that is asked to end waits a minute for those who watch. */
async function stopApiServer() {
  const process = pid("kube-apiserver");
  await run("kill", ["-9", String(process)]);
  await until(20, "the API server has ended", () => isGone(process));
}

/** Whatever of the control plane does not run is started; what runs stays. */
async function startApiServer() {
  const { code, err, out } = await run("bash", [join(here, "up.sh")], { env: { NO_APP: "1" } });
  must(code === 0, err || out);
}

/** Asks etcd over its JSON gateway. */
async function etcd(path, body) {
  const answer = await fetch(`http://127.0.0.1:${port("ETCD")}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
  must(answer.ok, `etcd ${path}: ${answer.status}`);
  return answer.json();
}

/** Forgets everything before now. */
async function compact() {
  const { header } = await etcd("range", { key: Buffer.from("/").toString("base64"), limit: 1 });
  await etcd("compaction", { revision: header.revision, physical: true });
}

async function source(desk) {
  return (await desk.call("desk")).sources[0];
}

const sourceIs = (desk, seconds, what, is) => until(seconds, what, async () => {
  const seen = await source(desk);
  return is(seen) ? seen : Promise.reject(new Error(JSON.stringify(seen).slice(0, 400)));
});

/** Kinds that are compared whole. */
const KINDS = { Pod: "pods", Deployment: "deployments", ReplicaSet: "replicasets", Service: "services", ConfigMap: "configmaps" };

/** What the cluster holds in the namespace, with the id the desk gives it. */
async function held(cluster) {
  const list = JSON.parse(await kubectl("-n", NAMESPACE, "get", Object.values(KINDS).join(","), "-o", "json"));
  return list.items.map((item) => {
    const group = item.apiVersion.includes("/") ? item.apiVersion.split("/")[0] : "";
    return { item, id: `${cluster}/${group}/${item.kind}/${NAMESPACE}/${item.metadata.name}` };
  });
}

const seenOf = (desk, id) => desk.call("object", { id, at: null });

async function exists(desk, id) {
  return (await seenOf(desk, id)).exists;
}

/** The kinds that are not live, and what is said of them. */
async function unwell(desk) {
  const kinds = (await source(desk)).kinds.filter((k) => !["live", "absent"].includes(k.state));
  return kinds.map((k) => `${k.kind} ${k.namespace} ${k.state} ${k.why}`).join("; ") || "every kind is live";
}

/** An object as both sides tell it: when it was made, its labels, and how many replicas are there. */
const made = (at) => new Date(at).toISOString();
const labelled = (pairs) => JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
const replicas = ({ kind, status }) => (kind === "Deployment" || kind === "ReplicaSet" ? status.readyReplicas ?? 0 : null);

/** The desk has everything the cluster has as the cluster has it, nothing twice and nothing besides, and nothing of `gone`. */
async function healed(desk, cluster, gone) {
  await until(HEALED, "the world is the cluster", async () => {
    const all = await held(cluster);
    for (const { item, id } of all) {
      const seen = await seenOf(desk, id);
      must(seen.exists, `missing: ${id}; ${await unwell(desk)}`);
      must(made(seen.created_at) === made(item.metadata.creationTimestamp), `another ${id}: of ${seen.created_at}, not ${item.metadata.creationTimestamp}`);
      const [there, here] = [Object.entries(item.metadata.labels ?? {}), seen.labels.map(({ key, value }) => [key, value])].map(labelled);
      must(there === here, `${id} has labels ${here}, not ${there}`);
      must(replicas(item) === null || replicas(item) === seen.ready, `${id} has ${seen.ready} ready, not ${replicas(item)}`);
    }
    for (const kind of Object.keys(KINDS)) {
      const { objects } = await desk.call("filter", { query: `ns:${NAMESPACE} kind:${kind}`, lens: "namespaces", at: null });
      const there = all.filter(({ item }) => item.kind === kind).length;
      must(there === objects, `${objects} of the kind ${kind}, not ${there}; ${await unwell(desk)}`);
    }
    for (const id of gone) must(!(await exists(desk, id)), `a ghost: ${id}; ${await unwell(desk)}`);
    return true;
  });
}

/** Resident memory of the desk, in MB. */
const resident = (desk) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${desk.process.pid}/status`, "utf8"))[1]) / 1024;

/** Things that happen: one of each is made and deleted, a pod is replaced. Answers the ids of what is gone. */
async function meanwhile(cluster, round) {
  await kubectl("-n", NAMESPACE, "create", "configmap", `made-${round}`);
  if (round > 0) await kubectl("-n", NAMESPACE, "delete", "configmap", `made-${round - 1}`);
  // The one before may not have been replaced yet: the controllers lost their server too.
  const pod = await until(90, "adservice has a pod", async () => (await kubectl("-n", NAMESPACE, "get", "pods", "-l", "app=adservice", "-o", "name")).trim().split("\n")[0]);
  await kubectl("-n", NAMESPACE, "delete", pod, "--wait=true");
  const gone = [`${cluster}//Pod/${NAMESPACE}/${pod.split("/")[1]}`];
  return round > 0 ? [...gone, `${cluster}//ConfigMap/${NAMESPACE}/made-${round - 1}`] : gone;
}

async function opened(kubeconfig) {
  const desk = new Desk();
  await desk.start(["serve", "--kubeconfig", kubeconfig], "Mei Tanaka");
  await sourceIs(desk, 60, "the cluster is read", (s) => s.state === "live");
  return desk;
}

/** What was there before anything befell it; more than this much more afterwards would be a leak. */
const STEADY = 1.3;

const cluster = (await kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")).trim();
let desk = await opened(it.readonly);
try {
  await healed(desk, cluster, []);
  const steady = resident(desk);
  await tally.check("a restart of the API server is seen within ten seconds and healed within thirty", async () => {
    await desk.call("declare", { title: "The API server restarts", severity: 2 });
    const began = Date.now();
    await stopApiServer();
    await sourceIs(desk, 10.5, "stale", (s) => s.state === "stale");
    const seen = (Date.now() - began) / 1000;
    await startApiServer();
    const gone = await meanwhile(cluster, 0);
    await sourceIs(desk, HEALED, "live again", (s) => s.state === "live" && s.code === "");
    await healed(desk, cluster, gone);
    return `stale after ${seen.toFixed(1)} s`;
  });

  await tally.check("what etcd compacted while the desk slept is read anew", async () => {
    desk.process.kill("SIGSTOP");
    const gone = await meanwhile(cluster, 1);
    await stopApiServer();
    await compact();
    await startApiServer();
    gone.push(...(await meanwhile(cluster, 2)));
    await compact();
    desk.process.kill("SIGCONT");
    await healed(desk, cluster, gone);
    await sourceIs(desk, HEALED, "live again", (s) => s.state === "live" && s.code === "");
  });

  await tally.check("its memory is what it was before", async () => {
    const now = await until(HEALED, "steady again", async () => {
      const mb = resident(desk);
      must(mb <= STEADY * steady, `${mb.toFixed(0)} MB resident, ${steady.toFixed(0)} MB before`);
      return mb;
    });
    return `${now.toFixed(0)} MB resident, ${steady.toFixed(0)} MB before`;
  });
} finally {
  desk.process?.kill("SIGCONT");
  await desk.stop();
  desk.remove();
}

desk = await opened(it.namespaced);
try {
  const inside = (s, state) => s.kinds.filter((k) => k.namespace === NAMESPACE && k.state === state).map((k) => k.kind);
  const binding = await kubectl("-n", NAMESPACE, "get", "rolebinding", "tenant-view", "-o", "json");

  await tally.check("a RoleBinding that is removed is named, one given back is noticed within a minute", async () => {
    const before = inside(await source(desk), "forbidden");
    await kubectl("-n", NAMESPACE, "delete", "rolebinding", "tenant-view");
    const lost = await sourceIs(desk, 60, "forbidden", (s) => inside(s, "forbidden").includes("/Pod"));
    const pod = lost.kinds.find((k) => k.kind === "/Pod" && k.namespace === NAMESPACE);
    must(["list", "watch"].includes(pod.verb) && pod.why.includes("forbidden"), pod);
    const from = Date.now();
    await new Promise((go) => setTimeout(go, 75_000));
    const { metadata, ...rest } = JSON.parse(binding);
    await run("bash", ["-c", `"${it.kubectl}" --kubeconfig "${it.kubeconfig}" apply -f - <<'J'\n${JSON.stringify({ ...rest, metadata: { name: metadata.name, namespace: NAMESPACE } })}\nJ`]);
    const to = Date.now();
    const lacked = inside(await source(desk), "forbidden").length;
    await sourceIs(desk, 65, "noticed", (s) => inside(s, "forbidden").length < lacked);
    // Each kind asks once a minute, and then reads.
    await sourceIs(desk, 75 - (Date.now() - to) / 1000, "given back", (s) => JSON.stringify(inside(s, "forbidden")) === JSON.stringify(before));
    const most = refusals(from, to);
    must(most.every(({ count, minutes }) => count <= Math.ceil(minutes)), most.slice(0, 5));
    // Who may not read the namespace by which a cluster is known calls it otherwise.
    await healed(desk, (await source(desk)).cluster, []);
    return `at most ${most[0]?.count ?? 0} refusals of a kind in ${((to - from) / 60000).toFixed(1)} min`;
  });
} finally {
  await desk.stop();
  desk.remove();
}

await tally.check("a kind somebody defined is on the map as its conditions say, and goes with its definition", async () => {
  const apply = (object) => run("bash", ["-c", `"${it.kubectl}" --kubeconfig "${it.kubeconfig}" apply -f - <<'J'\n${JSON.stringify(object)}\nJ`]);
  const conditions = { type: "array", items: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const schema = { openAPIV3Schema: { type: "object", properties: { status: { type: "object", properties: { conditions } } } } };
  const names = { plural: "widgets", singular: "widget", kind: "Widget" };
  const versions = [{ name: "v1", served: true, storage: true, schema }];
  const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "widgets.example.org" }, spec: { group: "example.org", scope: "Namespaced", names, versions } };
  const widget = { apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "one", namespace: NAMESPACE }, status: { conditions: [{ type: "Ready", status: "False", reason: "NoRoom", message: "no room is left" }] } };
  const live = await opened(it.kubeconfig);
  try {
    await apply(definition);
    await kubectl("wait", "--for=condition=Established", "crd/widgets.example.org", "--timeout=30s");
    await until(20, "the widget is made", async () => (await apply(widget)).code === 0);
    const id = `${cluster}/example.org/Widget/${NAMESPACE}/one`;
    const seen = await until(HEALED, "the widget is on the map", async () => {
      const found = await live.call("object", { id, at: null });
      return found.exists ? found : Promise.reject(new Error("it is not there"));
    });
    must(/no room is left/.test(JSON.stringify(seen)), JSON.stringify(seen).slice(0, 400));
    const { code, out, err } = await run(process.env.BROADSTREET, ["topology", "--kubeconfig", it.kubeconfig, "--json"]);
    must(code === 0, err);
    const told = JSON.parse(out).objects.find((object) => object.id === id);
    must(told?.health === "warning" && told.field.includes("Ready"), JSON.stringify(told));
    await kubectl("delete", "crd", "widgets.example.org");
    await until(HEALED, "the widget is gone", async () => !(await exists(live, id)));
  } finally {
    await live.stop();
    live.remove();
  }
});

/** How often each kind was refused to the tenant between two moments, by the audit log, the most first. */
function refusals(from, to) {
  const counts = new Map();
  for (const event of events(it.audit)) {
    const at = Date.parse(event.requestReceivedTimestamp);
    if (event.stage !== "ResponseComplete" || event.responseStatus?.code !== 403 || at < from || at > to) continue;
    if (!event.user?.username?.endsWith(":tenant") || event.objectRef?.resource === "leases") continue;
    counts.set(event.objectRef?.resource, (counts.get(event.objectRef?.resource) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count, minutes: (to - from) / 60_000 })).sort((a, b) => b.count - a.count);
}
process.exit(tally.end());
