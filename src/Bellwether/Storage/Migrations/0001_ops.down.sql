DROP TABLE ops.jobs, ops.lake_files, ops.lake_days, ops.ingest_runs, ops.dead_letters, ops.inbox,
    ops.consumer_leases, ops.consumer_members, ops.consumer_offsets, ops.event_log, ops.log_partitions;
DROP SCHEMA ops;
