/** Few words for a mark on the time strip; the whole sentence stays in what the slider says and in the record. */

export interface Label {
  readonly text: string;
  /** Higher is given room first; below zero a mark is drawn and nothing is written. */
  readonly priority: number;
}

const MOST = 24;
const short = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST - 1).trimEnd()}…` : text);
const first = (name: string): string => name.split(" ")[0] ?? name;

type Rule = readonly [RegExp, (found: RegExpExecArray) => string, number];

/** The sentences of the record, the weightiest first: what changes the incident before what is done in it. */
const RULES: readonly Rule[] = [
  [/^Severity is now SEV[- ](\d)/, (m) => `SEV ${m[1]}`, 5],
  [/^Status is now (\w+)/, (m) => m[1]!, 5],
  [/^(.+?) declared SEV[- ](\d)/, (m) => `declared SEV ${m[2]}`, 5],
  [/^(.+?) took command/, (m) => `${first(m[1]!)} commands`, 4],
  [/^(D\d+) (decided|proposed|withdrawn)/, (m) => `${m[1]} ${m[2]}`, 4],
  [/^(.+?) acknowledged\b/, (m) => `${first(m[1]!)} acks`, 3],
  [/^Page to (.+?) failed\b/, (m) => `${first(m[1]!)} not reached`, 3],
  [/^Page to (.+?) escalated to ([^:,]+)/, (m) => `escalated to ${first(m[2]!)}`, 2],
  [/^Page to (.+?) sent\b/, (m) => `${first(m[1]!)} paged`, 2],
  [/^(.+?) offered command to (\S+)/, (m) => `offered to ${m[2]}`, 2],
  [/^Page to (.+?) (arrived|went out inside another)\b/, () => "", -1],
  [/^(.+?) was told by /, () => "", -1],
  [/^The brief was shown/, () => "", -1],
  [/^(H\d+) (opened|supported|eliminated|reopened)/, (m) => `${m[1]} ${m[2]}`, 1],
  [/^(T\d+) (done|dropped|cancelled)/, (m) => `${m[1]} ${m[2]}`, 1],
  [/^(T\d+) to (\S+)/, (m) => `${m[1]} to ${m[2]}`, 1],
  [/^(Update to [^:]+)/, (m) => short(m[1]!), 1],
];

/** What stands on the flag of a page, a step of command or a note. */
export function flagOf(text: string): Label {
  for (const [form, words, priority] of RULES) {
    const found = form.exec(text);
    if (found) return { text: words(found), priority };
  }
  return { text: short(text), priority: 0 };
}

/** What stands beside the diamond of a change: the object, and what became of it. */
export function changeOf(text: string): Label {
  const found = /^[A-Z]\w+ (\S+?):? (?:(image) of |(scaled) from |(rollout) )(.*)$/.exec(text);
  if (!found) return { text: short(text.replace(/^[A-Z]\w+ (?=\S+:)/, "")), priority: 1 };
  const [, name, image, scaled, , rest] = found;
  if (image) return { text: `${short(name!)} image`, priority: 3 };
  if (scaled) return { text: `${short(name!)} ${rest}`, priority: 2 };
  return { text: `${short(name!)} rolled out`, priority: 0 };
}

/** Of equal words near each other only the first are written. */
export function onceOf<T extends Label & { readonly x: number }>(labels: readonly T[], apart: number): T[] {
  const last = new Map<string, number>();
  return labels.map((label) => {
    const before = last.get(label.text);
    if (before !== undefined && label.x - before < apart) return { ...label, priority: -1 };
    last.set(label.text, label.x);
    return label;
  });
}
