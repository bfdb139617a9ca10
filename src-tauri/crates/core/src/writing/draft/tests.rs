use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{DraftFacts, draft};
use crate::id::{BlobId, IncidentId, PersonId, RowId};
use crate::ledger::Actor;
use crate::ledger::incident::{
    ActionItem, CommandSpan, Decision, Entry, Hypothesis, Incident, Milestone, Person, RoleSpan, Severity, Status,
    Wording,
};
use crate::time::{Moment, Precision, Stamp};
use crate::writing::samples::any_text;
use crate::writing::{Block, Document, Span, html, markdown, pictures, prosemirror};

fn at(text: &str) -> Moment {
    format!("2026-05-14T{text}Z").parse().unwrap()
}

fn person(name: &str) -> Person {
    Person { id: PersonId::new(name.to_lowercase()), name: name.to_owned() }
}

fn entry(occurred: Stamp, kind: &str, actor: Actor, text: &str) -> Entry {
    Entry {
        row: RowId::new(text),
        occurred,
        recorded_at: occurred.at,
        kind: kind.to_owned(),
        machine: matches!(actor, Actor::Machine { .. }),
        source: if matches!(actor, Actor::Machine { .. }) {
            "alertmanager:main".to_owned()
        } else {
            "person".to_owned()
        },
        actor,
        text: text.to_owned(),
        detail: String::new(),
        label: String::new(),
        state: String::new(),
        refs: vec![],
        files: Vec::new(),
        earlier: vec![],
        annotations: vec![],
        witnesses: vec![],
        clock_clamped: false,
        entered_on: String::new(),
    }
}

/// A wording that was corrected later.
fn wording(text: &str, occurred: Stamp, recorded: &str, by: &str) -> Wording {
    Wording { row: RowId::new(text), text: text.to_owned(), occurred, recorded_at: at(recorded), by: by.to_owned() }
}

fn by(name: &str) -> Actor {
    Actor::Person { id: PersonId::new(name.to_lowercase()), name: name.to_owned() }
}

fn hypothesis(label: &str, text: &str, state: &str, side: &str, evidence: &str) -> Hypothesis {
    Hypothesis {
        row: RowId::new(label),
        label: label.to_owned(),
        text: text.to_owned(),
        state: state.to_owned(),
        by: "Amara".to_owned(),
        opened_at: at("12:41:00"),
        state_at: at("12:47:00"),
        evidence: vec![(side.to_owned(), evidence.to_owned(), RowId::default())],
        subjects: vec![],
    }
}

fn held(role: &str, who: &str, from: &str, to: Option<&str>) -> RoleSpan {
    RoleSpan { role: role.to_owned(), person: person(who), from: at(from), to: to.map(at) }
}

fn incident() -> Incident {
    let set =
        |name: &str, time: &str| Milestone { name: name.to_owned(), at: Stamp::exact(at(time)), row: RowId::default() };
    let mut noted = entry(
        Stamp::exact(at("12:33:00")),
        "alert.fired",
        Actor::Machine { name: "alertmanager".to_owned() },
        "CheckoutErrors fired",
    );
    noted.annotations = vec![("Mei".to_owned(), at("12:50:00"), "this one reached nobody".to_owned())];
    let rough = Stamp { at: at("12:30:00"), precision: Precision::Minute, approx: true };
    let mut corrected = entry(Stamp::exact(at("13:08:40")), "note", by("Amara"), "Rolled back redis-cart");
    corrected.earlier = vec![
        wording("Rolled back cartservice", Stamp::exact(at("13:08:00")), "13:09:00", "Amara"),
        wording(
            "Rolled back redis",
            Stamp { precision: Precision::Hour, ..Stamp::exact(at("13:00:00")) },
            "13:10:30",
            "Tomas",
        ),
    ];
    Incident {
        id: IncidentId::from("01J"),
        number: 142,
        title: "Checkout failing in eu-west".to_owned(),
        severity: Some(Severity(1)),
        status: Status::Resolved,
        zone: "Europe/Berlin".to_owned(),
        command: vec![
            CommandSpan { commander: None, from: at("12:39:00"), to: Some(at("12:40:10")) },
            CommandSpan { commander: Some(person("Ngozi")), from: at("12:40:10"), to: Some(at("13:07:00")) },
            CommandSpan { commander: Some(person("Tomas")), from: at("13:07:00"), to: Some(at("13:13:21")) },
        ],
        held: vec![
            held("commander", "Ngozi", "12:40:10", Some("13:07:00")),
            held("operations_lead", "Amara", "12:41:00", Some("12:58:00")),
            held("communications_lead", "Yuki", "12:44:00", Some("13:02:30")),
            held("operations_lead", "Noor", "12:58:00", None),
            held("commander", "Tomas", "13:07:00", None),
        ],
        milestones: vec![
            set("impact_started", "12:32:08"),
            set("detected", "12:33:00"),
            set("declared", "12:39:00"),
            set("impact_ended", "13:13:21"),
            set("resolved", "13:13:21"),
        ],
        severity_changes: vec![(at("12:39:00"), Severity(2)), (at("12:45:00"), Severity(1))],
        hypotheses: vec![
            hypothesis("H1", "The cache outgrows its memory limit", "supported", "for", "6 kills of redis-cart"),
            hypothesis("H2", "The network drops packets", "eliminated", "against", "0 retransmits on every node"),
            hypothesis("H3", "A client retries too often", "open", "for", ""),
        ],
        decisions: vec![Decision {
            row: RowId::default(),
            label: "D1".to_owned(),
            text: "Roll the image back".to_owned(),
            state: "made".to_owned(),
            proposed_by: "Amara".to_owned(),
            made_by: "Tomas".to_owned(),
            objections: vec![("Yuki".to_owned(), "carts are lost".to_owned())],
            state_at: at("13:05:00"),
        }],
        actions: vec![ActionItem {
            text: "Set maxmemory on redis-cart".to_owned(),
            owner: "Yuki".to_owned(),
            due: Some(at("12:00:00")),
            r#type: "prevent".to_owned(),
            end_state: "limit minus maxmemory ≥ 56 Mi in prod".to_owned(),
            state: "open".to_owned(),
            ..ActionItem::default()
        }],
        timeline: vec![
            entry(rough, "observation", by("Mei"), "Carts look empty").into(),
            noted.into(),
            corrected.into(),
        ],
        people: vec![person("Ngozi"), person("Mei")],
        ..Incident::default()
    }
}

