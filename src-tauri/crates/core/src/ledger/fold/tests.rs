use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::alerts::Alert;
use crate::ledger::chain::seal;
use crate::ledger::incident::CommandSpan;
use crate::ledger::{Draft, drafts};

pub(crate) fn moment(minute: i64) -> Moment {
    Moment::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
}

pub(crate) fn at(minute: i64) -> Stamp {
    Stamp::exact(moment(minute))
}

pub(crate) fn person(name: &str) -> Person {
    Person { id: name.to_lowercase().as_str().into(), name: name.to_owned() }
}

pub(crate) fn by(name: &str) -> Actor {
    drafts::person(&person(name))
}

/// Rows of several desks about one incident.
#[derive(Clone, Default)]
pub(crate) struct Book {
    pub rows: Vec<Row>,
}

impl Book {
    /// A desk writes at a minute by its own clock.
    pub fn write(&mut self, desk: &str, minute: i64, draft: Draft) -> RowId {
        let last = self.rows.iter().rfind(|row| row.writer.as_str() == desk).cloned();
        let row = seal(draft, &"i".into(), &desk.into(), desk, last.as_ref(), moment(minute), &|_| Vec::new());
        let hash = row.hash.clone();
        self.rows.push(row);
        hash
    }

    pub fn incident(&self) -> Incident {
        fold(&"i".into(), &self.rows)
    }
}

pub(crate) fn declared(minute: i64) -> Draft {
    let clusters = ["kind".to_owned()];
    drafts::declared(&by("Mei"), at(minute), "Checkout fails", Severity(2), "Europe/Berlin", &clusters, &[], false)
}

/// Declared at 0 by Mei, who commands since 1.
pub(crate) fn commanded() -> Book {
    let mut book = Book::default();
    book.write("a", 0, declared(0));
    book.write("a", 1, drafts::role_assumed(&by("Mei"), at(1), "commander", &person("Mei")));
    book
}

fn spans(incident: &Incident) -> Vec<(Option<&str>, i64, Option<i64>)> {
    let minute = |at: Moment| (at - moment(0)).num_minutes();
    let span = |it: &'_ CommandSpan| (minute(it.from), it.to.map(minute));
    let names = incident.command.iter().map(|it| it.commander.as_ref().map(|it| it.name.as_str()));
    names.zip(incident.command.iter().map(span)).map(|(name, (from, to))| (name, from, to)).collect()
}

fn texts(incident: &Incident) -> Vec<&str> {
    incident.timeline.iter().map(|entry| entry.text.as_str()).collect()
}

#[test]
fn command_passes_only_by_acceptance_and_leaves_no_hole() {
    let mut book = commanded();
    let offer = book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Ana"), "tired"));
    let open = book.incident();
    assert_eq!(open.offers[0].to, person("Ana"));
    assert_eq!(open.commander, Some(person("Mei")), "an offer alone changes nothing");
    book.write("b", 6, drafts::brief_shown(&by("Ana"), at(6), &offer, "commander"));
    assert_eq!(book.incident().offers[0].brief_shown_at, Some(moment(6)));
    book.write("b", 7, drafts::role_accepted(&by("Ana"), at(7), &offer, "commander"));
    let passed = book.incident();
    assert_eq!(spans(&passed), [(None, 0, Some(1)), (Some("Mei"), 1, Some(7)), (Some("Ana"), 7, None)]);
    assert!(passed.offers.is_empty() && !passed.roles[0].accepted_on_offerers_device);
    assert_eq!(passed.timeline.last().unwrap().text, "Ana took command from Mei");
    let offered = passed.timeline.iter().find(|entry| entry.row == offer).unwrap();
    assert_eq!((offered.text.as_str(), offered.state.as_str()), ("Mei offered command to Ana: tired", "accepted"));
}

