//! What is printed is what was written: every row, every picture, whatever the text holds.

use std::collections::BTreeMap;

use broadstreet_core::id::BlobId;
use broadstreet_core::ports::Press;
use broadstreet_core::writing::{Block, Document, Span};
use broadstreet_press::TypstPress;
use proptest::prelude::*;

const MAP: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200"><rect width="400" height="200" fill="#f4efe4"/><rect x="20" y="20" width="90" height="40" fill="#c0392b"/><text x="24" y="44" font-size="14">redis-cart on the map</text></svg>"##;

/// One pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    4, 0, 0, 0, 0xb5, 0x1c, 0x0c, 2, 0, 0, 0, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0x60, 0, 0, 0, 6,
    0, 2, 0x30, 0x81, 0xd0, 0x2f, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

fn cell(text: impl Into<String>) -> Vec<Span> {
    vec![Span::plain(text)]
}

fn document(rows: usize) -> Document {
    let mut table = vec![vec![cell("Time (UTC)"), cell("Who"), cell("What")]];
    for row in 0..rows {
        let time = format!("2026-05-14 14:{:02}:{:02}", row / 60 % 60, row % 60);
        table.push(vec![cell(time), cell("alertmanager:main"), cell(format!("row{row:04} KubePodCrashLooping fired on redis-cart, which was killed once more and started again after ten seconds"))]);
    }
    Document {
        title: "Checkout failed".to_owned(),
        subtitle: "INC-0142, SEV 1, Thu 14 May 2026".to_owned(),
        blocks: vec![
            Block::heading(2, "Summary"),
            Block::paragraph("A routine image change let the cache outgrow its limit."),
            Block::Picture { blob: "map".to_owned(), alt: "The plan at 14:44:30".to_owned() },
            Block::heading(2, "Timeline"),
            Block::Table { rows: table },
        ],
    }
}

fn blobs() -> BTreeMap<BlobId, Vec<u8>> {
    BTreeMap::from([(BlobId::from("map"), MAP.as_bytes().to_vec()), (BlobId::from("dot"), PNG.to_vec())])
}

fn print(document: &Document) -> Vec<u8> {
    TypstPress::new().pdf(document, &blobs()).unwrap()
}

/// The text of each page, without the places where long words may break.
fn pages(pdf: &[u8]) -> Vec<String> {
    let pages = pdf_extract::extract_text_from_mem_by_pages(pdf).unwrap();
    pages.into_iter().map(|page| page.replace('\u{200b}', "")).collect()
}

#[test]
fn a_long_timeline_is_printed_row_by_row_under_a_head_on_every_page() {
    let pdf = print(&document(200));
    let pages = pages(&pdf);
    assert!(pages.len() > 5, "{} pages", pages.len());
    let all = pages.join("\n");
    for row in 0..200 {
        assert_eq!(all.matches(&format!("row{row:04}")).count(), 1, "row {row}");
    }
    for (number, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("{} / {}", number + 1, pages.len())), "page {number}: {page}");
        assert!(!page.contains("row0") || page.contains("Time (UTC)"), "page {number}: {page}");
    }
}

#[test]
fn the_map_is_drawn_in_the_document() {
    // Text of a picture is placed letter by letter.
    let with: String = pages(&print(&document(1))).concat().split_whitespace().collect();
    assert!(with.contains("redis-cartonthemap"), "{with}");
    let lost = TypstPress::new().pdf(&document(1), &BTreeMap::new()).unwrap();
    assert!(pages(&lost).join("\n").contains("A picture that is not in this copy"));
}

#[test]
fn a_png_is_drawn_too_and_a_broken_picture_does_not_cost_the_document() {
    let picture = |blob: &str| Document {
        blocks: vec![Block::paragraph("before"), Block::Picture { blob: blob.to_owned(), alt: "a dot".to_owned() }],
        ..Document::default()
    };
    let pdf = print(&picture("dot"));
    assert!(pdf.windows(8).any(|bytes| bytes == b"/Subtype") && contains(&pdf, b"/Image"));
    let mut blobs = blobs();
    blobs.insert(BlobId::from("dot"), PNG[..40].to_vec());
    let pdf = TypstPress::new().pdf(&picture("dot"), &blobs).unwrap();
    let text = pages(&pdf).join("\n");
    assert!(text.contains("before") && text.contains("not in this copy: a dot"), "{text}");
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn the_same_document_is_printed_to_the_same_bytes() {
    assert!(print(&document(3)) == print(&document(3)));
}

#[test]
fn a_text_that_looks_like_markup_is_printed_as_it_stands() {
    let text = "#panic(\"no\") *not bold* $x^2$ @ref <label> = heading \\ end";
    let document = Document {
        title: text.to_owned(),
        blocks: vec![Block::paragraph(text), Block::Table { rows: vec![vec![cell(text)]] }],
        ..Document::default()
    };
    let all = pages(&print(&document)).join("\n");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&all).matches(&words(text)).count() >= 3, "{all}");
}

fn any_block() -> impl Strategy<Value = Block> {
    let text = || "[ -~\\n“”äλЖ中🔥\u{0}\u{200b}]{0,40}";
    let span =
        (text(), any::<[bool; 4]>(), prop_oneof![Just(String::new()), Just("https://x.y/?a=\"b\"".to_owned()), text()])
            .prop_map(|(text, [strong, emphasis, code, strike], link)| Span {
                text,
                strong,
                emphasis,
                code,
                strike,
                link,
            });
    let spans = prop::collection::vec(span, 0..4);
    let leaf = prop_oneof![
        (1..5u8, spans.clone()).prop_map(|(level, text)| Block::Heading { level, text }),
        spans.clone().prop_map(|text| Block::Paragraph { text }),
        prop::collection::vec(prop::collection::vec(spans, 0..4), 0..4).prop_map(|rows| Block::Table { rows }),
        (text(), text()).prop_map(|(language, text)| Block::Code { language, text }),
        (prop_oneof![Just("map".to_owned()), text().prop_map(|text| text)], text())
            .prop_map(|(blob, alt)| Block::Picture { blob, alt }),
        Just(Block::Rule),
    ];
    leaf.prop_recursive(12, 24, 2, |inner| {
        let blocks = prop::collection::vec(inner, 0..3);
        prop_oneof![
            (any::<bool>(), prop::collection::vec(blocks.clone(), 0..3))
                .prop_map(|(ordered, items)| Block::List { ordered, items }),
            blocks.prop_map(|blocks| Block::Quote { blocks }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_document_is_printed(title in "[ -~\\n\u{0}]{0,30}", blocks in prop::collection::vec(any_block(), 0..6)) {
        let document = Document { title, subtitle: "s\"\\".to_owned(), blocks };
        let printed = TypstPress::new().pdf(&document, &blobs());
        prop_assert!(printed.is_ok(), "{:?}", printed.err());
    }
}

#[test]
fn a_list_nested_a_hundred_deep_is_printed() {
    let mut block = Block::paragraph("deepest");
    for level in 0..100 {
        block = if level % 2 == 0 {
            Block::List { ordered: false, items: vec![vec![block]] }
        } else {
            Block::Quote { blocks: vec![block] }
        };
    }
    let text = pages(&print(&Document { blocks: vec![block], ..Document::default() })).join("\n");
    assert!(text.contains("deepest"));
}
