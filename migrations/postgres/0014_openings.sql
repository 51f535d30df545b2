-- What opening a socket writes. A page that is loaded anew, and a crowd that comes back after the network failed, open
-- sockets of which nothing is worth keeping.

-- A ticket lives for half a minute and is spent once. When PostgreSQL crashes all of them are gone, and devices ask for
-- others; so none of them has to reach the disk. No references: to check one locks the row that is referred to, which
-- has to. A ticket of a log-in that has gone is worthless all the same, because it is looked up together with it.
DROP TABLE tickets;
CREATE UNLOGGED TABLE tickets (
    digest     bytea PRIMARY KEY CHECK (length(digest) = 32),  -- SHA-256
    user_id    uuid NOT NULL,
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX tickets_by_expiry ON tickets (expires_at);

CREATE FUNCTION forget_tickets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tickets t WHERE t.user_id = OLD.id;
    RETURN NULL;
END $$;

CREATE TRIGGER tickets_go_too AFTER DELETE ON profiles FOR EACH ROW EXECUTE FUNCTION forget_tickets();

-- An instance holds a socket of a user. True when nobody alive did before. Null for an instance that was never heard of,
-- or was reaped while it was silent: then nothing is noted, and it has to beat first, because others of its users count
-- as gone, too. Nothing is noted of a user who is not there.
CREATE FUNCTION note_arrival(who uuid, via uuid, at timestamptz, lease interval) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_first boolean;
BEGIN
    PERFORM FROM instances i WHERE i.id = via FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM FROM profiles p WHERE p.id = who FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    is_first := NOT EXISTS (SELECT FROM presence p JOIN instances i ON i.id = p.instance_id
                            WHERE p.user_id = who AND i.last_beat >= at - lease);
    INSERT INTO presence (user_id, instance_id) VALUES (who, via) ON CONFLICT DO NOTHING;
    RETURN is_first;
END $$;

COMMENT ON FUNCTION arrive IS 'For instances from before note_arrival.';
