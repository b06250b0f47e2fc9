DO $$
BEGIN
    IF EXISTS (SELECT FROM ops.archive_files WHERE restored_at IS NULL) THEN
        RAISE EXCEPTION 'rows of % are in the archive only: bring them back first, with bellwether archive restore TABLE for each',
            (SELECT string_agg(DISTINCT table_name, ', ') FROM ops.archive_files WHERE restored_at IS NULL);
    END IF;
END $$;
DROP TABLE ops.erasures, ops.archive_drills, ops.archive_pending, ops.archive_files, ops.retention_actions, ops.retention_runs;
