import { describe, expect, it } from "vitest";
import type { MeasuredView } from "../../wire/MeasuredView";
import { callWords, latencyWords, measuredWords, rateWords, shareWords } from "./traffic";
import type { RelationView } from "../../wire/RelationView";

const measured = (over: Partial<MeasuredView>): MeasuredView => ({ observer: "Istio", source: "prometheus:main", unit: "requests", rate: 12, failed: null, p95_ms: null, last_seen: null, stale: null, ...over });
const clock = (at: number) => new Date(at).toISOString().slice(11, 19);

describe("measured calls in words", () => {
  it.each([
    [12.4, "requests", "12 requests/s"],
    [0.034, "requests", "0.034 requests/s"],
    [1200, "flows", "1200 flows/s"],
    [3400, "bytes", "3.4 kB/s"],
    [12, "bytes", "12 B/s"],
    [2.5e9, "bytes", "2.5 GB/s"],
  ])("%d %s is %s", (rate, unit, words) => expect(rateWords(rate, unit)).toBe(words));

  it("never shows a few failures as none", () => {
    expect(shareWords(0)).toBe("none failed");
    expect(shareWords(0.001)).toBe("0.1 % failed");
    expect(shareWords(0.25)).toBe("25 % failed");
  });

  it("spells latencies", () => expect([240, 1200].map(latencyWords)).toEqual(["240 ms", "1.2 s"]));

  it("says what is known and nothing else", () => {
    expect(measuredWords(measured({}), clock)).toBe("Istio: 12 requests/s");
    expect(measuredWords(measured({ failed: 0.02, p95_ms: 80, last_seen: "2026-05-14T14:32:05Z" }), clock)).toBe("Istio: 12 requests/s, 2 % failed, p95 80 ms, seen 14:32:05");
  });

  it("says what a call rests on", () => {
    const call = (source: string, field: string) => ({ source, field }) as RelationView;
    expect(callWords(call("declared", "spec.env[A]"))).toBe("spec.env[A]");
    expect(callWords(call("both", "spec.env[A]"))).toBe("spec.env[A], and seen");
    expect(callWords(call("observed", "istio_requests_total"))).toBe("seen, not declared");
  });
});
