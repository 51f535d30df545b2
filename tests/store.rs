//! What a store promises, asked of both databases: every case below runs as `sqlite::…` and as
//! `postgres::…`, each time on a database of its own.
#![cfg(feature = "ssr")]

#[path = "store/contacts.rs"]
mod contacts;
#[path = "store/conversations.rs"]
mod conversations;
#[path = "store/faults.rs"]
mod faults;
#[path = "store/history.rs"]
mod history;
#[path = "store/marks.rs"]
mod marks;
#[path = "store/messages.rs"]
mod messages;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/people.rs"]
mod people;
#[path = "store/plans.rs"]
mod plans;
#[path = "store/presence.rs"]
mod presence;
#[path = "store/retention.rs"]
mod retention;
#[path = "store/search.rs"]
mod search;
#[path = "store/sessions.rs"]
mod sessions;
#[path = "store/support.rs"]
mod support;

macro_rules! contract {
    ($($module:ident { $($case:ident)* })*) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::support::on_sqlite(crate::$module::$case).await;
                })*
            })*
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::support::on_postgres(crate::$module::$case).await;
                })*
            })*
        }
    };
}

contract! {
    contacts {
        each_thing_is_chosen_for_itself_and_by_one_side
        a_choice_is_a_change_of_the_conversation
        for_who_blocks_the_conversation_ends_there_until_they_unblock
        who_blocks_cannot_write_and_a_repeated_send_is_found
        who_blocks_and_who_is_blocked_may_write_in_one_batch
        a_block_before_the_first_message_holds
        nothing_passes_between_two_of_whom_one_blocks
        a_report_keeps_what_was_said
    }
    opening {
        migrating_again_changes_nothing
        two_processes_migrate_at_once
    }
    people {
        a_username_is_taken_once
        credentials_are_found_by_username
        a_profile_reads_back_as_written
        somebody_unknown_has_no_profile
        seeding_is_idempotent_and_keeps_the_order
        seeding_spans_transactions
        deleting_a_person_takes_everything_of_theirs
        an_account_goes_while_others_write_to_it
    }
    sessions {
        a_token_finds_its_session
        a_revoked_session_is_gone_and_listed
        a_session_is_revoked_once
        a_session_notes_its_use
        a_session_expires_by_its_age_and_by_its_last_use
        sessions_are_listed_last_used_first
        a_session_is_revoked_by_its_owner_only
        another_password_ends_all_other_sessions
        a_log_in_is_made_with_the_password_of_the_moment
        a_ticket_is_taken_once
        a_ticket_taken_by_many_goes_to_one
        a_ticket_of_a_revoked_session_is_worthless
    }
    messages {
        a_message_is_stored_as_given
        any_text_is_kept_verbatim
        a_repeated_send_finds_the_first_row
        a_repeated_send_is_found_among_others
        what_comes_together_is_stored_in_its_order
        a_client_id_is_not_used_for_something_else
        a_client_id_is_unique_per_sender_only
        there_must_be_a_receiver
        positions_are_dense_under_contention
        one_client_id_sent_by_many_is_one_row
        one_client_id_sent_to_two_people_at_once_is_one_row
        a_send_is_stored_though_nobody_waits
        many_conversations_at_once
    }
    history {
        every_position_gives_its_page
        both_members_see_the_same
        a_conversation_not_begun_is_empty
        strangers_and_oneself_have_no_history
        pages_follow_each_other_without_hole_or_double
    }
    marks {
        reading_moves_forward_only
        reading_stamps_the_peers_messages_once
        reading_implies_having_received
        receiving_moves_forward_only
        there_is_nothing_beyond_the_end
        marks_of_many_devices_end_at_the_highest
        a_long_stretch_is_read_at_once
    }
    conversations {
        unread_is_what_the_peer_wrote_beyond_the_mark
        unread_agrees_with_a_count_of_the_rows
        the_inbox_is_newest_first
        the_inbox_is_paged_without_hole_or_double
        total_unread_counts_every_conversation
        heads_and_peers_are_the_newest
        last_seqs_are_of_existing_conversations
        messages_and_marks_are_changes_for_both
    }
    retention {
        what_is_old_goes_and_positions_stay
        what_is_left_is_counted_and_listed_as_before
        a_conversation_of_which_nothing_is_left_goes_on
        a_young_message_keeps_what_follows
        a_repeated_send_is_known_for_a_while
        a_repeated_send_of_what_was_forgotten_leaves_the_rest_of_its_batch_alone
        what_was_forgotten_of_a_deleted_person_is_in_nobodys_way
        many_instances_forget_at_once_while_others_write
        every_conversation_is_looked_at
        log_ins_past_their_time_are_forgotten
        expired_tickets_are_forgotten
    }
    presence {
        the_first_to_arrive_makes_online_the_last_to_depart_offline
        an_instance_that_stops_beating_does_not_count
        an_instance_that_is_cut_off_says_so_as_long_as_it_lives
        reaping_tells_who_is_offline_and_since_when
        a_reaped_instance_hears_of_it
        one_of_many_arrivals_is_the_first
        presence_shows_everywhere
    }
    search {
        scores_are_those_of_the_formula
        pages_are_in_order_without_hole_or_double
        a_crowd_is_ranked_by_the_formula
        counters_are_those_of_the_rows
        every_text_is_found_where_it_occurs
        wildcards_are_plain_characters
        any_text_finds_who_contains_it
        case_and_composition_do_not_matter
        newcomers_and_leavers_show_at_once
        other_instances_agree
    }
    plans {
        history_walks_its_index
        the_inbox_reads_the_conversations_of_one_person
        what_happens_often_is_in_few_indexes
        marks_and_polls_use_indexes
        search_reads_its_indexes
    }
}
