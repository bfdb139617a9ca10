use proptest::prelude::*;

use super::*;
use crate::alerts::{Alert, Told, placed};
use crate::ledger::drafts;
use crate::ledger::fold::tests::{at, by, commanded, moment, person};
use crate::pages::PageTarget;
use crate::world::Change;

fn alert(id: &str, name: &str, told: Told) -> Alert {
    let labels = [("alertname", name), ("severity", "critical")];
    Alert {
        id: id.into(),
        source: "alertmanager:main".into(),
        labels: labels.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
        starts_at: Some(moment(0)),
        told,
        told_why: if told == Told::Nobody { "its receiver tells no one".into() } else { String::new() },
        ..Alert::default()
    }
}

fn source(state: Freshness, kind: &str) -> Change {
    Change::Freshness(SourceState {
        source: "alertmanager:main".into(),
        kind: kind.to_owned(),
        namespace: String::new(),
        state,
    })
}

fn world(changes: Vec<Change>) -> World {
    let mut world = World::default();
    for change in changes {
        world.apply(&change);
    }
    world
}

fn told(changes: Vec<Change>) -> World {
    let mut all = vec![source(Freshness::Live, "")];
    all.extend(changes);
    world(all)
}

fn fires(alert: Alert) -> Change {
    Change::Alert(Box::new(alert))
}

#[derive(Default)]
struct Given {
    silences: Vec<Silence>,
    attempts: Vec<PageAttempt>,
    incidents: Vec<Incident>,
    changes: Vec<(Moment, String, String, String)>,
    gaps: Vec<Window>,
}

impl Given {
    fn note(&self, world: &World) -> Vec<Section> {
        draft(Input {
            world,
            placed: &placed(world),
            silences: &self.silences,
            attempts: &self.attempts,
            incidents: &self.incidents,
            changes: &self.changes,
            gaps: &self.gaps,
            now: moment(60),
            until: moment(540),
        })
    }
}

fn lines<'a>(note: &'a [Section], id: &str) -> Vec<&'a str> {
    note.iter().find(|it| it.id == id).unwrap().lines.iter().map(|it| it.text.as_str()).collect()
}

fn none<'a>(note: &'a [Section], id: &str) -> &'a str {
    &note.iter().find(|it| it.id == id).unwrap().none
}

#[test]
fn an_empty_desk_says_none_in_every_section_and_what_it_cannot_know() {
    let note = Given::default().note(&World::default());
    let ids: Vec<&str> = note.iter().map(|it| it.id.as_str()).collect();
    let all = ["firing", "acknowledged", "nobody_told", "silences", "incidents", "changes", "unknown_sources"];
    assert_eq!(ids, all);
    assert!(note.iter().all(|it| it.lines.is_empty() && !it.none.is_empty()));
    assert_eq!(none(&note, "firing"), "No alert is known to fire: no source of alerts is connected.");
    let note = Given::default().note(&told(vec![]));
    assert_eq!(none(&note, "firing"), "No alert fires.");
    assert_eq!(none(&note, "unknown_sources"), "Every source answers.");
}

#[test]
fn what_fires_is_told_with_who_answered_and_what_nobody_was_told() {
    let world = told(vec![
        fires(alert("a", "CartDown", Told::Somebody)),
        fires(alert("b", "DiskFull", Told::Nobody)),
        fires(alert("c", "DnsSlow", Told::Unknown)),
    ]);
    let page = |subject: &str, acked: i64| PageAttempt {
        subject: subject.into(),
        target: PageTarget { name: "Ana".into(), ..PageTarget::default() },
        acked_at: Some(moment(acked)),
        ..PageAttempt::default()
    };
    let given = Given { attempts: vec![page("eu/CartDown", 4), page("DnsSlow", -9)], ..Given::default() };
    let note = given.note(&world);
    let line = "CartDown, without an address, critical, since 22:13 UTC; Ana acknowledged at 22:17 UTC";
    assert_eq!(lines(&note, "acknowledged"), [line]);
    assert_eq!(lines(&note, "firing").len(), 2, "an answer from before it fired is none to this");
    let untold = "DiskFull, without an address, critical, since 22:13 UTC: its receiver tells no one";
    assert_eq!(lines(&note, "nobody_told"), [untold]);
    let target = &note[0].lines[0];
    assert_eq!((target.kind.as_str(), target.target.as_str()), ("alert", "b"));
}

#[test]
fn a_page_without_labels_is_not_guessed_between_two_alerts_of_one_name() {
    let world =
        told(vec![fires(alert("a", "CartDown", Told::Somebody)), fires(alert("b", "CartDown", Told::Somebody))]);
    let page = PageAttempt { subject: "CartDown".into(), acked_at: Some(moment(4)), ..PageAttempt::default() };
    let note = Given { attempts: vec![page], ..Given::default() }.note(&world);
    assert_eq!((lines(&note, "firing").len(), lines(&note, "acknowledged").len()), (2, 0));
}

#[test]
fn silences_that_end_in_the_shift_and_only_those() {
    let silence = |id: &str, end: i64| Silence {
        id: id.into(),
        matchers: vec!["alertname=\"AdLatency\"".into()],
        ends_at: Some(moment(end)),
        created_by: "Tom".into(),
        comment: "known".into(),
        state: "active".into(),
        ..Silence::default()
    };
    let given = Given { silences: vec![silence("z", 600), silence("y", 200), silence("x", 10)], ..Given::default() };
    let line = "Silence of `alertname=\"AdLatency\"` ends Wed 15 Nov 01:33 UTC, by Tom: known";
    assert_eq!(lines(&given.note(&told(vec![])), "silences"), [line]);
}

