DROP INDEX ops.dead_letters_unpublished;
ALTER TABLE ops.dead_letters DROP COLUMN published_attempt;
