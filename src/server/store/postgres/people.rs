//! People: accounts and profiles.

use std::collections::HashMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::domain::{Profile, SessionId, UserId, Username};
use crate::server::store::rows::{Micros, ProfileRow, departed, uuids};
use crate::server::store::search::Searchable;
use crate::server::store::sql::profile_columns;
use crate::server::store::{Departed, NewProfile, Verified};

pub async fn create_profile(db: &mut PgConnection, new: NewProfile) -> anyhow::Result<bool> {
    Ok(add(db, &[new]).await? == 1)
}

/// How many were added. Lists travel as JSON: arrays of arrays would all have to be of one length.
async fn add(db: &mut PgConnection, new: &[NewProfile]) -> anyhow::Result<i64> {
    let column = |text: fn(&NewProfile) -> &str| new.iter().map(text).map(str::to_owned).collect::<Vec<_>>();
    let lists = |lists: Vec<&Vec<String>>| {
        lists.into_iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()
    };
    let searched: Vec<_> = new.iter().map(Searchable::of).collect();
    let added = sqlx::query_scalar("SELECT add_people($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(new.iter().map(|p| p.id.0).collect::<Vec<_>>())
        .bind(column(|p| p.username.as_str()))
        .bind(column(|p| p.display_name.as_str()))
        .bind(column(|p| &p.headline))
        .bind(column(|p| &p.bio))
        .bind(lists(new.iter().map(|p| &p.interests).collect())?)
        .bind(column(|p| &p.password_hash))
        .bind(new.iter().map(|p| Micros::of(p.created_at).0).collect::<Vec<_>>())
        .bind(searched.iter().map(|s| i16::from(s.completeness)).collect::<Vec<_>>())
        .bind(searched.iter().map(|s| s.text.clone()).collect::<Vec<_>>())
        .bind(lists(searched.iter().map(|s| &s.interests).collect())?)
        .fetch_one(db)
        .await?;
    Ok(added)
}

pub async fn seed_profiles(db: &mut PgConnection, new: Vec<NewProfile>) -> anyhow::Result<Vec<UserId>> {
    add(db, &new).await?;
    let usernames: Vec<_> = new.iter().map(|p| p.username.as_str().to_owned()).collect();
    let in_use: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT username, id FROM profiles WHERE username = ANY ($1)")
            .bind(&usernames)
            .fetch_all(db)
            .await?;
    let in_use: HashMap<_, _> = in_use.into_iter().collect();
    usernames
        .iter()
        .map(|name| in_use.get(name).copied().map(UserId).context("a seeded person is missing"))
        .collect()
}

pub async fn credentials(db: &mut PgConnection, username: Username) -> anyhow::Result<Option<Verified>> {
    let found: Option<(Uuid, String)> =
        sqlx::query_as("SELECT id, password_hash FROM profiles WHERE username = $1")
            .bind(username.as_str())
            .fetch_optional(db)
            .await?;
    Ok(found.map(|(id, password_hash)| Verified { user_id: UserId(id), password_hash }))
}

pub async fn change_password(
    db: &mut PgConnection,
    verified: Verified,
    hash: String,
    kept: SessionId,
) -> anyhow::Result<Option<Vec<SessionId>>> {
    // Locked before anything is changed: until then somebody else may change it.
    let ended: Option<Vec<Uuid>> = sqlx::query_scalar(
        "WITH held AS MATERIALIZED (
             SELECT p.id FROM profiles p WHERE p.id = $1 AND p.password_hash = $2 FOR UPDATE
         )
         SELECT ARRAY(SELECT change_password(held.id, $3, $4)) FROM held",
    )
    .bind(verified.user_id.0)
    .bind(verified.password_hash)
    .bind(hash)
    .bind(kept.0)
    .fetch_optional(db)
    .await?;
    Ok(ended.map(|ended| ended.into_iter().map(SessionId).collect()))
}

/// Takes as long as it needs: that is rare, and the only statement here that may look at every message.
pub async fn delete_account(db: &mut PgConnection, user: UserId) -> anyhow::Result<Option<Departed>> {
    let mut transaction = db.begin().await?;
    sqlx::query("SET LOCAL statement_timeout = '55s'").execute(&mut *transaction).await?;
    let left: Option<(Vec<Uuid>, Vec<Uuid>)> =
        sqlx::query_as("SELECT sessions, peers FROM delete_account($1)")
            .bind(user.0)
            .fetch_optional(&mut *transaction)
            .await?;
    transaction.commit().await?;
    Ok(left.map(|(sessions, peers)| departed(sessions, peers)))
}

/// The profiles of those who exist, in the order of `ids`.
pub async fn profiles(
    db: &mut PgConnection,
    viewer: UserId,
    ids: Vec<UserId>,
    alive: DateTime<Utc>,
) -> anyhow::Result<Vec<Profile>> {
    let rows: Vec<ProfileRow> = sqlx::query_as(concat!(
        "SELECT ",
        profile_columns!("$3", "$2"),
        " FROM UNNEST($1) WITH ORDINALITY AS wanted (id, place) JOIN profiles p ON p.id = wanted.id ORDER BY place",
    ))
    .bind(uuids(&ids))
    .bind(Micros(alive))
    .bind(viewer.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Profile::from).collect())
}
