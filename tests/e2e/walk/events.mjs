// Every Event of the cluster, as the API server itself lists them, and whether the product still has them all.
import { must, run } from "./desk.mjs";

/** Every Event there is just now: its UID, and the id of what it is about. */
export async function listed(it, cluster) {
  const { code, out, err } = await run(it.kubectl, ["--kubeconfig", it.kubeconfig, "get", "events", "-A", "-o", "json"]);
  must(code === 0, err);
  return JSON.parse(out).items.map(({ metadata, involvedObject: about }) => {
    const group = about.apiVersion?.includes("/") ? about.apiVersion.split("/")[0] : "";
    return { uid: metadata.uid, about: `${cluster}/${group}/${about.kind}/${about.namespace ?? ""}/${about.name}` };
  });
}

/** What Declare froze holds every one of them, whole; answers the UIDs it froze. */
export async function mustBeFrozen(desk, incident, events) {
  const { frozen } = await desk.call("incident", { id: incident });
  const document = JSON.parse((await desk.get(frozen.blob)).toString());
  must(frozen.events === document.events.length, `${frozen.events} Events are counted, ${document.events.length} are frozen`);
  const whole = new Set(document.keyframe.filter((it) => it.change === "object").map((object) => object.uid));
  for (const [what, has] of [["listed", new Set(document.events)], ["whole", whole]]) {
    const missing = events.filter((event) => !has.has(event.uid));
    must(missing.length === 0, `${missing.length} of ${events.length} Events are not ${what} in what Declare froze: ${JSON.stringify(missing.slice(0, 5))}`);
  }
  return document.events.sort();
}

/** Every one of them is shown at a moment: at the house of what it is about, else at that itself. */
export async function mustBeShown(desk, events, at) {
  const shown = new Set();
  const isHouse = (event) => /\/(Deployment|StatefulSet|DaemonSet)\//.test(event.about);
  for (const { uid, about } of [...events.filter(isHouse), ...events]) {
    if (shown.has(uid)) continue;
    for (const event of (await desk.call("object", { id: about, at })).events) shown.add(event.uid);
  }
  const missing = events.filter((event) => !shown.has(event.uid));
  must(missing.length === 0, `${missing.length} of ${events.length} Events are not shown at ${at}: ${JSON.stringify(missing.slice(0, 5))}`);
}
