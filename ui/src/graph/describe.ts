/** The plan in words, for assistive technology and the tip under the pointer. */
import type { Drawn, LeftOut } from "./painter";
import { CaseState, Flag, HEALTH_WORDS, Health, Told, verdict } from "./scene";

const plural = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** How many pods of a house are in each state, worst first, as words; empty where it has none. */
export function podWords({ scene }: Drawn, house: number): string {
  const counts = new Array<number>(7).fill(0);
  let contained = 0;
  const from = scene.houses.cellFrom[house]!;
  const n = scene.houses.cellCount[house]!;
  for (let c = from; c < from + n; c++) {
    counts[scene.cells.health[c]!]!++;
    if (scene.cells.flags[c]! & Flag.Contained) contained++;
  }
  const names: Record<number, string> = {
    [Health.Critical]: "failing",
    [Health.Warning]: "degraded",
    [Health.Unknown]: "unknown",
    [Health.Starting]: "starting",
    [Health.Well]: "well",
    [Health.Resting]: "finished",
    [Health.None]: "without a rule",
  };
  const parts = [6, 5, 4, 3, 2, 1, 0].filter((h) => counts[h]).map((h) => `${counts[h]} ${names[h]}`);
  if (contained) parts.push(`${contained} contained`);
  return n === 0 ? "no pods" : `${plural(n, "pod")}: ${parts.join(", ")}`;
}

/** The alerts at a house as words; empty where none stands there. */
export function caseWords({ scene, heat }: Drawn, house: number): string {
  const rows = heat.order.subarray(heat.from[house]!, heat.from[house + 1]!);
  let firing = 0;
  let pending = 0;
  let muted = 0;
  let untold = 0;
  for (const c of rows) {
    const state = scene.cases.state[c];
    if (state === CaseState.Firing) firing++;
    else if (state === CaseState.Pending) pending++;
    else if (state !== CaseState.Resolved) muted++;
    if (scene.cases.told[c] === Told.Nobody && state !== CaseState.Resolved) untold++;
  }
  const parts: string[] = [];
  if (firing) parts.push(`${plural(firing, "alert")} firing`);
  if (pending) parts.push(`${pending} pending`);
  if (muted) parts.push(`${muted} silenced or inhibited`);
  if (untold) parts.push(`nobody told of ${untold}`);
  return parts.join(", ");
}

/** One sentence that says what a sighted person sees at a house. */
export function describeHouse(drawn: Drawn, house: number): string {
  const { scene } = drawn;
  const block = scene.houses.block[house]!;
  const where = block >= 0 ? ` in ${scene.blocks.name[block]}` : "";
  const state = HEALTH_WORDS[verdict(scene, drawn.heat, house)];
  const alerts = caseWords(drawn, house);
  return [`${scene.houses.name[house]}, ${scene.houses.kind[house]}${where}, ${state}`, alerts, podWords(drawn, house)].filter(Boolean).join(". ");
}

/** One sentence for a whole plan. */
export function describePlan(drawn: Drawn): string {
  const { scene, heat } = drawn;
  let critical = 0;
  let warning = 0;
  for (let h = 0; h < scene.houses.count; h++) {
    const own = verdict(scene, heat, h);
    if (own === Health.Critical) critical++;
    else if (own === Health.Warning) warning++;
  }
  const trouble = critical || warning ? `${critical} failing, ${warning} degraded` : "none in trouble";
  return `${plural(scene.blocks.count, "block")}, ${plural(scene.houses.count, "house")}, ${plural(scene.cells.count, "pod")}, ${plural(scene.streets.count, "street")}; ${trouble}`;
}

/** What a crowded view left out; the unhealthy are never among it. */
export function leftWords({ houses, streets }: LeftOut): string {
  const parts = [houses ? plural(houses, "house") : "", streets ? plural(streets, "street") : ""].filter(Boolean);
  return parts.length === 0 ? "" : `${parts.join(" and ")} not drawn one by one, 0 of them unhealthy`;
}
