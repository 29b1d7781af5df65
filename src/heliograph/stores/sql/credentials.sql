-- How an account proves itself: password hash, e-mail, and the tokens that travel by mail.

-- name: create
INSERT INTO credentials (slot, account_id, email, password_hash, reason, locale)
VALUES (:slot, :account_id, :email, :password_hash, :reason, :locale);

-- name: of
SELECT account_id, email, email_confirmed_at, password_hash, reason, locale
FROM credentials WHERE slot = :slot AND account_id = :account_id;

-- name: to_check
-- What a log-in needs, in one look.
SELECT c.account_id, c.password_hash, c.email, a.username, a.state FROM credentials c
JOIN accounts a ON a.slot = c.slot AND a.id = c.account_id
WHERE c.slot = :slot AND c.account_id = :account_id;

-- name: set_password
UPDATE credentials SET password_hash = :password_hash WHERE slot = :slot AND account_id = :account_id;

-- name: replace_password
-- Only while it is still the one that was checked: of two changes at once, one wins.
UPDATE credentials SET password_hash = :password_hash
WHERE slot = :slot AND account_id = :account_id AND password_hash = :checked;

-- name: confirm
UPDATE credentials SET email_confirmed_at = coalesce(email_confirmed_at, now())
WHERE slot = :slot AND account_id = :account_id AND email = :email;

-- name: remove
DELETE FROM credentials WHERE slot = :slot AND account_id = :account_id RETURNING email;

-- name: put_mail_token
INSERT INTO mail_tokens (slot, hash, account_id, purpose, email, expires_at)
VALUES (:slot, :hash, :account_id, :purpose, :email, now() + make_interval(secs => :lifetime_s));

-- name: see_mail_token
SELECT account_id, email FROM mail_tokens
WHERE slot = :slot AND hash = :hash AND purpose = :purpose AND expires_at > now();

-- name: take_mail_token
-- Single use: who deletes it has it.
DELETE FROM mail_tokens WHERE slot = :slot AND hash = :hash AND purpose = :purpose AND expires_at > now()
RETURNING account_id, email;

-- name: drop_mail_tokens
DELETE FROM mail_tokens WHERE slot = :slot AND account_id = :account_id AND purpose = ANY(:purposes::text[]);

-- name: sweep_mail_tokens
-- scatter
DELETE FROM mail_tokens WHERE expires_at < now();
