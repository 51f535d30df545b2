//! Who is online, through which instances, and how the dead ones are found out.

use mosaic::domain::UserId;
use mosaic::server::store::{INSTANCE_LEASE_SECONDS, InstanceId};
use uuid::Uuid;

use crate::support::{Db, at, kept};

async fn instance(db: &Db, now: i64) -> InstanceId {
    let instance = Uuid::new_v4();
    assert!(db.store.beat(instance, false, at(now)).await.expect("stored"), "registered");
    instance
}

async fn arrive(db: &Db, user: UserId, instance: InstanceId, now: i64) -> bool {
    db.store.arrive(user, instance, at(now)).await.expect("stored").expect("an instance that is known")
}

async fn depart(db: &Db, user: UserId, instance: InstanceId, now: i64) -> bool {
    db.store.depart(user, instance, at(now)).await.expect("stored")
}

/// Whether somebody is online at a moment, and since when they are not.
async fn seen(db: &Db, user: UserId, now: i64) -> (bool, Option<chrono::DateTime<chrono::Utc>>) {
    let profile = db.store.profile(user, user, at(now)).await.expect("answered").expect("there").profile;
    (profile.online, profile.last_seen)
}

pub async fn the_first_to_arrive_makes_online_the_last_to_depart_offline(db: Db) {
    let (ada, grace) = db.pair().await;
    let [one, two] = [instance(&db, 0).await, instance(&db, 0).await];
    assert_eq!(seen(&db, ada, 1).await, (false, None));
    assert!(arrive(&db, ada, one, 1).await);
    assert!(!arrive(&db, ada, one, 1).await, "it was there already");
    assert!(!arrive(&db, ada, two, 2).await);
    assert_eq!(seen(&db, ada, 3).await, (true, None));
    assert_eq!(seen(&db, grace, 3).await, (false, None));
    assert!(!depart(&db, ada, one, 4).await, "the other still holds one");
    assert_eq!(seen(&db, ada, 5).await, (true, None));
    assert!(depart(&db, ada, two, 6).await);
    assert_eq!(seen(&db, ada, 7).await, (false, Some(kept(at(6)))));
    assert!(!depart(&db, ada, two, 8).await, "gone already");
    assert_eq!(seen(&db, ada, 9).await, (false, Some(kept(at(6)))));
    assert_eq!(
        db.store.arrive(grace, Uuid::new_v4(), at(10)).await.expect("answered"),
        None,
        "it never beat"
    );
    assert_eq!(seen(&db, grace, 10).await, (false, None));
    assert!(!arrive(&db, UserId(Uuid::new_v4()), one, 10).await, "nobody");
}

pub async fn an_instance_that_stops_beating_does_not_count(db: Db) {
    let ada = db.person("ada").await;
    let [dead, alive] = [instance(&db, 0).await, instance(&db, 0).await];
    arrive(&db, ada, dead, 0).await;
    let lease = INSTANCE_LEASE_SECONDS;
    assert_eq!(seen(&db, ada, lease).await, (true, None), "up to the last second");
    assert_eq!(seen(&db, ada, lease + 1).await, (false, None));
    assert!(!db.store.beat(alive, false, at(lease + 5)).await.expect("stored"), "known");
    assert!(arrive(&db, ada, alive, lease + 5).await, "nobody alive held a socket");
    assert!(depart(&db, ada, alive, lease + 6).await, "nobody alive does now");
    assert!(!db.store.beat(dead, false, at(lease + 7)).await.expect("stored"), "late, but not too late");
    assert!(seen(&db, ada, lease + 8).await.0);
}

pub async fn reaping_tells_who_is_offline_and_since_when(db: Db) {
    let [ada, grace, alan] = [db.person("ada").await, db.person("grace").await, db.person("alan").await];
    let [first, second, alive] = [instance(&db, 0).await, instance(&db, 5).await, instance(&db, 0).await];
    arrive(&db, ada, first, 0).await;
    arrive(&db, ada, second, 5).await;
    arrive(&db, grace, first, 0).await;
    arrive(&db, grace, alive, 0).await;
    arrive(&db, alan, first, 0).await;
    db.store.beat(alive, false, at(60)).await.expect("stored");

    assert_eq!(db.store.reap(at(0)).await.expect("stored"), vec![], "those on time stay");
    let mut reaped = db.store.reap(at(20)).await.expect("stored");
    reaped.sort_unstable();
    let mut expected = vec![(ada, kept(at(5))), (alan, kept(at(0)))];
    expected.sort_unstable();
    assert_eq!(reaped, expected);
    assert_eq!(seen(&db, ada, 61).await, (false, Some(kept(at(5)))));
    assert_eq!(seen(&db, alan, 61).await, (false, Some(kept(at(0)))));
    assert_eq!(seen(&db, grace, 61).await, (true, None));
    assert_eq!(db.store.reap(at(20)).await.expect("stored"), vec![]);
    assert_eq!(db.number("SELECT count(*) FROM instances").await, 1);
    assert_eq!(db.number("SELECT count(*) FROM presence").await, 1);
}

