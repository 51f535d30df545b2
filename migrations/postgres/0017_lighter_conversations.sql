-- No CHECKs either, as with `messages` in 0016.
ALTER TABLE conversations
    DROP CONSTRAINT conversations_check,           -- lo_read_seq <= last_seq
    DROP CONSTRAINT conversations_check1,          -- hi_read_seq <= last_seq
    DROP CONSTRAINT conversations_check2,          -- lo_delivered_seq BETWEEN lo_read_seq AND last_seq
    DROP CONSTRAINT conversations_check3,          -- hi_delivered_seq BETWEEN hi_read_seq AND last_seq
    DROP CONSTRAINT conversations_check4,          -- user_lo < user_hi
    DROP CONSTRAINT conversations_check5;          -- first_seq BETWEEN 1 AND last_seq + 1

-- A row that changes in no indexed column is written beside its old version, and no index hears of it. Each message
-- changes its conversation's row, so none of that is in an index but a time in steps. What it costs: the inbox and the
-- list in `welcome` read and sort all conversations of one person, however few of them they show. Pages that are full
-- from before have no room beside; rows leave them as they change.
DROP INDEX conversations_of_lo, conversations_of_hi;
CREATE INDEX conversations_of_hi ON conversations (user_hi, user_lo);
ALTER TABLE conversations SET (fillfactor = 50);

