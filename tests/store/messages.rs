//! Storing messages: once each, in an order without holes.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use mosaic::domain::{ClientId, Message, MessageBody, Seq, UserId};
use mosaic::server::store::{Insert, NewMessage, Position};
use uuid::Uuid;

use crate::support::{Db, at, kept, message};

async fn insert(db: &Db, message: &NewMessage) -> Insert {
    db.store.insert_message(message).await.expect("answered")
}

/// The whole conversation, as `me` sees it.
async fn everything(db: &Db, me: UserId, peer: UserId) -> Vec<Message> {
    let page = db.store.get_messages_between(me, peer, 1_000_000, Position::NEWEST).await.expect("answered");
    page.expect("the peer exists").messages
}

pub async fn a_message_is_stored_as_given(db: Db) {
    let (ada, grace) = db.pair().await;
    for (seq, (from, to)) in (1..).zip([(ada, grace), (grace, ada), (ada, grace)]) {
        let new = message(from, to, "hello", at(i64::try_from(seq).expect("small")));
        let stored = Message {
            id: new.id,
            client_id: new.client_id,
            sender_id: from,
            receiver_id: to,
            content: "hello".to_owned(),
            seq: Seq(seq),
            created_at: kept(new.created_at),
            read_at: None,
        };
        assert_eq!(insert(&db, &new).await, Insert::Stored(stored.clone()));
        assert_eq!(
            everything(&db, ada, grace).await.last(),
            Some(&stored),
            "what is returned is what is read"
        );
    }
    let newest = db.pick(
        "SELECT * FROM (SELECT created_at, id FROM messages_readable ORDER BY created_at DESC LIMIT 1)",
        "SELECT id FROM messages ORDER BY created_at DESC LIMIT 10",
    );
    let last = everything(&db, ada, grace).await.pop().expect("three");
    assert_eq!(db.sql(newest).await.first(), Some(&last.id.to_string()));
    if let [readable] = &db
        .sql(db.pick("SELECT created_at FROM messages_readable WHERE seq = 3", "SELECT 1 WHERE false"))
        .await[..]
    {
        assert_eq!(readable.parse::<chrono::DateTime<chrono::Utc>>(), Ok(last.created_at));
    }
}

pub async fn any_text_is_kept_verbatim(db: Db) {
    let (ada, grace) = db.pair().await;
    let controls: String = (1..=0x9f).filter_map(char::from_u32).collect();
    let texts = [
        "  spaces and\ttabs \r\n kept \u{a0}".to_owned(),
        "'; DROP TABLE messages; -- \" \\ $1 ?1 %_ {} \\u0000 \\0 \\n".to_owned(),
        "<script>alert('x')</script> &amp; {{template}}".to_owned(),
        "שלום \u{202e}עולם\u{202c} مرحبا".to_owned(),
        "👩‍👩‍👧‍👦 🇳🇴 e\u{301} é \u{200b}\u{feff}\u{fffd}\u{10ffff}".to_owned(),
        "x".repeat(MessageBody::MAX_CHARS),
        "🦀".repeat(MessageBody::MAX_CHARS),
        controls,
        "[1, {\"a\": null}]".to_owned(),
    ];
    for text in &texts {
        assert_eq!(&db.send(ada, grace, text, at(1)).await.content, text);
    }
    let read: Vec<_> = everything(&db, grace, ada).await.into_iter().map(|message| message.content).collect();
    assert_eq!(read, texts);
}

pub async fn a_repeated_send_finds_the_first_row(db: Db) {
    let (ada, grace) = db.pair().await;
    let first = message(ada, grace, "hello", at(1));
    let Insert::Stored(stored) = insert(&db, &first).await else { panic!("not stored") };
    // The very same call again, and a later try that made a new id and time.
    let retry = NewMessage { client_id: first.client_id, ..message(ada, grace, "hello", at(9)) };
    for again in [&first, &retry, &first] {
        assert_eq!(insert(&db, again).await, Insert::AlreadyStored(stored.clone()));
    }
    db.store.mark_read(grace, ada, Seq(1), at(20)).await.expect("stored");
    let read = Message { read_at: Some(kept(at(20))), ..stored };
    assert_eq!(insert(&db, &retry).await, Insert::AlreadyStored(read));
    assert_eq!(everything(&db, ada, grace).await.len(), 1);
}

