-- Up to which attempt a dead letter was copied to the brokers, where there are any.
ALTER TABLE ops.dead_letters ADD COLUMN published_attempt int NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_unpublished ON ops.dead_letters (id) WHERE published_attempt < attempt;
