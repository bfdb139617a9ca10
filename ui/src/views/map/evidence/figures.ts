/** A figure as a line: where it runs, and its values in words. */
import { bytes } from "../../../lib/time";
import type { FigureView } from "../../../wire/FigureView";

/** A value with its unit. */
export function words(value: number, unit: string): string {
  if (unit === "bytes") return bytes(Math.round(value));
  if (unit === "share") return `${(value * 100).toFixed(value > 0 && value < 0.1 ? 2 : 1)} %`;
  if (unit === "cores") return value < 0.995 ? `${Math.round(value * 1000)} m` : `${value.toFixed(2)} cores`;
  return String(Math.round(value * 100) / 100);
}

/** An SVG path over a field of `w` by `h`; holes where instants are missing. Zero is always in sight. */
export function path(figure: FigureView, from: number, to: number, w: number, h: number): string {
  const top = Math.max(...figure.values, 0) || 1;
  const hole = figure.step_seconds * 1500;
  let last = Number.NEGATIVE_INFINITY;
  return figure.times
    .map((at, i) => {
      const x = ((at - from) / Math.max(1, to - from)) * w;
      const y = h - 1 - (figure.values[i]! / top) * (h - 2);
      const start = at - last > hole;
      last = at;
      return `${start ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** The last, least and most of a figure. */
export function ends(figure: FigureView): { last: number; least: number; most: number } | null {
  if (!figure.values.length) return null;
  return { last: figure.values[figure.values.length - 1]!, least: Math.min(...figure.values), most: Math.max(...figure.values) };
}

/** A figure as a table for a file. */
export function table(figure: FigureView): string {
  const rows = figure.times.map((at, i) => `${new Date(at).toISOString()},${figure.values[i]}`);
  return `# ${figure.query}\ntime,${figure.unit}\n${rows.join("\n")}\n`;
}
