-- What people do with each other: replies, shares, bookmarks, hashtags, requests, blocks, mutes, notifications.
-- docs/design/data-model.md says what each table is for and who may write it.

-- A request that waits is an edge that is `gone` for everybody who looks for followers, and `requested`.
ALTER TABLE followers
    ADD COLUMN requested boolean NOT NULL DEFAULT false,
    ADD COLUMN reblogs boolean NOT NULL DEFAULT true,
    ADD COLUMN notify boolean NOT NULL DEFAULT false;
CREATE INDEX followers_requested ON followers (slot, account_id, rev DESC) WHERE requested;
CREATE INDEX followers_bells ON followers (slot, account_id, follower_id) WHERE notify AND NOT gone;
ALTER TABLE follows
    ADD COLUMN requested boolean NOT NULL DEFAULT false,
    ADD COLUMN reblogs boolean NOT NULL DEFAULT true,
    ADD COLUMN notify boolean NOT NULL DEFAULT false;
CREATE INDEX follows_requested ON follows (slot, account_id, rev DESC) WHERE requested;

ALTER TABLE accounts ADD COLUMN hide_collections boolean NOT NULL DEFAULT false;
ALTER TABLE accounts DROP CONSTRAINT accounts_state_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_state_check CHECK (state IN ('pending', 'active', 'suspended', 'deleted'));

CREATE TABLE account_words (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    word text NOT NULL,
    PRIMARY KEY (slot, account_id, word)
);
CREATE INDEX account_words_prefix ON account_words (word text_pattern_ops, account_id);

CREATE TABLE blocks (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    target_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, target_id)
);
CREATE INDEX blocks_newest ON blocks (slot, account_id, rev DESC) WHERE NOT gone;
CREATE INDEX blocks_gone ON blocks (rev) WHERE gone;

CREATE TABLE blocked_by (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    blocker_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, blocker_id)
);
CREATE INDEX blocked_by_gone ON blocked_by (rev) WHERE gone;

CREATE TABLE mutes (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    target_id bigint NOT NULL,
    rev bigint NOT NULL,
    notifications boolean NOT NULL DEFAULT true,
    expires_at timestamptz,
    PRIMARY KEY (slot, account_id, target_id)
);
CREATE INDEX mutes_newest ON mutes (slot, account_id, rev DESC);
CREATE INDEX mutes_expiry ON mutes (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX mutes_target ON mutes (target_id);

CREATE TABLE account_notes (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    target_id bigint NOT NULL,
    comment text NOT NULL,
    PRIMARY KEY (slot, account_id, target_id)
);
CREATE INDEX account_notes_target ON account_notes (target_id);

-- `root_id`: the post that a thread began with, NULL for one that answers nothing.
ALTER TABLE posts
    ADD COLUMN in_reply_to_id bigint,
    ADD COLUMN in_reply_to_account_id bigint,
    ADD COLUMN root_id bigint,
    ADD COLUMN reblog_of_id bigint,
    ADD COLUMN reblog_of_account_id bigint,
    ADD COLUMN edited_at timestamptz;
-- In whose posts somebody is named: asked when an account is deleted. Most posts name nobody and are not in it.
CREATE INDEX posts_mentions ON posts USING gin (mentions jsonb_path_ops) WHERE mentions <> '[]';
-- What the public timeline shows: originals, and of answers only those to oneself.
CREATE INDEX posts_open ON posts (id DESC) WHERE visibility = 0 AND deleted_at IS NULL AND reblog_of_id IS NULL
    AND (in_reply_to_account_id IS NULL OR in_reply_to_account_id = account_id);

CREATE TABLE post_edits (
    slot smallint NOT NULL,
    post_id bigint NOT NULL,
    id bigint NOT NULL,
    text text NOT NULL,
    spoiler_text text NOT NULL DEFAULT '',
    sensitive boolean NOT NULL DEFAULT false,
    mentions jsonb NOT NULL DEFAULT '[]',
    media jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (slot, post_id, id)
);
CREATE INDEX post_edits_mentions ON post_edits USING gin (mentions jsonb_path_ops) WHERE mentions <> '[]';

CREATE TABLE replies (
    slot smallint NOT NULL,
    post_id bigint NOT NULL,
    reply_id bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, post_id, reply_id)
);
CREATE INDEX replies_gone ON replies (reply_id) WHERE gone;

CREATE TABLE threads (
    slot smallint NOT NULL,
    root_id bigint NOT NULL,
    post_id bigint NOT NULL,
    parent_id bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, root_id, post_id)
);
CREATE INDEX threads_children ON threads (slot, root_id, parent_id);
CREATE INDEX threads_gone ON threads (post_id) WHERE gone;

CREATE TABLE reblogs (
    slot smallint NOT NULL,
    post_id bigint NOT NULL,
    account_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    visibility smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (slot, post_id, account_id)
);
CREATE INDEX reblogs_newest ON reblogs (slot, post_id, rev DESC) WHERE NOT gone;
CREATE INDEX reblogs_gone ON reblogs (rev) WHERE gone;

CREATE TABLE reposts (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    post_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    repost_id bigint,
    PRIMARY KEY (slot, account_id, post_id)
);
CREATE INDEX reposts_gone ON reposts (rev) WHERE gone;

