import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import Start from "./Start.svelte";

const contexts = ["eu", "us", "asia"].map((name) => ({ name, server: `https://${name}`, current: name === "us" }));

describe("what can be opened", () => {
  afterEach(cleanup);
  const shown = (of = contexts) => {
    const opened: string[][] = [];
    render(Start, { contexts: of, opening: false, trouble: null, onopendemo: () => undefined, onopenfiles: () => undefined, onopencontext: (names: string[]) => void opened.push(names) });
    return opened;
  };

  it("is one cluster by its button", async () => {
    const opened = shown();
    await fireEvent.click(screen.getByRole("button", { name: /^us/ }));
    expect(opened).toEqual([["us"]]);
  });

  it("is several side by side once two are ticked, in the order of the kubeconfig", async () => {
    const opened = shown();
    const several = () => screen.getByRole<HTMLButtonElement>("button", { name: /side by side/ });
    expect(several().disabled).toBe(true);
    await fireEvent.click(screen.getByRole("checkbox", { name: /^asia/ }));
    expect(several().disabled).toBe(true);
    await fireEvent.click(screen.getByRole("checkbox", { name: /^eu/ }));
    expect(several().textContent).toBe("Open 2 side by side");
    await fireEvent.click(several());
    expect(opened).toEqual([["eu", "asia"]]);
  });

  it("offers no choice of several where there is one", () => {
    shown(contexts.slice(0, 1));
    expect(screen.queryByRole("checkbox")).toBeNull();
    expect(screen.queryByRole("button", { name: /side by side/ })).toBeNull();
  });
});
