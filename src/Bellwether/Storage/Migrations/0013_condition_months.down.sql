-- From partitions or from a hypertable alike.
ALTER TABLE market.market_conditions RENAME TO market_conditions_months;
ALTER INDEX market.market_conditions_pkey RENAME TO market_conditions_months_pkey;
ALTER INDEX market.idx_market_conditions_regime RENAME TO idx_market_conditions_months_regime;

CREATE TABLE market.market_conditions (LIKE market.market_conditions_months INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO market.market_conditions SELECT * FROM market.market_conditions_months;
DROP TABLE market.market_conditions_months;
ALTER TABLE market.market_conditions ADD CONSTRAINT market_conditions_pkey PRIMARY KEY (symbol, timestamp);
CREATE INDEX idx_market_conditions_regime ON market.market_conditions (detected_regime, timestamp DESC);
