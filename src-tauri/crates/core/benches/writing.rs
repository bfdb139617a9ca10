//! How long drafting and writing a postmortem takes.

use std::collections::BTreeMap;
use std::hint::black_box;

use broadstreet_core::id::{PersonId, RowId};
use broadstreet_core::ledger::Actor;
use broadstreet_core::ledger::incident::{Entry, Incident, Person};
use broadstreet_core::time::{Moment, Stamp};
use broadstreet_core::writing::{DraftFacts, draft, html, markdown, prosemirror};
use criterion::{Criterion, criterion_group, criterion_main};

fn at(seconds: i64) -> Moment {
    Moment::from_timestamp(1_778_762_000 + seconds, 0).unwrap_or_default()
}

fn incident(rows: i64) -> Incident {
    let person = |row: i64| Person { id: PersonId::new(format!("p{}", row % 9)), name: format!("Person {}", row % 9) };
    let entry = |row: i64| Entry {
        row: RowId::new(row.to_string()),
        occurred: Stamp::exact(at(row * 7)),
        recorded_at: at(row * 7 + 2),
        kind: "note".to_owned(),
        machine: false,
        actor: Actor::Person { id: person(row).id, name: person(row).name },
        source: "person".to_owned(),
        text: format!("redis-cart was killed again, {row} times by now; the limit of 256 Mi holds for ~{row} s"),
        detail: String::new(),
        label: String::new(),
        state: String::new(),
        refs: Vec::new(),
        files: Vec::new(),
        earlier: Vec::new(),
        annotations: Vec::new(),
        witnesses: Vec::new(),
        clock_clamped: false,
        entered_on: "laptop".to_owned(),
    };
    Incident {
        number: 142,
        title: "Checkout failing".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        timeline: (0..rows).map(|row| entry(row).into()).collect(),
        people: (0..9).map(person).collect(),
        ..Incident::default()
    }
}

fn writing(c: &mut Criterion) {
    let incident = incident(1000);
    let facts = DraftFacts { now: at(10_000), ..DraftFacts::default() };
    let document = draft(&incident, &facts);
    let text = markdown::write(&document);
    let mut group = c.benchmark_group("writing");
    group.sample_size(20);
    group.bench_function("draft from 1,000 rows", |b| b.iter(|| black_box(draft(&incident, &facts))));
    group.bench_function("write Markdown of 1,000 rows", |b| b.iter(|| black_box(markdown::write(&document))));
    group.bench_function("read Markdown of 1,000 rows", |b| b.iter(|| black_box(markdown::read(&text))));
    group.bench_function("write HTML of 1,000 rows", |b| b.iter(|| black_box(html::page(&document, &BTreeMap::new()))));
    group.bench_function("write the editor's JSON of 1,000 rows", |b| {
        b.iter(|| black_box(prosemirror::to_json(&document)))
    });
    group.finish();
}

criterion_group!(benches, writing);
criterion_main!(benches);
