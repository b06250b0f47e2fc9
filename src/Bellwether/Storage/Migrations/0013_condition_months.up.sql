-- A partition a month, as market.price_history has them: what is older than ten years shares one. The server makes those of later months before rows need them.
ALTER TABLE market.market_conditions RENAME TO market_conditions_plain;
ALTER INDEX market.market_conditions_pkey RENAME TO market_conditions_plain_pkey;
ALTER INDEX market.idx_market_conditions_regime RENAME TO idx_market_conditions_plain_regime;

CREATE TABLE market.market_conditions (LIKE market.market_conditions_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (timestamp);
ALTER TABLE market.market_conditions ADD CONSTRAINT market_conditions_pkey PRIMARY KEY (symbol, timestamp);
CREATE INDEX idx_market_conditions_regime ON market.market_conditions (detected_regime, timestamp DESC);

DO $$
DECLARE
    history timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '120 months';
    month   timestamp;
BEGIN
    IF NOT EXISTS (SELECT FROM market.market_conditions_plain) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE market.market_conditions_history PARTITION OF market.market_conditions FOR VALUES FROM (MINVALUE) TO (%L)', history AT TIME ZONE 'UTC');
    FOR month IN SELECT DISTINCT date_trunc('month', timestamp AT TIME ZONE 'UTC') FROM market.market_conditions_plain WHERE timestamp >= history AT TIME ZONE 'UTC' ORDER BY 1 LOOP
        EXECUTE format('CREATE TABLE market.market_conditions_%s PARTITION OF market.market_conditions FOR VALUES FROM (%L) TO (%L)',
            to_char(month, 'YYYYMM'), month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    END LOOP;
END $$;

INSERT INTO market.market_conditions SELECT * FROM market.market_conditions_plain;
DROP TABLE market.market_conditions_plain;
