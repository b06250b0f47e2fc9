-- effective_mentions: how many fresh mentions of equal weight the row is worth. NULL in rows of before.
ALTER TABLE sentiment.symbol_sentiments
    ADD COLUMN effective_mentions double precision CHECK (effective_mentions >= 0),
    ADD COLUMN standard_error     double precision CHECK (standard_error >= 0);

-- Versions: the sentiment of a moment (timestamp) from what was known at another one (known_at); aggregated_at is when the row was written. NULL is what is
-- not known, and never 0. inputs holds all that the other columns are computed from, by the formula that is named.
CREATE TABLE sentiment.aggregated_sentiments (
    id                     bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol                 text             NOT NULL,
    timestamp              timestamptz      NOT NULL,
    known_at               timestamptz      NOT NULL,
    unified_sentiment      double precision CHECK (unified_sentiment BETWEEN -1 AND 1),
    confidence             double precision CHECK (confidence BETWEEN 0 AND 1),
    sentiment_level        text             CHECK (sentiment_level IN ('very_bearish', 'bearish', 'neutral', 'bullish', 'very_bullish')),
    source_count           int              NOT NULL CHECK (source_count >= 0),
    provider_count         int              NOT NULL CHECK (provider_count >= 0),
    total_mention_count    bigint           NOT NULL CHECK (total_mention_count >= 0),
    divergence_detected    boolean,
    divergence_score       double precision CHECK (divergence_score BETWEEN 0 AND 1),
    divergence_p_value     double precision CHECK (divergence_p_value BETWEEN 0 AND 1),
    volume_trend           text             CHECK (volume_trend IN ('up', 'down', 'stable')),
    volume_z               double precision,
    twitter_sentiment      double precision CHECK (twitter_sentiment BETWEEN -1 AND 1),
    reddit_sentiment       double precision CHECK (reddit_sentiment BETWEEN -1 AND 1),
    news_sentiment         double precision CHECK (news_sentiment BETWEEN -1 AND 1),
    options_flow_sentiment double precision CHECK (options_flow_sentiment BETWEEN -1 AND 1),
    source_breakdown       jsonb            NOT NULL,
    providers_used         jsonb            NOT NULL,
    effective_mentions     double precision NOT NULL CHECK (effective_mentions >= 0),
    standard_error         double precision CHECK (standard_error >= 0),
    formula                text             NOT NULL,
    inputs                 jsonb            NOT NULL,
    aggregated_at          timestamptz      NOT NULL DEFAULT now(),
    UNIQUE (symbol, timestamp, known_at)
);
CREATE INDEX idx_aggregated_sentiment_timestamp ON sentiment.aggregated_sentiments (timestamp);

CREATE TABLE sentiment.confluence_scores (
    id                        bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol                    text             NOT NULL,
    timestamp                 timestamptz      NOT NULL,
    known_at                  timestamptz      NOT NULL,
    confluence_score          double precision CHECK (confluence_score BETWEEN 0 AND 1),
    directional_bias          double precision CHECK (directional_bias BETWEEN -1 AND 1),
    confluence_level          text             CHECK (confluence_level IN ('very_low', 'low', 'moderate', 'high', 'very_high')),
    confidence                double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    technical_score           double precision CHECK (technical_score BETWEEN -1 AND 1),
    sentiment_score           double precision CHECK (sentiment_score BETWEEN -1 AND 1),
    options_flow_score        double precision CHECK (options_flow_score BETWEEN -1 AND 1),
    technical_contribution    double precision CHECK (technical_contribution BETWEEN 0 AND 1),
    sentiment_contribution    double precision CHECK (sentiment_contribution BETWEEN 0 AND 1),
    options_flow_contribution double precision CHECK (options_flow_contribution BETWEEN 0 AND 1),
    technical_breakdown       jsonb            NOT NULL,
    components_used           jsonb            NOT NULL,
    meets_minimum_threshold   boolean          NOT NULL,
    meets_high_threshold      boolean          NOT NULL,
    volume_trend              text             CHECK (volume_trend IN ('up', 'down', 'stable')),
    formula                   text             NOT NULL,
    inputs                    jsonb            NOT NULL,
    calculated_at             timestamptz      NOT NULL DEFAULT now(),
    UNIQUE (symbol, timestamp, known_at)
);
CREATE INDEX idx_confluence_timestamp ON sentiment.confluence_scores (timestamp);
CREATE INDEX idx_confluence_meets_thresholds ON sentiment.confluence_scores (meets_minimum_threshold, meets_high_threshold);

-- What outcomes taught of an account, by the moment since when it is known; influencers.weight is the newest of them.
CREATE TABLE sentiment.influencer_weights (
    influencer_id  bigint           NOT NULL REFERENCES sentiment.influencers (id) ON DELETE CASCADE,
    known_at       timestamptz      NOT NULL,
    weight         double precision NOT NULL CHECK (weight >= 0),
    hits           bigint           NOT NULL CHECK (hits >= 0),
    trials         bigint           NOT NULL CHECK (trials >= hits),
    prior_mean     double precision NOT NULL,
    prior_strength double precision NOT NULL,
    formula        text             NOT NULL,
    PRIMARY KEY (influencer_id, known_at)
);
