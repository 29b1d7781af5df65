-- Messages of work to be done after a commit. `run_at` is when a message may be taken: while somebody works on it,
-- that is the end of their lease.
--
-- Leases and cursors are book-keeping: a crash of the server that loses the last of them makes a worker do something again,
-- which is harmless. They need not wait for the disk (`relaxed`). Putting a message does, with what it tells of.

-- name: put
INSERT INTO outbox (slot, id, kind, payload, request_id, run_at)
VALUES (:slot, mint_id(:slot), :kind, :payload, :request_id, now() + make_interval(secs => :delay_s));

-- name: lease
-- The kinds that wait are hopped through, and each is asked by itself: nobody walks over a backlog of what is not theirs.
-- scatter
WITH RECURSIVE waiting (kind) AS (
    SELECT min(kind) FROM outbox WHERE dead_at IS NULL
    UNION ALL
    SELECT (SELECT min(kind) FROM outbox WHERE dead_at IS NULL AND kind > waiting.kind)
    FROM waiting WHERE waiting.kind IS NOT NULL
)
UPDATE outbox SET lease = gen_random_uuid(), run_at = now() + make_interval(secs => :lease_s), attempts = attempts + 1
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE (slot, id) IN (
    SELECT due.slot, due.id
    FROM waiting, LATERAL (
        SELECT slot, id, run_at FROM outbox WHERE dead_at IS NULL AND kind = waiting.kind AND run_at <= now()
        ORDER BY run_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE (waiting.kind = ANY(:kinds::text[])) = :inside
    ORDER BY due.run_at LIMIT :limit
)
RETURNING slot, id, kind, payload, cursor, attempts, lease, request_id, problem;

-- name: advance
UPDATE outbox SET cursor = :cursor, deliveries = greatest(0, deliveries - :delivered::bigint), run_at = now() + make_interval(secs => :lease_s), attempts = 1
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: give_back
-- Unfinished, to queue behind all that are due.
UPDATE outbox SET cursor = :cursor, deliveries = greatest(0, deliveries - :delivered::bigint), run_at = now(), lease = NULL, attempts = 0
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: renew
UPDATE outbox SET run_at = now() + make_interval(secs => :lease_s)
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: done
DELETE FROM outbox USING (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: done_together
-- In order, as `renew_together` does: of two that take the same rows in different orders one would be ended.
WITH held AS MATERIALIZED (
    SELECT outbox.slot, outbox.id
    FROM outbox JOIN unnest(:slots::smallint[], :ids::bigint[], :leases::uuid[]) AS mine (slot, id, lease)
        ON outbox.slot = mine.slot AND outbox.id = mine.id AND outbox.lease = mine.lease
    ORDER BY outbox.slot, outbox.id FOR UPDATE OF outbox
)
DELETE FROM outbox USING held, (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE outbox.slot = held.slot AND outbox.id = held.id;

-- name: renew_together
WITH held AS MATERIALIZED (
    SELECT outbox.slot, outbox.id
    FROM outbox JOIN unnest(:slots::smallint[], :ids::bigint[], :leases::uuid[]) AS mine (slot, id, lease)
        ON outbox.slot = mine.slot AND outbox.id = mine.id AND outbox.lease = mine.lease
    ORDER BY outbox.slot, outbox.id FOR UPDATE OF outbox
)
UPDATE outbox SET run_at = now() + make_interval(secs => :lease_s)
FROM held WHERE outbox.slot = held.slot AND outbox.id = held.id;

-- name: hand_on
-- What is left of a message is of another kind: it queues as that, from its beginning.
UPDATE outbox SET kind = :kind, cursor = 0, run_at = now(), lease = NULL, attempts = 0
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS relaxed
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: retry
UPDATE outbox SET run_at = now() + make_interval(secs => :delay_s), lease = NULL, problem = :problem,
    attempts = attempts - :forgiven
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: bury
UPDATE outbox SET dead_at = now(), lease = NULL, problem = :problem
WHERE slot = :slot AND id = :id AND lease = :lease;

-- name: revive
-- scatter
UPDATE outbox SET dead_at = NULL, attempts = 0, run_at = now() WHERE dead_at IS NOT NULL;

-- name: state
-- `posts`: messages that bring deliveries; those of them that are made already, but not yet all of a page, count still.
-- scatter
SELECT count(*) FILTER (WHERE dead_at IS NULL) AS pending,
       count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
       coalesce(max(age_ms) FILTER (WHERE dead_at IS NULL AND (run_at <= now() OR attempts > 0)), 0) / 1000.0 AS oldest_s,
       count(*) FILTER (WHERE dead_at IS NULL AND deliveries > 0) AS posts,
       coalesce(sum(deliveries) FILTER (WHERE dead_at IS NULL), 0)::bigint AS deliveries,
       coalesce(max(age_ms) FILTER (WHERE dead_at IS NULL AND deliveries > 0), 0) / 1000.0 AS post_oldest_s
FROM outbox, LATERAL (
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000 - (id >> 22) AS age_ms
) AS aged;

-- name: oldest
-- The smallest message id that is not done: no message about anything older is still under way.
-- scatter
SELECT min(id) FROM outbox;

-- name: dead
-- scatter
SELECT slot, id, kind, payload, problem, dead_at FROM outbox WHERE dead_at IS NOT NULL ORDER BY id LIMIT :limit;
