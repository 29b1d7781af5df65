-- Profiles and standing of accounts. Written by domain/accounts alone.

-- name: mint
-- An id of an account, before anything of it is written: the directory names it first.
SELECT mint_id(slot) FROM slot_owner WHERE slot = :slot;

-- name: create
INSERT INTO accounts (slot, id, username, display_name, state, role)
VALUES (:slot, :id, :username, :display_name, :state, :role);

-- name: by_ids
SELECT id, username, display_name, note, fields, avatar, header, bot, locked, discoverable, hide_collections,
       default_visibility, default_sensitive, default_language, state, role, last_post_at, pull_from
FROM accounts WHERE slot = ANY(:slots::smallint[]) AND id = ANY(:ids::bigint[]);

-- name: locked
SELECT id, username, display_name, note, fields, avatar, header, bot, locked, discoverable, hide_collections,
       default_visibility, default_sensitive, default_language, state, role, last_post_at, pull_from
FROM accounts WHERE slot = :slot AND id = :id FOR UPDATE;

-- name: update_profile
UPDATE accounts SET display_name = :display_name, note = :note, fields = :fields, avatar = :avatar, header = :header,
       bot = :bot, locked = :locked, discoverable = :discoverable, hide_collections = :hide_collections,
       default_visibility = :default_visibility, default_sensitive = :default_sensitive, default_language = :default_language
WHERE slot = :slot AND id = :id;

-- name: last_posts
SELECT id, last_post_at FROM accounts WHERE slot = ANY(:slots::smallint[]) AND id = ANY(:ids::bigint[]);

-- name: exists
SELECT id FROM accounts WHERE slot = :slot AND id = :id;

-- name: set_state
-- Nothing is affected when the account was not in one of `from_states`.
UPDATE accounts SET state = :state WHERE slot = :slot AND id = :id AND state = ANY(:from_states::text[]);

-- name: set_role
UPDATE accounts SET role = :role WHERE slot = :slot AND id = :id;

-- name: remove_pending
WITH words AS (
    DELETE FROM account_words WHERE slot = :slot AND account_id = :id
      AND EXISTS (SELECT FROM accounts WHERE slot = :slot AND id = :id AND state = 'pending')
)
DELETE FROM accounts WHERE slot = :slot AND id = :id AND state = 'pending';

-- name: remove
WITH words AS (
    DELETE FROM account_words WHERE slot = :slot AND account_id = :id
)
DELETE FROM accounts WHERE slot = :slot AND id = :id;

-- name: pending
-- Oldest first: who has waited longest.
-- scatter
SELECT a.id, a.username, c.email, c.reason, c.locale FROM accounts a
JOIN credentials c ON c.slot = a.slot AND c.account_id = a.id
WHERE a.state = 'pending' AND a.id > :above ORDER BY a.id LIMIT :limit;
