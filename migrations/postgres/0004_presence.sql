-- Who is connected, and through which server process. Somebody is online while an instance that
-- beats holds a socket of theirs; an instance that died silently stops counting by itself.

CREATE TABLE instances (
    id          uuid PRIMARY KEY,
    last_beat   timestamptz NOT NULL,
    is_cut_off  boolean NOT NULL DEFAULT false  -- has no bus: what it stores, others have to ask for
);

CREATE TABLE presence (
    user_id     uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    instance_id uuid NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, instance_id)
);

CREATE INDEX presence_by_instance ON presence (instance_id);

-- Comings and goings of one user take the lock of their profile, so that of two at once exactly
-- one is the first to come or the last to go. Locks are taken in one order: instance, then
-- profiles by id.

-- An instance holds a socket of a user. True when nobody alive did before; null for an unknown user.
CREATE FUNCTION arrive(who uuid, via uuid, at timestamptz, lease interval) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first boolean;
BEGIN
    LOOP
        INSERT INTO instances (id, last_beat) VALUES (via, at) ON CONFLICT DO NOTHING;
        PERFORM 1 FROM instances i WHERE i.id = via FOR KEY SHARE;
        EXIT WHEN FOUND;  -- otherwise it was reaped in between
    END LOOP;
    PERFORM 1 FROM profiles p WHERE p.id = who FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    first := NOT EXISTS (SELECT 1 FROM presence p JOIN instances i ON i.id = p.instance_id
                         WHERE p.user_id = who AND i.last_beat >= at - lease);
    INSERT INTO presence (user_id, instance_id) VALUES (who, via) ON CONFLICT DO NOTHING;
    RETURN first;
END $$;

-- An instance holds no socket of a user any more. True when it did, and nobody alive does now.
CREATE FUNCTION depart(who uuid, via uuid, at timestamptz, lease interval) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    last boolean;
BEGIN
    PERFORM 1 FROM profiles p WHERE p.id = who FOR NO KEY UPDATE;
    DELETE FROM presence p WHERE p.user_id = who AND p.instance_id = via;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    last := NOT EXISTS (SELECT 1 FROM presence p JOIN instances i ON i.id = p.instance_id
                        WHERE p.user_id = who AND i.last_beat >= at - lease);
    IF last THEN
        UPDATE profiles p SET last_seen = GREATEST(p.last_seen, at) WHERE p.id = who;
    END IF;
    RETURN last;
END $$;

-- Removes instances that stopped beating; gives back who is thereby offline. Two processes may
-- reap at once: what one has locked the other leaves alone.
CREATE FUNCTION reap(deadline timestamptz) RETURNS TABLE (user_id uuid, last_seen timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    dead  uuid[];
    users uuid[];
    beats timestamptz[];
BEGIN
    SELECT array_agg(d.id) INTO dead
    FROM (SELECT i.id FROM instances i WHERE i.last_beat < deadline FOR UPDATE SKIP LOCKED) d;
    IF dead IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(g.user_id), array_agg(g.beat) INTO users, beats
    FROM (SELECT p.user_id, max(i.last_beat) AS beat FROM presence p JOIN instances i ON i.id = p.instance_id
          WHERE i.id = ANY (dead) GROUP BY p.user_id) g;
    PERFORM 1 FROM profiles p WHERE p.id = ANY (users) ORDER BY p.id FOR NO KEY UPDATE;
    DELETE FROM instances i WHERE i.id = ANY (dead);
    RETURN QUERY
        UPDATE profiles p SET last_seen = GREATEST(p.last_seen, g.beat)
        FROM UNNEST(users, beats) AS g (user_id, beat)
        WHERE p.id = g.user_id AND NOT EXISTS (SELECT 1 FROM presence r WHERE r.user_id = p.id)
        RETURNING p.id, g.beat;
END $$;
