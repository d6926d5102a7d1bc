-- Ids are UUIDs as text, times are milliseconds since 1970 in UTC, documents and states are JSON.

CREATE TABLE packages (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    namespace   TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    icon        TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    tags        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE package_versions (
    package_id TEXT    NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    major      INTEGER NOT NULL,
    minor      INTEGER NOT NULL,
    patch      INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (package_id, major, minor, patch)
) STRICT;

CREATE TABLE apps (
    position      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT    NOT NULL UNIQUE,
    namespace     TEXT    NOT NULL,
    package_id    TEXT    REFERENCES packages (id) ON DELETE SET NULL,
    from_registry INTEGER NOT NULL,
    parent_id     TEXT,
    title         TEXT    NOT NULL,
    request       TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    report        TEXT    NOT NULL,
    window_x      REAL,
    window_y      REAL,
    window_width  REAL,
    window_height REAL,
    window_state  TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX apps_by_namespace ON apps (namespace);
CREATE INDEX apps_by_package ON apps (package_id);

-- Apart from `apps`, so that committing a small state does not rewrite a large document.
CREATE TABLE replicas (
    app_id TEXT    NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
    rev    INTEGER NOT NULL,
    state  TEXT    NOT NULL
) STRICT;

CREATE TABLE persisted_paths (
    namespace TEXT NOT NULL,
    path      TEXT NOT NULL,
    value     TEXT NOT NULL,
    PRIMARY KEY (namespace, path)
) STRICT;
