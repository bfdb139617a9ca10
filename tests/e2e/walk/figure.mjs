// Figures beside their targets: each on a line, and an end that says whether one was missed. Where FIGURES names a file, each is
// added to it as a row of the table of all benchmarks.
import { appendFileSync } from "node:fs";

export const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
export const ms = (n) => `${n.toFixed(1)} ms`;

export class Figures {
  missed = 0;

  /** `held` is null where there is no target. */
  say(figure, target, held, measured) {
    if (held === false) this.missed++;
    const row = `${figure} | ${target} | ${measured}${held === false ? " MISSED" : ""}`;
    console.log(row);
    if (process.env.FIGURES) appendFileSync(process.env.FIGURES, `| ${row} |\n`);
  }

  end() {
    return this.missed === 0 ? 0 : 1;
  }
}

/** In the page: from now on `window.typed` says of each key how many milliseconds passed until what it did was painted. */
export function watchKeys() {
  window.typed = [];
  addEventListener(
    "keydown",
    ({ timeStamp }) => {
      // The next frame shows it; the message comes once that frame was handed over.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.typed.push(performance.now() - timeStamp);
        channel.port2.postMessage(0);
      });
    },
    true,
  );
}
