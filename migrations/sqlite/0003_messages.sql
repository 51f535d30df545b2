-- Conversations and their messages.

-- One row for each unordered pair of people who ever wrote to each other. Whoever stores a message
-- is the only writer, takes `last_seq + 1` and commits, so positions are 1, 2, 3 … without holes,
-- and become visible in that order. "lo" and "hi" are the two by their ids.
CREATE TABLE conversations (
    user_lo          BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    user_hi          BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    last_seq         INTEGER NOT NULL DEFAULT 0,
    from_lo          INTEGER NOT NULL DEFAULT 0,  -- how many of the messages lo wrote; hi wrote the others
    last_message_at  INTEGER NOT NULL,            -- of the message at last_seq
    changed_at       INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),  -- last message or mark
    lo_read_seq      INTEGER NOT NULL DEFAULT 0 CHECK (lo_read_seq <= last_seq),
    hi_read_seq      INTEGER NOT NULL DEFAULT 0 CHECK (hi_read_seq <= last_seq),
    lo_delivered_seq INTEGER NOT NULL DEFAULT 0 CHECK (lo_delivered_seq BETWEEN lo_read_seq AND last_seq),
    hi_delivered_seq INTEGER NOT NULL DEFAULT 0 CHECK (hi_delivered_seq BETWEEN hi_read_seq AND last_seq),
    PRIMARY KEY (user_lo, user_hi),
    CHECK (user_lo < user_hi)
) STRICT;

-- The inbox, newest first, is a walk along these two, merged.
CREATE INDEX conversations_of_lo ON conversations (user_lo, last_message_at, user_hi);
CREATE INDEX conversations_of_hi ON conversations (user_hi, last_message_at, user_lo);
-- Which changed lately? Asked while the bus is away, and by each ping of a device.
CREATE INDEX conversations_changed ON conversations (changed_at);

CREATE TABLE messages (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    sender_id   BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    -- Has no index of its own: only the deletion of a person asks by receiver alone, which is rare
    -- and may scan; a send is not, and would pay for it.
    receiver_id BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    content     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    read_at     INTEGER,
    seq         INTEGER NOT NULL CHECK (seq > 0),
    client_id   BLOB NOT NULL CHECK (length(client_id) = 16),
    -- How many of the messages up to this one lo wrote. A position like `seq`, never changed: so
    -- "how many of the peer's messages lie beyond n" is two look-ups, however many there are.
    from_lo     INTEGER NOT NULL CHECK (from_lo BETWEEN 0 AND seq),
    CHECK (sender_id <> receiver_id),
    UNIQUE (sender_id, client_id)
) STRICT;

CREATE UNIQUE INDEX idx_messages_conversation
    ON messages (min(sender_id, receiver_id), max(sender_id, receiver_id), seq DESC);

-- Each conversation twice, once as either of the two sees it.
CREATE VIEW sides AS
SELECT user_lo AS me, user_hi AS peer, last_seq, last_message_at, changed_at,
       lo_read_seq AS read_seq, hi_read_seq AS peer_read_seq, hi_delivered_seq AS peer_delivered_seq,
       CASE WHEN lo_read_seq = last_seq THEN 0
            ELSE (last_seq - c.from_lo) - (lo_read_seq - COALESCE((
                SELECT m.from_lo FROM messages m
                WHERE min(m.sender_id, m.receiver_id) = c.user_lo
                  AND max(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.lo_read_seq), 0))
       END AS unread
FROM conversations c
UNION ALL
SELECT user_hi, user_lo, last_seq, last_message_at, changed_at,
       hi_read_seq, lo_read_seq, lo_delivered_seq,
       CASE WHEN hi_read_seq = last_seq THEN 0
            ELSE c.from_lo - COALESCE((
                SELECT m.from_lo FROM messages m
                WHERE min(m.sender_id, m.receiver_id) = c.user_lo
                  AND max(m.sender_id, m.receiver_id) = c.user_hi
                  AND m.seq = c.hi_read_seq), 0)
       END
FROM conversations c;

-- Stores messages: whoever inserts into `outgoing` appends to the conversation, unless one of the
-- two is missing or the sender has used this client_id before; then nothing happens. One statement
-- is one transaction that takes the write lock at its beginning, for one message or a thousand.
CREATE VIEW outgoing AS SELECT id, client_id, sender_id, receiver_id, content, created_at FROM messages WHERE false;

CREATE TRIGGER outgoing_stored INSTEAD OF INSERT ON outgoing
WHEN NEW.sender_id <> NEW.receiver_id
     AND EXISTS (SELECT 1 FROM profiles WHERE id = NEW.sender_id)
     AND EXISTS (SELECT 1 FROM profiles WHERE id = NEW.receiver_id)
     AND NOT EXISTS (SELECT 1 FROM messages WHERE sender_id = NEW.sender_id AND client_id = NEW.client_id)
BEGIN
    INSERT INTO conversations (user_lo, user_hi, last_seq, from_lo, last_message_at)
    VALUES (min(NEW.sender_id, NEW.receiver_id), max(NEW.sender_id, NEW.receiver_id),
            1, NEW.sender_id < NEW.receiver_id, NEW.created_at)
    ON CONFLICT (user_lo, user_hi) DO UPDATE
    SET last_seq = last_seq + 1, from_lo = from_lo + excluded.from_lo,
        last_message_at = excluded.last_message_at, changed_at = excluded.changed_at;

    INSERT INTO messages (id, sender_id, receiver_id, content, created_at, seq, client_id, from_lo)
    SELECT NEW.id, NEW.sender_id, NEW.receiver_id, NEW.content, NEW.created_at, last_seq, NEW.client_id, from_lo
    FROM conversations
    WHERE user_lo = min(NEW.sender_id, NEW.receiver_id) AND user_hi = max(NEW.sender_id, NEW.receiver_id);
END;

-- For people who look into the file: ids and times as text.
CREATE VIEW messages_readable AS
WITH hexed AS (
    SELECT *, lower(hex(id)) AS i, lower(hex(sender_id)) AS s, lower(hex(receiver_id)) AS r, lower(hex(client_id)) AS c
    FROM messages
)
SELECT substr(i, 1, 8) || '-' || substr(i, 9, 4) || '-' || substr(i, 13, 4) || '-' || substr(i, 17, 4) || '-' || substr(i, 21) AS id,
       substr(s, 1, 8) || '-' || substr(s, 9, 4) || '-' || substr(s, 13, 4) || '-' || substr(s, 17, 4) || '-' || substr(s, 21) AS sender_id,
       substr(r, 1, 8) || '-' || substr(r, 9, 4) || '-' || substr(r, 13, 4) || '-' || substr(r, 17, 4) || '-' || substr(r, 21) AS receiver_id,
       content,
       strftime('%Y-%m-%dT%H:%M:%S', created_at / 1000000, 'unixepoch') || printf('.%06dZ', created_at % 1000000) AS created_at,
       strftime('%Y-%m-%dT%H:%M:%S', read_at / 1000000, 'unixepoch') || printf('.%06dZ', read_at % 1000000) AS read_at,
       seq,
       substr(c, 1, 8) || '-' || substr(c, 9, 4) || '-' || substr(c, 13, 4) || '-' || substr(c, 17, 4) || '-' || substr(c, 21) AS client_id
FROM hexed;
