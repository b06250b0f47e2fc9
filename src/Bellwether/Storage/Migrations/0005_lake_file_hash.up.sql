-- SHA-256 of the file itself: which version of a day a reader must open, wherever it lies. NULL: written before this was recorded.
ALTER TABLE ops.lake_files ADD COLUMN file_sha256 text CHECK (file_sha256 ~ '^[0-9a-f]{64}$');