-- The ten seconds in which something happens. Less than servers look back when they ask what changed (15 s), so that
-- those who do not know of it find it, too.
CREATE FUNCTION slot(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN date_bin('10 seconds', at, timestamptz 'epoch');

COMMENT ON COLUMN conversations.changed_at IS
    'Last message or mark, by this clock, or the beginning of its slot: ask for changes since the beginning of one.';

-- The three functions that follow are as before, but for the slot. Servers from before and whatever is rare note later
-- times in it, which stay.
CREATE OR REPLACE FUNCTION store_numbered(
    ids uuid[], client_ids uuid[], senders uuid[], receivers uuid[], contents text[], times timestamptz[],
    pairs int[], nths int[], nths_lo int[],
    los uuid[], his uuid[], counts int[], counts_lo int[], latest timestamptz[], wait boolean,
    OUT bases bigint[], OUT silents boolean[]
)
LANGUAGE plpgsql AS $$
DECLARE
    bases_lo bigint[];  -- how many of the messages lo had written by then
    repeated int[];
    pair     int;
    looks    boolean := false;
BEGIN
    LOOP
        BEGIN
            IF wait THEN
                PERFORM FROM UNNEST(los, his) AS p (lo, hi), LATERAL (
                    SELECT FROM conversations c WHERE c.user_lo = p.lo AND c.user_hi = p.hi FOR UPDATE
                ) AS held;
            END IF;
            SELECT array_agg(CASE WHEN NOT (b.lo_blocks AND b.count_lo > 0 OR b.hi_blocks AND b.count > b.count_lo)
                                  THEN b.last_seq END),
                   array_agg(b.from_lo), array_agg(b.lo_blocks OR b.hi_blocks)
            INTO bases, bases_lo, silents
            FROM (
                SELECT held.last_seq, held.from_lo, p.count, p.count_lo,
                       (SELECT k.blocked_after FROM contacts k
                        WHERE k.owner_id = p.lo AND k.peer_id = p.hi) IS NOT NULL AS lo_blocks,
                       (SELECT k.blocked_after FROM contacts k
                        WHERE k.owner_id = p.hi AND k.peer_id = p.lo) IS NOT NULL AS hi_blocks
                FROM UNNEST(los, his, counts, counts_lo) AS p (lo, hi, count, count_lo) LEFT JOIN LATERAL (
                    SELECT c.last_seq, c.from_lo FROM conversations c
                    WHERE c.user_lo = p.lo AND c.user_hi = p.hi FOR UPDATE SKIP LOCKED
                ) AS held ON true
                OFFSET 0  -- or both contacts would be looked up twice
            ) AS b;

            -- What was deleted for its age is in no key any more: it has to be looked for. Asked here, because whoever
            -- deletes holds one of these locks.
            looks := looks OR EXISTS (SELECT 1 FROM forgotten_sends);
            IF looks THEN
                SELECT array_agg(n.pair) INTO repeated
                FROM UNNEST(senders, client_ids, pairs) AS n (sender, client, pair)
                WHERE (SELECT m.id FROM messages m
                       WHERE m.sender_id = n.sender AND m.client_id = n.client) IS NOT NULL
                   OR (SELECT f.id FROM forgotten_sends f
                       WHERE f.sender_id = n.sender AND f.client_id = n.client) IS NOT NULL;
                FOREACH pair IN ARRAY COALESCE(repeated, '{}') LOOP
                    bases[pair] := NULL;
                END LOOP;
            END IF;

            INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
            SELECT n.message, n.sender, n.receiver, n.content, n.sent_at,
                   bases[n.pair] + n.nth, n.client, bases_lo[n.pair] + n.nth_lo
            FROM UNNEST(ids, client_ids, senders, receivers, contents, times, pairs, nths, nths_lo)
                 AS n (message, client, sender, receiver, content, sent_at, pair, nth, nth_lo)
            WHERE bases[n.pair] IS NOT NULL;

            UPDATE conversations c
            SET last_seq = bases[p.pair] + p.count, from_lo = bases_lo[p.pair] + p.count_lo,
                last_message_at = p.latest, changed_at = GREATEST(c.changed_at, slot(clock_timestamp()))
            FROM UNNEST(los, his, counts, counts_lo, latest) WITH ORDINALITY
                 AS p (lo, hi, count, count_lo, latest, pair)
            WHERE c.user_lo = p.lo AND c.user_hi = p.hi AND bases[p.pair] IS NOT NULL;
            RETURN;
        EXCEPTION WHEN unique_violation THEN
            IF looks THEN
                RAISE;
            END IF;
            looks := true;
        END;
    END LOOP;
END $$;

-- Here a repeated send is also looked for instead of being run into: that is cheaper than being ready for it, since
-- the row is written once instead of tried and then confirmed. Only somebody who gives two conversations the same
-- client_id at the same moment still runs into the key; then all is undone, and what is tried again finds it.
CREATE OR REPLACE FUNCTION store_one(
    message uuid, client uuid, sender uuid, receiver uuid, content text, sent_at timestamptz, wait boolean,
    OUT seq bigint, OUT silent boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    lo       uuid := LEAST(sender, receiver);
    hi       uuid := GREATEST(sender, receiver);
    count_lo bigint;  -- how many of the messages lo has written by then
    blocks   boolean;
BEGIN
    IF wait THEN
        PERFORM FROM conversations c WHERE c.user_lo = lo AND c.user_hi = hi FOR UPDATE;
    END IF;
    SELECT c.last_seq + 1, c.from_lo + (sender = lo)::int,
           (SELECT k.blocked_after FROM contacts k WHERE k.owner_id = sender AND k.peer_id = receiver) IS NOT NULL,
           (SELECT k.blocked_after FROM contacts k WHERE k.owner_id = receiver AND k.peer_id = sender) IS NOT NULL
    INTO seq, count_lo, blocks, silent
    FROM conversations c WHERE c.user_lo = lo AND c.user_hi = hi FOR UPDATE SKIP LOCKED;
    IF blocks THEN
        seq := NULL;
    END IF;
    IF seq IS NULL THEN
        RETURN;
    END IF;

    -- A statement of its own: only that sees what was stored or forgotten before the lock was there.
    INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
    SELECT message, sender, receiver, content, sent_at, seq, client, count_lo
    WHERE NOT EXISTS (SELECT FROM messages m WHERE m.sender_id = sender AND m.client_id = client)
      AND NOT EXISTS (SELECT FROM forgotten_sends f WHERE f.sender_id = sender AND f.client_id = client);
    IF NOT FOUND THEN
        seq := NULL;
        RETURN;
    END IF;

    UPDATE conversations c
    SET last_seq = seq, from_lo = count_lo, last_message_at = sent_at,
        changed_at = GREATEST(c.changed_at, slot(clock_timestamp()))
    WHERE c.user_lo = lo AND c.user_hi = hi;
END $$;

CREATE OR REPLACE FUNCTION mark_read(me uuid, peer uuid, upto bigint, at timestamptz, step bigint)
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
            changed_at = GREATEST(c.changed_at, slot(clock_timestamp()))
        WHERE c.user_lo = held.user_lo AND c.user_hi = held.user_hi;
        UPDATE messages m SET read_at = at
        WHERE LEAST(m.sender_id, m.receiver_id) = held.user_lo AND GREATEST(m.sender_id, m.receiver_id) = held.user_hi
          AND m.seq > was AND m.seq <= goal AND m.receiver_id = me;
    END IF;
    RETURN NEXT;
END $$;
