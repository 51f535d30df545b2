//! What is not kept: old messages, and what follows from a conversation that no longer begins at 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use mosaic::chat::protocol::HistoryPage;
use mosaic::domain::{Seq, SessionId, UserId};
use mosaic::server::store::Position::{self, After, Before, Offset};
use mosaic::server::store::{FORGET_STEP, Insert, Mark, NewMessage, Pair, Session, Ticket};
use uuid::Uuid;

use crate::support::{Db, at, kept, later, long_after, message};

async fn page(db: &Db, me: UserId, peer: UserId, limit: u32, position: Position) -> HistoryPage {
    db.store.get_messages_between(me, peer, limit, position).await.expect("answered").expect("a page")
}

fn seqs(page: &HistoryPage) -> Vec<u64> {
    page.messages.iter().map(|message| message.seq.0).collect()
}

async fn forget(db: &Db, pair: Pair, before: DateTime<Utc>) -> u64 {
    db.store.forget_messages(pair, before, at(1000)).await.expect("stored")
}

/// Ten messages, a second apart; every third one is grace's.
async fn ten(db: &Db) -> Pair {
    let (ada, grace) = db.pair().await;
    for n in 1..=10 {
        let (from, to) = if n % 3 == 0 { (grace, ada) } else { (ada, grace) };
        db.send(from, to, &format!("{n}"), at(n)).await;
    }
    (ada, grace)
}

pub async fn what_is_old_goes_and_positions_stay(db: Db) {
    let (ada, grace) = ten(&db).await;
    assert_eq!(forget(&db, (ada, grace), at(1)).await, 0, "nothing is older than the first");
    assert_eq!(forget(&db, (ada, grace), at(5)).await, 4);
    assert_eq!(forget(&db, (ada, grace), at(5)).await, 0);
    assert_eq!(db.number("SELECT CAST(count(*) AS text) FROM messages").await, 6);
    let far = u64::MAX;
    for (limit, position, held, more) in [
        (3, Offset(0), 8..11, true),
        (3, Offset(3), 5..8, false),
        (3, Offset(4), 5..7, false),
        (3, Offset(6), 0..0, false),
        (3, Offset(far), 0..0, false),
        (6, Offset(0), 5..11, false),
        (5, Offset(0), 6..11, true),
        (3, Before(Seq(8)), 5..8, false),
        (3, Before(Seq(9)), 6..9, true),
        (3, Before(Seq(5)), 0..0, false),
        (3, Before(Seq(1)), 0..0, false),
        (3, After(Seq(0)), 5..8, true),
        (3, After(Seq(3)), 5..8, true),
        (3, After(Seq(4)), 5..8, true),
        (3, After(Seq(7)), 8..11, false),
        (200, After(Seq(0)), 5..11, false),
        (3, After(Seq(far)), 0..0, false),
    ] {
        for (me, peer) in [(ada, grace), (grace, ada)] {
            let page = page(&db, me, peer, limit, position).await;
            let expected = (held.clone().collect(), more, Seq(5), Seq(10));
            assert_eq!(
                (seqs(&page), page.has_more, page.first_seq, page.last_seq),
                expected,
                "{limit} {position:?}"
            );
        }
    }
    assert_eq!(db.send(ada, grace, "next", at(20)).await.seq, Seq(11), "no position is used again");
}

