import { describe, expect, it } from "vitest";
import { fit, grouped, matching, type Offer } from "./palette";

const offer = (id: string, title: string, group = "Do", words = ""): Offer => ({ id, group, icon: "", title, hint: "", key: "", words, run: () => undefined });

describe("finding in the palette", () => {
  it("wants every word", () => {
    expect(fit("Send update", "up send")).not.toBeNull();
    expect(fit("Send update", "send page")).toBeNull();
  });
  it("puts beginnings before middles", () => expect(fit("Take command", "take")!).toBeLessThan(fit("Mistake", "take")!));
  it("finds by other words too, after those found by their name", () => {
    const found = matching([offer("a", "Declare", "Do", "incident new"), offer("b", "Incident brief")], "incident", 9);
    expect(found.map((o) => o.id)).toEqual(["b", "a"]);
  });
  it("shows all in their order where nothing is typed, up to the limit", () => expect(matching([offer("a", "A"), offer("b", "B"), offer("c", "C")], " ", 2).map((o) => o.id)).toEqual(["a", "b"]));
  it("counts through the groups as they are drawn", () => {
    const groups = grouped([offer("a", "A", "Views"), offer("b", "B", "Do"), offer("c", "C", "Views")]);
    expect(groups.map((g) => [g.group, g.offers.map((o) => [o.offer.id, o.index])])).toEqual([
      ["Views", [["a", 0], ["c", 1]]],
      ["Do", [["b", 2]]],
    ]);
  });
});
