-- Push or pull by cost: what is known of the audiences of authors for whom it matters, and when authors cross the line.

-- `lists`: followers who have a home list, by a sample. `reads`: pages of home that the followers read, by a sample, what is old
-- fading (stores/sql/audiences.sql), as of `reads_at`.
CREATE TABLE audiences (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    followers bigint NOT NULL,
    lists bigint NOT NULL,
    posts_a_day double precision NOT NULL,
    reads double precision NOT NULL,
    reads_at timestamptz NOT NULL DEFAULT now(),
    looked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, account_id)
);
CREATE INDEX audiences_looked ON audiences (looked_at);
CREATE INDEX audiences_famous ON audiences (account_id) WHERE followers >= 10000;

-- Whoever is pulled has had many followers; all the rest is learned when the row is looked at, which is soon. Half of the followers
-- are believed to read three pages a day, over three days.
INSERT INTO audiences (slot, account_id, followers, lists, posts_a_day, reads, looked_at)
SELECT accounts.slot, accounts.id, counts.value, counts.value / 2, 0, counts.value * 4.5, 'epoch'
FROM accounts JOIN counts ON counts.slot = accounts.slot AND subject_id = accounts.id AND counts.kind = 2
WHERE pull_from IS NOT NULL;

-- From and up to which id an author who is pushed again is still pulled.
ALTER TABLE accounts ADD COLUMN pull_since bigint, ADD COLUMN pull_until bigint;

-- When `pull_from` last changed, by whichever version of the code: processes ask for what has changed, not for all that is pulled.
ALTER TABLE accounts ADD COLUMN pull_rev bigint;
CREATE INDEX accounts_pull_rev ON accounts (pull_rev) WHERE pull_rev IS NOT NULL;
ALTER TABLE tags ADD COLUMN pull_rev bigint;
CREATE INDEX tags_pull_rev ON tags (pull_rev) WHERE pull_rev IS NOT NULL;
CREATE FUNCTION stamp_pull() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.pull_rev = mint_id(NEW.slot);
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_pull BEFORE UPDATE OF pull_from ON accounts FOR EACH ROW
    WHEN (OLD.pull_from IS DISTINCT FROM NEW.pull_from) EXECUTE FUNCTION stamp_pull();
CREATE TRIGGER tags_pull BEFORE UPDATE OF pull_from ON tags FOR EACH ROW
    WHEN (OLD.pull_from IS DISTINCT FROM NEW.pull_from) EXECUTE FUNCTION stamp_pull();
