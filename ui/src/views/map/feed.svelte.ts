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
  scene(request: { lens: string; at: string | null; held: string | null; incident: string | null; policies: boolean; drawn: boolean }): Promise<ArrayBuffer | Uint8Array>;
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

/**
 * Above so many milliseconds from the question to the picture the next one waits, as long again: who draws and who is drawn
 * share a machine. Below it nothing rests, since whoever waits for a change would wait for the rest too.
 */
const LONG = 400;
const MOST_REST = 5_000;
/** While a cluster is being read the picture waits so many times what it took: all of it comes at once when that is over. */
const WHILE_FILLING = 8;

/** Resolves once what was decided now is on screen, or would be. */
function painted(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, 250);
    requestAnimationFrame(() => setTimeout(done));
  });
}

function isSame(a: Wish | null, b: Wish): boolean {
  return a !== null && a.lens === b.lens && a.at === b.at && a.incident === b.incident && a.policies === b.policies;
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

  /** The mark the last answer was asked to lead from; null where all was asked for. */
  private led: string | null = null;
  /** The scene was asked for while a cluster was being read: all of it comes later. */
  growing = $state(false);
  private filling = false;
  /** The scene under way was asked for while one was being read. */
  private partly = false;
  /** How long the last picture took from its question, or from when the one before was seen, until it was seen, in milliseconds. */
  private took = 0;
  /** When the last picture was seen. */
  private seen = 0;
  private wish: Wish | null = null;
  /** The moment that is being read, a little before which the scene was drawn. */
  private read: Wish | null = null;
  private wantedObject: string | null = null;
  private readonly scenes: Latest<Wish, ArrayBuffer | Uint8Array>;
  /** The moment itself, where the scene was drawn a little before it. */
  private readonly exact: Latest<Wish, ArrayBuffer | Uint8Array>;
  private readonly caseLists: Latest<Wish, CasesView>;
  private readonly objects: Latest<{ id: string; at: string | null }, ObjectView>;

  constructor(port: MapPort) {
    this.scenes = new Latest(
      (w) => {
        // Only to a live scene of the same lens lead steps.
        this.partly = this.filling;
        this.led = w.at === null && isSame(this.shown, w) && this.scene.mark ? this.scene.mark : null;
        return port.scene({ lens: w.lens, at: w.at, held: this.led, incident: w.incident, policies: w.policies, drawn: w.at !== null });
      },
      (bytes, w) => {
        this.answered = true;
        try {
          if (bytes.byteLength > 0) {
            const scene = decodeScene(bytes, this.led === null ? null : this.scene);
            const isThere = scene.drawn !== undefined && isSame(this.shown, w) && this.scene.drawn === undefined;
            if (!isThere) [this.scene, this.shown] = [scene, w];
            // What was drawn when it was recorded is there at once; the moment itself is read behind it.
            if (this.scene.drawn && !isSame(this.read, w)) this.exact.want((this.read = w), true);
          }
          this.growing = this.partly;
          this.sceneTrouble = null;
        } catch (error) {
          // Of steps that lead nowhere nothing is taken: all of the scene is asked for instead.
          if (this.led !== null) {
            this.shown = null;
            this.scenes.want(this.wish ?? w, true);
          } else this.sceneTrouble = troubleOf(error);
        }
      },
      (error) => {
        this.answered = true;
        this.sceneTrouble = troubleOf(error);
      },
      async (began) => {
        // Asked before the one before was painted, it does not count what that took.
        const from = Math.max(began, this.seen);
        const seen = painted().then(() => {
          this.seen = performance.now();
          return (this.took = this.seen - from);
        });
        // Where pictures come quickly the next is made while this one is painted.
        if (!this.filling && this.took < LONG) return 0;
        const took = await seen;
        // The first blocks are waited for.
        if (this.filling) return this.scene.blocks.count > 0 ? Math.min(MOST_REST, WHILE_FILLING * took) : 0;
        return took < LONG ? 0 : Math.min(MOST_REST, took);
      },
    );
    this.exact = new Latest(
      (w) => port.scene({ lens: w.lens, at: w.at, held: null, incident: w.incident, policies: w.policies, drawn: false }),
      (bytes, w) => {
        if (isSame(this.read, w)) this.read = null;
        if (!isSame(this.shown, w)) return;
        try {
          this.scene = decodeScene(bytes);
        } catch (error) {
          this.sceneTrouble = troubleOf(error);
        }
      },
      (error, w) => {
        if (isSame(this.read, w)) this.read = null;
        if (isSame(this.shown, w)) this.sceneTrouble = troubleOf(error);
      },
    );
    this.caseLists = new Latest(
      (w) => port.cases(w.at),
      (view) => {
        this.cases = view;
        this.casesTrouble = null;
      },
      (error) => (this.casesTrouble = troubleOf(error)),
      // A long list takes a fifth of the time at most.
      (began) => Promise.resolve(Math.min(MOST_REST, 4 * (performance.now() - began))),
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

  /** Asks for the picture of a moment; `filling` while a cluster is being read. */
  want(wish: Wish, filling = false): void {
    const other = !isSame(this.wish, wish) || (this.filling && !filling);
    this.filling = filling;
    this.wish = wish;
    this.scenes.want(wish, other);
    this.caseLists.want(wish, other);
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
    this.growing = false;
    this.wantObject(null, null);
  }

  close(): void {
    this.scenes.close();
    this.exact.close();
    this.caseLists.close();
    this.objects.close();
  }
}
