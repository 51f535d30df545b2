//! People: accounts and profiles.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{begin, clock, json_ids};
use crate::domain::{Profile, SessionId, UserId, Username};
use crate::server::store::rows::{Micros, ProfileRow, departed};
use crate::server::store::search::Searchable;
use crate::server::store::sql::profile_columns;
use crate::server::store::{Departed, NewProfile, Verified};

pub async fn create_profile(db: &mut SqliteConnection, new: NewProfile) -> anyhow::Result<bool> {
    let mut transaction = begin(db).await?;
    let added = add(&mut transaction, &[new]).await?;
    transaction.commit().await?;
    Ok(added == 1)
}

/// How many were added. People travel as one JSON array of arrays.
async fn add(db: &mut SqliteConnection, new: &[NewProfile]) -> anyhow::Result<u64> {
    let person = |p: &NewProfile| {
        let searched = Searchable::of(p);
        let (username, name) = (p.username.as_str(), p.display_name.as_str());
        let (id, at) = (p.id.0.simple().to_string(), p.created_at.timestamp_micros());
        serde_json::json!([
            id,
            username,
            name,
            p.headline,
            p.bio,
            p.interests,
            p.password_hash,
            at,
            searched.completeness,
            searched.text,
            searched.interests
        ])
    };
    let people = serde_json::Value::from(new.iter().map(person).collect::<Vec<_>>()).to_string();
    let added = sqlx::query(
        "INSERT INTO profiles (id, username, display_name, headline, bio, interests, password_hash, created_at)
         SELECT unhex(n.value ->> 0), n.value ->> 1, n.value ->> 2, n.value ->> 3, n.value ->> 4, n.value -> 5,
                n.value ->> 6, n.value ->> 7
         FROM json_each($1) n WHERE true ON CONFLICT (username) DO NOTHING",
    )
    .bind(&people)
    .execute(&mut *db)
    .await?;
    // The most common first, because the first 63 have bits.
    sqlx::query(
        "INSERT INTO interests (name)
         SELECT t.value FROM json_each($1) n JOIN json_each(n.value, '$[10]') t
         WHERE EXISTS (SELECT 1 FROM profiles p WHERE p.id = unhex(n.value ->> 0))
         GROUP BY t.value ORDER BY count(*) DESC, t.value ON CONFLICT (name) DO NOTHING",
    )
    .bind(&people)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO searchable (id, completeness, text, mask)
         SELECT p.id, n.value ->> 8, n.value ->> 9,
                (SELECT COALESCE(SUM(1 << (i.id - 1)), 0) FROM json_each(n.value, '$[10]') t
                 JOIN interests i ON i.name = t.value WHERE i.id <= 63)
         FROM json_each($1) n CROSS JOIN profiles p ON p.id = unhex(n.value ->> 0)
         WHERE true ON CONFLICT (id) DO NOTHING",
    )
    .bind(&people)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO profile_interests (interest, person, completeness, mask)
         SELECT i.id, s.person, s.completeness, s.mask
         FROM json_each($1) n CROSS JOIN searchable s ON s.id = unhex(n.value ->> 0)
         CROSS JOIN json_each(n.value, '$[10]') t CROSS JOIN interests i ON i.name = t.value
         WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(&people)
    .execute(&mut *db)
    .await?;
    Ok(added.rows_affected())
}

pub async fn seed_profiles(db: &mut SqliteConnection, new: Vec<NewProfile>) -> anyhow::Result<Vec<UserId>> {
    let mut transaction = begin(db).await?;
    add(&mut transaction, &new).await?;
    let names: Vec<_> = new.iter().map(|p| p.username.as_str()).collect();
    let in_use: Vec<Uuid> = sqlx::query_scalar(
        "SELECT p.id FROM json_each($1) n CROSS JOIN profiles p ON p.username = n.value ORDER BY n.key",
    )
    .bind(serde_json::to_string(&names)?)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    anyhow::ensure!(in_use.len() == new.len(), "a seeded person is missing");
    Ok(in_use.into_iter().map(UserId).collect())
}

pub async fn credentials(db: &mut SqliteConnection, username: Username) -> anyhow::Result<Option<Verified>> {
    let found: Option<(Uuid, String)> =
        sqlx::query_as("SELECT id, password_hash FROM profiles WHERE username = $1")
            .bind(username.as_str())
            .fetch_optional(db)
            .await?;
    Ok(found.map(|(id, password_hash)| Verified { user_id: UserId(id), password_hash }))
}

pub async fn change_password(
    db: &mut SqliteConnection,
    verified: Verified,
    hash: String,
    kept: SessionId,
) -> anyhow::Result<Option<Vec<SessionId>>> {
    let mut transaction = begin(db).await?;
    let changed = sqlx::query("UPDATE profiles SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
        .bind(verified.user_id.0)
        .bind(verified.password_hash)
        .bind(hash)
        .execute(&mut *transaction)
        .await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    let ended: Vec<Uuid> = sqlx::query_scalar(concat!(
        "UPDATE sessions SET revoked_at = ",
        clock!(),
        " WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL RETURNING id"
    ))
    .bind(verified.user_id.0)
    .bind(kept.0)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(ended.into_iter().map(SessionId).collect()))
}

pub async fn delete_account(db: &mut SqliteConnection, user: UserId) -> anyhow::Result<Option<Departed>> {
    // One statement deletes all that they wrote, and what it keeps to take itself back may not fit into memory.
    sqlx::query("PRAGMA temp_store = file").execute(&mut *db).await?;
    let departed = delete(db, user).await?;
    sqlx::query("PRAGMA temp_store = memory").execute(db).await?;
    Ok(departed)
}

async fn delete(db: &mut SqliteConnection, user: UserId) -> anyhow::Result<Option<Departed>> {
    let mut transaction = begin(db).await?;
    let peers: Vec<Uuid> = sqlx::query_scalar(
        "SELECT user_hi FROM conversations WHERE user_lo = $1
         UNION ALL SELECT user_lo FROM conversations WHERE user_hi = $1",
    )
    .bind(user.0)
    .fetch_all(&mut *transaction)
    .await?;
    let sessions: Vec<Uuid> = sqlx::query_scalar(concat!(
        "INSERT INTO ended_sessions (id, ended_at) SELECT id, ",
        clock!(),
        " FROM sessions WHERE user_id = $1 RETURNING id"
    ))
    .bind(user.0)
    .fetch_all(&mut *transaction)
    .await?;
    let gone =
        sqlx::query("DELETE FROM profiles WHERE id = $1").bind(user.0).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok((gone.rows_affected() == 1).then(|| departed(sessions, peers)))
}

/// The profiles of those who exist, in the order of `ids`.
pub async fn profiles(
    db: &mut SqliteConnection,
    viewer: UserId,
    ids: Vec<UserId>,
    alive: DateTime<Utc>,
) -> anyhow::Result<Vec<Profile>> {
    let rows: Vec<ProfileRow> = sqlx::query_as(concat!(
        "SELECT ",
        profile_columns!("$3", "$2"),
        " FROM json_each($1) wanted JOIN profiles p ON p.id = unhex(wanted.value) ORDER BY wanted.key",
    ))
    .bind(json_ids(&ids)?)
    .bind(Micros(alive))
    .bind(viewer.0)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Profile::from).collect())
}