#[test]
fn everybody_who_held_a_role_is_known_from_when_to_when() {
    let mut book = commanded();
    book.write("a", 2, drafts::role_assumed(&by("Ana"), at(2), "communications_lead", &person("Ana")));
    book.write("a", 4, drafts::role_released(&by("Ana"), at(4), "communications_lead", "off shift"));
    book.write("a", 6, drafts::role_assumed(&by("Jonas"), at(6), "communications_lead", &person("Jonas")));
    let offer =
        book.write("a", 8, drafts::role_offered(&by("Jonas"), at(8), "communications_lead", &person("Noor"), ""));
    book.write("b", 9, drafts::role_accepted(&by("Noor"), at(9), &offer, "communications_lead"));
    let incident = book.incident();
    let minute = |at: Moment| (at - moment(0)).num_minutes();
    let held: Vec<_> =
        incident.held.iter().map(|it| (it.person.name.as_str(), minute(it.from), it.to.map(minute))).collect();
    assert_eq!(held, [("Mei", 1, None), ("Ana", 2, Some(4)), ("Jonas", 6, Some(9)), ("Noor", 9, None)]);
}

#[test]
fn an_acceptance_on_the_offerers_device_is_marked() {
    let mut book = commanded();
    let offer = book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Ana"), ""));
    book.write("a", 6, drafts::role_accepted(&by("Ana"), at(6), &offer, "commander"));
    let incident = book.incident();
    assert!(incident.roles[0].accepted_on_offerers_device);
    assert_eq!(incident.timeline.last().unwrap().detail, "accepted on the device it was offered on");
}

#[test]
fn of_two_acceptances_the_first_wins_and_the_other_says_so() {
    let mut book = commanded();
    let one = book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Ana"), ""));
    let two = book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Bo"), ""));
    book.write("c", 7, drafts::role_accepted(&by("Bo"), at(7), &two, "commander"));
    book.write("b", 6, drafts::role_accepted(&by("Ana"), at(6), &one, "commander"));
    let incident = book.incident();
    assert_eq!(incident.commander, Some(person("Ana")));
    let late = incident.timeline.last().unwrap();
    assert_eq!((late.state.as_str(), late.detail.as_str()), ("void", "changed nothing: the offer was no longer open"));
    assert!(incident.offers.is_empty());
}

#[test]
fn nobody_assumes_what_somebody_holds_or_accepts_for_another() {
    let mut book = commanded();
    book.write("b", 2, drafts::role_assumed(&by("Bo"), at(2), "commander", &person("Bo")));
    let offer = book.write("a", 5, drafts::role_offered(&by("Mei"), at(5), "commander", &person("Ana"), ""));
    book.write("b", 6, drafts::role_accepted(&by("Bo"), at(6), &offer, "commander"));
    let incident = book.incident();
    assert_eq!(incident.commander, Some(person("Mei")));
    assert_eq!(incident.timeline[2].detail, "changed nothing: Mei held it");
    assert_eq!(incident.offers.len(), 1);
}

#[test]
fn command_laid_down_is_a_gap_that_counts_until_it_is_filled_or_all_is_over() {
    let mut book = commanded();
    book.write("a", 4, drafts::role_released(&by("Mei"), at(4), "commander", "off"));
    let incident = book.incident();
    assert_eq!(vacancy(&incident, moment(6)), Some(Duration::minutes(2)));
    assert_eq!(incident.commander_since, Some(moment(4)));
    book.write("a", 9, drafts::status(&by("Mei"), at(9), Status::Resolved, "gone"));
    assert_eq!(vacancy(&book.incident(), moment(20)), None);
    book.write("a", 30, drafts::reopened(&by("Mei"), at(30), "again"));
    let incident = book.incident();
    assert_eq!(vacancy(&incident, moment(31)), Some(Duration::minutes(1)));
    let expected = [(None, 0, Some(1)), (Some("Mei"), 1, Some(4)), (None, 4, Some(9)), (None, 30, None)];
    assert_eq!(spans(&incident), expected);
}

