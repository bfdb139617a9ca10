/** Which dialogs are open. Views say what they want; the area draws it. */
import type { TrayView } from "../wire/TrayView";

export type Wanted =
  | { name: "palette" }
  | { name: "keys" }
  | { name: "person" }
  | { name: "declare"; subjects?: { id: string; name: string }[]; title?: string }
  | { name: "status" }
  | { name: "severity" }
  | { name: "close" }
  | { name: "reopen"; incident?: { id: string; number: string; title: string } }
  | { name: "remove"; incident: { id: string; number: string; title: string; rows: number } }
  | { name: "role"; role?: string }
  | { name: "offer"; role?: string }
  | { name: "release"; role: string; holder: string }
  | { name: "accept"; offer: string }
  | { name: "task" }
  | { name: "task-end"; task: string }
  | { name: "hypothesis" }
  | { name: "judge"; hypothesis: string }
  | { name: "decide" }
  | { name: "object"; decision: string }
  | { name: "objective" }
  | { name: "update" }
  | { name: "milestone" }
  | { name: "action"; row?: string }
  | { name: "correct"; row: string; text: string; sentence?: string }
  | { name: "annotate"; row: string; text: string }
  | { name: "pin"; text?: string; source?: string; target?: string; file?: string }
  | { name: "place-alert"; item: TrayView }
  | { name: "open-context" }
  | { name: "open-bundle" }
  | { name: "secrets" }
  | { name: "export"; incident?: { id: string; number: string } }
  | { name: "verify" }
  | { name: "brief" };

class Dialogs {
  /** The open ones, the topmost last. */
  open: Wanted[] = $state.raw([]);

  show(wanted: Wanted): void {
    if (this.open.some((o) => o.name === wanted.name)) return;
    this.open = [...this.open, wanted];
  }

  /** Puts another in the place of the topmost. */
  swap(wanted: Wanted): void {
    this.open = [...this.open.slice(0, -1), wanted];
  }

  close(wanted: Wanted): void {
    this.open = this.open.filter((o) => o !== wanted);
  }
}

export const dialogs = new Dialogs();
