/** Whether this person asked for less motion; followed while the screen is open. */
class Calm {
  still = $state(false);

  constructor() {
    if (typeof matchMedia !== "function") return;
    const asked = matchMedia("(prefers-reduced-motion: reduce)");
    this.still = asked.matches;
    asked.addEventListener?.("change", () => (this.still = asked.matches));
  }
}

export const calm = new Calm();
