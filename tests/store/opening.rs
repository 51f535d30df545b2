//! Opening a database and bringing it up to date.

use mosaic::server::store;

use crate::support::Db;

pub async fn migrating_again_changes_nothing(db: Db) {
    db.person("ada").await;
    db.store.migrate().await.expect("migrated");
    assert_eq!(db.number("SELECT count(*) FROM profiles").await, 1);
    db.store.ping().await.expect("answers");
}

pub async fn two_processes_migrate_at_once(db: Db) {
    // A fresh database beside the one at hand, which is migrated already.
    let url = if db.url.starts_with("sqlite") {
        db.url.replace("mosaic.db", "fresh.db")
    } else {
        db.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
        db.url.clone()
    };
    let migrations = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let store = store::connect(&url).await.expect("a store");
            store.migrate().await.expect("migrated");
            store.ping().await.expect("answers");
        })
    });
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.expect("no panic");
    }
}

#[tokio::test]
async fn an_unusable_url_is_refused_in_one_clear_line() {
    for (url, reason) in [
        ("mysql://localhost/mosaic", "must begin with sqlite:// or postgres://"),
        ("mosaic.db", "must begin with sqlite:// or postgres://"),
        ("sqlite://:memory:", "needs the path of a file"),
        ("sqlite://", "needs the path of a file"),
        ("postgres://user:secret@host:not-a-port/db", "not a valid postgres:// URL"),
        ("sqlite:///proc/nowhere/mosaic.db", "cannot make the folder /proc/nowhere"),
    ] {
        let error = store::connect(url).await.err().expect(url);
        assert!(error.to_string().contains(reason), "{url}: {error}");
        assert!(!format!("{error:#}").contains("secret"), "{error:#}");
    }
}
