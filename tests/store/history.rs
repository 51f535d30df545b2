//! Pages of a conversation, from any position.

use mosaic::domain::{Seq, UserId};
use mosaic::server::store::Position::{self, After, Before, Offset};
use uuid::Uuid;

use crate::support::{Db, at};

/// The positions of a page, and whether there is more.
async fn page(db: &Db, me: UserId, peer: UserId, limit: u32, position: Position) -> (Vec<u64>, bool) {
    let page =
        db.store.get_messages_between(me, peer, limit, position).await.expect("answered").expect("a page");
    (page.messages.iter().map(|message| message.seq.0).collect(), page.has_more)
}

async fn ten(db: &Db) -> (UserId, UserId) {
    let (ada, grace) = db.pair().await;
    for n in 0..10 {
        let (from, to) = if n % 3 == 0 { (grace, ada) } else { (ada, grace) };
        db.send(from, to, &format!("{n}"), at(n)).await;
    }
    (ada, grace)
}

pub async fn every_position_gives_its_page(db: Db) {
    let (ada, grace) = ten(&db).await;
    // What comes between two others is not in the way.
    let alan = db.person("alan").await;
    db.send(alan, ada, "aside", at(3)).await;

    let far = u64::MAX;
    for (limit, position, seqs, more) in [
        (3, Offset(0), 8..11, true),
        (3, Offset(4), 4..7, true),
        (3, Offset(7), 1..4, false),
        (3, Offset(8), 1..3, false),
        (3, Offset(9), 1..2, false),
        (3, Offset(10), 0..0, false),
        (3, Offset(far), 0..0, false),
        (10, Offset(0), 1..11, false),
        (200, Offset(0), 1..11, false),
        (3, Before(Seq(11)), 8..11, true),
        (3, Before(Seq(10)), 7..10, true),
        (3, Before(Seq(4)), 1..4, false),
        (3, Before(Seq(2)), 1..2, false),
        (3, Before(Seq(1)), 0..0, false),
        (3, Before(Seq(99)), 8..11, true),
        (3, Before(Seq(far)), 8..11, true),
        (3, After(Seq(0)), 1..4, true),
        (3, After(Seq(6)), 7..10, true),
        (3, After(Seq(7)), 8..11, false),
        (3, After(Seq(9)), 10..11, false),
        (3, After(Seq(10)), 0..0, false),
        (3, After(Seq(99)), 0..0, false),
        (3, After(Seq(far)), 0..0, false),
        (200, After(Seq(0)), 1..11, false),
    ] {
        let expected = (seqs.collect::<Vec<_>>(), more);
        assert_eq!(page(&db, ada, grace, limit, position).await, expected, "{limit} {position:?}");
    }
}

pub async fn both_members_see_the_same(db: Db) {
    let (ada, grace) = ten(&db).await;
    db.store.mark_read(ada, grace, Seq(4), at(20)).await.expect("stored");
    db.store.mark_read(grace, ada, Seq(6), at(20)).await.expect("stored");
    db.store.mark_delivered(grace, ada, Seq(9)).await.expect("stored");
    let of = |me, peer| db.store.get_messages_between(me, peer, 50, Position::NEWEST);
    let hers = of(ada, grace).await.expect("answered").expect("a page");
    let theirs = of(grace, ada).await.expect("answered").expect("a page");
    assert_eq!(hers.messages, theirs.messages);
    let marks = |page: &mosaic::chat::protocol::HistoryPage| {
        [page.last_seq, page.read_seq, page.peer_read_seq, page.peer_delivered_seq].map(|seq| seq.0)
    };
    assert_eq!(marks(&hers), [10, 4, 6, 9]);
    assert_eq!(marks(&theirs), [10, 6, 4, 4]);
}

pub async fn a_conversation_not_begun_is_empty(db: Db) {
    let (ada, grace) = db.pair().await;
    for position in [Offset(0), Offset(5), Before(Seq(1)), Before(Seq(9)), After(Seq(0)), After(Seq(9))] {
        let page =
            db.store.get_messages_between(ada, grace, 50, position).await.expect("answered").expect("a page");
        assert_eq!((page.messages, page.last_seq, page.has_more), (vec![], Seq(0), false), "{position:?}");
        assert_eq!((page.read_seq, page.peer_read_seq, page.peer_delivered_seq), (Seq(0), Seq(0), Seq(0)));
    }
}

pub async fn strangers_and_oneself_have_no_history(db: Db) {
    let ada = db.person("ada").await;
    for peer in [ada, UserId(Uuid::new_v4())] {
        assert_eq!(
            db.store.get_messages_between(ada, peer, 50, Position::NEWEST).await.expect("answered"),
            None
        );
    }
}

pub async fn pages_follow_each_other_without_hole_or_double(db: Db) {
    let (ada, grace) = ten(&db).await;
    for limit in 1..=11 {
        let mut back = Vec::new();
        let mut position = Offset(0);
        loop {
            let (seqs, more) = page(&db, ada, grace, limit, position).await;
            back.splice(0..0, seqs);
            position = Before(Seq(back[0]));
            if !more {
                break;
            }
            // Somebody who counts from the newest sees the same.
            let skipped = u64::try_from(back.len()).expect("small");
            assert_eq!(
                page(&db, ada, grace, limit, Offset(skipped)).await,
                page(&db, ada, grace, limit, position).await
            );
        }
        assert!(back.into_iter().eq(1..=10), "backwards by {limit}");

        let mut forth = Vec::new();
        loop {
            let last = forth.last().copied().unwrap_or(0);
            let (seqs, more) = page(&db, ada, grace, limit, After(Seq(last))).await;
            forth.extend(seqs);
            if !more {
                break;
            }
        }
        assert!(forth.into_iter().eq(1..=10), "forwards by {limit}");
    }
}
