-- Log-ins, and the one-time passes for WebSocket upgrades. Only digests of secrets are kept.

CREATE TABLE sessions (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    token_digest BLOB NOT NULL UNIQUE CHECK (length(token_digest) = 32),  -- SHA-256
    user_id      BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);
-- What every instance asks once a second: which ended lately?
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE tickets (
    digest     BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),  -- SHA-256
    user_id    BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_by_expiry ON tickets (expires_at);
