-- What somebody chose for one other person: to hear less of them, or nothing.

CREATE TABLE contacts (
    owner_id      uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    peer_id       uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    muted         boolean NOT NULL DEFAULT false,
    marked_unread boolean NOT NULL DEFAULT false,
    blocked_after bigint,  -- blocked unless null: for the owner, their conversation ends with this position
    PRIMARY KEY (owner_id, peer_id),
    CHECK (owner_id <> peer_id)
);

CREATE INDEX contacts_of_peer ON contacts (peer_id);

-- Whether one of the two blocks the other.
CREATE FUNCTION is_silent(a uuid, b uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM contacts WHERE owner_id = a AND peer_id = b AND blocked_after IS NOT NULL)
        OR EXISTS (SELECT 1 FROM contacts WHERE owner_id = b AND peer_id = a AND blocked_after IS NOT NULL)
$$;

-- What people sent to the operator about others, with what was said before. It outlives both accounts.
-- Their ids are in the order of time.
CREATE TABLE reports (
    id          uuid PRIMARY KEY,
    reporter_id uuid REFERENCES profiles (id) ON DELETE SET NULL,
    reported_id uuid REFERENCES profiles (id) ON DELETE SET NULL,
    reason      text NOT NULL,
    messages    text NOT NULL,  -- JSON, as it was when they reported it
    created_at  timestamptz NOT NULL
);
