-- What an operator does not want to keep: messages of a certain age.

-- A conversation is held from first_seq to last_seq. What was before is deleted and its positions are never used
-- again; nothing is held when first_seq = last_seq + 1.
ALTER TABLE conversations ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1 CHECK (first_seq BETWEEN 1 AND last_seq + 1);
ALTER TABLE conversations ADD COLUMN gone_from_lo INTEGER NOT NULL DEFAULT 0;  -- how many of the deleted messages lo wrote

-- As before, and what is deleted is not unread.
DROP VIEW sides;

CREATE VIEW sides AS
SELECT user_lo AS me, user_hi AS peer, last_seq, last_message_at, changed_at,
       lo_read_seq AS read_seq, hi_read_seq AS peer_read_seq, hi_delivered_seq AS peer_delivered_seq,
       CASE WHEN lo_read_seq = last_seq THEN 0
            WHEN lo_read_seq < first_seq THEN (last_seq - c.from_lo) - (first_seq - 1 - gone_from_lo)
            ELSE (last_seq - c.from_lo) - (lo_read_seq - (
                SELECT m.from_lo FROM messages m
                WHERE min(m.sender_id, m.receiver_id) = c.user_lo
                  AND max(m.sender_id, m.receiver_id) = c.user_hi
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
                WHERE min(m.sender_id, m.receiver_id) = c.user_lo
                  AND max(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.hi_read_seq)
       END,
       first_seq
FROM conversations c;

-- What is left of a deleted message for a while: enough to know its send when it is repeated.
CREATE TABLE forgotten_sends (
    sender_id    BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    client_id    BLOB NOT NULL,
    receiver_id  BLOB NOT NULL,
    id           BLOB NOT NULL,
    seq          INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    read_at      INTEGER,
    forgotten_at INTEGER NOT NULL,
    PRIMARY KEY (sender_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX forgotten_sends_by_time ON forgotten_sends (forgotten_at);
