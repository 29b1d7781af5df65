-- What goes with an account that is deleted, table by table, a page at a time. Each statement may run again after a crash.
-- Rows are removed, not left as tombstones: by the time this runs no message about them is under way.

-- name: under_way
-- Whether a message may still write something about the account: one of before `mark`, or one that names it. Those of the
-- kinds `unheeded` write nothing, and what is to be done some other day is told of an account that is no more.
-- scatter
SELECT EXISTS (
    SELECT FROM outbox
    WHERE dead_at IS NULL AND run_at < now() + interval '15 minutes' AND kind <> ALL(:unheeded::text[])
      AND (id < :mark OR strpos(payload::text, :named) > 0)
) AS found;

-- name: clear_profile
UPDATE accounts SET display_name = '', note = '', fields = '[]', avatar = '', header = '', pull_from = NULL,
    pull_since = NULL, pull_until = NULL
WHERE slot = :slot AND id = :account_id;

-- name: drop_audience
DELETE FROM audiences WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM audiences WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: take_loose_media
-- Uploads that no post uses.
DELETE FROM media WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM media WHERE slot = :slot AND account_id = :account_id AND post_id IS NULL LIMIT :limit
)) RETURNING name, incoming;

-- name: drop_dead_messages
-- scatter
DELETE FROM outbox WHERE dead_at IS NOT NULL
  AND EXISTS (SELECT FROM unnest(:named::text[]) AS ident WHERE strpos(payload::text, ident) > 0);

-- Its posts ----------------------------------------------------------------------------------------------------------

-- name: posts
SELECT id, in_reply_to_id, root_id FROM posts
WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NULL ORDER BY id DESC LIMIT :limit;

-- name: hidden_posts
SELECT id, in_reply_to_id, root_id FROM posts
WHERE slot = :slot AND account_id = :account_id AND deleted_at IS NOT NULL ORDER BY id DESC LIMIT :limit;

-- name: hide_posts
UPDATE posts SET deleted_at = now() WHERE slot = :slot AND id = ANY(:ids::bigint[]) AND deleted_at IS NULL;

-- name: end_answers
-- The ends of its replies at what they answer.
DELETE FROM replies USING unnest(:slots::smallint[], :ids::bigint[], :answers::bigint[]) AS far (slot, id, answer)
WHERE replies.slot = far.slot AND replies.post_id = far.id AND replies.reply_id = far.answer
RETURNING far.id, NOT gone AS counted;

-- name: forget_answered
UPDATE posts SET in_reply_to_id = NULL WHERE slot = :slot AND id = ANY(:ids::bigint[]) AND in_reply_to_id IS NOT NULL;

-- name: leave_threads
-- Places on which nothing hangs, the lowest first: again, until there is none.
DELETE FROM threads AS entry
USING unnest(:slots::smallint[], :ids::bigint[], :answers::bigint[]) AS far (slot, id, answer)
WHERE entry.slot = far.slot AND entry.root_id = far.id AND entry.post_id = far.answer AND NOT EXISTS (
    SELECT FROM threads AS child
    WHERE child.slot = entry.slot AND child.root_id = entry.root_id AND child.parent_id = entry.post_id
);

-- name: vacate_threads
-- What others wrote below keeps its place: the sweep of threads removes these when that is gone too.
UPDATE threads SET gone = true
FROM unnest(:slots::smallint[], :ids::bigint[], :answers::bigint[]) AS far (slot, id, answer)
WHERE threads.slot = far.slot AND threads.root_id = far.id AND threads.post_id = far.answer AND NOT gone;

-- name: drop_answers
-- The ends of others' replies at its posts.
DELETE FROM replies WHERE slot = :slot AND post_id = ANY(:ids::bigint[]);

-- name: drop_edits
DELETE FROM post_edits WHERE slot = :slot AND post_id = ANY(:ids::bigint[]);

-- name: drop_tagged
-- scatter
DELETE FROM tag_posts WHERE post_id = ANY(:ids::bigint[]);

-- name: drop_bookmarks_of
-- scatter
DELETE FROM bookmarks WHERE post_id = ANY(:ids::bigint[]) RETURNING account_id AS id;

