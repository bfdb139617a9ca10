import { describe, expect, it } from "vitest";
import { larger, sizeAfter } from "./larger";

const key = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, ctrlKey: true, metaKey: false, altKey: false, ...more });

describe("the size of the page", () => {
  it("grows and shrinks by steps to both ends, and comes back to what it was", () => {
    const seen = [];
    for (let size = 1, next; (next = sizeAfter(size, key("+"))!) !== size; size = next) seen.push(next);
    expect(seen).toEqual([1.1, 1.25, 1.5, 1.75, 2, 2.5, 3]);
    expect(sizeAfter(0.5, key("-"))).toBe(0.5);
    expect(sizeAfter(1, key("-"))).toBe(0.9);
    expect(sizeAfter(2.5, key("0"))).toBe(1);
    expect(sizeAfter(1, key("=", { ctrlKey: false, metaKey: true }))).toBe(1.1);
  });

  it("leaves plain keys to the page, and keys with more to others", () => {
    expect(sizeAfter(1, key("+", { ctrlKey: false }))).toBeNull();
    expect(sizeAfter(1, key("-", { altKey: true }))).toBeNull();
    expect(sizeAfter(1, key("k"))).toBeNull();
  });

  it("is drawn, remembered, and there again at the next start", () => {
    const memory = new Map<string, string>();
    const kept = { getItem: (name: string) => memory.get(name) ?? null, setItem: (name: string, value: string) => void memory.set(name, value) };
    const drawn: number[] = [];
    const page = new EventTarget() as Window;
    larger((size) => drawn.push(size), page, kept);
    const press = new KeyboardEvent("keydown", { key: "+", ctrlKey: true, cancelable: true });
    page.dispatchEvent(press);
    expect(press.defaultPrevented).toBe(true);
    expect(drawn).toEqual([1.1]);
    larger((size) => drawn.push(size), new EventTarget() as Window, kept);
    expect(drawn).toEqual([1.1, 1.1]);
  });
});
