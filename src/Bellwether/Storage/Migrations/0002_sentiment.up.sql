CREATE SCHEMA sentiment;

CREATE TABLE sentiment.influencers (
    id           bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform     text             NOT NULL,
    account_id   text             NOT NULL,
    username     text,
    followers    bigint,
    weight       double precision NOT NULL DEFAULT 1.0 CHECK (weight >= 0),
    first_seen   timestamptz      NOT NULL,
    last_seen    timestamptz      NOT NULL,
    UNIQUE (platform, account_id)
);

CREATE TABLE sentiment.tweets (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tweet_id    text        NOT NULL UNIQUE,
    article_id  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    author_id   text,
    username    text,
    followers   bigint,
    text        text        NOT NULL,
    source_url  text,
    fetched_at  timestamptz NOT NULL
);
CREATE INDEX tweets_created_at ON sentiment.tweets (created_at);

-- A score outlives its post: the link becomes NULL, the natural key stays.
CREATE TABLE sentiment.tweet_sentiments (
    id            bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tweet_ref     bigint           REFERENCES sentiment.tweets (id) ON DELETE SET NULL,
    tweet_id      text             NOT NULL,
    symbol        text             NOT NULL,
    created_at    timestamptz      NOT NULL,
    sentiment     double precision NOT NULL CHECK (sentiment BETWEEN -1 AND 1),
    confidence    double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    level         text             NOT NULL,
    model         text             NOT NULL,
    model_version text             NOT NULL,
    processed_at  timestamptz      NOT NULL,
    UNIQUE (tweet_id, symbol)
);
CREATE INDEX tweet_sentiments_ref ON sentiment.tweet_sentiments (tweet_ref);
CREATE INDEX tweet_sentiments_symbol ON sentiment.tweet_sentiments (symbol, created_at DESC);

CREATE TABLE sentiment.reddit_posts (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id     text        NOT NULL UNIQUE,
    article_id  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    author      text,
    title       text,
    text        text        NOT NULL,
    source_url  text,
    fetched_at  timestamptz NOT NULL
);
CREATE INDEX reddit_posts_created_at ON sentiment.reddit_posts (created_at);

CREATE TABLE sentiment.reddit_sentiments (
    id            bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_ref      bigint           REFERENCES sentiment.reddit_posts (id) ON DELETE SET NULL,
    post_id       text             NOT NULL,
    symbol        text             NOT NULL,
    created_at    timestamptz      NOT NULL,
    sentiment     double precision NOT NULL CHECK (sentiment BETWEEN -1 AND 1),
    confidence    double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    level         text             NOT NULL,
    model         text             NOT NULL,
    model_version text             NOT NULL,
    processed_at  timestamptz      NOT NULL,
    UNIQUE (post_id, symbol)
);
CREATE INDEX reddit_sentiments_ref ON sentiment.reddit_sentiments (post_ref);
CREATE INDEX reddit_sentiments_symbol ON sentiment.reddit_sentiments (symbol, created_at DESC);

CREATE TABLE sentiment.symbol_sentiments (
    id            bigint           GENERATED ALWAYS AS IDENTITY,
    symbol        text             NOT NULL,
    source        text             NOT NULL,
    timestamp     timestamptz      NOT NULL,
    window_start  timestamptz      NOT NULL,
    window_end    timestamptz      NOT NULL,
    sentiment     double precision CHECK (sentiment BETWEEN -1 AND 1),
    confidence    double precision CHECK (confidence BETWEEN 0 AND 1),
    level         text,
    mention_count bigint           NOT NULL CHECK (mention_count >= 0),
    weight        double precision NOT NULL CHECK (weight >= 0),
    formula       text             NOT NULL,
    known_at      timestamptz      NOT NULL,
    PRIMARY KEY (id, timestamp),
    UNIQUE (symbol, source, window_start, window_end, known_at),
    CHECK (window_end > window_start)
);
CREATE INDEX symbol_sentiments_symbol ON sentiment.symbol_sentiments (symbol, timestamp DESC);

-- Hot results. timestamp: when it happened; processing_timestamp_utc: when it was known.
CREATE TABLE sentiment.sentiment_data (
    timestamp                timestamptz      NOT NULL,
    ticker                   text             NOT NULL,
    article_title            text,
    sentiment                double precision NOT NULL CHECK (sentiment BETWEEN -1 AND 1),
    confidence               double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    source                   text             NOT NULL,
    source_url               text,
    model                    text             NOT NULL,
    article_id               text             NOT NULL,
    text                     text,
    fetch_timestamp_utc      timestamptz      NOT NULL,
    processing_timestamp_utc timestamptz      NOT NULL,
    raw_source_payload_json  jsonb,
    event_id                 text             NOT NULL,
    event_type               text             NOT NULL,
    priority                 text             NOT NULL,
    weight                   double precision NOT NULL CHECK (weight > 0),
    model_version            text             NOT NULL,
    positive                 double precision NOT NULL,
    negative                 double precision NOT NULL,
    schema_version           smallint         NOT NULL,
    PRIMARY KEY (article_id, ticker, timestamp)
) PARTITION BY RANGE (timestamp);
CREATE INDEX sentiment_data_ticker ON sentiment.sentiment_data (ticker, timestamp DESC);

-- Live state of a ticker: integer sums per half-life bucket, so that any order of the same results gives the same bits.
CREATE TABLE sentiment.ticker_sentiment (
    ticker            text             PRIMARY KEY,
    revision          bigint           NOT NULL,
    half_life_seconds double precision NOT NULL,
    buckets           bigint[]         NOT NULL,
    weighted_sums     bigint[]         NOT NULL,
    weight_sums       bigint[]         NOT NULL,
    score             double precision NOT NULL,
    weight            double precision NOT NULL,
    count             bigint           NOT NULL,
    model_counts      jsonb            NOT NULL,
    latest_timestamp  timestamptz      NOT NULL,
    latest_article_id text             NOT NULL,
    article_title     text,
    source_url        text,
    text_preview      text,
    last_updated      timestamptz      NOT NULL
);

CREATE VIEW sentiment.all_sentiment AS
SELECT timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
       fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json,
       event_id, event_type, priority, weight, model_version, positive, negative, schema_version
FROM sentiment.sentiment_data;
