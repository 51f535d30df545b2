-- What people see and do about their own account.

-- What the log-in came from, in words; empty for those from before there was this column.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';

-- Log-ins that went with their account. Their rows are gone, and still every instance has to hear of it.
CREATE TABLE ended_sessions (
    id       BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    ended_at INTEGER NOT NULL
) STRICT;

CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);
