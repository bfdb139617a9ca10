/** The state every view shares: the desk, the incident, who acts, the clock, and the instant that is looked at. */
import { type Answer, type Channel, CHANNELS, errorFrom, type Host, type HostError, OFFLINE, type Payload } from "../host/host";
import type { Commands } from "../wire/commands";
import type { Desk } from "../wire/Desk";
import type { IncidentView } from "../wire/IncidentView";
import type { SettingsView } from "../wire/SettingsView";
import * as time from "./time";
import type { Theme } from "./route";
import { isOpen } from "./words";

export type ThemeChoice = "system" | Theme;
export type ClockChoice = "utc" | "local";

class DeskState {
  host!: Host;
  view: Desk | null = $state.raw(null);
  incident: IncidentView | null = $state.raw(null);
  /** Why the desk or its incident could not be read the last time; what is shown is older. */
  trouble: HostError | null = $state.raw(null);
  incidentTrouble: HostError | null = $state.raw(null);
  /** Whether notices arrive; null before the first answer. */
  connected: boolean | null = $state(null);
  lostSince: number | null = $state(null);

  /** The instant of the past that is looked at; null for now. */
  moment: string | null = $state(null);
  /** The object selected on the map. */
  selection: string | null = $state(null);
  theme: ThemeChoice = $state("system");
  clockChoice: ClockChoice = $state("utc");
  /** The newest revision seen of each channel: whoever reads it in an effect runs again when it grows. */
  readonly revisions: Record<Channel, number> = $state(Object.fromEntries(CHANNELS.map((c) => [c, 0])) as Record<Channel, number>);
  /** Milliseconds of this desk's clock, once a second. */
  now = $state(Date.now());

  private skew = 0;
  private placed = "";
  private reading = false;
  private again = false;
  /** How many answers of commands were taken: what was asked before the newest of them is older than it. */
  private placings = 0;
  private shows = 0;
  private incidentReads = 0;

  readonly zone = $derived(this.clockChoice === "utc" ? "UTC" : time.localZone());
  readonly mode = $derived(this.view?.mode ?? "closed");
  /** The end of what can be seen: now while live, the end of the recording otherwise. */
  readonly end = $derived(this.mode === "recorded" && this.view?.recorded_to ? Date.parse(this.view.recorded_to) : this.now);
  /** The instant looked at, in milliseconds. */
  readonly instant = $derived(this.moment ? Date.parse(this.moment) : this.end);
  /** The clock the record is read by: what is due is due by it. An incident under way at this desk goes on, whatever is open beside it. */
  readonly recordNow = $derived(this.mode === "recorded" && !(this.incident && !this.incident.imported && isOpen(this.incident)) ? Math.min(this.now, this.end) : this.now);
  readonly offline = $derived(this.connected === false);

  start(host: Host): void {
    this.host = host;
    this.recall();
    setInterval(() => {
      this.now = Date.now() + this.skew;
    }, 1000);
    // Ages of sources need proof from the desk, not from this page's own clock.
    setInterval(() => document.visibilityState === "visible" && void this.refresh(), 10_000);
    host.subscribe("*", (notice) => {
      for (const channel of CHANNELS) if (notice.channel === channel || notice.channel === "resync") this.revisions[channel]++;
      if (notice.channel === "desk" || notice.channel === "alerts" || notice.channel === "resync") void this.refresh();
      if (notice.channel === "ledger" || notice.channel === "resync") void this.refreshIncident();
    });
    host.watch((connected) => {
      const back = connected && this.connected === false;
      this.connected = connected;
      this.lostSince = connected ? null : (this.lostSince ?? Date.now());
      if (back) {
        for (const channel of CHANNELS) this.revisions[channel]++;
        void this.refresh().then(() => this.refreshIncident());
      }
    });
    void this.refresh();
    void this.call("settings", {}).then(
      (settings) => this.adopt(settings),
      () => undefined,
    );
  }

  /** Runs a command; failures are `HostError`s for the caller to show. */
  async call<K extends keyof Commands>(command: K, payload: Payload<K>): Promise<Answer<K>> {
    try {
      return await this.host.call(command, payload);
    } catch (thrown) {
      throw errorFrom(thrown);
    }
  }

  /** Runs a command about the incident and shows the answer at once. */
  async act<K extends IncidentCommand>(command: K, payload: Payload<K>): Promise<IncidentView> {
    const view = (await this.call(command, payload)) as IncidentView;
    this.show(view);
    return view;
  }

  /** Runs a command that answers a desk. */
  async sit<K extends DeskCommand>(command: K, payload: Payload<K>): Promise<Desk> {
    const desk = await this.call(command, payload);
    this.place(desk);
    return desk;
  }

