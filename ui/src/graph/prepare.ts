/** Derives once per scene what every frame needs. */
import type { Drawn } from "./painter";
import { failing, troubled, waysOf } from "./paths";
import { type Scene, heatOf } from "./scene";

export function prepare(scene: Scene): Drawn {
  const heat = heatOf(scene);
  const ways = waysOf(scene);
  return { scene, heat, ways, hot: failing(scene, heat, ways), trouble: troubled(scene, heat, ways) };
}
