-- What an account has marked of posts. `kind`: 1 liked, 2 reblogged, 3 bookmarked, 4 pinned.

-- name: newest
-- The newest posts, by their own id, of each kind.
(SELECT 1::smallint AS kind, post_id FROM favourites WHERE slot = :slot AND account_id = :account_id AND NOT gone
 ORDER BY post_id DESC LIMIT :limit)
UNION ALL
(SELECT 2::smallint, post_id FROM reposts WHERE slot = :slot AND account_id = :account_id AND NOT gone
 ORDER BY post_id DESC LIMIT :limit)
UNION ALL
(SELECT 3::smallint, post_id FROM bookmarks WHERE slot = :slot AND account_id = :account_id
 ORDER BY post_id DESC LIMIT :limit)
UNION ALL
(SELECT 4::smallint, post_id FROM pins WHERE slot = :slot AND account_id = :account_id
 ORDER BY post_id DESC LIMIT :limit);

-- name: among
SELECT 1::smallint AS kind, post_id FROM favourites
WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]) AND NOT gone
UNION ALL
SELECT 2::smallint, post_id FROM reposts
WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]) AND NOT gone
UNION ALL
SELECT 3::smallint, post_id FROM bookmarks
WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[])
UNION ALL
SELECT 4::smallint, post_id FROM pins
WHERE slot = :slot AND account_id = :account_id AND post_id = ANY(:ids::bigint[]);
