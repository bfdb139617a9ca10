import { cleanup, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, expect, it } from "vitest";
import type { Host } from "../../host/host";
import { desk } from "../../lib/desk.svelte";
import type { AlarmView } from "../../wire/AlarmView";
import type { Desk } from "../../wire/Desk";
import Alarms from "./Alarms.svelte";

const open = { version: "0.1.0", mode: "live", title: "prod", incident: null, acting: null, people: [], sources: [], recorded_from: null, recorded_to: null, opens_at: null, now: "2026-05-14T15:05:20Z", alarms: [], demo: false, revision: 1 } satisfies Desk;

const clockOf = (subject: string, seconds = 20): AlarmView => ({ code: "clock_disagrees", subject, text: `the clock of ${subject} is ${seconds} s behind`, hint: "set both clocks by NTP", since: null });

afterEach(cleanup);

it("tells each alarm once outside the window, and the same of another source as well", async () => {
  const told: string[] = [];
  desk.host = { kind: "dev", notify: (_: string, body: string) => told.push(body) } as unknown as Host;
  const stand = async (...alarms: AlarmView[]): Promise<string[]> => {
    desk.view = { ...open, alarms };
    await tick();
    return told.splice(0);
  };
  await stand();
  render(Alarms);
  expect(await stand(clockOf("cluster:a"))).toEqual(["the clock of cluster:a is 20 s behind"]);
  expect(await stand(clockOf("cluster:a", 21), clockOf("icinga:b"))).toEqual(["the clock of icinga:b is 20 s behind"]);
  expect(screen.getAllByRole("alert").length).toBe(2);
  const second = screen.getAllByRole("alert")[1];
  expect(await stand(clockOf("icinga:b"))).toEqual([]);
  expect(screen.getAllByRole("alert")).toEqual([second]);
});
