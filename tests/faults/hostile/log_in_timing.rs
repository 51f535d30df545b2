//! Whether the time of a refused log-in tells that the name exists.
//!
//! Known names with a wrong password and unknown names take turns in an order from a seed, so that
//! whatever else the machine does meets both alike. Two figures compare the times. The difference
//! of the medians is for people. The verdict is by P(known > unknown), the common-language effect
//! size of the rank test of Mann and Whitney, which is 0.5 when the times tell nothing, and which no
//! outlier moves. With 10 000 of each, chance alone strays from 0.5 by a standard error of
//! √((n+m+1)/(12·n·m)) = 0.0041: the bound of 0.02 is five of them away.

use std::time::Duration;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use crate::history::report::Spread;
use crate::process::Instance;
use crate::rig::Rig;
use crate::tools::{Dice, say};

/// Pairs of one known and one unknown name.
const PAIRS: usize = 10_000;
/// Tries before the first that counts: connections, caches, the first pages of memory.
const WARM_UP: usize = 20;
/// As many tries at once as the server hashes at once on the smallest machine.
const AT_ONCE: usize = 2;
/// Names that exist.
const KNOWN: usize = 50;
/// P(known > unknown) strays no further from one half.
const MOST: f64 = 0.02;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "some minutes: make hostile"]
async fn the_time_of_a_refusal_does_not_tell_who_exists() {
    let test = "log-in timing";
    let mut rig = Rig::alone(test, 2).await;
    rig.instances.truncate(1);
    let instance = &rig.instances[0];
    for number in 0..KNOWN {
        assert_eq!(post(instance, "/auth/signup", &known(number)).await, StatusCode::CREATED);
    }
    let lanes = (0..AT_ONCE).map(|_| lane(instance, rig.dice.fork(), PAIRS / AT_ONCE));
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for (known, unknown) in join_all(lanes).await {
        of_known.extend(known);
        of_unknown.extend(unknown);
    }
    let exceeds = probability_of_more(&of_known, &of_unknown);
    let (count, known, unknown) = (of_known.len(), Spread::of(of_known), Spread::of(of_unknown));
    let medians = [&known, &unknown].map(|spread| spread.percentile(50).as_secs_f64() * 1000.0);
    say(&format!(
        "{test}: {count} pairs\n  known, wrong password: {known}\n  unknown:               {unknown}\n  \
         medians differ by {:+.3} ms of {:.3} ms\n  P(known > unknown) = {exceeds:.4}, at most {MOST} from 0.5",
        medians[0] - medians[1],
        medians[1],
    ));
    assert!((exceeds - 0.5).abs() < MOST, "the time tells who exists: P(known > unknown) = {exceeds:.4}");
}

/// One after the other, each pair in an order from the dice; what the known and the unknown took.
async fn lane(instance: &Instance, mut dice: Dice, pairs: usize) -> (Vec<Duration>, Vec<Duration>) {
    let http = reqwest::Client::new();
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + pairs {
        let one = dice.up_to(KNOWN as u64 - 1);
        let name = |is_known: bool| if is_known { format!("known{one:04}") } else { unknown(number) };
        let known_first = dice.up_to(1) == 0;
        for is_known in [known_first, !known_first] {
            let body = json!({"username": name(is_known), "password": "not the password"});
            let request = http.post(instance.url("/auth/login")).json(&body);
            let begun = Instant::now();
            let answer = request.send().await.expect("the instance answers");
            let status = answer.status();
            answer.bytes().await.expect("all of the answer");
            let took = begun.elapsed();
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            if number >= WARM_UP {
                if is_known { of_known.push(took) } else { of_unknown.push(took) }
            }
        }
    }
    (of_known, of_unknown)
}

/// As long as the names that exist.
fn unknown(number: usize) -> String {
    format!("other{:04}", number % 10_000)
}

fn known(number: usize) -> serde_json::Value {
    json!({"username": format!("known{number:04}"), "password": "correct horse", "display_name": "Known"})
}

async fn post(instance: &Instance, path: &str, body: &serde_json::Value) -> StatusCode {
    let answer = reqwest::Client::new().post(instance.url(path)).json(body).send().await;
    answer.expect("the instance answers").status()
}

/// The share of all pairs (one of `a`, one of `b`) in which the one of `a` is larger; ties count half.
fn probability_of_more(a: &[Duration], b: &[Duration]) -> f64 {
    let mut sorted = b.to_vec();
    sorted.sort();
    let below = |value: &Duration| {
        let less = sorted.partition_point(|other| other < value);
        let not_more = sorted.partition_point(|other| other <= value);
        (less + not_more) as f64 / 2.0
    };
    a.iter().map(below).sum::<f64>() / (a.len() as f64 * b.len() as f64)
}

#[test]
fn the_rank_test_tells_a_shift_and_no_shift() {
    let times = |shift: u64| (0..1000).map(|n| Duration::from_micros(n + shift)).collect::<Vec<_>>();
    assert!((probability_of_more(&times(0), &times(0)) - 0.5).abs() < 1e-9);
    assert!(probability_of_more(&times(30), &times(0)) > 0.5 + MOST);
    assert!(probability_of_more(&times(0), &times(30)) < 0.5 - MOST);
    assert!((probability_of_more(&times(2000), &times(0)) - 1.0).abs() < 1e-9);
}
