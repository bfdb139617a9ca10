import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../../host/host";
import { desk } from "../../lib/desk.svelte";
import type { Desk } from "../../wire/Desk";
import Declare from "./kinds/Declare.svelte";

const who = { id: "p1", name: "Priya" };
const open = { version: "0.1.0", mode: "live", title: "prod", incident: null, acting: who, people: [who], sources: [], recorded_from: null, recorded_to: null, opens_at: null, now: "2026-05-14T15:05:20Z", alarms: [], demo: false, revision: 1 } satisfies Desk;

let declared: { title: string; token?: string }[];
let answers: boolean;
let closed: number;
beforeEach(() => {
  [declared, answers, closed] = [[], false, 0];
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
  desk.host = {
    kind: "dev",
    call: (command: string, payload: { title: string; token?: string }) => {
      if (command !== "declare") return Promise.resolve(command === "desk" ? desk.view : []);
      declared.push(payload);
      return answers ? Promise.resolve({ id: "i1", number: "INC-0001" }) : Promise.reject({ code: "unreachable", message: "the answer was lost", hint: "try again" });
    },
  } as unknown as Host;
  desk.view = { ...open };
});
afterEach(cleanup);

it("is tried again with the same token, so that a lost answer declares nothing twice", async () => {
  render(Declare, { wanted: { title: "Carts fail" }, onclose: () => (closed += 1) });
  await fireEvent.click(screen.getByRole("radio", { name: /SEV 2/, hidden: true }));
  const press = () => fireEvent.click(screen.getByRole("button", { name: "Declare", hidden: true }));
  await press();
  await screen.findByText(/the answer was lost/);
  expect(closed).toBe(0);
  answers = true;
  await press();
  await waitFor(() => expect(closed).toBe(1));
  expect(declared.map((it) => it.title)).toEqual(["Carts fail", "Carts fail"]);
  expect(declared[0]?.token).toMatch(/^[0-9a-f-]{36}$/);
  expect(declared[1]?.token).toBe(declared[0]?.token);
});

it("says whether there is anything to freeze", () => {
  render(Declare, { wanted: {}, onclose: () => {} });
  screen.getByText(/Declaring keeps the plan, the Events and the alerts as they stand now/);
  cleanup();
  desk.view = { ...open, mode: "closed" };
  render(Declare, { wanted: {}, onclose: () => {} });
  screen.getByText(/No cluster is open: the plan, the Events and the alerts are kept once one is/);
});
