//! Documents for the tests: any at all, and one of each kind.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Block, Document, Span};

/// Any text, with what Markdown and HTML would trip over more often than chance would have it.
pub fn any_text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "*",
        "**",
        "_",
        "__",
        "`",
        "``",
        "~",
        "~~",
        "[",
        "]",
        "(",
        ")",
        "![",
        "<",
        ">",
        "&",
        "&amp;",
        "#",
        "##",
        "-",
        "---",
        "+",
        "=",
        "===",
        "|",
        "\\",
        "\\|",
        "\n",
        "\n\n",
        " ",
        "  ",
        "    ",
        "\t",
        "\r",
        "\r\n",
        "1.",
        "2) ",
        "- ",
        "> ",
        "a",
        "b",
        "redis_cart",
        "end.",
        ":",
        ":-",
        "!",
        "\"",
        "<b>",
        "</em>",
        "<br>",
        "<!-- x -->",
        "https://x.y/?a=b&c",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "ß",
        "漢字",
        "🔥",
        "\u{0}",
        "&#10;",
        "~14:30",
        "14:??",
        "$x$",
        "{#id}",
        "[^1]",
        "^",
    ];
    prop::collection::vec(prop_oneof![6 => select(pieces).prop_map(str::to_owned), 1 => any::<String>()], 0..7)
        .prop_map(|pieces| pieces.concat())
}

/// Any run of text.
pub fn any_span() -> impl Strategy<Value = Span> {
    let link =
        prop_oneof![6 => Just(String::new()), 1 => Just("https://grafana/d/1?a=(b)&c".to_owned()), 1 => any_text()];
    let mark = || prop::bool::weighted(0.3);
    (any_text(), mark(), mark(), mark(), mark(), link).prop_map(|(text, strong, emphasis, code, strike, link)| Span {
        text,
        strong,
        emphasis,
        code,
        strike,
        link,
    })
}

fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::vec(any_span(), 0..5)
}

fn any_block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![
        2 => (0..7u8, any_spans()).prop_map(|(level, text)| Block::Heading { level, text }),
        4 => any_spans().prop_map(|text| Block::Paragraph { text }),
        2 => prop::collection::vec(prop::collection::vec(any_spans(), 0..3), 0..3).prop_map(|rows| Block::Table { rows }),
        1 => (any_text(), any_text()).prop_map(|(language, text)| Block::Code { language, text }),
        1 => (any_text(), any_text()).prop_map(|(blob, alt)| Block::Picture { blob, alt }),
        1 => Just(Block::Rule),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let blocks = prop::collection::vec(inner, 0..3);
        prop_oneof![
            3 => (any::<bool>(), prop::collection::vec(blocks.clone(), 0..4))
                .prop_map(|(ordered, items)| Block::List { ordered, items }),
            1 => blocks.prop_map(|blocks| Block::Quote { blocks }),
        ]
    })
}

/// Any document.
pub fn any_document() -> impl Strategy<Value = Document> {
    (any_text(), any_text(), prop::collection::vec(any_block(), 0..5)).prop_map(|(title, subtitle, blocks)| Document {
        title,
        subtitle,
        blocks,
    })
}

/// A document with a block of each kind.
pub fn each_kind() -> Document {
    let cell = |text: &str| vec![Span::plain(text)];
    Document {
        title: "Checkout failed after a cache image change".to_owned(),
        subtitle: "INC-0142, SEV 1, Thu 14 May 2026".to_owned(),
        blocks: vec![
            Block::heading(2, "Summary"),
            Block::Paragraph {
                text: vec![
                    Span::plain("The image of "),
                    Span { code: true, ..Span::plain("redis-cart") },
                    Span::plain(" was "),
                    Span::strong("changed"),
                    Span::plain(", see "),
                    Span { link: "https://grafana.example/d/1".to_owned(), ..Span::plain("the board") },
                    Span::plain(".\nIt was "),
                    Span::emphasis("killed"),
                    Span::plain(" "),
                    Span { strike: true, ..Span::plain("five") },
                    Span::plain(" 6 times & p99 < 50 ms."),
                ],
            },
            Block::List {
                ordered: true,
                items: vec![
                    vec![Block::paragraph("Image 7.4.0 sets no maxmemory.")],
                    vec![
                        Block::paragraph("Two alerts reached nobody."),
                        Block::List { ordered: false, items: vec![vec![Block::paragraph("KubePodCrashLooping")]] },
                    ],
                ],
            },
            Block::Table {
                rows: vec![
                    vec![cell("Time"), cell("Who"), cell("What")],
                    vec![cell("14:32:08"), cell("Prometheus"), cell("5xx | above 5 %")],
                ],
            },
            Block::Quote { blocks: vec![Block::paragraph("Carts are gone.")] },
            Block::Code { language: "sh".to_owned(), text: "kubectl rollout undo deployment/redis-cart".to_owned() },
            Block::Picture { blob: "ab12".to_owned(), alt: "The plan at 14:44:30".to_owned() },
            Block::Rule,
            Block::heading(2, "What went well"),
            Block::paragraph(""),
        ],
    }
}
