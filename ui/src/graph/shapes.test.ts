/** Shape carries the state, colour repeats it: everything is told apart with one ink on one ground. */
import { render } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import Bar from "../views/map/Bar.svelte";
import Window from "../views/map/Window.svelte";
import { drawBar, leftOf, type Ink } from "./overlay/bars";
import { drawPile } from "./overlay/houses";
import { Pen } from "./overlay/pen";
import { states, town } from "./fixture";
import { coloursOf, paletteFrom, type Palette } from "./palette";
import { frameOf, picture } from "./fixtures/gallery";
import { stampOf } from "./raster/windows";
import { CaseState, Health, HEALTH_WORDS, Severity, SEVERITY_WORDS, STATE_WORDS } from "./scene";

/** Every colour that marks a state is one ink, every ground one paper. */
const INKS = ["--crit", "--crit-text", "--warn", "--warn-text", "--unknown", "--unknown-text", "--well", "--well-text", "--rest", "--contained", "--plan-house-line", "--ink", "--ink-2", "--ink-3"];
const grey: Palette = paletteFrom((token) => (token === "--contained-wash" ? "transparent" : INKS.includes(token) ? "#000000" : token.startsWith("--heat-") && token !== "--heat-blend" ? "rgba(0,0,0,0)" : token === "--heat-blend" ? "screen" : token === "--font" || token === "--mono" ? "monospace" : "#ffffff"));

/** Every pair of pictures that cannot be told apart: those with less than `least` of their marks different. */
function alike(pictures: Map<string, readonly unknown[]>, least: number): string[] {
  const names = [...pictures.keys()];
  const found: string[] = [];
  names.forEach((a, i) => {
    for (const b of names.slice(i + 1)) {
      const [one, two] = [pictures.get(a)!, pictures.get(b)!];
      const apart = Array.from({ length: Math.max(one.length, two.length) }, (_, k) => one[k] !== two[k]).filter(Boolean).length;
      if (apart < least) found.push(`${a} is drawn as ${b}`);
    }
  });
  return found;
}

