import { describe, expect, it } from "vitest";
import { Latest } from "./latest";

function gate(): { ask: (n: number) => Promise<string>; open: (n: number, fail?: boolean) => void; asked: number[] } {
  const waits = new Map<number, { yes: (s: string) => void; no: (e: Error) => void }>();
  const asked: number[] = [];
  return {
    asked,
    ask: (n) => {
      asked.push(n);
      return new Promise((yes, no) => waits.set(n, { yes, no }));
    },
    open: (n, fail = false) => (fail ? waits.get(n)?.no(new Error("no")) : waits.get(n)?.yes(`a${n}`)),
  };
}
const turn = () => new Promise((done) => setImmediate(done));

describe("asking for the newest", () => {
  it("leaves out what was wished for meanwhile", async () => {
    const g = gate();
    const got: string[] = [];
    const latest = new Latest(g.ask, (a) => got.push(a), () => {});
    [1, 2, 3, 4].forEach((n) => latest.want(n));
    g.open(1);
    await turn();
    expect(g.asked).toEqual([1, 4]);
    g.open(4);
    await turn();
    expect(got).toEqual(["a1", "a4"]);
  });

  it("goes on after a failure", async () => {
    const g = gate();
    const got: string[] = [];
    const failed: number[] = [];
    const latest = new Latest(g.ask, (a) => got.push(a), (_, n) => failed.push(n));
    latest.want(1);
    latest.want(2);
    g.open(1, true);
    await turn();
    g.open(2);
    await turn();
    expect(failed).toEqual([1]);
    expect(got).toEqual(["a2"]);
  });

  it("says nothing once closed", async () => {
    const g = gate();
    const got: string[] = [];
    const latest = new Latest(g.ask, (a) => got.push(a), () => {});
    latest.want(1);
    latest.close();
    g.open(1);
    await turn();
    expect(got).toEqual([]);
  });

  it("rests as long as it is told, unless something else is wished for, and asks for the last wish then", async () => {
    const g = gate();
    const got: string[] = [];
    let rested: (ms: number) => void = () => undefined;
    const latest = new Latest(g.ask, (a) => got.push(a), () => {}, () => new Promise((done) => (rested = done)));
    latest.want(1);
    g.open(1);
    await turn();
    [2, 3].forEach((n) => latest.want(n));
    await turn();
    expect(g.asked).toEqual([1]);
    rested(0);
    await turn();
    expect(g.asked).toEqual([1, 3]);
    g.open(3);
    await turn();
    latest.want(4, true);
    await turn();
    expect(g.asked).toEqual([1, 3, 4]);
    expect(got).toEqual(["a1", "a3"]);
    latest.close();
  });
});
