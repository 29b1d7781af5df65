-- Browser sessions, by the SHA-256 of their cookie's secret.

-- name: start
INSERT INTO sessions (slot, hash, account_id, user_agent, expires_at)
VALUES (:slot, :hash, :account_id, :user_agent, now() + make_interval(days => :days));

-- name: identify
SELECT s.account_id, a.state, a.role, s.seen_at < now() - interval '1 hour' AS stale FROM sessions s
JOIN accounts a ON a.slot = s.slot AND a.id = s.account_id
WHERE s.slot = :slot AND s.hash = :hash AND s.expires_at > now();

-- name: touch
-- At most hourly: reading a page must not write a row each time. However often: 400 days after the log-in it ends, as its
-- cookie does (browsers keep none for longer).
UPDATE sessions SET seen_at = now(), expires_at = least(now() + make_interval(days => :days), created_at + interval '400 days')
WHERE slot = :slot AND hash = :hash AND seen_at < now() - interval '1 hour';

-- name: of
SELECT hash, user_agent, created_at, seen_at FROM sessions
WHERE slot = :slot AND account_id = :account_id AND expires_at > now() ORDER BY seen_at DESC, created_at DESC;

-- name: end
DELETE FROM sessions WHERE slot = :slot AND hash = :hash AND account_id = :account_id;

-- name: end_all
-- All of an account but one (NULL spares none).
DELETE FROM sessions WHERE slot = :slot AND account_id = :account_id AND hash IS DISTINCT FROM :spared::bytea;

-- name: sweep
-- scatter
DELETE FROM sessions WHERE expires_at < now();
