-- Who is connected, and through which server process. Somebody is online while an instance that
-- beats holds a socket of theirs; an instance that died silently stops counting by itself.

CREATE TABLE instances (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    last_beat   INTEGER NOT NULL,
    is_cut_off  INTEGER NOT NULL DEFAULT 0      -- has no bus: what it stores, others have to ask for
) STRICT;

CREATE TABLE presence (
    user_id     BLOB NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
    instance_id BLOB NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, instance_id)
) STRICT;

CREATE INDEX presence_by_instance ON presence (instance_id);
