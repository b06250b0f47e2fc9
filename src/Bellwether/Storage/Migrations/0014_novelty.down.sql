-- Files of the lake that have the columns are of no use to a program that does not know them: it would find another hash.
DO $$
DECLARE
    newer bigint;
BEGIN
    SELECT count(*) INTO newer FROM ops.lake_days d JOIN ops.lake_files f USING (day) WHERE d.sealed_at IS NOT NULL AND f.schema_version > 1;
    IF newer > 0 THEN
        RAISE EXCEPTION '% days are sealed: their files have columns that older programs do not know. Bring them back first: bellwether lake unseal', newer;
    END IF;
END
$$;
DROP MATERIALIZED VIEW sentiment.all_sentiment_mv;
DROP VIEW sentiment.all_sentiment;
ALTER TABLE sentiment.sentiment_data DROP COLUMN chain_id, DROP COLUMN novelty_weight;
ALTER TABLE sentiment.sentiment_cold DROP COLUMN chain_id, DROP COLUMN novelty_weight;

CREATE VIEW sentiment.all_sentiment AS
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

CREATE MATERIALIZED VIEW sentiment.all_sentiment_mv AS
SELECT * FROM sentiment.all_sentiment WHERE timestamp >= sentiment.all_sentiment_mv_since() WITH NO DATA;
CREATE UNIQUE INDEX all_sentiment_mv_key ON sentiment.all_sentiment_mv (article_id, ticker, timestamp);
CREATE INDEX idx_all_sentiment_ticker ON sentiment.all_sentiment_mv (ticker);
CREATE INDEX idx_all_sentiment_timestamp ON sentiment.all_sentiment_mv (timestamp);
CREATE INDEX idx_all_sentiment_sentiment ON sentiment.all_sentiment_mv (sentiment);

-- Files of days that are hot are written anew by whoever comes next.
UPDATE ops.lake_days d SET revision = revision + 1, dirty_since = now() FROM ops.lake_files f WHERE f.day = d.day AND f.schema_version > 1;
