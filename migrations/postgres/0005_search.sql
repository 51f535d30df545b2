-- What search looks at in a person, apart from the profile: narrow rows that only change when
-- somebody comes or goes, so that scans of their indexes need nothing else.
-- How these are used is written in the module `server::store::search`.

CREATE TABLE interests (
    id      integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name    text NOT NULL UNIQUE,       -- folded
    holders bigint NOT NULL DEFAULT 0   -- kept by triggers
);

-- The first 63 interests have a bit each, `id - 1`; a mask says which of them somebody holds.
CREATE TABLE searchable (
    person       integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id           uuid NOT NULL UNIQUE REFERENCES profiles (id) ON DELETE CASCADE,
    completeness smallint NOT NULL,
    mask         bigint NOT NULL,
    text         text NOT NULL          -- folded, ends with two line feeds
);

CREATE INDEX searchable_in_order ON searchable (completeness, id) INCLUDE (mask, person);

CREATE TABLE profile_interests (
    interest     integer NOT NULL,
    person       integer NOT NULL,
    completeness smallint NOT NULL,     -- that of the person
    mask         bigint NOT NULL,       -- that of the person
    PRIMARY KEY (interest, person) INCLUDE (completeness, mask)
);

CREATE INDEX profile_interests_of_person ON profile_interests (person, interest);

-- Reading masks from the indexes alone needs pages that are known to be visible to all.
ALTER TABLE searchable SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE profile_interests SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- How many people there are of each completeness; kept by triggers.
CREATE TABLE completeness_counts (
    completeness smallint PRIMARY KEY,
    people       bigint NOT NULL
);

-- Every three characters in a row. With the two line feeds at the end of a text, every one or two
-- characters of it begin one of them.
CREATE FUNCTION trigrams(text text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS $$
DECLARE
    chars text[] := string_to_array(text, NULL);
BEGIN
    RETURN array_to_tsvector(ARRAY(
        SELECT a || b || c FROM UNNEST(chars, chars[2:], chars[3:]) AS t (a, b, c) WHERE c IS NOT NULL));
END $$;

-- What was added last waits in a list that every search reads: kept short.
CREATE INDEX searchable_trigrams ON searchable USING gin (trigrams(text)) WITH (gin_pending_list_limit = 512);
-- How often each trigram occurs is no help, and expensive to find out.
ALTER INDEX searchable_trigrams ALTER COLUMN 1 SET STATISTICS 0;

-- Counters are changed under one lock by those who change several: no two wait for each other.
CREATE FUNCTION lock_interests() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtext('mosaic interests'))
$$;

CREATE FUNCTION count_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO completeness_counts AS c (completeness, people)
    SELECT completeness, count(*) FROM changed GROUP BY completeness ORDER BY completeness
    ON CONFLICT (completeness) DO UPDATE SET people = c.people + EXCLUDED.people;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_interests();
    UPDATE completeness_counts c SET people = c.people - g.people
    FROM (SELECT completeness, count(*) AS people FROM changed GROUP BY completeness) g
    WHERE c.completeness = g.completeness;
    WITH gone AS (
        DELETE FROM profile_interests h USING changed c WHERE h.person = c.person RETURNING h.interest
    )
    UPDATE interests i SET holders = i.holders - g.holders
    FROM (SELECT interest, count(*) AS holders FROM gone GROUP BY interest) g
    WHERE i.id = g.interest;
    RETURN NULL;
END $$;

CREATE FUNCTION count_holders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE interests i SET holders = i.holders + g.holders
    FROM (SELECT interest, count(*) AS holders FROM changed GROUP BY interest) g
    WHERE i.id = g.interest;
    RETURN NULL;
END $$;

CREATE TRIGGER searchable_counted AFTER INSERT ON searchable
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_people();
CREATE TRIGGER searchable_forgotten AFTER DELETE ON searchable
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION forget_people();
CREATE TRIGGER profile_interests_counted AFTER INSERT ON profile_interests
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_holders();

-- Adds people, skipping those whose username is taken; gives back how many were added. `written`
-- and `names` are JSON arrays: interests as they were written, and folded, each once.
CREATE FUNCTION add_people(
    ids uuid[], usernames text[], display_names text[], headlines text[], bios text[], written text[],
    hashes text[], times timestamptz[], completenesses smallint[], texts text[], names text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    added uuid[];
BEGIN
    WITH fresh AS (
        INSERT INTO profiles (id, username, display_name, headline, bio, interests, password_hash, created_at)
        SELECT n.id, n.username, n.display_name, n.headline, n.bio,
               ARRAY(SELECT jsonb_array_elements_text(n.interests::jsonb)), n.hash, n.created_at
        FROM UNNEST(ids, usernames, display_names, headlines, bios, written, hashes, times)
             AS n (id, username, display_name, headline, bio, interests, hash, created_at)
        ON CONFLICT (username) DO NOTHING RETURNING profiles.id
    )
    SELECT array_agg(fresh.id) INTO added FROM fresh;
    IF added IS NULL THEN
        RETURN 0;
    END IF;

    IF EXISTS (SELECT 1 FROM UNNEST(names) AS n (list) WHERE n.list <> '[]') THEN
        PERFORM lock_interests();
    END IF;
    -- The most common first, because the first 63 have bits.
    INSERT INTO interests (name)
    SELECT t.name FROM UNNEST(ids, names) AS n (id, list), jsonb_array_elements_text(n.list::jsonb) AS t (name)
    WHERE n.id IN (SELECT UNNEST(added)) AND NOT EXISTS (SELECT 1 FROM interests i WHERE i.name = t.name)
    GROUP BY t.name ORDER BY count(*) DESC, t.name;

    INSERT INTO searchable (id, completeness, text, mask)
    SELECT n.id, n.completeness, n.text,
           COALESCE((SELECT bit_or(1::bigint << (i.id - 1)) FILTER (WHERE i.id <= 63)
                     FROM jsonb_array_elements_text(n.list::jsonb) AS t (name) JOIN interests i ON i.name = t.name), 0)
    FROM UNNEST(ids, completenesses, texts, names) AS n (id, completeness, text, list)
    WHERE n.id IN (SELECT UNNEST(added));

    INSERT INTO profile_interests (interest, person, completeness, mask)
    SELECT i.id, s.person, s.completeness, s.mask
    FROM UNNEST(ids, names) AS n (id, list)
    JOIN searchable s ON s.id = n.id,
         jsonb_array_elements_text(n.list::jsonb) AS t (name) JOIN interests i ON i.name = t.name
    WHERE n.id IN (SELECT UNNEST(added));
    RETURN cardinality(added);
END $$;
