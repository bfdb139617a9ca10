/** Where the map's scenes, cases and objects come from: the newest only, live by revision, past by instant. */
import { decodeScene } from "../../graph/decode";
import { EMPTY, type Lens, type Scene } from "../../graph/scene";
import type { Answer, Payload } from "../../host/host";
import type { CasesView } from "../../wire/CasesView";
import type { Commands } from "../../wire/commands";
import type { ObjectView } from "../../wire/ObjectView";
import { Latest } from "./latest";

/** What the map asks of its host. */
export interface MapPort {
  scene(request: { lens: string; at: string | null; since: number | null; incident: string | null; policies: boolean }): Promise<ArrayBuffer | Uint8Array>;
  cases(at: string | null): Promise<CasesView>;
  object(id: string, at: string | null): Promise<ObjectView>;
  /** Any question of the map beside the picture. */
  call<K extends keyof Commands>(command: K, payload: Payload<K>): Promise<Answer<K>>;
}

interface Wish {
  readonly lens: Lens;
  readonly at: string | null;
  readonly incident: string | null;
  /** Whether streets tell what the network policies are predicted to do. */
  readonly policies: boolean;
}

/** An error in words: what failed, and what to do. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export function troubleOf(error: unknown): Trouble {
  const e = (error ?? {}) as Partial<Trouble>;
  return { code: e.code ?? "unknown", message: e.message ?? String(error), hint: e.hint ?? "" };
}

export class MapFeed {
  scene: Scene = $state.raw(EMPTY);
  /** What the scene was asked for. */
  shown: Wish | null = $state.raw(null);
  cases: CasesView | null = $state.raw(null);
  object: ObjectView | null = $state.raw(null);
  sceneTrouble: Trouble | null = $state.raw(null);
  casesTrouble: Trouble | null = $state.raw(null);
  objectTrouble: Trouble | null = $state.raw(null);
  /** False until the first answer, of whatever kind. */
  answered = $state(false);

  private wantedObject: string | null = null;
  private readonly scenes: Latest<Wish, ArrayBuffer | Uint8Array>;
  private readonly caseLists: Latest<Wish, CasesView>;
  private readonly objects: Latest<{ id: string; at: string | null }, ObjectView>;

  constructor(port: MapPort) {
    this.scenes = new Latest(
      (w) => {
        // Only a live scene of the same lens can be told "unchanged".
        const same = this.shown && this.shown.lens === w.lens && this.shown.at === w.at && this.shown.incident === w.incident && this.shown.policies === w.policies && w.at === null;
        return port.scene({ lens: w.lens, at: w.at, since: same ? this.scene.revision : null, incident: w.incident, policies: w.policies });
      },
      (bytes, w) => {
        this.answered = true;
        try {
          if (bytes.byteLength > 0) {
            this.scene = decodeScene(bytes);
            this.shown = w;
          }
          this.sceneTrouble = null;
        } catch (error) {
          this.sceneTrouble = troubleOf(error);
        }
      },
      (error) => {
        this.answered = true;
        this.sceneTrouble = troubleOf(error);
      },
    );
    this.caseLists = new Latest(
      (w) => port.cases(w.at),
      (view) => {
        this.cases = view;
        this.casesTrouble = null;
      },
      (error) => (this.casesTrouble = troubleOf(error)),
    );
    this.objects = new Latest(
      (w) => port.object(w.id, w.at),
      (view, w) => {
        if (w.id !== this.wantedObject) return;
        this.object = view;
        this.objectTrouble = null;
      },
      (error, w) => {
        if (w.id !== this.wantedObject) return;
        this.object = null;
        this.objectTrouble = troubleOf(error);
      },
    );
  }

  /** Asks for the picture of a moment. */
  want(wish: Wish): void {
    this.scenes.want(wish);
    this.caseLists.want(wish);
  }

  /** Asks for the panel of an object; null closes it. The panel before stays until the new one is there. */
  wantObject(id: string | null, at: string | null): void {
    this.wantedObject = id;
    if (id === null) {
      this.object = null;
      this.objectTrouble = null;
    } else this.objects.want({ id, at });
  }

  /** Forgets everything: another desk was opened. */
  clear(): void {
    this.scene = EMPTY;
    this.shown = null;
    this.cases = null;
    this.answered = false;
    this.wantObject(null, null);
  }

  close(): void {
    this.scenes.close();
    this.caseLists.close();
    this.objects.close();
  }
}
