/** What is kept and how often people are told: figures typed, read and checked. Pure. */
import type { StorageView } from "../../wire/StorageView";

/** One figure for each severity, 1 to 5; what is not set has no clock. */
export function minutesOf(kept: readonly number[]): number[] {
  return Array.from({ length: 5 }, (_, i) => kept[i] ?? 0);
}

/** How long and how much is recorded: the figures where both can be kept, else what is wrong with each. */
export function retention(hours: string, gigabytes: string): { value: { recording_hours: number; recording_gigabytes: number } | null; hours: string; gigabytes: string } {
  const h = Number(hours);
  const g = Number(gigabytes);
  const wrongHours = hours.trim() === "" || !Number.isInteger(h) || h < 1 || h > 8760 ? "Whole hours, 1 to 8760." : "";
  const wrongGigabytes = gigabytes.trim() === "" || !Number.isFinite(g) || g < 0.1 || g > 10_000 ? "0.1 to 10,000 gigabytes." : "";
  return { value: wrongHours || wrongGigabytes ? null : { recording_hours: h, recording_gigabytes: g }, hours: wrongHours, gigabytes: wrongGigabytes };
}

/** True for a zone this web view knows. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export interface Part {
  readonly name: string;
  readonly tone: "rolling" | "incidents" | "files" | "rest";
  readonly bytes: number;
  readonly percent: number;
}

/** What the storage is used for; what is in none of the parts is named as the rest. */
export function share(storage: StorageView): Part[] {
  const parts = [
    { name: "Rolling recording", tone: "rolling", bytes: storage.rolling_bytes },
    { name: "Recordings of incidents", tone: "incidents", bytes: storage.incident_bytes },
    { name: "Attachments and pictures", tone: "files", bytes: storage.blob_bytes },
  ] as { name: string; tone: Part["tone"]; bytes: number }[];
  const rest = storage.bytes - parts.reduce((sum, part) => sum + part.bytes, 0);
  if (rest > 0) parts.push({ name: "Records and index", tone: "rest", bytes: rest });
  const whole = Math.max(1, parts.reduce((sum, part) => sum + part.bytes, 0));
  return parts.map((part) => ({ ...part, percent: (part.bytes / whole) * 100 }));
}
