use super::*;
use crate::alerts::Alert;
use crate::id::RowId;
use crate::ledger::fold::tests::{Book, at, by, commanded, declared, moment, person};

/// The code a draft is refused with at minute 10; nothing where it may be written.
fn code(book: &Book, draft: &Draft) -> Option<&'static str> {
    let refusal = check(&book.incident(), draft, moment(10)).err()?;
    assert!(!refusal.message.is_empty() && !refusal.hint.is_empty());
    Some(refusal.code)
}

#[test]
fn command_is_offered_by_its_holder_and_accepted_by_whom_it_is_offered_to_after_the_brief() {
    let mut book = commanded();
    let offer = |from: &str, to: &str| drafts::role_offered(&by(from), at(10), "commander", &person(to), "");
    assert_eq!(code(&book, &offer("Ana", "Bo")), Some("not_holder"));
    assert_eq!(code(&book, &offer("Mei", "Mei")), Some("offer_to_self"));
    assert_eq!(code(&book, &offer("Mei", "Ana")), None);
    let row = book.write("a", 5, offer("Mei", "Ana"));
    assert_eq!(code(&book, &offer("Mei", "Ana")), Some("already_offered"));
    let accept = |who: &str| drafts::role_accepted(&by(who), at(10), &row, "commander");
    assert_eq!(code(&book, &accept("Bo")), Some("not_yours"));
    assert_eq!(code(&book, &accept("Ana")), Some("brief_not_shown"));
    assert_eq!(code(&book, &drafts::brief_shown(&by("Bo"), at(6), &row, "commander")), Some("not_yours"));
    book.write("b", 6, drafts::brief_shown(&by("Ana"), at(6), &row, "commander"));
    assert_eq!(code(&book, &accept("Ana")), None);
    assert_eq!(code(&book, &drafts::role_withdrawn(&by("Ana"), at(7), &row, "commander")), Some("not_yours"));
    book.write("a", 7, drafts::role_withdrawn(&by("Mei"), at(7), &row, "commander"));
    assert_eq!(code(&book, &accept("Ana")), Some("offer_closed"));
}

#[test]
fn a_role_is_assumed_only_where_nobody_holds_it() {
    let mut book = commanded();
    let take = drafts::role_assumed(&by("Ana"), at(10), "commander", &person("Ana"));
    let refusal = check(&book.incident(), &take, moment(10)).unwrap_err();
    assert_eq!((refusal.code, refusal.message.as_str()), ("role_held", "Mei holds command"));
    let release = |who: &str, why: &str| drafts::role_released(&by(who), at(10), "commander", why);
    assert_eq!(code(&book, &release("Ana", "x")), Some("not_holder"));
    assert_eq!(code(&book, &release("Mei", "")), Some("reason_needed"));
    book.write("a", 6, release("Mei", "off"));
    assert_eq!(code(&book, &take), None);
}

#[test]
fn a_task_has_one_owner_and_a_check_in_to_come() {
    let mut book = commanded();
    let task = |text: &str, owner: &str, minute: i64| {
        drafts::task_assigned(&by("Mei"), at(10), text, &person(owner), moment(minute), &[])
    };
    assert_eq!(code(&book, &task("look", "", 20)), Some("owner_needed"));
    assert_eq!(code(&book, &task("look", "Ana", 10)), Some("check_in_past"));
    assert_eq!(code(&book, &task(" ", "Ana", 20)), Some("empty_text"));
    assert_eq!(code(&book, &task("look", "Ana", 20)), None);
    let row = book.write("a", 5, task("look", "Ana", 20));
    assert_eq!(code(&book, &drafts::task_ended(&by("Ana"), at(6), &row, "done", "")), Some("empty_text"));
    book.write("a", 6, drafts::task_ended(&by("Ana"), at(6), &row, "done", "fine"));
    assert_eq!(code(&book, &drafts::task_ended(&by("Ana"), at(7), &row, "done", "x")), Some("task_ended"));
    let unknown = RowId::new("nowhere");
    assert_eq!(code(&book, &drafts::task_ended(&by("Ana"), at(7), &unknown, "done", "x")), Some("no_such_task"));
}

#[test]
fn an_incident_passes_through_its_states_and_no_others() {
    let mut book = Book::default();
    assert_eq!(code(&book, &drafts::status(&by("Mei"), at(1), Status::Resolved, "")), Some("not_declared"));
    assert_eq!(code(&book, &declared(0)), None);
    book.write("a", 0, declared(0));
    assert_eq!(code(&book, &declared(0)), Some("already_declared"));
    let to = |status: Status| drafts::status(&by("Mei"), at(1), status, "");
    let close = |how: &str| drafts::closed(&by("Mei"), at(2), how, "x", None);
    let reopen = drafts::reopened(&by("Mei"), at(3), "again");
    assert_eq!(code(&book, &to(Status::Declared)), Some("no_change"));
    assert_eq!(code(&book, &to(Status::Learning)), Some("bad_transition"));
    assert_eq!(code(&book, &to(Status::Closed)), Some("bad_transition"));
    assert_eq!(code(&book, &close("reviewed")), Some("not_resolved"));
    assert_eq!(code(&book, &close("duplicate")), Some("duplicate_of_what"));
    assert_eq!(code(&book, &close("forgotten")), Some("bad_closure"));
    assert_eq!(code(&book, &reopen), Some("not_resolved"));
    assert_eq!(code(&book, &to(Status::Resolved)), None);
    book.write("a", 2, to(Status::Resolved));
    assert_eq!(code(&book, &to(Status::Mitigating)), Some("bad_transition"));
    assert_eq!(code(&book, &to(Status::Learning)), None);
    assert_eq!(code(&book, &reopen), None);
    book.write("a", 3, close("reviewed"));
    assert_eq!(code(&book, &close("declined")), Some("already_closed"));
    assert_eq!(code(&book, &reopen), None);
}