pub async fn a_repeated_send_is_found_among_others(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    let first = message(ada, grace, "one", at(1));
    insert(&db, &first).await;
    db.send(alan, ada, "one", at(1)).await;
    let next = message(ada, grace, "two", at(2));
    // What waits together shares a transaction.
    let jobs = [
        vec![message(alan, ada, "two", at(2)), message(alan, ada, "three", at(2))],
        vec![first, next],
        vec![message(ada, alan, "four", at(2))],
        vec![message(grace, alan, "one", at(2))],
    ];
    let answers = join_all(jobs.map(|job| db.store.insert_messages(job))).await;
    let stored: Vec<Vec<_>> = answers
        .into_iter()
        .map(|answer| {
            answer.expect("answered").iter().map(|insert| matches!(insert, Insert::Stored(_))).collect()
        })
        .collect();
    assert_eq!(stored, [vec![true, true], vec![false, true], vec![true], vec![true]]);
    for (a, b, texts) in [
        (ada, grace, &["one", "two"][..]),
        (ada, alan, &["one", "two", "three", "four"]),
        (grace, alan, &["one"]),
    ] {
        let read = everything(&db, a, b).await;
        assert!(read.iter().map(|message| message.seq.0).eq(1..=texts.len() as u64));
        assert!(read.iter().map(|message| &message.content).eq(texts), "{read:?}");
    }
}

pub async fn what_comes_together_is_stored_in_its_order(db: Db) {
    let (ada, grace) = db.pair().await;
    let [one, two, three] = ["one", "two", "three"].map(|text| message(ada, grace, text, at(1)));
    let other = NewMessage { client_id: two.client_id, ..message(ada, grace, "something else", at(2)) };
    for is_repeated in [false, true] {
        let together = vec![one.clone(), two.clone(), one.clone(), other.clone(), three.clone()];
        let inserts = db.store.insert_messages(together).await.expect("answered");
        let seen: Vec<_> = inserts
            .iter()
            .map(|insert| match insert {
                Insert::Stored(message) => (message.seq.0, false),
                Insert::AlreadyStored(message) => (message.seq.0, true),
                Insert::ClientIdReused => (0, false),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, [(1, is_repeated), (2, is_repeated), (1, true), (0, false), (3, is_repeated)]);
    }
    let stored: Vec<_> =
        everything(&db, ada, grace).await.into_iter().map(|message| message.content).collect();
    assert_eq!(stored, ["one", "two", "three"]);
}

pub async fn a_client_id_is_not_used_for_something_else(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    let first = message(ada, grace, "hello", at(1));
    insert(&db, &first).await;
    let nobody = UserId(Uuid::new_v4());
    for (to, text) in
        [(grace, "hello "), (grace, "other"), (alan, "hello"), (nobody, "hello"), (ada, "hello")]
    {
        let other = NewMessage { client_id: first.client_id, ..message(ada, to, text, at(2)) };
        assert_eq!(insert(&db, &other).await, Insert::ClientIdReused);
    }
    assert_eq!(everything(&db, ada, grace).await.len(), 1);
    assert_eq!(
        db.store.peers(ada, 10).await.expect("answered"),
        vec![grace],
        "no conversation without a message"
    );
    assert_eq!(db.number("SELECT count(*) FROM conversations").await, 1);
}

pub async fn a_client_id_is_unique_per_sender_only(db: Db) {
    let (ada, grace) = db.pair().await;
    let first = message(ada, grace, "hello", at(1));
    let same = NewMessage { client_id: first.client_id, ..message(grace, ada, "hello", at(1)) };
    assert!(matches!(insert(&db, &first).await, Insert::Stored(message) if message.seq == Seq(1)));
    assert!(matches!(insert(&db, &same).await, Insert::Stored(message) if message.seq == Seq(2)));
}

pub async fn there_must_be_a_receiver(db: Db) {
    let ada = db.person("ada").await;
    let nobody = UserId(Uuid::new_v4());
    for (from, to) in [(ada, nobody), (ada, ada), (nobody, ada)] {
        assert_eq!(insert(&db, &message(from, to, "hello", at(1))).await, Insert::NoReceiver);
    }
    assert_eq!(db.number("SELECT count(*) FROM conversations").await, 0);
}

pub async fn positions_are_dense_under_contention(db: Db) {
    const TASKS: u64 = 32;
    const EACH: u64 = 8;
    let (ada, grace) = db.pair().await;
    let other = db.another_instance().await;
    let tasks =
        (0..TASKS).flat_map(|task| [(task, ada, grace), (task, grace, ada)]).map(|(task, from, to)| {
            // Half of them as if from a second process.
            let store = if task % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                for n in 0..EACH {
                    let new = message(from, to, &format!("{task}.{n}"), at(1));
                    match store.insert_message(&new).await.expect("stored") {
                        Insert::Stored(message) => seqs.push(message.seq.0),
                        outcome => panic!("not stored: {outcome:?}"),
                    }
                }
                assert!(seqs.is_sorted(), "one sender's messages keep their order");
                seqs
            })
        });
    let mut seqs = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        seqs.extend(task.await.expect("no panic"));
    }
    seqs.sort_unstable();
    let all = (1..=2 * TASKS * EACH).collect::<Vec<_>>();
    assert_eq!(seqs, all);
    assert_eq!(
        everything(&db, ada, grace).await.iter().map(|message| message.seq.0).collect::<Vec<_>>(),
        all
    );
}