#[test]
fn items_are_labelled_in_order_and_their_ends_are_told() {
    let mut book = commanded();
    let task =
        book.write("a", 2, drafts::task_assigned(&by("Mei"), at(2), "look at DNS", &person("Ana"), moment(12), &[]));
    let one = book.write("a", 3, drafts::hypothesis_opened(&by("Mei"), at(3), "DNS is down", &[]));
    book.write("a", 3, drafts::hypothesis_opened(&by("Mei"), at(3), "the database is slow", &[]));
    let seen = book.write("b", 4, drafts::observation(&by("Ana"), at(4), "lookups answer in 2 ms", &[], &[], ""));
    let rows = [seen.clone()];
    book.write("b", 5, drafts::hypothesis_judged(&by("Ana"), at(5), &one, "eliminated", "lookups work", &rows));
    let decision = book.write("a", 6, drafts::decision(&by("Mei"), at(6), "roll back cart", false));
    book.write("b", 7, drafts::decision_objected(&by("Ana"), at(7), &decision, "it migrates"));
    book.write("a", 8, drafts::decision_made(&by("Mei"), at(8), &decision));
    book.write("b", 9, drafts::task_ended(&by("Ana"), at(9), &task, "done", "DNS is fine"));
    let incident = book.incident();
    let expected = [
        "Mei declared SEV-2: Checkout fails",
        "Mei took command",
        "T1 to Ana: look at DNS",
        "H1 opened: DNS is down",
        "H2 opened: the database is slow",
        "lookups answer in 2 ms",
        "H1 eliminated: lookups work",
        "D1 proposed: roll back cart",
        "Ana objects to D1: it migrates",
        "D1 decided: roll back cart",
        "T1 done: DNS is fine",
    ];
    assert_eq!(texts(&incident), expected);
    let hypothesis = &incident.hypotheses[0];
    assert_eq!(hypothesis.state, "eliminated");
    assert_eq!(hypothesis.evidence[1], ("against".into(), "lookups answer in 2 ms".into(), seen));
    assert_eq!((incident.tasks[0].state.as_str(), incident.tasks[0].ended_at), ("done", Some(moment(9))));
    assert_eq!(incident.decisions[0].objections, [("Ana".to_owned(), "it migrates".to_owned())]);
    assert_eq!(incident.timeline[2].detail, "reports at 23:25 CET");
    assert_eq!(incident.people, [person("Mei"), person("Ana")]);
}

#[test]
fn a_correction_keeps_the_earlier_wordings_and_moves_the_entry() {
    let mut book = commanded();
    let row = book.write("a", 5, drafts::hypothesis_opened(&by("Mei"), at(5), "DNS", &[]));
    let entry = |book: &Book| book.incident().timeline.iter().find(|it| it.row == row).unwrap().clone();
    let first = entry(&book);
    book.write("b", 6, drafts::correction(&by("Ana"), at(0), &first, "H1 opened: CoreDNS is down"));
    let second = entry(&book);
    book.write("a", 7, drafts::correction(&by("Mei"), at(0), &second, "CoreDNS is slow"));
    let last = entry(&book);
    assert_eq!(last.text, "H1 opened: CoreDNS is slow");
    let earlier: Vec<&str> = last.earlier.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(earlier, ["H1 opened: DNS", "H1 opened: CoreDNS is down"]);
    assert_eq!((last.occurred, last.recorded_at), (at(0), moment(5)));
    assert_eq!(book.incident().hypotheses[0].text, "CoreDNS is slow");
    assert_eq!(book.incident().timeline.len(), 3, "a correction is no entry of its own");
}

