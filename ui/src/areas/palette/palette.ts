/** What the palette offers and in which order. Pure. */

export interface Offer {
  readonly id: string;
  readonly group: string;
  readonly icon: string;
  readonly title: string;
  readonly hint: string;
  /** The key that does the same. */
  readonly key: string;
  /** More words it is found by. */
  readonly words: string;
  readonly run: () => void | Promise<unknown>;
}

/** How well words fit a text: whole beginnings first, then beginnings of words, then anywhere; null where one is missing. */
export function fit(text: string, words: string): number | null {
  const target = text.toLowerCase();
  let sum = 0;
  for (const word of words.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = target.indexOf(word);
    if (at < 0) return null;
    const start = at === 0 || /[\s/:_.,-]/.test(target[at - 1] ?? "");
    sum += at === 0 ? 0 : start ? 1 : 3;
  }
  return sum;
}

/** The offers that fit, best first; equal ones keep their order. Without words, all. */
export function matching(offers: readonly Offer[], words: string, limit: number): Offer[] {
  if (!words.trim()) return offers.slice(0, limit);
  return offers
    .map((offer, order) => ({ offer, order, score: bestOf(offer, words) }))
    .filter((o): o is { offer: Offer; order: number; score: number } => o.score !== null)
    .sort((a, b) => a.score - b.score || a.order - b.order)
    .slice(0, limit)
    .map((o) => o.offer);
}

function bestOf(offer: Offer, words: string): number | null {
  const title = fit(offer.title, words);
  const wide = fit(`${offer.title} ${offer.words} ${offer.group}`, words);
  return title ?? (wide === null ? null : wide + 5);
}

/** Offers under the names of their groups, in the order in which groups first come. */
export function grouped(offers: readonly Offer[]): { group: string; offers: { offer: Offer; index: number }[] }[] {
  const groups = new Map<string, Offer[]>();
  for (const offer of offers) groups.set(offer.group, [...(groups.get(offer.group) ?? []), offer]);
  let index = 0;
  return [...groups].map(([group, list]) => ({ group, offers: list.map((offer) => ({ offer, index: index++ })) }));
}
