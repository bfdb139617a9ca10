/** Everything that can be done from here, as the desk stands now. */
import { desk } from "../../lib/desk.svelte";
import { dialogs, type Wanted } from "../../lib/dialogs.svelte";
import { here } from "../../lib/place.svelte";
import { TITLES, VIEWS } from "../../lib/route";
import { isClosed, isOpen, isWritable, roleName } from "../../lib/words";
import { wishes } from "../../lib/wish.svelte";
import type { FoundView } from "../../wire/FoundView";
import type { Offer } from "./palette";

type Rest = Partial<Pick<Offer, "hint" | "key" | "words">>;
const offer = (id: string, group: string, icon: string, title: string, run: Offer["run"], rest: Rest = {}): Offer => ({ id, group, icon, title, run, hint: "", key: "", words: "", ...rest });
const door = (icon: string, title: string, wanted: Wanted, words = ""): Offer => offer(`do-${JSON.stringify(wanted)}`, "Do", icon, title, () => dialogs.show(wanted), { words });

export function offers(): Offer[] {
  const out: Offer[] = [];
  const incident = desk.incident;
  if (incident) {
    const writable = isWritable(incident);
    const open = isOpen(incident) && writable;
    if (!incident.imported)
      out.push(
        offer("write", "Do", "chat", "Write a line in the record", () => {
          here.go("timeline");
          wishes.write++;
        }, { key: "N", words: "note new entry" }),
      );
    if (open && !incident.commander) out.push(door("command", "Take command…", { name: "role", role: "commander" }, "vacant commander assume"));
    for (const o of writable ? incident.offers : []) out.push(door("command", `Answer the offer to ${o.to.name}: ${roleName(o.role).toLowerCase()}…`, { name: "accept", offer: o.row }, "accept decline brief"));
    if (open && incident.commander) out.push(door("command", "Offer command…", { name: "offer", role: "commander" }, "transfer hand over"));
    out.push(door("command", "Command brief…", { name: "brief" }));
    if (writable) {
      out.push(
        door("comms", "Send update…", { name: "update" }, "stakeholders communications"),
        door("task", "Assign a task…", { name: "task" }, "owner check in"),
        door("hypo", "Open a hypothesis…", { name: "hypothesis" }, "cause why"),
        door("decision", "Decide…", { name: "decide" }, "decision propose"),
        door("flag", "Set an objective…", { name: "objective" }),
        door("flag", "Set a milestone…", { name: "milestone" }, "impact started ended mitigated detected"),
        door("person", "Take a role…", { name: "role" }, "scribe deputy lead"),
        door("person", "Offer a role…", { name: "offer", role: "deputy" }),
        door("flag", "Set the status…", { name: "status" }, "mitigating monitoring resolved"),
        door("alert", "Set the severity…", { name: "severity" }, "sev"),
        door("pin", "Pin evidence…", { name: "pin" }),
        door("task", "New action item…", { name: "action" }, "follow up"),
        door("archive", "Close the incident…", { name: "close" }, "reviewed duplicate declined"),
      );
    } else if (!incident.imported && isClosed(incident)) out.push(door("back", "Reopen the incident…", { name: "reopen" }));
    out.push(door("export", "Export a bundle…", { name: "export" }));
    for (const t of writable ? incident.tasks.filter((x) => x.state === "open") : []) out.push(door("task", `Check in: ${t.owner.name}, ${t.text}…`, { name: "task-end", task: t.row }));
    for (const h of writable ? incident.hypotheses : []) out.push(door("hypo", `Judge ${h.label}: ${h.text}…`, { name: "judge", hypothesis: h.row }));
  }
  // Another may begin while one is open, and without a cluster too.
  out.push(door("flag", "Declare…", { name: "declare" }, "incident new"));
  VIEWS.forEach((view, i) => out.push(offer(`view-${view}`, "Go to", view, TITLES[view], () => here.go(view), { key: String(i + 1), words: "view" })));
  out.push(
    door("cluster", "Open a cluster…", { name: "open-context" }, "context kubeconfig"),
    door("import", "Open a recorded incident…", { name: "open-bundle" }, "bundle demo"),
    door("shield", "Verify a bundle…", { name: "verify" }, "signature keys"),
    door("keys", "Keys…", { name: "keys" }, "help shortcuts keyboard"),
    door("person", "Somebody else acts…", { name: "person" }, "switch person"),
  );
  if (desk.mode !== "closed") {
    const wish = (which: "copyMap" | "saveMap" | "mapTree") => () => {
      here.go("map");
      wishes[which]++;
    };
    out.push(
      offer("map-tree", "Do", "map", "Walk the map as a tree", wish("mapTree"), { key: "G", words: "list outline keyboard screen reader" }),
      offer("map-copy", "Do", "copy", "Copy the map as PNG", wish("copyMap"), { key: "⇧ C", words: "picture image screenshot clipboard" }),
      offer("map-save", "Do", "export", "Save the map as SVG", wish("saveMap"), { key: "⇧ S", words: "picture drawing vector export file" }),
    );
  }
  if (desk.mode !== "closed") out.push(offer("close-desk", "Do", "cross", "Close what is open", () => desk.sit("close_desk", {}), { words: "cluster bundle disconnect" }));
  if (desk.moment && desk.mode === "live") out.push(offer("live", "Do", "clock", "Back to now", () => void (desk.moment = null), { key: "L", words: "live" }));
  for (const p of desk.view?.people ?? []) if (p.id !== desk.view?.acting?.id) out.push(offer(`as-${p.id}`, "Act as", "person", p.name, () => desk.sit("act_as", { id: p.id, name: null }), { words: "switch person act as" }));
  out.push(
    offer("night", "Looks", "moon", "Theme: night", () => desk.setTheme("night"), { words: "dark" }),
    offer("paper", "Looks", "sun", "Theme: paper", () => desk.setTheme("paper"), { words: "light" }),
    offer("system", "Looks", "settings", "Theme: as each view is meant", () => desk.setTheme("system"), { words: "auto" }),
    offer("utc", "Looks", "clock", "Clock: UTC", () => desk.setClock("utc"), { words: "time zone" }),
    offer("local", "Looks", "clock", "Clock: this machine's zone", () => desk.setClock("local"), { words: "time zone local" }),
  );
  return out;
}

const FOUND: Record<string, { group: string; icon: string }> = {
  object: { group: "Objects", icon: "cluster" },
  alert: { group: "Alerts", icon: "alert" },
  incident: { group: "Incidents", icon: "archive" },
  row: { group: "Record", icon: "timeline" },
};

/** A hit of the desk as something to go to. */
export function found(hit: FoundView): Offer {
  const { group, icon } = FOUND[hit.kind] ?? { group: "Found", icon: "search" };
  // The desk says the instant of a row; people read it by the desk's clock.
  const beside = hit.kind === "row" ? desk.when(hit.subtitle, true) : hit.subtitle;
  return offer(`${hit.kind}-${hit.id}`, group, icon, hit.title, () => follow(hit), { hint: [beside, hit.health === "none" || hit.health === "well" ? "" : hit.health].filter(Boolean).join(", ") });
}

async function follow(hit: FoundView): Promise<void> {
  if (hit.kind === "row") here.go("timeline", hit.id);
  else if (hit.kind === "incident") {
    await desk.sit("choose_incident", { id: hit.id });
    here.go("command");
  } else if (hit.kind === "alert") {
    const cases = await desk.call("cases", { at: desk.moment });
    const at = cases.cases.find((c) => c.alert === hit.id)?.at ?? "";
    here.go("map", at.includes("/") ? at : null);
  } else here.go("map", hit.id);
}