#[test]
fn a_machine_row_cannot_be_corrected_only_annotated() {
    let mut book = commanded();
    let alert = Alert { id: "x".into(), source: "alertmanager:a".into(), ..Alert::default() };
    let row = book.write("a", 5, drafts::alert(&alert, None, "fired", moment(3)));
    let entry = book.incident().timeline.last().unwrap().clone();
    assert!(entry.machine);
    book.write("a", 6, drafts::correction(&by("Mei"), at(6), &entry, "never happened"));
    book.write("a", 7, drafts::annotation(&by("Mei"), at(7), &row, "known since May"));
    let incident = book.incident();
    let after = incident.timeline.last().unwrap();
    assert_eq!((after.text.as_str(), after.earlier.len()), ("unnamed alert fired", 0));
    assert_eq!(after.annotations, [("Mei".to_owned(), moment(7), "known since May".to_owned())]);
}

#[test]
fn the_same_transition_seen_by_several_desks_is_one_entry_with_witnesses() {
    let mut book = commanded();
    let alert = Alert { id: "x".into(), source: "alertmanager:a".into(), ..Alert::default() };
    for desk in ["c", "a", "b"] {
        book.write(desk, 5, drafts::alert(&alert, None, "fired", moment(3)));
    }
    let incident = book.incident();
    assert_eq!(incident.timeline.len(), 3);
    assert_eq!(incident.timeline.last().unwrap().witnesses, ["b", "c"]);
}

#[test]
fn milestones_follow_from_the_rows_unless_a_person_set_them() {
    let mut book = commanded();
    let alert = Alert { id: "x".into(), source: "alertmanager:a".into(), ..Alert::default() };
    book.write("a", 2, drafts::alert(&alert, None, "fired", moment(-3)));
    let page = PageAttempt {
        source_id: "7".into(),
        queued_at: Some(moment(-2)),
        sent_at: Some(moment(-1)),
        acked_at: Some(moment(1)),
        ..PageAttempt::default()
    };
    for draft in drafts::page_transitions(None, &page, &[]) {
        book.write("a", 3, draft);
    }
    book.write("a", 4, drafts::milestone(&by("Mei"), at(-20), "impact_started", "first error"));
    book.write("a", 9, drafts::status(&by("Mei"), at(8), Status::Resolved, ""));
    let incident = book.incident();
    let found: Vec<(&str, i64)> =
        incident.milestones.iter().map(|it| (it.name.as_str(), (it.at.at - moment(0)).num_minutes())).collect();
    let expected = [
        ("impact_started", -20),
        ("detected", -3),
        ("first_paged", -2),
        ("first_acknowledged", 1),
        ("declared", 0),
        ("commander_assumed", 1),
        ("resolved", 8),
    ];
    assert_eq!(found, expected);
    assert_eq!(incident.pages, [page]);
}

#[test]
fn updates_are_due_by_severity_until_a_row_says_otherwise() {
    let mut book = commanded();
    assert_eq!(book.incident().update_every_minutes, Some(30));
    book.write("a", 2, drafts::severity(&by("Mei"), at(2), Severity(1), "all of it"));
    assert_eq!(book.incident().update_every_minutes, Some(15));
    book.write("a", 3, drafts::update_sent(&by("Mei"), at(3), "we look", "external", Some(20)));
    book.write("a", 4, drafts::severity(&by("Mei"), at(4), Severity(3), "less"));
    let incident = book.incident();
    assert_eq!((incident.update_every_minutes, incident.last_update_at), (Some(20), Some(moment(3))));
    book.write("a", 5, drafts::status(&by("Mei"), at(5), Status::Resolved, ""));
    assert_eq!(book.incident().update_every_minutes, None);
}

#[test]
fn a_desk_whose_clock_is_ahead_is_set_back_and_shown() {
    let mut book = Book::default();
    book.write("a", 60, declared(60));
    book.write("b", 2, drafts::role_assumed(&by("Ana"), at(2), "commander", &person("Ana")));
    let incident = book.incident();
    assert_eq!(texts(&incident), ["Mei declared SEV-2: Checkout fails", "Ana took command"]);
    assert!(incident.timeline[0].clock_clamped && !incident.timeline[1].clock_clamped);
    assert_eq!(incident.commander, Some(person("Ana")));
    assert_eq!(incident.command.last().unwrap().from, moment(2));
}

