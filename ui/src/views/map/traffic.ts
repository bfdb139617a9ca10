/** Wordings of measured calls: how much, how much of it failed, how slow, by whom and when it was last seen. */
import type { MeasuredView } from "../../wire/MeasuredView";
import type { RelationView } from "../../wire/RelationView";


/** A rate in its unit: `12 requests/s`, `3.4 kB/s`. */
export function rateWords(rate: number, unit: string): string {
  if (unit !== "bytes") return `${plain(rate)} ${unit}/s`;
  for (const [size, word] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ] as const) {
    if (rate >= size) return `${plain(rate / size)} ${word}/s`;
  }
  return `${plain(rate)} B/s`;
}

/** A number with two digits, never in powers of ten. */
function plain(n: number): string {
  return n >= 10 ? String(Math.round(n)) : String(Number(n.toPrecision(2)));
}

/** A share of one in percent; what is above nothing is never shown as nothing. */
export function shareWords(share: number): string {
  if (share === 0) return "none failed";
  const percent = share * 100;
  return `${percent < 1 ? percent.toFixed(1) : String(Math.round(percent))} % failed`;
}

/** A latency: `240 ms`, `1.2 s`. */
export function latencyWords(ms: number): string {
  return ms >= 1000 ? `${plain(ms / 1000)} s` : `${plain(ms)} ms`;
}

/** One line for what an observer measured; `clock` spells an instant. */
export function measuredWords(m: MeasuredView, clock: (at: number, seconds: boolean) => string): string {
  const parts = [rateWords(m.rate, m.unit)];
  if (m.failed !== null) parts.push(shareWords(m.failed));
  if (m.p95_ms !== null) parts.push(`p95 ${latencyWords(m.p95_ms)}`);
  if (m.last_seen) parts.push(`seen ${clock(Date.parse(m.last_seen), true)}`);
  return `${m.observer}: ${parts.join(", ")}`;
}

/** What a call rests on: its field where it is declared, that somebody saw it where that is all. */
export function callWords(r: RelationView): string {
  return r.source === "observed" ? "seen, not declared" : r.source === "both" ? `${r.field}, and seen` : r.field || r.source;
}
