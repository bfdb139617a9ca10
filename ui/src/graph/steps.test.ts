import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BadScene, containers } from "./container";
import { decodeScene } from "./decode";
import { prepare } from "./prepare";
import type { Scene } from "./scene";

// Written by the engine; its own test holds the files equal to what it writes now: a scene with six steps that follow it, and
// the scene they lead to.
const read = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)));
const steps = read("steps.bsc");
const after = decodeScene(read("after.bsc"));

/** The bytes of each envelope by itself. */
function apart(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let rest = bytes; rest.byteLength > 0; rest = rest.subarray(found.at(-1)!.byteLength)) found.push(rest.slice(0, new DataView(rest.buffer, rest.byteOffset).getUint32(8, true)));
  return found;
}
const parts = apart(steps);

describe("the steps that follow a scene", () => {
  it("lead to the very scene that all of it at once is", () => {
    expect(containers(steps)).toHaveLength(7);
    expect(decodeScene(steps)).toEqual(after);
    expect(prepare(decodeScene(steps))).toEqual(prepare(after));
  });

  it("lead there one by one, and change no scene they lead from", () => {
    let scene: Scene | null = null;
    const seen: { scene: Scene; copy: string }[] = [];
    for (const part of parts) {
      scene = decodeScene(part, scene);
      seen.push({ scene, copy: JSON.stringify(scene) });
    }
    expect(scene).toEqual(after);
    for (const { scene, copy } of seen) expect(JSON.stringify(scene)).toBe(copy);
  });

  it("keep what they do not touch as it was held", () => {
    const first = decodeScene(parts[0]!);
    const second = decodeScene(parts[1]!, first);
    expect(second.cells.count).toBe(first.cells.count + 9);
    const third = decodeScene(parts[2]!, second);
    expect(third.streets).toBe(second.streets);
    expect(third.cases.count).toBe(1);
  });

  it("are refused where they lead from another scene, or from one that was not read", () => {
    const first = decodeScene(parts[0]!);
    expect(() => decodeScene(parts[2]!, first)).toThrow(BadScene);
    expect(() => decodeScene(parts[1]!)).toThrow(BadScene);
    expect(() => decodeScene(parts[1]!, { ...first })).toThrow(/was not read/);
    expect(decodeScene(parts[0]!, after)).toEqual(first);
  });

  it("throw nothing but BadScene, however they are damaged", () => {
    const first = decodeScene(parts[0]!);
    const part = parts[1]!;
    for (let i = 0; i < part.byteLength; i += 3) {
      const hurt = part.slice();
      hurt[i]! ^= 0x55;
      try {
        decodeScene(hurt, first);
      } catch (error) {
        expect(error).toBeInstanceOf(BadScene);
      }
    }
  });
});
