-- What retention did, in the transaction that did it. as_of: the moment that ages were counted from.
CREATE TABLE ops.retention_runs (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    caused_by   text        NOT NULL CHECK (caused_by IN ('schedule', 'command')),
    as_of       timestamptz NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    status      text        NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'succeeded', 'failed')),
    message     text
);

CREATE TABLE ops.retention_actions (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id     bigint      NOT NULL REFERENCES ops.retention_runs (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    table_name text        NOT NULL,
    action     text        NOT NULL,
    rows       bigint      NOT NULL,
    bytes      bigint      NOT NULL,
    before     timestamptz NOT NULL,
    detail     text
);
CREATE INDEX retention_actions_run ON ops.retention_actions (run_id);

-- Manifest of the archive. A file here is the only place of its rows, unless restored_at says that they are in their table again.
CREATE TABLE ops.archive_files (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name   text        NOT NULL,
    time_column  text        NOT NULL,
    key          text        NOT NULL UNIQUE,
    from_time    timestamptz NOT NULL,
    to_time      timestamptz NOT NULL,
    rows         bigint      NOT NULL CHECK (rows > 0),
    bytes        bigint      NOT NULL,
    content_hash text        NOT NULL,
    file_sha256  text        NOT NULL CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
    columns      jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    verified_at  timestamptz NOT NULL,
    problem      text,
    restored_at  timestamptz,
    CHECK (to_time > from_time)
);
CREATE INDEX archive_files_range ON ops.archive_files (table_name, from_time);
CREATE INDEX archive_files_verified ON ops.archive_files (verified_at);

-- Files that may be in the store and are not, or no longer, in the manifest.
CREATE TABLE ops.archive_pending (
    key   text        PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ops.archive_drills (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    table_name text        NOT NULL,
    key        text        NOT NULL,
    rows       bigint      NOT NULL,
    succeeded  boolean     NOT NULL,
    message    text
);

-- Receipts of erasures, without what was erased: who it was about is a hash with a salt of its own.
CREATE TABLE ops.erasures (
    id           uuid        PRIMARY KEY,
    platform     text        NOT NULL,
    subject_salt bytea       NOT NULL,
    subject_hash text        NOT NULL,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    counts       jsonb       NOT NULL DEFAULT '{}',
    notes        text[]      NOT NULL DEFAULT '{}',
    receipt_hash text
);
