-- People. Everything else hangs on their id and goes with them.

CREATE TABLE profiles (
    id            uuid PRIMARY KEY,
    username      text NOT NULL UNIQUE,
    display_name  text NOT NULL,
    headline      text NOT NULL DEFAULT '',
    bio           text NOT NULL DEFAULT '',
    interests     text[] NOT NULL DEFAULT '{}',  -- as they wrote them, in their order
    password_hash text NOT NULL,                 -- argon2id, PHC string
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen     timestamptz                    -- when the last device went away
);
