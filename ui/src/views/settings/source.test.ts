import { describe, expect, it } from "vitest";
import { KINDS, placeOf } from "../../lib/sources";
import { credentialsOf, emptyForm, freeId, problems, receivers, secretHint, sent } from "./source";

describe("a source's form", () => {
  it("begins with what its kind needs", () => {
    for (const { kind } of KINDS) expect(credentialsOf(kind)).toContain(emptyForm(kind).credentials);
    expect(emptyForm("pagerduty").address).toBe("https://api.pagerduty.com");
    expect(freeId("goalert", ["goalert:main", "goalert:2"])).toBe("goalert:3");
  });
  it("says by field what is still wrong", () => {
    expect(Object.keys(problems(emptyForm("alertmanager"), false))).toEqual(["address"]);
    expect(Object.keys(problems(emptyForm("alertmanager"), true))).toEqual(["proxy_namespace", "proxy_service"]);
    expect(Object.keys(problems(emptyForm("pagerduty"), false))).toEqual(["secret"]);
    expect(problems({ ...emptyForm("alertmanager"), proxy_namespace: "m", proxy_service: "am", credentials: "basic" }, true)).toEqual({});
    expect(problems({ ...emptyForm("pagerduty"), has_secret: true }, false)).toEqual({});
    expect(problems({ ...emptyForm("prometheus"), address: "ftp://x" }, false).address).toBeDefined();
    expect(problems({ ...emptyForm("prometheus"), address: "https://u:p@x" }, false).address).toMatch(/Leave user/);
    expect(problems({ ...emptyForm("prometheus"), address: "https://x", poll_seconds: 1.5 }, false).poll_seconds).toBeDefined();
    expect(problems({ ...emptyForm("icinga"), address: "https://x:5665", credentials: "client_certificate" }, false)).toMatchObject({ certificate: expect.any(String), key: expect.any(String) });
  });
  it("sends nothing of a way that was not chosen, and no empty secret", () => {
    const form = { ...emptyForm("alertmanager"), address: "https://x", proxy_namespace: "m", proxy_service: "am", user: "u", secret: "", silent_receivers: ["null"] };
    expect(sent(form, true)).toMatchObject({ address: "", proxy_service: "am", user: "", secret: null });
    expect(sent(form, false)).toMatchObject({ address: "https://x", proxy_service: "", proxy_namespace: "" });
    const scoped = { ...form, proxy_scheme: "https", tenant: "blue", credentials: "bearer", secret: "t", ca_file: "/ca.pem" };
    expect(sent(scoped, true)).toMatchObject({ proxy_scheme: "https", tenant: "blue", credentials: "none", secret: null, ca_file: "" });
    expect(sent(scoped, false)).toMatchObject({ proxy_scheme: "", tenant: "blue", credentials: "bearer", secret: "t", ca_file: "/ca.pem" });
    expect(sent({ ...form, kind: "prometheus" }, false).silent_receivers).toEqual([]);
    expect(sent({ ...form, credentials: "bearer", secret: "t" }, false).secret).toBe("t");
    expect(sent({ ...form, kind: "goalert", credentials: "basic" }, false).credentials).toBe("bearer");
  });
  it("names its place in one line", () => {
    expect(placeOf({ ...emptyForm("prometheus"), proxy_namespace: "m", proxy_service: "p", proxy_port: "web" })).toBe("Service m/p:web, through the cluster");
    expect(placeOf(emptyForm("prometheus"))).toBe("no address");
  });
  it("reads receivers from a line", () => {
    expect(receivers("null, blackhole,null\n ops ,")).toEqual(["null", "blackhole", "ops"]);
  });
  it("says where a secret is kept, and that there is no keyring where there is none", () => {
    expect(secretHint(false, true)).toMatch(/keyring, never shown again/);
    expect(secretHint(false, false)).toMatch(/no keyring.*asked for again after a restart/);
    expect(secretHint(true, false)).toMatch(/until Broadstreet ends/);
  });
});
