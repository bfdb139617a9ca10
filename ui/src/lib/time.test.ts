import { describe, expect, it } from "vitest";
import { age, bytes, clock, count, day, hms, lag, left, offsetMinutes, shortDay, span, stamp, when, zoneName } from "./time";

const AT = Date.parse("2026-05-14T22:32:08Z");
const BERLIN = "Europe/Berlin";
/** The two instants a clock in Berlin says 02:30 on the night the clocks go back. */
const FIRST = Date.parse("2026-10-25T00:30:00Z");
const SECOND = Date.parse("2026-10-25T01:30:00Z");

describe("an instant in a zone", () => {
  it("is another time, and may be another day, by another clock", () => {
    expect([clock(AT, "UTC", true), clock(AT, BERLIN, true)]).toEqual(["22:32:08", "00:32:08"]);
    expect([day(AT, "UTC"), day(AT, BERLIN)]).toEqual(["Thu 14 May 2026", "Fri 15 May 2026"]);
    expect([shortDay(AT, "UTC"), shortDay(AT, "Asia/Kathmandu")]).toEqual(["14 May", "15 May"]);
  });
  it("says midnight as 00, never as 24", () => expect(clock(Date.parse("2026-05-14T00:00:00Z"), "UTC", false)).toBe("00:00"));
  it("is told with its day only on another day of that zone", () => {
    const now = Date.parse("2026-05-14T23:00:00Z");
    expect(when(AT, now, "UTC")).toBe("22:32");
    expect(when(Date.parse("2026-05-14T21:00:00Z"), now, BERLIN)).toBe("14 May 23:00");
    expect(when(AT, now, BERLIN, true)).toBe("00:32:08");
  });
  it("has dashes where it is not known, and no day", () => {
    expect([clock(Number.NaN, "UTC", true), clock(Number.NaN, "UTC", false), day(Number.NaN, "UTC")]).toEqual(["--:--:--", "--:--", ""]);
  });
  it("is shown in UTC where the zone is not known here", () => expect(clock(AT, "Mars/Olympus", false)).toBe("22:32"));
});

describe("the offset of a zone", () => {
  it("follows summer and winter", () => {
    expect([offsetMinutes(AT, BERLIN), offsetMinutes(Date.parse("2026-01-14T12:00:00Z"), BERLIN)]).toEqual([120, 60]);
    expect([offsetMinutes(FIRST, BERLIN), offsetMinutes(SECOND, BERLIN)]).toEqual([120, 60]);
  });
  it("may hold half hours, and lie behind", () => {
    expect([offsetMinutes(AT, "Asia/Kathmandu"), offsetMinutes(AT, "America/St_Johns"), offsetMinutes(AT, "UTC")]).toEqual([345, -150, 0]);
    expect(offsetMinutes(AT + 999, BERLIN)).toBe(120);
  });
  it("is named with the zone", () => {
    expect(zoneName("UTC", AT)).toBe("UTC");
    expect(zoneName(BERLIN, AT)).toBe("Europe/Berlin, UTC+2");
    expect(zoneName("America/St_Johns", AT)).toBe("America/St_Johns, UTC−2:30");
  });
  it("shows an hour that occurs twice as the same words", () => expect(clock(FIRST, BERLIN, false)).toBe(clock(SECOND, BERLIN, false)));
});

describe("a time with its precision", () => {
  const text = "2026-05-14T22:32:08Z";
  it("says no more than was said", () => {
    expect(stamp(text, "exact", false, "UTC")).toBe("22:32:08");
    expect(stamp(text, "minute", true, BERLIN)).toBe("~00:32");
    expect(stamp(text, "hour", false, BERLIN)).toBe("00:??");
    expect(stamp(text, "day", false, BERLIN)).toBe("15 May");
    expect(stamp(text, "month", false, "UTC")).toBe("May 2026");
    expect(stamp(text, "year", true, "UTC")).toBe("~2026");
    expect([stamp(null, "exact", false, "UTC"), stamp(text, "unknown", false, "UTC")]).toEqual(["unknown", "unknown"]);
  });
});

describe("a span", () => {
  it("has its two largest parts", () => expect([0, 59, 60, 192, 3600, 10_440, 86_400, 442_800].map(span)).toEqual(["0 s", "59 s", "1 m", "3 m 12 s", "1 h", "2 h 54 m", "1 d", "5 d 3 h"]));
  it("has one part where it is an age", () => expect([-5, 89, 90, 5399, 5400, 172_800].map(age)).toEqual(["0 s", "89 s", "2 m", "90 m", "2 h", "2 d"]));
  it("runs as a clock", () => expect([-3, 33 * 60 + 12, 100 * 3600].map(hms)).toEqual(["00:00:00", "00:33:12", "100:00:00"]));
  it("is left, soon, or late", () => {
    expect(left(650_000, 0)).toMatchObject({ text: "10:50", pressure: "plenty" });
    expect(left(299_000, 0)).toMatchObject({ text: "04:59", pressure: "soon" });
    expect(left(0, 95_000)).toMatchObject({ text: "1:35 late", pressure: "late", seconds: -95 });
    expect(left(0, 10_440_000).text).toBe("2 h 54 m late");
  });
  it("lies between what happened and what was recorded", () => {
    const at = (second: number) => new Date(AT + second * 1000).toISOString();
    expect([lag(at(0), at(0)), lag(at(0), at(4)), lag(at(0), at(900)), lag(at(3), at(0)), lag("", at(0))]).toEqual(["same", "+4 s", "+15 m", "−3 s", ""]);
  });
});

describe("a count", () => {
  it("agrees with its word", () => expect([count(1, "alert"), count(0, "alert"), count(2, "entry", "entries")]).toEqual(["1 alert", "0 alerts", "2 entries"]));
  it("of bytes has a unit", () => expect([999, 1000, 14_600, 1.4e9].map(bytes)).toEqual(["999 B", "1.0 kB", "15 kB", "1.4 GB"]));
});