#[test]
fn open_incidents_come_with_their_tasks_and_closed_ones_do_not() {
    let mut book = commanded();
    book.write("a", 3, drafts::task_assigned(&by("Mei"), at(3), "read the heap", &person("Ana"), moment(50), &[]));
    let open = Incident { number: 7, ..book.incident() };
    book.write("a", 5, drafts::status(&by("Mei"), at(5), Status::Resolved, ""));
    let note = Given { incidents: vec![open, book.incident()], ..Given::default() }.note(&told(vec![]));
    let expected = [
        "INC-0007 Checkout fails, SEV-2, declared, Mei commands",
        "T1 Ana: read the heap, reports 23:03 UTC, 10 min late",
    ];
    assert_eq!(lines(&note, "incidents"), expected);
}

#[test]
fn changes_of_two_days_and_sources_that_do_not_answer() {
    let change = |hours: i64, text: &str| {
        (
            moment(60) - Duration::hours(hours),
            text.to_owned(),
            "c/apps/Deployment/shop/cart".to_owned(),
            "object".into(),
        )
    };
    let given =
        Given { changes: vec![change(1, "cart 2"), change(47, "cart 1"), change(49, "old")], ..Given::default() };
    let stale = Freshness::Stale { since: moment(30), why: "refused".into() };
    let note = given.note(&world(vec![source(stale.clone(), ""), source(stale, "/Silence")]));
    assert_eq!(lines(&note, "changes"), ["22:13 UTC cart 2", "Mon 13 Nov 00:13 UTC cart 1"]);
    let line = "`alertmanager:main`: nothing heard since 22:43 UTC: refused";
    assert_eq!(lines(&note, "unknown_sources"), [line]);
    assert_eq!(none(&note, "firing"), "No alert is known to fire: `alertmanager:main` does not answer.");
}

#[test]
fn changes_say_since_when_they_were_recorded() {
    let title = |note: &[Section]| note.iter().find(|it| it.id == "changes").unwrap().title.clone();
    // Now is minute 60, so the two days begin 47 hours before minute 0.
    let gap = |from: i64, to: i64| Window { from: moment(from), to: moment(to) };
    let begin = 60 - 48 * 60;
    for (gaps, said, none_said) in [
        (vec![], "Changes, last 48 h", "No change is known in the last 48 hours."),
        (
            vec![gap(begin, 30)],
            "Changes, last 48 h; recorded since 22:43 UTC",
            "No change is known since 22:43 UTC, when recording began.",
        ),
        (
            vec![gap(begin, -60), gap(0, 20), gap(30, 40)],
            "Changes, last 48 h; recorded since 21:13 UTC but for 30 min",
            "No change is known since 21:13 UTC, when recording began; 30 min since then were not recorded.",
        ),
        (
            vec![gap(-120, 0)],
            "Changes, last 48 h; recorded but for 2 h 00 min",
            "No change is known in the last 48 hours; 2 h 00 min of them were not recorded.",
        ),
        (
            vec![gap(begin, 60)],
            "Changes, last 48 h; nothing was recorded",
            "No change is known: nothing was recorded in the last 48 hours.",
        ),
    ] {
        let note = Given { gaps, ..Given::default() }.note(&World::default());
        assert_eq!((title(&note).as_str(), none(&note, "changes")), (said, none_said));
    }
}

#[test]
fn the_difference_tells_new_still_and_gone() {
    let line = |text: &str, target: &str| Traced::new(text, "alert", target);
    let note = |firing: Vec<Traced>, acknowledged: Vec<Traced>| {
        vec![
            section("firing", "Firing now", "none", firing),
            section("acknowledged", "Acknowledged", "none", acknowledged),
        ]
    };
    let before = note(vec![line("a", "1"), line("b", "2"), line("c", "3")], vec![]);
    let now = note(vec![line("a, longer", "1"), line("d", "4")], vec![line("b", "2")]);
    let told: Vec<String> = difference(&before, &now).into_iter().map(|it| it.text).collect();
    assert_eq!(told, ["+ d", "+ Acknowledged: b", "= a, longer", "− c"]);
}

fn any_note() -> impl Strategy<Value = Vec<Section>> {
    let line = ("[ab]", 0usize..4).prop_map(|(text, kind)| {
        let (kind, target) = [("alert", "1"), ("alert", "2"), ("row", "3"), ("none", "")][kind];
        Traced::new(text, kind, target)
    });
    prop::collection::vec(prop::collection::vec(line, 0..4), 3).prop_map(|all| {
        let ids = ["firing", "acknowledged", "changes"];
        ids.into_iter().zip(all).map(|(id, lines)| section(id, id, "none", lines)).collect()
    })
}

proptest! {
    #[test]
    fn nothing_is_new_or_gone_between_a_note_and_itself(note in any_note()) {
        prop_assert!(difference(&note, &note).iter().all(|it| it.text.starts_with('=')));
    }

    #[test]
    fn what_is_new_one_way_is_gone_the_other(a in any_note(), b in any_note()) {
        let marked = |found: Vec<Traced>, sign: char| -> std::collections::BTreeSet<(String, String)> {
            let moved = |text: &str| text.contains(": ");
            found.into_iter().filter(|it| it.text.starts_with(sign) && !moved(&it.text))
                .map(|it| (it.kind, it.target)).collect()
        };
        let targets = |found: std::collections::BTreeSet<(String, String)>| -> Vec<(String, String)> {
            found.into_iter().filter(|(kind, _)| kind == "alert").collect()
        };
        prop_assert_eq!(targets(marked(difference(&a, &b), '+')).is_empty(),
            targets(marked(difference(&b, &a), '−')).is_empty());
    }
}
