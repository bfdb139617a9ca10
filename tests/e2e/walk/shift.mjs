// Step 10 of the walk while the incident is still open: what the note for the next shift names, and where each line leads.
import { icinga, must, run, until } from "./desk.mjs";

/** Acknowledges, as bob, a problem that stands and that somebody was told of; false where there is none just now. */
export async function acknowledge(desk, it, told = () => true) {
  const { attempts } = await desk.call("pages");
  const services = (await icinga(it, "GET", "/v1/objects/services")).results.map((s) => s.attrs);
  const open = new Set(services.filter((s) => s.state === 2 && s.acknowledgement === 0).map((s) => `${s.host_name}!${s.name}`));
  const found = attempts.find((a) => told(a) && open.has(a.subject_id));
  if (!found) return false;
  const [host, service] = found.subject_id.split("!");
  const done = await icinga(it, "POST", "/v1/actions/acknowledge-problem", {
    type: "Service", filter: `host.name=="${host}" && service.name=="${service}"`, author: "bob", comment: "looking", notify: true,
  });
  return done.results.some((r) => r.code === 200) && found.subject_id;
}

export async function checkShift(tally, desk, it, incident) {
  await tally.check("10: while it burns the note names what fires, who acknowledged, the silence, the incident and its task, each traced", async () => {
    const now = Date.now();
    const silence = await fetch(`${it.alertmanager}/api/v2/silences`, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        matchers: [{ name: "alertname", value: "MailQueueGrows", isRegex: false, isEqual: true }], comment: "planned work on the mail queue",
        createdBy: "Ana Ruiz", startsAt: new Date(now).toISOString(), endsAt: new Date(now + 3_600_000).toISOString(),
      }),
    });
    must(silence.ok, `Alertmanager refused the silence: ${silence.status}`);
    // Of what is gone the note leads to the instant before it went.
    const config = async (...words) => {
      const { code, err } = await run(it.kubectl, ["--kubeconfig", it.kubeconfig, "-n", "boutique", ...words]);
      must(code === 0, `kubectl ${words.join(" ")}: ${err}`);
    };
    await config("create", "configmap", "price-list");
    await until(30, "the ConfigMap is known", async () => (await desk.call("find", { query: "price-list", limit: 1, at: null })).length > 0);
    await config("delete", "configmap", "price-list");
    const section = (draft, id) => draft.sections.find((one) => one.id === id).lines;
    const draft = await until(120, "the note has a line for each", async () => {
      const draft = await desk.cli(["handoff", "draft", "--to", "Ana Ruiz"], "Jonas Weber");
      const acknowledged = section(draft, "acknowledged").some((line) => line.text.includes("bob acknowledged"));
      if (!acknowledged) await acknowledge(desk, it);
      const deleted = section(draft, "changes").some((line) => line.text.endsWith("ConfigMap price-list was deleted") && line.trace_kind === "past");
      return acknowledged && deleted && section(draft, "silences").length > 0 && draft;
    });
    const lines = draft.sections.flatMap((one) => one.lines);
    const has = (id, words) => must(section(draft, id).some((line) => line.text.includes(words)), `${id} does not say "${words}": ${JSON.stringify(section(draft, id))}`);
    has("silences", "planned work on the mail queue");
    has("incidents", incident.title);
    has("incidents", "Roll redis-cart back");
    must(section(draft, "changes").length > 0, "no change is named");
    // Where each line leads is there: a row of a record, a live object, an alert, a silence.
    const { entries } = await desk.call("timeline", { incident: incident.id });
    const rows = new Set(entries.map((entry) => entry.row));
    const { cases, tray, nobody_told: untold } = await desk.call("cases");
    const alerts = new Set([...cases, ...tray, ...untold].map((one) => one.alert).concat(entries.flatMap((entry) => entry.refs.filter((ref) => ref.role === "alert").map((ref) => ref.target))));
    const silences = new Set((await (await fetch(`${it.alertmanager}/api/v2/silences`)).json()).map((one) => one.id));
    const sources = new Set((await desk.call("desk")).sources.map((one) => one.id));
    for (const line of lines) {
      if (line.trace_kind === "row") must(rows.has(line.trace), `no row ${line.trace}: ${line.text}`);
      else if (line.trace_kind === "silence") must(silences.has(line.trace), `no silence ${line.trace}`);
      else if (line.trace_kind === "alert") must(alerts.has(line.trace), `no alert ${line.trace}: ${line.text}`);
      else if (line.trace_kind === "object") must((await desk.call("object", { id: line.trace })).exists, line);
      else if (line.trace_kind === "past") {
        const [at, id] = line.trace.split(" ");
        must(!(await desk.call("object", { id })).exists && (await desk.call("object", { id, at })).exists, line);
      } else must(line.trace_kind === "source" && sources.has(line.trace.split(" ")[0]), `traced to nothing: ${JSON.stringify(line)}`);
    }
    return draft.sections.map((one) => `${one.id} ${one.lines.length}`).join(", ");
  });
}
