#!/usr/bin/env node
// Observed calls, from a real Prometheus holding the series of six observers to the panel of an object on the lab's cluster.
// LAB_JSON=…/lab.json BROADSTREET=…/broadstreet node observed.mjs
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Desk, lab, must, Tally, until } from "./desk.mjs";
import { samples } from "./traffic.mjs";

const it = lab();
const tally = new Tally();
const desk = new Desk();
const folder = mkdtempSync(join(tmpdir(), "broadstreet-observed-"));
const began = Date.now();
const exporter = createServer((_, answer) => answer.end(samples((Date.now() - began) / 1000)));
let prometheus;

const listening = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
const free = async () => {
  const server = createServer();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  return port;
};

try {
  const port = await free();
  const address = `http://127.0.0.1:${port}`;
  const target = await listening(exporter);
  writeFileSync(join(folder, "prometheus.yml"), `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: traffic, honor_labels: true, metrics_path: /, static_configs: [{targets: ['127.0.0.1:${target}']}]}]\n`);
  prometheus = spawn(join(process.env.DEB ?? "/usr/bin", "prometheus"), ["--config.file", join(folder, "prometheus.yml"), "--storage.tsdb.path", join(folder, "tsdb"), "--web.listen-address", `127.0.0.1:${port}`], { stdio: "ignore" });

  await tally.check("observed: a Prometheus holds the series of six observers", async () => {
    const ask = async (query) => (await (await fetch(`${address}/api/v1/query?query=${encodeURIComponent(query)}`)).json()).data.result[0]?.value[1];
    // A rate needs two samples; asked any earlier, the first observers would be found without and the next ones with.
    await until(60, "three scrapes", async () => (await ask("count_over_time(up{job='traffic'}[1m])")) >= 3);
    return `${await ask('count({__name__=~".+_total|caretta_links_observed"})')} series`;
  });

  let frontend;
  /** A moment at which the calls were told. */
  let told;
  const open = async (house) => desk.call("object", { id: frontend.replace(/frontend$/, house) });
  const call = (panel, to) => panel.calls.find((one) => one.other_name === to);
  await tally.check("observed: calls that are declared and were seen stand once, with rate, failures, latency and the last time", async () => {
    await desk.start(["serve", "--kubeconfig", it.kubeconfig], "Mei Tanaka");
    await until(60, "the cluster is read", async () => (await desk.call("desk")).sources.some((s) => s.kind === "cluster" && s.state === "live"));
    frontend = (await desk.call("find", { query: "frontend Deployment boutique", limit: 5 })).find((hit) => hit.title === "frontend").id;
    await desk.call("save_source", { id: "prometheus:traffic", kind: "prometheus", address, poll_seconds: 1 });
    const panel = await until(90, "the calls are told", async () => {
      const now = await open("frontend");
      return now.calls.some((one) => one.measured.length) && now;
    });
    const cart = call(panel, "cartservice");
    must(cart.source === "both" && cart.field.includes("CART_SERVICE_ADDR"), cart);
    const seen = cart.measured[0];
    must(cart.measured.length === 1 && seen.observer === "Istio" && seen.source === "prometheus:traffic" && seen.unit === "requests", seen);
    must(seen.rate > 0 && Math.abs(seen.failed - 0.25) < 0.01 && seen.p95_ms > 50 && seen.p95_ms <= 250 && Date.now() - Date.parse(seen.last_seen) < 120_000, seen);
    must(call(panel, "shippingservice").measured[0].failed === 1, "what never arrived failed");
    must(panel.calls.filter((one) => one.source === "declared").length > 0, "what nobody saw stays declared");
    return `${panel.calls.length} calls of frontend`;
  });

  await tally.check("observed: the share of failed requests beside a workload, and of one that never failed none", async () => {
    const failed = async (house) => {
      const { figures } = await desk.call("metrics", { id: frontend.replace(/frontend$/, house) });
      const figure = figures.find((one) => one.name === "Failed requests");
      must(!figure.why && figure.values.length > 0, { house, figure });
      return figure.values.at(-1);
    };
    const [cart, front] = [await failed("cartservice"), await failed("frontend")];
    must(Math.abs(cart - 0.25) < 0.01 && front === 0, { cart, front });
    return `cartservice ${cart.toFixed(2)}, frontend ${front}`;
  });

  await tally.check("observed: every observer's calls are placed, and nothing is guessed", async () => {
    const expected = [["checkoutservice", "paymentservice", "Linkerd"], ["frontend", "productcatalogservice", "OpenTelemetry service graph"], ["frontend", "recommendationservice", "Cilium Hubble"], ["cartservice", "redis-cart", "Caretta"], ["checkoutservice", "emailservice", "Beyla"]];
    for (const [from, to, observer] of expected) {
      const found = call(await open(from), to)?.measured.map((m) => m.observer) ?? [];
      must(found.includes(observer), `${from} to ${to}: ${found.join(", ") || "nothing"}`);
    }
    must(!call(await open("recommendationservice"), "frontend"), "answers are no calls");
    const payment = call(await open("paymentservice"), "redis-cart");
    must(payment.source === "observed" && payment.rule === 25, payment);
    const lost = (await open("frontend")).lost_calls.map((one) => one.other);
    must(lost.includes("an unnamed end"), lost);
    const outside = call(await open("cartservice"), "203.0.113.7");
    must(outside.other_kind === "External", outside);
  });

  await tally.check("observed: what the sources lost is said", async () => {
    const source = (await desk.call("desk")).sources.find((one) => one.id === "prometheus:traffic");
    for (const words of ["spans a minute found no pair", "events a minute were lost", "mystery"]) must(source.why.includes(words), source.why);
  });

  await tally.check("observed: the streets are told apart on the map", async () => {
    const bytes = await desk.scene();
    const header = JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(4)));
    const column = header.columns.find((one) => one.name === "streets.flags");
    const flags = bytes.subarray(column.offset, column.offset + column.count);
    // 128: declared, 16: seen.
    const count = (value) => flags.filter((one) => (one & 144) === value).length;
    told = new Date().toISOString();
    must(count(128) > 0 && count(16) > 0 && count(144) > 0, { declared: count(128), seen: count(16), both: count(144) });
    return `${count(128)} declared, ${count(16)} seen, ${count(144)} both`;
  });

  await tally.check("observed: once Prometheus answers no longer, what it told is stale and stays", async () => {
    prometheus.kill("SIGTERM");
    const seen = await until(90, "stale", async () => {
      const cart = call(await open("frontend"), "cartservice").measured[0];
      return cart.stale && cart;
    });
    must(seen.rate > 0 && seen.stale.includes("prometheus:traffic"), seen);
  });

  await tally.check("observed: a moment of the recording shows what was told by then", async () => {
    const then = (await desk.call("object", { id: frontend, at: told })).calls.find((one) => one.other_name === "cartservice");
    must(then?.measured[0]?.observer === "Istio" && !then.measured[0].stale, then ?? "no call");
  });
} finally {
  await desk.stop();
  desk.remove();
  exporter.close();
  if (prometheus && prometheus.exitCode === null) prometheus.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(tally.end());
