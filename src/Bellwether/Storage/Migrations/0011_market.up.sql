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

-- Which series there are, and when one last changed; changes with its bars, in their transaction.
CREATE TABLE market.series (
    ticker       text        NOT NULL,
    bar_interval text        NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (ticker, bar_interval)
);

-- What a symbol's sector is measured by: a fund or an index that has bars of its own. NULL takes it back.
CREATE TABLE market.sectors (
    symbol        text        NOT NULL,
    known_at      timestamptz NOT NULL,
    sector_symbol text,
    PRIMARY KEY (symbol, known_at)
);

-- A row for each daily bar. timestamp: the close of its session, so that no join by time shows a morning what only the evening knew; known_at: since
-- when all that went into the row is known. Prices are the raw ones; values in their unit are of a series adjusted for the splits up to the row.
CREATE TABLE market.market_conditions (
    symbol             text             NOT NULL,
    timestamp          timestamptz      NOT NULL,
    session            date             NOT NULL,
    known_at           timestamptz      NOT NULL,
    open               double precision NOT NULL,
    high               double precision NOT NULL,
    low                double precision NOT NULL,
    close              double precision NOT NULL,
    volume             bigint,
    atr_14             double precision,
    rsi_14             double precision CHECK (rsi_14 BETWEEN 0 AND 100),
    ema_20             double precision,
    ema_50             double precision,
    bb_upper           double precision,
    bb_lower           double precision,
    macd_line          double precision,
    macd_signal        double precision,
    volatility_20d     double precision CHECK (volatility_20d >= 0),
    vix                double precision,
    detected_regime    varchar(20)      CHECK (detected_regime IN ('trending_up', 'trending_down', 'ranging', 'volatile')),
    regime_confidence  double precision CHECK (regime_confidence BETWEEN 0 AND 1),
    reference_regime   varchar(20)      CHECK (reference_regime IN ('trending_up', 'trending_down', 'ranging', 'volatile')),
    spy_correlation    double precision CHECK (spy_correlation BETWEEN -1 AND 1),
    sector_correlation double precision CHECK (sector_correlation BETWEEN -1 AND 1),
    formula            text             NOT NULL,
    created_at         timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (symbol, timestamp)
);
CREATE INDEX idx_market_conditions_regime ON market.market_conditions (detected_regime, timestamp DESC);

-- What the rows of a symbol were computed from: where basis is another now, all are computed again; where inputs are, those that newer bars can touch.
CREATE TABLE market.condition_states (
    symbol      text        PRIMARY KEY,
    basis       text        NOT NULL,
    inputs      text        NOT NULL,
    computed_at timestamptz NOT NULL
);

-- Quotes of options as they came. Greeks and implied_volatility are our own, from the middle of bid and ask; vendor_* are what the vendor said.
-- Units: delta and gamma per 1.00 of the spot, vega and rho per 1 %, theta per calendar day. findings: what checks found; rows that have any are
-- kept out of what is derived.
CREATE TABLE market.options_data (
    ticker                    text             NOT NULL,
    option_type               varchar(4)       NOT NULL CHECK (option_type IN ('call', 'put')),
    strike_price              double precision NOT NULL CHECK (strike_price > 0),
    expiration_date           timestamptz      NOT NULL,
    fetch_timestamp           timestamptz      NOT NULL,
    known_at                  timestamptz      NOT NULL,
    underlying_price          double precision CHECK (underlying_price > 0),
    rate                      double precision NOT NULL,
    yield                     double precision NOT NULL,
    last_price                double precision CHECK (last_price >= 0),
    bid                       double precision CHECK (bid >= 0),
    ask                       double precision CHECK (ask >= 0),
    volume                    bigint           CHECK (volume >= 0),
    open_interest             bigint           CHECK (open_interest >= 0),
    implied_volatility        double precision CHECK (implied_volatility >= 0),
    delta                     double precision CHECK (delta BETWEEN -1 AND 1),
    gamma                     double precision,
    theta                     double precision,
    vega                      double precision,
    rho                       double precision,
    vendor_implied_volatility double precision,
    vendor_delta              double precision,
    vendor_gamma              double precision,
    vendor_theta              double precision,
    vendor_vega               double precision,
    vendor_rho                double precision,
    greeks_formula            text             NOT NULL,
    findings                  text,
    data_source               text             NOT NULL,
    created_at                timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (ticker, expiration_date, strike_price, option_type, fetch_timestamp, known_at)
);
CREATE INDEX idx_options_fetch_timestamp ON market.options_data (ticker, fetch_timestamp);

-- Answers of providers. parameters: canonical JSON, NULL where there are none. Between fresh_until and expires_at an answer is stale: it is given while a new
-- one is fetched.
CREATE TABLE market.market_data_cache (
    id                 uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    ticker             text          NOT NULL,
    data_type          text          NOT NULL,
    data               jsonb         NOT NULL,
    data_source        text          NOT NULL,
    data_quality_score numeric(3, 2) CHECK (data_quality_score BETWEEN 0 AND 1),
    cached_at          timestamptz   NOT NULL,
    fresh_until        timestamptz   NOT NULL,
    expires_at         timestamptz   NOT NULL,
    parameters         jsonb,
    CHECK (fresh_until > cached_at AND expires_at >= fresh_until),
    CONSTRAINT uq_market_cache UNIQUE NULLS NOT DISTINCT (ticker, data_type, parameters)
);
CREATE INDEX idx_market_cache_expires_at ON market.market_data_cache (expires_at);

-- Calls that a provider was asked for, by day, UTC.
CREATE TABLE market.provider_quota (
    provider text    NOT NULL,
    day      date    NOT NULL,
    calls    integer NOT NULL CHECK (calls >= 0),
    PRIMARY KEY (provider, day)
);
