-- Authorization codes, by the SHA-256 of their secret. `token_hash` is set when a code is used, so that a second
-- use is known for what it is and the token that came of the first can be revoked.

-- name: issue
INSERT INTO codes (slot, hash, account_id, app_id, redirect_uri, scopes, challenge, expires_at)
VALUES (:slot, :hash, :account_id, :app_id, :redirect_uri, :scopes, :challenge,
        now() + make_interval(secs => :lifetime_s));

-- name: redeem
-- One statement: of two that redeem at once, one finds nothing.
UPDATE codes SET token_hash = :token_hash
WHERE slot = :slot AND hash = :hash AND token_hash IS NULL AND expires_at > now() AND app_id = :app_id
  AND redirect_uri = :redirect_uri AND challenge IS NOT DISTINCT FROM :challenge::text
RETURNING account_id, scopes;

-- name: token_of
SELECT token_hash FROM codes WHERE slot = :slot AND hash = :hash;

-- name: drop_all
DELETE FROM codes WHERE slot = :slot AND account_id = :account_id;

-- name: drop_of_app
DELETE FROM codes WHERE slot = :slot AND account_id = :account_id AND app_id = :app_id;

-- name: sweep
-- A day after they ran out: until then a second use is still noticed.
-- scatter
DELETE FROM codes WHERE expires_at < now() - interval '1 day';
