#!/usr/bin/env node
// The acceptance walk, cluster half: from a live cluster to a verified bundle, on the real programs of the lab.
// LAB_JSON=…/lab.json BROADSTREET=…/broadstreet node walk.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Desk, fault, lab, must, name, PROGRAM, run, Tally, until } from "./desk.mjs";
import { onlyRead } from "./audit.mjs";
import { listed, mustBeFrozen, mustBeShown } from "./events.mjs";
import { checkEvidence } from "./evidence.mjs";
import { withoutNetwork } from "./gone.mjs";
import { checkPages } from "./pages.mjs";
import { checkShift } from "./shift.mjs";
import { checkManifests } from "./manifests.mjs";
import { checkSecrets, never, partsOf, plant } from "./secrets.mjs";

const it = lab();
const tally = new Tally();
const desk = new Desk();
desk.level = "debug";
const papers = mkdtempSync(join(tmpdir(), "broadstreet-papers-"));
const watchdog = setTimeout(() => {
  console.log("not ok the walk did not end within twenty minutes");
  process.exit(1);
}, 1_200_000);
watchdog.unref();

const kubectl = async (...words) => {
  const { code, out, err } = await run(it.kubectl, ["--kubeconfig", it.kubeconfig, "-n", "boutique", ...words]);
  must(code === 0, err);
  return out;
};
/** Opens the pager, whose password is asked for again after a restart where there is no keyring. */
const openPager = async () => {
  await desk.call("save_source", {
    id: "icinga:lab", kind: "icinga", address: it.icinga, credentials: "basic", user: "lab", secret, ca_file: it.ca, poll_seconds: 1,
  });
  await until(30, "every source is live", async () => {
    const { sources } = await desk.call("desk");
    return sources.length === 4 && sources.every((s) => s.state === "live");
  });
};
const houses = (topology) => topology.objects.filter((o) => o.namespace === "boutique" && o.kind === "Deployment");
const secret = "lab";
let incident;
let redis;
/** Every Event the API server listed before Declare, those that were frozen, and when. */
let events = [];
let frozen;
let then;
const gone = [it.prometheus, it.alertmanager, it.icinga, /server: "?(https:[^"\s,}]+)/.exec(readFileSync(it.kubeconfig, "utf8"))[1]];

