import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dialogs } from "../../lib/dialogs.svelte";
import TimeBar from "../scrubber/TimeBar.svelte";
import Dialogs from "./Dialogs.svelte";

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  });
  Element.prototype.scrollIntoView ??= () => undefined;
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
});
afterEach(() => {
  dialogs.open = [];
  cleanup();
  vi.unstubAllGlobals();
});

it("takes what is typed from the very moment it was asked for", () => {
  render(Dialogs);
  dialogs.show({ name: "palette" });
  flushSync();
  expect(document.activeElement).toBe(screen.getByRole("combobox", { name: "Search or run" }));
});

it("keeps a letter meant for a dialog that still loads from moving the map", async () => {
  const onmoment = vi.fn();
  const history = { from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:30:00Z", now: "2026-01-01T00:30:00Z", live: false, bins: [], gaps: [], marks: [] };
  render(TimeBar, { history, moment: "2026-01-01T00:10:00Z", mode: "recorded", now: 0, clock: String, day: String, zone: "UTC", onmoment });
  dialogs.show({ name: "declare" });
  await fireEvent.keyDown(document.body, { key: "l" });
  expect(onmoment).not.toHaveBeenCalled();
  dialogs.open = [];
  await fireEvent.keyDown(document.body, { key: "l" });
  expect(onmoment).toHaveBeenCalledWith("2026-01-01T00:30:00.000Z");
});
