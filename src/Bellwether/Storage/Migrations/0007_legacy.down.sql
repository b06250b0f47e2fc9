DROP INDEX ops.inbox_migration;
ALTER TABLE ops.inbox DROP COLUMN migration_id;
DROP TABLE ops.lake_migration_tickers;
DROP TABLE ops.lake_migration_days;
DROP TABLE ops.lake_migration_rejects;
DROP TABLE ops.lake_migration_files;
DROP TABLE ops.lake_migrations;
