-- Who is told what, with whom it is told. One row for (recipient, kind, who did it, post); `gone` is dismissed or taken back.

-- name: tell
-- Only a newer rev makes a row new. Nobody hears of whom they block, by whom they are blocked, or whom they have muted.
INSERT INTO notifications AS had (slot, id, account_id, kind, from_id, subject_id, rev)
SELECT told.slot, mint_id(told.slot), told.account_id, :kind, :from_id, :subject_id, :rev
FROM unnest(:slots::smallint[], :account_ids::bigint[]) AS told (slot, account_id)
WHERE NOT EXISTS (SELECT FROM blocks WHERE blocks.slot = told.slot AND blocks.account_id = told.account_id
                  AND blocks.target_id = :from_id AND NOT blocks.gone)
  AND NOT EXISTS (SELECT FROM blocked_by WHERE blocked_by.slot = told.slot AND blocked_by.account_id = told.account_id
                  AND blocked_by.blocker_id = :from_id AND NOT blocked_by.gone)
  AND NOT EXISTS (SELECT FROM mutes WHERE mutes.slot = told.slot AND mutes.account_id = told.account_id
                  AND mutes.target_id = :from_id AND mutes.notifications
                  AND (mutes.expires_at IS NULL OR mutes.expires_at > now()))
ON CONFLICT (slot, account_id, kind, from_id, subject_id) DO UPDATE
SET id = excluded.id, rev = excluded.rev, gone = false WHERE had.rev < excluded.rev
RETURNING account_id, id;

-- name: take_back
-- Remembered even where nothing was told: what is taken back may still be under way.
INSERT INTO notifications AS had (slot, id, account_id, kind, from_id, subject_id, rev, gone)
VALUES (:slot, mint_id(:slot), :account_id, :kind, :from_id, :subject_id, :rev, true)
ON CONFLICT (slot, account_id, kind, from_id, subject_id) DO UPDATE
SET rev = excluded.rev, gone = true WHERE had.rev < excluded.rev;

-- name: rung
-- Those of some accounts that have followers with a bell.
SELECT account.id FROM unnest(:slots::smallint[], :accounts::bigint[]) AS account (slot, id)
WHERE EXISTS (
    SELECT FROM followers
    WHERE followers.slot = account.slot AND followers.account_id = account.id AND notify AND NOT gone
);

-- name: bells
-- Followers who want to hear of each post, in the order of ids, so that a cursor can stand between two pages.
SELECT follower_id FROM followers
WHERE slot = :slot AND account_id = :account_id AND follower_id > :cursor AND notify AND NOT gone
ORDER BY follower_id LIMIT :limit;

-- name: newest
-- `from_id`: 0 for anybody; `hidden`: of whom nothing is shown.
SELECT id, kind, from_id, subject_id FROM notifications
WHERE slot = :slot AND account_id = :account_id AND NOT gone AND id < :below AND id > :above
  AND kind = ANY(:kinds::smallint[]) AND (:from_id::bigint = 0 OR from_id = :from_id)
  AND from_id <> ALL(:hidden::bigint[])
ORDER BY id DESC LIMIT :limit;

-- name: oldest
SELECT id, kind, from_id, subject_id FROM notifications
WHERE slot = :slot AND account_id = :account_id AND NOT gone AND id < :below AND id > :above
  AND kind = ANY(:kinds::smallint[]) AND (:from_id::bigint = 0 OR from_id = :from_id)
  AND from_id <> ALL(:hidden::bigint[])
ORDER BY id LIMIT :limit;

-- name: kept
-- The newest, whatever the rules of the day say of them.
SELECT id, kind, from_id, subject_id FROM notifications
WHERE slot = :slot AND account_id = :account_id AND NOT gone ORDER BY id DESC LIMIT :limit;

-- name: group
-- Notifications of one group; `subject_id`: NULL for any.
SELECT id, kind, from_id, subject_id FROM notifications
WHERE slot = :slot AND account_id = :account_id AND NOT gone AND id BETWEEN :first AND :last
  AND kind = ANY(:kinds::smallint[]) AND (:subject_id::bigint IS NULL OR subject_id = :subject_id)
  AND from_id <> ALL(:hidden::bigint[])
ORDER BY id DESC LIMIT :limit;

-- name: unread
-- How many are newer than the marker, of the newest `window`; those of `grouped` kinds count once a group.
SELECT count(DISTINCT CASE WHEN kind = ANY(:grouped::smallint[])
                           THEN concat_ws('-', kind, subject_id, (id >> 22) / :group_ms::bigint) ELSE id::text END)
FROM (
    SELECT id, kind, subject_id FROM notifications
    WHERE slot = :slot AND account_id = :account_id AND NOT gone
      AND id > coalesce((SELECT last_read_id FROM markers WHERE slot = :slot AND account_id = :account_id
                         AND timeline = :timeline), 0)
      AND kind = ANY(:kinds::smallint[]) AND (:from_id::bigint = 0 OR from_id = :from_id)
      AND from_id <> ALL(:hidden::bigint[])
    ORDER BY id DESC LIMIT :window
) AS newer;

-- name: dismiss
UPDATE notifications SET gone = true
WHERE slot = :slot AND account_id = :account_id AND NOT gone AND id BETWEEN :first AND :last
  AND kind = ANY(:kinds::smallint[]) AND (:subject_id::bigint IS NULL OR subject_id = :subject_id);

-- name: clear
UPDATE notifications SET gone = true WHERE slot = :slot AND id IN (
    SELECT id FROM notifications WHERE slot = :slot AND account_id = :account_id AND NOT gone AND id <= :last
    ORDER BY id DESC LIMIT :limit
);

-- name: erase
-- scatter
DELETE FROM notifications
WHERE ctid = ANY(ARRAY(SELECT ctid FROM notifications WHERE subject_id = :subject_id AND subject_id <> 0 LIMIT :limit))
RETURNING account_id;

-- name: sweep
-- Tombstones older than any message that is still under way.
-- scatter
DELETE FROM notifications WHERE gone AND rev < :below;
