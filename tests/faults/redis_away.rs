//! Redis gone, frozen or cut off: delivery gets slower, never wrong, and nobody waits for it.

use std::time::Duration;

use mosaic::chat::protocol::{ClientFrame, ServerFrame, close_code};
use mosaic::domain::{ClientId, Seq};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use crate::driver::connected;
use crate::history::report::Spread;
use crate::load::Load;
use crate::rig::Rig;
use crate::tools::{say, within};
use crate::wire::{Device, Heard};

/// Sends of one measurement of acknowledgements.
const SENDS: u32 = 300;
/// Between two of them: the whole takes longer than a frozen Redis takes to be noticed.
const PAUSE: Duration = Duration::from_millis(20);
/// How soon after the return of Redis messages pass at full speed.
const FULL_SPEED: Duration = Duration::from_secs(6);
/// The poll that stands in for Redis is slower than this.
const POLLED: Duration = Duration::from_millis(500);
/// Timers and schedulers are coarse; nobody feels this.
const GRAIN: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_message_arrives_within_two_seconds() {
    let mut rig = Rig::alone("Redis dead", 2).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    ada.say(String::from("all is well"));
    within(Duration::from_secs(10), "it arrives", async || bob.shows(1)).await;
    rig.redis.kill();
    let mut took = Vec::new();
    for number in 2..=6 {
        ada.say(format!("without Redis {number}"));
        took.push(within(Duration::from_secs(2), "it arrives", async || bob.shows(number)).await);
    }
    rig.bus_becomes("degraded").await;
    say(&format!("Redis dead: delivery {}", Spread::of(took)));
    rig.judge("Redis dead", &[ada, bob]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_for_a_moment_is_made_up_for() {
    away("Redis away for a moment", Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_for_seconds_is_made_up_for() {
    away("Redis away for seconds", Duration::from_secs(7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute: make test-faults"]
async fn a_redis_that_is_away_for_a_minute_is_made_up_for() {
    away("Redis away for a minute", Duration::from_secs(60)).await;
}

/// Redis is away under load; soon after it is back, messages pass as fast as before.
async fn away(test: &str, outage: Duration) {
    let mut rig = Rig::alone(test, 10).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(100), |person| person % 2);
    let (ada, bob) = (rig.client(8, 9, 0), rig.client(9, 8, 1));
    connected(&[&ada, &bob]).await;
    load.progress(&rig, 40).await;
    rig.redis.kill();
    sleep(outage).await;
    rig.redis.restart().await;
    let healed = rig.bus_becomes("ok").await;
    assert!(healed <= FULL_SPEED, "the bus was healthy only {healed:?} after Redis was");
    let mut took = Vec::new();
    for number in 1..=10 {
        ada.say(format!("{number}"));
        took.push(within(POLLED, "it arrives", async || bob.shows(number)).await);
    }
    say(&format!("{test}: healthy after {healed:?}, then delivery {}", Spread::of(took)));
    load.stop();
    rig.judge(test, &load.clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_slows_no_acknowledgement_down() {
    let mut rig = Rig::alone("Redis frozen", 4).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    let mut device = rig.caller(2).device(rig.instances[0].door()).await;
    connected(&[&ada, &bob]).await;
    let baseline = acknowledgements(&rig, &mut device).await;
    rig.redis.freeze();
    ada.say(String::from("into the ice"));
    let (frozen, arrived) = tokio::join!(
        acknowledgements(&rig, &mut device),
        within(Duration::from_secs(7), "it arrives", async || bob.shows(1)),
    );
    say(&format!("Redis frozen: acks {frozen} (before: {baseline}); a message arrived after {arrived:?}"));
    assert!(frozen.percentile(99) <= 3 * baseline.percentile(99) + GRAIN, "{frozen}, before {baseline}");
    assert!(frozen.percentile(99) < Duration::from_millis(200), "{frozen}");
    rig.bus_becomes("degraded").await;
    ada.say(String::from("it is known by now"));
    within(Duration::from_secs(3), "it arrives", async || bob.shows(2)).await;
    rig.redis.thaw();
    rig.bus_becomes("ok").await;
    ada.say(String::from("all is well again"));
    rig.judge("Redis frozen", &[ada, bob]).await;
}

/// How long acknowledgements take, one send after the other.
async fn acknowledgements(rig: &Rig, device: &mut Device) -> Spread {
    let receiver_id = rig.people[3].id;
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut took = Vec::new();
    for _ in 0..SENDS {
        ticks.tick().await;
        let (client_id, begun) = (ClientId(Uuid::new_v4()), Instant::now());
        device.say(&ClientFrame::Send { client_id, receiver_id, content: client_id.to_string() }).await;
        device.acknowledged(client_id).await;
        took.push(begun.elapsed());
    }
    Spread::of(took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_that_are_cut_off_hear_of_it() {
    let mut rig = Rig::alone("subscribers cut", 2).await;
    let ada = rig.client(0, 1, 0);
    let mut bob = rig.caller(1).device(rig.instances[1].door()).await;
    for number in 1..=5 {
        assert!(rig.redis.cut_subscribers().await >= 2, "somebody was not subscribed");
        ada.say(format!("{number}"));
        let told = timeout(Duration::from_secs(3), hears_of(&mut bob, Seq(number))).await;
        assert!(told.is_ok(), "message {number} was lost, and nobody said so");
        rig.bus_becomes("ok").await;
    }
    rig.judge("subscribers cut", &[ada]).await;
}

/// Reads until the device knows that this message exists.
async fn hears_of(device: &mut Device, seq: Seq) {
    loop {
        match device.next().await {
            Heard::Frame(ServerFrame::Message { message }) if message.seq == seq => return,
            Heard::Frame(ServerFrame::Resync { conversations })
                if conversations.iter().any(|head| head.last_seq == seq) =>
            {
                return;
            }
            Heard::Frame(_) => {}
            Heard::Closed(code) => panic!("the socket was closed with {code:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_out_reaches_the_other_instance_without_redis() {
    let mut rig = Rig::alone("log-out without Redis", 2).await;
    let ada = rig.caller(0);
    let mut elsewhere = ada.device(rig.instances[1].door()).await;
    let mut stranger = rig.caller(1).device(rig.instances[1].door()).await;
    rig.redis.kill();
    rig.bus_becomes("degraded").await;
    ada.log_out(rig.instances[0].door()).await.expect("the log-out is answered");
    let code = timeout(Duration::from_secs(2), elsewhere.closed()).await;
    assert_eq!(code.expect("the socket outlives its log-in by two seconds"), Some(close_code::SESSION_ENDED));
    stranger.say(&ClientFrame::Ping { heads: [].into() }).await;
    let answer = stranger.next().await;
    assert!(matches!(answer, Heard::Frame(_)), "somebody else's socket: {answer:?}");
}
