/** A reading of logs under way: opened, asked again whenever there is more, closed when it is left. */
import { errorFrom, type HostError } from "../../../host/host";
import type { LogsView } from "../../../wire/LogsView";
import type { StreamView } from "../../../wire/StreamView";
import { type Line, merge } from "./lines";

/** What reading logs asks of the host. */
export interface LogPort {
  open(id: string, container: string, previous: boolean): Promise<LogsView>;
  read(reading: string, after: number): Promise<LogsView>;
  close(reading: string): Promise<unknown>;
}

/** Never asked more often than this. */
const REST_MS = 400;
/** Asked this often though nobody said there is more: a reading nobody asks for is closed. */
const ALIVE_MS = 20_000;

export class LogReader {
  lines: Line[] = $state.raw([]);
  streams: StreamView[] = $state.raw([]);
  leftOut = $state(0);
  dropped = $state(0);
  trouble: HostError | null = $state.raw(null);
  opening = $state(true);

  private reading = "";
  private last = 0;
  private busy = false;
  private more = false;
  private closed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly port: LogPort,
    private readonly id: string,
    private readonly container: string,
    private readonly previous: boolean,
  ) {
    void this.ask();
  }

  /** Somebody said that there is more. */
  again(): void {
    if (this.busy) this.more = true;
    else if (this.reading) this.wait(REST_MS);
  }

  /** Begins anew after it failed. */
  retry(): void {
    this.reading = "";
    this.last = 0;
    this.lines = [];
    this.opening = true;
    void this.ask();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.reading) void this.port.close(this.reading).catch(() => undefined);
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.ask(), ms);
  }

  private async ask(): Promise<void> {
    if (this.busy || this.closed) return;
    this.busy = true;
    this.more = false;
    try {
      const view = this.reading ? await this.port.read(this.reading, this.last) : await this.port.open(this.id, this.container, this.previous);
      if (this.closed) {
        if (!this.reading) void this.port.close(view.reading).catch(() => undefined);
        return;
      }
      this.reading = view.reading;
      this.streams = view.streams;
      this.leftOut = view.left_out;
      this.dropped = view.dropped;
      if (view.lines.length) {
        this.lines = merge(this.lines, view.lines);
        this.last = view.lines[view.lines.length - 1]!.number;
      }
      this.more ||= this.last < view.last;
      this.trouble = null;
    } catch (error) {
      this.trouble = errorFrom(error);
      // A reading that was closed, as after a long sleep of the machine, is opened anew.
      if (this.trouble.code === "not_found" && this.reading) {
        this.reading = "";
        this.last = 0;
        this.lines = [];
        this.more = true;
      }
    } finally {
      this.busy = false;
      this.opening = false;
      this.wait(this.more ? REST_MS : ALIVE_MS);
    }
  }
}
