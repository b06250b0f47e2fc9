ALTER TABLE ops.lake_files DROP COLUMN file_sha256;