-- name: drop_news_of
-- scatter
DELETE FROM notifications WHERE subject_id = ANY(:ids::bigint[]) AND subject_id <> 0 RETURNING account_id AS id;

-- name: likers
SELECT account_id AS id, post_id FROM likes WHERE slot = :slot AND post_id = ANY(:ids::bigint[]) LIMIT :limit;

-- name: end_likes
DELETE FROM favourites USING unnest(:slots::smallint[], :ids::bigint[], :posts::bigint[]) AS far (slot, id, post_id)
WHERE favourites.slot = far.slot AND favourites.account_id = far.id AND favourites.post_id = far.post_id;

-- name: drop_likes
DELETE FROM likes USING unnest(:ids::bigint[], :posts::bigint[]) AS near (id, post_id)
WHERE likes.slot = :slot AND likes.post_id = near.post_id AND likes.account_id = near.id;

-- name: rebloggers
SELECT account_id AS id, post_id FROM reblogs WHERE slot = :slot AND post_id = ANY(:ids::bigint[]) LIMIT :limit;

-- name: reposts_of
SELECT far.id, repost_id FROM unnest(:slots::smallint[], :ids::bigint[], :posts::bigint[]) AS far (slot, id, post_id)
JOIN reposts ON reposts.slot = far.slot AND reposts.account_id = far.id AND reposts.post_id = far.post_id
WHERE repost_id IS NOT NULL;

-- name: end_reblogs
DELETE FROM reposts USING unnest(:slots::smallint[], :ids::bigint[], :posts::bigint[]) AS far (slot, id, post_id)
WHERE reposts.slot = far.slot AND reposts.account_id = far.id AND reposts.post_id = far.post_id;

-- name: drop_reblogs
DELETE FROM reblogs USING unnest(:ids::bigint[], :posts::bigint[]) AS near (id, post_id)
WHERE reblogs.slot = :slot AND reblogs.post_id = near.post_id AND reblogs.account_id = near.id;

-- Ties: a page of who is at the other end, the other ends, its own ends --------------------------------------------------

-- name: following
SELECT target_id AS id FROM follows WHERE slot = :slot AND account_id = :account_id ORDER BY target_id LIMIT :limit;

-- name: end_following
DELETE FROM followers USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE followers.slot = far.slot AND followers.account_id = far.id AND followers.follower_id = :account_id
RETURNING far.id, NOT gone AS counted;

-- name: drop_following
DELETE FROM follows WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]);

-- name: followers
SELECT follower_id AS id FROM followers
WHERE slot = :slot AND account_id = :account_id ORDER BY follower_id LIMIT :limit;

-- name: end_followers
DELETE FROM follows USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE follows.slot = far.slot AND follows.account_id = far.id AND follows.target_id = :account_id
RETURNING far.id, NOT gone AS counted;

-- name: drop_followers
DELETE FROM followers WHERE slot = :slot AND account_id = :account_id AND follower_id = ANY(:ids::bigint[]);

-- name: blocked
SELECT target_id AS id FROM blocks WHERE slot = :slot AND account_id = :account_id ORDER BY target_id LIMIT :limit;

-- name: end_blocked
DELETE FROM blocked_by USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE blocked_by.slot = far.slot AND blocked_by.account_id = far.id AND blocked_by.blocker_id = :account_id
RETURNING far.id, false AS counted;

-- name: drop_blocked
DELETE FROM blocks WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]);

-- name: blockers
SELECT blocker_id AS id FROM blocked_by
WHERE slot = :slot AND account_id = :account_id ORDER BY blocker_id LIMIT :limit;

-- name: end_blockers
DELETE FROM blocks USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE blocks.slot = far.slot AND blocks.account_id = far.id AND blocks.target_id = :account_id
RETURNING far.id, false AS counted;

-- name: drop_blockers
DELETE FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND blocker_id = ANY(:ids::bigint[]);

-- name: liked
SELECT post_id AS id FROM favourites WHERE slot = :slot AND account_id = :account_id ORDER BY post_id LIMIT :limit;

