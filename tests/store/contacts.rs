//! What people choose for each other, and what they report.

use mosaic::domain::{Contact, ContactChange, Seq, UserId};
use mosaic::server::store::{Insert, Mark, Position, Report};
use uuid::Uuid;

use crate::support::{Db, at, kept, long_after, message};

const PLAIN: Contact = Contact { muted: false, marked_unread: false, blocked: false };

async fn choose(db: &Db, me: UserId, peer: UserId, change: ContactChange) -> Contact {
    db.store.change_contact(me, peer, change).await.expect("answered").expect("a peer")
}

async fn block(db: &Db, me: UserId, peer: UserId, on: bool) {
    assert_eq!(choose(db, me, peer, ContactChange::Blocked(on)).await.blocked, on);
}

/// The end, the number of unread messages, and the choice, as `me` sees them in a head and in a page.
async fn seen(db: &Db, me: UserId, peer: UserId) -> (Seq, u64, Contact) {
    let heads = db.store.conversation_heads(me, 10, at(100)).await.expect("answered");
    let page = db.store.get_messages_between(me, peer, 50, Position::NEWEST).await.expect("answered");
    let (head, page) = (heads.first().expect("a head").clone(), page.expect("a page"));
    assert_eq!((page.last_seq, page.contact), (head.last_seq, head.contact));
    assert_eq!(page.messages.last().map(|last| last.seq).unwrap_or_default(), head.last_seq);
    let asked = db.store.last_seqs(me, &[peer]).await.expect("answered");
    assert_eq!(asked.get(&peer), Some(&head.last_seq));
    (head.last_seq, head.unread, head.contact)
}

pub async fn each_thing_is_chosen_for_itself_and_by_one_side(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(grace, ada, "hello", at(1)).await;
    let muted = Contact { muted: true, ..PLAIN };
    assert_eq!(choose(&db, ada, grace, ContactChange::Muted(true)).await, muted);
    let both = Contact { marked_unread: true, ..muted };
    assert_eq!(choose(&db, ada, grace, ContactChange::MarkedUnread(true)).await, both);
    assert_eq!(seen(&db, ada, grace).await, (Seq(1), 1, both));
    assert_eq!(seen(&db, grace, ada).await.2, PLAIN, "the other side knows nothing of it");
    choose(&db, ada, grace, ContactChange::MarkedUnread(false)).await;
    assert_eq!(seen(&db, ada, grace).await.2, muted);
    for nobody in [UserId(Uuid::new_v4()), ada] {
        let change = ContactChange::Muted(true);
        assert_eq!(db.store.change_contact(ada, nobody, change).await.expect("answered"), None);
    }
}

pub async fn a_choice_is_a_change_of_the_conversation(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(grace, ada, "hello", at(1)).await;
    let since = long_after(&db).await;
    choose(&db, ada, grace, ContactChange::Muted(true)).await;
    let changed = db.store.changed_since(&[ada], since, at(2)).await.expect("answered");
    assert!(matches!(&changed[..], [(who, head)] if *who == ada && head.contact.muted), "{changed:?}");
}

pub async fn for_who_blocks_the_conversation_ends_there_until_they_unblock(db: Db) {
    let (ada, grace) = db.pair().await;
    db.send(grace, ada, "before", at(1)).await;
    block(&db, ada, grace, true).await;
    let kept_from_her =
        db.store.insert_message(&message(grace, ada, "meanwhile", at(2))).await.expect("stored");
    assert!(matches!(kept_from_her, Insert::Unheard { duplicate: false, message } if message.seq == Seq(2)));
    assert_eq!(seen(&db, ada, grace).await, (Seq(1), 0, Contact { blocked: true, ..PLAIN }));
    assert_eq!(seen(&db, grace, ada).await, (Seq(2), 0, PLAIN), "who is blocked sees no difference");
    let inbox = async |me| db.store.conversations(me, 10, None, at(3)).await.expect("answered");
    let (hers, his) = (inbox(ada).await, inbox(grace).await);
    assert_eq!((hers.conversations.len(), hers.total_unread, his.conversations.len()), (0, 0, 1));
    // Blocked once more, it does not end any later.
    block(&db, ada, grace, true).await;
    assert_eq!(seen(&db, ada, grace).await.0, Seq(1));
    block(&db, ada, grace, false).await;
    assert_eq!(seen(&db, ada, grace).await, (Seq(2), 2, PLAIN));
    assert_eq!(inbox(ada).await.total_unread, 2);
}

pub async fn who_blocks_cannot_write_and_a_repeated_send_is_found(db: Db) {
    let (ada, grace) = db.pair().await;
    let (first, own) = (message(grace, ada, "hello", at(1)), message(ada, grace, "yes?", at(1)));
    for new in [&first, &own] {
        db.store.insert_message(new).await.expect("stored");
    }
    block(&db, ada, grace, true).await;
    let refused = db.store.insert_message(&message(ada, grace, "hello?", at(2))).await.expect("answered");
    assert_eq!(refused, Insert::Blocked);
    // Also one's own from before the block: its answer may have been lost.
    for new in [&first, &own] {
        let again = db.store.insert_message(new).await.expect("answered");
        assert!(matches!(again, Insert::Unheard { duplicate: true, .. }), "{again:?}");
    }
    let nobody = message(ada, UserId(Uuid::new_v4()), "hello?", at(2));
    assert_eq!(db.store.insert_message(&nobody).await.expect("answered"), Insert::NoReceiver);
    block(&db, ada, grace, false).await;
    assert_eq!(db.send(ada, grace, "hello!", at(3)).await.seq, Seq(3), "nothing was stored meanwhile");
}

