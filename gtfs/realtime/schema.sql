-- Announcements of all feeds. Nothing is ever deleted: what ends is expired or withdrawn, and every
-- act is a line in "history". Moments are seconds since 1970 in UTC.
CREATE TABLE IF NOT EXISTS alert (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    feed           TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    effect         TEXT    NOT NULL,
    header_ja      TEXT    NOT NULL CHECK (header_ja <> ''),
    header_en      TEXT    NOT NULL,
    description_ja TEXT    NOT NULL,
    description_en TEXT    NOT NULL,
    url            TEXT    NOT NULL,
    routes         TEXT    NOT NULL,
    stops          TEXT    NOT NULL,
    route_names    TEXT    NOT NULL DEFAULT '[]',
    stop_names     TEXT    NOT NULL DEFAULT '[]',
    starts         INTEGER NOT NULL,
    ends           INTEGER NOT NULL CHECK (ends > starts),
    created_at     INTEGER NOT NULL,
    created_by     TEXT    NOT NULL CHECK (created_by <> ''),
    withdrawn_at   INTEGER,
    withdrawn_by   TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS alert_by_feed ON alert (feed, ends);

CREATE TABLE IF NOT EXISTS cancelled_run (
    alert          INTEGER NOT NULL REFERENCES alert (id),
    date           TEXT    NOT NULL,
    trip_id        TEXT    NOT NULL,
    start          INTEGER NOT NULL, -- seconds of the service day; -1: runs once a day
    departure      INTEGER NOT NULL,
    arrival        INTEGER NOT NULL,
    route_id       TEXT    NOT NULL,
    route          TEXT    NOT NULL,
    origin_id      TEXT    NOT NULL,
    origin         TEXT    NOT NULL,
    destination_id TEXT    NOT NULL,
    destination    TEXT    NOT NULL,
    PRIMARY KEY (alert, date, trip_id, start)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS history (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    alert INTEGER NOT NULL REFERENCES alert (id),
    at    INTEGER NOT NULL,
    who   TEXT    NOT NULL,
    act   TEXT    NOT NULL CHECK (act IN ('created', 'withdrawn'))
);