  show(view: IncidentView): void {
    this.shows++;
    this.incident = view;
    this.incidentTrouble = null;
    if (this.view && this.view.incident !== view.id) void this.refresh();
  }

  /** Reads the desk; calls while one is under way are answered by one more. */
  async refresh(): Promise<void> {
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    try {
      do {
        this.again = false;
        const before = this.placings;
        const view = await this.call("desk", {});
        if (before === this.placings) this.place(view);
        else this.again = true;
        this.trouble = null;
        // A desk that answers is there, whatever happened to the stream of notices.
        if (this.connected === null) this.connected = true;
      } while (this.again);
    } catch (thrown) {
      this.trouble = errorFrom(thrown);
      if (this.trouble.code === OFFLINE && this.connected !== true) this.connected = false;
    } finally {
      this.reading = false;
    }
  }

  async refreshIncident(): Promise<void> {
    const id = this.view?.incident;
    if (!id) {
      this.incident = null;
      return;
    }
    const read = ++this.incidentReads;
    const before = this.shows;
    try {
      const view = await this.call("incident", { id });
      if (read !== this.incidentReads || this.view?.incident !== id) return;
      if (before !== this.shows) return await this.refreshIncident();
      this.incident = view;
      this.incidentTrouble = null;
    } catch (thrown) {
      if (read === this.incidentReads && before === this.shows) this.incidentTrouble = errorFrom(thrown);
    }
  }

  private place(desk: Desk): void {
    this.placings++;
    const before = this.view;
    this.view = desk;
    this.skew = Date.parse(desk.now) - Date.now();
    if (!Number.isFinite(this.skew)) this.skew = 0;
    this.now = Date.now() + this.skew;
    // A live desk forgets its oldest hour and is the same; another bundle of the same name begins elsewhere.
    const key = `${desk.mode} ${desk.title} ${desk.mode === "recorded" ? (desk.recorded_from ?? "") : ""}`;
    if (key !== this.placed) {
      // Another desk: a recording opens at its worst moment, a cluster at now.
      this.placed = key;
      this.moment = desk.mode === "recorded" ? desk.opens_at : null;
      this.selection = null;
    }
    if (!desk.incident) this.incident = null;
    else if (before?.incident !== desk.incident || !this.incident) void this.refreshIncident();
  }

  /** Takes the looks of the kept settings. */
  adopt(settings: SettingsView): void {
    this.theme = settings.theme === "night" || settings.theme === "paper" ? settings.theme : "system";
    this.clockChoice = settings.clock === "local" ? "local" : "utc";
    this.remember();
  }

  setTheme(theme: ThemeChoice): void {
    this.theme = theme;
    this.remember();
    void this.call("save_settings", { theme }).catch(() => undefined);
  }

  setClock(clock: ClockChoice): void {
    this.clockChoice = clock;
    this.remember();
    void this.call("save_settings", { clock }).catch(() => undefined);
  }

  /** The looks are also kept in the page, so that the first picture is right before the desk answers. */
  private remember(): void {
    try {
      localStorage.setItem("broadstreet-looks", JSON.stringify({ theme: this.theme, clock: this.clockChoice }));
    } catch {
      // Storage may be refused; the desk keeps the looks too.
    }
  }

  private recall(): void {
    try {
      const looks = JSON.parse(localStorage.getItem("broadstreet-looks") ?? "{}") as { theme?: string; clock?: string };
      if (looks.theme === "night" || looks.theme === "paper") this.theme = looks.theme;
      if (looks.clock === "local") this.clockChoice = "local";
    } catch {
      // As above.
    }
  }

  // ------------------------------------------------------------------------------------------------ words of time
  clock = (at: number | string | null | undefined, seconds = true): string => time.clock(instantOf(at), this.zone, seconds);
  day = (at: number | string | null | undefined): string => time.day(instantOf(at), this.zone);
  shortDay = (at: number | string | null | undefined): string => time.shortDay(instantOf(at), this.zone);
  /** The time, with the day where that is not the record's own. */
  when = (at: number | string | null | undefined, seconds = false): string => {
    const t = instantOf(at);
    return Number.isFinite(t) ? time.when(t, this.recordNow, this.zone, seconds) : "not known";
  };
  stamp = (at: string | null, precision: string, approx: boolean): string => time.stamp(at, precision, approx, this.zone);
}

function instantOf(at: number | string | null | undefined): number {
  return typeof at === "number" ? at : at ? Date.parse(at) : Number.NaN;
}

/** Commands that answer the incident. */
export type IncidentCommand = { [K in keyof Commands]: Commands[K]["answer"] extends IncidentView ? K : never }[keyof Commands];
/** Commands that answer the desk. */
export type DeskCommand = { [K in keyof Commands]: Commands[K]["answer"] extends Desk ? K : never }[keyof Commands];

export const desk = new DeskState();
