-- Statements of signins.py, each under a line with its name.

-- forget_attempts
DELETE FROM attempt WHERE at < ?

-- latest_attempts
SELECT at FROM attempt WHERE key = ? ORDER BY at DESC LIMIT ?

-- add_attempt
INSERT INTO attempt (key, at) VALUES (?, ?)

-- take_back_attempt
DELETE FROM attempt WHERE key = ? AND at = ?

-- clear_attempts
DELETE FROM attempt WHERE key = ?

-- forget_sessions
DELETE FROM session WHERE since < ? OR seen < ?

-- add_session
INSERT INTO session (token, name, credential, since, seen) VALUES (?, ?, ?, ?, ?)

-- session
SELECT name, credential, since, seen FROM session WHERE token = ?

-- see_session
UPDATE session SET seen = ? WHERE token = ?

-- end_session
DELETE FROM session WHERE token = ?