#[test]
fn a_change_of_severity_needs_a_reason() {
    let book = commanded();
    let to = |severity: u8, why: &str| drafts::severity(&by("Mei"), at(3), Severity(severity), why);
    assert_eq!(code(&book, &to(1, "")), Some("reason_needed"));
    assert_eq!(code(&book, &to(2, "x")), Some("no_change"));
    assert_eq!(code(&book, &to(9, "x")), Some("bad_severity"));
    assert_eq!(code(&book, &to(1, "x")), None);
}

#[test]
fn what_a_machine_wrote_is_not_corrected() {
    let mut book = commanded();
    let alert = Alert { id: "x".into(), source: "alertmanager:a".into(), ..Alert::default() };
    let told = drafts::alert(&alert, None, "fired", moment(3));
    assert_eq!(code(&book, &told), None);
    let row = book.write("a", 3, told.clone());
    let entry = book.incident().timeline.last().unwrap().clone();
    assert_eq!(code(&book, &drafts::correction(&by("Mei"), at(4), &entry, "y")), Some("machine_row"));
    assert_eq!(code(&book, &Draft { actor: by("Mei"), ..told }), Some("machine_row"));
    assert_eq!(code(&book, &drafts::annotation(&by("Mei"), at(4), &row, "y")), None);
    assert_eq!(code(&book, &drafts::annotation(&by("Mei"), at(4), &"nowhere".into(), "y")), Some("no_such_row"));
}

#[test]
fn a_correction_says_something_else() {
    let mut book = commanded();
    book.write("a", 5, drafts::note(&by("Mei"), at(5), "cart is slow", &[], &[], ""));
    let entry = book.incident().timeline.last().unwrap().clone();
    let corrected = |minute: i64, text: &str| drafts::correction(&by("Ana"), at(minute), &entry, text);
    assert_eq!(code(&book, &corrected(5, "cart is slow")), Some("no_change"));
    assert_eq!(code(&book, &corrected(5, "")), Some("empty_text"));
    assert_eq!(code(&book, &corrected(4, "cart is slow")), None);
    assert_eq!(code(&book, &corrected(5, "cart is down")), None);
}

#[test]
fn texts_are_neither_empty_nor_endless_and_nothing_happens_in_the_future() {
    let book = commanded();
    let note = |minute: i64, text: &str| drafts::note(&by("Mei"), at(minute), text, &[], &[], "");
    assert_eq!(code(&book, &note(10, " \n")), Some("empty_text"));
    assert_eq!(code(&book, &note(10, &"x".repeat(LIMIT + 1))), Some("too_large"));
    assert_eq!(code(&book, &note(10, "a\0b")), Some("bad_character"));
    assert_eq!(code(&book, &note(16, "x")), Some("in_the_future"));
    assert_eq!(code(&book, &note(15, "x")), None);
    let file = [("b".into(), "shot.png".to_owned(), "image/png".to_owned())];
    assert_eq!(code(&book, &drafts::note(&by("Mei"), at(1), "", &[], &file, "")), None);
}

#[test]
fn a_hypothesis_is_judged_on_evidence_and_a_decision_is_made_once() {
    let mut book = commanded();
    let row = book.write("a", 2, drafts::hypothesis_opened(&by("Mei"), at(2), "DNS", &[]));
    let judged = |why: &str| drafts::hypothesis_judged(&by("Mei"), at(3), &row, "eliminated", why, &[]);
    assert_eq!(code(&book, &judged("")), Some("evidence_needed"));
    assert_eq!(code(&book, &judged("it answers")), None);
    let row = book.write("a", 4, drafts::decision(&by("Mei"), at(4), "roll back", true));
    assert_eq!(code(&book, &drafts::decision_made(&by("Mei"), at(5), &row)), Some("decision_made"));
}

#[test]
fn a_handoff_is_accepted_once_by_somebody_else() {
    let mut book = commanded();
    let row = book.write("a", 2, drafts::handoff_written(&by("Mei"), at(2), serde_json::json!({ "to": "Ana" })));
    assert_eq!(book.incident().timeline.last().unwrap().text, "Handoff note written for Ana");
    let accepted = |who: &str| drafts::handoff_accepted(&by(who), at(3), &row);
    assert_eq!(code(&book, &accepted("Mei")), Some("own_handoff"));
    assert_eq!(code(&book, &accepted("Ana")), None);
    book.write("a", 3, accepted("Ana"));
    assert_eq!(code(&book, &accepted("Bo")), Some("already_accepted"));
}

#[test]
fn milestones_have_names_and_lie_in_the_past() {
    let book = commanded();
    let set = |minute: i64, name: &str| drafts::milestone(&by("Mei"), at(minute), name, "x");
    assert_eq!(code(&book, &set(3, "lunch")), Some("bad_milestone"));
    assert_eq!(code(&book, &set(12, "mitigated")), Some("in_the_future"));
    assert_eq!(code(&book, &set(3, "mitigated")), None);
}
