-- What one account is to others, all of it in one look.

-- name: of
-- `kind`: 1 follows (`flag`: their reblogs are shown), 2 blocks (`flag`) or is blocked by, 3 mutes (`flag`: their notifications
-- too; `until`), 4 follows a hashtag (`name`).
SELECT 1::smallint AS kind, target_id AS id, reblogs AS flag, NULL::timestamptz AS until, NULL::text AS name
FROM follows WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 2::smallint, target_id, true, NULL, NULL
FROM blocks WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 2::smallint, blocker_id, false, NULL, NULL
FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND NOT gone
UNION ALL
SELECT 3::smallint, target_id, notifications, expires_at, NULL
FROM mutes WHERE slot = :slot AND account_id = :account_id AND (expires_at IS NULL OR expires_at > now())
UNION ALL
SELECT 4::smallint, 0, true, NULL, tag
FROM followed_tags WHERE slot = :slot AND account_id = :account_id AND NOT gone;

-- name: among
-- What an account and each of `ids` are to each other, from the account's own shard, which has an end of everything.
-- `kind`: 1 follows, 2 is followed by, 3 blocks, 4 is blocked by, 5 mutes, 6 has noted. `waits`: only asks to follow.
-- `flag`: reblogs are shown, or notifications are muted. `bell`: is told of each post.
SELECT 1::smallint AS kind, target_id AS id, requested AS waits, reblogs AS flag, notify AS bell,
       NULL::timestamptz AS until, NULL::text AS note
FROM follows WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]) AND (NOT gone OR requested)
UNION ALL
SELECT 2::smallint, follower_id, requested, true, false, NULL, NULL
FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id = ANY(:ids::bigint[]) AND (NOT gone OR requested)
UNION ALL
SELECT 3::smallint, target_id, false, true, false, NULL, NULL
FROM blocks WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]) AND NOT gone
UNION ALL
SELECT 4::smallint, blocker_id, false, true, false, NULL, NULL
FROM blocked_by WHERE slot = :slot AND account_id = :account_id AND blocker_id = ANY(:ids::bigint[]) AND NOT gone
UNION ALL
SELECT 5::smallint, target_id, false, notifications, false, expires_at, NULL
FROM mutes WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[])
  AND (expires_at IS NULL OR expires_at > now())
UNION ALL
SELECT 6::smallint, target_id, false, true, false, NULL, comment
FROM account_notes WHERE slot = :slot AND account_id = :account_id AND target_id = ANY(:ids::bigint[]);
