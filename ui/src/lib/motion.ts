/** Whether this person asked for less motion. Asked each time: the wish may change while the screen is open. */
class Calm {
  private readonly asked = typeof matchMedia === "function" ? matchMedia("(prefers-reduced-motion: reduce)") : null;

  get still(): boolean {
    return this.asked?.matches ?? false;
  }
}

export const calm = new Calm();
