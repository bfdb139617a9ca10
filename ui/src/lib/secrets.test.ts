import { describe, expect, it } from "vitest";
import type { SourceView } from "../wire/SourceView";
import { Asking, missingSecrets } from "./secrets";

const source = (id: string, code = "no_secret"): SourceView => ({ id, label: id, cluster: "", kind: id.split(":")[0]!, state: "never_answered", since: null, code, why: "", hint: "", version: "", kinds: [], skipped: 0 });
const view = (sources: SourceView[], title = "prod", mode = "live") => ({ mode, title, sources });

describe("secrets that are not at hand", () => {
  it("are missing where a cluster is open and a source says so", () => {
    expect(missingSecrets(view([source("icinga:main"), source("prometheus:main", "unreachable")])).map((s) => s.id)).toEqual(["icinga:main"]);
    expect(missingSecrets(view([source("icinga:main")], "prod", "recorded"))).toEqual([]);
    expect(missingSecrets(null)).toEqual([]);
  });
  it("are asked for once a source, until another cluster is opened", () => {
    const asking = new Asking();
    const ids = (v: ReturnType<typeof view>) => asking.due(v).map((s) => s.id);
    expect(ids(view([source("icinga:main")]))).toEqual(["icinga:main"]);
    expect(ids(view([source("icinga:main")]))).toEqual([]);
    expect(ids(view([source("icinga:main"), source("goalert:main")]))).toEqual(["goalert:main"]);
    expect(ids(view([source("icinga:main")], "staging"))).toEqual(["icinga:main"]);
  });
  it("are asked for again where one that was entered is missing again, and when the cluster is opened anew", () => {
    const asking = new Asking();
    asking.due(view([source("icinga:main")]));
    expect(asking.due(view([]))).toEqual([]);
    expect(asking.due(view([source("icinga:main")]))).toHaveLength(1);
    expect(asking.due(view([], "", "closed"))).toEqual([]);
    expect(asking.due(view([source("icinga:main")]))).toHaveLength(1);
  });
});
