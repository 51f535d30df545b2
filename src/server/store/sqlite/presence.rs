//! Presence. There is one writer at a time, so a transaction is all the locking it takes.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::begin;
use crate::domain::UserId;
use crate::server::store::InstanceId;
use crate::server::store::rows::{Micros, alive};

pub async fn beat(
    db: &mut SqliteConnection,
    instance: InstanceId,
    is_cut_off: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut transaction = begin(db).await?;
    let registered =
        sqlx::query("INSERT INTO instances (id, last_beat) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(instance)
            .bind(Micros(now))
            .execute(&mut *transaction)
            .await?;
    sqlx::query("UPDATE instances SET last_beat = max(last_beat, $2), is_cut_off = $3 WHERE id = $1")
        .bind(instance)
        .bind(Micros(now))
        .bind(is_cut_off)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(registered.rows_affected() == 1)
}

pub async fn is_any_cut_off(db: &mut SqliteConnection, alive: DateTime<Utc>) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM instances WHERE is_cut_off AND last_beat >= $1)")
        .bind(Micros(alive))
        .fetch_one(db)
        .await?)
}

pub async fn arrive(
    db: &mut SqliteConnection,
    user: UserId,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<bool>> {
    let mut transaction = begin(db).await?;
    let (is_known, is_there): (bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM instances WHERE id = $1), EXISTS (SELECT 1 FROM profiles WHERE id = $2)",
    )
    .bind(instance)
    .bind(user.0)
    .fetch_one(&mut *transaction)
    .await?;
    if !(is_known && is_there) {
        return Ok(is_known.then_some(false));
    }
    let before = online(&mut transaction, user, now).await?;
    sqlx::query("INSERT INTO presence (user_id, instance_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(user.0)
        .bind(instance)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(!before))
}

pub async fn depart(
    db: &mut SqliteConnection,
    user: UserId,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut transaction = begin(db).await?;
    let left = sqlx::query("DELETE FROM presence WHERE user_id = $1 AND instance_id = $2")
        .bind(user.0)
        .bind(instance)
        .execute(&mut *transaction)
        .await?;
    let last = left.rows_affected() == 1 && !online(&mut transaction, user, now).await?;
    if last {
        seen(&mut transaction, user.0, Micros(now)).await?;
    }
    transaction.commit().await?;
    Ok(last)
}

/// Whether an instance that is alive holds a socket of theirs.
async fn online(db: &mut SqliteConnection, user: UserId, now: DateTime<Utc>) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM presence p JOIN instances i ON i.id = p.instance_id
                        WHERE p.user_id = $1 AND i.last_beat >= $2)",
    )
    .bind(user.0)
    .bind(Micros(alive(now)))
    .fetch_one(db)
    .await?)
}

async fn seen(db: &mut SqliteConnection, user: Uuid, at: Micros) -> anyhow::Result<()> {
    sqlx::query("UPDATE profiles SET last_seen = max(COALESCE(last_seen, $2), $2) WHERE id = $1")
        .bind(user)
        .bind(at)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn reap(
    db: &mut SqliteConnection,
    deadline: DateTime<Utc>,
) -> anyhow::Result<Vec<(UserId, DateTime<Utc>)>> {
    let mut transaction = begin(db).await?;
    let gone: Vec<(Uuid, Micros)> = sqlx::query_as(
        "SELECT p.user_id, max(i.last_beat) FROM presence p JOIN instances i ON i.id = p.instance_id
         GROUP BY p.user_id HAVING max(i.last_beat) < $1",
    )
    .bind(Micros(deadline))
    .fetch_all(&mut *transaction)
    .await?;
    for &(user, at) in &gone {
        seen(&mut transaction, user, at).await?;
    }
    // Their rows in `presence` go with them.
    sqlx::query("DELETE FROM instances WHERE last_beat < $1")
        .bind(Micros(deadline))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(gone.into_iter().map(|(user, at)| (UserId(user), at.0)).collect())
}
