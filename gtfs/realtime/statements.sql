
-- insert_alert
INSERT INTO alert (feed, cause, effect, header_ja, header_en, description_ja, description_en, url,
                   routes, stops, starts, ends, created_at, created_by)
VALUES (:feed, :cause, :effect, :header_ja, :header_en, :description_ja, :description_en, :url,
        :routes, :stops, :starts, :ends, :created_at, :created_by)

-- insert_trip
INSERT INTO cancelled_trip (alert, date, departure, arrival, trip_id, route_id)
VALUES (?, ?, ?, ?, ?, ?)

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
SELECT cancelled_trip.trip_id, alert.created_by FROM cancelled_trip
JOIN alert ON alert.id = cancelled_trip.alert
WHERE alert.feed = ? AND cancelled_trip.date = ? AND cancelled_trip.trip_id = ?
  AND alert.withdrawn_at IS NULL AND alert.ends > ?

-- announced_before
SELECT created_by FROM alert
WHERE feed = ? AND header_ja = ? AND ends = ? AND withdrawn_at IS NULL AND ends > ?

-- all
SELECT * FROM alert WHERE feed = ? ORDER BY id DESC

-- trips
SELECT * FROM cancelled_trip WHERE alert = ? ORDER BY date, departure, trip_id

-- history
SELECT history.*, alert.header_ja FROM history JOIN alert ON alert.id = history.alert
WHERE alert.feed = ? ORDER BY history.id DESC
