-- What somebody chose for one other person: to hear less of them, or nothing.

CREATE TABLE contacts (
    owner_id      BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    peer_id       BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    muted         INTEGER NOT NULL DEFAULT 0,
    marked_unread INTEGER NOT NULL DEFAULT 0,
    blocked_after INTEGER,  -- blocked unless null: for the owner, their conversation ends with this position
    PRIMARY KEY (owner_id, peer_id),
    CHECK (owner_id <> peer_id)
) STRICT;

CREATE INDEX contacts_of_peer ON contacts (peer_id);

-- What people sent to the operator about others, with what was said before. It outlives both accounts.
-- Their ids are in the order of time.
CREATE TABLE reports (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    reporter_id BLOB REFERENCES profiles (id) ON DELETE SET NULL,
    reported_id BLOB REFERENCES profiles (id) ON DELETE SET NULL,
    reason      TEXT NOT NULL,
    messages    TEXT NOT NULL,  -- JSON, as it was when they reported it
    created_at  INTEGER NOT NULL
) STRICT;