try {
  await tally.check("2: the map of the real cluster appears", async () => {
    await desk.start(["serve", "--kubeconfig", it.kubeconfig], "Mei Tanaka");
    const open = await until(60, "the cluster is read", async () => {
      const now = await desk.call("desk");
      return now.sources.some((s) => s.kind === "cluster" && s.state === "live") && now;
    });
    return `context ${open.title}`;
  });

  await tally.check("2: Online Boutique has its 12 workloads, 16 dependencies and one address that names no Service", async () => {
    const { code, out, err } = await run(PROGRAM, ["topology", "--format", "json", "--kubeconfig", it.kubeconfig], { env: desk.env });
    must(code === 0, err);
    const topology = JSON.parse(out);
    const own = houses(topology);
    must(own.length === 12, `${own.length} workloads`);
    redis = own.find((o) => o.name === "redis-cart").id;
    const calls = topology.relations.filter((r) => r.type === "calls" && r.from.includes("/boutique/"));
    must(calls.length === 16, `${calls.length} dependencies: ${calls.map((c) => `${name(c.from)}→${name(c.to)}`).join(" ")}`);
    const lost = topology.unresolved.map((u) => u.address);
    must(lost.length === 1 && lost[0] === "shoppingassistantservice:80", lost);
  });

  await tally.check("2: a reader of one namespace sees that namespace, and the doctor names what it may not read", async () => {
    const only = ["--kubeconfig", it.namespaced, "--namespaces", "boutique", "--json"];
    const { code, out, err } = await run(PROGRAM, ["topology", ...only], { env: desk.env });
    must(code === 0, err);
    const topology = JSON.parse(out);
    must(houses(topology).length === 12, `${houses(topology).length} workloads`);
    must(topology.relations.filter((r) => r.type === "calls").length === 16, "not the 16 dependencies");
    must(topology.objects.every((o) => !o.namespace || o.namespace === "boutique"), "an object of another namespace");
    // A desk of its own: the one that runs reads the cluster with other rights.
    const alone = new Desk();
    try {
      const checks = (await alone.cli(["doctor", "--kubeconfig", it.namespaced, "--namespaces", "boutique"])).checks;
      const warned = checks.filter((c) => c.state === "warning" && /not allowed to list/.test(c.text));
      must(warned.length > 0 && warned.every((c) => c.hint.length > 0), checks);
      must(checks.some((c) => c.what === "kinds" && /only in boutique/.test(c.text)), checks);
      return `${warned.length} kinds are named that may not be read`;
    } finally {
      alone.remove();
    }
  });

  await checkManifests(tally);

  await tally.check("sources are added, checked in plain words, and answer", async () => {
    await desk.call("save_source", { id: "alertmanager:lab", kind: "alertmanager", address: it.alertmanager, poll_seconds: 1 });
    await desk.call("save_source", { id: "prometheus:lab", kind: "prometheus", address: it.prometheus, poll_seconds: 1 });
    await openPager();
    const checks = await desk.call("check_sources");
    must(checks.every((c) => c.state !== "failed"), checks);
    const settings = JSON.stringify(await desk.call("settings"));
    must(!settings.includes('"secret":"lab"'), "the settings tell a secret");
  });

  await plant(tally, desk, kubectl);

  await checkEvidence(tally, desk, redis.replace("redis-cart", "cartservice"), never);

  await tally.check("3: a bad image, and an alert stands as a case at its house with the label that placed it", async () => {
    await fault("crash-loop", "redis-cart");
    const found = await until(120, "a case at redis-cart", async () => {
      const { cases } = await desk.call("cases");
      const panel = await desk.call("object", { id: redis });
      return panel.cases.length > 0 && panel.cases.some((c) => c.state === "firing") && cases.length > 0 && panel;
    });
    const hit = found.cases.find((c) => c.state === "firing");
    must(hit.label.length > 0 && hit.rung >= 0, hit);
    return `${hit.name} by ${hit.label}`;
  });

  await tally.check("3: the house says why it is red and which field says so", async () => {
    const panel = await until(60, "redis-cart is in trouble", async () => {
      const now = await desk.call("object", { id: redis });
      return (now.health === "critical" || now.health === "warning") && now;
    });
    must(panel.reason.length > 10 && panel.field.length > 5, panel);
    return `${panel.reason} [${panel.field}]`;
  });

  await tally.check("3: what nobody has been told is listed, with the reason", async () => {
    await fault("image-pull", "adservice");
    const seen = new Map();
    await until(120, "an alert that waits, and one whose receiver tells no one", async () => {
      const { nobody_told: all } = await desk.call("cases");
      for (const c of all) if (c.told === "nobody" && c.told_why) seen.set(`${c.state} ${c.name}`, c.told_why);
      return [...seen.keys()].some((k) => k.startsWith("pending")) && [...seen.values()].some((why) => why.includes("nobody"));
    });
    return [...seen].slice(0, 3).map(([k, why]) => `${k}: ${why}`).join("; ");
  });

  await checkPages(tally, desk, it);

  await tally.check("3: with every alert source off the house still says why", async () => {
    await desk.call("remove_source", { id: "alertmanager:lab" });
    await desk.call("remove_source", { id: "prometheus:lab" });
    const panel = await until(20, "no alert is left", async () => {
      const { cases } = await desk.call("cases");
      return cases.filter((c) => c.state === "firing").length === 0 && (await desk.call("object", { id: redis }));
    });
    must(["critical", "warning"].includes(panel.health) && panel.reason && panel.field, panel);
    await desk.call("save_source", { id: "alertmanager:lab", kind: "alertmanager", address: it.alertmanager, poll_seconds: 1 });
    await desk.call("save_source", { id: "prometheus:lab", kind: "prometheus", address: it.prometheus, poll_seconds: 1 });
    await until(30, "alerts are back", async () => (await desk.call("cases")).cases.some((c) => c.state === "firing"));
  });

  await tally.check("5: declare freezes the evidence", async () => {
    const panel = (await desk.call("object", { id: redis })).events;
    must(panel.length > 0, "the house has no Events");
    events = await listed(it, redis.split("/")[0]);
    must(panel.every((one) => events.some((event) => event.uid === one.uid)), "the API server does not list an Event that is shown");
    incident = await desk.cli(["incident", "declare", "Carts cannot be read", "--severity", "2", "--on", redis], "Mei Tanaka");
    must(incident.number.startsWith("INC-"), incident);
    const counts = await until(10, "the frozen evidence", async () => (await desk.call("incident", { id: incident.id })).frozen);
    must(counts.events > 0 && counts.alerts > 0 && counts.revisions > 0, counts);
    frozen = await mustBeFrozen(desk, incident.id, events);
    then = counts.at;
    return `of ${events.length} Events the API server listed before, all are among ${JSON.stringify(counts)}`;
  });

  await tally.check("6: until somebody commands there is an explicit gap, and after 60 s an alarm", async () => {
    const now = await desk.call("incident", { id: incident.id });
    must(now.commander === null && now.command.length > 0 && now.command[0].commander === null, now.command);
    const alarm = await until(90, "the alarm", async () => (await desk.call("desk")).alarms.find((a) => a.code === "command_vacant"));
    return alarm.text;
  });

  await tally.check("6: command is assumed, offered, accepted only after the brief, and never held by two", async () => {
    await desk.cli(["incident", "role", "commander", "-i", incident.id], "Mei Tanaka");
    await desk.cli(["incident", "offer", "commander", "--to", "Jonas Weber", "--reason", "shift ends", "-i", incident.id], "Mei Tanaka");
    let now = await desk.call("incident", { id: incident.id });
    must(now.commander.name === "Mei Tanaka", "the offer alone moved command");
    const offer = now.offers[0].row;
    await desk.call("act_as", { name: "Jonas Weber" });
    const refused = await desk.call("accept_offer", { incident: incident.id, offer }).then(() => null, (error) => error);
    must(refused?.code === "brief_not_shown", refused?.message ?? "accepted without the brief");
    await desk.call("act_as", { name: "Mei Tanaka" });
    const unseen = await desk.cli(["incident", "accept", "--yes", "-i", incident.id], "Jonas Weber").then(() => null, (error) => error);
    must(unseen?.code === "brief_not_shown", unseen?.message ?? "accepted without the brief on the command line");
    const asked = await desk.cli(["incident", "accept", "-i", incident.id], "Jonas Weber").then(() => null, (error) => error);
    must(asked?.code === "not_accepted", asked?.message ?? "accepted before the brief was shown");
    const brief = JSON.parse(asked.out);
    const lines = brief.sections.flatMap((section) => section.lines.map((line) => line.text));
    must(brief.offer === offer && lines.some((text) => text.startsWith("Carts cannot be read, declared")), `the brief printed: ${asked.out}`);
    must((await desk.call("incident", { id: incident.id })).commander.name === "Mei Tanaka", "showing the brief alone moved command");
    await desk.cli(["incident", "accept", "--yes", "-i", incident.id], "Jonas Weber");
    now = await desk.call("incident", { id: incident.id });
    must(now.commander.name === "Jonas Weber", now.commander);
    for (const [i, span] of now.command.entries()) {
      const next = now.command[i + 1];
      must(next ? span.to === next.from : span.to === null, `a hole in the chain of command: ${JSON.stringify(now.command)}`);
    }
    must(!(await desk.call("desk")).alarms.some((a) => a.code === "command_vacant"), "the alarm stays");
    return `${now.command.length} spans without a hole`;
  });

  await tally.check("7: the timeline fills by itself, and machine rows cannot be edited", async () => {
    await fault("node-not-ready", "node-05");
    const rows = await until(60, "alerts, rollouts, node conditions, Events and pages", async () => {
      const { entries } = await desk.call("timeline", { incident: incident.id });
      const kinds = new Set(entries.map((e) => e.kind));
      return ["alert.fired", "k8s.event", "k8s.rollout", "k8s.node_condition"].every((k) => kinds.has(k)) && [...kinds].some((k) => k.startsWith("page.")) && entries;
    });
    must(rows.some((e) => e.kind === "k8s.node_condition" && e.text.includes("node-05")), rows.filter((e) => e.kind === "k8s.node_condition"));
    await fault("node-back", "node-05");
    const machine = rows.find((e) => e.machine);
    const refused = await desk.call("correct_entry", { incident: incident.id, row: machine.row, text: "other" }).then(() => null, (e) => e);
    must(refused?.code === "machine_row", refused?.message ?? "a machine row was edited");
    return `${rows.length} rows`;
  });

  await tally.check("7: the quick entry understands -4m, 14:32, ~14:30, 14:?? and @object", async () => {
    const cases = [
      ["-4m carts are empty", "exact", false],
      ["00:05 noticed by support", "minute", false],
      ["~00:04 first complaint", "minute", true],
      ["00:?? somebody restarted it", "hour", false],
    ];
    for (const [text, precision, approx] of cases) {
      const read = await desk.call("preview_entry", { incident: incident.id, text });
      must(read.problem === "" && read.approx === approx, read);
      must(precision === "exact" || read.precision === precision, read);
      must(Date.parse(read.at) <= Date.now() + 1000, `${text} lies in the future`);
    }
    const about = await desk.call("preview_entry", { incident: incident.id, text: "@cartservice answers slowly" });
    must(about.subjects.some((s) => s.value.endsWith("/Deployment/boutique/cartservice")), about);
  });

  let note;
  await tally.check("7: a human row keeps every wording, and a pasted picture becomes an attachment", async () => {
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");
    const blob = await desk.put(png);
    note = await desk.call("write_entry", {
      incident: incident.id, text: "-2m @redis-cart restarts again and again",
      attachments: [{ blob, name: "graph.png", media_type: "image/png" }], token: "walk-1",
    });
    const again = await desk.call("write_entry", { incident: incident.id, text: "-2m @redis-cart restarts again and again", token: "walk-1" });
    must(again.row === note.row, "a retry wrote a second row");
    const edited = await desk.call("correct_entry", { incident: incident.id, row: note.row, text: "@redis-cart restarts every ten seconds" });
    must(edited.earlier.length === 1 && edited.text.includes("ten seconds"), edited);
    must(note.refs.some((r) => r.role === "attachment" && r.target === blob), note.refs);
    must(Buffer.compare(await desk.get(blob), png) === 0, "the attachment differs");
  });

  await tally.check("7: tasks have an owner and a check-in, hypotheses and decisions are rows", async () => {
    await desk.cli(["incident", "task", "Roll redis-cart back", "--owner", "Ana Ruiz", "--in", "10", "-i", incident.id], "Jonas Weber");
    await desk.cli(["incident", "hypothesis", "A node lost its network", "-i", incident.id], "Ana Ruiz");
    await desk.cli(["incident", "hypothesis", "The new redis image does not start", "-i", incident.id], "Ana Ruiz");
    await desk.cli(["incident", "hypothesis", "H1", "--judge", "eliminated", "--evidence", "every node is ready", "-i", incident.id], "Ana Ruiz");
    await desk.cli(["incident", "hypothesis", "H2", "--judge", "supported", "--evidence", "the old image runs", "-i", incident.id], "Ana Ruiz");
    await desk.cli(["incident", "decide", "Roll back redis-cart", "--made", "-i", incident.id], "Jonas Weber");
    const now = await desk.call("incident", { id: incident.id });
    must(now.tasks[0].owner.name === "Ana Ruiz" && now.tasks[0].state === "open", now.tasks);
    must(now.hypotheses[0].state === "eliminated" && now.hypotheses[1].state === "supported", now.hypotheses);
    must(now.decisions[0].state === "made", now.decisions);
  });

  await tally.check("8: the scrubber shows the past, from before Declare, and selecting a row leads there", async () => {
    const history = await desk.call("history", { bins: 60 });
    must(history.live && history.bins.some((b) => b.critical + b.warning > 0), "no bin shows what fired");
    must(history.marks.length > 0, "no marks");
    const { recorded_from: from } = await desk.call("desk");
    must(Date.parse(from) < Date.parse(incident.declared_at), "recording began after Declare");
    const early = new Date(Date.parse(from) + 1500).toISOString();
    const then = await desk.call("object", { id: redis, at: early });
    const now = await desk.call("object", { id: redis });
    must(then.health !== now.health, `then ${then.health}, now ${now.health}`);
  });

  await tally.check("5: deleting the Events in the cluster takes nothing away", async () => {
    await fault("delete-events");
    const isOld = (uid) => events.some((event) => event.uid === uid);
    must(!(await listed(it, redis.split("/")[0])).some((event) => isOld(event.uid)), "an Event listed before is still in the cluster");
    await until(30, "the Events listed before are gone now", async () => !(await desk.call("object", { id: redis })).events.some((e) => isOld(e.uid)));
    await mustBeShown(desk, events, then);
  });

  await desk.stop();
  await withoutNetwork(tally, { step: "5", gone, folder: desk.folder, incident: incident?.id, events, frozen, at: then });
  await tally.check("5: started again with the cluster, the same record goes on", async () => {
    await desk.start(["serve", "--kubeconfig", it.kubeconfig], "Mei Tanaka");
    await openPager();
    const now = await desk.call("incident", { id: incident.id });
    must(now.status === incident.status && now.commander.name === "Jonas Weber", now);
  });

  await checkShift(tally, desk, it, incident);

  await tally.check("9: rolled back, alerts resolve, the incident is resolved", async () => {
    await fault("roll-back", "redis-cart");
    await desk.cli(["incident", "status", "mitigating", "--reason", "rolled back", "-i", incident.id], "Jonas Weber");
    await until(180, "redis-cart is well", async () => (await desk.call("object", { id: redis })).health === "well");
    await until(180, "its alerts resolved", async () => {
      const { entries } = await desk.call("timeline", { incident: incident.id });
      return entries.some((e) => e.kind === "alert.resolved");
    });
    await desk.call("set_milestone", { incident: incident.id, name: "impact_started", when: "-6m", reason: "first complaint" });
    await desk.cli(["incident", "task", "T1", "--end", "done", "--outcome", "rolled back, pods are ready", "-i", incident.id], "Ana Ruiz");
    await desk.cli(["incident", "status", "resolved", "--reason", "carts are read again", "-i", incident.id], "Jonas Weber");
    const now = await desk.call("incident", { id: incident.id });
    must(now.status === "resolved" && now.command.at(-1).to !== null, now.status);
  });

  await tally.check("9: the postmortem is drafted from the record and exported as Markdown, HTML and PDF", async () => {
    await desk.cli(["postmortem", "draft", "-i", incident.id], "Mei Tanaka");
    const { entries } = await desk.call("timeline", { incident: incident.id });
    const files = {};
    for (const format of ["markdown", "html", "pdf"]) {
      const out = join(papers, `postmortem.${format}`);
      await desk.cli(["postmortem", "export", "--format", format, "--out", out, "-i", incident.id], "Mei Tanaka");
      files[format] = readFileSync(out);
    }
    const html = files.html.toString();
    // A link a person may follow asks nobody by itself; a picture, a script, a sheet or a font would.
    const asked = html.replace(/<a\b[^>]*>/g, "").match(/(src|href|srcset|data)\s*=\s*["']?(https?:)?\/\/|url\(\s*["']?(https?:)?\/\/|@import/i);
    must(asked === null, `the page asks another host: ${asked?.[0]}`);
    must(html.includes("data:image/svg+xml"), "the map is not in the page");
    const text = await run("pdftotext", ["-raw", join(papers, "postmortem.pdf"), "-"]);
    must(text.code === 0, text.err);
    // Long names may break anywhere: soft hyphens, zero-width spaces and line ends are no part of the words.
    const bare = (words) => words.normalize("NFKC").replace(/[\s\u00ad\u200b-]+/g, "");
    const flat = bare(text.out);
    const missing = entries.filter((e) => !flat.includes(bare(e.text)));
    must(text.out.includes("The map at the worst moment"), "the map's caption is not in the PDF");
    const unnamed = ["redis-cart", "cartservice", "checkoutservice", "adservice", "currencyservice"].filter((name) => !flat.includes(bare(name)));
    must(unnamed.length === 0, `the map in the PDF does not show ${unnamed}`);
    must(missing.length === 0, `${missing.length} of ${entries.length} rows are not in the PDF: ${missing.slice(0, 3).map((e) => e.text).join(" | ")}`);
    return `${entries.length} rows in ${(files.pdf.length / 1024).toFixed(0)} kB of PDF`;
  });

  await tally.check("10: the handoff is drafted from the live state, each line traceable, and accepted", async () => {
    const draft = await desk.cli(["handoff", "draft", "--to", "Ana Ruiz", "--write", "--note", "watch redis-cart"], "Jonas Weber");
    must(draft.sections.length >= 6, draft.sections?.map((s) => s.id));
    for (const section of draft.sections) {
      must(section.lines.length > 0 || section.none.length > 0, `section ${section.id} is silent`);
      must(section.lines.every((l) => l.trace_kind !== "" && (l.trace_kind === "none" || l.trace !== "")), section);
    }
    const accepted = await desk.cli(["handoff", "accept"], "Ana Ruiz");
    must(accepted.accepted_by === "Ana Ruiz", accepted.accepted_by);
  });

  const bundle = join(papers, "incident.broadstreet");
  let shown;
  let panel;
  await tally.check("11: the incident is exported as one bundle", async () => {
    await desk.cli(["export", incident.id, bundle], "Mei Tanaka");
    const { rows } = await desk.cli(["verify", bundle]);
    // Alerts may go on resolving here after the export: what the bundle holds must be there in the same words.
    const { title, status } = await desk.call("incident", { id: incident.id });
    const { entries } = await desk.call("timeline", { incident: incident.id });
    shown = { rows, title, status, entries: Object.fromEntries(entries.map(({ row, text, at }) => [row, { text, at }])) };
    panel = JSON.stringify(await desk.call("object", { id: redis.replace("redis-cart", "emailservice") }));
    must(JSON.parse(panel).images.length > 0, "the panel of emailservice is empty");
    return `${(readFileSync(bundle).length / 1024).toFixed(0)} kB`;
  });

  await tally.check("11: verify passes, and fails naming the part after any byte is changed", async () => {
    const clean = await desk.cli(["verify", bundle]);
    must(clean.rows > 0 && clean.parts > 0, clean);
    const bytes = readFileSync(bundle);
    const changed = join(papers, "changed.broadstreet");
    const parts = partsOf(bytes);
    must(parts.length === clean.parts + 1, `${parts.length} parts and the manifest, ${clean.parts} verified`);
    for (let i = 0; i < 24; i++) {
      const copy = Buffer.from(bytes);
      const at = Math.floor((bytes.length - 1) * (i / 23));
      copy[at] ^= 1 << (i % 8);
      writeFileSync(changed, copy);
      const refused = await desk.cli(["verify", changed]).then(() => null, (error) => error);
      must(refused && refused.exit !== 0, `byte ${at} was changed and verify passes`);
      // What lies in no part is between them: headers and the list at the end.
      const holds = parts.find((it) => it.from <= at && at < it.to);
      must(holds ? refused.message.includes(`(part \`${holds.name}`) : /\(part `(whole|directory|[a-z]+[./])/.test(refused.message), `byte ${at} of ${holds?.name ?? "no part"}: ${refused.message}`);
    }
    return "24 bytes over the whole file";
  });

  await desk.stop();
  await withoutNetwork(tally, { step: "11", gone, bundle, incident: incident?.id, events, frozen, at: then, ...shown });
  await checkSecrets(tally, it, { folder: desk.folder, papers, bundle, log: desk.log, others: { panel } });

  await tally.check("nothing was written to the cluster", async () => onlyRead(it.audit));
} finally {
  await desk.stop();
  if (tally.failed) console.log(desk.log.split("\n").filter((line) => !/"level":"(DEBUG|INFO)"/.test(line)).join("\n").slice(-4000));
  desk.remove();
  rmSync(papers, { recursive: true, force: true });
}
process.exit(tally.end());
