-- Conversations and their messages.

-- One row for each unordered pair of people who ever wrote to each other. Its lock orders the
-- messages: whoever stores one holds it, takes `last_seq + 1` and commits, so positions are 1, 2,
-- 3 … without holes, and become visible in that order. "lo" and "hi" are the two by their ids.
CREATE TABLE conversations (
    user_lo          uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    user_hi          uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    last_seq         bigint NOT NULL DEFAULT 0,
    from_lo          bigint NOT NULL DEFAULT 0,  -- how many of the messages lo wrote; hi wrote the others
    last_message_at  timestamptz NOT NULL,       -- of the message at last_seq
    changed_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- last message or mark, by this clock
    lo_read_seq      bigint NOT NULL DEFAULT 0 CHECK (lo_read_seq <= last_seq),
    hi_read_seq      bigint NOT NULL DEFAULT 0 CHECK (hi_read_seq <= last_seq),
    lo_delivered_seq bigint NOT NULL DEFAULT 0 CHECK (lo_delivered_seq BETWEEN lo_read_seq AND last_seq),
    hi_delivered_seq bigint NOT NULL DEFAULT 0 CHECK (hi_delivered_seq BETWEEN hi_read_seq AND last_seq),
    PRIMARY KEY (user_lo, user_hi),
    CHECK (user_lo < user_hi)
);

-- The inbox, newest first, is a walk along these two, merged.
CREATE INDEX conversations_of_lo ON conversations (user_lo, last_message_at, user_hi);
CREATE INDEX conversations_of_hi ON conversations (user_hi, last_message_at, user_lo);
-- Which changed lately? Asked while the bus is away, and by each ping of a device. Not the writers' times:
-- their clocks differ.
CREATE INDEX conversations_changed ON conversations (changed_at);

CREATE TABLE messages (
    id          uuid PRIMARY KEY,
    sender_id   uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    -- Has no index of its own: only the deletion of a person asks by receiver alone, which is rare
    -- and may scan; a send is not, and would pay for it.
    receiver_id uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    content     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz,
    seq         bigint NOT NULL CHECK (seq > 0),
    client_id   uuid NOT NULL,
    -- How many of the messages up to this one lo wrote. A position like `seq`, never changed: so
    -- "how many of the peer's messages lie beyond n" is two look-ups, however many there are.
    from_lo     bigint NOT NULL CHECK (from_lo BETWEEN 0 AND seq),
    CHECK (sender_id <> receiver_id),
    UNIQUE (sender_id, client_id)
);

CREATE UNIQUE INDEX idx_messages_conversation
    ON messages (LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id), seq DESC);

