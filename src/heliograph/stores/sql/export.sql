-- What a member takes along, in pages by id: reading it holds nothing up, however much it is.

-- name: account
SELECT a.username, a.display_name, a.note, a.fields, a.avatar, a.header, a.bot, a.locked, a.discoverable,
       a.hide_collections, a.default_visibility, a.default_sensitive, a.default_language, a.state, a.role,
       c.email, c.email_confirmed_at, c.locale
FROM accounts a LEFT JOIN credentials c ON c.slot = a.slot AND c.account_id = a.id
WHERE a.slot = :slot AND a.id = :id;

-- name: tags
-- `kind`: 1 followed, 2 featured.
SELECT 1 AS kind, tag FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 2, tag FROM featured_tags WHERE slot = :slot AND account_id = :account_id
ORDER BY kind, tag;

-- name: posts
SELECT id, text, spoiler_text, visibility, sensitive, language, tags, mentions, application, in_reply_to_id, reblog_of_id,
       edited_at
FROM posts WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL AND id > :above
ORDER BY id LIMIT :limit;

-- name: edits
SELECT post_id, id, text, spoiler_text, sensitive FROM post_edits
WHERE slot = :slot AND post_id = ANY(:ids::bigint[]) ORDER BY post_id, id;

-- name: photos
-- Those of posts that are there, what edits have taken out of them too.
SELECT id, post_id, name, description, focus_x, focus_y, blurhash, variants FROM media
WHERE slot = :slot AND account_id = :account_id AND id > :above AND state = 'ready' AND post_id IS NOT NULL
  AND EXISTS (SELECT FROM posts WHERE posts.slot = media.slot AND posts.id = media.post_id AND deleted_at IS NULL)
ORDER BY id LIMIT :limit;

-- name: following
SELECT target_id AS id, reblogs, notify FROM follows
WHERE slot = :slot AND account_id = :account_id AND target_id > :above AND NOT gone ORDER BY target_id LIMIT :limit;

-- name: followers
SELECT follower_id AS id FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id > :above AND NOT gone ORDER BY follower_id LIMIT :limit;

-- name: blocked
SELECT target_id AS id FROM blocks
WHERE slot = :slot AND account_id = :account_id AND target_id > :above AND NOT gone ORDER BY target_id LIMIT :limit;

-- name: muted
SELECT target_id AS id, notifications FROM mutes
WHERE slot = :slot AND account_id = :account_id AND target_id > :above AND (expires_at IS NULL OR expires_at > now())
ORDER BY target_id LIMIT :limit;

-- name: notes
SELECT target_id AS id, comment FROM account_notes
WHERE slot = :slot AND account_id = :account_id AND target_id > :above ORDER BY target_id LIMIT :limit;

-- name: bookmarks
SELECT post_id AS id FROM bookmarks
WHERE slot = :slot AND account_id = :account_id AND post_id > :above ORDER BY post_id LIMIT :limit;

-- name: likes
SELECT post_id AS id FROM favourites
WHERE slot = :slot AND account_id = :account_id AND post_id > :above AND NOT gone ORDER BY post_id LIMIT :limit;
