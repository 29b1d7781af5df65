-- Client applications. An app lives in the slot of its client id's SHA-256, so its directory row is in the same slot.

-- name: mint
SELECT mint_id(slot) FROM slot_owner WHERE slot = :slot;

-- name: create
INSERT INTO apps (slot, id, client_id, secret_hash, name, website, redirect_uris, scopes)
VALUES (:slot, :id, :client_id, :secret_hash, :name, :website, :redirect_uris, :scopes);

-- name: by_client_id
SELECT a.id, a.client_id, a.secret_hash, a.name, a.website, a.redirect_uris, a.scopes FROM directory d
JOIN apps a ON a.slot = d.slot AND a.id = d.target
WHERE d.slot = :slot AND d.kind = 'app' AND d.name = :client_id;

-- name: by_id
SELECT id, client_id, secret_hash, name, website, redirect_uris, scopes FROM apps WHERE slot = :slot AND id = :id;

-- name: exists
SELECT id FROM apps WHERE slot = :slot AND id = :id;
