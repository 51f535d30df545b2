//! Two users with two devices each, a server and a hostile network in one thread, from a seed.
//!
//! Each schedule is a few seconds of trouble followed by peace. At every step each device is held
//! to what must hold at any moment (`device.rs`); after the last fault all devices must equal the
//! server, and the server must hold every message exactly once and in its sender's order.
//!
//! `MOSAIC_SIM_SCHEDULES` sets how many schedules run; `MOSAIC_SIM_SEED` runs a single one again.

mod device;
mod network;
mod people;
mod server;
mod world;

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::chat::{Delivery, Input, Loading};
use crate::domain::ClientId;

use people::Step;
use server::user;
use world::{Event, World};

const SCHEDULES: u64 = 100_000;

#[test]
fn every_device_ends_up_with_what_the_server_holds() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    if let Some(seed) = number("MOSAIC_SIM_SEED") {
        return run(seed);
    }
    let schedules = number("MOSAIC_SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return Ok(());
            }
            catch_unwind(AssertUnwindSafe(|| run(seed))).map_err(|panic| (seed, panic))?;
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err((seed, panic)) = worker.join().expect("a worker catches its panics") {
                next.store(schedules, Ordering::Relaxed);
                // The panic's own message is on the screen already.
                let hint = format!("run again with MOSAIC_SIM_SEED={seed}\n");
                std::io::Write::write_all(&mut std::io::stderr(), hint.as_bytes()).ok();
                resume_unwind(panic);
            }
        }
    });
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    let start = world.now;
    let trouble = 1000 + world.dice.up_to(5000);
    for device in 0..4 {
        world.tell(device, None, Input::Started);
        if world.dice.up_to(2) > 0 {
            world.soon(trouble, Event::Step(Step::Open(device)));
        }
    }
    for _ in 0..6 + world.dice.up_to(24) {
        let step = random_step(&mut world);
        world.soon(trouble, Event::Step(step));
    }
    world.run_until(start + trouble);
    heal(&mut world);
    let peace = world.now;
    world.run_until(peace + 70_000);
    check_server(&world);
    for (index, device) in world.devices.iter().enumerate().filter(|(index, _)| world.is_ready(*index)) {
        let held = device.timeline().map(|timeline| timeline.contiguous());
        assert_eq!(held, Some(world.server.last()), "device {index} found every hole by itself");
    }
    check_unopened(&world);
    for device in 0..4 {
        let now = world.now;
        world.at(now, Event::Step(Step::Open(device)));
    }
    for _ in 0..world.server.rows.len() / 4 + 2 {
        let now = world.now;
        world.run_until(now + 1000);
        for device in 0..4 {
            world.at(now, Event::Step(Step::Older(device)));
        }
    }
    let now = world.now;
    world.run_until(now + 20_000);
    check_devices(&world);
}

fn random_step(world: &mut World) -> Step {
    let device = world.dice.up_to(3) as usize;
    match world.dice.up_to(31) {
        0..=11 => Step::Send(device),
        12 => Step::SendAndCrash(device),
        13..=15 => Step::Read(device),
        16 => Step::Open(device),
        17 => Step::Older(device),
        18..=21 => Step::Cut(device),
        22..=23 => Step::Overflow(device),
        24 => Step::ResyncAll,
        25..=26 => Step::Crash(device),
        27 => Step::Sleep(device),
        28..=29 => Step::LoseNetwork(device),
        30 => Step::FindNetwork(device),
        _ => Step::Look(device),
    }
}

/// The last fault is over: nothing is refused, lost or doubled from here on, everybody is awake and
/// has a network.
fn heal(world: &mut World) {
    world.calm = true;
    let longest = world.devices.iter().map(|device| device.asleep_until).max().unwrap_or_default();
    world.run_until(world.now.max(longest));
    for device in 0..4 {
        world.at(world.now, Event::Step(Step::FindNetwork(device)));
    }
}

fn check_server(world: &World) {
    let mut stored: Vec<ClientId> = world.server.rows.iter().map(|row| row.client_id).collect();
    for device in 0..4 {
        let of_device = world.requested.iter().filter(|(by, _)| *by == device).map(|(_, id)| *id);
        let requested: Vec<_> = of_device.collect();
        let order: Vec<_> = stored.iter().copied().filter(|id| requested.contains(id)).collect();
        assert_eq!(order, requested, "everything device {device} sent is stored once and in order");
    }
    stored.sort();
    stored.dedup();
    assert_eq!(stored.len(), world.server.rows.len(), "nothing is stored twice");
    assert_eq!(stored.len(), world.requested.len(), "nothing is stored that nobody sent");
}

fn check_unopened(world: &World) {
    for device in &world.devices {
        assert!(device.is_live(), "everybody is connected");
        assert!(device.session.outbox().is_empty(), "nothing waits to be sent");
        let unread = device.session.peer(device.peer()).unread;
        assert_eq!(unread, world.server.unread(device.owner), "unread is exact after the welcome");
        assert_eq!(unread, device.session.total_unread());
    }
}

fn check_devices(world: &World) {
    let last = world.server.last();
    for (index, device) in world.devices.iter().enumerate() {
        assert!(world.is_ready(index));
        let timeline = device.timeline().expect("it was opened");
        let (owner, peer) = (device.owner, 1 - device.owner);
        let shown: Vec<_> = timeline
            .entries()
            .map(|entry| (entry.seq, entry.key.client_id, entry.key.mine, entry.content.to_string()))
            .collect();
        let rows: Vec<_> = world
            .server
            .rows
            .iter()
            .map(|row| (Some(row.seq), row.client_id, row.sender_id == user(owner), row.content.clone()))
            .collect();
        assert_eq!(shown, rows, "device {index} shows what the server holds");
        assert_eq!(timeline.loading(), Loading::Ready);
        assert!(!timeline.has_older() && !timeline.loading_older());
        assert_eq!((timeline.contiguous(), timeline.last_seq()), (last, last));
        assert_eq!(timeline.read_seq(), world.server.read_of(owner));
        assert_eq!(timeline.peer_read_seq(), world.server.read_of(peer));
        assert_eq!(timeline.unread(), world.server.unread(owner));
        let (delivered, read) = (timeline.peer_delivered_seq(), timeline.peer_read_seq());
        assert_eq!(delivered, world.server.delivered_to(peer), "device {index} knows what is delivered");
        let received =
            world.server.rows.iter().filter(|row| row.receiver_id == user(owner)).map(|row| row.seq);
        assert!(received.max() <= Some(world.server.delivered_to(owner)), "what is held was claimed");
        for entry in timeline.entries() {
            let expected = match entry.seq {
                _ if !entry.key.mine => Delivery::Received,
                seq if seq <= Some(read) => Delivery::Read,
                seq if seq <= Some(delivered) => Delivery::Delivered,
                _ => Delivery::Sent,
            };
            assert_eq!(entry.delivery, expected);
        }
    }
}
