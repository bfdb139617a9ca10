// Step 4 of the walk: the paging ledger equals what the pager's own API says.
import { must, until, icinga, startPager, stopPager } from "./desk.mjs";
import { acknowledge } from "./shift.mjs";

export async function checkPages(tally, desk, it) {
  await tally.check("4: the first person is paged, and the second when the first does not answer", async () => {
    const pages = await until(90, "alice and bob were paged", async () => {
      const now = await desk.call("pages");
      return now.attempts.some((a) => a.who === "alice") && now.attempts.some((a) => a.who === "bob") && now;
    });
    const bob = pages.attempts.find((a) => a.who === "bob");
    must(bob.step === 2, bob);
    must(pages.attempts.every((a) => a.sent_at || a.queued_at || a.never_told.includes("sent_at")), pages.attempts);
    return `${pages.attempts.length} attempts`;
  });

  let subject;
  await tally.check("4: who acknowledged, and when, equals the pager's own API", async () => {
    // An alert that comes and goes takes its problem with it: one that stands, and that bob was told of, is waited for.
    subject = await until(120, "bob was told of a problem that still stands", () => acknowledge(desk, it, (a) => a.who === "bob"));
    const [host, service] = subject.split("!");
    const acked = await until(30, "the acknowledgement", async () => {
      const now = await desk.call("pages");
      return now.attempts.find((a) => a.subject_id === subject && a.acked_at);
    });
    must(acked.acked_by === "bob", acked);
    const comments = await icinga(it, "GET", `/v1/objects/comments?filter=${encodeURIComponent(`comment.host_name=="${host}"`)}`);
    const theirs = comments.results.map((c) => c.attrs).filter((c) => c.entry_type === 4 && c.service_name === service).map((c) => c.entry_time * 1000);
    must(theirs.some((t) => Math.abs(t - Date.parse(acked.acked_at)) < 1500), `theirs ${theirs}, ours ${acked.acked_at}`);
  });

  await tally.check("4: every row equals the pager's API: who, by what, at which step, and when", async () => {
    // Pages go out meanwhile: both sides are read until they were read between two of them.
    let compared;
    await until(60, "our rows are the pager's", async () => {
      const { attempts } = await desk.call("pages");
      const theirs = (await icinga(it, "GET", "/v1/objects/notifications")).results.map((n) => n.attrs);
      const newest = new Map();
      for (const one of attempts) {
        const [host, service] = one.subject_id.split("!");
        const found = theirs.find((n) => n.host_name === host && n.service_name === service && n.name === (one.step === 2 ? "step2" : "step1"));
        must(found, `no notification object for ${one.subject_id} step ${one.step}`);
        must(["alice", "bob"].includes(one.who) && found.users.includes(one.who), `${one.who} is not among ${found.users}`);
        const channel = /mail/.test(found.command) ? "email" : /sms/.test(found.command) ? "sms" : "command";
        must(one.channel === channel, `${one.channel} for the command ${found.command}`);
        const sent = Date.parse(one.sent_at);
        if (!(newest.get(found)?.sent >= sent)) newest.set(found, { sent, one });
      }
      for (const [found, { sent, one }] of newest) {
        const last = Math.max(found.last_notification, found.last_problem_notification) * 1000;
        must(Math.abs(sent - last) < 1500, `${one.subject_id} step ${one.step}: sent ${one.sent_at}, theirs ${new Date(last).toISOString()}`);
      }
      // Of a problem that was over before anybody asked, the API names nobody any more.
      const unseen = theirs.filter((n) => n.notified_problem_users.length > 0 && !newest.has(n));
      must(unseen.length === 0, `no row for ${unseen.map((n) => `${n.host_name}!${n.service_name} ${n.name}`).join(", ")}`);
      compared = `${attempts.length} attempts, the newest of each of ${newest.size} notification objects by the second`;
      return true;
    });
    return compared;
  });

  await tally.check("4: a stopped pager turns the ledger stale, not empty", async () => {
    const before = (await desk.call("pages")).attempts.length;
    await stopPager(it);
    const stale = await until(40, "the pager is stale", async () => {
      const now = await desk.call("pages");
      return now.pagers[0].state === "stale" && now;
    });
    must(stale.attempts.length >= before, `${before} attempts before, ${stale.attempts.length} now`);
    await startPager();
    await until(40, "the pager is back", async () => (await desk.call("pages")).pagers[0].state === "live");
    const after = await desk.call("pages");
    must(after.attempts.length >= before, "attempts were lost");
    return stale.pagers[0].why;
  });
}
