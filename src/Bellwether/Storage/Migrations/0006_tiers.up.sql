-- Sealed days: their rows lie in the lake only, and each has a foreign partition over its file, in one partition a month.
-- PostgreSQL refuses foreign partitions to a table with a unique index, hence two tables and one view over both.
CREATE TABLE sentiment.sentiment_cold (
    timestamp                timestamptz,
    ticker                   text,
    article_title            text,
    sentiment                double precision,
    confidence               double precision,
    source                   text,
    source_url               text,
    model                    text,
    article_id               text,
    text                     text,
    fetch_timestamp_utc      timestamptz,
    processing_timestamp_utc timestamptz,
    raw_source_payload_json  jsonb,
    event_id                 text,
    event_type               text,
    priority                 text,
    weight                   double precision,
    model_version            text,
    positive                 double precision,
    negative                 double precision,
    schema_version           smallint
) PARTITION BY RANGE (timestamp);

-- From then on hot rows of the day are late ones only.
ALTER TABLE ops.lake_days ADD COLUMN sealed_at timestamptz;
CREATE INDEX lake_days_sealed ON ops.lake_days (day) WHERE sealed_at IS NOT NULL;

-- NULL: recorded, and so far to be found under its hash only.
ALTER TABLE ops.lake_files ADD COLUMN placed_at timestamptz;
UPDATE ops.lake_files SET placed_at = written_at;

-- Rows to be taken out of a sealed day's file. No reader sees them any more; the next run of the writer takes them out.
CREATE TABLE ops.lake_removals (
    day          date        NOT NULL,
    article_id   text        NOT NULL,
    ticker       text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, article_id, ticker)
);

CREATE OR REPLACE VIEW sentiment.all_sentiment AS
SELECT timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
       fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json,
       event_id, event_type, priority, weight, model_version, positive, negative, schema_version
FROM sentiment.sentiment_data
UNION ALL
SELECT timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
       fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json,
       event_id, event_type, priority, weight, model_version, positive, negative, schema_version
FROM sentiment.sentiment_cold c
WHERE NOT EXISTS (SELECT FROM ops.lake_removals r
                  WHERE r.article_id = c.article_id AND r.ticker = c.ticker AND r.day = (c.timestamp AT TIME ZONE 'UTC')::date);

-- Where the copy begins; the refresh replaces it by what the options say. Stable, so that no partition before it is opened.
CREATE FUNCTION sentiment.all_sentiment_mv_since() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT '-infinity'::pg_catalog.timestamptz $$;

CREATE MATERIALIZED VIEW sentiment.all_sentiment_mv AS
SELECT * FROM sentiment.all_sentiment WHERE timestamp >= sentiment.all_sentiment_mv_since() WITH NO DATA;
CREATE UNIQUE INDEX all_sentiment_mv_key ON sentiment.all_sentiment_mv (article_id, ticker, timestamp);
CREATE INDEX idx_all_sentiment_ticker ON sentiment.all_sentiment_mv (ticker);
CREATE INDEX idx_all_sentiment_timestamp ON sentiment.all_sentiment_mv (timestamp);
CREATE INDEX idx_all_sentiment_sentiment ON sentiment.all_sentiment_mv (sentiment);
