-- Edits: what a post was before, and what it became; the last row is what it is.

-- name: locked
-- A post of one's own, until the end of the transaction: two edits at once come one after the other.
SELECT id, account_id, text, spoiler_text, visibility, sensitive, language, tags, mentions, application, in_reply_to_id,
       in_reply_to_account_id, root_id, reblog_of_id, reblog_of_account_id, edited_at
FROM posts WHERE slot = :slot AND id = :id AND account_id = :account_id AND deleted_at IS NULL AND reblog_of_id IS NULL
FOR UPDATE;

-- name: next_id
SELECT mint_id(:slot);

-- name: change
UPDATE posts SET text = :text, spoiler_text = :spoiler_text, sensitive = :sensitive, language = :language, tags = :tags,
    mentions = :mentions, media_count = :media_count, edited_at = :edited_at
WHERE slot = :slot AND id = :id;

-- name: keep
INSERT INTO post_edits (slot, post_id, id, text, spoiler_text, sensitive, mentions, media)
VALUES (:slot, :post_id, :id, :text, :spoiler_text, :sensitive, :mentions, :media);

-- name: of_post
-- The newest :limit of them, oldest first.
SELECT id, text, spoiler_text, sensitive, mentions, media FROM (
    SELECT id, text, spoiler_text, sensitive, mentions, media FROM post_edits
    WHERE slot = :slot AND post_id = :post_id ORDER BY id DESC LIMIT :limit
) AS newest ORDER BY id;

-- name: forget
DELETE FROM post_edits WHERE slot = :slot AND post_id = :post_id;
