/** The colours of the plan, read from the tokens, so that a theme is chosen in one place. */
import { Health, Severity } from "./scene";

const TOKENS = {
  canvas: "--canvas",
  panel: "--panel",
  ink: "--ink",
  ink2: "--ink-2",
  ink3: "--ink-3",
  lineStrong: "--line-strong",
  accent: "--accent",
  well: "--well",
  wellText: "--well-text",
  rest: "--rest",
  unknown: "--unknown",
  unknownText: "--unknown-text",
  warn: "--warn",
  warnText: "--warn-text",
  crit: "--crit",
  critText: "--crit-text",
  critInk: "--crit-ink",
  contained: "--contained",
  containedWash: "--contained-wash",
  block: "--plan-block",
  blockLine: "--plan-block-line",
  house: "--plan-house",
  houseLine: "--plan-house-line",
  street: "--plan-street",
  label: "--plan-label",
  halo: "--plan-halo",
  engrave: "--plan-engrave",
  heat0: "--heat-0",
  heat1: "--heat-1",
  heat2: "--heat-2",
  heat3: "--heat-3",
  heatBlend: "--heat-blend",
  sans: "--font",
  mono: "--mono",
} as const;

export type Palette = { readonly [K in keyof typeof TOKENS]: string };

/** Reads every token as `element` sees it; a missing one becomes a visible grey, never an exception. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  return paletteFrom((token) => style.getPropertyValue(token).trim());
}

/** The palette from any reader of tokens. */
export function paletteFrom(read: (token: string) => string): Palette {
  const out: Record<string, string> = {};
  for (const [name, token] of Object.entries(TOKENS)) {
    out[name] = read(token) || (name === "sans" ? "sans-serif" : name === "mono" ? "monospace" : name === "heatBlend" ? "source-over" : "#808080");
  }
  return out as Palette;
}

type Tint = Exclude<keyof typeof TOKENS, "heatBlend" | "sans" | "mono">;

/** Every colour of a palette as a number; see `packed`. */
export type Colours = { readonly [K in Tint]: number };

const numbers = new WeakMap<Palette, Colours>();

/** The palette as numbers, worked out once for each palette. */
export function coloursOf(palette: Palette): Colours {
  let found = numbers.get(palette);
  if (!found) {
    const out: Record<string, number> = {};
    for (const name of Object.keys(TOKENS) as (keyof typeof TOKENS)[]) if (name !== "heatBlend" && name !== "sans" && name !== "mono") out[name] = packed(palette[name]);
    found = out as Colours;
    numbers.set(palette, found);
  }
  return found;
}

/** The line colour of a verdict; quiet where it is no trouble. */
export function wallOf<T>(palette: { readonly crit: T; readonly warn: T; readonly houseLine: T }, verdict: Health): T {
  if (verdict === Health.Critical) return palette.crit;
  if (verdict === Health.Warning) return palette.warn;
  return palette.houseLine;
}

/** The colour of a bar. */
export function barOf(palette: Palette, severity: number): string {
  return severity === Severity.Critical ? palette.crit : severity === Severity.Warning ? palette.warn : palette.ink3;
}

/** The flat colour of a cell too small for a shape. */
export function cellOf<T>(palette: { readonly [K in "crit" | "warn" | "unknown" | "wellText" | "rest" | "well"]: T }, health: Health): T {
  switch (health) {
    case Health.Critical:
      return palette.crit;
    case Health.Warning:
      return palette.warn;
    case Health.Unknown:
    case Health.None:
      return palette.unknown;
    case Health.Starting:
      return palette.wellText;
    case Health.Resting:
      return palette.rest;
    default:
      return palette.well;
  }
}

/** A CSS colour as `0xAABBGGRR`, the order of a little-endian framebuffer. Only `transparent`, `#rgb(a)`, `#rrggbb(aa)` and `rgb(a)`. */
export function packed(colour: string): number {
  if (colour === "transparent") return 0;
  let r = 128;
  let g = 128;
  let b = 128;
  let a = 255;
  const hex = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(colour)?.[1];
  if (hex) {
    const full = hex.length < 6 ? [...hex].map((c) => c + c).join("") : hex;
    if (full.length === 8) a = parseInt(full.slice(6, 8), 16);
    r = parseInt(full.slice(0, 2), 16);
    g = parseInt(full.slice(2, 4), 16);
    b = parseInt(full.slice(4, 6), 16);
  } else {
    const parts = /^rgba?\(([^)]+)\)$/.exec(colour)?.[1]?.split(/[\s,/]+/).map(Number);
    if (parts && parts.length >= 3) {
      [r, g, b] = [parts[0] ?? r, parts[1] ?? g, parts[2] ?? b];
      a = Math.round((parts[3] ?? 1) * 255);
    }
  }
  return ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
