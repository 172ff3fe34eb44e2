
-- insert_alert
INSERT INTO alert (feed, cause, effect, header_ja, header_en, description_ja, description_en, url,
                   routes, stops, route_names, stop_names, starts, ends, created_at, created_by)
VALUES (:feed, :cause, :effect, :header_ja, :header_en, :description_ja, :description_en, :url,
        :routes, :stops, :route_names, :stop_names, :starts, :ends, :created_at, :created_by)

-- insert_trip
INSERT INTO cancelled_run (alert, date, trip_id, start, departure, arrival, route_id, route,
                           origin_id, origin, destination_id, destination)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- insert_act
INSERT INTO history (alert, at, who, act) VALUES (?, ?, ?, ?)

-- last_change
SELECT MAX(MAX(created_at, COALESCE(withdrawn_at, 0))) FROM alert WHERE feed = ?

-- feed_of
SELECT feed FROM alert WHERE id = ?

-- withdraw
UPDATE alert SET withdrawn_at = ?, withdrawn_by = ? WHERE id = ? AND withdrawn_at IS NULL

-- alert_by_id
SELECT * FROM alert WHERE id = ?

-- active
SELECT * FROM alert
WHERE feed = ? AND starts <= ? AND ends > ? AND withdrawn_at IS NULL ORDER BY id

-- live
SELECT * FROM alert WHERE feed = ? AND ends > ? AND withdrawn_at IS NULL ORDER BY id

-- changed
SELECT MAX(MAX(created_at, COALESCE(withdrawn_at, 0), IIF(starts <= :now, starts, 0),
               IIF(ends <= :now, ends, 0)))
FROM alert WHERE feed = :feed

-- cancelled_before
SELECT cancelled_run.trip_id, alert.created_by FROM cancelled_run
JOIN alert ON alert.id = cancelled_run.alert
WHERE alert.feed = ? AND cancelled_run.date = ? AND cancelled_run.trip_id = ?
  AND cancelled_run.start = ? AND alert.withdrawn_at IS NULL AND alert.ends > ?

-- announced_before
SELECT created_by FROM alert
WHERE feed = ? AND header_ja = ? AND ends = ? AND withdrawn_at IS NULL AND ends > ?

-- all
SELECT * FROM alert WHERE feed = ? ORDER BY id DESC

-- trips
SELECT * FROM cancelled_run WHERE alert = ? ORDER BY date, departure, trip_id, start

-- history
SELECT history.*, alert.header_ja FROM history JOIN alert ON alert.id = history.alert
WHERE alert.feed = ? ORDER BY history.id DESC

-- upgrade_2_runs
CREATE TABLE cancelled_run (
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
) WITHOUT ROWID

-- upgrade_2_copy
INSERT INTO cancelled_run
SELECT alert, date, trip_id, -1, departure, arrival, route_id, '', '', '', '', '' FROM cancelled_trip

-- upgrade_2_drop
DROP TABLE cancelled_trip

-- upgrade_2_routes
ALTER TABLE alert ADD COLUMN route_names TEXT NOT NULL DEFAULT '[]'

-- upgrade_2_stops
ALTER TABLE alert ADD COLUMN stop_names TEXT NOT NULL DEFAULT '[]'
