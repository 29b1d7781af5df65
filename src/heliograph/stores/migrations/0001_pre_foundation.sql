-- The first schema. docs/design/data-model.md says what each table is for and who may write it.
-- `slot` is the first column of every primary key: moving a slot to another server depends on it.

CREATE TABLE slot_owner (
    slot smallint PRIMARY KEY,
    state text NOT NULL DEFAULT 'own' CHECK (state IN ('own', 'moved')),
    epoch integer NOT NULL DEFAULT 1,
    floor_ms bigint NOT NULL DEFAULT 0
);

CREATE SEQUENCE id_sequence AS bigint CYCLE;

-- 41 bits of milliseconds since 2025-01-01Z, 10 of slot, 12 of sequence. Fails for a slot that is not owned here.
CREATE FUNCTION mint_id(p_slot smallint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    floor_of_slot bigint;
BEGIN
    SELECT floor_ms INTO floor_of_slot FROM slot_owner WHERE slot = p_slot AND state = 'own';
    IF floor_of_slot IS NULL THEN
        RAISE EXCEPTION 'slot % is not owned by this server', p_slot USING ERRCODE = 'SL002';
    END IF;
    RETURN (greatest(
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000, floor_of_slot + 1
    ) << 22) | (p_slot::bigint << 12) | (nextval('id_sequence') & 4095);
END $$;

CREATE TABLE directory (
    slot smallint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('username', 'email', 'app')),
    name text NOT NULL,
    target bigint NOT NULL,
    settled boolean NOT NULL DEFAULT false,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, kind, name)
);
CREATE INDEX directory_unsettled ON directory (claimed_at) WHERE NOT settled;

CREATE TABLE accounts (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    username text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    fields jsonb NOT NULL DEFAULT '[]',
    avatar text NOT NULL DEFAULT '',
    header text NOT NULL DEFAULT '',
    bot boolean NOT NULL DEFAULT false,
    locked boolean NOT NULL DEFAULT false,
    discoverable boolean NOT NULL DEFAULT true,
    default_visibility smallint NOT NULL DEFAULT 0,
    default_sensitive boolean NOT NULL DEFAULT false,
    default_language text,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('pending', 'active', 'suspended')),
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
    last_post_at timestamptz,
    pull_from bigint,
    PRIMARY KEY (slot, id)
);
CREATE INDEX accounts_pulled ON accounts (id) WHERE pull_from IS NOT NULL;

CREATE TABLE credentials (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    email text,
    email_confirmed_at timestamptz,
    password_hash text NOT NULL,
    reason text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT 'en',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, account_id)
);

CREATE TABLE sessions (
    slot smallint NOT NULL,
    hash bytea NOT NULL,
    account_id bigint NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (slot, hash)
);
CREATE INDEX sessions_account ON sessions (slot, account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE mail_tokens (
    slot smallint NOT NULL,
    hash bytea NOT NULL,
    account_id bigint NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('confirm', 'reset')),
    email text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (slot, hash)
);
CREATE INDEX mail_tokens_account ON mail_tokens (slot, account_id);
CREATE INDEX mail_tokens_expiry ON mail_tokens (expires_at);

CREATE TABLE apps (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    client_id text NOT NULL,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    website text,
    redirect_uris text[] NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, id)
);

CREATE TABLE tokens (
    slot smallint NOT NULL,
    hash bytea NOT NULL,
    account_id bigint,
    app_id bigint NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, hash)
);
CREATE INDEX tokens_account ON tokens (slot, account_id);

CREATE TABLE codes (
    slot smallint NOT NULL,
    hash bytea NOT NULL,
    account_id bigint NOT NULL,
    app_id bigint NOT NULL,
    redirect_uri text NOT NULL,
    scopes text[] NOT NULL,
    challenge text,
    expires_at timestamptz NOT NULL,
    token_hash bytea,
    PRIMARY KEY (slot, hash)
);
CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE followers (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    follower_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, follower_id)
);
CREATE INDEX followers_newest ON followers (slot, account_id, rev DESC) WHERE NOT gone;
CREATE INDEX followers_gone ON followers (rev) WHERE gone;

CREATE TABLE follows (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    target_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, target_id)
);
CREATE INDEX follows_newest ON follows (slot, account_id, rev DESC) WHERE NOT gone;
CREATE INDEX follows_gone ON follows (rev) WHERE gone;

CREATE TABLE posts (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    text text NOT NULL,
    spoiler_text text NOT NULL DEFAULT '',
    visibility smallint NOT NULL,
    sensitive boolean NOT NULL DEFAULT false,
    language text,
    tags text[] NOT NULL DEFAULT '{}',
    mentions jsonb NOT NULL DEFAULT '[]',
    application jsonb,
    media_count smallint NOT NULL DEFAULT 0,
    deleted_at timestamptz,
    PRIMARY KEY (slot, id)
);
CREATE INDEX posts_account ON posts (slot, account_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX posts_public ON posts (id DESC) WHERE visibility = 0 AND deleted_at IS NULL;

CREATE TABLE media (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    post_id bigint,
    detached_at timestamptz,
    position smallint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'failed')),
    problem text NOT NULL DEFAULT '',
    name text NOT NULL,
    incoming text NOT NULL DEFAULT '',
    description text,
    focus_x real NOT NULL DEFAULT 0,
    focus_y real NOT NULL DEFAULT 0,
    blurhash text NOT NULL DEFAULT '',
    variants jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (slot, id)
);
CREATE INDEX media_post ON media (slot, post_id, position) WHERE post_id IS NOT NULL;
CREATE INDEX media_orphans ON media (id) WHERE post_id IS NULL;
CREATE INDEX media_loose ON media (slot, account_id) WHERE post_id IS NULL;

CREATE TABLE idempotency_keys (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    key text NOT NULL,
    post_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, account_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE likes (
    slot smallint NOT NULL,
    post_id bigint NOT NULL,
    account_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, post_id, account_id)
);
CREATE INDEX likes_newest ON likes (slot, post_id, rev DESC) WHERE NOT gone;
CREATE INDEX likes_gone ON likes (rev) WHERE gone;

CREATE TABLE favourites (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    post_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, post_id)
);
CREATE INDEX favourites_newest ON favourites (slot, account_id, rev DESC) WHERE NOT gone;
CREATE INDEX favourites_gone ON favourites (rev) WHERE gone;

CREATE TABLE counts (
    slot smallint NOT NULL,
    subject_id bigint NOT NULL,
    kind smallint NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (slot, subject_id, kind)
);

CREATE TABLE count_deltas (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    subject_id bigint NOT NULL,
    kind smallint NOT NULL,
    delta smallint NOT NULL,
    PRIMARY KEY (slot, id)
);
CREATE INDEX count_deltas_subject ON count_deltas (slot, subject_id);

CREATE TABLE outbox (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    cursor bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(),
    lease uuid,
    request_id text NOT NULL DEFAULT '',
    problem text NOT NULL DEFAULT '',
    dead_at timestamptz,
    PRIMARY KEY (slot, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX outbox_due ON outbox (run_at) WHERE dead_at IS NULL;