describe("without colour", () => {
  it("every state of a pod has a window of its own, contained or not", () => {
    const colours = coloursOf(grey);
    for (const edge of [8, 16]) {
      const seen = new Map<string, readonly unknown[]>();
      for (const health of [Health.Resting, Health.Well, Health.Starting, Health.Unknown, Health.Warning, Health.Critical]) {
        const { colours: ink, parts } = stampOf(colours, health, false, edge, 1);
        seen.set(HEALTH_WORDS[health], [...parts].map((part, i) => Math.round((part / 64) * (1 - (ink[i]! & 255) / 255))));
      }
      for (const health of [Health.Resting, Health.Well, Health.Starting, Health.Unknown, Health.Warning, Health.Critical]) {
        const { colours: ink, parts } = stampOf(colours, health, true, edge, 1);
        seen.set(`${HEALTH_WORDS[health]}, contained`, [...parts].map((part, i) => Math.round((part / 64) * (1 - (ink[i]! & 255) / 255))));
      }
      expect(alike(seen, edge === 8 ? 4 : 12)).toEqual([]);
    }
  });

  it("every state of a house has walls of its own", () => {
    const scene = states();
    // Without pods and alerts only the walls differ.
    const bare = { ...scene, houses: { ...scene.houses, cellCount: new Uint32Array(scene.houses.count) }, cells: { ...scene.cells, count: 0 }, cases: { ...scene.cases, count: 0 }, streets: { ...scene.streets, count: 0 } };
    const { surface } = picture(frameOf(bare, { x: 0, y: 0, scale: 1 }, grey), { w: 460, h: 240 });
    const seen = new Map<string, readonly unknown[]>();
    scene.houses.name.forEach((name, h) => {
      // A forbidden house is hatched as an unknown one, and named; a mixed one has the walls of one that is well.
      if (name === "forbidden" || name === "mixed") return;
      const pixels: unknown[] = [];
      for (let y = 0; y < 40; y++) for (let x = 0; x < 100; x++) pixels.push(surface.pixels[(scene.houses.y[h]! + y) * surface.width + scene.houses.x[h]! + x]);
      seen.set(name, pixels);
    });
    expect(seen.size).toBe(7);
    expect(alike(seen, 20)).toEqual([]);
  });

  /** What a bar is drawn with, but for its colours. */
  function strokes(severity: number, state: number, left = 1): unknown[] {
    const said: unknown[] = [];
    const ink = new Proxy({ globalAlpha: 1 } as Record<string, unknown>, {
      get: (target, name: string) => (name in target ? target[name] : (...words: unknown[]) => said.push(`${name} ${words.join(" ")}`)),
      set: (target, name: string, value) => (name === "globalAlpha" && said.push(`alpha ${value}`), (target[name] = value), true),
    });
    drawBar(ink as unknown as Ink, grey, severity, state, 0, 0, 1, left);
    return said;
  }

  it("a resolved alert fades for a minute from its end, and nothing else does", () => {
    const left = (seconds: number) => leftOf(1_000, 1_000_000 + 1_000 * seconds);
    expect([left(-5), left(0), left(15), left(45), left(59)]).toEqual([1, 1, 0.75, 0.25, 0.2]);
    expect([leftOf(0, 5_000), leftOf(1_000, undefined)]).toEqual([1, 1]);
    const faint = (state: number, rest: number) => strokes(Severity.Warning, state, rest);
    expect(faint(CaseState.Resolved, 0.5)).not.toEqual(faint(CaseState.Resolved, 1));
    expect(faint(CaseState.Firing, 0.5)).toEqual(faint(CaseState.Firing, 1));
  });

  it("a resolved alert on the plan is as faint as the instant shown says", () => {
    const scene = town([{ name: "web", x: 0, y: 0, pods: "w" }], [], [[0, Severity.Warning]]);
    const cases = { ...scene.cases, state: Uint8Array.of(CaseState.Resolved), ended: Uint32Array.of(1_000) };
    const alphaAt = (at: number) => {
      const drawn: number[] = [];
      const ink = { globalAlpha: 1, fillStyle: "", fillRect: () => drawn.push(ink.globalAlpha) };
      const frame = { ...frameOf({ ...scene, cases }, { x: 0, y: 0, scale: 1 }, grey), at };
      drawPile(new Pen(ink as unknown as Ink, frame, { w: 800, h: 600 }, 1), 0);
      return drawn;
    };
    expect([alphaAt(1_000_000), alphaAt(1_030_000)]).toEqual([[0.7], [0.35]]);
  });

  it("every severity and every standing of an alert has a bar of its own, on the plan and beside it", () => {
    const onPlan = new Map<string, string>();
    const beside = new Map<string, string>();
    for (const severity of [Severity.Info, Severity.Warning, Severity.Critical]) {
      for (const state of Object.values(CaseState)) {
        const name = `${SEVERITY_WORDS[severity]} ${STATE_WORDS[state]}`;
        onPlan.set(name, JSON.stringify(strokes(severity, state)));
        const { container } = render(Bar, { severity: SEVERITY_WORDS[severity]!, state: STATE_WORDS[state]! });
        beside.set(name, container.querySelector("svg")!.innerHTML.replace(/var\([^)]*\)/g, "ink") + container.querySelector("svg")!.getAttribute("width"));
      }
    }
    expect(new Set(onPlan.values()).size).toBe(15);
    expect(new Set(beside.values()).size).toBe(15);
  });

  it("the windows beside the plan have the same shapes as those on it", () => {
    const seen = new Set<string>();
    for (const health of ["resting", "well", "starting", "unknown", "warning", "critical"]) seen.add(render(Window, { health }).container.querySelector("svg")!.innerHTML.replace(/var\([^)]*\)/g, "ink").replace(/id="[^"]*"|url\([^)]*\)/g, ""));
    for (const health of ["resting", "well", "starting", "unknown", "warning", "critical"]) seen.add(render(Window, { health, contained: true }).container.querySelector("svg")!.innerHTML.replace("var(--contained-wash)", "none").replace(/var\([^)]*\)/g, "ink").replace(/id="[^"]*"|url\([^)]*\)/g, ""));
    expect(seen.size).toBe(12);
  });
});
