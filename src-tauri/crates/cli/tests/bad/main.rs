//! When the input is bad: every case of the issue, through the built program as a process or through HTTP to its `serve`.
//!
//! Each test asserts the code, that the message names the thing, and that there is a hint; then that the next good answer
//! is taken; then that nothing recorded before is lost.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "the clock of a test, not of the product")]

mod bundle;
mod cluster;
mod kubeconfig;
mod pager;
#[path = "../place/mod.rs"]
mod place;
mod requests;
mod signals;
mod store;

use place::Place;

/// A place with an incident in which something was recorded.
fn recorded() -> Place {
    let place = Place::declared();
    place.mei(&["incident", "note", "written before the fault"]);
    place
}

/// What was recorded before is there, and proves itself.
#[track_caller]
fn nothing_is_lost(place: &Place) {
    let shown = place.json(&["incident", "show", "1", "--timeline"]);
    assert!(shown["timeline"].to_string().contains("written before the fault"), "{shown:#}");
    let wrote = place.json(&["export", "INC-0001", "kept.broadstreet"]);
    let held = place.json(&["verify", wrote["file"].as_str().unwrap()]);
    // A desk that still runs may write meanwhile.
    let after = place.json(&["incident", "show", "1"]);
    let [before, held, after] = [&shown["incident"], &held, &after].map(|it| it["rows"].as_u64().unwrap());
    assert!(before <= held && held <= after, "{before} rows, {held} in the file, {after} then");
}
