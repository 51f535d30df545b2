//! The two, the stranger and the one who has left; and a look at everything that is stored.

use chrono::TimeDelta;
use mosaic::domain::{DisplayName, SessionId, UserId, Username};
use mosaic::server::auth::Token;
use mosaic::server::store::{NewProfile, Session};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::harness::{Person, TestApp, uuid};

/// What everybody of a cast logs in with.
pub const PASSWORD: &str = "correct horse";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Owner,
    Peer,
    Stranger,
    Anonymous,
    Revoked,
}

/// Those who can be refused first: what they leave behind would be seen.
pub const CALLERS: [Caller; 5] =
    [Caller::Revoked, Caller::Anonymous, Caller::Stranger, Caller::Peer, Caller::Owner];

/// People of one row, so that no row finds what another one did.
pub struct Cast {
    pub owner: Person,
    pub peer: Person,
    pub stranger: Person,
    /// A log-in of the owner's that has ended, after it had asked for [`Cast::late_ticket`].
    pub revoked: Person,
    pub late_ticket: String,
    /// One more log-in of the owner's.
    pub device: SessionId,
    /// What nobody but the two may see: texts and ids of their messages.
    pub secrets: Vec<String>,
}

impl Cast {
    /// New people, without the cost of signing up; `hash` is that of [`PASSWORD`].
    pub async fn assemble(app: &TestApp, hash: &str) -> Self {
        let owner = resident(app, "owner", hash).await;
        let peer = resident(app, "peer", hash).await;
        let stranger = resident(app, "stranger", hash).await;
        let revoked = app.known(&owner.id, &logged_in(app, &owner.id).await.0);
        let (_, device) = logged_in(app, &owner.id).await;
        let late_ticket = revoked.ticket().await;
        revoked.request(Method::POST, "/auth/logout").send().await.unwrap().error_for_status().unwrap();
        let mut secrets = Vec::new();
        for (from, to) in [(&owner, &peer), (&peer, &owner)] {
            let message = from.send(to, &format!("secret {}", uuid())).await;
            secrets.extend(
                ["content", "id", "client_id"].map(|field| message[field].as_str().unwrap().to_owned()),
            );
        }
        let muted = owner.post(&format!("/messages/contact/{}", peer.id), json!({"muted": true})).await;
        muted.error_for_status().unwrap();
        Self { owner, peer, stranger, revoked, late_ticket, device, secrets }
    }

    /// Who asks, unless nobody can tell.
    pub fn person(&self, caller: Caller) -> Option<&Person> {
        match caller {
            Caller::Owner => Some(&self.owner),
            Caller::Peer => Some(&self.peer),
            Caller::Stranger => Some(&self.stranger),
            Caller::Anonymous => None,
            Caller::Revoked => Some(&self.revoked),
        }
    }

    /// Whom they name: the other one of the two.
    pub fn other(&self, caller: Caller) -> &str {
        if caller == Caller::Peer { &self.owner.id } else { &self.peer.id }
    }

    /// Whether a text tells something of what the two have.
    pub fn is_told(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret))
    }
}

async fn resident(app: &TestApp, role: &str, hash: &str) -> Person {
    let id = UserId(uuid::Uuid::new_v4());
    let profile = NewProfile {
        id,
        username: Username::parse(&format!("{role}-{}", &id.0.simple().to_string()[..16])).unwrap(),
        display_name: DisplayName::parse(role).unwrap(),
        headline: String::new(),
        bio: String::new(),
        interests: Vec::new(),
        password_hash: hash.to_owned(),
        created_at: app.clock.now(),
    };
    assert!(app.state.service.store.create_profile(&profile).await.unwrap());
    let id = id.to_string();
    let (token, _) = logged_in(app, &id).await;
    app.known(&id, &token)
}

/// One more log-in.
pub async fn logged_in(app: &TestApp, id: &str) -> (String, SessionId) {
    let (token, now) = (Token::random(), app.clock.now());
    let session = Session {
        id: SessionId(uuid::Uuid::new_v4()),
        user_id: id.parse().unwrap(),
        created_at: now - TimeDelta::minutes(1),
        last_used_at: now,
        device: String::new(),
    };
    let id = session.id;
    app.state.service.store.create_sessions(&[(token.digest(), session)]).await.unwrap();
    (token.reveal().to_owned(), id)
}

/// Everything that is stored, a text for each row. Passed over are spent tickets (whoever presents one, it is
/// spent), the server's signs of life, and the index of the search.
pub struct Stored(Vec<String>);

impl Stored {
    pub async fn look(app: &TestApp) -> Self {
        let mut db = SqliteConnection::connect(&app.state.config.database_url).await.unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'
             AND name NOT IN ('_sqlx_migrations', 'instances', 'presence', 'tickets')
             AND name NOT GLOB 'searchable_*'";
        let mut rows = Vec::new();
        for table in texts(&mut db, tables).await {
            let columns = format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')");
            let columns = texts(&mut db, &columns).await.join(" || ',' || ");
            rows.extend(texts(&mut db, &format!("SELECT '{table},' || {columns} FROM \"{table}\"")).await);
        }
        db.close().await.unwrap();
        rows.sort();
        Self(rows)
    }

    /// What changed since: rows that are only there now, or only were there then.
    pub fn changes(&self, then: &Self) -> Vec<String> {
        let only = |these: &Self, those: &Self| -> Vec<String> {
            these.0.iter().filter(|row| those.0.binary_search(row).is_err()).cloned().collect()
        };
        [only(self, then), only(then, self)].concat()
    }

    /// The rows that name all of these people.
    pub fn naming(&self, people: &[&Person]) -> Vec<&String> {
        let ids: Vec<_> = people.iter().map(|person| hex(&person.id)).collect();
        self.0.iter().filter(|row| ids.iter().all(|id| row.contains(id.as_str()))).collect()
    }
}

async fn texts(db: &mut SqliteConnection, query: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(db).await.unwrap();
    rows.iter().map(|row| row.get_unchecked::<String, _>(0)).collect()
}

/// An id as `quote` writes it.
fn hex(id: &str) -> String {
    id.replace('-', "").to_uppercase()
}
