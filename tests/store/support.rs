//! A database for each case, and short words for what the cases do.

use std::future::Future;

use chrono::{DateTime, Utc};
use mosaic::domain::{ClientId, DisplayName, Message, MessageBody, MessageId, UserId, Username};
use mosaic::server::store::{self, Insert, NewMessage, NewProfile, SharedStore};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    SqliteConnection,
};
use uuid::Uuid;

/// A migrated store and the database under it.
pub struct Db {
    pub store: SharedStore,
    pub url: String,
}

/// Runs a case on a new SQLite file.
pub async fn on_sqlite<C: Future<Output = ()> + Send + 'static>(case: impl FnOnce(Db) -> C) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/new/folders/mosaic.db", folder.path().display());
    if let Err(failure) = run(case, url).await {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// Runs a case on a new PostgreSQL database.
pub async fn on_postgres<C: Future<Output = ()> + Send + 'static>(case: impl FnOnce(Db) -> C) {
    let admin = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL must name a PostgreSQL in which databases can be made; `make test` starts one",
    );
    let mut postgres = PgConnection::connect(&admin).await.expect("TEST_DATABASE_URL leads to a PostgreSQL");
    let name = format!("mosaic_store_{}", Uuid::new_v4().simple());
    postgres.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database");
    let url =
        admin.parse::<sqlx::postgres::PgConnectOptions>().expect("a URL").database(&name).to_url_lossy();
    let outcome = run(case, url.to_string()).await;
    postgres.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.expect("dropped");
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

async fn run<C: Future<Output = ()> + Send + 'static>(
    case: impl FnOnce(Db) -> C,
    url: String,
) -> Result<(), tokio::task::JoinError> {
    let store = store::connect(&url).await.expect("a store");
    store.migrate().await.expect("migrated");
    // A task of its own, so that the database is dropped after a case that fails.
    let after = Db { store: store.clone(), url: url.clone() };
    let case = case(Db { store, url });
    tokio::spawn(async move {
        case.await;
        assert_eq!(after.sql(TORN).await, [""; 0], "rows that no case may leave behind");
    })
    .await
}

/// Conversations and messages that contradict themselves. PostgreSQL does not look at each write, which would be dear.
const TORN: &str = "
    SELECT 'conversation' FROM conversations c
    WHERE NOT (user_lo < user_hi AND first_seq BETWEEN 1 AND last_seq + 1
               AND 0 <= lo_read_seq AND lo_read_seq <= lo_delivered_seq AND lo_delivered_seq <= last_seq
               AND 0 <= hi_read_seq AND hi_read_seq <= hi_delivered_seq AND hi_delivered_seq <= last_seq
               AND gone_from_lo BETWEEN 0 AND first_seq - 1 AND from_lo BETWEEN gone_from_lo AND last_seq)
    UNION ALL
    SELECT 'message' FROM messages WHERE NOT (seq > 0 AND from_lo BETWEEN 0 AND seq AND sender_id <> receiver_id)";

/// A moment, finer than the databases keep it.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 123_456_789).expect("a time")
}

/// The same as it is kept.
pub fn kept(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).expect("a time")
}

/// A watermark, after everything so far and before everything to come.
pub async fn later(db: &Db) -> DateTime<Utc> {
    let before = db.store.watermark().await.expect("answered");
    loop {
        let now = db.store.watermark().await.expect("answered");
        if now > before {
            return now;
        }
    }
}

/// A watermark, after a pause that is longer than changes of conversations are told apart by.
pub async fn long_after(db: &Db) -> DateTime<Utc> {
    let minute = db.pick("60000000", "interval '1 minute'");
    db.sql(&format!("UPDATE conversations SET changed_at = changed_at - {minute}")).await;
    later(db).await
}

/// Somebody who says nothing of themselves.
pub fn somebody(username: &str) -> NewProfile {
    NewProfile {
        id: UserId(Uuid::new_v4()),
        username: Username::parse(username).expect("a username"),
        display_name: DisplayName::parse(&format!("The {username}")).expect("a name"),
        headline: String::new(),
        bio: String::new(),
        interests: Vec::new(),
        password_hash: format!("hash of {username}"),
        created_at: at(0),
    }
}

