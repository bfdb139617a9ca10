// Figures beside their targets: each on a line, and an end that says whether one was missed.
export const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
export const ms = (n) => `${n.toFixed(1)} ms`;

export class Figures {
  missed = 0;

  /** `held` is null where there is no target. */
  say(figure, target, held, measured) {
    if (held === false) this.missed++;
    console.log(`${figure} | ${target} | ${measured}${held === false ? " MISSED" : ""}`);
  }

  end() {
    return this.missed === 0 ? 0 : 1;
  }
}

/** In the page: types an `x` where the cursor is; the milliseconds until it is painted. */
export function keyToPaint() {
  return new Promise((done) => {
    const field = document.activeElement;
    const began = performance.now();
    field.setRangeText("x", field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, data: "x" }));
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now() - began);
      channel.port2.postMessage(0);
    });
  });
}
