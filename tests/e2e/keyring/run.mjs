// Passwords in the system's keyring, and asked for each time where there is none: the program on a session bus with GNOME's
// keyring, and without any bus. Started by `run.sh`, which starts bus and keyring.
import { createPrivateKey, createPublicKey } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PretendAlertmanager } from "../browser/alertmanager.mjs";
import { PretendCluster } from "../browser/cluster.mjs";
import { Desk, holding, must, run, Tally, until } from "../walk/desk.mjs";

const PASSWORD = "swordfish-of-the-keyring";
const tally = new Tally();
setTimeout(() => {
  console.log("not ok the walk ends within five minutes");
  process.exit(1);
}, 300_000).unref();

const manager = await new PretendAlertmanager(PASSWORD).start();
const cluster = await new PretendCluster().start();
const desk = new Desk({ KUBECONFIG: undefined, BROADSTREET_DATABASE: undefined, BROADSTREET_AS: undefined });
const session = { ...desk.env };
const nobody = join(desk.folder, "no bus");
mkdirSync(nobody);
/** As over SSH: no session bus is named, and none lies where one is looked for. */
const alone = { ...session, DBUS_SESSION_BUS_ADDRESS: undefined, XDG_RUNTIME_DIR: nobody };

/** Starts the desk with nothing counted yet. */
async function start(env) {
  desk.env = env;
  Object.assign(manager.asked, { well: 0, badly: 0 });
  await desk.start(["serve", "--kubeconfig", cluster.kubeconfig], "Mei Tanaka");
}
const source = async () => (await desk.call("desk")).sources.find((one) => one.id === "alertmanager:main");
const isLive = () => until(30, "the source is live", async () => (await source())?.state === "live" && manager.asked.well > 0);
const isMissed = () => until(30, "the password is missed", async () => (await source())?.code === "no_secret");

/** What the keyring holds of this program, as another program reads it: the account of each item with its secret. */
async function kept() {
  const { out, err, code } = await run("secret-tool", ["search", "--all", "--unlock", "service", "broadstreet"]);
  must(code === 0 || (code === 1 && out === ""), `secret-tool ended with ${code}: ${err}`);
  const secrets = [...out.matchAll(/^secret = (.*)$/gm)].map((found) => found[1]);
  const accounts = [...`${out}\n${err}`.matchAll(/^attribute\.username = (.*)$/gm)].map((found) => found[1]);
  must(secrets.length === accounts.length, `${secrets.length} secrets of ${accounts.length} accounts: ${err}`);
  return new Map(accounts.map((account, at) => [account, secrets[at]]));
}
const PASSWORD_ITEM = `alertmanager:main (${desk.folder})`;
const KEY_ITEM = `device key (${desk.folder})`;