#[test]
fn attached_files_keep_their_names_through_a_correction() {
    let mut book = commanded();
    let file = (crate::id::BlobId::new("b1"), "graph.png".to_owned(), "image/png".to_owned());
    let row = book.write("a", 3, drafts::note(&by("Mei"), at(3), "memory", &[], &[file], ""));
    let entry = book.incident().timeline.iter().find(|it| it.row == row).cloned().unwrap();
    book.write("a", 4, drafts::correction(&by("Mei"), at(3), &entry, "the graph of memory"));
    let after = book.incident().timeline.iter().find(|it| it.row == row).cloned().unwrap();
    assert_eq!(after.text, "the graph of memory");
    assert_eq!(after.files, [("b1".to_owned(), "graph.png".to_owned())]);
}

#[test]
fn rows_of_a_newer_version_are_shown_and_change_nothing() {
    let mut book = commanded();
    let draft = drafts::note(&by("Mei"), at(3), "x", &[], &[], "");
    book.write("a", 3, Draft { kind: "team.formed".into(), payload: json!({ "text": "Alpha" }), ..draft });
    assert_eq!(texts(&book.incident()).last(), Some(&"team.formed: Alpha"));
}

/// Something a desk does, made from a few numbers.
pub(crate) fn act(book: &mut Book, desk: u8, minute: i64, what: u8, which: usize) {
    let names = ["Mei", "Ana", "Bo"];
    let me = names[usize::from(desk) % 3];
    let (other, actor, when) = (person(names[which % 3]), by(me), at(minute));
    let any = book.rows.get(which % book.rows.len().max(1)).map(|row| row.hash.clone()).unwrap_or_default();
    let last = |kind: &str| book.rows.iter().rfind(|row| row.kind == kind).map(|row| row.hash.clone());
    let offer = last(kinds::ROLE_OFFERED).unwrap_or_default();
    let draft = match what % 20 {
        0 => drafts::declared(&actor, when, "again", Severity(1), "UTC", &[], &[], true),
        1 | 2 => drafts::role_assumed(&actor, when, "commander", &person(me)),
        3 | 4 => drafts::role_offered(&actor, when, "commander", &other, "x"),
        5 | 6 => drafts::role_accepted(&actor, when, &offer, "commander"),
        7 => drafts::role_released(&actor, when, "commander", "x"),
        8 => drafts::status(&actor, when, [Status::Monitoring, Status::Resolved, Status::Learning][which % 3], "x"),
        9 => drafts::reopened(&actor, when, "x"),
        10 => drafts::hypothesis_judged(&actor, when, &any, "supported", "x", &[]),
        11 => drafts::hypothesis_opened(&actor, when, "x", &[]),
        14 => drafts::annotation(&actor, when, &any, "look"),
        15 => drafts::task_assigned(&actor, when, "look", &other, moment(minute + 5), &[]),
        16 => drafts::task_ended(&actor, when, &any, "done", "x"),
        17 => Draft { source: "am".into(), ..drafts::note(&drafts::machine("am"), when, "fired", &[], &[], "a1") },
        18 => drafts::decision(&actor, when, "roll back", false),
        12 => Draft { revises: Some(any), ..drafts::note(&actor, when, "y", &[], &[], "") },
        _ => drafts::note(&actor, when, "x", &[], &[], if which.is_multiple_of(4) { "t" } else { "" }),
    };
    book.write(["a", "b", "c"][usize::from(desk) % 3], minute, draft);
}

