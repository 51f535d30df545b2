-- Log-ins, and the one-time passes for WebSocket upgrades. Only digests of secrets are kept.

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    token_digest bytea NOT NULL UNIQUE CHECK (length(token_digest) = 32),  -- SHA-256
    user_id      uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    revoked_at   timestamptz
);

CREATE INDEX sessions_by_user ON sessions (user_id);
-- What every instance asks once a second: which ended lately?
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE tickets (
    digest     bytea PRIMARY KEY CHECK (length(digest) = 32),  -- SHA-256
    user_id    uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

CREATE INDEX tickets_by_expiry ON tickets (expires_at);