let seed;
try {
  await tally.check("with a keyring a source is asked with the password that was entered", async () => {
    await start(session);
    must((await kept()).get(PASSWORD_ITEM) === undefined, "it is in the keyring before it was entered");
    await desk.call("save_source", manager.source(PASSWORD));
    await isLive();
    must(manager.asked.badly === 0, `it was asked ${manager.asked.badly} times without its password`);
    must((await desk.call("settings")).has_keyring, "the settings know no keyring");
  });

  await tally.check("the keyring holds the password and the key this device signs with", async () => {
    const items = await kept();
    must(items.size === 2 && items.get(PASSWORD_ITEM) === PASSWORD, `it holds: ${[...items.keys()].join("; ")}`);
    must(/^[0-9a-f]{64}$/.test(items.get(KEY_ITEM)), "it holds no key of the device");
    seed = Buffer.from(items.get(KEY_ITEM), "hex");
    const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
    const open = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
    must(open === (await desk.call("settings")).public_key, "the key in it is another than the device's");
  });

  await tally.check("after a restart the source is asked with its password, and nobody entered it", async () => {
    const { public_key: before } = await desk.call("settings");
    await desk.stop();
    await start(session);
    await isLive();
    must(manager.asked.badly === 0, `it was asked ${manager.asked.badly} times without its password`);
    must((await desk.call("settings")).public_key === before, "the device is another");
  });

  await tally.check("neither the password nor the device's key lies in a file, in an answer or in the log", async () => {
    const settings = JSON.stringify(await desk.call("settings"));
    const places = () => [desk.folder, process.env.HOME].flatMap((folder) => [PASSWORD, Buffer.from(`reader:${PASSWORD}`).toString("base64"), seed, seed.toString("hex")].flatMap((what) => holding(folder, what)));
    must(places().length === 0, `while it runs: ${places().join(", ")}`);
    must(![PASSWORD, seed.toString("hex")].some((what) => settings.includes(what) || desk.log.includes(what)), "the settings or the log tell it");
    await desk.stop();
    must(places().length === 0, `after it ended: ${places().join(", ")}`);
    must(!existsSync(join(desk.folder, "device.key")), "the key has a file");
    // What was looked through is where the rest of the source lies.
    must(holding(desk.folder, manager.address).length > 0, "not even the address of the source was found");
    must(holding(process.env.HOME, "GnomeKeyring").length > 0, "not even the keyring's own file was found");
  });

  await tally.check("a source that needs no password any more leaves none in the keyring", async () => {
    await start(session);
    await isLive();
    await desk.call("save_source", { ...manager.source(null), credentials: "none", user: "" });
    must(!(await kept()).has(PASSWORD_ITEM), "the keyring still holds it");
    const said = await desk.call("save_source", manager.source(null)).catch((refused) => refused.code);
    must(said === "no_secret", "the password that was forgotten is still at hand");
    await isMissed();
  });

  await tally.check("a source that is removed takes its password out of the keyring, and leaves the device its key", async () => {
    await desk.call("save_source", manager.source(PASSWORD));
    await isLive();
    must((await kept()).get(PASSWORD_ITEM) === PASSWORD, "it is not in the keyring");
    await desk.call("remove_source", { id: "alertmanager:main" });
    const items = await kept();
    must(items.size === 1 && items.get(KEY_ITEM) === seed.toString("hex"), `it holds: ${[...items.keys()].join("; ")}`);
    await desk.stop();
  });

  await tally.check("without a keyring the password is missed after each start, and the source is not asked without it", async () => {
    await start(alone);
    must(!(await desk.call("settings")).has_keyring, "the settings know a keyring");
    await desk.call("save_source", manager.source(PASSWORD));
    await isLive();
    for (let restart = 1; restart <= 2; restart++) {
      await desk.stop();
      await start(alone);
      await isMissed();
      must(manager.asked.well + manager.asked.badly === 0, "it was asked without its password");
      await desk.call("save_source", manager.source(PASSWORD));
      await isLive();
      must(manager.asked.badly === 0, "it was asked without its password");
    }
    await desk.stop();
    must(!(await kept()).has(PASSWORD_ITEM), "it lies in the keyring");
    must(holding(desk.folder, PASSWORD).length === 0, `it lies in ${holding(desk.folder, PASSWORD).join(", ")}`);
  });
  // A keyring that is locked where nobody can be asked answers for what it does not hold, and then refuses to hold anything.
  const lock = () => run("dbus-send", ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login"]);
  const fresh = join(desk.folder, "fresh");
  for (const [whose, env] of [["that kept the key", session], ["that it never saw", { ...session, BROADSTREET_DATA: fresh }]]) {
    await tally.check(`a locked keyring is none for a desk ${whose}: the password is missed after each start`, async () => {
      mkdirSync(fresh, { recursive: true });
      const { code, out, err } = await lock();
      must(code === 0 && out.includes("collection/login"), `it is not locked: ${out}${err}`);
      await start(env);
      must(!(await desk.call("settings")).has_keyring, "the settings know a keyring");
      await desk.call("save_source", manager.source(PASSWORD));
      await isLive();
      await desk.stop();
      await start(env);
      await isMissed();
      must(manager.asked.well + manager.asked.badly === 0, "it was asked without its password");
      await desk.stop();
      must(holding(desk.folder, PASSWORD).length === 0, `it lies in ${holding(desk.folder, PASSWORD).join(", ")}`);
    });
  }
} finally {
  await desk.stop();
  if (tally.failed) console.log(desk.log.slice(-2000));
  desk.remove();
  cluster.stop();
  manager.stop();
}
process.exit(tally.end());