pub async fn one_client_id_sent_by_many_is_one_row(db: Db) {
    let (ada, grace) = db.pair().await;
    let other = db.another_instance().await;
    for round in 0..4 {
        let client_id = ClientId(Uuid::new_v4());
        let tasks = (0..16).map(|task| {
            let store = if task % 2 == 0 { db.store.clone() } else { other.clone() };
            let new = NewMessage { client_id, ..message(ada, grace, "hello", at(1)) };
            tokio::spawn(async move { store.insert_message(&new).await.expect("answered") })
        });
        let mut stored = 0;
        let mut rows = HashSet::new();
        for task in tasks.collect::<Vec<_>>() {
            match task.await.expect("no panic") {
                Insert::Stored(message) => {
                    stored += 1;
                    rows.insert((message.id, message.seq));
                }
                Insert::AlreadyStored(message) => _ = rows.insert((message.id, message.seq)),
                outcome => panic!("{outcome:?}"),
            }
        }
        assert_eq!((stored, rows.len()), (1, 1), "every answer is the same row");
        assert_eq!(everything(&db, ada, grace).await.len(), round + 1);
    }
}

pub async fn one_client_id_sent_to_two_people_at_once_is_one_row(db: Db) {
    let ada = db.person("ada").await;
    let other = db.another_instance().await;
    let mut conversations = 0;
    for round in 0..24 {
        let client_id = ClientId(Uuid::new_v4());
        let know_each_other = round % 2 == 1;
        conversations += if know_each_other { 3 } else { 1 };
        let mut tasks = Vec::new();
        for (name, store) in [("x", db.store.clone()), ("y", other.clone()), ("z", db.store.clone())] {
            let peer = db.person(&format!("peer-{name}{round}")).await;
            if know_each_other {
                db.send(ada, peer, "before", at(0)).await;
            }
            let new = NewMessage { client_id, ..message(ada, peer, "hello", at(1)) };
            tasks.push(tokio::spawn(async move { store.insert_message(&new).await.expect("answered") }));
        }
        let mut stored = 0;
        for task in tasks {
            match task.await.expect("no panic") {
                Insert::Stored(_) => stored += 1,
                outcome => assert_eq!(outcome, Insert::ClientIdReused),
            }
        }
        assert_eq!(stored, 1);
        let held = db.number("SELECT count(*) FROM conversations").await;
        assert_eq!(held, conversations, "none without a message");
    }
}

pub async fn a_send_is_stored_though_nobody_waits(db: Db) {
    let (ada, grace) = db.pair().await;
    for n in 0..20 {
        let new = message(ada, grace, &format!("{n}"), at(1));
        // The caller gives up after a moment, at a different point each time.
        let patience = Duration::from_micros(n * 40);
        _ = tokio::time::timeout(patience, db.store.insert_message(&new)).await;
    }
    db.send(ada, grace, "last", at(2)).await;
    let stored = everything(&db, ada, grace).await;
    assert!(stored.iter().map(|message| message.seq.0).eq(1..=stored.len() as u64), "nothing torn");
    assert_eq!(stored.last().map(|message| message.content.as_str()), Some("last"), "and nothing stuck");
}

pub async fn many_conversations_at_once(db: Db) {
    let ada = db.person("ada").await;
    let mut peers = Vec::new();
    for n in 0..10 {
        peers.push(db.person(&format!("peer-{n}")).await);
    }
    let tasks = (0..300).map(|n| {
        let (store, peer) = (db.store.clone(), peers[n % peers.len()]);
        let (from, to) = if n % 3 == 0 { (ada, peer) } else { (peer, ada) };
        tokio::spawn(async move {
            store.insert_message(&message(from, to, "hello", at(1))).await.expect("answered")
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert!(matches!(task.await.expect("no panic"), Insert::Stored(_)));
    }
    for peer in peers {
        assert!(everything(&db, ada, peer).await.iter().map(|message| message.seq.0).eq(1..=30));
    }
}
