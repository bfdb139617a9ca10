/** Addresses inside the app: `#/timeline/ROW?incident=…` is a view, what is selected in it, and which incident. */

export const VIEWS = ["map", "command", "pages", "timeline", "postmortem", "handoff", "archive", "settings"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Place {
  readonly view: ViewName;
  /** What is selected: an object on the map, a row on the timeline. */
  readonly focus: string | null;
}

export const TITLES: Record<ViewName, string> = {
  map: "Map",
  command: "Command",
  pages: "Pages",
  timeline: "Timeline",
  postmortem: "Postmortem",
  handoff: "Handoff",
  archive: "Archive",
  settings: "Settings",
};

/** Reads an address; anything that is none leads to the map. */
export function parsePlace(hash: string): Place {
  const [, view = "", ...rest] = hash.replace(/^#/, "").split("/");
  if (!(VIEWS as readonly string[]).includes(view)) return { view: "map", focus: null };
  const focus = rest.join("/");
  try {
    return { view: view as ViewName, focus: focus ? decodeURIComponent(focus) : null };
  } catch {
    return { view: view as ViewName, focus: null };
  }
}

/** Writes an address; `parsePlace` reads it back. */
export function formatPlace(place: Place): string {
  return `#/${place.view}${place.focus ? `/${encodeURIComponent(place.focus)}` : ""}`;
}

/** The theme a view is meant for: reading and signing is on paper, an open incident at night. */
export function themeOf(view: ViewName): Theme {
  return view === "postmortem" || view === "handoff" || view === "archive" || view === "settings" ? "paper" : "night";
}

export type Theme = "night" | "paper";
