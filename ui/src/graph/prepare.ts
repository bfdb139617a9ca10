/** Derives once per scene what every frame needs. */
import type { Drawn } from "./painter";
import { failing, troubled, waysOf } from "./paths";
import { type Scene, heatOf } from "./scene";

const known = new WeakMap<Scene, Drawn>();

export function prepare(scene: Scene): Drawn {
  let drawn = known.get(scene);
  if (!drawn) {
    const heat = heatOf(scene);
    const ways = waysOf(scene);
    drawn = { scene, heat, ways, hot: failing(scene, heat, ways), trouble: troubled(scene, heat, ways) };
    known.set(scene, drawn);
  }
  return drawn;
}