proptest! {
    #[test]
    fn any_arrival_order_gives_the_same_incident_and_command_has_no_hole(
        acts in prop::collection::vec((any::<u8>(), 0i64..40, any::<u8>(), any::<usize>()), 0..30),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
        twice in any::<prop::sample::Index>(),
    ) {
        let mut book = Book::default();
        book.write("a", 0, declared(0));
        for (desk, minute, what, which) in acts {
            act(&mut book, desk, minute, what, which);
        }
        let incident = book.incident();
        let mut other = book.clone();
        for (a, b) in swaps {
            let (a, b) = (a.index(other.rows.len()), b.index(other.rows.len()));
            other.rows.swap(a, b);
        }
        other.rows.push(other.rows[twice.index(other.rows.len())].clone());
        prop_assert_eq!(&incident, &other.incident());

        for pair in incident.command.windows(2) {
            let end = pair[0].to;
            prop_assert!(end.is_some_and(|end| end >= pair[0].from && end <= pair[1].from), "{:?}", incident.command);
        }
        let open = is_open(incident.status);
        prop_assert_eq!(incident.command.last().is_some_and(|it| it.to.is_none()), open);
        if open {
            prop_assert_eq!(&incident.command.last().unwrap().commander, &incident.commander);
        }
        prop_assert!(incident.roles.iter().filter(|it| it.role == "commander").count() <= 1);
        for instant in 0..45 {
            let holds = |it: &&CommandSpan| it.from <= moment(instant) && it.to.is_none_or(|to| moment(instant) < to);
            prop_assert!(incident.command.iter().filter(holds).count() <= 1);
        }
    }

    #[test]
    fn a_row_of_any_payload_is_folded_without_a_panic(kind in 0usize..60, text in any::<String>(), number in any::<i64>()) {
        let all: Vec<&str> = kinds::HUMAN.iter().chain(kinds::MACHINE).copied().collect();
        let mut book = commanded();
        for payload in [json!(null), json!(text), json!({ "text": text, "role": number, "person": text, "severity": number,
            "check_in_at": text, "every_minutes": number, "attempt": {}, "owner": {"id": 1}, "at": text })] {
            let draft = drafts::note(&by("Mei"), at(3), "x", &[], &[], "");
            let draft = Draft { kind: all[kind % all.len()].to_owned(), payload, ..draft };
            let _ = crate::ledger::rules::check(&book.incident(), &draft, moment(4));
            book.write("a", 3, draft);
        }
        prop_assert_eq!(book.incident().id, IncidentId::new("i"));
    }
}

#[test]
fn an_incident_declared_before_a_cluster_was_open_is_of_the_one_its_evidence_is_of() {
    let counts = drafts::FrozenCounts::default();
    let frozen = |cluster| drafts::evidence_frozen(moment(1), &"b".into(), cluster, "", counts);
    let mut book = Book::default();
    book.write("a", 0, Draft { payload: json!({ "title": "Checkout fails" }), ..declared(0) });
    assert!(book.incident().clusters.is_empty());
    book.write("a", 1, frozen("kind"));
    assert_eq!(book.incident().clusters, ["kind"]);
    let mut book = commanded();
    book.write("a", 2, frozen("kind"));
    assert_eq!(book.incident().clusters, ["kind"]);
    // Evidence of before clusters were named in it.
    book.write("a", 3, frozen(""));
    assert_eq!(book.incident().clusters, ["kind"]);
}

#[test]
fn ten_thousand_rows_fold_in_a_moment() {
    let mut book = commanded();
    let template = book.rows[1].clone();
    for number in 0..10_000u32 {
        let draft = drafts::note(&by("Mei"), at(i64::from(number % 600)), "cart is slow", &[], &[], "");
        let (hash, seq) = (RowId::new(format!("{number:064}")), u64::from(number) + 3);
        let hlc = crate::ledger::Hlc { micros: template.hlc.micros + i64::from(number), counter: 0 };
        book.rows.push(Row {
            hash,
            seq,
            hlc,
            kind: draft.kind,
            payload: draft.payload,
            occurred: draft.occurred,
            ..template.clone()
        });
    }
    assert_eq!(book.incident().timeline.len(), 10_002);
}
