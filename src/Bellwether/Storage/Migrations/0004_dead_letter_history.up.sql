-- What a dead letter holds in the inbox, so that a replay can give it back; whether it is tried again by itself; and what became of it so far.
ALTER TABLE ops.dead_letters
    ADD COLUMN inbox_keys uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN retryable boolean NOT NULL DEFAULT false,
    ADD COLUMN last_attempt_at timestamptz NOT NULL DEFAULT now(),
    DROP CONSTRAINT dead_letters_status_check,
    ADD CONSTRAINT dead_letters_status_check CHECK (status IN ('open', 'replaying', 'replayed', 'discarded'));
CREATE INDEX dead_letters_retry ON ops.dead_letters (last_attempt_at) WHERE retryable AND status IN ('open', 'replaying');

CREATE TABLE ops.dead_letter_attempts (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter_id   bigint      NOT NULL REFERENCES ops.dead_letters (id) ON DELETE CASCADE,
    attempt     int         NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN ('refused', 'replayed')),
    stage       text,
    error_class text,
    message     text,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letter_attempts_letter ON ops.dead_letter_attempts (letter_id);
