-- As before, except that a client_id may have been forgotten already. That happens when its receiver has deleted their
-- account: then the same client_id can go to somebody else, and both messages get too old one day.
CREATE OR REPLACE FUNCTION forget_messages(lo uuid, hi uuid, before timestamptz, step bigint, at timestamptz)
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
        SELECT d.sender_id, d.client_id, d.receiver_id, d.id, d.seq, d.created_at, d.read_at, at FROM deleted d
        ON CONFLICT (sender_id, client_id) DO UPDATE
        SET receiver_id = excluded.receiver_id, id = excluded.id, seq = excluded.seq,
            created_at = excluded.created_at, read_at = excluded.read_at, forgotten_at = excluded.forgotten_at;
    END IF;
    RETURN start - held.first_seq;
END $$;
