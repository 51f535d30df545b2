-- What people see and do about their own account.

-- What the log-in came from, in words; empty for those from before there was this column.
ALTER TABLE sessions ADD COLUMN device text NOT NULL DEFAULT '';

-- Log-ins that went with their account. Their rows are gone, and still every instance has to hear of it.
CREATE TABLE ended_sessions (
    id       uuid PRIMARY KEY,
    ended_at timestamptz NOT NULL
);

CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);

-- Gives somebody another password and ends their other log-ins; gives back which.
CREATE FUNCTION change_password(who uuid, hash text, kept uuid) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    UPDATE profiles p SET password_hash = hash WHERE p.id = who;
    RETURN QUERY UPDATE sessions s SET revoked_at = clock_timestamp()
        WHERE s.user_id = who AND s.id <> kept AND s.revoked_at IS NULL RETURNING s.id;
END $$;

-- Takes somebody out, with everything of theirs; gives back their log-ins and the people they had a
-- conversation with. No row for somebody who is not there.
--
-- Conversations are locked first and in the order in which senders lock them, then the profile: a sender
-- holds its conversation when it asks for the profile.
CREATE FUNCTION delete_account(who uuid) RETURNS TABLE (sessions uuid[], peers uuid[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM conversations c WHERE c.user_lo = who OR c.user_hi = who ORDER BY c.user_lo, c.user_hi FOR UPDATE;
    PERFORM 1 FROM profiles p WHERE p.id = who FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT COALESCE(array_agg(CASE WHEN c.user_lo = who THEN c.user_hi ELSE c.user_lo END), '{}') INTO peers
    FROM conversations c WHERE c.user_lo = who OR c.user_hi = who;
    SELECT COALESCE(array_agg(s.id), '{}') INTO sessions FROM sessions s WHERE s.user_id = who;
    -- Nobody asks for what ended a day ago.
    DELETE FROM ended_sessions e WHERE e.ended_at < clock_timestamp() - interval '1 day';
    INSERT INTO ended_sessions (id, ended_at) SELECT UNNEST(sessions), clock_timestamp();
    DELETE FROM profiles p WHERE p.id = who;
    RETURN NEXT;
END $$;
