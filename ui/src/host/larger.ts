/** How large the page of a window is drawn. A browser has keys for it; a window has none of its own. */

const KEPT = "broadstreet-size";
const SIZES = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

/** The size a key leads to from `now`; null where it is no key of these. */
export function sizeAfter(now: number, event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): number | null {
  if (event.ctrlKey === event.metaKey || event.altKey) return null;
  if (event.key === "0") return 1;
  if (event.key === "+" || event.key === "=") return SIZES.find((size) => size > now + 0.001) ?? now;
  if (event.key === "-") return SIZES.findLast((size) => size < now - 0.001) ?? now;
  return null;
}

/** Hears the keys and remembers the size; `draw` draws the page as large as it is told. */
export function larger(draw: (size: number) => void, page: Pick<Window, "addEventListener"> = window, kept: Pick<Storage, "getItem" | "setItem"> = localStorage): void {
  let size = Number(kept.getItem(KEPT)) || 1;
  if (size !== 1) draw(size);
  page.addEventListener("keydown", (event) => {
    const next = sizeAfter(size, event);
    if (next === null) return;
    event.preventDefault();
    if (next === size) return;
    size = next;
    kept.setItem(KEPT, String(size));
    draw(size);
  });
}
