import { describe, expect, it } from "vitest";
import { isZone, minutesOf, retention, share } from "./keeping";

describe("what is typed as a limit", () => {
  it("is kept only where both figures make sense, and names the one that does not", () => {
    expect(retention("24", "2").value).toEqual({ recording_hours: 24, recording_gigabytes: 2 });
    expect(retention("24", "0.5").value?.recording_gigabytes).toBe(0.5);
    expect(retention("1.5", "2")).toMatchObject({ value: null, gigabytes: "" });
    expect(retention("", "2").hours).not.toBe("");
    expect(retention("24", "-1").gigabytes).not.toBe("");
  });
});

it("has a figure for each severity, with none where none is set", () => {
  expect(minutesOf([30, 60])).toEqual([30, 60, 0, 0, 0]);
});

it("knows a zone by its name", () => {
  expect(isZone("Europe/Berlin")).toBe(true);
  expect(isZone("Europe/Nowhere")).toBe(false);
});

it("shares what is used out, the rest named, an empty store without a division by nothing", () => {
  const parts = share({ path: "", bytes: 100, rolling_bytes: 50, incident_bytes: 30, blob_bytes: 10 });
  expect(parts.map((p) => p.bytes)).toEqual([50, 30, 10, 10]);
  expect(parts.reduce((sum, p) => sum + p.percent, 0)).toBeCloseTo(100);
  expect(share({ path: "", bytes: 0, rolling_bytes: 0, incident_bytes: 0, blob_bytes: 0 }).every((p) => p.percent === 0)).toBe(true);
});
