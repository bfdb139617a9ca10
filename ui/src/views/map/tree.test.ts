import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { crowd, LARGEST } from "../../graph/fixtures/crowd";
import { boutique } from "../../graph/fixture";
import { prepare } from "../../graph/prepare";
import { podId } from "../../graph/scene";
import Tree from "./Tree.svelte";

// Nothing has a size here: the tree is told that it is twenty rows high.
Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => 480 });
vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
afterEach(cleanup);
const scene = boutique();
const drawn = prepare(scene);
const id = (name: string) => scene.houses.id[scene.houses.name.indexOf(name)]!;

function show(more: Record<string, unknown> = {}) {
  const heard = { select: vi.fn(), stand: vi.fn(), leave: vi.fn() };
  const made = render(Tree, { drawn, keep: null, title: "prod", selected: null, standing: null, onselect: heard.select, onstand: heard.stand, onleave: heard.leave, ...more });
  return { ...heard, ...made };
}
const tree = () => screen.getByRole("tree");
const press = (...keys: string[]) => keys.reduce<Promise<unknown>>((before, key) => before.then(() => fireEvent.keyDown(tree(), { key })), Promise.resolve());
/** The row the keyboard stands at, as assistive technology is told. */
const active = () => window.document.getElementById(tree().getAttribute("aria-activedescendant")!)!;

describe("the tree", () => {
  it("walks down, in, out and to both ends by key, and says level, place and state", async () => {
    const { stand } = show();
    expect(active().getAttribute("aria-level")).toBe("1");
    expect(active().getAttribute("aria-expanded")).toBe("true");
    await press("ArrowDown");
    expect(active().getAttribute("aria-label")).toMatch(/^ns-0, namespace, critical/);
    expect(stand).toHaveBeenLastCalledWith("block", "ns-0");
    await press("ArrowRight");
    expect(active().getAttribute("aria-expanded")).toBe("true");
    await press("ArrowRight");
    expect(active().getAttribute("aria-label")).toMatch(/^ad, Deployment in ns-0, well/);
    expect([active().getAttribute("aria-level"), active().getAttribute("aria-posinset"), active().getAttribute("aria-setsize")]).toEqual(["3", "1", "6"]);
    await press("ArrowRight", "ArrowRight");
    expect(active().getAttribute("aria-label")).toBe("called by frontend, critical, declared");
    expect(active().hasAttribute("aria-expanded")).toBe(false);
    await press("ArrowLeft", "ArrowLeft");
    expect(active().getAttribute("aria-expanded")).toBe("false");
    await press("End");
    expect(active().getAttribute("aria-label")).toMatch(/^redis-cart, /);
    await press("Home");
    expect(active().getAttribute("aria-level")).toBe("1");
  });

  it("opens all beside a row by *, and finds a name by its beginning", async () => {
    show();
    await press("ArrowDown", "*", "ArrowDown", "*");
    expect(screen.getAllByRole("treeitem").length).toBeGreaterThan(scene.houses.count + scene.cells.count / 2);
    await press("r", "e", "d");
    expect(active().getAttribute("aria-label")).toMatch(/^redis-cart, /);
  });

  it("opens each of several clusters as it comes, says what it adds up to, and selects none that never answered", async () => {
    const { rerender, select } = show();
    const two = { count: 2, x: new Float32Array(2), y: new Float32Array(2), w: new Float32Array(2), h: new Float32Array(2), id: ["west", "cluster:east"], name: ["west", "east"], why: ["", "connection refused"], flags: Uint8Array.of(0, 1) };
    const blocks = { ...scene.blocks, id: scene.blocks.id.map((one) => `west/${one}`) };
    await rerender({ drawn: prepare({ ...scene, blocks, districts: two }) });
    await press("Home", "ArrowDown");
    expect(active().getAttribute("aria-label")).toBe("east, cluster. connection refused. nothing of it is drawn");
    await press("Enter");
    expect(select).not.toHaveBeenCalled();
    await press("ArrowDown");
    expect(active().getAttribute("aria-label")).toMatch(/^west, cluster, critical\. \d+ alerts? firing/);
    expect(active().getAttribute("aria-expanded")).toBe("true");
    expect(active().querySelector(".more")!.getAttribute("data-text")).toMatch(/^\d+ firing$/);
    await press("Enter");
    expect(select).toHaveBeenLastCalledWith("west//Cluster//west");
    await press("ArrowDown");
    expect(active().getAttribute("aria-level")).toBe("3");
  });

  it("selects by Enter, and of a street its other end", async () => {
    const { select } = show({ standing: { kind: "house", id: id("cart") } });
    await tick();
    expect(active().getAttribute("aria-label")).toMatch(/^cart, /);
    await press("Enter");
    expect(select).toHaveBeenLastCalledWith(id("cart"));
    await press("ArrowRight", "ArrowRight", "ArrowRight");
    while (!active().getAttribute("aria-label")!.startsWith("calls ")) await press("ArrowDown");
    await press("Enter");
    expect(select).toHaveBeenLastCalledWith(id("redis-cart"));
    expect(active().getAttribute("aria-label")).toMatch(/^redis-cart, /);
  });

  it("follows what is selected and where the plan is walked, and leads back by Escape", async () => {
    const { rerender, leave } = show();
    await rerender({ selected: id("payment") });
    expect(active().getAttribute("aria-label")).toMatch(/^payment, /);
    expect(active().getAttribute("aria-selected")).toBe("true");
    await rerender({ standing: { kind: "cell", id: podId(scene, 0) } });
    expect(active().getAttribute("aria-label")).toMatch(/^pod-0, pod 1 of 3 of frontend/);
    await press("Escape");
    expect(leave).toHaveBeenCalledOnce();
  });

  it("keeps the page small on the largest cluster, with everything open beside a row", async () => {
    const largest = prepare(crowd(LARGEST));
    show({ drawn: largest });
    await press("ArrowDown", "*");
    expect(screen.getAllByRole("treeitem").length).toBeLessThan(60);
    await press("End");
    expect(active().getAttribute("aria-label")).toMatch(/, Deployment in ns-/);
    expect(screen.getAllByRole("treeitem").length).toBeLessThan(60);
  }, 30_000);
});
