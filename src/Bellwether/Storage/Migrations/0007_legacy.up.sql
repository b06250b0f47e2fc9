-- Old files brought into the lake: how far each is, what every day and ticker was before, so that it can be taken back.
CREATE TABLE ops.lake_migrations (
    id          bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text             NOT NULL,
    settings    text             NOT NULL,
    sample      double precision NOT NULL CHECK (sample > 0 AND sample <= 1),
    status      text             NOT NULL CHECK (status IN ('running', 'migrated', 'rolling_back', 'rolled_back')),
    started_at  timestamptz      NOT NULL,
    finished_at timestamptz,
    seconds     double precision NOT NULL DEFAULT 0,
    report      jsonb
);

-- Rows before next_row are stored or accounted for; counts and next_row move in the transaction that stores the rows.
CREATE TABLE ops.lake_migration_files (
    migration_id bigint      NOT NULL REFERENCES ops.lake_migrations (id) ON DELETE CASCADE,
    path         text        NOT NULL,
    sha256       text        NOT NULL,
    bytes        bigint      NOT NULL,
    known_at     timestamptz NOT NULL,
    rows         bigint      NOT NULL,
    next_row     bigint      NOT NULL DEFAULT 0,
    migrated     bigint      NOT NULL DEFAULT 0,
    results      bigint      NOT NULL DEFAULT 0,
    duplicates   bigint      NOT NULL DEFAULT 0,
    rejected     bigint      NOT NULL DEFAULT 0,
    left_out     bigint      NOT NULL DEFAULT 0,
    coverage     jsonb       NOT NULL DEFAULT '{}',
    reasons      jsonb       NOT NULL DEFAULT '{}',
    problem      text,
    PRIMARY KEY (migration_id, path)
);
CREATE INDEX lake_migration_files_sha256 ON ops.lake_migration_files (sha256);

-- The first rejected rows of every file; the counts by reason are with the file.
CREATE TABLE ops.lake_migration_rejects (
    migration_id bigint NOT NULL REFERENCES ops.lake_migrations (id) ON DELETE CASCADE,
    path         text   NOT NULL,
    row          bigint NOT NULL,
    reason       text   NOT NULL,
    PRIMARY KEY (migration_id, path, row)
);

-- revision: what the migration left the day at. mixed: others wrote the day in between, so that the file before is not what remains.
CREATE TABLE ops.lake_migration_days (
    migration_id bigint  NOT NULL REFERENCES ops.lake_migrations (id) ON DELETE CASCADE,
    day          date    NOT NULL,
    rows         bigint  NOT NULL,
    content_hash text    NOT NULL,
    revision     bigint  NOT NULL,
    mixed        boolean NOT NULL,
    file_before  jsonb,
    PRIMARY KEY (migration_id, day)
);

CREATE TABLE ops.lake_migration_tickers (
    migration_id bigint  NOT NULL REFERENCES ops.lake_migrations (id) ON DELETE CASCADE,
    ticker       text    NOT NULL,
    revision     bigint  NOT NULL,
    mixed        boolean NOT NULL,
    state_before jsonb,
    PRIMARY KEY (migration_id, ticker)
);

-- NULL: claimed by a live result.
ALTER TABLE ops.inbox ADD COLUMN migration_id bigint;
CREATE INDEX inbox_migration ON ops.inbox (migration_id) WHERE migration_id IS NOT NULL;
