/**
 * Asks for the newest only: while one answer is awaited, further wishes replace one another, and the last is asked next.
 *
 * So a hand on the scrubber never queues scenes behind itself, and an old answer never overwrites a newer one.
 */
export class Latest<W, A> {
  private waiting: { wish: W } | null = null;
  private busy = false;
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly ask: (wish: W) => Promise<A>,
    private readonly got: (answer: A, wish: W) => void,
    private readonly failed: (error: unknown, wish: W) => void,
    /** How long to rest after an answer that was asked for at `began`, in milliseconds; what is waited for then is drawn. */
    private readonly rest: (began: number) => Promise<number> = () => Promise.resolve(0),
  ) {}

  /** `now` does not wait until the rest is over. */
  want(wish: W, now = false): void {
    this.waiting = { wish };
    if (now) this.wake();
    if (!this.busy) void this.run();
  }

  close(): void {
    this.closed = true;
    this.waiting = null;
    this.wake();
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.waiting && !this.closed) {
      const { wish } = this.waiting;
      this.waiting = null;
      const began = performance.now();
      const woken = new Promise<void>((wake) => (this.wake = wake));
      try {
        const answer = await this.ask(wish);
        if (!this.closed) this.got(answer, wish);
      } catch (error) {
        if (!this.closed) this.failed(error, wish);
      }
      await Promise.race([woken, this.rested(began)]);
    }
    this.busy = false;
  }

  private async rested(began: number): Promise<void> {
    const pause = await this.rest(began);
    if (pause > 0) await new Promise((go) => setTimeout(go, pause));
  }
}
