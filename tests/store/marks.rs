//! Read and delivered marks: forward only, never beyond the end.

use chrono::{DateTime, Utc};
use mosaic::chat::protocol::HistoryPage;
use mosaic::domain::{Seq, UserId};
use mosaic::server::store::{Mark, Position};

use crate::support::{Db, at, kept};

async fn history(db: &Db, me: UserId, peer: UserId) -> HistoryPage {
    db.store.get_messages_between(me, peer, 200, Position::NEWEST).await.expect("answered").expect("a page")
}

async fn read(db: &Db, me: UserId, peer: UserId, seq: u64, now: DateTime<Utc>) -> Mark {
    db.store.mark_read(me, peer, Seq(seq), now).await.expect("answered")
}

async fn receive(db: &Db, me: UserId, peer: UserId, seq: u64) -> Mark {
    db.store.mark_delivered(me, peer, Seq(seq)).await.expect("answered")
}

/// Six messages: 1, 3, 5 of the second, 2, 4, 6 of the first.
async fn six(db: &Db) -> (UserId, UserId) {
    let (ada, grace) = db.pair().await;
    for n in 0..3 {
        db.send(grace, ada, "hello", at(n)).await;
        db.send(ada, grace, "hello yourself", at(n)).await;
    }
    (ada, grace)
}

pub async fn reading_moves_forward_only(db: Db) {
    let (ada, grace) = six(&db).await;
    for (me, peer) in [(ada, grace), (grace, ada)] {
        assert_eq!(read(&db, me, peer, 0, at(10)).await, Mark::Unchanged);
        assert_eq!(read(&db, me, peer, 4, at(10)).await, Mark::Moved(Seq(4)));
        assert_eq!(read(&db, me, peer, 4, at(11)).await, Mark::Unchanged);
        assert_eq!(read(&db, me, peer, 2, at(11)).await, Mark::Unchanged);
        assert_eq!(history(&db, me, peer).await.read_seq, Seq(4));
        assert_eq!(history(&db, peer, me).await.peer_read_seq, Seq(4));
    }
}

pub async fn reading_stamps_the_peers_messages_once(db: Db) {
    let (ada, grace) = six(&db).await;
    read(&db, ada, grace, 3, at(10)).await;
    read(&db, ada, grace, 5, at(20)).await;
    let stamps: Vec<_> =
        history(&db, ada, grace).await.messages.into_iter().map(|message| message.read_at).collect();
    let (first, second) = (Some(kept(at(10))), Some(kept(at(20))));
    assert_eq!(stamps, [first, None, first, None, second, None]);
    read(&db, grace, ada, 6, at(30)).await;
    let stamps: Vec<_> =
        history(&db, grace, ada).await.messages.into_iter().map(|message| message.read_at).collect();
    let third = Some(kept(at(30)));
    assert_eq!(stamps, [first, third, first, third, second, third]);
}

pub async fn reading_implies_having_received(db: Db) {
    let (ada, grace) = six(&db).await;
    assert_eq!(receive(&db, ada, grace, 2).await, Mark::Moved(Seq(2)));
    read(&db, ada, grace, 5, at(10)).await;
    assert_eq!(history(&db, grace, ada).await.peer_delivered_seq, Seq(5));
    assert_eq!(receive(&db, ada, grace, 4).await, Mark::Unchanged);
    assert_eq!(receive(&db, ada, grace, 6).await, Mark::Moved(Seq(6)));
    read(&db, ada, grace, 6, at(11)).await;
    assert_eq!(history(&db, grace, ada).await.peer_delivered_seq, Seq(6));
}

pub async fn receiving_moves_forward_only(db: Db) {
    let (ada, grace) = six(&db).await;
    for (me, peer) in [(ada, grace), (grace, ada)] {
        assert_eq!(receive(&db, me, peer, 0).await, Mark::Unchanged);
        assert_eq!(receive(&db, me, peer, 3).await, Mark::Moved(Seq(3)));
        assert_eq!(receive(&db, me, peer, 3).await, Mark::Unchanged);
        assert_eq!(receive(&db, me, peer, 1).await, Mark::Unchanged);
        let page = history(&db, peer, me).await;
        assert_eq!((page.peer_delivered_seq, page.peer_read_seq), (Seq(3), Seq(0)));
        assert!(page.messages.iter().all(|message| message.read_at.is_none()), "received is not read");
    }
}

pub async fn there_is_nothing_beyond_the_end(db: Db) {
    let (ada, grace) = six(&db).await;
    let alan = db.person("alan").await;
    for (peer, seq) in [(grace, 7), (grace, u64::MAX), (alan, 0), (alan, 1), (ada, 1)] {
        assert_eq!(read(&db, ada, peer, seq, at(10)).await, Mark::BeyondEnd, "{seq}");
        assert_eq!(receive(&db, ada, peer, seq).await, Mark::BeyondEnd, "{seq}");
    }
    let page = history(&db, grace, ada).await;
    assert_eq!((page.peer_read_seq, page.peer_delivered_seq), (Seq(0), Seq(0)));
}

pub async fn marks_of_many_devices_end_at_the_highest(db: Db) {
    let (ada, grace) = db.pair().await;
    for n in 0..40 {
        db.send(grace, ada, "hello", at(n)).await;
    }
    let tasks = (1..=40).rev().map(|seq| {
        let store = db.store.clone();
        tokio::spawn(async move {
            store.mark_delivered(ada, grace, Seq(41 - seq)).await.expect("answered");
            store.mark_read(ada, grace, Seq(seq), at(60)).await.expect("answered")
        })
    });
    let mut moved = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        match task.await.expect("no panic") {
            Mark::Moved(seq) => moved.push(seq),
            mark => assert_eq!(mark, Mark::Unchanged),
        }
    }
    assert!(moved.contains(&Seq(40)));
    let page = history(&db, grace, ada).await;
    assert_eq!((page.peer_read_seq, page.peer_delivered_seq), (Seq(40), Seq(40)));
    assert!(page.messages.iter().all(|message| message.read_at.is_some()));
}

pub async fn a_long_stretch_is_read_at_once(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(grace, ada, "first", at(0)).await;
    db.fill(grace, ada, 50_000).await;
    assert_eq!(read(&db, ada, grace, 50_001, at(10)).await, Mark::Moved(Seq(50_001)));
    assert_eq!(db.number("SELECT count(*) FROM messages WHERE read_at IS NULL").await, 0);
}
