//! Others who hold locks, and connections that break.

use std::time::Duration;

use tokio::time::Instant;

use mosaic::domain::Seq;
use mosaic::server::store::{Insert, Position};
use sqlx::{Connection as _, Executor as _};

use crate::support::{Db, at, message, on_postgres, on_sqlite};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_conversation_holds_up_no_other() {
    on_postgres(async |db: Db| {
        let (ada, grace) = db.pair().await;
        let alan = db.person("alan").await;
        db.send(ada, grace, "first", at(0)).await;
        let mut other = sqlx::PgConnection::connect(&db.url).await.expect("connected");
        other.execute("BEGIN; SELECT * FROM conversations FOR UPDATE").await.expect("locked");

        let stuck = {
            let (store, new) = (db.store.clone(), message(ada, grace, "stuck", at(1)));
            tokio::spawn(async move { (store.insert_message(&new).await.is_err(), new) })
        };
        let begun = Instant::now();
        for n in 0..20 {
            db.send(ada, alan, &format!("{n}"), at(1)).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(2), "the others do not wait");
        let (failed, new) = stuck.await.expect("no panic");
        assert!(failed && begun.elapsed() < Duration::from_secs(4), "the wait is bounded");
        assert!(db.store.mark_read(grace, ada, Seq(1), at(2)).await.is_err());

        other.execute("ROLLBACK").await.expect("unlocked");
        assert!(matches!(db.store.insert_message(&new).await.expect("stored"), Insert::Stored(message) if message.seq == Seq(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_a_conversation_together_keeps_its_order() {
    on_postgres(async |db: Db| {
        let (ada, grace) = db.pair().await;
        db.send(ada, grace, "first", at(0)).await;
        let mut other = sqlx::PgConnection::connect(&db.url).await.expect("connected");
        other.execute("BEGIN; SELECT * FROM conversations FOR UPDATE").await.expect("locked");
        let store = db.store.clone();
        let new: Vec<_> = (0..20).map(|n| message(ada, grace, &format!("{n}"), at(1))).collect();
        let waiting = tokio::spawn(async move { store.insert_messages(new).await.expect("stored") });
        let stuck = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                     AND application_name = 'mosaic' AND datname = current_database()";
        while db.number(stuck).await == 0 {
            assert!(!waiting.is_finished(), "nobody waits");
        }
        other.execute("COMMIT").await.expect("unlocked");
        let seqs = waiting.await.expect("no panic").into_iter().map(|insert| match insert {
            Insert::Stored(message) => message.seq.0,
            other => panic!("{other:?}"),
        });
        assert_eq!(seqs.collect::<Vec<_>>(), (2..22).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_that_writes_is_waited_for() {
    on_sqlite(async |db: Db| {
        let (ada, grace) = db.pair().await;
        db.send(ada, grace, "first", at(0)).await;
        let path = db.url.trim_start_matches("sqlite://");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.expect("connected");
        other.execute("BEGIN IMMEDIATE; DELETE FROM tickets").await.expect("locked");

        let (store, new) = (db.store.clone(), message(ada, grace, "second", at(1)));
        let waiting = tokio::spawn(async move { store.insert_message(&new).await.expect("stored") });
        assert_eq!(db.store.peers(ada, 9).await.expect("answered"), [grace], "readers do not wait");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished());
        other.execute("COMMIT").await.expect("unlocked");
        assert!(matches!(waiting.await.expect("no panic"), Insert::Stored(message) if message.seq == Seq(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_comes_back_is_used_again() {
    on_postgres(async |db: Db| {
        let (ada, grace) = db.pair().await;
        db.send(ada, grace, "first", at(0)).await;
        // Every connection is cut, as by a restart.
        db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mosaic' AND datname = current_database()").await;
        let begun = Instant::now();
        let new = message(ada, grace, "second", at(1));
        while db.store.insert_message(&new).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(3), "it heals");
        }
        while db.store.ping().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(3), "it heals");
        }
        let page = db.store.get_messages_between(ada, grace, 9, Position::NEWEST).await.expect("answered");
        assert_eq!(page.expect("a page").last_seq, Seq(2));
    })
    .await;
}
