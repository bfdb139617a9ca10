// The plan alone, in a window of its own, for looks and measurements; no desk, no product around it.
// `plan.html?scene=ADDRESS` shows the bytes of a scene as the engine writes them, `?cells=150000` a city drawn from a seed,
// `?states` a house for each state; `?tree` puts the tree beside it, `?theme=paper` is the colours. A measurement finds `scene` and `show` on the window.
import "../src/styles/fonts.css";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import { mount } from "svelte";
import { crowd, LARGEST } from "../src/graph/fixtures/crowd";
import { decodeScene } from "../src/graph/decode";
import { states } from "../src/graph/fixture";
import PlanAlone from "./PlanAlone.svelte";

const asked = new URLSearchParams(location.search);
document.documentElement.dataset["theme"] = asked.get("theme") ?? "night";
const address = asked.get("scene");
const cells = Number(asked.get("cells") ?? LARGEST.cells);
const share = cells / LARGEST.cells;
const part = (n: number) => Math.max(1, Math.round(n * share));
const bytes = address ? await (await fetch(address)).arrayBuffer() : null;
const scene = bytes ? decodeScene(bytes) : asked.has("states") ? states() : crowd({ blocks: part(LARGEST.blocks), houses: part(LARGEST.houses), cells, unhealthy: part(LARGEST.unhealthy), cases: part(LARGEST.cases), streets: part(LARGEST.streets) });
const alone = mount(PlanAlone, { target: document.getElementById("app")!, props: { first: scene, tree: asked.has("tree") } });

/** Reads the scene's bytes anew and shows them; the milliseconds until they are painted. */
function show(): Promise<number> {
  return new Promise((done) => {
    const began = performance.now();
    alone.show(decodeScene(bytes!));
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now() - began);
      channel.port2.postMessage(0);
    });
  });
}
Object.assign(window, { scene, show });
