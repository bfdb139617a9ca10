/** Which key presses are commands and which are typing. */
import { dialogs } from "./dialogs.svelte";

/** True where a plain key means a letter, or where something on top listens. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  // A dialog that was asked for and still loads takes the keys too: they are meant for it.
  if (dialogs.open.length > 0 || document.querySelector("dialog[open]")) return true;
  return target?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]:not([contenteditable='false'])") != null;
}

/** A plain key, without a modifier that gives it another meaning. */
export function isPlain(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented;
}

/** Keeps arrow keys inside a row of choices, as a radio group does. Answers the index to go to, or null. */
export function stepIn(event: KeyboardEvent, index: number, size: number): number | null {
  if (size === 0) return null;
  switch (event.key) {
    case "ArrowDown":
    case "ArrowRight":
      return (index + 1) % size;
    case "ArrowUp":
    case "ArrowLeft":
      return (index + size - 1) % size;
    case "Home":
      return 0;
    case "End":
      return size - 1;
    default:
      return null;
  }
}
