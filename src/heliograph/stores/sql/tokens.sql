-- Access tokens, by the SHA-256 of their secret. A token of an app itself (account_id NULL) lives with the app.

-- name: issue
INSERT INTO tokens (slot, hash, account_id, app_id, scopes) VALUES (:slot, :hash, :account_id, :app_id, :scopes)
RETURNING created_at;

-- name: identify
SELECT t.account_id, t.app_id, t.scopes, a.state, a.role FROM tokens t
LEFT JOIN accounts a ON a.slot = t.slot AND a.id = t.account_id
WHERE t.slot = :slot AND t.hash = :hash;

-- name: find
SELECT account_id, app_id, scopes, created_at FROM tokens WHERE slot = :slot AND hash = :hash;

-- name: revoke
DELETE FROM tokens WHERE slot = :slot AND hash = :hash;

-- name: of
SELECT hash, app_id, scopes, created_at FROM tokens
WHERE slot = :slot AND account_id = :account_id ORDER BY created_at DESC;

-- name: revoke_of_app
DELETE FROM tokens WHERE slot = :slot AND account_id = :account_id AND app_id = :app_id;

-- name: revoke_all
DELETE FROM tokens WHERE slot = :slot AND account_id = :account_id;
