//! Pieces of SQL that both databases understand. Written out in each statement: PostgreSQL would plan a function of
//! its own anew for every call.

/// Whether one of the two blocks the other.
macro_rules! silent {
    ($a:literal, $b:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM contacts WHERE owner_id = ",
            $a,
            " AND peer_id = ",
            $b,
            " AND blocked_after IS NOT NULL) OR EXISTS (SELECT 1 FROM contacts WHERE owner_id = ",
            $b,
            " AND peer_id = ",
            $a,
            " AND blocked_after IS NOT NULL))"
        )
    };
}

/// Whether somebody is online and when they were, as far as the viewer may know; `p` is the profile, `$alive`
/// since when an instance must have beaten.
macro_rules! presence_columns {
    ($viewer:literal, $alive:literal) => {
        concat!(
            "CASE WHEN ",
            $crate::server::store::sql::silent!("p.id", $viewer),
            " THEN NULL ELSE p.last_seen END AS last_seen, NOT ",
            $crate::server::store::sql::silent!("p.id", $viewer),
            " AND EXISTS (SELECT 1 FROM presence r JOIN instances i ON i.id = r.instance_id
                     WHERE r.user_id = p.id AND i.last_beat >= ",
            $alive,
            ") AS online"
        )
    };
}

/// What a [`ProfileRow`](super::rows::ProfileRow) is read from.
macro_rules! profile_columns {
    ($viewer:literal, $alive:literal) => {
        concat!(
            "p.id AS profile_id, p.username, p.display_name, p.headline, p.bio, p.interests, ",
            $crate::server::store::sql::presence_columns!($viewer, $alive)
        )
    };
}

pub(super) use {presence_columns, profile_columns, silent};
