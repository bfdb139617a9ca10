import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it } from "vitest";
import { desk } from "../../lib/desk.svelte";
import BundleField from "./parts/BundleField.svelte";

let heard: ((paths: readonly string[]) => void) | null = null;
let asked: string[] = [];
/** A host that knows paths, as the window does, or none, as a page does. */
function on(kind: "window" | "page"): void {
  [heard, asked] = [null, []];
  desk.host = {
    kind,
    pickSource: async (what: string) => (asked.push(what), kind === "window" ? `/gathered/${what}` : undefined),
    dropped: (listen: (paths: readonly string[]) => void) => {
      heard = listen;
      return () => (heard = null);
    },
  } as never;
}
const path = () => screen.getByRole<HTMLInputElement>("textbox");
afterEach(cleanup);

describe("what is opened", () => {
  it("is a file or a folder chosen in the window, or what is dropped on it, by its path", async () => {
    on("window");
    const { unmount } = render(BundleField, { file: null, path: "", folders: true });
    await fireEvent.click(screen.getByRole("button", { name: "Choose a folder" }));
    await expect.poll(() => path().value).toBe("/gathered/folder");
    await fireEvent.click(screen.getByRole("button", { name: "Choose a file" }));
    await expect.poll(() => path().value).toBe("/gathered/file");
    heard!(["/dropped/must-gather.tar.gz", "/dropped/other"]);
    await expect.poll(() => path().value).toBe("/dropped/must-gather.tar.gz");
    unmount();
    expect(heard).toBeNull();
    expect(asked).toEqual(["folder", "file"]);
  });

  it("offers no folder where only a bundle is meant", () => {
    on("window");
    render(BundleField, { file: null, path: "" });
    expect(screen.queryByRole("button", { name: "Choose a folder" })).toBeNull();
  });

  it("is a file of the page, which knows no path", async () => {
    on("page");
    render(BundleField, { file: null, path: "", folders: true });
    expect(screen.queryByRole("button")).toBeNull();
    const file = new File(["x"], "dump.tar.gz");
    await fireEvent.drop(screen.getByRole("group"), { dataTransfer: { files: [file] } });
    await expect.poll(() => screen.queryByText(/^dump\.tar\.gz, /)).not.toBeNull();
  });
});
