import { describe, expect, it } from "vitest";
import { changeOf, flagOf, onceOf } from "./labels";

describe("few words for a mark", () => {
  it.each([
    ["Severity is now SEV-1: nobody can check out", "SEV 1"],
    ["Status is now mitigating: redis-cart is rolled back", "mitigating"],
    ["Jonas Weber declared SEV-2: Carts cannot be read or written", "declared SEV 2"],
    ["Mei Tanaka took command from Jonas Weber", "Mei commands"],
    ["Jonas Weber offered command to Mei Tanaka: needed at the cart", "offered to Mei"],
    ["Page to mei sent by command: KubePodNotReady on boutique", "mei paged"],
    ["Page to mei escalated to jonas, ana: KubePodNotReady on boutique", "escalated to jonas"],
    ["Page to mei failed: device not registered", "mei not reached"],
    ["jonas acknowledged: KubePodNotReady on boutique", "jonas acks"],
    ["H1 eliminated: frontend was scaled before", "H1 eliminated"],
    ["T1 to Ana Ruiz: Find out what changed", "T1 to Ana"],
    ["support has eleven reports of empty carts", "support has eleven repo…"],
  ])("“%s” is “%s”", (sentence, words) => expect(flagOf(sentence).text).toBe(words));

  it.each([
    ["Deployment frontend scaled from 1 to 3", "frontend 1 to 3"],
    ["Deployment redis-cart: image of redis redis:alpine → redis:7", "redis-cart image"],
    ["Deployment redis-cart: rollout complete", "redis-cart rolled out"],
    ["ConfigMap settings: data changed", "settings: data changed"],
  ])("“%s” is “%s”", (sentence, words) => expect(changeOf(sentence).text).toBe(words));

  it("writes what changes the incident before what is done in it, and a repeated word once", () => {
    expect(flagOf("Status is now resolved: x").priority).toBeGreaterThan(flagOf("H1 opened: x").priority);
    expect(flagOf("mei was told by command that it is over: x").priority).toBeLessThan(0);
    const said = onceOf([{ text: "mei paged", priority: 2, x: 10 }, { text: "mei paged", priority: 2, x: 40 }, { text: "mei paged", priority: 2, x: 900 }], 300);
    expect(said.map((l) => l.priority)).toEqual([2, -1, 2]);
  });
});
