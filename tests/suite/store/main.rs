//! The story suite of the store: one list of stories over the port, told on SQLite and on PostgreSQL.
//!
//! `cargo test --test store -- WORD` tells only those whose names have the word.

mod files;
mod ledger;
mod recordings;
mod removal;
mod together;
mod told;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use broadstreet_tests::databases::{Database, Place};
use broadstreet_tests::postgres::Server;
use futures_util::FutureExt;

/// A story on an empty database.
type Tell = fn(Database) -> Pin<Box<dyn Future<Output = ()>>>;

/// No story takes longer on a slow machine.
const AT_MOST: Duration = Duration::from_mins(2);

/// Lists stories by the names of their functions.
macro_rules! stories {
    ($($part:ident: $($name:ident)*;)*) => {
        &[$($((stringify!($name), |database| Box::pin($part::$name(database)))),*),*]
    };
}

const STORIES: &[(&str, Tell)] = stories! {
    ledger:
        rows_appended_are_read_back_as_they_were_sealed
        a_row_appended_again_is_left_out_and_the_rest_is_stored
        a_transition_told_before_refuses_the_whole_batch
        another_writer_tells_the_same_transition_for_itself
        a_row_that_does_not_continue_its_chain_stores_nothing_of_its_batch
        rows_for_an_incident_nobody_opened_are_refused
        a_batch_for_two_incidents_keeps_two_chains
        rows_are_read_in_fold_order_whoever_wrote_them
        a_cursor_goes_through_an_incident_once_in_the_order_stored
        incidents_are_numbered_without_holes_and_listed_newest_first
        what_was_acknowledged_is_there_when_opened_again
        any_text_comes_back_as_it_was_written;
    together:
        another_writers_rows_are_told_to_those_who_follow
        a_follower_that_lost_notices_is_told_to_ask_again
        two_writers_append_at_once_and_a_cursor_misses_nothing
        one_row_appended_by_two_at_once_is_stored_once
        two_who_open_at_once_get_two_numbers_for_two_and_one_for_one;
    removal:
        a_removed_incident_takes_everything_of_it_along
        a_removed_incident_does_not_come_back_by_an_append_or_a_late_save
        a_removed_incident_opened_anew_has_its_number_and_starts_empty
        what_another_incident_names_stays_when_one_is_removed
        a_recording_that_still_grows_stays_when_its_incident_is_removed;
    recordings:
        a_segment_comes_back_as_it_was_kept
        an_open_segment_grows_by_what_came_since
        a_segment_of_many_objects_is_kept_in_parts
        segments_are_listed_by_the_window_they_touch
        a_segment_without_sense_is_refused
        retention_deletes_what_is_old_and_what_is_too_much
        what_an_incident_keeps_outlives_retention
        a_drawn_map_is_the_last_by_a_moment_and_goes_with_its_segment
        storage_used_says_what_lies_where;
    files:
        a_file_is_named_by_its_content_and_kept_once
        a_file_too_large_is_refused_and_one_that_is_not_there_is_named
        a_document_is_its_last_revision_and_belongs_to_one_incident
        a_setting_is_what_was_put_last
        keys_are_seen_once_and_listed_in_order
        a_database_of_a_newer_program_is_refused
        who_may_only_read_reads_everything_and_writes_nothing;
};

/// Tells one story, answers whether it held.
async fn held(place: Place, tell: Tell) -> bool {
    let story = async { tell(Database::new(place).await).await };
    if let Ok(told) = tokio::time::timeout(AT_MOST, AssertUnwindSafe(story).catch_unwind()).await {
        return told.is_ok();
    }
    eprintln!("not told to its end in {AT_MOST:?}");
    false
}

fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|word| word.starts_with('-'));
    let chosen: Vec<_> =
        STORIES.iter().filter(|(name, _)| words.is_empty() || words.iter().any(|it| name.contains(it))).collect();
    if flags.iter().any(|flag| flag == "--list") {
        for (name, _) in chosen {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => panic!("no runtime: {why}"),
    };
    // Held to the end, so that one server does for all of them.
    let server = if chosen.is_empty() { None } else { Some(Server::shared()) };
    let mut failed = Vec::new();
    let counts = [Place::Sqlite, Place::Postgres].map(|place| {
        let mut stories = 0;
        for (name, tell) in &chosen {
            if runtime.block_on(held(place, *tell)) {
                stories += 1;
            } else {
                failed.push(format!("{place}::{name}"));
            }
        }
        println!("{place}: {stories} stories");
        stories
    });
    drop(server);
    for name in &failed {
        println!("FAILED {name}");
    }
    let [sqlite, postgres] = counts;
    let well = failed.is_empty() && sqlite == postgres && sqlite == chosen.len();
    let verdict = if well { "ok" } else { "FAILED" };
    println!("test result: {verdict}. {} passed; {} failed; 0 ignored", sqlite + postgres, failed.len());
    // With a word nobody's name has, cargo's other tests do not fail either; without one there must be stories.
    if well && (sqlite > 0 || !words.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
