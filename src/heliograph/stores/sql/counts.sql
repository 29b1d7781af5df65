-- Counts: a folded value and the deltas that have not been folded yet. Readers add both.

-- name: add
INSERT INTO count_deltas (slot, id, subject_id, kind, delta)
VALUES (:slot, mint_id(:slot), :subject_id, :kind, :delta);

-- name: of
SELECT subject_id, kind, sum(value)::bigint AS value FROM (
    SELECT subject_id, kind, value FROM counts WHERE slot = ANY(:slots::smallint[]) AND subject_id = ANY(:ids::bigint[])
    UNION ALL
    SELECT subject_id, kind, delta FROM count_deltas
    WHERE slot = ANY(:slots::smallint[]) AND subject_id = ANY(:ids::bigint[])
) AS parts GROUP BY subject_id, kind;

-- name: fold
-- scatter
WITH taken AS (
    DELETE FROM count_deltas WHERE (slot, id) IN (
        SELECT slot, id FROM count_deltas LIMIT :limit FOR UPDATE SKIP LOCKED
    ) RETURNING slot, subject_id, kind, delta
)
INSERT INTO counts (slot, subject_id, kind, value)
SELECT slot, subject_id, kind, sum(delta) FROM taken GROUP BY slot, subject_id, kind
ORDER BY slot, subject_id, kind
ON CONFLICT (slot, subject_id, kind) DO UPDATE SET value = counts.value + excluded.value;

-- name: forget
DELETE FROM counts WHERE slot = :slot AND subject_id = :subject_id;

-- name: forget_deltas
DELETE FROM count_deltas WHERE slot = :slot AND subject_id = :subject_id;
