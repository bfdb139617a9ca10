import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../host/host";
import { desk } from "../lib/desk.svelte";
import type { Desk } from "../wire/Desk";
import type { DocumentView } from "../wire/DocumentView";
import type { HandoffView as Note } from "../wire/HandoffView";
import type { IncidentLine } from "../wire/IncidentLine";
import type { IncidentView } from "../wire/IncidentView";
import type { PagesView as Pages } from "../wire/PagesView";
import type { SettingsView as Settings } from "../wire/SettingsView";
import ArchiveView from "./archive/ArchiveView.svelte";
import HandoffView from "./handoff/HandoffView.svelte";
import PagesView from "./pages/PagesView.svelte";
import PostmortemView from "./postmortem/PostmortemView.svelte";
import SettingsView from "./settings/SettingsView.svelte";

const NOW = "2026-05-14T15:05:20Z";
const people = [{ id: "p1", name: "Jonas" }, { id: "p2", name: "Priya" }];
const open = { version: "0.1.0", mode: "live", title: "prod-eu-west", incident: "i1", acting: people[1]!, people, sources: [], recorded_from: null, recorded_to: null, opens_at: null, now: NOW, alarms: [], demo: false, revision: 1 } satisfies Desk;
const pages: Pages = { attempts: [], groups: [], first_page_at: null, first_ack_at: null, first_ack_by: "", first_ack_seconds: null, people: [], failed: 0, late: 0, unanswered: 0, nobody_told: [], pagers: [], gaps: [], on_call: [], on_call_at: null };
const text = { incident: "i1", name: "postmortem", title: "Checkout failed", subtitle: "INC-0142", prosemirror: '{"type":"doc","content":[{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"Summary"}]}]}', saved_at: NOW, status: "draft", facts: [{ name: "To acknowledge", value: "3 m 12 s", from: "first page queued 14:33:14", to: "first acknowledged 14:36:26" }] } satisfies DocumentView;
const note: Note = { row: null, at: NOW, from: "Jonas", to: "Priya", hours: 8, sections: [{ id: "a", title: "Contained", none: "No object is contained.", lines: [] }], written_at: null, accepted_at: null, accepted_by: "", free_text: "", since_last: [], evidence: "" };
const line: IncidentLine = { id: "i1", number: "INC-0142", title: "Checkout failing", severity: 1, status: "mitigating", closed_as: null, opened_at: NOW, resolved_at: null, commander: "Ngozi", rows: 44, open_actions: 0, imported: false, drill: false, postmortem: false };
const settings: Settings = { sources: [{ id: "pagerduty:main", kind: "pagerduty", address: "https://api.pagerduty.com", proxy_namespace: "", proxy_service: "", proxy_port: "", proxy_scheme: "", credentials: "bearer", user: "", secret: null, certificate: "", key: "", ca_file: "", tenant: "", silent_receivers: [], poll_seconds: 0, cluster: "", has_secret: true }], theme: "system", clock: "utc", zone: "UTC", recording_hours: 24, recording_gigabytes: 2, update_minutes: [30], has_keyring: true, device: "laptop", public_key: "3f9a", storage: { path: "/data", bytes: 10, rolling_bytes: 10, incident_bytes: 0, blob_bytes: 0 } };

