//! The inbox, unread counts, and who has news.

use std::collections::BTreeMap;

use mosaic::domain::{Seq, UserId};
use mosaic::server::store::ConversationPage;
use uuid::Uuid;

use crate::support::{Db, at, kept, long_after};

async fn inbox(db: &Db, me: UserId) -> ConversationPage {
    db.store.conversations(me, 100, None, at(1000)).await.expect("answered")
}

async fn unread(db: &Db, me: UserId, peer: UserId) -> u64 {
    let page = inbox(db, me).await;
    page.conversations.iter().find(|entry| entry.peer.id == peer).expect("a conversation").head.unread
}

async fn people(db: &Db, count: usize) -> Vec<UserId> {
    let mut people = Vec::new();
    for n in 0..count {
        people.push(db.person(&format!("peer-{n}")).await);
    }
    people
}

pub async fn unread_is_what_the_peer_wrote_beyond_the_mark(db: Db) {
    for (me, peer) in {
        let (lo, hi) = db.pair().await;
        [(lo, hi), (hi, lo)]
    } {
        let before =
            db.store.last_seqs(me, &[peer]).await.expect("answered").get(&peer).map_or(0, |seq| seq.0);
        db.store.mark_read(me, peer, Seq(before), at(0)).await.expect("answered");
        for from in [peer, me, peer, peer, me] {
            db.send(from, if from == me { peer } else { me }, "hello", at(1)).await;
        }
        assert_eq!(unread(&db, me, peer).await, 3, "sending moves nothing");
        for (seq, left) in [(1, 2), (2, 2), (3, 1), (4, 0), (5, 0)] {
            db.store.mark_read(me, peer, Seq(before + seq), at(2)).await.expect("stored");
            assert_eq!(unread(&db, me, peer).await, left, "read up to {seq}");
        }
        db.store.mark_read(peer, me, Seq(before + 5), at(2)).await.expect("stored");
    }
}

pub async fn unread_agrees_with_a_count_of_the_rows(db: Db) {
    let (ada, grace) = db.pair().await;
    let mut seed = 7_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(seed >> 16)
    };
    for last in 1..=60 {
        let (from, to) = if random() % 2 == 0 { (ada, grace) } else { (grace, ada) };
        db.send(from, to, "hello", at(1)).await;
        if random() % 4 == 0 {
            db.store.mark_read(from, to, Seq(random() % last + 1), at(1)).await.expect("stored");
        }
        if last % 10 == 0 {
            for (me, peer) in [(ada, grace), (grace, ada)] {
                let head = db.store.conversation_heads(me, 10, at(1)).await.expect("answered").remove(0);
                let (peers, read) = (db.literal(peer), head.read_seq);
                let count =
                    format!("SELECT count(*) FROM messages WHERE sender_id = {peers} AND seq > {read}");
                assert_eq!(u64::try_from(db.number(&count).await), Ok(head.unread));
            }
        }
    }
}

pub async fn the_inbox_is_newest_first(db: Db) {
    let ada = db.person("ada").await;
    let peers = people(&db, 3).await;
    assert_eq!(inbox(&db, ada).await.conversations, vec![]);
    for (n, &peer) in (0..).zip(&peers) {
        db.send(peer, ada, &format!("from {n}"), at(n)).await;
    }
    db.send(ada, peers[0], "the latest", at(9)).await;

    let page = inbox(&db, ada).await;
    let order: Vec<_> = page.conversations.iter().map(|entry| entry.peer.id).collect();
    assert_eq!(order, [peers[0], peers[2], peers[1]]);
    let newest = &page.conversations[0];
    assert_eq!(newest.last_message.content, "the latest");
    assert_eq!((newest.last_message.seq, newest.head.last_seq), (Seq(2), Seq(2)));
    assert_eq!(newest.last_message.created_at, kept(at(9)));
    assert_eq!(newest.peer.username, "peer-0");
    assert_eq!((newest.head.peer_id, newest.head.unread), (peers[0], 1));
    assert_eq!((page.total_unread, page.next), (3, None));
    assert_eq!(inbox(&db, peers[1]).await.conversations.len(), 1, "each sees their own");
}

pub async fn the_inbox_is_paged_without_hole_or_double(db: Db) {
    let ada = db.person("ada").await;
    let peers = people(&db, 9).await;
    // Several with the same time, so that ties lie across the edges of pages.
    for (n, &peer) in (0..).zip(&peers) {
        db.send(peer, ada, "hello", at(n / 4)).await;
    }
    let whole: Vec<_> = inbox(&db, ada).await.conversations.iter().map(|entry| entry.peer.id).collect();
    assert_eq!(whole.len(), 9);
    for limit in 1..=10 {
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = db.store.conversations(ada, limit, before, at(1000)).await.expect("answered");
            assert_eq!(page.total_unread, 9, "of all, on every page");
            seen.extend(page.conversations.iter().map(|entry| entry.peer.id));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, whole, "{limit} at a time");
    }
}

