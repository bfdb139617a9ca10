/** Lines of several containers in one order: by the time each was printed, then by arrival. */
import type { LogLineView } from "../../../wire/LogLineView";

/** The most lines held; the oldest by time make room. */
export const MOST = 20_000;

export interface Line {
  readonly number: number;
  readonly stream: number;
  /** Milliseconds with their fraction; of a line without a time, that of the line before it in its container. */
  readonly at: number;
  /** The time as it was said; empty where none was. */
  readonly said: string;
  readonly text: string;
  readonly cut: number;
}

/** Milliseconds of an RFC 3339 instant, with what is below a millisecond as a fraction; NaN for none. */
export function instant(said: string): number {
  const below = /\.\d{3}(\d{1,6})/.exec(said)?.[1];
  return Date.parse(said) + (below ? Number(`0.${below}`) : 0);
}

/** Puts lines that came now where they belong. Nothing is changed in place. */
export function merge(held: readonly Line[], news: readonly LogLineView[], most = MOST): Line[] {
  const last = new Map<number, number>();
  for (const line of held) last.set(line.stream, Math.max(line.at, last.get(line.stream) ?? 0));
  const come = news.map((it): Line => {
    const at = it.at ? instant(it.at) : (last.get(it.stream) ?? 0);
    last.set(it.stream, at);
    return { number: it.number, stream: it.stream, at, said: it.at ?? "", text: it.text, cut: it.cut };
  });
  const order = (a: Line, b: Line) => a.at - b.at || a.number - b.number;
  come.sort(order);
  const all: Line[] = [];
  let i = 0;
  for (const line of come) {
    while (i < held.length && order(held[i]!, line) <= 0) all.push(held[i++]!);
    all.push(line);
  }
  for (; i < held.length; i++) all.push(held[i]!);
  return all.length > most ? all.slice(all.length - most) : all;
}

/** Places of the lines that hold every word of a query, whatever the case; none for an empty query. */
export function found(lines: readonly Line[], query: string): number[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const hits: number[] = [];
  lines.forEach((line, i) => {
    const text = line.text.toLowerCase();
    if (words.every((word) => text.includes(word))) hits.push(i);
  });
  return hits;
}

/** Lines as text for a file: time, pod and container where there are several, and what was printed. */
export function written(lines: readonly Line[], names: readonly string[]): string {
  return lines.map((line) => [line.said, names.length > 1 ? (names[line.stream] ?? "") : "", line.text].filter((part) => part !== "").join(" ")).join("\n") + "\n";
}
