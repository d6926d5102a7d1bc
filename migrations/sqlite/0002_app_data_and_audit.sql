-- What apps keep with the storage tools. A version is the `seq` of the audit row that tells of the
-- change, so none is ever used twice.
CREATE TABLE app_data (
    namespace TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    value     BLOB    NOT NULL,
    version   INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
) STRICT;

-- Each hash covers its row and the hash before it.
CREATE TABLE audit (
    seq    INTEGER NOT NULL PRIMARY KEY,
    record TEXT    NOT NULL,
    hash   BLOB    NOT NULL
) STRICT;

-- The last row of the audit, so that rows removed from its end are missed.
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB    NOT NULL
) STRICT;

INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, zeroblob(32));