pub async fn what_is_left_is_counted_and_listed_as_before(db: Db) {
    let (ada, grace) = ten(&db).await;
    db.store.mark_read(ada, grace, Seq(7), at(11)).await.expect("stored");
    // Of grace's 3, 6 and 9 only 9 is unread; of ada's 1, 2, 4, 5, 7, 8 and 10 all are.
    let unread = async |me| {
        let heads = db.store.conversation_heads(me, 5, at(12)).await.expect("answered");
        let inbox = db.store.conversations(me, 5, None, at(12)).await.expect("answered");
        let listed: Vec<_> = inbox.conversations.iter().map(|entry| entry.last_message.seq.0).collect();
        (heads[0].unread, inbox.total_unread, listed)
    };
    for (before, of_ada, of_grace) in [(0, 1, 7), (5, 1, 4), (8, 1, 2), (9, 1, 1), (10, 0, 1)] {
        let changed = long_after(&db).await;
        let gone = forget(&db, (ada, grace), at(before)).await;
        assert_eq!(unread(ada).await, (of_ada, of_ada, vec![10]), "before {before}");
        assert_eq!(unread(grace).await, (of_grace, of_grace, vec![10]), "before {before}");
        let told = db.store.changed_since(&[ada, grace], changed, at(12)).await.expect("answered");
        assert_eq!(told.len(), if gone > 0 { 2 } else { 0 }, "their devices hear of it");
    }
    // Marks move over what is gone like over anything else.
    assert_eq!(db.store.mark_read(grace, ada, Seq(2), at(12)).await.expect("stored"), Mark::Moved(Seq(2)));
    assert_eq!(unread(grace).await, (1, 1, vec![10]));
    assert_eq!(db.store.mark_read(grace, ada, Seq(10), at(12)).await.expect("stored"), Mark::Moved(Seq(10)));
    assert_eq!(unread(grace).await, (0, 0, vec![10]));
}

pub async fn a_conversation_of_which_nothing_is_left_goes_on(db: Db) {
    let (ada, grace) = ten(&db).await;
    let alan = db.person("alan").await;
    db.send(alan, ada, "aside", at(0)).await;
    assert_eq!(forget(&db, (ada, grace), at(11)).await, 10);
    for position in [Offset(0), Before(Seq(11)), After(Seq(0)), After(Seq(4)), After(Seq(10))] {
        let page = page(&db, ada, grace, 5, position).await;
        let found = (seqs(&page), page.has_more, page.first_seq, page.last_seq);
        assert_eq!(found, (vec![], false, Seq(11), Seq(10)), "{position:?}");
    }
    let head = &db.store.conversation_heads(ada, 1, at(12)).await.expect("answered")[0];
    assert_eq!((head.peer_id, head.last_seq, head.unread), (grace, Seq(10), 0), "it is still there");
    let inbox = async || {
        let page = db.store.conversations(ada, 1, None, at(12)).await.expect("answered");
        let people: Vec<_> = page.conversations.iter().map(|entry| entry.peer.id).collect();
        (people, page.total_unread, page.next.is_some())
    };
    assert_eq!(inbox().await, (vec![alan], 1, false), "there is nothing to list of it");
    assert_eq!(db.send(grace, ada, "again", at(20)).await.seq, Seq(11));
    assert_eq!(inbox().await, (vec![grace], 2, true));
    assert_eq!(seqs(&page(&db, ada, grace, 5, Offset(0)).await), [11]);
    assert_eq!(forget(&db, (ada, grace), at(21)).await, 1);
    assert!(db.store.delete_account(grace).await.expect("stored").is_some());
}

pub async fn a_young_message_keeps_what_follows(db: Db) {
    let (ada, grace) = db.pair().await;
    // By clocks that differ.
    for (n, when) in [1, 9, 2, 3].into_iter().enumerate() {
        db.send(ada, grace, &format!("{n}"), at(when)).await;
    }
    assert_eq!(forget(&db, (ada, grace), at(5)).await, 1);
    assert_eq!(seqs(&page(&db, ada, grace, 9, Offset(0)).await), [2, 3, 4]);
    assert_eq!(forget(&db, (ada, grace), at(10)).await, 3);
}

pub async fn a_repeated_send_is_known_for_a_while(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    let new = message(ada, grace, "hello", at(1));
    let Insert::Stored(first) = db.store.insert_message(&new).await.expect("stored") else {
        panic!("not new")
    };
    assert_eq!(forget(&db, (ada, grace), at(2)).await, 1);

    let again = NewMessage { id: message(ada, grace, "x", at(0)).id, created_at: at(9), ..new };
    let known = Insert::Unheard { message: first, duplicate: true };
    assert_eq!(db.store.insert_message(&again).await.expect("answered"), known);
    let elsewhere = NewMessage { receiver_id: alan, ..again.clone() };
    assert_eq!(db.store.insert_message(&elsewhere).await.expect("answered"), Insert::ClientIdReused);
    assert_eq!(db.number("SELECT CAST(count(*) AS text) FROM messages").await, 0);
    let of_grace = NewMessage { client_id: again.client_id, ..message(grace, ada, "hello", at(9)) };
    let of_grace = db.store.insert_message(&of_grace).await.expect("stored");
    assert!(
        matches!(of_grace, Insert::Stored(stored) if stored.seq == Seq(2)),
        "her own use of the id is her own"
    );

    assert_eq!(db.store.forget_sends(at(1000)).await.expect("stored"), 0);
    assert_eq!(db.store.forget_sends(at(1001)).await.expect("stored"), 1);
    let anew = db.store.insert_message(&again).await.expect("stored");
    assert!(matches!(anew, Insert::Stored(stored) if stored.seq == Seq(3)));
}

