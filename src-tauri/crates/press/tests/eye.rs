#[test]
fn eye() {
    use broadstreet_core::ports::Press;
    let text = include_str!("../../core/src/writing/draft/expected.md");
    let mut doc = broadstreet_core::writing::markdown::read(text);
    let map = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200"><rect width="400" height="200" fill="#f4efe4"/><rect x="20" y="20" width="90" height="40" fill="#c0392b"/><text x="24" y="44" font-size="14">redis-cart on the map</text></svg>"##;
    doc.blocks.extend(broadstreet_core::writing::markdown::read("> quoted *x*\n\n```sh\nkubectl rollout undo\n```\n\n中文 and 🔥 and `code` [link](https://x.y)\n\n- a\n  - b\n    - c\n\n1. one\n2. two sha256:01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789").blocks);
    let blobs = [("ab12".into(), map.as_bytes().to_vec())].into_iter().collect();
    let pdf = broadstreet_press::TypstPress::new().pdf(&doc, &blobs).unwrap();
    std::fs::write("/tmp/eye.pdf", pdf).unwrap();
}
