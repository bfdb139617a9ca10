//! What befalls an API server and the way to it. After each fault the world is again what the server's own store is, within
//! half a minute: nothing is missing, nothing is there that is gone or there twice, and what was started for it is gone.
//!
//! | fault | test |
//! |---|---|
//! | 410 in the stream | `streams::a_watch_told_that_it_is_too_old_reads_everything_anew` |
//! | 410 as a status | `streams::a_watch_refused_as_too_old_reads_everything_anew` |
//! | connection cut in the middle of an event | `streams::a_connection_cut_in_the_middle_of_an_event_loses_none` |
//! | half-closed socket | `streams::a_socket_that_is_half_closed_is_noticed` |
//! | a connection that is dead without a sign | `streams::a_watch_whose_connection_died_in_silence_is_noticed_within_half_a_minute` |
//! | the path cut and mended, nobody told | `streams::after_the_path_was_cut_every_watch_starts_anew` |
//! | an event for an object never listed | `streams::events_of_objects_never_listed_are_taken` |
//! | duplicates | `streams::an_event_told_twice_is_handed_on_once` |
//! | resource versions out of order | `streams::events_out_of_order_bring_nothing_back` |
//! | a line that is no event, an unknown type | `streams::a_line_that_is_no_event_costs_a_list_and_no_object` |
//! | server upgraded in place | `streams::an_upgraded_server_is_followed_and_its_version_told` |
//! | continue token expired in the middle of many pods | `lists::a_token_that_expires_among_many_pods_costs_no_pod` |
//! | the same without streaming lists | `lists::without_streaming_lists_everything_is_read_in_one_piece` |
//! | the same, 150,000 pods | `lists::a_token_that_expires_among_150_000_pods_costs_no_pod`, `lists::without_streaming_lists_150_000_pods_are_read_in_one_piece` |
//! | a page that fails | `lists::a_page_that_fails_is_asked_for_again_and_not_the_first` |
//! | 429 with and without Retry-After | `lists::a_server_that_is_busy_is_asked_when_it_said_and_read_in_the_end` |
//! | 500s | `lists::a_server_without_a_leader_is_read_once_it_has_one` |
//! | malformed objects | `lists::objects_that_are_malformed_are_named_and_spoil_no_other` |
//! | permission taken away and given back | `permissions::a_permission_taken_away_is_named_and_one_given_back_is_noticed_within_a_minute` |
//! | the same in a namespace | `permissions::a_permission_in_a_namespace_is_noticed_by_every_kind_it_is_about` |
//! | a reader of one namespace | `permissions::a_restricted_reader_has_all_of_their_namespace_and_causes_one_refusal_a_kind_and_minute` |
//! | a namespace that goes unnoticed | `permissions::a_namespace_that_goes_takes_along_what_was_in_it` |
//! | a kind that vanishes and comes back | `permissions::a_kind_whose_definition_goes_takes_its_objects_along_and_is_read_once_it_is_back` |
//! | 404 of a kind that is there | `permissions::a_kind_that_answers_404_while_the_server_has_it_loses_nothing` |
//! | a server that starts and is not ready: 429 | `restarts::what_failed_while_a_server_was_down_delays_nothing_once_it_is_back` |
//! | the same: 403 of what was allowed | `restarts::what_a_server_refuses_while_it_starts_is_asked_again_before_it_is_believed` |
//! | the same: 403 for longer, then given back | `restarts::what_a_server_still_refuses_after_it_started_is_forbidden` |
//! | a permission given back for one kind only | `permissions::what_is_given_back_to_one_kind_costs_no_other_a_second_refusal` |
//! | what may be listed and not watched | `permissions::what_may_be_listed_and_not_watched_is_no_news_to_other_kinds_time_and_again` |
//! | a sleep of hours | `permissions::after_hours_of_sleep_everything_is_read_anew_where_the_timer_stood_still`, `…_went_on` |
//! | the TCP path cut, at the desk | `freshness::cutting_the_path_is_seen_within_ten_seconds` |
//! | the server gone, at the desk | `freshness::a_server_that_goes_away_is_seen_within_ten_seconds` |
//! | many of these, again and again: memory | `memory::the_same_faults_again_and_again_take_no_more_memory` |
//! | a kind in two versions in two clusters | `permissions::clusters_that_define_a_kind_in_two_versions_are_each_read_in_their_own` |
//! | an upgrade, at the desk | `freshness::the_desk_says_the_version_an_upgraded_server_has_now` |
//! | what is hidden and why, at the desk | `freshness::the_desk_names_what_is_hidden_the_verb_that_is_missing_and_the_servers_words` |
//! | a cluster that hangs, and one that is not there, beside others | `clusters::five_clusters_stand_side_by_side_and_two_that_do_not_answer_hold_up_none` |
//! | the path to one of several clusters cut | the same |
//! | a log that is followed: a sleep, the path cut | `logs::…` |
//! | malformed objects that go, a bad line, at the desk | `freshness::what_was_skipped_is_named_until_it_is_well_or_gone` |
//! | a kind that fails, at the desk | `freshness::the_desk_says_since_when_a_kind_is_stale` |
//! | bookmarks while nothing happens | `streams::bookmarks_spare_a_list_when_the_past_is_forgotten` |
//! | a slow link | `lists::over_a_slow_link_pages_are_asked_for_compressed` |
//! | objects of 1 MB | `lists::objects_of_a_megabyte_are_read_and_watched` |

#![allow(clippy::disallowed_methods, reason = "the tasks and the clock of a test, not of the product")]

mod clusters;
mod freshness;
mod hours;
mod lists;
mod logs;
mod memory;
mod patience;
mod permissions;
mod restarts;
mod streams;
mod watched;
