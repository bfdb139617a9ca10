//! Broadstreet in a desktop window.
fn main() {}
