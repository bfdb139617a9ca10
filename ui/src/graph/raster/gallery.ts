/** Pictures on disk for tests: the palettes as the style sheet has them, and a small reader and writer of PNG. Not part of the product. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import type { Frame } from "../painter";
import { paletteFrom, type Palette } from "../palette";
import { Plot, plotFrame } from "../plot/plot";
import { prepare } from "../prepare";
import type { Scene } from "../scene";
import type { Size, View } from "../viewport";
import { Raster } from "./raster";
import { Surface } from "./surface";

const css = readFileSync(join(import.meta.dirname, "../../styles/tokens.css"), "utf8");

/** The colours of a theme. */
export function theme(name: "night" | "paper"): Palette {
  const body = css.slice(css.indexOf(`[data-theme="${name}"]`));
  const rules = body.slice(0, body.indexOf("}"));
  return paletteFrom((token) => new RegExp(`${token}:\\s*([^;]+);`).exec(rules)?.[1]?.trim() ?? "");
}

/** A frame of a settled scene with nothing selected. */
export function frameOf(scene: Scene, view: View, palette: Palette, rest: Partial<Frame> = {}): Frame {
  return { drawn: prepare(scene), view, palette, selected: -1, hovered: -1, keep: null, stale: false, settled: 1, fresh: new Set(), ...rest };
}

/** Draws a frame on a surface of its own. */
export function picture(frame: Frame, size: Size, ratio = 1): { surface: Surface; plot: Plot } {
  const surface = new Surface(Math.round(size.w * ratio), Math.round(size.h * ratio), ratio);
  const plot = new Plot();
  plotFrame(plot, frame, size, ratio);
  new Raster().draw(surface, plot, frame);
  return { surface, plot };
}

/** How many pixels differ from the golden picture of that name; with `GOLDEN=write` the picture is written instead. */
export function differing(name: string, surface: Surface): number {
  const path = join(import.meta.dirname, "golden", `${name}.png`);
  if (process.env["GOLDEN"] === "write") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, encode(surface));
    return 0;
  }
  if (!existsSync(path)) return surface.pixels.length;
  const golden = decode(readFileSync(path));
  if (golden.width !== surface.width || golden.height !== surface.height) return surface.pixels.length;
  let count = 0;
  for (let i = 0; i < surface.pixels.length; i++) if (surface.pixels[i] !== golden.pixels[i]) count++;
  return count;
}

/** The pixels as PNG of eight bits RGB, each row filtered by the one above. */
export function encode({ width, height, pixels }: Surface): Buffer {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  const bytes = new Uint8Array(pixels.buffer);
  for (let y = 0; y < height; y++) {
    const at = y * (width * 3 + 1);
    rows[at] = 2;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const here = bytes[(y * width + x) * 4 + c]!;
        rows[at + 1 + 3 * x + c] = here - (y > 0 ? bytes[((y - 1) * width + x) * 4 + c]! : 0);
      }
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

/** Reads back what `encode` writes. */
export function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const length = png.readUInt32BE(33);
  const rows = inflateSync(png.subarray(41, 41 + length));
  const bytes = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) bytes[(y * width + x) * 4 + c] = rows[y * (width * 3 + 1) + 1 + 3 * x + c]! + (y > 0 ? bytes[((y - 1) * width + x) * 4 + c]! : 0);
    }
  }
  return { width, height, pixels: new Uint32Array(bytes.buffer) };
}

function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  body.copy(out, 8);
  out.writeUInt32BE(crc(out.subarray(4, body.length + 8)), body.length + 8);
  return out;
}

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) {
    c ^= b;
    for (let i = 0; i < 8; i++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}
