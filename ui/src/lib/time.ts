/** Times and spans as people read them. Pure: the zone is always given. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(key: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${key}|${zone}`;
  let found = formats.get(name);
  if (!found) {
    try {
      found = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone, hourCycle: "h23" });
    } catch {
      // A zone this web view does not know is shown in UTC rather than not at all.
      found = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC", hourCycle: "h23" });
    }
    formats.set(name, found);
  }
  return found;
}

/** The zone this machine is in. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** `14:32:08`, or `14:32`. */
export function clock(at: number, zone: string, seconds: boolean): string {
  if (!Number.isFinite(at)) return seconds ? "--:--:--" : "--:--";
  return format(seconds ? "hms" : "hm", zone, { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" as const } : {}) }).format(at);
}

/** `Thu 14 May 2026`. */
export function day(at: number, zone: string): string {
  if (!Number.isFinite(at)) return "";
  return format("day", zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(at).replaceAll(",", "");
}

/** `14 May`. */
export function shortDay(at: number, zone: string): string {
  if (!Number.isFinite(at)) return "";
  return format("short", zone, { day: "numeric", month: "short" }).format(at);
}

/** `14:32` on the same day as `now`, else `14 May 14:32`. */
export function when(at: number, now: number, zone: string, seconds = false): string {
  const time = clock(at, zone, seconds);
  return day(at, zone) === day(now, zone) ? time : `${shortDay(at, zone)} ${time}`;
}

/** Minutes the zone is ahead of UTC at an instant. */
export function offsetMinutes(at: number, zone: string): number {
  if (!Number.isFinite(at)) return 0;
  const parts = format("parts", zone, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(at);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const shown = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return Math.round((shown - Math.floor(at / 1000) * 1000) / 60_000);
}

/** `UTC`, or `UTC+2` with the zone's own name. */
export function zoneName(zone: string, at: number): string {
  if (zone === "UTC") return "UTC";
  const minutes = offsetMinutes(at, zone);
  const rest = Math.abs(minutes) % 60;
  return `${zone}, UTC${minutes < 0 ? "−" : "+"}${Math.floor(Math.abs(minutes) / 60)}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `00:33:12`: a running clock. */
export function hms(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** `3 m 12 s`, `2 h 54 m`, `5 d 3 h`: the two largest parts. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} m ${s % 60} s` : `${s / 60} m`;
  if (s < 86_400) return Math.floor(s / 60) % 60 ? `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} m` : `${Math.floor(s / 3600)} h`;
  return Math.floor(s / 3600) % 24 ? `${Math.floor(s / 86_400)} d ${Math.floor(s / 3600) % 24} h` : `${Math.floor(s / 86_400)} d`;
}

/** `12 s`, `4 m`, `3 h`, `2 d`: one part, for ages that change while one looks. */
export function age(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} m`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

export type Pressure = "plenty" | "soon" | "late";

/** Time left until a moment: `10:50`, `2 h 54 m`, or `1:35 late`, and how pressing that is. Soon is under five minutes. */
export function left(until: number, now: number): { text: string; pressure: Pressure; seconds: number } {
  const seconds = Math.floor((until - now) / 1000);
  const s = Math.abs(seconds);
  const short = s >= 3600 ? span(s) : seconds < 0 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${two(Math.floor(s / 60))}:${two(s % 60)}`;
  if (seconds < 0) return { text: `${short} late`, pressure: "late", seconds };
  return { text: short, pressure: seconds < 300 ? "soon" : "plenty", seconds };
}

/** A time with its precision: `14:32:08`, `~14:32`, `14:??`, `14 May`, `May 2026`, `unknown`. */
export function stamp(at: string | null, precision: string, approx: boolean, zone: string): string {
  const t = at ? Date.parse(at) : Number.NaN;
  const mark = approx ? "~" : "";
  switch (Number.isFinite(t) ? precision : "unknown") {
    case "exact":
      return mark + clock(t, zone, true);
    case "minute":
      return mark + clock(t, zone, false);
    case "hour":
      return `${mark}${clock(t, zone, false).slice(0, 2)}:??`;
    case "day":
      return mark + shortDay(t, zone);
    case "month":
      return mark + format("month", zone, { month: "short", year: "numeric" }).format(t);
    case "year":
      return mark + format("year", zone, { year: "numeric" }).format(t);
    default:
      return "unknown";
  }
}

/** What the second clock says beside the first: `same`, `+4 s`, `+15 m`, `−3 s`. */
export function lag(at: string, recorded: string): string {
  const seconds = Math.round((Date.parse(recorded) - Date.parse(at)) / 1000);
  if (!Number.isFinite(seconds)) return "";
  if (seconds === 0) return "same";
  return `${seconds < 0 ? "−" : "+"}${age(Math.abs(seconds))}`;
}

/** `1.4 GB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `1 alert`, `3 alerts`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
