CREATE SCHEMA counts;

-- Accounts whose posts are counted. The collector has seen everything in [observed_from, observed_until) except for recorded gaps.
-- Whoever changes anything of an account locks its row first and takes its time from last_change, which only ever goes forward.
CREATE TABLE counts.accounts (
    account        varchar(64) PRIMARY KEY CHECK (account <> ''),
    observed_from  timestamptz,
    observed_until timestamptz,
    created_at     timestamptz NOT NULL,
    last_change    timestamptz NOT NULL,
    CHECK (observed_until >= observed_from)
);

-- No content. changed_at moves with every change that can change a count, under the lock of the account.
CREATE TABLE counts.raw_tweets (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     varchar(64) NOT NULL DEFAULT 'elonmusk',
    tweet_id    varchar(64) COLLATE "C" NOT NULL CHECK (tweet_id <> ''),
    created_at  timestamptz NOT NULL,
    kind        varchar(16) NOT NULL DEFAULT 'unknown' CHECK (kind IN ('post', 'quote', 'repost', 'reply', 'unknown')),
    source      varchar(32) NOT NULL,
    ingest_time timestamptz NOT NULL,
    is_deleted  boolean     NOT NULL DEFAULT false,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT ix_raw_tweets_tweet_id UNIQUE (account, tweet_id)
);
CREATE INDEX idx_created_at_not_deleted ON counts.raw_tweets (account, created_at, is_deleted);
CREATE INDEX ix_raw_tweets_changed_at ON counts.raw_tweets (account, changed_at);

-- Stretches in which the collector was away: nothing is known of them, which is not the same as nothing posted.
CREATE TABLE counts.gaps (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    varchar(64) NOT NULL DEFAULT 'elonmusk',
    gap_start  timestamptz NOT NULL,
    gap_end    timestamptz NOT NULL,
    reason     text,
    source     varchar(64) NOT NULL,
    created_at timestamptz NOT NULL,
    is_deleted boolean     NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL,
    CHECK (gap_end > gap_start),
    UNIQUE (account, gap_start, gap_end)
);

-- An hour or a day that was not observed whole has no row. profile: the kinds that count, 'all' or a list.
CREATE TABLE counts.time_buckets (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      varchar(64) NOT NULL DEFAULT 'elonmusk',
    profile      varchar(64) NOT NULL DEFAULT 'all',
    bucket_start timestamptz NOT NULL,
    bucket_end   timestamptz NOT NULL CHECK (bucket_end > bucket_start),
    granularity  varchar(16) NOT NULL CHECK (granularity IN ('hourly', 'daily')),
    tweet_count  integer     NOT NULL CHECK (tweet_count >= 0),
    computed_at  timestamptz NOT NULL,
    CONSTRAINT uq_bucket_granularity UNIQUE (account, profile, granularity, bucket_start)
);

-- Until when all changes are in the buckets, and all buckets in the features.
CREATE TABLE counts.bucket_states (
    account           varchar(64) NOT NULL,
    profile           varchar(64) NOT NULL,
    buckets_until     timestamptz NOT NULL,
    observed_from     timestamptz NOT NULL,
    observed_until    timestamptz NOT NULL,
    features_until    timestamptz,
    features_from     timestamptz,
    features_through  timestamptz,
    PRIMARY KEY (account, profile)
);

-- known_at: from when on features may know of the event.
CREATE TABLE counts.exogenous_events (
    id          bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     varchar(64)      NOT NULL DEFAULT 'elonmusk',
    name        varchar(256)     NOT NULL CHECK (name <> ''),
    description text,
    category    varchar(64),
    event_start timestamptz      NOT NULL,
    event_end   timestamptz      NOT NULL,
    intensity   double precision NOT NULL CHECK (intensity BETWEEN 0 AND 1),
    source      varchar(64)      NOT NULL,
    created_at  timestamptz      NOT NULL,
    known_at    timestamptz      NOT NULL,
    is_deleted  boolean          NOT NULL DEFAULT false,
    changed_at  timestamptz      NOT NULL,
    CHECK (event_end >= event_start),
    UNIQUE (account, name, event_start, event_end)
);
CREATE INDEX idx_event_time_range ON counts.exogenous_events (account, event_start, event_end);

