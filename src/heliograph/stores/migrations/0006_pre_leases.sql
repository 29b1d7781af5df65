-- Messages are leased kind by kind.

CREATE INDEX outbox_waiting ON outbox (kind, run_at) WHERE dead_at IS NULL;
