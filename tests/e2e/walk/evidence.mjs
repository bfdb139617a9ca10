// Evidence at hand, from the real API server: what pods print, and objects whole with their secrets covered.
import { must, until } from "./desk.mjs";

/** `never` are values that stand in the cluster and must not be shown; `id` names an object of the house to read. */
export async function checkEvidence(tally, desk, id, never) {
  await tally.check("logs of a house are read from the real pod API, merged in time order", async () => {
    const { reading } = await desk.call("open_logs", { id });
    const view = await until(20, "lines come", async () => {
      const now = await desk.call("read_logs", { reading, after: 0 });
      return now.lines.length >= 4 && now;
    });
    must(view.lines.some((line) => line.text.includes("GET /cart 500") && line.at === "2026-01-01T00:00:09.750Z"), view.lines);
    must(view.streams.every((stream) => stream.state !== "failed"), view.streams);
    await desk.call("close_logs", { reading });
    return `${view.lines.length} lines of ${view.streams.length} containers`;
  });

  await tally.check("an object is shown whole as YAML, and nothing that is or may be a secret is in it", async () => {
    const found = await desk.call("find", { query: "emailservice", limit: 20 });
    const ids = [...found, ...(await desk.call("find", { query: "seeded", limit: 20 }))].filter((it) => it.kind === "object").map((it) => it.id);
    must(ids.length >= 4, ids);
    let covered = 0;
    for (const object of ids) {
      const whole = await desk.call("manifest", { id: object });
      must(/^kind: /m.test(whole.yaml), whole.yaml.slice(0, 200));
      for (const [what, value] of Object.entries(never)) must(!whole.yaml.includes(value), `the ${what} value stands in the YAML of ${object}`);
      covered += whole.covered;
    }
    must(covered >= 4, `${covered} values are covered`);
    return `${ids.length} objects, ${covered} values covered`;
  });
}