-- Each conversation twice, once as either of the two sees it.
CREATE VIEW sides AS
SELECT user_lo AS me, user_hi AS peer, last_seq, last_message_at, changed_at,
       lo_read_seq AS read_seq, hi_read_seq AS peer_read_seq, hi_delivered_seq AS peer_delivered_seq,
       CASE WHEN lo_read_seq = last_seq THEN 0
            ELSE (last_seq - c.from_lo) - (lo_read_seq - COALESCE((
                SELECT m.from_lo FROM messages m
                WHERE LEAST(m.sender_id, m.receiver_id) = c.user_lo
                  AND GREATEST(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.lo_read_seq), 0))
       END AS unread
FROM conversations c
UNION ALL
SELECT user_hi, user_lo, last_seq, last_message_at, changed_at,
       hi_read_seq, lo_read_seq, lo_delivered_seq,
       CASE WHEN hi_read_seq = last_seq THEN 0
            ELSE c.from_lo - COALESCE((
                SELECT m.from_lo FROM messages m
                WHERE LEAST(m.sender_id, m.receiver_id) = c.user_lo
                  AND GREATEST(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.hi_read_seq), 0)
       END
FROM conversations c;

-- Stores messages in one call, hence in one transaction that the client can neither leave open nor
-- tear. Each input position gets one row back. With `wait` false a conversation that somebody else
-- has locked is left out ('busy'), so that one stuck conversation does not hold up the others.
--
-- Conversations are locked in one order, so that two batches cannot wait for each other. A
-- duplicate is looked for in a statement of its own after the lock was taken: only a new statement
-- sees what was committed while this one waited.
CREATE FUNCTION store_messages(
    ids uuid[], client_ids uuid[], senders uuid[], receivers uuid[], contents text[], times timestamptz[], wait boolean
) RETURNS TABLE (place bigint, outcome text, id uuid, seq bigint, created_at timestamptz, read_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    new    record;
    held   conversations%ROWTYPE;
    old    messages%ROWTYPE;
    fresh  boolean;
BEGIN
    FOR new IN
        SELECT n.*, LEAST(n.sender, n.receiver) AS lo, GREATEST(n.sender, n.receiver) AS hi
        FROM UNNEST(ids, client_ids, senders, receivers, contents, times) WITH ORDINALITY
            AS n (message, client, sender, receiver, content, sent_at, place)
        ORDER BY lo, hi, n.place
    LOOP
        place := new.place;
        outcome := NULL; id := NULL; seq := NULL; created_at := NULL; read_at := NULL;

        IF new.lo = new.hi OR (SELECT count(*) FROM profiles p WHERE p.id IN (new.lo, new.hi)) < 2 THEN
            outcome := 'no receiver';
            RETURN NEXT;
            CONTINUE;
        END IF;

        fresh := false;
        IF wait THEN
            SELECT * INTO held FROM conversations c WHERE c.user_lo = new.lo AND c.user_hi = new.hi FOR UPDATE;
        ELSE
            SELECT * INTO held FROM conversations c WHERE c.user_lo = new.lo AND c.user_hi = new.hi FOR UPDATE SKIP LOCKED;
        END IF;
        SELECT * INTO old FROM messages m WHERE m.sender_id = new.sender AND m.client_id = new.client;

        IF held.user_lo IS NULL AND old.id IS NULL THEN
            -- Locked by somebody else, or not there yet.
            INSERT INTO conversations AS c (user_lo, user_hi, last_message_at)
            VALUES (new.lo, new.hi, new.sent_at)
            ON CONFLICT DO NOTHING;
            fresh := FOUND;
            IF fresh OR wait THEN
                SELECT * INTO held FROM conversations c WHERE c.user_lo = new.lo AND c.user_hi = new.hi FOR UPDATE;
                SELECT * INTO old FROM messages m WHERE m.sender_id = new.sender AND m.client_id = new.client;
                IF fresh AND old.id IS NOT NULL THEN
                    -- The same client_id went to somebody else in this very moment. Begin again,
                    -- lest a conversation without messages stays behind.
                    RAISE serialization_failure;
                END IF;
            ELSE
                outcome := 'busy';
                RETURN NEXT;
                CONTINUE;
            END IF;
        END IF;

        IF old.id IS NOT NULL THEN
            outcome := CASE WHEN old.receiver_id = new.receiver AND old.content = new.content
                            THEN 'already stored' ELSE 'reused' END;
            id := old.id; seq := old.seq; created_at := old.created_at; read_at := old.read_at;
            RETURN NEXT;
            CONTINUE;
        END IF;

        held.from_lo := held.from_lo + (new.sender = new.lo)::int;
        INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
        VALUES (new.message, new.sender, new.receiver, new.content, new.sent_at, held.last_seq + 1, new.client, held.from_lo);
        UPDATE conversations c
        SET last_seq = held.last_seq + 1, from_lo = held.from_lo,
            last_message_at = new.sent_at, changed_at = clock_timestamp()
        WHERE c.user_lo = new.lo AND c.user_hi = new.hi;

        outcome := 'stored';
        id := new.message; seq := held.last_seq + 1; created_at := new.sent_at;
        RETURN NEXT;
    END LOOP;
END $$;

-- Moves a read mark forward, by at most `step` positions a call: stamping a very long stretch at
-- once would hold the conversation's lock for too long. Gives back where the mark was and where it
-- is now; no row when the position does not exist. Who has read a message has received it.
CREATE FUNCTION mark_read(me uuid, peer uuid, upto bigint, at timestamptz, step bigint)
RETURNS TABLE (was bigint, reached bigint) LANGUAGE plpgsql AS $$
DECLARE
    held conversations%ROWTYPE;
    goal bigint;
BEGIN
    SELECT * INTO held FROM conversations c
    WHERE c.user_lo = LEAST(me, peer) AND c.user_hi = GREATEST(me, peer) FOR UPDATE;
    IF NOT FOUND OR upto > held.last_seq THEN
        RETURN;
    END IF;
    was := CASE WHEN me = held.user_lo THEN held.lo_read_seq ELSE held.hi_read_seq END;
    reached := GREATEST(was, LEAST(upto, was + step));
    goal := reached;
    IF goal > was THEN
        UPDATE conversations c
        SET lo_read_seq = CASE WHEN me = c.user_lo THEN goal ELSE c.lo_read_seq END,
            hi_read_seq = CASE WHEN me = c.user_hi THEN goal ELSE c.hi_read_seq END,
            lo_delivered_seq = CASE WHEN me = c.user_lo THEN GREATEST(c.lo_delivered_seq, goal) ELSE c.lo_delivered_seq END,
            hi_delivered_seq = CASE WHEN me = c.user_hi THEN GREATEST(c.hi_delivered_seq, goal) ELSE c.hi_delivered_seq END,
            changed_at = clock_timestamp()
        WHERE c.user_lo = held.user_lo AND c.user_hi = held.user_hi;
        UPDATE messages m SET read_at = at
        WHERE LEAST(m.sender_id, m.receiver_id) = held.user_lo AND GREATEST(m.sender_id, m.receiver_id) = held.user_hi
          AND m.seq > was AND m.seq <= goal AND m.receiver_id = me;
    END IF;
    RETURN NEXT;
END $$;
