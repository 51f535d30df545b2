//! What bad input gets: a clear answer, never a 5xx, and never anything of the inside.
//!
//! Where each case is tested; names in parentheses are files of `tests/api` unless they say otherwise.
//!
//! | target | input | test |
//! |---|---|---|
//! | any HTTP | body too big, wrong type | `bodies_that_are_no_json_objects_are_refused`, `every_route_with_a_body_…` (`bad_input/http`), `a_body_of_unknown_length_…` (`bad_input/raw`) |
//! | | broken, deep, NUL, lone surrogates | the same, and `hostile_texts_are_just_texts` (`bad_input/texts`) |
//! | | unknown method | `a_method_nobody_offers_is_refused_on_every_route` (`bad_input/http`) |
//! | | long address; two lengths | `addresses_above_…`, `two_ways_to_say_the_length_…`, `a_later_request_…`, `lengths_that_are_none_…` (`bad_input/raw`) |
//! | log-in, sign-up | unknown and wrong: the answer, the time | `unknown_and_wrong_are_the_same_answer` (`accounts`), `ten_thousand_log_ins_…` (`bad_input/log_in`) |
//! | | over-long password, ten thousand at once | `ten_thousand_log_ins_at_once_leave_the_rest_alive` (`bad_input/log_in`) |
//! | | names | `names_follow_one_rule` (`bad_input/log_in`), `every_bad_field_of_a_sign_up_is_named` (`accounts`) |
//! | upgrade | ticket, origin, id, doubled token | `the_checks_come_in_order_and_before_the_upgrade`, `a_ticket_lives_thirty_seconds_…` (`upgrade`); other requests: `a_cookie_from_another_site_is_refused` (`cross_site`) |
//! | frames | not JSON, unknown type, missing field | `bad_frames_get_an_error_and_the_socket_lives_on` (`socket`) |
//! | | too big, not UTF-8, binary, protocol | `what_is_no_text_frame_is_closed_with_its_code` (`socket`), `a_broken_protocol_is_closed_with_its_code` (`bad_input/frames`) |
//! | | floods | `a_device_that_floods_is_closed` (`limits`), `pings_and_pongs_below_json_count_as_frames` (`bad_input/frames`) |
//! | send | self, unknown | `nobody_and_oneself_are_the_same_404` (`authorisation/routes`), `every_frame_gives_…` (`authorisation/frames`) |
//! | | blocked | `who_blocks_hears_nothing_and_who_is_blocked_notices_nothing` (`contacts`) |
//! | | blank, too long | `bad_sends_are_refused_with_their_field` (`messages`), `bad_frames_get_an_error_…` (`socket`) |
//! | | reused `client_id` | `a_send_is_idempotent_by_client_id` (`messages`), `a_reused_client_id_is_that_whoever_it_is_sent_to` (`bad_input/frames`), `a_client_id_is_not_used_for_something_else` (`tests/store`) |
//! | | script, template, bidi, zero width | `texts_come_out_verbatim_wherever_they_are_seen` (`bad_input/texts`), `any_text_is_kept_verbatim` (`tests/store`) |
//! | read, history | positions | `reading_moves_forward_only_and_not_past_the_end` (`messages`), `positions_that_do_not_exist_are_refused_…` (`bad_input/frames`) |
//! | | limits, huge `after` | `history_refuses_what_makes_no_sense`, `history_pages_in_every_direction` (`messages`) |
//! | | SQL in any string | `hostile_texts_are_just_texts` (`bad_input/texts`) |
//! | search | wildcards, forms of a letter, oneself, a megabyte | `a_search_takes_its_text_as_it_is` (`bad_input/texts`), `matches_are_scored_sorted_and_never_oneself` (`people`), `a_search_of_a_megabyte_is_refused_as_a_head` (`bad_input/raw`) |
//! | bus | broken, foreign, oversized | `what_strangers_publish_on_the_bus_is_not_believed` (`instances`), `garbage_is_dropped_and_counted` (`tests/faults`) |

mod frames;
mod http;
mod log_in;
mod raw;
mod texts;

use crate::harness::TestApp;
use crate::instances::one_on_postgres;

/// A server on each of the two stores.
async fn on_both_stores() -> [TestApp; 2] {
    [TestApp::spawn().await, one_on_postgres().await]
}
