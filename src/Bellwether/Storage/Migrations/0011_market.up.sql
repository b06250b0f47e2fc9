CREATE SCHEMA market;

-- Bars. date: start of the bar, for a daily one midnight UTC of its session; known_at: since when this version is known. A bar that is restated is a
-- new row; the version of a moment is the one with the greatest known_at up to it. Prices are the doubles that the file states: numeric(12,4) would
-- cut prices below a cent, and indicators compute in doubles. Rows are told apart by what they are, so there is no id of their own.
CREATE TABLE market.price_history (
    ticker         text             NOT NULL,
    bar_interval   text             NOT NULL,
    date           timestamptz      NOT NULL,
    known_at       timestamptz      NOT NULL,
    open_price     double precision NOT NULL CHECK (open_price > 0),
    high_price     double precision NOT NULL CHECK (high_price > 0),
    low_price      double precision NOT NULL CHECK (low_price > 0),
    close_price    double precision NOT NULL CHECK (close_price > 0),
    volume         bigint           CHECK (volume >= 0),
    adjusted_close double precision CHECK (adjusted_close > 0),
    data_source    text             NOT NULL,
    created_at     timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (ticker, bar_interval, date, known_at)
) PARTITION BY RANGE (date);

-- Splits (value: new shares for one old) and cash dividends (value: currency a share). in_prices: the bars of this source are adjusted for it already.
CREATE TABLE market.corporate_actions (
    ticker      text             NOT NULL,
    ex_date     date             NOT NULL,
    kind        text             NOT NULL CHECK (kind IN ('split', 'dividend')),
    known_at    timestamptz      NOT NULL,
    value       double precision NOT NULL CHECK (value > 0),
    in_prices   boolean          NOT NULL,
    data_source text             NOT NULL,
    created_at  timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (ticker, ex_date, kind, known_at)
);