fn facts() -> DraftFacts {
    DraftFacts {
        map_blob: Some(BlobId::from("ab12")),
        map_caption: "The plan at 14:44:30, 13 firing".to_owned(),
        now: at("14:00:00"),
    }
}

fn timeline(document: &Document) -> Vec<Vec<String>> {
    let after = document.blocks.iter().skip_while(|block| **block != Block::heading(2, "Timeline"));
    let rows = after.into_iter().find_map(|block| if let Block::Table { rows } = block { Some(rows) } else { None });
    let words = |cell: &Vec<Span>| cell.iter().map(|span| span.text.as_str()).collect::<String>();
    rows.unwrap().iter().skip(1).map(|row| row.iter().map(words).collect()).collect()
}

#[test]
fn the_draft_tells_what_the_record_knows() {
    let expected = include_str!("expected.md");
    let written = markdown::write(&draft(&incident(), &facts()));
    assert_eq!(written, expected, "\n{written}");
}

#[test]
fn every_wording_of_a_corrected_row_is_told_oldest_first_with_its_time_and_by_whom() {
    let document = draft(&incident(), &facts());
    let told: Vec<String> = timeline(&document)[2][2].lines().map(str::to_owned).collect();
    let expected = [
        "Rolled back redis-cart",
        "Earlier wording by Amara, recorded 2026-05-14 15:09:00, for 2026-05-14 15:08:00: Rolled back cartservice",
        "Earlier wording by Tomas, recorded 2026-05-14 15:10:30, for 2026-05-14 15:??: Rolled back redis",
    ];
    assert_eq!(told, expected);
    let page = html::page(&document, &BTreeMap::new());
    for line in expected {
        assert!(page.contains(line), "{line}");
    }
}

#[test]
fn the_picture_of_the_map_is_named_once() {
    assert_eq!(pictures(&draft(&incident(), &facts())), vec![BlobId::from("ab12")]);
    let without = DraftFacts { map_blob: None, ..facts() };
    assert!(pictures(&draft(&incident(), &without)).is_empty());
}

#[test]
fn an_incident_nobody_told_anything_of_is_drafted_too() {
    let document = draft(&Incident::default(), &DraftFacts { now: at("14:00:00"), ..DraftFacts::default() });
    assert_eq!(document.title, "Postmortem");
    assert!(timeline(&document).is_empty());
    assert_eq!(markdown::read(&markdown::write(&document)), document);
}

#[test]
fn a_row_in_the_hour_the_clocks_change_says_which_time_it_tells() {
    let night = |text: &str| Stamp::exact(format!("2026-10-25T{text}Z").parse().unwrap());
    let incident = Incident {
        zone: "Europe/Berlin".to_owned(),
        timeline: vec![
            entry(night("00:30:00"), "note", by("Mei"), "before").into(),
            entry(night("01:30:00"), "note", by("Mei"), "after").into(),
        ],
        ..Incident::default()
    };
    let times: Vec<String> = timeline(&draft(&incident, &facts())).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(times, ["2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_row_of_the_record_is_in_the_draft_and_in_each_form_of_it(
        texts in prop::collection::vec((any_text(), any_text(), 0..100_000i64), 0..12),
        earlier in prop::collection::vec(any_text(), 0..4)
    ) {
        let mut incident = incident();
        incident.timeline = texts.iter().map(|(text, detail, after)| {
            let stamp = Stamp::exact(at("12:00:00") + chrono::Duration::seconds(*after));
            let earlier = earlier.iter().map(|text| wording(text, stamp, "13:00:00", "Mei")).collect();
            Entry { detail: detail.clone(), earlier, ..entry(stamp, "note", by("Mei"), text) }.into()
        }).collect();
        let document = draft(&incident, &facts());
        let rows = timeline(&document);
        prop_assert_eq!(rows.len(), texts.len());
        for (row, (text, detail, _)) in rows.iter().zip(&texts) {
            prop_assert!(row[2].contains(text.as_str()) && row[2].contains(detail.as_str()));
            prop_assert_eq!(row[2].matches("Earlier wording by Mei, recorded ").count(), earlier.len());
            prop_assert!(earlier.iter().all(|text| row[2].contains(text.as_str())));
        }
        let text = markdown::write(&document);
        prop_assert_eq!(markdown::write(&markdown::read(&text)), text.clone());
        let kept = prosemirror::from_json(&prosemirror::to_json(&document), &document.title, &document.subtitle).unwrap();
        prop_assert_eq!(markdown::write(&kept), text);
        prop_assert_eq!(html::page(&document, &BTreeMap::new()).matches("<tr>").count(), texts.len() + 12);
    }
}