let answers: Record<string, unknown>;
let asked: string[];
beforeEach(() => {
  asked = [];
  answers = { pages, document: text, draft_handoff: note, handoffs: [], cases: { cases: [], tray: [], nobody_told: [], unresolved: [], unresolved_count: 0, evidence: "" }, draft: { incident: "i1", name: "handoff", text: "" }, incidents: [line], settings, contexts: [] };
  desk.host = {
    kind: "dev",
    call: (command: string) => {
      asked.push(command);
      const answer = answers[command];
      return answer === undefined ? Promise.reject({ code: "storage", message: `no ${command}`, hint: "" }) : Promise.resolve(answer);
    },
    get: () => Promise.reject(new Error("none")),
    scene: () => Promise.reject(new Error("none")),
  } as unknown as Host;
  desk.view = { ...open };
  desk.now = Date.parse(NOW);
  desk.incident = { imported: false, number: "INC-0142", rows: 44, actions: [], milestones: [] } as unknown as IncidentView;
  // The page has no layout here: what the editor asks of it is answered with nothing.
  document.elementFromPoint ??= () => null;
  globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe("Pages", () => {
  it("without a pager does not know who was paged, and does not say nobody was", async () => {
    render(PagesView);
    await screen.findByText(/Who was paged is not known: no pager is connected/);
    expect(screen.queryByText(/No page went out/)).toBeNull();
  });
  it("with a pager that is lost says so, and not that nobody was paged", async () => {
    answers["pages"] = { ...pages, pagers: [{ id: "pd", label: "PagerDuty", state: "stale", since: "2026-05-14T15:00:00Z", count: 0, why: "timeout" }] };
    render(PagesView);
    await screen.findByText(/Whether anybody was paged is not known: PagerDuty did not answer/);
  });
  it("names who was on call when evidence was frozen, and when that was", async () => {
    desk.view = { ...open, mode: "recorded" };
    answers["pages"] = { ...pages, on_call: [{ policy: "boutique", step: 1, name: "mei", source: "icinga:lab" }, { policy: "boutique", step: 2, name: "jonas", source: "icinga:lab" }], on_call_at: "2026-05-14T14:33:20Z" };
    render(PagesView);
    await screen.findByText(/when evidence was frozen/);
    expect(screen.getByRole("group", { name: "On call" }).textContent).toMatch(/when evidence was frozen.*14:33:20.*boutique.*mei.*jonas/);
  });
  it("draws the mark of queued only where it is known when a page was queued, and the mark of sent elsewhere", async () => {
    const attempt = { source: "icinga", source_id: "1", subject_id: "A", subject: "CheckoutErrorRateHigh", who: "Jonas", who_kind: "person", policy: "", step: null, reason: "", channel: "email", address: "", queued_at: null, sent_at: "2026-05-14T14:33:20Z", delivered_at: null, delivery: "sent", error: "", acked_at: null, acked_by: "", ack_via: "", escalated_to: [], never_told: ["queued"], late_seconds: null, outcome: "", outcome_detail: "" } satisfies Pages["attempts"][number];
    answers["pages"] = { ...pages, attempts: [attempt, { ...attempt, source_id: "2", queued_at: "2026-05-14T14:33:14Z", never_told: [] }, { ...attempt, source_id: "3", sent_at: null }] };
    const { container } = render(PagesView);
    await screen.findByText("sent, queued not known");
    expect(container.querySelectorAll(".lanes .queued")).toHaveLength(1);
    expect(container.querySelectorAll(".lanes .sent")).toHaveLength(1);
    expect(container.querySelectorAll(".lanes .unknown")).toHaveLength(1);
  });
  it("with a pager that answers says that no page went out", async () => {
    answers["pages"] = { ...pages, pagers: [{ id: "pd", label: "PagerDuty", state: "live", since: NOW, count: 0, why: "" }] };
    render(PagesView);
    await screen.findByText(/No page went out/);
  });
  it("that cannot be read says what failed and offers to try again", async () => {
    delete answers["pages"];
    render(PagesView);
    await screen.findByText("The pages could not be read.");
    screen.getByRole("button", { name: "Try now" });
  });
  it("with nothing open asks nothing", async () => {
    desk.view = { ...open, mode: "closed", incident: null };
    render(PagesView);
    await screen.findByText("Nothing is open");
    expect(asked).not.toContain("pages");
  });
});

describe("Postmortem", () => {
  it("can be written, with both ends of each measure beside it", async () => {
    render(PostmortemView);
    await screen.findByRole("textbox", { name: "Title" });
    await screen.findByRole("toolbar", { name: "Text tools" });
    expect(screen.getByText("14:33:14").tagName).toBe("TIME");
    screen.getByText("14:36:26");
    await waitFor(() => expect(document.querySelector(".prose")?.getAttribute("contenteditable")).toBe("true"));
  });
  it("of an imported incident is read only", async () => {
    desk.incident = { ...desk.incident!, imported: true };
    render(PostmortemView);
    await screen.findByText("Read only");
    expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
    expect(screen.queryByRole("toolbar")).toBeNull();
    await waitFor(() => expect(document.querySelector(".prose")?.getAttribute("contenteditable")).toBe("false"));
  });
  it("not yet drafted offers the draft, and shows it when it is there", async () => {
    answers["document"] = { ...text, prosemirror: "" };
    answers["draft_postmortem"] = text;
    render(PostmortemView);
    (await screen.findByRole("button", { name: "Draft from the record" })).click();
    await screen.findByRole("textbox", { name: "Title" });
  });
  it("that holds something unknown is shown as such and never written over", async () => {
    answers["document"] = { ...text, saved_at: "2026-05-14T16:00:00Z", prosemirror: '{"type":"doc","content":[{"type":"hologram"}]}' };
    render(PostmortemView);
    await screen.findByText(/holds something this version cannot show/);
    expect(screen.queryByRole("textbox", { name: "Title" })).toBeNull();
    expect(asked).not.toContain("save_document");
  });
});

describe("Handoff", () => {
  it("says none out loud", async () => {
    render(HandoffView);
    await screen.findByText("No object is contained.");
    screen.getByText("Contained:");
  });
  it("is copied as Markdown with the words that are being written", async () => {
    const taken: string[] = [];
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: (text: string) => Promise.resolve(void taken.push(text)) } });
    render(HandoffView);
    await fireEvent.input(await screen.findByLabelText("In your own words"), { target: { value: "Watch the cart." } });
    screen.getByRole("button", { name: "Copy" }).click();
    await screen.findByText("Copied");
    expect(taken[0]).toMatch(/^# Jonas hands over to/);
    expect(taken[0]).toContain("**Contained:** No object is contained.");
    expect(taken[0]).toContain("Watch the cart.");
  });
  it("is accepted by its receiver only", async () => {
    answers["handoffs"] = [{ ...note, row: "h1", written_at: NOW }];
    render(HandoffView);
    await screen.findByRole("button", { name: "Accept as Priya" });
    cleanup();
    desk.view = { ...open, acting: people[0]! };
    render(HandoffView);
    (await screen.findByRole("button", { name: "A note waits for Priya" })).click();
    await screen.findByText("Jonas stays on duty until Priya accepts.");
    expect(screen.queryByRole("button", { name: /^Accept as/ })).toBeNull();
  });
});

describe("Archive", () => {
  it("lists what is kept and marks the one shown", async () => {
    render(ArchiveView);
    await screen.findByText("Checkout failing");
    screen.getByText("shown");
  });
  it("without any says where they come from", async () => {
    answers["incidents"] = [];
    render(ArchiveView);
    await screen.findByText("No incident is kept here");
  });
});

describe("Settings", () => {
  it("say that a secret is kept, and never which", async () => {
    render(SettingsView);
    await screen.findByText(/a secret is kept/);
    screen.getByText("3f9a");
  });
  it("read what works in plain words when asked", async () => {
    answers["check_sources"] = [{ source: "pagerduty:main", what: "Permission", state: "failed", text: "The key was refused.", hint: "Make a new key." }];
    render(SettingsView);
    (await screen.findByRole("button", { name: "Check all" })).click();
    await screen.findByText("The key was refused.", { exact: false });
    screen.getByText("Make a new key.");
  });
});
