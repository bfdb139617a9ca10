/** Choosing a person: one who is known, or a new one who is added when the dialog is sent. */
import { desk } from "../../../lib/desk.svelte";
import type { PersonView } from "../../../wire/PersonView";

/** The value of the select that asks for a name. */
export const NEW = "+";

export interface Chosen {
  id: string;
  name: string;
}

export const nobody = (): Chosen => ({ id: "", name: "" });
export const chosen = (id: string | null | undefined): Chosen => ({ id: id ?? "", name: "" });
export const isChosen = (choice: Chosen): boolean => (choice.id === NEW ? choice.name.trim() !== "" : choice.id !== "");

/** Everybody this desk or the incident knows, by name. */
export function known(desks: readonly PersonView[], incidents: readonly PersonView[]): PersonView[] {
  const all = new Map<string, PersonView>();
  for (const person of [...desks, ...incidents]) if (!all.has(person.id)) all.set(person.id, person);
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The id of the chosen person; a new one is added, and whoever acts goes on acting. */
export async function settle(choice: Chosen): Promise<string> {
  if (choice.id !== NEW) return choice.id;
  const before = desk.view?.acting?.id ?? null;
  const after = await desk.sit("act_as", { id: null, name: choice.name.trim() });
  const id = after.acting?.id ?? "";
  if (before && before !== id) await desk.sit("act_as", { id: before, name: null });
  return id;
}
