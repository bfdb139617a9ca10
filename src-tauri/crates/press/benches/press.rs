//! How long a document takes to print.

use std::collections::BTreeMap;
use std::hint::black_box;

use broadstreet_core::ports::Press;
use broadstreet_core::writing::{Block, Document, Span};
use broadstreet_press::TypstPress;
use criterion::{Criterion, criterion_group, criterion_main};

/// A document of about ten pages.
fn document() -> Document {
    let cell = |text: String| vec![Span::plain(text)];
    let mut rows = vec![vec![cell("Time".to_owned()), cell("Who".to_owned()), cell("What".to_owned())]];
    for row in 0..390 {
        rows.push(vec![
            cell(format!("2026-05-14 14:{:02}:{:02}", row / 60, row % 60)),
            cell("alertmanager:main".to_owned()),
            cell(format!("KubePodCrashLooping fired on redis-cart for the {row}th time, one pod of three is left")),
        ]);
    }
    let blocks = vec![Block::heading(2, "Timeline"), Block::Table { rows }];
    Document { title: "Checkout failed".to_owned(), subtitle: String::new(), blocks }
}

fn printing(c: &mut Criterion) {
    let document = document();
    let press = TypstPress::new();
    let mut group = c.benchmark_group("press");
    group.sample_size(10);
    group.bench_function("pdf of 10 pages", |b| {
        let mut print = 0;
        b.iter(|| {
            // Another title each time, so that nothing remembered is printed again.
            print += 1;
            let document = Document { title: format!("Checkout failed {print}"), ..document.clone() };
            black_box(press.pdf(&document, &BTreeMap::new()))
        });
    });
    group.finish();
}

criterion_group!(benches, printing);
criterion_main!(benches);