/// A message nobody has sent before.
pub fn message(from: UserId, to: UserId, text: &str, when: DateTime<Utc>) -> NewMessage {
    NewMessage {
        id: MessageId(Uuid::now_v7()),
        client_id: ClientId(Uuid::new_v4()),
        sender_id: from,
        receiver_id: to,
        body: MessageBody::parse(text).expect("a text"),
        created_at: when,
    }
}

impl Db {
    /// Adds somebody.
    pub async fn person(&self, username: &str) -> UserId {
        let profile = somebody(username);
        assert!(self.store.create_profile(&profile).await.expect("stored"));
        profile.id
    }

    /// Two people; the first has the lower id.
    pub async fn pair(&self) -> (UserId, UserId) {
        let (a, b) = (self.person("ada").await, self.person("grace").await);
        (a.min(b), a.max(b))
    }

    /// Stores a new message.
    pub async fn send(&self, from: UserId, to: UserId, text: &str, when: DateTime<Utc>) -> Message {
        match self.store.insert_message(&message(from, to, text, when)).await.expect("stored") {
            Insert::Stored(message) => message,
            other => panic!("not stored: {other:?}"),
        }
    }

    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite")
    }

    /// Chooses the words of the database at hand.
    pub fn pick<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.is_sqlite() { sqlite } else { postgres }
    }

    /// An id as it is written in SQL.
    pub fn literal(&self, id: UserId) -> String {
        if self.is_sqlite() { format!("x'{}'", id.0.simple()) } else { format!("'{id}'") }
    }

    /// Runs SQL behind the store's back; gives back the first column of every row, as text.
    pub async fn sql(&self, sql: &str) -> Vec<String> {
        if self.is_sqlite() {
            let options =
                self.url.parse::<sqlx::sqlite::SqliteConnectOptions>().expect("a URL").foreign_keys(true);
            let mut db: SqliteConnection = options.connect().await.expect("connected");
            let rows = db.fetch_all(AssertSqlSafe(sql.to_owned())).await.expect(sql);
            // A plan has its text in the last column.
            let text = |row: &sqlx::sqlite::SqliteRow| row.get_unchecked::<String, _>(row.len() - 1);
            rows.iter().map(text).collect()
        } else {
            let mut db = PgConnection::connect(&self.url).await.expect("connected");
            let rows = db.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.expect(sql);
            rows.iter().map(|row| row.get_unchecked::<String, _>(0)).collect()
        }
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let rows = self.sql(sql).await;
        rows.first().and_then(|row| row.parse().ok()).unwrap_or_else(|| panic!("no number: {sql}: {rows:?}"))
    }

    /// A store as another process has it.
    pub async fn another_instance(&self) -> SharedStore {
        store::connect(&self.url).await.expect("a store")
    }

    /// Adds many messages behind the store's back, after one that it stored.
    pub async fn fill(&self, from: UserId, to: UserId, count: u32) {
        let (sender, receiver) = (self.literal(from), self.literal(to));
        let (lo, hi) = (self.literal(from.min(to)), self.literal(from.max(to)));
        let by_lo = u32::from(from < to);
        let sql = if self.is_sqlite() {
            format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
                 INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
                 SELECT randomblob(16), randomblob(16), {sender}, {receiver}, 'filling', c.last_message_at,
                        c.last_seq + i, c.from_lo + i * {by_lo}
                 FROM n, conversations c WHERE c.user_lo = {lo} AND c.user_hi = {hi};
                 UPDATE conversations SET last_seq = last_seq + {count}, from_lo = from_lo + {count} * {by_lo}
                 WHERE user_lo = {lo} AND user_hi = {hi}; ANALYZE"
            )
        } else {
            format!(
                "INSERT INTO messages (id, client_id, sender_id, receiver_id, content, created_at, seq, from_lo)
                 SELECT gen_random_uuid(), gen_random_uuid(), {sender}::uuid, {receiver}::uuid, 'filling',
                        c.last_message_at, c.last_seq + i, c.from_lo + i * {by_lo}
                 FROM generate_series(1, {count}) i, conversations c WHERE c.user_lo = {lo} AND c.user_hi = {hi};
                 UPDATE conversations SET last_seq = last_seq + {count}, from_lo = from_lo + {count} * {by_lo}
                 WHERE user_lo = {lo} AND user_hi = {hi}; ANALYZE"
            )
        };
        self.sql(&sql).await;
    }
}
