//! What every bus promises, held against both of them, and what the Redis bus promises on top of
//! it: to survive every way in which Redis goes away.
//!
//! The Redis half starts private servers of its own and never touches the machine's.
#![cfg(feature = "ssr")]

#[path = "bus/contract.rs"]
mod contract;
#[path = "bus/deaf_proxy.rs"]
mod deaf_proxy;
#[path = "bus/faults.rs"]
mod faults;
#[path = "bus/redis_server.rs"]
mod redis_server;
#[path = "bus/reports.rs"]
mod reports;
#[path = "bus/rig.rs"]
mod rig;

/// One test for each promise and rig.
macro_rules! contract {
    ($($promise:ident),+ $(,)?) => {
        mod in_process {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    crate::contract::$promise::<crate::rig::InProcess>().await;
                }
            )+
        }
        mod redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    crate::contract::$promise::<crate::rig::Redis>().await;
                }
            )+
        }
    };
}

contract! {
    published_after_subscribing_is_received_in_order,
    two_subscribers_of_one_user_both_get_it,
    other_users_get_nothing,
    an_instance_need_not_hear_itself,
    instances_hear_each_other,
    dropping_the_last_stream_unsubscribes,
    giving_up_a_subscription_leaves_nothing_behind,
    coming_and_going_in_haste_ends_in_the_right_state,
    a_slow_reader_gets_lost_and_what_is_new,
    a_slow_reader_of_big_payloads_gets_lost_and_what_is_new,
    a_thousand_users_share_one_connection,
    payloads_are_delivered_verbatim,
    closing_ends_the_streams,
    closing_publishes_what_is_queued,
    closing_one_instance_leaves_the_others,
    dropping_a_bus_ends_its_streams,
}
