-- What is ordinary is stored by a function of its own that is told which messages belong to one conversation, and that
-- answers in columns; its statements are written so that the plan does not depend on how many rows there are, and need
-- be made once for a connection only. The rest still goes row by row, through the function that instances of before
-- call for everything.

-- Stores in sets what is ordinary: a message of a conversation that exists and is not held by anybody else, from
-- somebody who does not block the other, sent for the first time. `pairs` says at which place of `los` and `his`, which
-- are in order and without doubles, a message's two people stand. The answer says of each stored message at which
-- place it was given, which position it got, and whether one of the two blocks the other. With `wait` conversations held
-- by somebody else are waited for.
--
-- No (sender, client_id) may come twice in one call. Conversations are locked in one order, so that two batches
-- cannot wait for each other; and repeated sends are looked for in a statement after that which took the locks:
-- only a new statement sees what was committed while this one waited.
CREATE FUNCTION store_ordinary(
    ids uuid[], client_ids uuid[], senders uuid[], receivers uuid[], contents text[], times timestamptz[],
    pairs int[], los uuid[], his uuid[], wait boolean,
    OUT places bigint[], OUT seqs bigint[], OUT silents boolean[]
)
LANGUAGE plpgsql AS $$
DECLARE
    -- How the conversations stood when they were locked; null for one that is not there or held by somebody else.
    last_seqs bigint[]; froms_lo bigint[]; lo_blocks boolean[]; hi_blocks boolean[];
    forgets boolean := EXISTS (SELECT 1 FROM forgotten_sends);  -- whether anything was ever deleted for its age
BEGIN
    IF wait THEN
        PERFORM FROM UNNEST(los, his) AS p (lo, hi), LATERAL (
            SELECT FROM conversations c WHERE c.user_lo = p.lo AND c.user_hi = p.hi FOR UPDATE
        ) AS held;
    END IF;
    SELECT array_agg(held.last_seq), array_agg(held.from_lo),
           array_agg((SELECT k.blocked_after FROM contacts k WHERE k.owner_id = p.lo AND k.peer_id = p.hi) IS NOT NULL),
           array_agg((SELECT k.blocked_after FROM contacts k WHERE k.owner_id = p.hi AND k.peer_id = p.lo) IS NOT NULL)
    INTO last_seqs, froms_lo, lo_blocks, hi_blocks
    FROM UNNEST(los, his) AS p (lo, hi) LEFT JOIN LATERAL (
        SELECT c.last_seq, c.from_lo FROM conversations c
        WHERE c.user_lo = p.lo AND c.user_hi = p.hi FOR UPDATE SKIP LOCKED
    ) AS held ON true;

    WITH ordinary AS MATERIALIZED (
        SELECT n.*, CASE WHEN n.from_lo THEN hi_blocks[n.pair] ELSE lo_blocks[n.pair] END AS silent,
               last_seqs[n.pair] + row_number() OVER this AS seq,
               froms_lo[n.pair] + count(*) FILTER (WHERE n.from_lo) OVER this AS count_lo
        FROM (
            SELECT u.*, u.sender = los[u.pair] AS from_lo
            FROM UNNEST(ids, client_ids, senders, receivers, contents, times, pairs) WITH ORDINALITY
                 AS u (message, client, sender, receiver, content, sent_at, pair, place)
        ) AS n
        WHERE last_seqs[n.pair] IS NOT NULL
          AND NOT CASE WHEN n.from_lo THEN lo_blocks[n.pair] ELSE hi_blocks[n.pair] END
          AND (SELECT m.id FROM messages m WHERE m.sender_id = n.sender AND m.client_id = n.client) IS NULL
          AND (NOT forgets
               OR (SELECT f.id FROM forgotten_sends f WHERE f.sender_id = n.sender AND f.client_id = n.client) IS NULL)
        WINDOW this AS (PARTITION BY n.pair ORDER BY n.place)
    ), stored AS (
        INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
        SELECT message, sender, receiver, content, sent_at, seq, client, count_lo FROM ordinary
    ), moved AS (
        UPDATE conversations c
        SET last_seq = l.seq, from_lo = l.count_lo, last_message_at = l.sent_at, changed_at = clock_timestamp()
        FROM (SELECT DISTINCT ON (pair) pair, seq, count_lo, sent_at FROM ordinary ORDER BY pair, seq DESC) AS l
        WHERE c.user_lo = los[l.pair] AND c.user_hi = his[l.pair]
    )
    SELECT array_agg(place), array_agg(seq), array_agg(silent) INTO places, seqs, silents FROM ordinary;
END $$;

