-- What a person answered with "always" or "never", for every app of the namespace. `need` is JSON.
CREATE TABLE approvals (
    namespace TEXT NOT NULL,
    need      TEXT NOT NULL,
    rule      TEXT NOT NULL CHECK (rule IN ('allow', 'deny')),
    PRIMARY KEY (namespace, need)
) STRICT;
