/** Days of action items, as a date field writes them. */

const DAY = 86_400_000;

/** When an action is due unless told: fifteen days after a major incident, thirty after another. */
export function dueDay(now: number, severity: number | null): string {
  return new Date(now + (severity !== null && severity <= 2 ? 15 : 30) * DAY).toISOString().slice(0, 10);
}

/** The instant a day of a date field means; null for an empty or broken one. */
export function instantOfDay(day: string): string | null {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isFinite(at) ? new Date(at).toISOString() : null;
}