CREATE TABLE bookmarks (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    post_id bigint NOT NULL,
    rev bigint NOT NULL,
    PRIMARY KEY (slot, account_id, post_id)
);
CREATE INDEX bookmarks_newest ON bookmarks (slot, account_id, rev DESC);
CREATE INDEX bookmarks_post ON bookmarks (post_id);

CREATE TABLE pins (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    post_id bigint NOT NULL,
    rev bigint NOT NULL,
    PRIMARY KEY (slot, account_id, post_id)
);

-- Both live in the slot of the SHA-256 of the tag's name, in lower case.
CREATE TABLE tags (
    slot smallint NOT NULL,
    name text NOT NULL,
    id bigint NOT NULL,
    pull_from bigint,
    PRIMARY KEY (slot, name)
);
CREATE INDEX tags_pulled ON tags (name) WHERE pull_from IS NOT NULL;
CREATE INDEX tags_prefix ON tags (name text_pattern_ops);

CREATE TABLE tag_posts (
    slot smallint NOT NULL,
    tag text NOT NULL,
    post_id bigint NOT NULL,
    account_id bigint NOT NULL,
    media boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, tag, post_id)
);
CREATE INDEX tag_posts_account ON tag_posts (slot, tag, account_id, post_id);

CREATE TABLE tag_followers (
    slot smallint NOT NULL,
    tag text NOT NULL,
    account_id bigint NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, tag, account_id)
);
CREATE INDEX tag_followers_gone ON tag_followers (rev) WHERE gone;

CREATE TABLE followed_tags (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    tag text NOT NULL,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, tag)
);
CREATE INDEX followed_tags_newest ON followed_tags (slot, account_id, rev DESC) WHERE NOT gone;
CREATE INDEX followed_tags_gone ON followed_tags (rev) WHERE gone;

CREATE TABLE featured_tags (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (slot, account_id, id),
    UNIQUE (slot, account_id, tag)
);

-- `subject_id`: the post that it is about, 0 for none. `rev` grows with each time that the same thing happens.
CREATE TABLE notifications (
    slot smallint NOT NULL,
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind smallint NOT NULL,
    from_id bigint NOT NULL,
    subject_id bigint NOT NULL DEFAULT 0,
    rev bigint NOT NULL,
    gone boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, id)
);
CREATE UNIQUE INDEX notifications_once ON notifications (slot, account_id, kind, from_id, subject_id);
CREATE INDEX notifications_newest ON notifications (slot, account_id, id DESC) WHERE NOT gone;
CREATE INDEX notifications_gone ON notifications (rev) WHERE gone;
CREATE INDEX notifications_from ON notifications (from_id);
CREATE INDEX notifications_subject ON notifications (subject_id) WHERE subject_id <> 0;

CREATE TABLE markers (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    timeline text NOT NULL,
    last_read_id bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, account_id, timeline)
);

-- A thread of direct posts as one of its participants has it; `people` are the others.
CREATE TABLE conversations (
    slot smallint NOT NULL,
    account_id bigint NOT NULL,
    root_id bigint NOT NULL,
    id bigint NOT NULL,
    last_post_id bigint NOT NULL,
    people bigint[] NOT NULL DEFAULT '{}',
    unread boolean NOT NULL DEFAULT true,
    hidden boolean NOT NULL DEFAULT false,
    PRIMARY KEY (slot, account_id, root_id)
);
CREATE UNIQUE INDEX conversations_id ON conversations (slot, account_id, id);
CREATE INDEX conversations_newest ON conversations (slot, account_id, last_post_id DESC) WHERE NOT hidden;
CREATE INDEX conversations_people ON conversations USING gin (people);
CREATE INDEX conversations_hidden ON conversations (last_post_id) WHERE hidden;

-- By what is used of all hashtags just now.
CREATE INDEX tag_posts_newest ON tag_posts (post_id DESC);

-- Accounts from before there was a search; domain/accounts/words.py says what a word is.
INSERT INTO account_words (slot, account_id, word)
SELECT DISTINCT slot, id, word
FROM accounts, regexp_split_to_table(
    regexp_replace(
        normalize(casefold(normalize(concat_ws(' ', username, replace(username, '_', ' '), display_name), NFKD)
            COLLATE pg_unicode_fast), NFKD),
        '[\u0300-\u036f]', '', 'g'
    ), '[^[:alnum:]_]+' COLLATE pg_unicode_fast
) AS word
WHERE word <> '';

-- Posts from before hashtags had a list: 1008 slots are shared, as base/ids.py says.
INSERT INTO tag_posts (slot, tag, post_id, account_id, media)
SELECT DISTINCT ('x' || left(encode(sha256(convert_to(tag, 'UTF8')), 'hex'), 8))::bit(32)::bigint % 1008, tag, id, account_id,
       media_count > 0
FROM posts, unnest(tags) AS tag
WHERE visibility = 0 AND deleted_at IS NULL AND length(tag) <= 200;
INSERT INTO tags (slot, name, id) SELECT slot, tag, mint_id(slot) FROM (SELECT DISTINCT slot, tag FROM tag_posts) AS used;
