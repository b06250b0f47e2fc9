DROP TABLE ops.dead_letter_attempts;
UPDATE ops.dead_letters SET status = 'open' WHERE status = 'replaying';
ALTER TABLE ops.dead_letters
    DROP COLUMN inbox_keys,
    DROP COLUMN retryable,
    DROP COLUMN last_attempt_at,
    DROP CONSTRAINT dead_letters_status_check,
    ADD CONSTRAINT dead_letters_status_check CHECK (status IN ('open', 'replayed', 'discarded'));
