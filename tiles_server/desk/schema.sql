-- Attempts to sign in, and who is signed in. Keys and tokens are kept as hashes only. Moments are
-- seconds since 1970.
CREATE TABLE IF NOT EXISTS attempt (
    key TEXT NOT NULL,
    at  REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS attempt_by_key ON attempt (key, at);

CREATE TABLE IF NOT EXISTS session (
    token      TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    credential TEXT NOT NULL,
    since      REAL NOT NULL,
    seen       REAL NOT NULL
) WITHOUT ROWID;