pub async fn who_blocks_and_who_is_blocked_may_write_in_one_batch(db: Db) {
    let (ada, grace) = db.pair().await;
    let alan = db.person("alan").await;
    for (from, to) in [(ada, grace), (alan, ada)] {
        db.send(from, to, "one", at(1)).await;
    }
    block(&db, ada, grace, true).await;
    let together = vec![
        message(grace, ada, "two", at(2)),
        message(alan, ada, "two", at(2)),
        message(ada, grace, "hello?", at(2)),
        message(grace, ada, "three", at(2)),
        message(ada, alan, "three", at(2)),
    ];
    let answers = db.store.insert_messages(together).await.expect("answered");
    let seen: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Insert::Stored(message) => (message.seq.0, "stored"),
            Insert::Unheard { message, duplicate: false } => (message.seq.0, "kept from her"),
            Insert::Blocked => (0, "blocked"),
            other => panic!("{other:?}"),
        })
        .collect();
    let wanted = [(2, "kept from her"), (2, "stored"), (0, "blocked"), (3, "kept from her"), (3, "stored")];
    assert_eq!(seen, wanted);
}

pub async fn a_block_before_the_first_message_holds(db: Db) {
    let (ada, grace) = db.pair().await;
    block(&db, grace, ada, true).await;
    let first = db.store.insert_message(&message(ada, grace, "hello", at(1))).await.expect("stored");
    assert!(matches!(first, Insert::Unheard { .. }), "{first:?}");
    assert_eq!(seen(&db, grace, ada).await, (Seq(0), 0, Contact { blocked: true, ..PLAIN }));
}

pub async fn nothing_passes_between_two_of_whom_one_blocks(db: Db) {
    let (ada, grace) = db.pair().await;
    let instance = Uuid::now_v7();
    db.store.beat(instance, false, at(1)).await.expect("answered");
    for person in [ada, grace] {
        db.store.arrive(person, instance, at(1)).await.expect("answered");
    }
    db.send(grace, ada, "one", at(1)).await;
    db.send(ada, grace, "two", at(1)).await;
    block(&db, ada, grace, true).await;
    for (me, peer) in [(ada, grace), (grace, ada)] {
        assert!(db.store.is_silent(me, peer).await.expect("answered"));
        let moved = if me == ada { Mark::Unchanged } else { Mark::MovedUnheard };
        assert_eq!(db.store.mark_delivered(me, peer, Seq(1)).await.expect("answered"), moved);
        assert_eq!(db.store.mark_read(me, peer, Seq(2), at(2)).await.expect("answered"), moved);
        assert_eq!(db.store.peers(me, 10).await.expect("answered"), []);
        let profile = db.store.profile(me, peer, at(2)).await.expect("answered").expect("a person").profile;
        assert_eq!((profile.online, profile.last_seen), (false, None));
        assert!(!db.store.conversation_heads(me, 10, at(2)).await.expect("answered")[0].online);
    }
    for (me, marks) in [(ada, (Seq(2), Seq(2))), (grace, (Seq(0), Seq(0)))] {
        let head = &db.store.conversation_heads(me, 10, at(2)).await.expect("answered")[0];
        assert_eq!((head.peer_delivered_seq, head.peer_read_seq), marks, "who blocks gives no mark away");
    }
    block(&db, ada, grace, false).await;
    assert_eq!(db.store.mark_read(ada, grace, Seq(2), at(3)).await.expect("answered"), Mark::Moved(Seq(2)));
    for (me, peer) in [(ada, grace), (grace, ada)] {
        assert!(!db.store.is_silent(me, peer).await.expect("answered"));
        assert_eq!(db.store.peers(me, 10).await.expect("answered"), [peer]);
        assert!(db.store.profile(me, peer, at(2)).await.expect("answered").expect("a person").profile.online);
    }
}

pub async fn a_report_keeps_what_was_said(db: Db) {
    let (ada, grace) = db.pair().await;
    let said = db.send(grace, ada, "something bad", at(1)).await;
    let report = |reporter, reported| Report {
        id: Uuid::now_v7(),
        reporter_id: Some(reporter),
        reported_id: Some(reported),
        reason: "He was rude.".to_owned(),
        messages: vec![said.clone()],
        created_at: kept(at(2)),
    };
    let (first, second) = (report(ada, grace), report(grace, ada));
    for each in [&first, &second] {
        assert!(db.store.report(each).await.expect("answered"));
    }
    assert!(!db.store.report(&report(ada, UserId(Uuid::new_v4()))).await.expect("answered"));
    assert_eq!(db.store.reports(None, None, 10).await.expect("answered"), [first.clone(), second.clone()]);
    assert_eq!(db.store.reports(None, Some(first.id), 10).await.expect("answered"), [second]);
    assert_eq!(db.store.reports(None, None, 1).await.expect("answered"), [first]);
}
