-- What a result added to what was known of its ticker when it came to be known: novelty_weight is 1 for the first of a story and less for those that
-- repeat it, chain_id the same for all of one story. NULL: not determined, as in rows of before. Neither is ever changed.
ALTER TABLE sentiment.sentiment_data
    ADD COLUMN chain_id       text,
    ADD COLUMN novelty_weight double precision CHECK (novelty_weight BETWEEN 0 AND 1);
ALTER TABLE sentiment.sentiment_cold
    ADD COLUMN chain_id       text,
    ADD COLUMN novelty_weight double precision;

-- The copy with indexes has the columns of the view that it was made from.
DROP MATERIALIZED VIEW sentiment.all_sentiment_mv;

CREATE OR REPLACE VIEW sentiment.all_sentiment AS
SELECT timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
       fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json,
       event_id, event_type, priority, weight, model_version, positive, negative, schema_version, chain_id, novelty_weight
FROM sentiment.sentiment_data
UNION ALL
SELECT timestamp, ticker, article_title, sentiment, confidence, source, source_url, model, article_id, text,
       fetch_timestamp_utc, processing_timestamp_utc, raw_source_payload_json,
       event_id, event_type, priority, weight, model_version, positive, negative, schema_version, chain_id, novelty_weight
FROM sentiment.sentiment_cold c
WHERE NOT EXISTS (SELECT FROM ops.lake_removals r
                  WHERE r.article_id = c.article_id AND r.ticker = c.ticker AND r.day = (c.timestamp AT TIME ZONE 'UTC')::date);

CREATE MATERIALIZED VIEW sentiment.all_sentiment_mv AS
SELECT * FROM sentiment.all_sentiment WHERE timestamp >= sentiment.all_sentiment_mv_since() WITH NO DATA;
CREATE UNIQUE INDEX all_sentiment_mv_key ON sentiment.all_sentiment_mv (article_id, ticker, timestamp);
CREATE INDEX idx_all_sentiment_ticker ON sentiment.all_sentiment_mv (ticker);
CREATE INDEX idx_all_sentiment_timestamp ON sentiment.all_sentiment_mv (timestamp);
CREATE INDEX idx_all_sentiment_sentiment ON sentiment.all_sentiment_mv (sentiment);