pub async fn a_repeated_send_of_what_was_forgotten_leaves_the_rest_of_its_batch_alone(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    let forgotten = message(ada, grace, "one", at(1));
    db.store.insert_message(&forgotten).await.expect("stored");
    assert_eq!(forget(&db, (ada, grace), at(2)).await, 1);

    let together = vec![
        message(alan, grace, "hello", at(9)),
        forgotten,
        message(ada, grace, "two", at(9)),
        message(grace, alan, "yes?", at(9)),
        message(grace, ada, "three", at(9)),
    ];
    let answers = db.store.insert_messages(together).await.expect("answered");
    let seen: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Insert::Stored(message) => (message.seq.0, "stored"),
            Insert::Unheard { message, duplicate: true } => (message.seq.0, "known"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [(1, "stored"), (1, "known"), (2, "stored"), (2, "stored"), (3, "stored")]);
    assert_eq!(seqs(&page(&db, ada, grace, 9, Offset(0)).await), [2, 3]);
    assert_eq!(seqs(&page(&db, alan, grace, 9, Offset(0)).await), [1, 2]);
}

pub async fn what_was_forgotten_of_a_deleted_person_is_in_nobodys_way(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    let new = message(ada, grace, "hello", at(1));
    db.store.insert_message(&new).await.expect("stored");
    assert_eq!(forget(&db, (ada, grace), at(2)).await, 1);
    db.store.delete_account(grace).await.expect("stored").expect("there");

    assert_eq!(db.store.insert_message(&new).await.expect("answered"), Insert::NoReceiver);
    // Whether an id that went to somebody who is gone can go to another person is left to the database …
    let elsewhere = NewMessage { receiver_id: alan, ..new };
    let is_stored = match db.store.insert_message(&elsewhere).await.expect("answered") {
        Insert::Stored(_) => true,
        Insert::ClientIdReused => false,
        other => panic!("{other:?}"),
    };
    // … and either way what is old goes.
    assert_eq!(forget(&db, (ada.min(alan), ada.max(alan)), at(2)).await, u64::from(is_stored));
    assert_eq!(db.number("SELECT CAST(count(*) AS text) FROM messages").await, 0);
}

pub async fn many_instances_forget_at_once_while_others_write(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(ada, grace, "first", at(0)).await;
    // More than go in one step.
    db.fill(ada, grace, 2 * FORGET_STEP).await;
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, is_done) = (db.another_instance().await, Arc::clone(&is_done));
        async move {
            let mut sent = 0;
            while !is_done.load(Ordering::Relaxed) || sent < 20 {
                let outcome =
                    store.insert_message(&message(grace, ada, "meanwhile", at(50))).await.expect("stored");
                assert!(matches!(outcome, Insert::Stored(_)));
                sent += 1;
            }
            sent
        }
    });
    let mut sweepers = Vec::new();
    for _ in 0..3 {
        let store = db.another_instance().await;
        sweepers.push(tokio::spawn(async move {
            let mut gone = 0;
            // Whoever finds it locked leaves it to the others.
            while store.outdated(at(10), None).await.expect("answered").due == [(ada, grace)] {
                let step = store.forget_messages((ada, grace), at(10), at(1000)).await.expect("stored");
                assert!(step <= u64::from(FORGET_STEP));
                gone += step;
            }
            gone
        }));
    }
    let mut gone = 0;
    for sweeper in sweepers {
        gone += sweeper.await.expect("no panic");
    }
    is_done.store(true, Ordering::Relaxed);
    let sent = writer.await.expect("no panic");
    let old = u64::from(2 * FORGET_STEP) + 1;
    assert_eq!(gone, old, "each message is deleted once");
    let page = page(&db, ada, grace, 200, After(Seq(0))).await;
    assert_eq!((page.first_seq, page.last_seq), (Seq(old + 1), Seq(old + sent)));
    assert!(seqs(&page).into_iter().eq((old + 1..=old + sent).take(200)), "no hole in what is left");
    let heads = db.store.conversation_heads(ada, 1, at(60)).await.expect("answered");
    assert_eq!(heads[0].unread, sent);
}

