import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import PlaceAlert from "../../areas/dialogs/kinds/PlaceAlert.svelte";
import { prepare } from "../../graph/prepare";
import { EMPTY } from "../../graph/scene";
import type { Host } from "../../host/host";
import { desk } from "../../lib/desk.svelte";
import type { CasesView } from "../../wire/CasesView";
import type { Desk } from "../../wire/Desk";
import type { RollupView } from "../../wire/RollupView";
import type { TrayView } from "../../wire/TrayView";
import Parts from "./Parts.svelte";
import TroublePanel from "./TroublePanel.svelte";

const stray: TrayView = { alert: "a1", name: "OddAlert", severity: "warning", state: "firing", why: "no label names an object", starts_at: null, labels: [{ key: "alertname", value: "OddAlert" }, { key: "severity", value: "warning" }, { key: "team", value: "cart" }] };
const cases: CasesView = { cases: [], tray: [stray], nobody_told: [], unresolved: [], unresolved_count: 0, placings: [], evidence: "" };
const clock = (): string => "14:00";
/** A machine may be busy; nothing here is about time. */
const PATIENT = { timeout: 20_000 };
vi.setConfig({ testTimeout: 60_000 });
let asked: { command: string; payload: unknown }[];

beforeEach(() => {
  asked = [];
  // The page has no modal dialogs here.
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
  Element.prototype.scrollIntoView ??= () => undefined;
  desk.host = {
    kind: "dev",
    call: (command: string, payload: unknown) => {
      asked.push({ command, payload });
      if (command === "find") return Promise.resolve([{ kind: "object", id: "c/apps/Deployment/shop/cart", title: "cart", subtitle: "Deployment in shop", health: "well" }, { kind: "incident", id: "i", title: "cart again", subtitle: "", health: "" }]);
      return Promise.resolve({});
    },
  } as unknown as Host;
  desk.view = { acting: { id: "p", name: "Ada" }, people: [] } as unknown as Desk;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe("Placing an alert by hand", () => {
  it("finds an object, says what it will mean, and asks for exactly that", async () => {
    const onclose = vi.fn();
    render(PlaceAlert, { wanted: { item: stray }, onclose });
    const go = screen.getByRole("button", { name: "Place it there" }) as HTMLButtonElement;
    expect(go.disabled).toBe(true);
    await fireEvent.input(screen.getByLabelText("The object it is about"), { target: { value: "cart" } });
    await fireEvent.click(await screen.findByLabelText(/Deployment in shop/, {}, PATIENT));
    expect(screen.queryByText("cart again")).toBeNull();
    expect((screen.getByRole("checkbox", { name: /severity/ }) as HTMLInputElement).checked).toBe(false);
    await fireEvent.click(go);
    await waitFor(() => expect(onclose).toHaveBeenCalled(), PATIENT);
    expect(asked.at(-1)).toEqual({ command: "place_alert", payload: { alert: "a1", labels: ["alertname", "team"], at: "c/apps/Deployment/shop/cart" } });
  });

  it("does not take a rule without labels, for it would mean every alert", async () => {
    render(PlaceAlert, { wanted: { item: stray }, onclose: () => undefined });
    await fireEvent.input(screen.getByLabelText("The object it is about"), { target: { value: "cart" } });
    await fireEvent.click(await screen.findByLabelText(/Deployment in shop/, {}, PATIENT));
    for (const name of ["alertname", "team"]) await fireEvent.click(screen.getByRole("checkbox", { name: new RegExp(name) }));
    expect((screen.getByRole("button", { name: "Place it there" }) as HTMLButtonElement).disabled).toBe(true);
    expect(screen.getByRole("alert").textContent).toContain("every alert");
  });

  it("is offered in the tray only where what is shown is now", async () => {
    const onplace = vi.fn();
    const props = { drawn: prepare(EMPTY), cases, clock, onselect: () => undefined };
    const { unmount } = render(TroublePanel, props);
    expect(screen.queryByRole("button", { name: /Place it/ })).toBeNull();
    unmount();
    render(TroublePanel, { ...props, onplace });
    await fireEvent.click(screen.getByRole("button", { name: /Place it.*OddAlert/ }));
    expect(onplace).toHaveBeenCalledWith(stray);
  });

  it("is shown with who did it, and can be taken back; a failure is said", async () => {
    const placing = { rule: "r1", labels: [{ key: "alertname", value: "OddAlert" }], at: "c/apps/Deployment/shop/cart", at_kind: "Deployment", at_name: "cart", at_namespace: "shop", by: "Ada", made_at: null, known: true, alerts: 2 };
    const onforget = vi.fn().mockRejectedValueOnce({ code: "storage", message: "the disk is full", hint: "Make room." }).mockResolvedValue(undefined);
    render(TroublePanel, { drawn: prepare(EMPTY), cases: { ...cases, tray: [], placings: [placing] }, clock, onselect: () => undefined, onforget });
    const list = screen.getByRole("list", { name: "Placed by hand" });
    expect(list.textContent).toMatch(/cart.*Deployment in shop.*alertname="OddAlert".*2 alerts now, by Ada/s);
    await fireEvent.click(screen.getByRole("button", { name: /Take back/ }));
    await screen.findByText(/the disk is full/, {}, PATIENT);
    await fireEvent.click(screen.getByRole("button", { name: /Take back/ }));
    await waitFor(() => expect(screen.queryByText(/the disk is full/)).toBeNull(), PATIENT);
    expect(onforget).toHaveBeenLastCalledWith("r1");
  });
});

describe("What an aggregate adds up to", () => {
  const parts: RollupView = {
    id: "c//Namespace//shop", kind: "Namespace", name: "shop", worst: "critical",
    objects: [{ state: "critical", count: 1 }, { state: "well", count: 8 }], pods: [{ state: "well", count: 5 }],
    critical: 0, warning: 2, other: 0, muted: 1, pending: 0,
    trouble: [{ id: "c//PersistentVolumeClaim/shop/data", kind: "PersistentVolumeClaim", namespace: "shop", name: "data", health: "critical", reason: "its volume v is gone", field: "status.phase", contained: false }],
    trouble_count: 3, cases: [], case_count: 0,
  };
  it("says the counts, what makes them so with the field, and that nothing left out is worse", async () => {
    const onselect = vi.fn();
    render(Parts, { parts, clock, onselect });
    expect(screen.getByTestId("parts").textContent).toMatch(/9 objects.*1 Critical.*8 Well.*5 pods.*2 warning, 1 muted/s);
    const list = screen.getByRole("list", { name: "What makes it so" });
    expect(list.textContent).toMatch(/data.*its volume v is gone.*status\.phase/s);
    screen.getByText("2 not listed, none of them worse than the last.");
    await fireEvent.click(screen.getByRole("button", { name: "data" }));
    expect(onselect).toHaveBeenCalledWith("c//PersistentVolumeClaim/shop/data");
  });
  it("of nothing says that nothing has a verdict", () => {
    render(Parts, { parts: { ...parts, objects: [], pods: [], trouble: [], trouble_count: 0, warning: 0, muted: 0 }, clock, onselect: () => undefined });
    screen.getByText("Nothing in it has a verdict.");
    screen.getByText("Nothing that has a verdict is in trouble.");
  });
});