pub async fn total_unread_counts_every_conversation(db: Db) {
    let ada = db.person("ada").await;
    let peers = people(&db, 4).await;
    for (n, &peer) in peers.iter().enumerate() {
        for _ in 0..=n {
            db.send(peer, ada, "hello", at(1)).await;
            db.send(ada, peer, "hello", at(1)).await;
        }
    }
    let total =
        async |limit| db.store.conversations(ada, limit, None, at(1)).await.expect("answered").total_unread;
    assert_eq!((total(1).await, total(100).await), (10, 10));
    db.store.mark_read(ada, peers[3], Seq(8), at(2)).await.expect("stored");
    db.store.mark_read(ada, peers[2], Seq(2), at(2)).await.expect("stored");
    assert_eq!(total(1).await, 5);
}

pub async fn heads_and_peers_are_the_newest(db: Db) {
    let ada = db.person("ada").await;
    let peers = people(&db, 5).await;
    for (n, &peer) in (0..).zip(&peers) {
        db.send(if n % 2 == 0 { ada } else { peer }, if n % 2 == 0 { peer } else { ada }, "hello", at(n))
            .await;
    }
    let newest: Vec<_> = peers.iter().rev().copied().collect();
    assert_eq!(db.store.peers(ada, 100).await.expect("answered"), newest);
    assert_eq!(db.store.peers(ada, 2).await.expect("answered"), newest[..2]);
    let heads = db.store.conversation_heads(ada, 3, at(100)).await.expect("answered");
    assert_eq!(heads.iter().map(|head| head.peer_id).collect::<Vec<_>>(), newest[..3]);
    assert_eq!(heads.iter().map(|head| head.unread).collect::<Vec<_>>(), [0, 1, 0]);
    let inbox = inbox(&db, ada).await;
    assert!(inbox.conversations.iter().map(|entry| &entry.head).take(3).eq(&heads), "both say the same");
    assert_eq!(db.store.peers(UserId(Uuid::new_v4()), 5).await.expect("answered"), vec![]);
}

pub async fn last_seqs_are_of_existing_conversations(db: Db) {
    let ada = db.person("ada").await;
    let peers = people(&db, 3).await;
    db.send(ada, peers[0], "hello", at(1)).await;
    db.send(peers[0], ada, "hello", at(1)).await;
    db.send(peers[1], ada, "hello", at(1)).await;
    db.send(peers[1], peers[2], "hello", at(1)).await;
    let asked = [peers[0], peers[1], peers[2], ada, UserId(Uuid::new_v4()), peers[0]];
    let expected = BTreeMap::from([(peers[0], Seq(2)), (peers[1], Seq(1))]);
    assert_eq!(db.store.last_seqs(ada, &asked).await.expect("answered"), expected);
    assert_eq!(
        db.store.last_seqs(ada, &peers[..1]).await.expect("answered"),
        BTreeMap::from([(peers[0], Seq(2))])
    );
    assert_eq!(db.store.last_seqs(ada, &[]).await.expect("answered"), BTreeMap::new());
}

pub async fn messages_and_marks_are_changes_for_both(db: Db) {
    let people = people(&db, 4).await;
    // Who sees a change in the conversation with whom.
    let changed = async |since| {
        let found = db.store.changed_since(&people[..3], since, at(0)).await.expect("answered");
        let place = |id| people.iter().position(|person| *person == id).expect("one of them");
        let mut pairs: Vec<_> =
            found.iter().map(|(user, head)| (place(*user), place(head.peer_id))).collect();
        pairs.sort_unstable();
        pairs
    };
    let start = long_after(&db).await;
    assert_eq!(changed(start).await, []);
    db.send(people[0], people[1], "hello", at(10)).await;
    // By a clock that went back.
    db.send(people[2], people[3], "hello", at(5)).await;
    assert_eq!(changed(start).await, [(0, 1), (1, 0), (2, 3)], "only those asked about");
    let second = long_after(&db).await;
    db.send(people[2], people[3], "hello", at(5)).await;
    assert_eq!(changed(second).await, [(2, 3)]);
    let read = long_after(&db).await;
    db.store.mark_read(people[1], people[0], Seq(1), at(30)).await.expect("stored");
    assert_eq!(changed(read).await, [(0, 1), (1, 0)], "also for the one whose message was read");
    assert_eq!(db.store.changed_since(&[], read, at(0)).await.expect("answered"), vec![]);
    let heads = db.store.conversation_heads(people[0], 1, at(0)).await.expect("answered");
    let found = db.store.changed_since(&people[..1], read, at(0)).await.expect("answered");
    assert_eq!(found, [(people[0], heads[0].clone())], "as the user sees it");
    let repeated = long_after(&db).await;
    db.store.mark_read(people[1], people[0], Seq(1), at(40)).await.expect("stored");
    assert_eq!(changed(repeated).await, [], "nothing moved");
    db.store.mark_delivered(people[3], people[2], Seq(1)).await.expect("stored");
    assert_eq!(changed(repeated).await, [(2, 3)]);
}
