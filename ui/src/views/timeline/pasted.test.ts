import { describe, expect, it } from "vitest";
import { LINE, pastedFiles } from "./pasted";

const holding = (text: string, ...files: File[]) => ({ files: files as unknown as FileList, getData: (type: string) => (type === "text/plain" ? text : "") });

describe("what is pasted into the line of the record", () => {
  it("is attached whole where it is a text with no room in the line", async () => {
    const megabyte = "x".repeat(1 << 20);
    const [file, ...more] = pastedFiles(holding(megabyte), LINE);
    expect([file?.name, file?.type, file?.size, more.length]).toEqual(["pasted.txt", "text/plain", 1 << 20, 0]);
    expect(pastedFiles(holding("restarted cart"), 10)).toHaveLength(1);
  });
  it("is typed where it has", () => {
    expect(pastedFiles(holding("restarted cart"), LINE)).toEqual([]);
    expect(pastedFiles(null, LINE)).toEqual([]);
  });
  it("is the picture where there is one, whatever text stands beside it", () => {
    const picture = new File(["x"], "graph.png", { type: "image/png" });
    expect(pastedFiles(holding("x".repeat(LINE + 1), picture), LINE)).toEqual([picture]);
  });
});
