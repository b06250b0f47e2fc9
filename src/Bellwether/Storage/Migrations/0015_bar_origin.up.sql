-- splits_in_prices: the prices (and volume) are adjusted for every split up to the day on which they were loaded; adjusted_close is for splits and dividends up to
-- then, whatever this says. loaded_on: that day in New York, NULL for the one of known_at.
ALTER TABLE market.price_history
    ADD COLUMN loaded_on        date,
    ADD COLUMN splits_in_prices boolean NOT NULL DEFAULT false;

-- Bars of before were loaded when their rows were made. Their vendors' splits said whether the prices carry them.
UPDATE market.price_history AS p SET
    loaded_on = (p.created_at AT TIME ZONE 'America/New_York')::date,
    splits_in_prices = p.data_source IN ('yahoo', 'stooq')
        OR EXISTS (SELECT FROM market.corporate_actions AS a WHERE a.ticker = p.ticker AND a.data_source = p.data_source AND a.in_prices)
WHERE p.adjusted_close IS NOT NULL OR p.data_source IN ('yahoo', 'stooq')
    OR EXISTS (SELECT FROM market.corporate_actions AS a WHERE a.ticker = p.ticker AND a.data_source = p.data_source AND a.in_prices);

-- When a ticker is traded, and so when the bar of a day is over; of the New York exchanges where nothing is stated. What was stated before there were bars
-- is known since ever (-infinity).
CREATE TABLE market.trading_hours (
    ticker   text        NOT NULL,
    known_at timestamptz NOT NULL,
    hours    text        NOT NULL CHECK (hours IN ('exchange', 'exchange_late', 'every_day')),
    PRIMARY KEY (ticker, known_at)
);

-- learned_as_of: only what was known by then went into the weight, which counts since known_at; NULL where that is the same moment.
ALTER TABLE sentiment.influencer_weights ADD COLUMN learned_as_of timestamptz;