-- Stores messages one by one, in one transaction that the client can neither leave open nor tear. Each input position
-- gets one row back; `silent` says that one of the two blocks the other. With `wait` false a conversation that
-- somebody else has locked is left out ('busy'), all of its messages, so that none of them overtakes another.
--
-- Conversations are locked in one order, and repeated sends are looked for again once theirs is locked.
CREATE OR REPLACE FUNCTION store_messages(
    ids uuid[], client_ids uuid[], senders uuid[], receivers uuid[], contents text[], times timestamptz[], wait boolean
) RETURNS TABLE (
    place bigint, outcome text, id uuid, seq bigint, created_at timestamptz, read_at timestamptz, silent boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    new   record;
    old   messages%ROWTYPE;
    gone  forgotten_sends%ROWTYPE;
    held  conversations%ROWTYPE;  -- the conversation at hand, locked unless `busy`
    busy  boolean;
    fresh boolean;
BEGIN
    FOR new IN
        SELECT n.*, LEAST(n.sender, n.receiver) AS lo, GREATEST(n.sender, n.receiver) AS hi
        FROM UNNEST(ids, client_ids, senders, receivers, contents, times) WITH ORDINALITY
            AS n (message, client, sender, receiver, content, sent_at, place)
        ORDER BY lo, hi, n.place
    LOOP
        place := new.place;
        outcome := NULL; id := NULL; seq := NULL; created_at := NULL; read_at := NULL;
        silent := is_silent(new.sender, new.receiver);

        SELECT * INTO old FROM messages m WHERE m.sender_id = new.sender AND m.client_id = new.client;
        SELECT f.* INTO gone FROM forgotten_sends f JOIN profiles p ON p.id = f.receiver_id
        WHERE f.sender_id = new.sender AND f.client_id = new.client;
        IF gone.id IS NOT NULL THEN
            -- Its text cannot be compared any more, and nobody is to hear of it again.
            outcome := CASE WHEN gone.receiver_id = new.receiver THEN 'already stored' ELSE 'reused' END;
            id := gone.id; seq := gone.seq; created_at := gone.created_at; read_at := gone.read_at; silent := true;
        ELSIF old.id IS NULL THEN
            IF new.lo = new.hi OR (SELECT count(*) FROM profiles p WHERE p.id IN (new.lo, new.hi)) < 2 THEN
                outcome := 'no receiver';
            ELSIF EXISTS (SELECT 1 FROM contacts k WHERE k.owner_id = new.sender AND k.peer_id = new.receiver
                            AND k.blocked_after IS NOT NULL) THEN
                outcome := 'blocked';
            ELSE
                IF (held.user_lo, held.user_hi) IS DISTINCT FROM (new.lo, new.hi) THEN
                    INSERT INTO conversations AS c (user_lo, user_hi, last_message_at)
                    VALUES (new.lo, new.hi, new.sent_at)
                    ON CONFLICT DO NOTHING;
                    fresh := FOUND;
                    IF fresh OR wait THEN
                        SELECT * INTO held FROM conversations c
                        WHERE c.user_lo = new.lo AND c.user_hi = new.hi FOR UPDATE;
                    ELSE
                        SELECT * INTO held FROM conversations c
                        WHERE c.user_lo = new.lo AND c.user_hi = new.hi FOR UPDATE SKIP LOCKED;
                    END IF;
                    busy := NOT FOUND;
                    held.user_lo := new.lo;
                    held.user_hi := new.hi;
                    SELECT * INTO old FROM messages m WHERE m.sender_id = new.sender AND m.client_id = new.client;
                    IF fresh AND old.id IS NOT NULL THEN
                        -- The same client_id went to somebody else in this very moment. Begin again,
                        -- lest a conversation without messages stays behind.
                        RAISE serialization_failure;
                    END IF;
                END IF;
                IF busy THEN
                    outcome := 'busy';
                END IF;
            END IF;
        END IF;

        IF old.id IS NOT NULL THEN
            outcome := CASE WHEN old.receiver_id = new.receiver AND old.content = new.content
                            THEN 'already stored' ELSE 'reused' END;
            id := old.id; seq := old.seq; created_at := old.created_at; read_at := old.read_at;
        ELSIF outcome IS NULL THEN
            held.last_seq := held.last_seq + 1;
            held.from_lo := held.from_lo + (new.sender = new.lo)::int;
            INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
            VALUES (new.message, new.sender, new.receiver, new.content, new.sent_at, held.last_seq, new.client, held.from_lo);
            UPDATE conversations c
            SET last_seq = held.last_seq, from_lo = held.from_lo,
                last_message_at = new.sent_at, changed_at = clock_timestamp()
            WHERE c.user_lo = new.lo AND c.user_hi = new.hi;
            outcome := 'stored';
            id := new.message; seq := held.last_seq; created_at := new.sent_at;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
