//! Broadstreet without a window.
fn main() {}