pub async fn every_conversation_is_looked_at(db: Db) {
    let (ada, grace) = ten(&db).await;
    let alan = db.person("alan").await;
    db.send(alan, ada, "old", at(1)).await;
    db.send(alan, grace, "young", at(9)).await;
    let pair = |a: UserId, b: UserId| (a.min(b), a.max(b));
    let mut due = vec![pair(ada, grace), pair(ada, alan)];
    due.sort_unstable();
    let outdated = db.store.outdated(at(9), None).await.expect("answered");
    assert_eq!((outdated.due, outdated.next), (due.clone(), None));
    let behind = db.store.outdated(at(9), Some(due[0])).await.expect("answered");
    assert_eq!(behind.due, due[1..]);
    assert_eq!(db.store.outdated(at(1), None).await.expect("answered").due, []);
    for pair in due {
        forget(&db, pair, at(9)).await;
    }
    assert_eq!(db.store.outdated(at(9), None).await.expect("answered").due, []);
    assert_eq!(db.store.outdated(at(99), None).await.expect("answered").due.len(), 2, "one of them is empty");
}

async fn log_in(db: &Db, user_id: UserId, token: u8, made: i64, used: i64) -> Session {
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        user_id,
        created_at: kept(at(made)),
        last_used_at: kept(at(used)),
        device: String::new(),
    };
    db.store.create_sessions(&[([token; 32], session.clone())]).await.expect("stored");
    session
}

pub async fn log_ins_past_their_time_are_forgotten(db: Db) {
    let (ada, grace) = db.pair().await;
    log_in(&db, ada, 1, 0, 100).await;
    log_in(&db, ada, 2, 50, 60).await;
    let young = log_in(&db, ada, 3, 50, 100).await;
    let ended = log_in(&db, ada, 4, 50, 100).await;
    db.store.revoke_session(ada, ended.id).await.expect("stored");
    log_in(&db, grace, 5, 50, 100).await;
    db.store.delete_account(grace).await.expect("stored").expect("there");
    let start = later(&db).await;
    let forgotten =
        async |made, used, ended| db.store.forget_sessions(at(made), at(used), ended).await.expect("stored");
    let nobody = at(-1_000_000_000);
    let revoked = async || db.store.revoked_since(nobody).await.expect("answered").len();
    assert_eq!(forgotten(0, 60, nobody).await, 0);
    assert_eq!(forgotten(1, 60, nobody).await, 1, "too old");
    assert_eq!(forgotten(1, 61, nobody).await, 1, "not used for too long");
    assert_eq!(revoked().await, 2, "who ended is still told of");
    assert_eq!(forgotten(1, 61, start).await, 2, "ended, one of them with its account");
    assert_eq!(revoked().await, 0);
    assert_eq!(db.store.session(&[3; 32]).await.expect("answered"), Some(young));
    assert_eq!(db.number("SELECT CAST(count(*) AS text) FROM sessions").await, 1);
}

pub async fn expired_tickets_are_forgotten(db: Db) {
    let ada = db.person("ada").await;
    let session = log_in(&db, ada, 1, 0, 0).await;
    for (digest, expires) in [(1, 30), (2, 31)] {
        let ticket = Ticket { user_id: ada, session_id: session.id, expires_at: kept(at(expires)) };
        db.store.create_ticket(&[digest; 32], &ticket).await.expect("stored");
    }
    assert_eq!(db.store.forget_tickets(at(30)).await.expect("stored"), 0);
    assert_eq!(db.store.forget_tickets(at(31)).await.expect("stored"), 1);
    assert_eq!(db.store.take_ticket(&[1; 32]).await.expect("answered"), None);
    assert!(db.store.take_ticket(&[2; 32]).await.expect("answered").is_some());
}
