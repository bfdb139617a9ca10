/** Which lines of a long list exist: those in sight, and some beside them. */

/** Which lines are drawn: those in sight and a few on either side. */
export function windowOf(scroll: number, height: number, lineHeight: number, count: number, spare = 8): { from: number; to: number } {
  const first = Math.floor(Math.max(0, scroll) / lineHeight);
  const seen = Math.ceil(Math.max(0, height) / lineHeight) + 1;
  const from = Math.min(Math.max(0, count - seen), Math.max(0, first - spare));
  return { from, to: Math.min(count, Math.max(from, first + seen + spare)) };
}

/** Where to scroll so that a line is in sight; null where it is already. */
export function scrollFor(line: number, scroll: number, height: number, lineHeight: number): number | null {
  const top = line * lineHeight;
  if (top < scroll) return Math.max(0, top - lineHeight);
  if (top + lineHeight > scroll + height) return top + 2 * lineHeight - height;
  return null;
}
