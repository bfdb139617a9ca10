/** Who listens to notices and to the connection; shared by the hosts. */
import type { Channel, Notice } from "./host";

export class Ears {
  private readonly channels = new Map<string, Set<(notice: Notice) => void>>();
  private readonly watchers = new Set<(connected: boolean) => void>();
  private connected: boolean | null = null;

  subscribe(channel: Channel | "*", heard: (notice: Notice) => void): () => void {
    const set = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, set);
    set.add(heard);
    return () => set.delete(heard);
  }

  watch(heard: (connected: boolean) => void): () => void {
    this.watchers.add(heard);
    if (this.connected !== null) heard(this.connected);
    return () => this.watchers.delete(heard);
  }

  tell(notice: Notice): void {
    // After a gap every channel may have changed.
    const named = notice.channel === "resync" ? [...this.channels.keys()].filter((channel) => channel !== "*") : [notice.channel];
    for (const channel of named) for (const heard of this.channels.get(channel) ?? []) heard(notice);
    for (const heard of this.channels.get("*") ?? []) heard(notice);
  }

  connection(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const heard of this.watchers) heard(connected);
  }
}