CREATE TABLE counts.features (
    id               bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account          varchar(64)      NOT NULL DEFAULT 'elonmusk',
    profile          varchar(64)      NOT NULL DEFAULT 'all',
    reference_time   timestamptz      NOT NULL,
    lag_1h           integer,
    lag_6h           integer,
    lag_12h          integer,
    lag_24h          integer,
    lag_7d           integer,
    rolling_mean_24h double precision,
    rolling_std_24h  double precision,
    rolling_mean_7d  double precision,
    rolling_std_7d   double precision,
    hour_of_day      integer          NOT NULL CHECK (hour_of_day BETWEEN 0 AND 23),
    day_of_week      integer          NOT NULL CHECK (day_of_week BETWEEN 0 AND 6),
    is_weekend       boolean          NOT NULL,
    event_intensity  double precision NOT NULL,
    events_in_window integer          NOT NULL,
    computed_at      timestamptz      NOT NULL,
    CONSTRAINT idx_reference_time UNIQUE (account, profile, reference_time)
);

CREATE TABLE counts.model_metadata (
    id                  bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account             varchar(64)      NOT NULL DEFAULT 'elonmusk',
    profile             varchar(64)      NOT NULL DEFAULT 'all',
    model_name          varchar(64)      NOT NULL,
    model_version       varchar(32)      NOT NULL,
    trained_at          timestamptz      NOT NULL,
    training_start_date timestamptz      NOT NULL,
    training_end_date   timestamptz      NOT NULL CHECK (training_end_date > training_start_date),
    hyperparameters     text,
    rmse                double precision,
    mae                 double precision,
    mape                double precision,
    log_likelihood      double precision,
    artifact_path       varchar(512),
    CONSTRAINT idx_model_name_version UNIQUE (account, profile, model_name, model_version)
);

-- The ledger. The target is [target_time, target_end); the distribution makes it possible to score it, and to answer new questions of it, later.
CREATE TABLE counts.forecasts (
    id                bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account           varchar(64)      NOT NULL DEFAULT 'elonmusk',
    profile           varchar(64)      NOT NULL DEFAULT 'all',
    model_metadata_id bigint           NOT NULL REFERENCES counts.model_metadata (id),
    horizon           varchar(16)      NOT NULL,
    forecast_time     timestamptz      NOT NULL,
    target_time       timestamptz      NOT NULL,
    target_end        timestamptz      NOT NULL CHECK (target_end > target_time),
    predicted_count   double precision NOT NULL,
    median_count      integer          NOT NULL,
    lower_bound_95    double precision,
    upper_bound_95    double precision,
    count_so_far      integer          NOT NULL DEFAULT 0,
    first_count       integer          NOT NULL,
    probabilities     real[]           NOT NULL,
    actual_count      integer,
    actual_at         timestamptz,
    created_at        timestamptz      NOT NULL
);
CREATE INDEX idx_forecast_target ON counts.forecasts (account, forecast_time, target_time);
CREATE INDEX ix_forecasts_target_time ON counts.forecasts (account, target_time);
CREATE INDEX ix_forecasts_model_metadata_id ON counts.forecasts (model_metadata_id);

-- What came, as it was known when: the newest row up to a moment holds then. NULL where a gap was recorded since.
CREATE TABLE counts.outcomes (
    account      varchar(64) NOT NULL,
    forecast_id  bigint      NOT NULL REFERENCES counts.forecasts (id) ON DELETE CASCADE,
    actual_count integer,
    known_at     timestamptz NOT NULL,
    PRIMARY KEY (forecast_id, known_at)
);

CREATE FUNCTION counts.forecast_takes_actual() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE rest counts.forecasts := NEW;
BEGIN
    rest.actual_count := OLD.actual_count;
    rest.actual_at := OLD.actual_at;
    IF rest IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'forecast % is final: only its actual count may be filled in', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forecasts_append_only BEFORE UPDATE ON counts.forecasts FOR EACH ROW EXECUTE FUNCTION counts.forecast_takes_actual();
