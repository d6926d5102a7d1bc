-- Counts the edits of the document, from 1.
ALTER TABLE apps ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- The edits of an app with the way back, as JSON; apps that were never edited have none.
CREATE TABLE histories (
    app_id  TEXT NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
    history TEXT NOT NULL
) STRICT;
