//! Presence. The locking is in the functions of the migration.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::UserId;
use crate::server::store::rows::Micros;
use crate::server::store::{INSTANCE_LEASE_SECONDS, InstanceId};

pub async fn beat(
    db: &mut PgConnection,
    instance: InstanceId,
    is_cut_off: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let done = sqlx::query(
        "UPDATE instances SET last_beat = GREATEST(last_beat, $2), is_cut_off = $3 WHERE id = $1",
    )
    .bind(instance)
    .bind(Micros(now))
    .bind(is_cut_off)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(false);
    }
    let done = sqlx::query(
        "INSERT INTO instances (id, last_beat, is_cut_off) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(instance)
    .bind(Micros(now))
    .bind(is_cut_off)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn is_any_cut_off(db: &mut PgConnection, alive: DateTime<Utc>) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM instances WHERE is_cut_off AND last_beat >= $1)")
        .bind(Micros(alive))
        .fetch_one(db)
        .await?)
}

pub async fn arrive(
    db: &mut PgConnection,
    user: UserId,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<bool>> {
    Ok(sqlx::query_scalar("SELECT note_arrival($1, $2, $3, make_interval(secs => $4))")
        .bind(user.0)
        .bind(instance)
        .bind(Micros(now))
        .bind(INSTANCE_LEASE_SECONDS as f64)
        .fetch_one(db)
        .await?)
}

pub async fn depart(
    db: &mut PgConnection,
    user: UserId,
    instance: InstanceId,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    Ok(sqlx::query_scalar("SELECT depart($1, $2, $3, make_interval(secs => $4))")
        .bind(user.0)
        .bind(instance)
        .bind(Micros(now))
        .bind(INSTANCE_LEASE_SECONDS as f64)
        .fetch_one(db)
        .await?)
}

pub async fn reap(
    db: &mut PgConnection,
    deadline: DateTime<Utc>,
) -> anyhow::Result<Vec<(UserId, DateTime<Utc>)>> {
    let rows: Vec<(Uuid, Micros)> = sqlx::query_as("SELECT user_id, last_seen FROM reap($1)")
        .bind(Micros(deadline))
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|(user, at)| (UserId(user), at.0)).collect())
}
