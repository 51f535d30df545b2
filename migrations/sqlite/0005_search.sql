-- What search looks at in a person, apart from the profile: narrow rows that only change when
-- somebody comes or goes, so that scans of their indexes need nothing else.
-- How these are used is written in the module `server::store::search`.

CREATE TABLE interests (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,         -- folded
    holders INTEGER NOT NULL DEFAULT 0    -- kept by triggers
) STRICT;

-- The first 63 interests have a bit each, `id - 1`; a mask says which of them somebody holds.
CREATE TABLE searchable (
    person       INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE REFERENCES profiles (id) ON DELETE CASCADE,
    completeness INTEGER NOT NULL,
    mask         INTEGER NOT NULL,
    text         TEXT NOT NULL            -- folded, ends with two line feeds
) STRICT;

CREATE INDEX searchable_in_order ON searchable (completeness, id, mask);

CREATE TABLE profile_interests (
    interest     INTEGER NOT NULL,
    person       INTEGER NOT NULL,
    completeness INTEGER NOT NULL,        -- that of the person
    mask         INTEGER NOT NULL,        -- that of the person
    PRIMARY KEY (interest, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX profile_interests_of_person ON profile_interests (person);

-- How many people there are of each completeness; kept by triggers.
CREATE TABLE completeness_counts (
    completeness INTEGER PRIMARY KEY,
    people       INTEGER NOT NULL
) STRICT;

-- Every three characters in a row. With the two line feeds at the end of a text, every one or two
-- characters of it begin one of them: that is what the list of its terms is for. Texts are folded
-- already.
CREATE VIRTUAL TABLE searchable_trigrams
    USING fts5 (text, content = 'searchable', content_rowid = 'person', tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE searchable_terms USING fts5vocab (searchable_trigrams, 'instance');

CREATE TRIGGER searchable_counted AFTER INSERT ON searchable
BEGIN
    INSERT INTO searchable_trigrams (rowid, text) VALUES (NEW.person, NEW.text);
    INSERT INTO completeness_counts (completeness, people) VALUES (NEW.completeness, 1)
    ON CONFLICT (completeness) DO UPDATE SET people = people + 1;
END;

CREATE TRIGGER searchable_forgotten AFTER DELETE ON searchable
BEGIN
    INSERT INTO searchable_trigrams (searchable_trigrams, rowid, text) VALUES ('delete', OLD.person, OLD.text);
    UPDATE completeness_counts SET people = people - 1 WHERE completeness = OLD.completeness;
    DELETE FROM profile_interests WHERE person = OLD.person;
END;

CREATE TRIGGER profile_interests_counted AFTER INSERT ON profile_interests
BEGIN
    UPDATE interests SET holders = holders + 1 WHERE id = NEW.interest;
END;

CREATE TRIGGER profile_interests_forgotten AFTER DELETE ON profile_interests
BEGIN
    UPDATE interests SET holders = holders - 1 WHERE id = OLD.interest;
END;
