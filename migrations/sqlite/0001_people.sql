-- People. Everything else hangs on their id and goes with them.
--
-- Throughout: ids are 16-byte blobs, times are microseconds since the Unix epoch.

CREATE TABLE profiles (
    id            BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    username      TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    headline      TEXT NOT NULL DEFAULT '',
    bio           TEXT NOT NULL DEFAULT '',
    interests     TEXT NOT NULL DEFAULT '[]' CHECK (json_type(interests) = 'array'),  -- as they wrote them, in their order
    password_hash TEXT NOT NULL,                                                      -- argon2id, PHC string
    created_at    INTEGER NOT NULL,
    last_seen     INTEGER                                                             -- when the last device went away
) STRICT;