pub async fn a_reaped_instance_hears_of_it(db: Db) {
    let ada = db.person("ada").await;
    let frozen = instance(&db, 0).await;
    arrive(&db, ada, frozen, 0).await;
    db.store.reap(at(60)).await.expect("stored");
    assert_eq!(db.store.arrive(ada, frozen, at(60)).await.expect("answered"), None);
    assert!(db.store.beat(frozen, false, at(61)).await.expect("stored"), "it has to announce its users anew");
    assert!(!seen(&db, ada, 61).await.0);
    assert!(arrive(&db, ada, frozen, 62).await);
    assert!(seen(&db, ada, 62).await.0);
}

pub async fn one_of_many_arrivals_is_the_first(db: Db) {
    let ada = db.person("ada").await;
    let mut instances = Vec::new();
    for _ in 0..8 {
        instances.push(instance(&db, 0).await);
    }
    for round in 0..3 {
        let tasks = instances.iter().map(|&instance| {
            let store = db.store.clone();
            tokio::spawn(async move { store.arrive(ada, instance, at(round)).await.expect("stored") })
        });
        let mut first = 0;
        for task in tasks.collect::<Vec<_>>() {
            first += usize::from(task.await.expect("no panic").expect("an instance that is known"));
        }
        assert_eq!(first, 1);
        let tasks = instances.iter().map(|&instance| {
            let store = db.store.clone();
            tokio::spawn(async move { store.depart(ada, instance, at(round)).await.expect("stored") })
        });
        let mut last = 0;
        for task in tasks.collect::<Vec<_>>() {
            last += usize::from(task.await.expect("no panic"));
        }
        assert_eq!(last, 1);
    }
}

pub async fn presence_shows_everywhere(db: Db) {
    let (ada, grace) = db.pair().await;
    let instance = instance(&db, 0).await;
    db.send(grace, ada, "hello", at(1)).await;
    for online in [true, false] {
        let last_seen = if online {
            arrive(&db, grace, instance, 2).await;
            None
        } else {
            depart(&db, grace, instance, 3).await;
            Some(kept(at(3)))
        };
        let expected = (online, last_seen);
        let head = db.store.conversation_heads(ada, 9, at(4)).await.expect("answered").remove(0);
        assert_eq!((head.online, head.last_seen), expected);
        let entry =
            db.store.conversations(ada, 9, None, at(4)).await.expect("answered").conversations.remove(0);
        assert_eq!((entry.peer.online, entry.peer.last_seen), expected);
        assert_eq!((entry.head.online, entry.head.last_seen), expected);
        let profile = db.store.profile(ada, grace, at(4)).await.expect("answered").expect("there").profile;
        assert_eq!((profile.online, profile.last_seen), expected);
        let found =
            db.store.search_matches(ada, "", 9, None, at(4)).await.expect("answered").matches.remove(0);
        assert_eq!((found.profile.online, found.profile.last_seen), expected);
    }
}

pub async fn an_instance_that_is_cut_off_says_so_as_long_as_it_lives(db: Db) {
    let [one, two] = [instance(&db, 0).await, instance(&db, 0).await];
    let any = async |now| db.store.is_any_cut_off(at(now)).await.expect("answered");
    assert!(!any(0).await);
    db.store.beat(one, true, at(1)).await.expect("stored");
    db.store.beat(two, false, at(1)).await.expect("stored");
    assert!(any(INSTANCE_LEASE_SECONDS).await);
    assert!(!any(INSTANCE_LEASE_SECONDS + 2).await, "dead by then");
    db.store.beat(one, false, at(2)).await.expect("stored");
    assert!(!any(3).await);
    assert!(db.store.beat(Uuid::new_v4(), true, at(4)).await.expect("stored"), "from its first beat on");
    assert!(any(5).await);
}
