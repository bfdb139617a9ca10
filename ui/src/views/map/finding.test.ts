import { cleanup, configure, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { boutique } from "../../graph/fixture";
import { Verdict } from "../../graph/scene";
import type { CompletionView } from "../../wire/CompletionView";
import type { FilterView } from "../../wire/FilterView";
import type { ObjectView } from "../../wire/ObjectView";
import type { MapPort } from "./feed.svelte";
import FilterBox from "./FilterBox.svelte";
import { Finding } from "./finding.svelte";
import Meant from "./Meant.svelte";
import OnlyTrouble from "./OnlyTrouble.svelte";
import Policies from "./Policies.svelte";
import Questions from "./Questions.svelte";

// A machine with much else to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });

const none: FilterView = { query: "", houses: [], objects: 0, elsewhere: 0, kinds: [], mistakes: [] };
let asked: { command: string; payload: Record<string, unknown> }[];
let answers: Record<string, (payload: Record<string, unknown>) => unknown>;
const port = {
  call: (command: string, payload: Record<string, unknown>) => {
    asked.push({ command, payload });
    try {
      return Promise.resolve(answers[command]!(payload));
    } catch (error) {
      return Promise.reject(error);
    }
  },
} as unknown as MapPort;
const of = (command: string) => asked.filter((a) => a.command === command).map((a) => a.payload);

beforeEach(() => {
  asked = [];
  localStorage.clear();
  answers = {
    filter: (p) => ({ ...none, query: p["query"], houses: ["a", "b"], objects: 5, elsewhere: 1, kinds: [{ kind: "Deployment", count: 2 }, { kind: "Pod", count: 3 }] }),
    complete_filter: (p): CompletionView => ({ from: 0, to: String(p["query"]).length, offers: [{ text: "status>=", about: "The state" }, { text: "severity>=", about: "The severity" }] }),
  };
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe("the filter box", () => {
  const shown = () => {
    const finding = new Finding(port);
    const onenter = vi.fn();
    const { rerender } = render(FilterBox, { port, finding, moment: null, found: null, onenter });
    return { finding, onenter, rerender, box: screen.getByRole<HTMLInputElement>("combobox", { name: "Filter houses" }) };
  };
  const type = async (box: HTMLInputElement, text: string) => {
    box.focus();
    await fireEvent.input(box, { target: { value: text } });
  };

  it("offers what may be written, and Tab takes the first", async () => {
    const { box, finding } = shown();
    await type(box, "s");
    await screen.findByRole("option", { name: /status>=/ });
    expect(of("complete_filter")[0]).toEqual({ query: "s", cursor: 1, at: null });
    await fireEvent.keyDown(box, { key: "Tab" });
    await waitFor(() => expect(finding.filter).toBe("status>="));
    expect(box.selectionStart).toBe(8);
    // What stands there already is no offer; the rest is still offered.
    await waitFor(() => expect(screen.getAllByRole("option").map((o) => o.textContent)).toEqual(["severity>=The severity"]));
  });

  it("goes through the offers with the arrows, and Enter takes the chosen one", async () => {
    const { box, finding, onenter } = shown();
    await type(box, "s");
    await screen.findAllByRole("option");
    await fireEvent.keyDown(box, { key: "ArrowDown" });
    await fireEvent.keyDown(box, { key: "ArrowDown" });
    expect(box.getAttribute("aria-activedescendant")).toBe(screen.getByRole("option", { selected: true }).id);
    await fireEvent.keyDown(box, { key: "Enter" });
    await waitFor(() => expect(finding.filter).toBe("severity>="));
    expect(onenter).not.toHaveBeenCalled();
  });

  it("shuts the offers with Escape first, and forgets the filter with the second", async () => {
    const { box, finding } = shown();
    await type(box, "s");
    await screen.findAllByRole("option");
    await fireEvent.keyDown(box, { key: "Escape" });
    expect(screen.queryByRole("option")).toBeNull();
    expect(finding.filter).toBe("s");
    await fireEvent.keyDown(box, { key: "Escape" });
    expect(finding.filter).toBe("");
    expect(document.activeElement).not.toBe(box);
  });

  it("leaves Tab alone where nothing is offered, and Enter goes to the first house", async () => {
    const { box, onenter, rerender } = shown();
    await rerender({ found: 2 });
    const left = await fireEvent.keyDown(box, { key: "Tab" });
    expect(left).toBe(true);
    await fireEvent.keyDown(box, { key: "Enter" });
    expect(onenter).toHaveBeenCalledOnce();
  });

  it("says how many houses, and what matches that stands at none", async () => {
    const { finding, rerender } = shown();
    finding.filter = "cart";
    finding.answer = answers["filter"]!({ query: "cart" }) as FilterView;
    await rerender({ found: 2 });
    expect(screen.getByRole("status").textContent).toBe("2 houses. 5 objects match: 2 Deployment, 3 Pod; 1 of them at no house of this plan");
  });

  it("names the place of a mistake, what is wrong and what to write", async () => {
    const { finding, box } = shown();
    finding.filter = "kind:Pod stat:well";
    finding.answer = { ...none, query: "kind:Pod stat:well", mistakes: [{ from: 9, to: 13, message: "there is no field `stat`", hint: "did you mean `status`?" }] };
    const alert = await screen.findByRole("alert");
    expect(alert.querySelector("mark")?.textContent).toBe("stat");
    expect(alert.textContent).toMatch(/At 10: there is no field `stat`\..*Did you mean `status`\?.*Nothing is filtered/);
    expect(box.getAttribute("aria-invalid")).toBe("true");
    expect(box.getAttribute("aria-describedby")).toBe(alert.id);
  });

  it("says why it could not be asked", async () => {
    const { finding } = shown();
    finding.failed = { code: "offline", message: "the desk does not answer", hint: "Wait." };
    expect((await screen.findByRole("alert")).textContent).toContain("The filter could not be asked. the desk does not answer");
  });
});

describe("looking for things", () => {
  it("asks once the typing pauses, and takes no answer to what is no longer written", async () => {
    vi.useFakeTimers();
    const finding = new Finding(port);
    let answer: (view: FilterView) => void = () => undefined;
    answers["filter"] = (p) => new Promise((done) => (answer = (view) => done({ ...view, query: String(p["query"]) })));
    for (const text of ["c", "ca", "cart"]) {
      finding.filter = text;
      finding.want("namespaces", null);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(of("filter")).toEqual([{ query: "cart", lens: "namespaces", at: null }]);
    finding.filter = "carts";
    answer(none);
    await vi.advanceTimersByTimeAsync(0);
    expect(finding.answer).toBeNull();
  });

  it("asks again at once for another moment, and once a second while the map changes", async () => {
    vi.useFakeTimers();
    const finding = new Finding(port);
    finding.filter = "cart";
    finding.want("namespaces", null);
    await vi.advanceTimersByTimeAsync(100);
    for (let n = 0; n < 40; n++) {
      finding.want("namespaces", null);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(of("filter").length).toBe(3);
    finding.want("nodes", "2026-05-14T15:05:20Z");
    await vi.advanceTimersByTimeAsync(0);
    expect(of("filter").at(-1)).toEqual({ query: "cart", lens: "nodes", at: "2026-05-14T15:05:20Z" });
  });

  it("remembers for each cluster by itself, and takes nothing odd from the store", () => {
    const finding = new Finding(port);
    finding.open("prod");
    [finding.filter, finding.trouble, finding.hops, finding.hide] = ["ns:shop", true, 3, true];
    finding.keep();
    finding.open("staging");
    expect([finding.filter, finding.trouble, finding.hops, finding.hide]).toEqual(["", false, 1, false]);
    finding.open("prod");
    expect([finding.filter, finding.trouble, finding.hops, finding.hide]).toEqual(["ns:shop", true, 3, true]);
    localStorage.setItem("broadstreet-map odd", '{"filter":7,"hops":99,"trouble":"yes"}');
    finding.open("odd");
    expect([finding.filter, finding.trouble, finding.hops]).toEqual(["", false, 1]);
    localStorage.setItem("broadstreet-map broken", "{");
    finding.open("broken");
    expect(finding.filter).toBe("");
  });
});

describe("only trouble", () => {
  it("says its state and its steps, and takes + and - and digits where it has the keyboard", async () => {
    const finding = new Finding(port);
    render(OnlyTrouble, { finding });
    const toggle = screen.getByRole("switch", { name: "Only trouble + 1 hop" });
    await fireEvent.click(toggle);
    expect(toggle.getAttribute("aria-checked")).toBe("true");
    await fireEvent.keyDown(toggle, { key: "+" });
    screen.getByRole("switch", { name: "Only trouble + 2 hops" });
    for (const [key, hops] of [["4", 4], ["+", 4], ["-", 3], ["9", 3], ["1", 1], ["-", 1]] as const) {
      await fireEvent.keyDown(toggle, { key });
      expect(finding.hops).toBe(hops);
    }
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "One hop less" }).disabled).toBe(true);
  });
});

describe("what is meant", () => {
  it("is said with how many, and with the trouble that is not among it", async () => {
    const finding = new Finding(port);
    [finding.trouble, finding.hops] = [true, 2];
    render(Meant, { finding, meant: 12, all: 30, left: 2 });
    expect(screen.getByRole("status").textContent).toBe("Only trouble + 2 hops: 12 of 30 houses, 2 in trouble are faint");
    await fireEvent.click(screen.getByRole("button", { name: "Hide the others" }));
    expect(screen.getByRole("status").textContent).toContain("2 in trouble are hidden");
    await fireEvent.click(screen.getByRole("button", { name: "Every house" }));
    expect(finding.trouble).toBe(false);
  });

  it("says of how many hubs the callers are missing, and only where what stands around trouble is meant", async () => {
    const finding = new Finding(port);
    finding.trouble = true;
    const { rerender } = render(Meant, { finding, meant: 12, all: 30, left: 0, hubs: 2 });
    expect(screen.getByRole("status").textContent).toBe("Only trouble + 1 hop: 12 of 30 houses, callers of 2 hubs are among them only where they are in trouble themselves");
    await rerender({ hubs: 1 });
    expect(screen.getByRole("status").textContent).toContain("callers of 1 hub are among them only where they are in trouble themselves");
    await rerender({ hubs: 0 });
    expect(screen.getByRole("status").textContent).not.toContain("callers");
    finding.highlight = { title: "What breaks", ids: [] };
    await rerender({ hubs: 2 });
    expect(screen.getByRole("status").textContent).not.toContain("callers");
  });
});

describe("the policies on the streets", () => {
  it("are counted by verdict, and said to be a prediction", () => {
    const scene = boutique();
    const verdict = Uint8Array.of(Verdict.Blocked, Verdict.Allowed, Verdict.Allowed, Verdict.Unprotected, Verdict.Unprotected);
    render(Policies, { scene: { ...scene, streets: { ...scene.streets, verdict } } });
    const group = screen.getByRole("group", { name: "Network policies" });
    expect(within(group).getAllByRole("listitem").map((li) => li.textContent)).toEqual(["2 allowed", "1 blocked", "2 unprotected", "0 not known"]);
    expect(group.textContent).toContain("A prediction");
  });
  it("are being read until they are there, and are told by namespace only", async () => {
    const { rerender } = render(Policies, { scene: boutique() });
    screen.getByText("Reading the policies…");
    await rerender({ scene: { ...boutique(), lens: "nodes" } });
    screen.getByText(/drawn by namespace/);
  });
});

describe("questions about an object", () => {
  const view = { id: "c/apps/Deployment/shop/cart", name: "cart", namespace: "shop", kind: "Deployment", house: null } as unknown as ObjectView;
  const reached = (name: string, hops: number, by = "cart") => ({ id: `c/apps/Deployment/shop/${name}`, kind: "Deployment", namespace: "shop", name, health: "well", hops, by: "", by_name: by });
  const show = () => {
    const heard = { onselect: vi.fn(), onhighlight: vi.fn(), onfilter: vi.fn() };
    const { rerender } = render(Questions, { view, port, moment: null, highlight: null, picking: false, picked: null, ...heard });
    return { ...heard, rerender };
  };

  it("says what breaks, the nearest first, and shows it on the plan", async () => {
    answers["blast_radius"] = () => ({ id: view.id, hops: 3, reached: [reached("front", 1), reached("edge", 2, "front")] });
    const { onhighlight, onselect } = show();
    await fireEvent.click(screen.getByRole("button", { name: "What breaks if this fails" }));
    await screen.findByText("2 houses, the nearest first.");
    expect(of("blast_radius")).toEqual([{ id: view.id, hops: 3, at: null }]);
    expect(screen.getAllByRole("listitem").map((li) => li.textContent?.trim())).toEqual(["front1 step", "edge2 steps by front"]);
    await fireEvent.click(screen.getByRole("button", { name: /Show on the plan/ }));
    expect(onhighlight).toHaveBeenLastCalledWith({ title: "What breaks if cart fails", ids: [view.id, reached("front", 1).id, reached("edge", 2).id] });
    await fireEvent.click(screen.getByRole("button", { name: "front" }));
    expect(onselect).toHaveBeenCalledWith(reached("front", 1).id);
  });

  it("asks for other steps, and says plainly that nothing calls it", async () => {
    answers["upstream"] = () => ({ id: view.id, hops: 3, reached: [] });
    show();
    await fireEvent.click(screen.getByRole("button", { name: "What it needs" }));
    await screen.findByText("It calls nothing that is known.");
    await fireEvent.change(screen.getByRole("combobox", { name: "Steps" }), { target: { value: "1" } });
    await waitFor(() => expect(of("upstream").at(-1)).toEqual({ id: view.id, hops: 1, at: null }));
  });

  it("finds the way to an object that is named, or chosen on the plan", async () => {
    const end = { kind: "object", id: "c/apps/Deployment/shop/redis", title: "redis", subtitle: "Deployment in shop", health: "critical" };
    answers["find"] = () => [end, { ...end, kind: "alert", id: "x", title: "RedisDown" }];
    const step = { from: view.id, from_kind: "Deployment", from_name: "cart", to: end.id, to_kind: "Deployment", to_name: "redis", type: "calls", along: true, health: "critical" };
    answers["path"] = (p) => (p["to"] === end.id ? { from: view.id, to: end.id, found: true, steps: [step] } : { from: view.id, to: p["to"], found: false, steps: [] });
    const { rerender } = show();
    await fireEvent.click(screen.getByRole("button", { name: "Path to another" }));
    await fireEvent.input(screen.getByRole("searchbox"), { target: { value: "redis" } });
    await fireEvent.click(await screen.findByRole("button", { name: "redis" }));
    const way = await screen.findByRole("list", { name: "The path" });
    expect(way.textContent?.replace(/\s+/g, " ")).toMatch(/cart Deployment.*calls →.*redis/);
    expect(screen.queryByRole("button", { name: "RedisDown" })).toBeNull();
    await fireEvent.click(screen.getByRole("button", { name: "Another end" }));
    await rerender({ picked: "c/apps/Deployment/shop/lonely" });
    await screen.findByText(/No calls lead from one to the other/);
    expect(of("path").at(-1)).toEqual({ from: view.id, to: "c/apps/Deployment/shop/lonely", at: null });
  });

  it("lists who shares what, shows them on the plan, or filters where they are too many", async () => {
    const sharer = { id: "c/apps/Deployment/pay/bill", kind: "Deployment", namespace: "pay", name: "bill", health: "warning" };
    answers["shared"] = () => ({
      id: view.id,
      nodes_left_out: 2,
      things: [
        { by: "node", name: "n1", id: "c//Node//n1", count: 1, with: [sharer], houses: [sharer.id], filter: 'node:"n1"' },
        { by: "zone", name: "eu-1a", id: null, count: 4000, with: [sharer], houses: [], filter: 'zone:"eu-1a"' },
        { by: "secret", name: "key", id: "c//Secret/shop/key", count: 0, with: [], houses: [], filter: "" },
      ],
    });
    const { onhighlight, onfilter } = show();
    await fireEvent.click(screen.getByRole("button", { name: "Shares with" }));
    await screen.findByText("node n1");
    await fireEvent.click(screen.getByRole("button", { name: /Show on the plan/, hidden: true }));
    expect(onhighlight).toHaveBeenLastCalledWith({ title: "Who shares node n1 with cart", ids: [view.id, sharer.id] });
    await fireEvent.click(screen.getByRole("button", { name: "Filter the map by it", hidden: true }));
    expect(onfilter).toHaveBeenCalledWith('zone:"eu-1a"');
    screen.getByText("3999 more, none of them worse than these.");
    screen.getByText("Nobody else.");
    screen.getByText("2 nodes more with fewer of its pods.");
  });

  it("says what failed and what to do", async () => {
    answers["blast_radius"] = () => {
      throw { code: "x", message: "no such moment", hint: "Choose another." };
    };
    show();
    await fireEvent.click(screen.getByRole("button", { name: "What breaks if this fails" }));
    await tick();
    expect((await screen.findByRole("alert")).textContent).toMatch(/could not be answered\. no such moment.*Choose another\./);
  });
});
