/** The plan in words, for assistive technology and the tip under the pointer. */
import { sumsOf } from "./overlay/titles";
import type { Drawn, LeftOut } from "./painter";
import { CaseState, districtOf, Flag, HEALTH_WORDS, Health, hottest, placeOf, type Scene, SEVERITY_WORDS, STATE_WORDS, Told, Verdict, verdict } from "./scene";
import type { Spot, Way } from "./spots";

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

/** What the flags of a block, house or cell say beside its state. */
function flagWords(flags: number): string[] {
  const parts: string[] = [];
  if (flags & Flag.Contained) parts.push("contained");
  if (flags & Flag.Forbidden) parts.push("not allowed to read");
  if (flags & Flag.Stale) parts.push("not seen for a while");
  if (flags & Flag.Gone) parts.push("gone");
  if (flags & Flag.Dangling) parts.push("named, but not there");
  return parts;
}

const ranks = new WeakMap<Scene, Map<number, number>>();

/** The place of a house among those in trouble, 1 for the hottest; 0 where it is not in trouble. */
export function rankOf({ scene, heat }: Drawn, house: number): number {
  let found = ranks.get(scene);
  if (!found) ranks.set(scene, (found = new Map(hottest(scene, heat).map((h, i) => [h, i + 1]))));
  return found.get(house) ?? 0;
}

/** One sentence that says what a sighted person sees at a house. */
export function describeHouse(drawn: Drawn, house: number): string {
  const { scene } = drawn;
  const { houses } = scene;
  const block = houses.block[house]!;
  const where = block >= 0 ? ` in ${placeOf(scene, block)}` : "";
  const state = [HEALTH_WORDS[verdict(scene, drawn.heat, house)], ...flagWords(houses.flags[house]!)].join(", ");
  const rank = rankOf(drawn, house);
  const calls = drawn.ways.out[house]?.length ?? 0;
  const callers = drawn.ways.into[house]?.length ?? 0;
  const streets = [calls ? `calls ${calls}` : "", callers ? `called by ${callers}` : ""].filter(Boolean).join(", ");
  return [`${houses.name[house]}, ${houses.kind[house]}${where}, ${state}`, rank ? `hot spot ${rank}` : "", caseWords(drawn, house), podWords(drawn, house), streets].filter(Boolean).join(". ");
}

/** One sentence for a cell: the pod, its house, its state and where it runs. */
export function describeCell({ scene }: Drawn, cell: number): string {
  const { cells, houses } = scene;
  const house = cells.house[cell]!;
  const state = [HEALTH_WORDS[cells.health[cell]!], ...flagWords(cells.flags[cell]!)].join(", ");
  const place = cells.place[cell] && cells.place[cell] !== houses.name[house] ? `on ${cells.place[cell]}` : "";
  return [`${cells.name[cell]}, pod ${cell - houses.cellFrom[house]! + 1} of ${houses.cellCount[house]} of ${houses.name[house]}, ${state}`, place].filter(Boolean).join(", ");
}

/** One sentence for a block: how many houses and pods, what fires, and the worst in it. */
export function describeBlock(drawn: Drawn, block: number): string {
  const { scene } = drawn;
  const { blocks } = scene;
  const { firing, worst } = sumsOf(drawn);
  let houses = 0;
  for (let h = 0; h < scene.houses.count; h++) if (scene.houses.block[h] === block) houses++;
  const state = [HEALTH_WORDS[worst[block]!], ...flagWords(blocks.flags[block]!)].join(", ");
  const fire = firing[block] ? `${plural(firing[block]!, "alert")} firing` : "";
  return [`${placeOf(scene, block)}, ${scene.lens === "nodes" ? "zone" : "namespace"}, ${state}`, blocks.why[block]!, fire, `${plural(houses, "house")}, ${plural(blocks.pods[block]!, "pod")}`].filter(Boolean).join(". ");
}

/** What the blocks of one of several clusters add up to; of one without any nothing is drawn. */
export function sumOfDistrict(drawn: Drawn, district: number): { blocks: number; houses: number; pods: number; firing: number; worst: number } {
  const { blocks, houses } = drawn.scene;
  const { firing, worst } = sumsOf(drawn);
  const sum = { blocks: 0, houses: 0, pods: 0, firing: 0, worst: 0 };
  const within = Array.from({ length: blocks.count }, (_, b) => districtOf(drawn.scene, b) === district);
  within.forEach((is, b) => {
    if (!is) return;
    sum.blocks++;
    sum.pods += blocks.pods[b]!;
    sum.firing += firing[b]!;
    sum.worst = Math.max(sum.worst, worst[b]!);
  });
  for (const b of houses.block) if (within[b]) sum.houses++;
  return sum;
}

/** One sentence for one of several clusters: what is wrong with it, how many blocks, houses and pods, what fires, and the worst in it. */
export function describeDistrict(drawn: Drawn, district: number): string {
  const { districts } = drawn.scene;
  const { blocks, houses, pods, firing, worst } = sumOfDistrict(drawn, district);
  const state = blocks ? HEALTH_WORDS[worst]! : "";
  const holds = blocks ? `${plural(blocks, "block")}, ${plural(houses, "house")}, ${plural(pods, "pod")}` : "nothing of it is drawn";
  return [[`${districts!.name[district]}, cluster`, state].filter(Boolean).join(", "), districts!.why[district]!, firing ? `${plural(firing, "alert")} firing` : "", holds].filter(Boolean).join(". ");
}

/** What stands at a spot, in words. */
export function describeSpot(drawn: Drawn, { kind, row }: Spot): string {
  return kind === "house" ? describeHouse(drawn, row) : kind === "cell" ? describeCell(drawn, row) : describeBlock(drawn, row);
}

const VERDICT_WORDS: Record<number, string> = { [Verdict.Allowed]: "policies allow it", [Verdict.Blocked]: "blocked by policy", [Verdict.Unprotected]: "no policy governs it", [Verdict.Unknown]: "policies not known" };

/** A street as seen from one end: whom it leads to, how that one is, and how the call is known. */
export function describeWay(drawn: Drawn, way: Way): string {
  const { scene, heat } = drawn;
  const { houses, streets } = scene;
  const block = houses.block[way.other]!;
  const where = block >= 0 && block !== houses.block[way.house] ? ` in ${placeOf(scene, block)}` : "";
  const flags = streets.flags[way.street]!;
  const known = flags & Flag.Observed ? (flags & Flag.Declared ? "declared and seen" : "seen only") : "declared";
  const load = streets.load[way.street]!;
  const policy = streets.verdict ? (VERDICT_WORDS[streets.verdict[way.street]!] ?? "") : "";
  return [`${way.calls ? "calls" : "called by"} ${houses.name[way.other]}${where}, ${HEALTH_WORDS[verdict(scene, heat, way.other)]}`, known, load > 1 ? `${load} calls share it` : "", drawn.hot[way.street] ? "on the path of failure" : "", policy].filter(Boolean).join(", ");
}

/** An alert in words: its name, how grave, how it stands, and whether anybody was told. */
export function describeCase({ scene }: Drawn, row: number): string {
  const { cases } = scene;
  const told = cases.told[row] === Told.Nobody && cases.state[row] !== CaseState.Resolved ? "nobody told" : "";
  return [`alert ${cases.name[row]}, ${SEVERITY_WORDS[cases.severity[row]!]}, ${STATE_WORDS[cases.state[row]!]}`, told].filter(Boolean).join(", ");
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
