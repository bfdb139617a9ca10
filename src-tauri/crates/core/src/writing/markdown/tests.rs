use proptest::prelude::*;

use super::{read, write};
use crate::writing::samples::{any_document, any_text, each_kind};
use crate::writing::{Block, Document, Span, normal};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn markdown_gives_back_any_document(document in any_document()) {
        let text = write(&document);
        prop_assert_eq!(read(&text), normal(&document), "{}", text);
    }

    #[test]
    fn any_text_reads_and_settles_after_one_writing(text in any_text(), more in any::<String>()) {
        let document = read(&format!("{text}\n\n{more}\n{text}"));
        prop_assert_eq!(read(&write(&document)), normal(&document));
    }
}

#[test]
fn markdown_reads_like_markdown() {
    let expected = "\
# Checkout failed after a cache image change

*INC-0142, SEV 1, Thu 14 May 2026*

## Summary

The image of `redis-cart` was **changed**, see [the board](https://grafana.example/d/1).\\
It was *killed* ~~five~~ 6 times & p99 < 50 ms.

1. Image 7.4.0 sets no maxmemory.
2. Two alerts reached nobody.
   - KubePodCrashLooping

| Time | Who | What |
| --- | --- | --- |
| 14:32:08 | Prometheus | 5xx \\| above 5 % |

> Carts are gone.

```sh
kubectl rollout undo deployment/redis-cart
```

![The plan at 14:44:30](blob:ab12)

---

## What went well

<!-- -->
";
    assert_eq!(write(&each_kind()), expected);
    assert_eq!(read(expected), each_kind());
}

#[test]
fn markdown_from_elsewhere_keeps_its_words() {
    let text = "Setext\n===\n\nby *Ngozi*\n\n* one\n* two\n\n<details>more</details>\n\n![board](https://x/y.png) after\n\n    indented\n";
    let document = read(text);
    assert_eq!(document.title, "Setext");
    assert_eq!(document.subtitle, "");
    let link = Span { link: "https://x/y.png".to_owned(), ..Span::plain("board") };
    assert_eq!(
        document.blocks,
        vec![
            Block::Paragraph { text: vec![Span::plain("by "), Span::emphasis("Ngozi")] },
            Block::List { ordered: false, items: vec![vec![Block::paragraph("one")], vec![Block::paragraph("two")]] },
            Block::Code { language: "html".to_owned(), text: "<details>more</details>".to_owned() },
            Block::Paragraph { text: vec![link, Span::plain(" after")] },
            Block::Code { language: String::new(), text: "indented".to_owned() },
        ]
    );
}

#[test]
fn a_thousand_nested_quotes_do_not_exhaust_the_stack() {
    let document = read(&format!("{} deep", ">".repeat(1000)));
    assert!(!document.blocks.is_empty());
    let deep = read(&format!("{}deep", "- ".repeat(1000)));
    assert!(format!("{:?}", deep.blocks).contains("deep"));
}

#[test]
fn an_empty_document_is_an_empty_text() {
    assert_eq!(read(&write(&Document::default())), Document::default());
    assert_eq!(read(""), Document::default());
}
