-- A session saved again gets a new position. The workspace is JSON; the count of its apps stands apart, so
-- that a list reads none of them.
CREATE TABLE sessions (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    app_count   INTEGER NOT NULL,
    workspace   TEXT    NOT NULL,
    metadata    TEXT    NOT NULL
) STRICT;
