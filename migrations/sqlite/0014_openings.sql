-- A ticket refers to nobody: one of a log-in that has gone is worthless all the same, because it is looked up together
-- with it. For PostgreSQL that makes opening a socket much cheaper.
DROP TABLE tickets;
CREATE TABLE tickets (
    digest     BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),  -- SHA-256
    user_id    BLOB NOT NULL,
    session_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_by_expiry ON tickets (expires_at);

CREATE TRIGGER tickets_go_too AFTER DELETE ON profiles BEGIN
    DELETE FROM tickets WHERE user_id = OLD.id;
END;
