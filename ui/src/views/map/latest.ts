/**
 * Asks for the newest only: while one answer is awaited, further wishes replace one another, and the last is asked next.
 *
 * So a hand on the scrubber never queues scenes behind itself, and an old answer never overwrites a newer one.
 */
export class Latest<W, A> {
  private waiting: { wish: W } | null = null;
  private busy = false;
  private closed = false;

  constructor(
    private readonly ask: (wish: W) => Promise<A>,
    private readonly got: (answer: A, wish: W) => void,
    private readonly failed: (error: unknown, wish: W) => void,
  ) {}

  want(wish: W): void {
    this.waiting = { wish };
    if (!this.busy) void this.run();
  }

  close(): void {
    this.closed = true;
    this.waiting = null;
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.waiting && !this.closed) {
      const { wish } = this.waiting;
      this.waiting = null;
      try {
        const answer = await this.ask(wish);
        if (!this.closed) this.got(answer, wish);
      } catch (error) {
        if (!this.closed) this.failed(error, wish);
      }
    }
    this.busy = false;
  }
}