-- name: end_liked
DELETE FROM likes USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE likes.slot = far.slot AND likes.post_id = far.id AND likes.account_id = :account_id
RETURNING far.id, NOT gone AS counted;

-- name: drop_liked
DELETE FROM favourites WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]);

-- name: reblogged
SELECT post_id AS id FROM reposts WHERE slot = :slot AND account_id = :account_id ORDER BY post_id LIMIT :limit;

-- name: end_reblogged
DELETE FROM reblogs USING unnest(:slots::smallint[], :ids::bigint[]) AS far (slot, id)
WHERE reblogs.slot = far.slot AND reblogs.post_id = far.id AND reblogs.account_id = :account_id
RETURNING far.id, NOT gone AND visibility < 2 AS counted;

-- name: drop_reblogged
DELETE FROM reposts WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]);

-- name: tags
SELECT tag FROM followed_tags WHERE slot = :slot AND account_id = :account_id ORDER BY tag LIMIT :limit;

-- name: end_tags
DELETE FROM tag_followers USING unnest(:slots::smallint[], :tags::text[]) AS far (slot, tag)
WHERE tag_followers.slot = far.slot AND tag_followers.tag = far.tag AND tag_followers.account_id = :account_id;

-- name: drop_tags
DELETE FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND tag = ANY(:tags::text[]);

-- What it has for itself ---------------------------------------------------------------------------------------------

-- name: drop_bookmarks
DELETE FROM bookmarks WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM bookmarks WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_pins
DELETE FROM pins WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM pins WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_mutes
DELETE FROM mutes WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM mutes WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_notes
DELETE FROM account_notes WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM account_notes WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_featured_tags
DELETE FROM featured_tags WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM featured_tags WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_news
DELETE FROM notifications WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM notifications WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_markers
DELETE FROM markers WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM markers WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_conversations
DELETE FROM conversations WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM conversations WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- name: drop_keys
DELETE FROM idempotency_keys WHERE slot = :slot AND ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE slot = :slot AND account_id = :account_id LIMIT :limit
));

-- What others have of it, without an end of its own ------------------------------------------------------------------

-- name: drop_mutes_of
-- scatter
DELETE FROM mutes WHERE ctid = ANY(ARRAY(SELECT ctid FROM mutes WHERE target_id = :account_id LIMIT :limit))
RETURNING account_id AS id;

-- name: drop_notes_about
-- scatter
DELETE FROM account_notes
WHERE ctid = ANY(ARRAY(SELECT ctid FROM account_notes WHERE target_id = :account_id LIMIT :limit))
RETURNING account_id AS id;

-- name: drop_news_from
-- scatter
DELETE FROM notifications
WHERE ctid = ANY(ARRAY(SELECT ctid FROM notifications WHERE from_id = :account_id LIMIT :limit))
RETURNING account_id AS id;

-- name: unmention
-- The name stays in the text, as text: whoever takes it next is not meant by it. `mention`: [{"id": account}].
-- scatter
UPDATE posts SET mentions = coalesce((
    SELECT jsonb_agg(one ORDER BY place) FROM jsonb_array_elements(mentions) WITH ORDINALITY AS each (one, place)
    WHERE one -> 'id' <> to_jsonb(:account_id::bigint)
), '[]')
WHERE ctid = ANY(ARRAY(SELECT ctid FROM posts WHERE mentions @> :mention AND mentions <> '[]' LIMIT :limit))
RETURNING id;

-- name: unmention_in_edits
-- scatter
UPDATE post_edits SET mentions = coalesce((
    SELECT jsonb_agg(one ORDER BY place) FROM jsonb_array_elements(mentions) WITH ORDINALITY AS each (one, place)
    WHERE one -> 'id' <> to_jsonb(:account_id::bigint)
), '[]')
WHERE ctid = ANY(ARRAY(SELECT ctid FROM post_edits WHERE mentions @> :mention AND mentions <> '[]' LIMIT :limit));

-- name: leave_conversations
-- scatter
UPDATE conversations SET people = array_remove(people, :account_id)
WHERE ctid = ANY(ARRAY(SELECT ctid FROM conversations WHERE people @> ARRAY[:account_id::bigint] LIMIT :limit));
