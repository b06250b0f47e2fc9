CREATE SCHEMA ops;

-- Event log. log_partitions hands out offsets: its row lock is held until the append commits, so offsets become visible in order.
CREATE TABLE ops.log_partitions (
    topic        text   NOT NULL,
    partition    int    NOT NULL CHECK (partition >= 0),
    first_offset bigint NOT NULL DEFAULT 0,
    next_offset  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);

-- One partition a topic, and in it one for each UTC day of appending: retention drops whole days.
CREATE TABLE ops.event_log (
    topic       text        NOT NULL,
    partition   int         NOT NULL,
    log_offset  bigint      NOT NULL,
    key         text        NOT NULL,
    value       bytea       NOT NULL,
    headers     jsonb,
    appended_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, log_offset, appended_at)
) PARTITION BY LIST (topic);

CREATE TABLE ops.consumer_offsets (
    consumer_group text        NOT NULL,
    topic          text        NOT NULL,
    partition      int         NOT NULL,
    next_offset    bigint      NOT NULL,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, topic, partition)
);

CREATE TABLE ops.consumer_members (
    consumer_group text        NOT NULL,
    topic          text        NOT NULL,
    member_id      uuid        NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (consumer_group, topic, member_id)
);

CREATE TABLE ops.consumer_leases (
    consumer_group text        NOT NULL,
    topic          text        NOT NULL,
    partition      int         NOT NULL,
    member_id      uuid        NOT NULL,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (consumer_group, topic, partition)
);

-- One row for every (article, ticker) whose result is stored: the memory that makes redelivery harmless.
CREATE TABLE ops.inbox (
    event_key uuid        PRIMARY KEY,
    seen_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ops.dead_letters (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint uuid        NOT NULL UNIQUE,
    topic       text,
    partition   int,
    log_offset  bigint,
    origin      text        NOT NULL,
    key         text,
    value       bytea       NOT NULL,
    headers     jsonb       NOT NULL DEFAULT '{}',
    stage       text        NOT NULL,
    error_class text        NOT NULL,
    message     text        NOT NULL,
    attempt     int         NOT NULL DEFAULT 1,
    status      text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letters_open ON ops.dead_letters (created_at) WHERE status = 'open';

CREATE TABLE ops.ingest_runs (
    run_id        uuid        PRIMARY KEY,
    source        text        NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    read          bigint      NOT NULL DEFAULT 0,
    appended      bigint      NOT NULL DEFAULT 0,
    duplicates    bigint      NOT NULL DEFAULT 0,
    rejected      bigint      NOT NULL DEFAULT 0,
    scored        bigint      NOT NULL DEFAULT 0,
    results       bigint      NOT NULL DEFAULT 0,
    redelivered   bigint      NOT NULL DEFAULT 0,
    dead_lettered bigint      NOT NULL DEFAULT 0
);

-- A day is dirty while revision > written_revision.
CREATE TABLE ops.lake_days (
    day              date        PRIMARY KEY,
    hot_rows         bigint      NOT NULL,
    revision         bigint      NOT NULL,
    written_revision bigint      NOT NULL DEFAULT 0,
    dirty_since      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lake_days_dirty ON ops.lake_days (day) WHERE revision > written_revision;

CREATE TABLE ops.lake_files (
    path           text        PRIMARY KEY,
    day            date        NOT NULL UNIQUE,
    rows           bigint      NOT NULL,
    min_timestamp  timestamptz NOT NULL,
    max_timestamp  timestamptz NOT NULL,
    bytes          bigint      NOT NULL,
    content_hash   text        NOT NULL,
    schema_version int         NOT NULL,
    written_at     timestamptz NOT NULL
);

-- Scheduled work: one holder at a time, told apart by a fencing token that only grows.
CREATE TABLE ops.jobs (
    name             text        PRIMARY KEY,
    holder           uuid,
    fencing_token    bigint      NOT NULL DEFAULT 0,
    lease_expires_at timestamptz,
    last_started_at  timestamptz,
    last_finished_at timestamptz,
    last_status      text        CHECK (last_status IN ('running', 'succeeded', 'failed')),
    last_message     text
);
