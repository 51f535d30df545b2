-- What an operator does not want to keep: messages of a certain age.

-- A conversation is held from first_seq to last_seq. What was before is deleted and its positions are never used
-- again; nothing is held when first_seq = last_seq + 1.
ALTER TABLE conversations
    ADD COLUMN first_seq    bigint NOT NULL DEFAULT 1,
    ADD COLUMN gone_from_lo bigint NOT NULL DEFAULT 0,  -- how many of the deleted messages lo wrote
    ADD CHECK (first_seq BETWEEN 1 AND last_seq + 1);

-- As before, and what is deleted is not unread.
CREATE OR REPLACE VIEW sides AS
SELECT user_lo AS me, user_hi AS peer, last_seq, last_message_at, changed_at,
       lo_read_seq AS read_seq, hi_read_seq AS peer_read_seq, hi_delivered_seq AS peer_delivered_seq,
       CASE WHEN lo_read_seq = last_seq THEN 0
            WHEN lo_read_seq < first_seq THEN (last_seq - c.from_lo) - (first_seq - 1 - gone_from_lo)
            ELSE (last_seq - c.from_lo) - (lo_read_seq - (
                SELECT m.from_lo FROM messages m
                WHERE LEAST(m.sender_id, m.receiver_id) = c.user_lo
                  AND GREATEST(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.lo_read_seq))
       END AS unread,
       first_seq
FROM conversations c
UNION ALL
SELECT user_hi, user_lo, last_seq, last_message_at, changed_at,
       hi_read_seq, lo_read_seq, lo_delivered_seq,
       CASE WHEN hi_read_seq = last_seq THEN 0
            WHEN hi_read_seq < first_seq THEN c.from_lo - gone_from_lo
            ELSE c.from_lo - (
                SELECT m.from_lo FROM messages m
                WHERE LEAST(m.sender_id, m.receiver_id) = c.user_lo
                  AND GREATEST(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.hi_read_seq)
       END,
       first_seq
FROM conversations c;

-- What is left of a deleted message for a while: enough to know its send when it is repeated.
CREATE TABLE forgotten_sends (
    sender_id    uuid NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    client_id    uuid NOT NULL,
    receiver_id  uuid NOT NULL,
    id           uuid NOT NULL,
    seq          bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    read_at      timestamptz,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (sender_id, client_id)
);

CREATE INDEX forgotten_sends_by_time ON forgotten_sends (forgotten_at);

-- Deletes the beginning of a conversation, up to the first message that is not older than `before` and at most `step`
-- of them; gives back how many. None while somebody else has the conversation locked, who may be doing the same.
CREATE FUNCTION forget_messages(lo uuid, hi uuid, before timestamptz, step bigint, at timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    held  conversations%ROWTYPE;
    start bigint;
BEGIN
    SELECT * INTO held FROM conversations c WHERE c.user_lo = lo AND c.user_hi = hi FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT COALESCE(min(m.seq), LEAST(held.first_seq + step, held.last_seq + 1)) INTO start FROM messages m
    WHERE LEAST(m.sender_id, m.receiver_id) = lo AND GREATEST(m.sender_id, m.receiver_id) = hi
      AND m.seq >= held.first_seq AND m.seq < held.first_seq + step AND m.created_at >= before;
    IF start > held.first_seq THEN
        UPDATE conversations c
        SET first_seq = start, changed_at = clock_timestamp(), gone_from_lo = (
            SELECT m.from_lo FROM messages m
            WHERE LEAST(m.sender_id, m.receiver_id) = lo AND GREATEST(m.sender_id, m.receiver_id) = hi
              AND m.seq = start - 1)
        WHERE c.user_lo = lo AND c.user_hi = hi;
        WITH deleted AS (
            DELETE FROM messages m
            WHERE LEAST(m.sender_id, m.receiver_id) = lo AND GREATEST(m.sender_id, m.receiver_id) = hi
              AND m.seq >= held.first_seq AND m.seq < start
            RETURNING m.*
        )
        INSERT INTO forgotten_sends (sender_id, client_id, receiver_id, id, seq, created_at, read_at, forgotten_at)
        SELECT d.sender_id, d.client_id, d.receiver_id, d.id, d.seq, d.created_at, d.read_at, at FROM deleted d;
    END IF;
    RETURN start - held.first_seq;
END $$;

-- As before, except that log-ins that ended are no longer deleted here: that is done for all of them alike.
CREATE OR REPLACE FUNCTION delete_account(who uuid) RETURNS TABLE (sessions uuid[], peers uuid[]) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM conversations c WHERE c.user_lo = who OR c.user_hi = who ORDER BY c.user_lo, c.user_hi FOR UPDATE;
    PERFORM 1 FROM profiles p WHERE p.id = who FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT COALESCE(array_agg(CASE WHEN c.user_lo = who THEN c.user_hi ELSE c.user_lo END), '{}') INTO peers
    FROM conversations c WHERE c.user_lo = who OR c.user_hi = who;
    SELECT COALESCE(array_agg(s.id), '{}') INTO sessions FROM sessions s WHERE s.user_id = who;
    INSERT INTO ended_sessions (id, ended_at) SELECT UNNEST(sessions), clock_timestamp();
    DELETE FROM profiles p WHERE p.id = who;
    RETURN NEXT;
END $$;
